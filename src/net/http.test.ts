import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import type { RequestListener } from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { makeCertificate, type Certificate } from '../../sandbox/shared/certificate.ts';
import { probeCertificate, type Trust } from './connect.ts';
import { readFingerprint, showFingerprint } from './fingerprint.ts';
import { HttpError } from './http-error.ts';
import { HttpClient, type HttpRequest } from './http.ts';
import { patience } from '../testing/patience.ts';

let root: string;
let certificate: Certificate;
let other: Certificate;

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'http-test-'));
  mkdirSync(join(root, 'etc'));
  other = await makeCertificate(root, 'other');
  certificate = await makeCertificate(root, 'own');
});

after(() => {
  rmSync(root, { recursive: true, force: true });
});

interface Server {
  readonly url: URL;
  readonly port: number;
  readonly bodies: string[];
  connections: number;
}

async function listen(server: net.Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function serve(t: TestContext, answer: RequestListener, host = '127.0.0.1'): Promise<Server> {
  const bodies: string[] = [];
  const server = https.createServer(certificate, (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (body += part));
    request.on('end', () => {
      bodies.push(body);
      answer(request, response);
    });
  });
  const port = await listen(server, host);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const running = { url: new URL(`https://${host}:${port}/manager/ispmgr`), port, bodies, connections: 0 };
  server.on('secureConnection', () => (running.connections += 1));
  return running;
}

function client(
  t: TestContext,
  url: URL,
  trust: Trust = { kind: 'ca', pem: certificate.cert },
  timeout = patience,
): HttpClient {
  const made = new HttpClient({ base: url, trust, timeout });
  t.after(() => {
    made.close();
  });
  return made;
}

function post(body: string, repeatable = false): HttpRequest {
  return { method: 'POST', headers: {}, body, repeatable };
}

const quiet = new AbortController().signal;

async function failure(call: Promise<unknown>): Promise<HttpError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof HttpError, String(error));
    assert.equal(JSON.stringify([error.message, error.params]).includes('secret'), false);
    return error;
  }
  assert.fail('the request was to fail');
}

function pin(cert: string): Trust {
  return { kind: 'fingerprint', sha256: readFingerprint(new X509Certificate(cert).fingerprint256) ?? '' };
}

describe('HTTPS client', () => {
  it('posts, reads the answer whatever its status, and keeps the connection', async (t) => {
    const server = await serve(t, (request, response) => {
      assert.equal(request.headers['accept-encoding'], undefined);
      response.writeHead(502, { 'Content-Type': 'text/html' }).end('<p>bad');
    });
    const sender = client(t, server.url);
    for (const body of ['a=1', 'a=2']) {
      const { status, contentType, body: octets } = await sender.send(post(body), quiet);
      assert.deepEqual([status, contentType, octets.toString()], [502, 'text/html', '<p>bad']);
    }
    assert.deepEqual(server.bodies, ['a=1', 'a=2']);
    assert.equal(server.connections, 1);
  });

  it('accepts https: only, and http: on this machine itself', () => {
    const trust: Trust = { kind: 'public' };
    assert.throws(
      () => new HttpClient({ base: new URL('http://192.0.2.1/'), trust, timeout: 1 }),
      RangeError,
    );
    for (const host of ['localhost', '127.example.net', '[::2]'])
      assert.throws(
        () => new HttpClient({ base: new URL(`http://${host}/`), trust, timeout: 1 }),
        RangeError,
      );
    for (const host of ['127.0.0.1', '127.8.0.1', '[::1]'])
      new HttpClient({ base: new URL(`http://${host}/`), trust, timeout: 1 }).close();
  });

  it('sends nothing to a server that public authorities do not vouch for', async (t) => {
    const server = await serve(t, (_, response) => response.end('x'));
    const error = await failure(client(t, server.url, { kind: 'public' }).send(post('secret'), quiet));
    assert.deepEqual([error.kind, error.sent], ['certificate', 'no']);
    assert.equal(error.params['text'], `127.0.0.1:${server.port}: self-signed certificate`);
    assert.deepEqual(server.bodies, []);
  });

  it('says that no TLS is spoken there, without the inside of OpenSSL', async (t) => {
    const plain = http.createServer((_, response) => response.end('x'));
    t.after(() => plain.close());
    const port = await listen(plain);
    const error = await failure(client(t, new URL(`https://127.0.0.1:${port}/`)).send(post('a'), quiet));
    assert.deepEqual([error.kind, error.sent], ['unreachable', 'no']);
    assert.match(error.params['text'] ?? '', /^127\.0\.0\.1:\d+: what answers there does not speak TLS/u);
  });

  it('sends nothing to a server vouched for under another name', async (t) => {
    const server = await serve(t, (_, response) => response.end('x'), '127.0.0.2');
    const error = await failure(client(t, server.url).send(post('secret'), quiet));
    assert.deepEqual([error.kind, error.sent], ['certificate', 'no']);
    assert.deepEqual(server.bodies, []);
  });

  it('accepts exactly the pinned certificate, whatever its host name', async (t) => {
    const server = await serve(t, (_, response) => response.end('x'), '127.0.0.2');
    const { body } = await client(t, server.url, pin(certificate.cert)).send(post('a'), quiet);
    assert.equal(body.toString(), 'x');
    const error = await failure(client(t, server.url, pin(other.cert)).send(post('secret'), quiet));
    assert.deepEqual([error.kind, error.sent], ['certificate', 'no']);
    assert.equal(error.params['fingerprint'], new X509Certificate(certificate.cert).fingerprint256);
    assert.deepEqual(server.bodies, ['a']);
  });

  it('shows an untrusted certificate without sending anything', async (t) => {
    const server = await serve(t, (_, response) => response.end('x'));
    const seen = await probeCertificate({ host: '127.0.0.1', port: server.port }, quiet);
    assert.equal(seen.fingerprint, new X509Certificate(certificate.cert).fingerprint256);
    assert.equal(seen.distrust, 'DEPTH_ZERO_SELF_SIGNED_CERT');
    assert.equal(seen.subject, 'CN=own');
    await assert.rejects(
      probeCertificate({ host: '127.0.0.1', port: server.port }, AbortSignal.abort()),
      HttpError,
    );
    assert.deepEqual(server.bodies, []);
  });

  it('issue 11.6: shows the names in a certificate without what controls a terminal', async (t) => {
    const evil = await makeCertificate(root, 'a\u001b[2Jb\u0007\u202ec');
    const server = https.createServer(evil);
    const port = await listen(server);
    t.after(() => server.close());
    const { subject, issuer } = await probeCertificate({ host: '127.0.0.1', port }, quiet);
    for (const name of [subject, issuer]) {
      assert.match(name, /^CN=a/u);
      assert.doesNotMatch(name, /[\p{Cc}\p{Cf}]/u);
    }
  });

  it('says that nothing was sent when there is no connection', async (t) => {
    const closed = net.createServer();
    const port = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    const error = await failure(client(t, new URL(`https://127.0.0.1:${port}/`)).send(post('secret'), quiet));
    assert.deepEqual([error.kind, error.sent], ['unreachable', 'no']);
  });

  it('says that nothing was sent when the handshake does not end, or ends in a cut', async (t) => {
    const sockets = new Set<net.Socket>();
    let cut = false;
    const silent = net.createServer((socket) => {
      sockets.add(socket.on('error', () => socket.destroy()));
      if (cut) socket.destroy();
    });
    const url = new URL(`https://127.0.0.1:${await listen(silent)}/`);
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const slow = await failure(client(t, url, pin(other.cert), 60).send(post('secret'), quiet));
    assert.deepEqual([slow.kind, slow.sent], ['unreachable', 'no']);
    const began = performance.now();
    const late = await failure(client(t, url).send(post('secret'), AbortSignal.timeout(60)));
    assert.deepEqual([late.kind, late.sent], ['unreachable', 'no']);
    assert.ok(
      performance.now() - began < patience,
      'the deadline of the call counts, not the time limit of a connection',
    );
    cut = true;
    const ended = await failure(client(t, url).send(post('secret'), quiet));
    assert.deepEqual([ended.kind, ended.sent], ['unreachable', 'no']);
  });

  it('says that it may have been carried out once it was sent', async (t) => {
    const server = await serve(t, (request) => request.socket.destroy());
    const error = await failure(client(t, server.url).send(post('secret'), quiet));
    assert.deepEqual([error.kind, error.sent], ['unreachable', 'maybe']);
    assert.deepEqual(server.bodies, ['secret']);
  });

  it('does not take a cut answer for a whole one', async (t) => {
    const server = await serve(t, (request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('<doc>', () => request.socket.destroy());
    });
    const error = await failure(client(t, server.url).send(post('secret', true), quiet));
    assert.deepEqual([error.kind, error.sent], ['unreachable', 'maybe']);
  });

  it('replaces a stale kept connection for what may be repeated, and only for that', async (t) => {
    const used = new WeakSet();
    const server = await serve(t, (request, response) => {
      if (used.has(request.socket)) {
        request.socket.destroy();
        return;
      }
      used.add(request.socket);
      response.end('x');
    });
    const sender = client(t, server.url);
    await sender.send(post('1', true), quiet);
    const { body } = await sender.send(post('2', true), quiet);
    assert.equal(body.toString(), 'x');
    assert.equal(server.connections, 2);
    const error = await failure(sender.send(post('3'), quiet));
    assert.deepEqual([error.kind, error.sent], ['unreachable', 'maybe']);
    assert.deepEqual(server.bodies, ['1', '2', '2', '3']);
  });

  it('stops at the deadline: untouched before it was sent, unknown after', async (t) => {
    const controller = new AbortController();
    const server = await serve(t, () => {
      controller.abort();
    });
    const sender = client(t, server.url);
    const early = await failure(sender.send(post('secret'), AbortSignal.abort()));
    assert.deepEqual([early.kind, early.sent], ['unreachable', 'no']);
    const late = await failure(sender.send(post('secret'), controller.signal));
    assert.deepEqual([late.kind, late.sent], ['unreachable', 'maybe']);
    assert.equal(server.bodies.length, 1);
  });

  it('has a time limit of its own', async (t) => {
    const server = await serve(t, () => null);
    const sender = client(t, server.url, { kind: 'ca', pem: certificate.cert }, 2_000);
    const error = await failure(sender.send(post('secret'), quiet));
    assert.deepEqual([error.kind, error.sent], ['unreachable', 'maybe']);
  });

  it('refuses an answer that is too large', async (t) => {
    const server = await serve(t, (_, response) => response.end('x'.repeat(1_001)));
    const error = await failure(client(t, server.url).send({ ...post('secret'), mostOctets: 1_000 }, quiet));
    assert.deepEqual([error.kind, error.sent], ['too-large', 'maybe']);
  });

  it('takes one MiB where nothing else is said, and of an error the first part (issue 11.3)', async (t) => {
    const large = Buffer.alloc(1024 * 1024 + 1, 'x');
    let status = 200;
    const server = await serve(t, (_, response) => response.writeHead(status).end(large));
    const sender = client(t, server.url);
    assert.equal((await failure(sender.send(post('secret'), quiet))).kind, 'too-large');
    status = 503;
    const answer = await sender.send(post('secret'), quiet);
    assert.equal(answer.status, 503);
    assert.ok(answer.body.length > 1_000 && answer.body.length < large.length);
  });

  it('keeps an answer that comes in tiny parts in one piece (issue 11.3)', async (t) => {
    const chunk = '1\r\nx\r\n'.repeat(20_000);
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const server = await serve(t, (_, response) => {
      response.socket?.end(`${head}${chunk}0\r\n\r\n`);
    });
    const answer = await client(t, server.url).send(post('secret'), quiet);
    assert.equal(answer.body.toString('latin1'), 'x'.repeat(20_000));
    assert.ok(answer.body.buffer.byteLength < 100_000);
  });

  it('does not follow a redirect, and names where it leads', async (t) => {
    const target = await serve(t, (_, response) => response.end('x'));
    const server = await serve(t, (_, response) =>
      response.writeHead(307, { Location: target.url.href }).end(),
    );
    const error = await failure(client(t, server.url).send(post('secret'), quiet));
    assert.deepEqual([error.kind, error.params['host']], ['redirect', target.url.host]);
    assert.deepEqual(target.bodies, []);
  });

  it('ends every connection when closed', async (t) => {
    const server = await serve(t, () => sender.close());
    const sender = client(t, server.url);
    const error = await failure(sender.send(post('secret'), quiet));
    assert.deepEqual([error.kind, error.sent], ['unreachable', 'maybe']);
  });
});

describe('fingerprints', () => {
  const digits = 'ab12'.repeat(16);
  it('are read in any spelling', () => {
    const colons = showFingerprint(digits);
    assert.match(colons, /^AB:12:AB/);
    const spellings = [
      digits,
      colons,
      colons.toLowerCase(),
      ` sha256:${digits}`,
      `SHA256 Fingerprint=${colons}`,
      colons.replaceAll(':', ' '),
    ];
    for (const text of spellings) assert.equal(readFingerprint(text), digits);
  });

  it('are nothing else', () => {
    for (const text of ['', 'ab', digits.slice(1), `${digits}0`, `${digits.slice(1)}g`])
      assert.equal(readFingerprint(text), null);
  });
});
