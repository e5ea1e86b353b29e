/**
 * The proxy of the crash runs, as a program of its own. It stands between a client and one server, and
 * disturbs the client's requests as its parent process orders. Once it listens, it sends its port to the
 * parent.
 */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { proxyOptions, proxyOrder, type ProxyMode, type ProxyOrder } from './proxy-protocol.ts';

const { target, port, tls } = v.parse(proxyOptions, JSON.parse(process.argv[2] ?? '{}'));
let order: ProxyOrder = { mode: 'pass', count: 0 };

function next(): ProxyMode {
  if (order.count <= 0) return 'pass';
  order = { ...order, count: order.count - 1 };
  return order.mode;
}

function reach(): Duplex {
  const to = { port: target, host: '127.0.0.1' };
  return tls === null ? connect({ ...to, noDelay: true }) : connectTls({ ...to, rejectUnauthorized: false });
}

/** Writes one octet at a time. Each octet is written when the stream has taken the one before it. */
async function trickle(to: Duplex, octets: Buffer): Promise<void> {
  for (const octet of octets) {
    await new Promise<void>((resolve) => to.write(Buffer.from([octet]), () => resolve()));
    if (to.destroyed) return;
  }
}

function join(client: Duplex): void {
  const server = reach();
  let mode: ProxyMode = 'pass';
  let sent = Promise.resolve();
  const later = (work: () => Promise<void>): void => {
    sent = sent.then(work);
  };
  const end = (): void => {
    client.destroy();
    server.destroy();
  };
  client.on('data', (request: Buffer) => {
    mode = next();
    take(mode, request, { client, server, end, later });
  });
  server.on('data', (answer: Buffer) => {
    if (mode === 'half-open-after' || mode === 'half-open') return;
    if (mode === 'cut-after') end();
    else if (mode === 'cut-answer') client.write(answer.subarray(0, answer.length >> 1), end);
    else if (mode === 'octets') later(async () => await trickle(client, answer));
    else client.write(answer);
  });
  for (const socket of [client, server]) socket.on('error', end).on('close', end);
}

interface Way {
  readonly client: Duplex;
  readonly server: Duplex;
  readonly end: () => void;
  readonly later: (work: () => Promise<void>) => void;
}

function take(mode: ProxyMode, request: Buffer, { client, server, end, later }: Way): void {
  if (mode === 'cut-before') end();
  else if (mode === 'half-open') return;
  else if (mode === 'cut-within') server.write(request.subarray(0, request.length >> 1), end);
  else if (mode === 'octets') later(async () => await trickle(server, request));
  else if (mode === 'switch')
    client.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  else server.write(request);
}

const listener: Server =
  tls === null
    ? createServer({ noDelay: true }, join)
    : createTlsServer({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, join);
listener.listen(port, '127.0.0.1', () => {
  const address = listener.address();
  if (typeof address === 'object') process.send?.({ port: address?.port });
});
process.on('message', (message) => (order = v.parse(proxyOrder, message)));
process.on('disconnect', () => process.exit(0));
