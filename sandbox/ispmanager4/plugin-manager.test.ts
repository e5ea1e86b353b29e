/**
 * Tests plugins that come from a source: listed, installed, updated, removed (docs/protocol.md#sources-4).
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { Answer, Sandbox } from '../index.ts';
import { asAlice, tempRoot, testSandbox } from '../testing.ts';

const run = promisify(execFile);

interface Shop {
  readonly url: string;
  publish(version: string, files: Readonly<Record<string, string>>): Promise<void>;
}

/** Starts a web server that offers one plugin, `toy`, as a source. */
async function openShop(t: TestContext): Promise<Shop> {
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const body = files.get(request.url ?? '');
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = tempRoot(t);
  return {
    url: `${base}/source.xml`,
    publish: async (version, contents) => {
      const place = join(folder, version);
      for (const [path, text] of Object.entries(contents)) {
        mkdirSync(join(place, path, '..'), { recursive: true });
        writeFileSync(join(place, path), text);
        if (text.startsWith('#!')) chmodSync(join(place, path), 0o755);
      }
      const archive = join(folder, `${version}.tar.gz`);
      await run('tar', ['-czf', archive, '-C', place, '.']);
      files.set(`/toy-${version}.tar.gz`, readFileSync(archive));
      const plugin = `<plugin><name>toy</name><version>${version}</version><url>toy-${version}.tar.gz</url></plugin>`;
      files.set('/source.xml', Buffer.from(`<?xml version="1.0"?><plugins>${plugin}</plugins>`));
    },
  };
}

function asRoot(sandbox: Sandbox, func: string, params: Record<string, string> = {}): Promise<Answer> {
  return sandbox.call(func, { ...params, sok: 'ok' }, { user: 'root', password: 'rp' });
}

const hook = '#!/bin/sh\nprintf "%s\\n" "$0" >> scripts.log\n';

test('listed, installed with its script, updated without its stale files, removed without trace', async (t) => {
  const [sandbox, shop] = [await testSandbox(t), await openShop(t)];
  const { root } = sandbox;
  const scripts = {
    'var/.plugin_scripts/toy_postinstall': hook,
    'var/.plugin_scripts/toy_predelete': hook,
  };
  await shop.publish('1.0', { ...scripts, 'addon/toy': 'one', 'lib/toy/old': 'x' });
  assert.ok((await asRoot(sandbox, 'pluginsrc.edit', { url: shop.url })).ok);
  assert.match((await asRoot(sandbox, 'plugin')).body, /<available>1\.0<\/available><installable\/>/);
  assert.ok((await asRoot(sandbox, 'plugin.install', { elid: 'toy' })).ok);
  assert.equal(readFileSync(join(root, 'addon/toy'), 'utf8'), 'one');
  assert.equal((await asRoot(sandbox, 'plugin.install', { elid: 'toy' })).ok, false);
  assert.equal((await asRoot(sandbox, 'plugin.update', { elid: 'toy' })).ok, false);
  await shop.publish('1.10', { ...scripts, 'addon/toy': 'two' });
  assert.match((await asRoot(sandbox, 'plugin')).body, /<installed>1\.0<\/installed>.*<updatable\/>/);
  assert.ok((await asRoot(sandbox, 'plugin.update', { elid: 'toy' })).ok);
  assert.equal(readFileSync(join(root, 'addon/toy'), 'utf8'), 'two');
  assert.equal(existsSync(join(root, 'lib/toy')), false);
  assert.ok((await asRoot(sandbox, 'plugin.delete', { elid: 'toy' })).ok);
  assert.equal(existsSync(join(root, 'addon/toy')), false);
  const ran = readFileSync(join(root, 'scripts.log'), 'utf8').trim().split('\n');
  assert.deepEqual(
    ran.map((line) => line.replace(/.*toy_/u, '')),
    ['postinstall', 'postinstall', 'predelete'],
  );
});

test('a script that fails: its words are the answer, and nothing stays', async (t) => {
  const [sandbox, shop] = [await testSandbox(t), await openShop(t)];
  const failing = '#!/bin/sh\necho "glibc is too old" >&2\nexit 1\n';
  await shop.publish('1.0', { 'var/.plugin_scripts/toy_postinstall': failing, 'addon/toy': 'one' });
  await asRoot(sandbox, 'pluginsrc.edit', { url: shop.url });
  const answer = await asRoot(sandbox, 'plugin.install', { elid: 'toy' });
  assert.match(answer.error?.text ?? '', /glibc is too old/);
  assert.equal(existsSync(join(sandbox.root, 'addon/toy')), false);
});

test('a source elsewhere, a source that is none, and a user: refused', async (t) => {
  const sandbox = await testSandbox(t);
  assert.equal((await asRoot(sandbox, 'pluginsrc.edit', { url: 'https://plugins.example/x.xml' })).ok, false);
  assert.equal((await asRoot(sandbox, 'pluginsrc.edit', { url: 'ftp://127.0.0.1/x' })).ok, false);
  assert.equal((await asRoot(sandbox, 'pluginsrc.edit', { url: `${sandbox.url}/ispmgr` })).ok, false);
  assert.equal((await asAlice(sandbox, 'plugin.install', { elid: 'toy', sok: 'ok' })).ok, false);
});
