// What the diagnostics channels tell during one test.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ExecutionContext } from 'ava';
import type {
  HandshakeErrorMessage,
  HandshakeMessage,
  StoreLookupMessage,
  StoreWriteMessage,
} from '../../src/index.ts';

export interface Messages {
  'sslctx:server:handshake': HandshakeMessage;
  'sslctx:client:handshake': HandshakeMessage;
  'sslctx:server:error': HandshakeErrorMessage;
  'sslctx:client:error': HandshakeErrorMessage;
  'sslctx:store:lookup': StoreLookupMessage;
  'sslctx:store:write': StoreWriteMessage;
}

/** One channel's messages: those of all tests of this process, which must therefore run one after the other. */
export class Told<Name extends keyof Messages> {
  readonly messages: Array<Messages[Name]> = [];
  #wake: () => void = () => {};

  constructor(t: ExecutionContext, name: Name) {
    const listener = (message: unknown): void => {
      this.messages.push(this.#typed(message));
      this.#wake();
    };
    subscribe(name, listener);
    t.teardown(() => void unsubscribe(name, listener));
  }

  // The channels are not typed; what they carry is what the tests are about.
  #typed(message: unknown): Messages[Name] {
    if (!isMessage<Messages[Name]>(message)) throw new Error('no message');
    return message;
  }

  /** Waits for this many, and returns all. */
  async until(count: number): Promise<Array<Messages[Name]>> {
    while (this.messages.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.messages;
  }
}

function isMessage<T>(message: unknown): message is T {
  return typeof message === 'object' && message !== null;
}
