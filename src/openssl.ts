// Which OpenSSL runs.
export { type OpenSslInfo, openssl } from './capi/index.ts';
