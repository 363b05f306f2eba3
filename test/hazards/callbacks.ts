// Every callback that libssl makes on a connection, and a handshake in which it is made.
import * as capi from '../../src/capi/index.ts';
import { type ContextPair, createSslObjects, exchange, type SslPair } from '../helpers/pair.ts';
import { statefulPair } from './contexts.ts';

/** What the tests want to do inside of a callback. */
export type Inside = (ssl: capi.SSL) => void;

export interface Callback {
  name: string;
  /** Set when only one protocol version makes it. */
  only?: number;
  /** A handshake that makes it offers a session of an earlier one. */
  resumes?: boolean;
  /** The server issues stateless tickets. */
  stateless?: boolean;
  set: (contexts: ContextPair, inside: Inside) => void;
}

const PROTOCOLS = Buffer.from('\x02h2');

export const CALLBACKS: readonly Callback[] = [
  {
    name: 'SSL_CTX_sess_set_new_cb',
    set: ({ sctx }, inside) => capi.SSL_CTX_sess_set_new_cb(sctx, (ssl) => inside(ssl)),
  },
  {
    name: 'SSL_CTX_sess_set_get_cb',
    resumes: true,
    set: ({ sctx }, inside) => {
      capi.SSL_CTX_flush_sessions(sctx, 0);
      capi.SSL_CTX_sess_set_get_cb(sctx, (ssl) => {
        inside(ssl);
        return null;
      });
    },
  },
  {
    name: 'SSL_CTX_set_client_hello_cb',
    set: ({ sctx }, inside) =>
      capi.SSL_CTX_set_client_hello_cb(sctx, (ssl) => {
        inside(ssl);
        return capi.SSL_CLIENT_HELLO_SUCCESS;
      }),
  },
  {
    name: 'SSL_CTX_set_generate_session_id',
    set: ({ sctx }, inside) => {
      let next = 1;
      capi.SSL_CTX_set_generate_session_id(sctx, (ssl, maxLength) => {
        inside(ssl);
        return Buffer.alloc(maxLength, next++);
      });
    },
  },
  {
    name: 'SSL_CTX_set_not_resumable_session_callback',
    set: ({ sctx }, inside) =>
      capi.SSL_CTX_set_not_resumable_session_callback(sctx, (ssl) => {
        inside(ssl);
        return 0;
      }),
  },
  {
    name: 'SSL_CTX_set_session_ticket_cb, generate',
    stateless: true,
    set: ({ sctx }, inside) => {
      capi.SSL_CTX_set_session_ticket_cb(
        sctx,
        (ssl) => {
          inside(ssl);
          return 1;
        },
        null,
      );
    },
  },
  {
    name: 'SSL_CTX_set_session_ticket_cb, decrypt',
    stateless: true,
    resumes: true,
    set: ({ sctx }, inside) => {
      capi.SSL_CTX_set_session_ticket_cb(sctx, null, (ssl, _session, _name, status) => {
        inside(ssl);
        return status === capi.SSL_TICKET_SUCCESS || status === capi.SSL_TICKET_SUCCESS_RENEW
          ? capi.SSL_TICKET_RETURN_USE
          : capi.SSL_TICKET_RETURN_IGNORE_RENEW;
      });
    },
  },
  {
    name: 'SSL_CTX_set_tlsext_ticket_key_evp_cb',
    stateless: true,
    set: ({ sctx }, inside) => {
      capi.SSL_CTX_set_tlsext_ticket_key_evp_cb(sctx, (ssl) => {
        inside(ssl);
        return { ret: 1, name: Buffer.alloc(16, 1), aesKey: Buffer.alloc(32, 2), hmacKey: Buffer.alloc(32, 3) };
      });
    },
  },
  {
    name: 'SSL_CTX_set_psk_use_session_callback',
    only: capi.TLS1_3_VERSION,
    set: ({ cctx }, inside) =>
      capi.SSL_CTX_set_psk_use_session_callback(cctx, (ssl) => {
        inside(ssl);
        return null;
      }),
  },
  {
    name: 'SSL_CTX_set_psk_find_session_callback',
    only: capi.TLS1_3_VERSION,
    resumes: true,
    set: ({ sctx }, inside) =>
      capi.SSL_CTX_set_psk_find_session_callback(sctx, (ssl) => {
        inside(ssl);
        return null;
      }),
  },
  {
    name: 'SSL_CTX_set_tlsext_servername_callback',
    set: ({ sctx }, inside) =>
      capi.SSL_CTX_set_tlsext_servername_callback(sctx, (ssl) => {
        inside(ssl);
        return capi.SSL_TLSEXT_ERR_OK;
      }),
  },
  {
    name: 'SSL_CTX_set_alpn_select_cb',
    set: ({ sctx }, inside) =>
      capi.SSL_CTX_set_alpn_select_cb(sctx, (ssl) => {
        inside(ssl);
        return Buffer.from('h2');
      }),
  },
  {
    name: 'SSL_CTX_set_keylog_callback',
    set: ({ sctx }, inside) => capi.SSL_CTX_set_keylog_callback(sctx, (ssl) => inside(ssl)),
  },
  {
    name: 'SSL_CTX_set_info_callback',
    set: ({ sctx }, inside) => capi.SSL_CTX_set_info_callback(sctx, (ssl) => inside(ssl)),
  },
  {
    name: 'SSL_CTX_set_msg_callback',
    set: ({ sctx }, inside) =>
      capi.SSL_CTX_set_msg_callback(sctx, (_write, _version, _type, _bytes, ssl) => inside(ssl)),
  },
];

export interface Prepared {
  contexts: ContextPair;
  /** In its handshake, which has not begun, the callback will be made. */
  objects: SslPair;
  /** What the callback does; nothing at first. */
  hook: { inside: Inside };
}

export function prepared(callback: Callback, version: number): Prepared {
  const contexts = statefulPair(version);
  if (callback.stateless) capi.SSL_CTX_clear_options(contexts.sctx, capi.SSL_OP_NO_TICKET);
  capi.SSL_CTX_set_alpn_protos(contexts.cctx, PROTOCOLS);
  const session = callback.resumes ? exchange(contexts).session : null;
  const hook: { inside: Inside } = { inside: () => {} };
  callback.set(contexts, (ssl) => hook.inside(ssl));
  // Not earlier: SSL_new copies some of the callbacks from the context.
  const objects = createSslObjects(contexts.sctx, contexts.cctx);
  capi.SSL_set_tlsext_host_name(objects.client, 'localhost');
  if (session !== null) capi.SSL_set_session(objects.client, session);
  return { contexts, objects, hook };
}

/** As prepared, for the callback of that name. */
export function preparedFor(name: string, version: number): Prepared {
  const callback = CALLBACKS.find((one) => one.name === name);
  if (callback === undefined) throw new Error(`no callback ${name}`);
  return prepared(callback, version);
}
