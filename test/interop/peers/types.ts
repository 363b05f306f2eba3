// What all peers have in common.
import type { Readable, Writable } from 'node:stream';
import type { Protocol } from '../../../src/testing/index.ts';

export type { Protocol };

/** How a session is found again: by the server's cache (the first two), or from the ticket alone. */
export type Mechanism = 'session ID' | 'stateful ticket' | 'stateless ticket';

/** What one side saw of one connection. */
export interface Sight {
  resumed: boolean;
  /** As `TLSv1.3`. */
  protocol: string;
  /** The application protocol. */
  alpn?: string | undefined;
  /** Servers: the subject of the client's certificate, as `CN=alice`. */
  subject?: string | undefined;
}

/** PEM texts. */
export interface Credentials {
  cert: string;
  key: string;
}

/** How a client is to connect to 127.0.0.1. */
export interface ClientOptions {
  port: number;
  protocol: Protocol;
  /** Whom to trust, PEM. */
  ca: string;
  /** The client's certificate. */
  credentials?: Credentials | undefined;
  /** The one application protocol to offer. */
  alpn?: string | undefined;
}

/** How data is exchanged: both ways at once; the client first, then the server; the same, with a header of HTTP's. */
export type Manner = 'at once' | 'in turn' | 'HTTP';

/** A program that connects to a server of ours, as `localhost`. */
export interface ClientPeer {
  readonly name: string;
  /** As `curl 7.88.1`. */
  version(): Promise<string>;
  /**
   * Two connections, one after the other, the second with the session of the first. Sends `request` and reads to the end,
   * at least on the second.
   */
  connectTwice(options: ClientOptions): Promise<[Sight, Sight]>;
  /** One connection: sends all of `outgoing`, and receives until the server ends. */
  exchange(options: ClientOptions, outgoing: Readable, incoming: Writable): Promise<void>;
  readonly manner: Manner;
}

/** How a server is to serve, as `localhost`. */
export interface ServerOptions {
  protocol: Protocol;
  mechanism: Mechanism;
  credentials: Credentials;
  /** Whom clients must be certified by, PEM. Default: clients need no certificate. */
  clientCa?: string | undefined;
  /** The application protocols to select from. */
  alpn?: readonly string[] | undefined;
  /** nginx only: more of its directives. */
  directives?: string | undefined;
}

/** Where a server listens: on 127.0.0.1, or on a Unix socket. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** A program that has been started to serve clients of ours. */
export interface RunningServer {
  readonly address: Address;
  /** Whether it answers to `request` and ends the connection. Otherwise the client has to. */
  readonly answers: boolean;
  /** What the server saw of each connection so far. Some say it in their answers, which are those that clients got. */
  sights(answers: readonly string[]): Promise<Sight[]>;
  stop(): Promise<void>;
}

/** What becomes of data: lines come back, as they are or reversed; or it is a file, to be PUT and to be got by GET. */
export type DataManner = 'same lines' | 'reversed lines' | 'files';

/** A program that has been started to take and give much data. */
export interface DataServer {
  readonly address: Address;
  readonly manner: DataManner;
  stop(): Promise<void>;
}

/** A program that serves clients of ours. */
export interface ServerPeer {
  readonly name: string;
  /** As `nginx 1.22.1`. */
  version(): Promise<string>;
  start(options: ServerOptions): Promise<RunningServer>;
  startForData(options: ServerOptions): Promise<DataServer>;
}

/** What clients send when nothing else is to be sent. */
export const request = 'GET / HTTP/1.0\r\n\r\n';
