/**
 * Tests webhooks with real HTTP and HTTPS servers on this machine. A receiver checks the signatures. Notices
 * must not go to inside addresses or follow redirects. Names that change their address, and servers that hang
 * or never end their answer, must do no harm.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import { createServer as tlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { makeCertificate, type Certificate } from '../../../sandbox/shared/certificate.ts';
import { Secret } from '../../config/secret.ts';
import { readNetwork } from '../../net/inside.ts';
import { exampleIn } from '../../testing/docs-examples.ts';
import { patience } from '../../testing/patience.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { onceAtATime, type Resolve } from '../../net/addresses.ts';
import { NotDelivered } from './channel.ts';
import type { Notice } from './notice.ts';
import { webhookChannel } from './webhook.ts';

const secret = 'a secret of sixteen octets';
const quiet = new AbortController().signal;
const sender = { host: 'panel.example', root: '/usr/local/mgr5' };
const notice: Notice = {
  id: 'notice-1',
  at: 1_700_000_000_000,
  kind: 'changed',
  began: [
    {
      code: 'attention.central-unreachable',
      central: 1,
      since: 1_699_999_000_000,
      params: { text: 'no \u001b[31manswer\u202e', code: '' },
    },
  ],
  ended: [],
  standing: [],
  heldBack: 0,
  quietUntil: null,
  several: false,
};

let folder: string;
let certificate: Certificate;
let caFile: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'webhook-'));
  mkdirSync(join(folder, 'etc'));
  certificate = await makeCertificate(folder, 'receiver');
  caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, certificate.cert);
});

after(() => rmSync(folder, { recursive: true }));

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

interface Receiver {
  readonly port: number;
  readonly received: Received[];
}

async function listen(t: TestContext, server: net.Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => {
    if (server instanceof http.Server || server instanceof https.Server) server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts a receiver that stores the requests it gets. @param tls whether it speaks HTTPS */
async function receive(t: TestContext, answer: RequestListener, tls = true): Promise<Receiver> {
  const received: Received[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (body += part));
    request.on('end', () => {
      const { headers, method = '', url: path = '' } = request;
      received.push({ headers, method, path, body });
      answer(request, response);
    });
  };
  const server = tls ? https.createServer(certificate, listener) : http.createServer(listener);
  return { port: await listen(t, server), received };
}

const ok: RequestListener = (_, response) => response.writeHead(204).end();

interface Given {
  readonly inside?: string;
  readonly ca?: string;
  readonly deadline?: number;
  readonly resolve?: Resolve;
  readonly secret?: string;
  readonly language?: 'en' | 'ru';
}

async function send(url: string, given: Given = {}): Promise<void> {
  const { inside = '127.0.0.1', ca = caFile, deadline = patience, resolve, language = 'en' } = given;
  const settings = {
    webhookSecret: new Secret(given.secret ?? secret),
    webhookCaFile: ca,
    webhookInside: [readNetwork(inside)].filter((one) => one !== null),
    language,
    deadline,
  };
  await webhookChannel(new URL(url), settings, sender, resolve).deliver(notice, quiet);
}

/** Returns the problem of a failed delivery. Also checks that the problem contains no secret. */
async function failure(
  sending: Promise<void>,
): Promise<{ code: string; params: Readonly<Record<string, string>> }> {
  try {
    await sending;
  } catch (error) {
    assert.ok(error instanceof NotDelivered, String(error));
    assert.doesNotMatch(JSON.stringify([error.message, error.problem]), /sixteen|token/);
    return error.problem;
  }
  assert.fail('it was delivered');
}

test('a signed JSON request; the text is in the language of the settings; no control characters', async (t) => {
  const { port, received } = await receive(t, ok);
  await send(`https://127.0.0.1:${port}/hook?token=x`);
  await send(`https://127.0.0.1:${port}/`, { language: 'ru' });
  const [first, second] = received;
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(
    [first.method, first.path, first.headers['content-type']],
    ['POST', '/hook?token=x', 'application/json'],
  );
  assert.match(first.headers['user-agent'] ?? '', /^domainsync\/\d/);
  assert.doesNotMatch(first.body, /\p{Cc}|\p{Cf}/u);
  const { type, timestamp, data } = JSON.parse(first.body) as {
    type: string;
    timestamp: string;
    data: Record<string, unknown>;
  };
  assert.deepEqual([type, timestamp], ['domainsync.changed', '2023-11-14T22:13:20.000Z']);
  assert.partialDeepStrictEqual(data, {
    ...sender,
    state: 'attention',
    ended: [],
    standing: [],
    heldBack: 0,
  });
  const [began] = data['began'] as { code: string; central: number; since: number; text: string }[];
  assert.partialDeepStrictEqual(began, {
    code: 'attention.central-unreachable',
    central: 1,
    since: 1_699_999_000_000,
  });
  assert.doesNotMatch(JSON.stringify(data['text']), /u001b|u202e/);
  assert.match(String(data['title']), /panel\.example: domainsync needs an administrator/);
  assert.match(second.body, /Центральный DNS/);
});

test(
  'docs/monitoring.md: the example checks the signature, and refuses every other request',
  { skip: missingPrograms('python3') },
  async (t) => {
    const { port, received } = await receive(t, ok);
    const program = exampleIn('monitoring.md', 'def is_genuine');
    for (const key of [secret, `whsec_${Buffer.from(secret).toString('base64')}`]) {
      await send(`https://127.0.0.1:${port}/`, { secret: key });
      const { headers, body } = received.at(-1) ?? assert.fail();
      const check = (changes: object, text = body): string => {
        const given = { secret: key, body: text, headers: { ...headers, ...changes } };
        const caller = `${program}\nimport json, sys\ngiven = json.load(sys.stdin)\nprint(is_genuine(given["secret"], given["headers"], given["body"].encode()))`;
        const { stdout, stderr } = spawnSync('python3', ['-c', caller], {
          input: JSON.stringify(given),
          encoding: 'utf8',
        });
        return `${stdout.trim()}${stderr}`;
      };
      assert.equal(check({}), 'True');
      assert.equal(check({}, `${body} `), 'False');
      assert.equal(check({ 'webhook-id': 'other' }), 'False');
      const old = String(Number(headers['webhook-timestamp']) - 600);
      assert.equal(check({ 'webhook-timestamp': old }), 'False');
      assert.equal(check({ 'webhook-signature': 'v1,AAAA' }), 'False');
    }
  },
);

test('plain http to this machine, if the settings mean it', async (t) => {
  const { port, received } = await receive(t, ok, false);
  await send(`http://127.0.0.1:${port}/`);
  assert.equal(received.length, 1);
  const problem = await failure(send(`http://127.0.0.1:${port}/`, { inside: '10.0.0.0/8' }));
  assert.deepEqual([problem.code, problem.params['address']], ['notify.inside-address', '127.0.0.1']);
  assert.equal(received.length, 1);
});

test('an address inside is refused, however it is written, and whoever names it', async (t) => {
  const { port, received } = await receive(t, ok);
  const given = { inside: '10.9.9.9' };
  const hosts = [
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
    '127.1',
    '0.0.0.0',
    'localhost',
  ];
  for (const host of hosts)
    assert.equal(
      (await failure(send(`https://${host}:${port}/`, given))).code,
      'notify.inside-address',
      host,
    );
  const resolve: Resolve = () => Promise.resolve(['93.184.216.34', '127.0.0.1']);
  const problem = await failure(send(`https://hooks.example.net:${port}/`, { ...given, resolve }));
  assert.deepEqual(problem, {
    code: 'notify.inside-address',
    params: { host: 'hooks.example.net', address: '127.0.0.1' },
  });
  assert.deepEqual(received, []);
});

test('the address that was checked is the one that is called: a name resolves once', async (t) => {
  // For `localhost`, the system's resolver returns another address.
  const host = '127.0.0.5';
  let requests = 0;
  const server = https.createServer(certificate, (_, response) => {
    requests += 1;
    response.end();
  });
  const port = await listen(t, server, host);
  let asked = 0;
  const resolve: Resolve = () => {
    asked += 1;
    // In an attack by DNS rebinding, the name server gives another address the second time.
    return Promise.resolve(asked === 1 ? [host] : ['127.0.0.6']);
  };
  // The server's certificate is for `localhost`.
  await send(`https://localhost:${port}/`, { resolve, inside: host });
  assert.deepEqual([asked, requests], [1, 1]);
});

test('names that resolve to nothing, or not in time', async () => {
  const none: Resolve = () => Promise.resolve([]);
  assert.equal(
    (await failure(send('https://hooks.example.net/', { resolve: none }))).code,
    'notify.unresolved',
  );
  const fails: Resolve = () => Promise.reject(new Error('getaddrinfo ENOTFOUND'));
  const failed = await failure(send('https://hooks.example.net/', { resolve: fails }));
  assert.deepEqual(failed, {
    code: 'notify.unresolved',
    params: { host: 'hooks.example.net', text: 'getaddrinfo ENOTFOUND' },
  });
  const hangs: Resolve = () => new Promise(() => undefined);
  const late = await failure(send('https://hooks.example.net/', { resolve: hangs, deadline: 50 }));
  assert.deepEqual([late.code, late.params['text']], ['notify.unresolved', 'no answer in time']);
});

test('issue 16, bad input: a name whose servers hang is looked up once at a time', async () => {
  let asked = 0;
  const { promise, resolve: answer } = Promise.withResolvers<readonly string[]>();
  const resolve = onceAtATime(() => {
    asked += 1;
    return promise;
  });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const late = await failure(send('https://hooks.example.net/', { resolve, deadline: 50 }));
    assert.equal(late.code, 'notify.unresolved');
  }
  assert.equal(asked, 1);
  answer(['127.0.0.1']);
  const inside = await failure(send('https://hooks.example.net/', { resolve, inside: '10.0.0.0/8' }));
  assert.equal(inside.code, 'notify.inside-address');
  assert.ok(asked <= 2);
});

test('issue 16, bad input: redirects to inside addresses and odd targets are shown without their secrets', async (t) => {
  const target = await receive(t, ok);
  let location = '';
  const { port } = await receive(t, (_, response) => response.writeHead(302, { Location: location }).end());
  for (location of [
    'http://169.254.169.254/latest/token',
    `https://user:token@127.0.0.1:${target.port}/`,
    '//[::1]/token',
    'file:///etc/token',
    'javascript:token',
    `/token${'x'.repeat(8_000)}`,
  ])
    assert.equal((await failure(send(`https://127.0.0.1:${port}/token`))).code, 'notify.redirect', location);
  assert.deepEqual(target.received, []);
});

test('issue 16, bad input: heads without an end, garbage and slow handshakes are left at the deadline', async (t) => {
  const dripping = (part: string | Buffer, first: string | Buffer) => (socket: net.Socket | TLSSocket) => {
    socket.on('error', () => undefined);
    socket.write(first);
    const timer = setInterval(() => socket.write(part), 20);
    socket.once('close', () => clearInterval(timer));
  };
  const head = 'HTTP/1.1 200 OK\r\n';
  const speak = (listener: (socket: TLSSocket) => void): TlsServer =>
    tlsServer(certificate, listener).on('tlsClientError', () => undefined);
  const servers = [
    speak(dripping('x', `${head}X-A: `)),
    speak(dripping(`X-${'a'.repeat(4_096)}: b\r\n`, head)),
    speak(dripping('HTTP/1.1 103 Early Hints\r\n\r\n', head.replace('200 OK', '103 Early Hints') + '\r\n')),
    speak(dripping('\u0000\u001b[2J', 'SSH-2.0-\u001b]0;token\u0007\r\n')),
    net.createServer(dripping(Buffer.from([0]), Buffer.from([0x16, 3, 3, 0x40, 0]))),
  ];
  for (const [at, server] of servers.entries()) {
    const port = await listen(t, server);
    const problem = await failure(send(`https://127.0.0.1:${port}/token`, { deadline: 2_000 }));
    assert.equal(problem.code, 'notify.unreachable', String(at));
    assert.doesNotMatch(JSON.stringify(problem.params), /\\u00|\p{Cc}/u);
  }
});

test('issue 16, bad input: what a certificate says of itself is shown without control characters', async (t) => {
  const server = https.createServer(makeOdd(), ok);
  const port = await listen(t, server);
  const problem = await failure(send(`https://127.0.0.1:${port}/`, { ca: join(folder, 'odd.pem') }));
  assert.equal(problem.code, 'notify.certificate');
  assert.doesNotMatch(problem.params['text'] ?? '', /[\p{Cc}\p{Cf}]/u);
});

/** Makes a certificate without addresses, whose name holds control characters. It is in `odd.pem`. */
function makeOdd(): Certificate {
  const [key, cert] = [join(folder, 'odd.key'), join(folder, 'odd.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-utf8', '-subj', '/CN=x\u001b[31m\u202ey'];
  const made = spawnSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', cert]);
  assert.equal(made.status, 0, String(made.stderr));
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

test('redirects are not followed', async (t) => {
  const target = await receive(t, ok);
  const { port } = await receive(t, (_, response) => {
    response.writeHead(307, { Location: `https://127.0.0.1:${target.port}/token` }).end();
  });
  const problem = await failure(send(`https://127.0.0.1:${port}/`));
  assert.deepEqual([problem.code, problem.params['host']], ['notify.redirect', `127.0.0.1:${target.port}`]);
  assert.deepEqual(target.received, []);
});

test('an answer of any length counts by its status, and no more than 64 KiB of it are read', async (t) => {
  let status = 200;
  const { port } = await receive(t, (_, response) => {
    response.writeHead(status);
    const more = (): void => {
      // The server never ends this answer.
      while (response.write('x'.repeat(16_384)));
      response.once('drain', more);
    };
    more();
  });
  await send(`https://127.0.0.1:${port}/`);
  status = 500;
  const problem = await failure(send(`https://127.0.0.1:${port}/`));
  assert.deepEqual(problem, { code: 'notify.answered', params: { status: '500' } });
});

test('every status but 2xx is a failure', async (t) => {
  let status = 400;
  const { port } = await receive(t, (_, response) => response.writeHead(status).end('token'));
  for (status of [400, 401, 404, 410, 429, 500, 503])
    assert.deepEqual((await failure(send(`https://127.0.0.1:${port}/`))).params, { status: String(status) });
  for (status of [200, 201, 202, 204]) await send(`https://127.0.0.1:${port}/`);
});

test('a server that never answers, or never finishes, is left at the deadline', async (t) => {
  const silent = await listen(
    t,
    net.createServer(() => undefined),
  );
  const { port: mute } = await receive(t, () => undefined);
  const { port: endless } = await receive(t, (_, response) => {
    response.writeHead(200, { 'Content-Length': '10' }).write('x');
  });
  for (const port of [silent, mute, endless]) {
    const problem = await failure(send(`https://127.0.0.1:${port}/`, { deadline: 2_000 }));
    assert.equal(problem.code, 'notify.unreachable');
  }
});

test('nothing is sent to a server that does not prove who it is', async (t) => {
  const { port, received } = await receive(t, ok);
  assert.equal((await failure(send(`https://127.0.0.1:${port}/`, { ca: '' }))).code, 'notify.certificate');
  const resolve: Resolve = () => Promise.resolve(['127.0.0.1']);
  const other = await failure(send(`https://hooks.example.net:${port}/`, { resolve }));
  assert.equal(other.code, 'notify.certificate');
  const missing = await failure(send(`https://127.0.0.1:${port}/`, { ca: join(folder, 'none.pem') }));
  assert.equal(missing.code, 'settings.ca-unreadable');
  writeFileSync(join(folder, 'bad.pem'), 'no certificate');
  assert.ok((await failure(send(`https://127.0.0.1:${port}/`, { ca: join(folder, 'bad.pem') }))).code !== '');
  assert.deepEqual(received, []);
});

test('nobody listens there', async (t) => {
  const server = net.createServer();
  const port = await listen(t, server);
  server.close();
  await once(server, 'close');
  const problem = await failure(send(`https://127.0.0.1:${port}/token`));
  assert.equal(problem.code, 'notify.unreachable');
  assert.match(problem.params['text'] ?? '', /ECONNREFUSED/);
});

test('what is shown of a webhook holds neither path nor query', () => {
  const settings = {
    webhookSecret: new Secret(secret),
    webhookCaFile: '',
    webhookInside: [],
    language: 'en',
    deadline: 1,
  } as const;
  const { target } = webhookChannel(new URL('https://hooks.example.net/services/token?x'), settings, sender);
  assert.equal(target, 'https://hooks.example.net');
});
