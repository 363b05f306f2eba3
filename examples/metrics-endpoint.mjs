// A TLS server, and its metrics for Prometheus on a port of their own.
//   PORT=8443 METRICS_PORT=9464 node metrics-endpoint.mjs      docs/grafana-dashboard.json shows them
import { createServer as createHttpServer } from 'node:http';
import { collectDefaultMetrics, register } from 'prom-client';
import { createServer } from 'sslctx';
import { collectMetrics } from 'sslctx/metrics';
import { makeCertificate } from 'sslctx/testing';

const { PORT = '8443', METRICS_PORT = '9464' } = process.env;
const server = createServer({ ...makeCertificate(), tickets: 'stateful', sessionIdContext: 'shop' }, (socket) => {
  socket.on('error', () => {});
  socket.end('hello\n');
});
const collection = collectMetrics(register, { contexts: { shop: server } });
collectDefaultMetrics({ register });

// Not for everybody: what a server does at which time is nobody else's business.
const metrics = createHttpServer(async (request, response) => {
  if (request.url !== '/metrics') return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': register.contentType }).end(await register.metrics());
});

metrics.listen(Number(METRICS_PORT), '127.0.0.1', () => console.log('metrics on', metrics.address().port));
server.listen(Number(PORT), () => console.log('listening on', server.address().port));
process.on('SIGTERM', () => {
  collection.close();
  metrics.close();
  server.close();
});
