import { SslSession } from '../../src/index.ts';

/** A session of TLS 1.2 that no connection has made; the number is in its ID. */
export function made(number: number): SslSession {
  const id = Buffer.alloc(32, 7);
  id.writeUInt32LE(number);
  return SslSession.create({ id, protocol: 'TLSv1.2', cipher: 'ECDHE-RSA-AES128-GCM-SHA256', timeout: 1000 });
}
