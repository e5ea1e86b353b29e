import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlain, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure, request } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { missingPrograms, until } from '../../testing/servers/process.ts';
import { Connections } from './connections.ts';

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function makeCertificate(t: TestContext): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'connections-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    ...curve,
    '-subj',
    '/CN=x',
    '-keyout',
    key,
    '-out',
    cert,
  ]);
  assert.equal(made.status, 0, String(made.stderr));
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

test(
  'with TLS too, a request that runs is answered before its connection is closed',
  { skip: missingPrograms('openssl') },
  async (t) => {
    let connections: Connections | null = null;
    let answer: (() => void) | null = null;
    const handle: RequestListener = (asked, response) => {
      response.once('close', connections?.begin(asked.socket) ?? assert.fail());
      answer = () => response.end('done');
    };
    const server = createSecure(makeCertificate(t), handle);
    connections = new Connections(server, { most: 10, byAddress: 10, proxies: [] }, () => undefined);
    const port = await listening(t, server);
    const idle = connect(port, '127.0.0.1');
    idle.on('error', () => undefined);
    const sent = request({ host: '127.0.0.1', port, rejectUnauthorized: false, agent: false });
    sent.end();
    await until(async () => await Promise.resolve(answer !== null && connections?.size === 2));
    connections.end();
    await once(idle, 'close');
    await until(async () => await Promise.resolve(connections?.size === 1));
    const answered = once(sent, 'response');
    const end: (() => void) | null = answer;
    assert.ok(end !== null);
    Reflect.apply(end, undefined, []);
    const [response] = await answered;
    assert.equal(response.statusCode, 200);
    response.resume();
    await until(async () => await Promise.resolve(connections?.size === 0));
  },
);

test('connections are counted by address and in all, and no count is left behind', async (t) => {
  const refused: string[] = [];
  const server = createPlain((_, response) => response.end());
  const connections = new Connections(server, { most: 4, byAddress: 3, proxies: [] }, (why) =>
    refused.push(why),
  );
  const port = await listening(t, server);
  for (let round = 0; round < 3; round += 1) {
    const from = ['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.3'];
    const sockets = from.map((localAddress) => connect({ host: '127.0.0.1', port, localAddress }));
    for (const socket of sockets) socket.on('error', () => undefined);
    await until(async () => await Promise.resolve(refused.length === 2 * (round + 1)));
    assert.deepEqual(refused.slice(-2).toSorted(), ['address', 'all']);
    assert.equal(connections.size, 4);
    for (const socket of sockets) socket.destroy();
    await until(async () => await Promise.resolve(connections.size === 0));
  }
});

test('connections of a proxy are counted in all, and not by its address', async (t) => {
  const refused: string[] = [];
  const server = createPlain((_, response) => response.end());
  const limits = { most: 3, byAddress: 1, proxies: [{ address: '127.0.0.1', prefix: 32 }] };
  const connections = new Connections(server, limits, (why) => refused.push(why));
  const port = await listening(t, server);
  const from = ['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1'];
  const sockets = from.map((localAddress) => connect({ host: '127.0.0.1', port, localAddress }));
  for (const socket of sockets) socket.on('error', () => undefined);
  await until(async () => await Promise.resolve(refused.length === 1 && connections.size === 3));
  assert.deepEqual(refused, ['all']);
  for (const socket of sockets) socket.destroy();
});
