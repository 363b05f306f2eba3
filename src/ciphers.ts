// What libssl can do.
import * as capi from './capi/index.ts';

let known: readonly capi.SSL_CIPHER[] | undefined;

/** Every cipher suite of this libssl, weak ones included; asked once, because a context is dear. SSL_CTX_get_ciphers(3). */
export function allCiphers(): readonly capi.SSL_CIPHER[] {
  if (known === undefined) {
    const ctx = capi.SSL_CTX_new(capi.TLS_method());
    capi.SSL_CTX_set_cipher_list(ctx, 'ALL:COMPLEMENTOFALL:@SECLEVEL=0');
    known = capi.SSL_CTX_get_ciphers(ctx);
    capi.SSL_CTX_free(ctx);
  }
  return known;
}

/** Their names in OpenSSL's spelling. SSL_CIPHER_get_name(3). */
export function cipherNames(): string[] {
  return allCiphers().map((cipher) => capi.SSL_CIPHER_get_name(cipher));
}
