// All targets.
import type { Target } from '../target.ts';
import { clientHello } from './client-hello.ts';
import { commandLine, sessionArgument } from './command-line.ts';
import { controlAnswer, controlRequest } from './control.ts';
import { sessionBulk, sessionDer, sessionPem } from './sessions.ts';
import { fleetFile, storeEntry, ticketKeyFile } from './stores.ts';

/** Those that native/test/fuzz has as well, for libFuzzer, with the same inputs. */
export const nativeTargets: readonly Target[] = [sessionDer, sessionPem, sessionBulk, clientHello];

/** Those that are TypeScript for the most part. */
export const scriptTargets: readonly Target[] = [
  ...[storeEntry, fleetFile, ticketKeyFile, sessionArgument, commandLine, controlRequest, controlAnswer],
];
