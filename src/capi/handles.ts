// Handles: JavaScript objects that stand for exactly one C object each. Their whole state is an integer in a #private
// field: the brand check of that field is the type check, which cannot be forged, and costs next to nothing.
import { type Callbacks, newCallbacks } from './callbacks.ts';
import { illegalConstructor, invalidHandle } from './errors.ts';

const secret: unique symbol = Symbol('made by sslctx');

function requireSecret(given: unknown): void {
  if (given !== secret) throw illegalConstructor();
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

export let methodId: (handle: SSL_METHOD) => number;
export let cipherId: (handle: SSL_CIPHER) => number;
export let contextId: (handle: SSL_CTX) => number;
export let sslId: (handle: SSL) => number;
export let sessionId: (handle: SSL_SESSION) => number;
export let bioId: (handle: BIO) => number;
export let x509Id: (handle: X509) => number;
export let pkeyId: (handle: EVP_PKEY) => number;
export let storeId: (handle: X509_STORE) => number;
export let crlId: (handle: X509_CRL) => number;
export let pkcs12Id: (handle: PKCS12) => number;
/** The functions that libssl calls back for the handle, held by JavaScript alone. */
export let contextCallbacks: (handle: SSL_CTX) => Callbacks;
export let sslCallbacks: (handle: SSL) => Callbacks;
/** For the classes: counts how many objects share the handle; returns how many do now. */
export let changeHolders: (handle: SSL_SESSION, by: 1 | -1) => number;
/** Keeps the context's callbacks alive for as long as the connection. */
export let holdContext: (handle: SSL, context: SSL_CTX) => void;

/** A protocol family: `TLS_method()` and its like. */
export class SSL_METHOD {
  readonly #id: number;

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number) {
    requireSecret(given);
    this.#id = id;
  }

  static {
    methodId = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('SSL_METHOD', handle);
    };
  }
}

/** A cipher suite. */
export class SSL_CIPHER {
  readonly #id: number;

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number) {
    requireSecret(given);
    this.#id = id;
  }

  static {
    cipherId = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('SSL_CIPHER', handle);
    };
  }
}

/** A context: configuration, ticket keys and the session cache. */
export class SSL_CTX {
  readonly #id: number;
  readonly #callbacks: Callbacks;

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number, callbacks: Callbacks | undefined) {
    requireSecret(given);
    this.#id = id;
    this.#callbacks = callbacks ?? newCallbacks();
    this.#callbacks.handle = this;
  }

  static {
    contextId = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('SSL_CTX', handle);
    };
    contextCallbacks = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#callbacks;
      throw invalidHandle('SSL_CTX', handle);
    };
  }
}

/** One connection. */
export class SSL {
  readonly #id: number;
  readonly #callbacks: Callbacks;
  readonly #contexts: Callbacks[] = [];

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number, callbacks: Callbacks | undefined) {
    requireSecret(given);
    this.#id = id;
    this.#callbacks = callbacks ?? newCallbacks();
  }

  static {
    sslId = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('SSL', handle);
    };
    sslCallbacks = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#callbacks;
      throw invalidHandle('SSL', handle);
    };
    holdContext = (handle, context) => {
      handle.#contexts.push(contextCallbacks(context));
    };
  }
}

/** A session: what resumption needs to know of a finished handshake. Holds secrets. */
export class SSL_SESSION {
  readonly #id: number;
  #holders = 0;

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number) {
    requireSecret(given);
    this.#id = id;
  }

  static {
    sessionId = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('SSL_SESSION', handle);
    };
    changeHolders = (handle, by) => {
      handle.#holders += by;
      return handle.#holders;
    };
  }
}

/** A memory buffer, or one end of a pair. */
export class BIO {
  readonly #id: number;

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number) {
    requireSecret(given);
    this.#id = id;
  }

  static {
    bioId = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('BIO', handle);
    };
  }
}

/** A certificate. */
export class X509 {
  readonly #id: number;

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number) {
    requireSecret(given);
    this.#id = id;
  }

  static {
    x509Id = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('X509', handle);
    };
  }
}

/** A key. */
export class EVP_PKEY {
  readonly #id: number;

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number) {
    requireSecret(given);
    this.#id = id;
  }

  static {
    pkeyId = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('EVP_PKEY', handle);
    };
  }
}

/** The certificates that a context trusts. */
export class X509_STORE {
  readonly #id: number;

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number) {
    requireSecret(given);
    this.#id = id;
  }

  static {
    storeId = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('X509_STORE', handle);
    };
  }
}

/** A revocation list. */
export class X509_CRL {
  readonly #id: number;

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number) {
    requireSecret(given);
    this.#id = id;
  }

  static {
    crlId = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('X509_CRL', handle);
    };
  }
}

/** A PKCS#12 file, still encrypted. */
export class PKCS12 {
  readonly #id: number;

  /** @private Handles come from the functions of C. */
  constructor(given: typeof secret, id: number) {
    requireSecret(given);
    this.#id = id;
  }

  static {
    pkcs12Id = (handle) => {
      if (isObject(handle) && #id in handle) return handle.#id;
      throw invalidHandle('PKCS12', handle);
    };
  }
}

/** Where C takes NULL, null is it. */
export function orNull<T>(id: (handle: T) => number, handle: T | null): number | null {
  return handle === null ? null : id(handle);
}

type Factory = (id: number, callbacks?: Callbacks) => object;

/** What makes the object for an integer, in the order of `Kind` in native/handles.h. */
export const factories: readonly Factory[] = [
  (id) => new SSL_METHOD(secret, id),
  (id) => new SSL_CIPHER(secret, id),
  (id, callbacks) => new SSL_CTX(secret, id, callbacks),
  (id, callbacks) => new SSL(secret, id, callbacks),
  (id) => new SSL_SESSION(secret, id),
  (id) => new BIO(secret, id),
  (id) => new X509(secret, id),
  (id) => new EVP_PKEY(secret, id),
  (id) => new X509_STORE(secret, id),
  (id) => new X509_CRL(secret, id),
  (id) => new PKCS12(secret, id),
];
