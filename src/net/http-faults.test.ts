/**
 * Tests that a call ends, whatever a server does instead of answering. Its error must say whether the server
 * may have seen the request.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import * as tls from 'node:tls';
import { makeCertificate, type Certificate } from '../../sandbox/shared/certificate.ts';
import { fullBacklog } from '../testing/full-backlog.ts';
import { probeCertificate } from './connect.ts';
import { HttpError } from './http-error.ts';
import { HttpClient, type HttpRequest } from './http.ts';

let root: string;
let certificate: Certificate;

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'http-faults-'));
  mkdirSync(join(root, 'etc'));
  certificate = await makeCertificate(root, 'own');
});

after(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Milliseconds after which a call counts as hung; every case ends much sooner. */
const patience = 60_000;
const schemes = ['http', 'https'] as const;
type Scheme = (typeof schemes)[number];

const patch: HttpRequest = {
  method: 'PATCH',
  path: 'zones/a',
  headers: {},
  body: 'secret',
  repeatable: false,
};
const get: HttpRequest = { method: 'GET', path: 'zones/a', headers: {}, body: '', repeatable: true };

/** Starts a server. `answer` gets each connection after the head of a request has come. */
async function listen(t: TestContext, scheme: Scheme, answer: (socket: net.Socket) => void): Promise<URL> {
  const sockets = new Set<net.Socket>();
  const take = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => answer(socket));
  };
  const options = { allowHalfOpen: true };
  const server =
    scheme === 'http'
      ? net.createServer(options, take)
      : tls.createServer({ ...certificate, ...options }, take);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return new URL(`${scheme}://127.0.0.1:${address.port}/`);
}

function client(t: TestContext, base: URL, timeout = patience): HttpClient {
  const made = new HttpClient({
    base,
    trust: { kind: 'ca', pem: certificate.cert },
    timeout,
  });
  t.after(() => {
    made.close();
  });
  return made;
}

async function failure(call: Promise<unknown>): Promise<HttpError> {
  const error: unknown = await call.then(
    () => assert.fail('the request was to fail'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof HttpError, String(error));
  return error;
}

const quiet = new AbortController().signal;
const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';

/** Incomplete or wrong answers, each of which leaves the connection in another state. */
const faults: Readonly<Record<string, (socket: net.Socket) => void>> = {
  '101 Switching Protocols': (socket) => socket.write(upgrade),
  '101, and something after it': (socket) => socket.write(`${upgrade}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`),
  '101, and a close': (socket) => socket.end(upgrade),
  'a close without an answer': (socket) => socket.destroy(),
  'an end of its side only': (socket) => socket.end(),
  'a close within the head': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'),
  'a close after an interim answer': (socket) => socket.end('HTTP/1.1 103 Early Hints\r\n\r\n'),
  'a close within the body': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<doc'),
  'a close within a chunk': (socket) =>
    socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<doc'),
  'something else than HTTP': (socket) => socket.write('220 mail.example ESMTP\r\n'),
  'a head without an end': (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`),
  'interim answers without an end': (socket) => {
    const flood = 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100);
    const more = (): void => {
      while (!socket.destroyed && socket.write(flood));
    };
    socket.on('drain', more);
    more();
  },
};

describe('issue 11.5: every request settles', () => {
  for (const scheme of schemes) {
    for (const [name, fault] of Object.entries(faults)) {
      it(
        `${scheme}: ${name}: not known whether it was carried out, and the next one goes out`,
        { timeout: patience },
        async (t) => {
          let calls = 0;
          const url = await listen(t, scheme, (socket) => {
            calls += 1;
            if (calls === 1) fault(socket);
            else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          });
          const http = client(t, url);
          const error = await failure(http.send(patch, quiet));
          assert.deepEqual([error.kind, error.sent], ['unreachable', 'maybe']);
          assert.equal((await http.send(get, quiet)).body.toString(), 'ok');
        },
      );
    }

    it(
      `${scheme}: an answer whose body never comes ends with the deadline`,
      { timeout: patience },
      async (t) => {
        const giveUp = new AbortController();
        const url = await listen(t, scheme, (socket) => {
          // Sends the length of a body and no body, as in an answer to HEAD.
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', () => giveUp.abort());
        });
        const error = await failure(client(t, url).send(patch, giveUp.signal));
        assert.deepEqual([error.kind, error.sent], ['unreachable', 'maybe']);
      },
    );

    it(
      `${scheme}: a connection that never comes about: nothing was sent`,
      { timeout: patience },
      async (t) => {
        const port = await fullBacklog(t);
        const http = client(t, new URL(`${scheme}://127.0.0.1:${port}/`));
        const error = await failure(http.send(patch, AbortSignal.timeout(300)));
        assert.deepEqual([error.kind, error.sent], ['unreachable', 'no']);
      },
    );

    it(`${scheme}: nobody listens: nothing was sent`, { timeout: patience }, async (t) => {
      const url = await listen(t, scheme, () => null);
      const closed = net.createServer().listen(0, '127.0.0.1');
      await once(closed, 'listening');
      const address = closed.address();
      assert.ok(typeof address === 'object' && address !== null);
      closed.close();
      await once(closed, 'close');
      url.port = String(address.port);
      const error = await failure(client(t, url).send(patch, quiet));
      assert.deepEqual([error.kind, error.sent], ['unreachable', 'no']);
    });
  }

  it('a certificate that is looked at: a server that closes settles it', { timeout: patience }, async (t) => {
    const url = await listen(t, 'http', (socket) => socket.end());
    const peer = { host: '127.0.0.1', port: Number(url.port) };
    const error = await failure(probeCertificate(peer, quiet));
    assert.equal(error.kind, 'unreachable');
  });
});
