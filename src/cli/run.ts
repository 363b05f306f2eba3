// From arguments to an exit code.
import { CommanderError } from 'commander';
import { ExitCode } from './exit.ts';
import { createProgram } from './program.ts';

/** Runs one command. Whatever goes wrong has one line on standard error, and a code. */
export async function run(args: readonly string[]): Promise<number> {
  let outcome: number = ExitCode.ok;
  const program = createProgram((code) => {
    outcome = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return outcome;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    process.stderr.write(`sslctx: ${describe(error)}\n`);
    return isUsage(error) ? ExitCode.usage : ExitCode.failed;
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  const isTold = code === '' || error.message.includes(code);
  return isTold ? error.message : `${error.message} (${code})`;
}

/** What a class refuses of what the user gave is the user's. */
function isUsage(error: unknown): boolean {
  return ['ERR_INVALID_ARG_VALUE', 'ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
