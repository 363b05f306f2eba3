// One of the threads of sslctx.ts.
import { joinServer } from '../../src/index.ts';
import { serveHandshake } from './service.ts';

joinServer({}, serveHandshake).on('tlsClientError', () => {});
