import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import https from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { callPanel } from './shared/client.ts';
import { makeZone, tempRoot, testSandbox, until, writeHandler, writePlugin } from './testing.ts';

const run = promisify(execFile);

interface Ready {
  readonly url: string;
  readonly fingerprint: string;
  readonly controlToken: string;
  readonly kill: (signal: NodeJS.Signals) => Promise<unknown>;
  readonly signal: (signal: NodeJS.Signals) => boolean;
}

async function start(t: TestContext, root: string, ...args: string[]): Promise<Ready> {
  const main = join(import.meta.dirname, 'main.ts');
  const users = ['--user', 'root:rp:7', '--user', 'alice:pw:5:2'];
  const child = spawn(process.execPath, [main, '--root', root, ...users, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const kill = (signal: NodeJS.Signals): Promise<unknown> => {
    child.kill(signal);
    return ended;
  };
  return { ...JSON.parse(String(line)), kill, signal: (signal: NodeJS.Signals) => child.kill(signal) };
}

const ALICE = { user: 'alice', password: 'pw' };

test('the program: killed, it starts again with the same state; SIGTERM ends it properly', async (t) => {
  const root = tempRoot(t);
  const first = await start(t, root, '--no-tls', '--switch', 'banners=false');
  assert.ok((await callPanel(first.url, 'domain.edit', { name: 'example.org', sok: 'ok' }, ALICE)).ok);
  await first.kill('SIGKILL');
  const down = await run(join(root, 'sbin', 'mgrctl'), ['domain']).catch((error: unknown) => error);
  assert.ok(down instanceof Error && 'code' in down && 'stderr' in down);
  assert.deepEqual([down.code, /cannot be reached/u.test(String(down.stderr))], [1, true]);
  const second = await start(t, root, '--no-tls');
  const refused = async (): Promise<boolean> =>
    (await callPanel(second.url, 'domain', {}, ALICE)).error !== null;
  writeHandler(root, 'h', `echo '<doc><error code="8"/></doc>'`);
  assert.equal(await refused(), false);
  writePlugin(root, '<handler name="h" type="cgi"><event after="yes">domain</event></handler>');
  assert.equal(await refused(), false, 'plugin files are read once');
  second.signal('SIGHUP');
  await until(refused);
  writePlugin(root, '');
  second.signal('SIGHUP');
  await until(async () => !(await refused()));
  assert.equal((await callPanel(second.url, 'domain', {}, ALICE)).elems[0]?.['name'], 'example.org');
  assert.deepEqual(await second.kill('SIGTERM'), [0, null]);
});

test('another generation by name', async (t) => {
  const { url } = await start(t, tempRoot(t), '--no-tls', '--generation', 'dnsmgr', '--user', 'carol:pw:16');
  const answer = await callPanel(url, 'whoami', {}, { user: 'carol', password: 'pw', path: '/dnsmgr' });
  assert.match(answer.body, /<user name="carol" level="16"\/>/u);
});

test('the control address: token, switches, faults, the truth', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const ask = async (
    body: unknown,
    token = sandbox.controlToken,
  ): Promise<{ status: number; result: unknown }> => {
    const init = { method: 'POST', headers: { 'X-Sandbox-Token': token }, body: JSON.stringify(body) };
    const response = await fetch(`${sandbox.url}/sandbox/control`, init);
    const said: { result?: unknown } = JSON.parse(await response.text());
    return { status: response.status, result: said.result };
  };
  assert.equal((await ask({ action: 'zones' }, 'wrong')).status, 403);
  assert.deepEqual((await ask({ action: 'zones' })).result, ['example.org']);
  assert.deepEqual((await ask({ action: 'keys', zone: 'example.org' })).result, sandbox.keys('example.org'));
  assert.equal((await ask({ action: 'switches', set: { banners: false } })).status, 200);
  assert.equal(sandbox.switches.banners, false);
  for (const set of [{ nonsense: 1 }, { banners: 'yes' }, { hosts: 'odd' }]) {
    assert.equal((await ask({ action: 'switches', set })).status, 400);
  }
  assert.equal((await ask({ action: 'fault', fault: { effect: 'lost', count: 2 } })).status, 200);
  assert.equal((await ask({ action: 'fault', fault: { effect: 'unheard of' } })).status, 400);
  assert.deepEqual(sandbox.faults.waiting, [{ effect: 'lost', count: 2 }]);
  assert.equal((await ask({ action: 'clearFaults' })).status, 200);
  assert.equal((await ask({ action: 'explode' })).status, 400);
});

/** Returns the fingerprint of the server's certificate, as a client sees it that trusts only `ca`. */
function strictly(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = https.request(`${url}/ispmgr`, { ca, agent: false }, (response) => {
      const { socket } = response;
      resolve(
        'getPeerCertificate' in socket ? String(Object(socket).getPeerCertificate().fingerprint256) : '',
      );
      response.resume();
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('TLS: a certificate of its own that clients can pin or trust; it is kept, and can be changed', async (t) => {
  const root = tempRoot(t);
  const sandbox = await testSandbox(t, { root, tls: true });
  const before = sandbox.certificate;
  assert.match(sandbox.url, /^https:/u);
  assert.equal(await strictly(sandbox.url, before), sandbox.fingerprint);
  await sandbox.changeCertificate();
  await assert.rejects(strictly(sandbox.url, before), /self-signed|signature/u);
  assert.equal(await strictly(sandbox.url, sandbox.certificate), sandbox.fingerprint);
  await sandbox.stop();
  const again = await testSandbox(t, { root, tls: true });
  assert.equal(again.fingerprint, sandbox.fingerprint);
});

test('mgrctl: text by default, as the administrator, events included; su; wrong use', async (t) => {
  const sandbox = await testSandbox(t);
  await makeZone(sandbox);
  const mgrctl = async (...args: string[]): Promise<string> =>
    (await run(join(sandbox.root, 'sbin', 'mgrctl'), args)).stdout;
  assert.match(await mgrctl('domain'), /^name=example.org dispname=/u);
  assert.match(await mgrctl('-m', 'ispmgr', '-o', 'xml', 'user', 'su=seller'), /<name>bob<\/name>/u);
  const edit = [
    'domain.sublist.edit',
    'plid=example.org',
    'elid=example.org. A  192.0.2.1',
    'name=@',
    'sdtype=A',
    'addr=192.0.2.2',
  ];
  assert.match(await mgrctl(...edit), /^elid=example.org. A {2}192.0.2.1\nplid=/u);
  assert.equal(await mgrctl(...edit, 'sok=ok'), 'OK\n');
  assert.match(await mgrctl(...edit, 'sok=ok'), /^ERROR code=3 obj=record /u);
  writeHandler(
    sandbox.root,
    'h',
    'echo "$REMOTE_USER $SESSION_LEVEL $QUERY_STRING" >var/seen; echo "<doc/>"',
  );
  writePlugin(sandbox.root, '<handler name="h" type="cgi"><event before="yes">domain</event></handler>');
  sandbox.restartPanel();
  await mgrctl('domain', 'x=a b&c');
  const { stdout } = await run('cat', [join(sandbox.root, 'var', 'seen')]);
  assert.equal(stdout, 'root 7 func=domain&out=text&x=a+b%26c\n');
  sandbox.switches.mgrctlErrorExit = 3;
  await assert.rejects(mgrctl('nonsense'), { code: 3 });
  await assert.rejects(mgrctl(), { code: 1 });
  await assert.rejects(mgrctl('-m', 'dnsmgr', 'domain'), { code: 1 });
  sandbox.faults.add({ via: 'mgrctl', effect: 'lost' });
  await assert.rejects(mgrctl('domain'), { code: 1 });
});
