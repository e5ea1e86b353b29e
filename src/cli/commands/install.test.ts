/** Tests `install` and `uninstall` while the running agent gives no usable answer. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { install } from '../../app/install/install.ts';
import { everything, makeHost, type Host } from '../../testing/install-host.ts';

interface Ran {
  readonly status: number;
  readonly said: string;
}

async function domainsync({ root, socket }: Host, ...args: readonly string[]): Promise<Ran> {
  const program = join(import.meta.dirname, '../main.ts');
  const all = [program, '--root', root, '--socket', socket, ...args, '--system', 'no'];
  return await new Promise((resolve) => {
    execFile(process.execPath, all, (error, stdout, stderr) => {
      const status = error === null ? 0 : Number(error.code);
      resolve({ status, said: stdout + stderr });
    });
  });
}

/** Installs on a test host. The agent there accepts connections and never answers. */
async function withMuteAgent(t: TestContext): Promise<Host> {
  const host = makeHost(t);
  install(host);
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(host.socket, resolve));
  t.after(() => server.close());
  return host;
}

test('an agent that does not answer is there all the same: nothing is removed', async (t) => {
  const host = await withMuteAgent(t);
  const before = everything(host.root);
  const { status, said } = await domainsync(host, 'uninstall');
  assert.equal(status, 1, said);
  assert.match(said, /Nothing was removed/);
  assert.deepEqual(everything(host.root), before);
});

test('nor does it lose its files to an update', async (t) => {
  const host = await withMuteAgent(t);
  const old = join(host.root, 'lib/domainsync/0.0.9/agent.cjs');
  writeFileSync(join(host.from, 'agent.cjs'), 'new agent');
  mkdirSync(join(old, '..'));
  writeFileSync(old, '');
  const { status, said } = await domainsync(host, 'install', '--from', host.from);
  assert.equal(status, 3, said);
  assert.match(said, /has not ended yet/);
  assert.ok(existsSync(old));
});

test('an uninstall where nothing is says so', async (t) => {
  const host = makeHost(t);
  const { status, said } = await domainsync(host, 'uninstall');
  assert.equal(status, 0, said);
  assert.match(said, /Nothing of domainsync is under/);
});
