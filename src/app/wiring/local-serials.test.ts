import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { parseName, type DnsName } from '../../dns/name.ts';
import { missingFor } from '../../testing/stage/server-registry.ts';
import { startKnot, type Knot } from '../../testing/servers/knot.ts';
import { localSerials } from './local-serials.ts';

const zone = parseName('example.org.');
const { signal } = new AbortController();
const skip = missingFor('knot');

async function serving(t: TestContext, zones: readonly DnsName[]): Promise<Knot> {
  const knot = await startKnot({ zones: zones.map((one) => ({ zone: one })) });
  t.after(async () => await knot.dispose());
  return knot;
}

function readerAt(t: TestContext, port: number): ReturnType<typeof localSerials> {
  const reader = localSerials({ serialServer: { host: '127.0.0.1', port } });
  t.after(() => reader.close());
  return reader;
}

/** Starts a server on TCP that gives each connection to `serve`. @returns its port */
async function tcpServer(t: TestContext, serve: (client: Socket) => void): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    open.add(client);
    client.on('error', () => undefined);
    serve(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const client of open) client.destroy();
    server.close();
  });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-type-assertion -- a TCP server has such an address
  return (server.address() as AddressInfo).port;
}

test('the serial of a zone, and none of others', { skip }, async (t) => {
  const knot = await serving(t, [zone]);
  const reader = readerAt(t, knot.port);
  const others = [parseName('www.example.org.'), parseName('example.net.')];
  const found = await reader.serials([zone, ...others], signal);
  assert.deepEqual([...found.keys()], [zone]);
  assert.ok(Number.isInteger(found.get(zone)));
  assert.deepEqual(await reader.serials([], signal), new Map());
  await knot.stop();
  assert.deepEqual(await reader.serials([zone, ...others], signal), new Map());
});

test('issue 17: hundreds of zones over one connection, those of nobody among them', { skip }, async (t) => {
  const zones = Array.from({ length: 700 }, (_, at) => parseName(`z${at}.example.`));
  const served = zones.filter((_, at) => at % 7 !== 0);
  const knot = await serving(t, served);
  let connections = 0;
  const port = await tcpServer(t, (client) => {
    connections += 1;
    const server = connect(knot.port, '127.0.0.1');
    server.on('error', () => undefined);
    client.pipe(server).pipe(client);
  });
  const found = await readerAt(t, port).serials(zones, signal);
  assert.deepEqual([...found.keys()].sort(), served.toSorted());
  assert.equal(connections, 1);
});

test('a stopped engine ends the question', async (t) => {
  assert.deepEqual(await readerAt(t, 9).serials([zone], AbortSignal.abort()), new Map());
});

test('a stopped engine ends a question that nobody answers', async (t) => {
  const stopping = new AbortController();
  const port = await tcpServer(t, (client) => client.on('data', () => stopping.abort()));
  assert.deepEqual(await readerAt(t, port).serials([zone], stopping.signal), new Map());
});

/** Answers over UDP what the server at `port` answers. */
async function udpServer(t: TestContext, port: number, at = 0): Promise<number> {
  const front = createSocket('udp4').bind(at, '127.0.0.1');
  t.after(() => front.close());
  await once(front, 'listening');
  front.on('message', (query, from) => {
    const back = createSocket('udp4');
    back.on('message', (answer) => {
      front.send(answer, from.port, from.address);
      back.close();
    });
    back.send(query, port, '127.0.0.1');
  });
  return front.address().port;
}

test('a server that answers over UDP only is asked over UDP', { skip }, async (t) => {
  const knot = await serving(t, [zone]);
  const reader = readerAt(t, await udpServer(t, knot.port));
  for (let times = 0; times < 2; times += 1)
    assert.ok(Number.isInteger((await reader.serials([zone], signal)).get(zone)));
});

test('what a broken connection leaves unanswered is asked over UDP', { skip }, async (t) => {
  const knot = await serving(t, [zone]);
  for (const serve of [
    (client: Socket) => client.on('data', () => client.destroy()),
    // An answer that is too short to be a message.
    (client: Socket) => client.on('data', () => client.write(Buffer.from([0, 1, 0]))),
  ]) {
    const port = await tcpServer(t, serve);
    await udpServer(t, knot.port, port);
    assert.ok(Number.isInteger((await readerAt(t, port).serials([zone], signal)).get(zone)));
  }
});
