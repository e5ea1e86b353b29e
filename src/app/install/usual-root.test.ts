/** Issue 18: tests which root `install` uses if the command names none. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { defaultRoot } from '../../panels/registry.ts';
import { objectionToUsualRoot, usualRoot } from './usual-root.ts';

/** Makes two empty folders that the tests use as roots. */
function rootsIn(t: TestContext): readonly [string, string] {
  const folder = mkdtempSync(join(tmpdir(), 'roots-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return [join(folder, 'one'), join(folder, 'two')];
}

function makeFolders(root: string): void {
  for (const name of ['etc/xml', 'addon', 'var', 'lib/domainsync'])
    mkdirSync(join(root, name), { recursive: true });
}

function makePanel(root: string, file: 'ispmgr.conf' | 'dnsmgr.conf'): void {
  makeFolders(root);
  writeFileSync(join(root, 'etc', file), '');
}

test('issue 18, install: another product of the vendor at a usual root is not taken for a panel', (t) => {
  const roots = rootsIn(t);
  const [billing, panel] = roots;
  assert.deepEqual([usualRoot(roots), objectionToUsualRoot(roots)], [defaultRoot, null]);
  makeFolders(billing);
  assert.deepEqual(
    [usualRoot(roots), objectionToUsualRoot(roots)],
    [billing, { code: 'install.unproved-panel', params: { path: billing, file: 'etc/ispmgr.conf' } }],
  );
  makePanel(panel, 'dnsmgr.conf');
  assert.deepEqual([usualRoot(roots), objectionToUsualRoot(roots)], [panel, null]);
});

test('issue 18, install: of two panels one has to be named; other commands take the one with domainsync', (t) => {
  const roots = rootsIn(t);
  const [first, second] = roots;
  makePanel(first, 'ispmgr.conf');
  makePanel(second, 'dnsmgr.conf');
  const several = { code: 'install.several-panels', params: { paths: `${first}, ${second}` } };
  assert.deepEqual([usualRoot(roots), objectionToUsualRoot(roots)], [first, several]);
  symlinkSync('.', join(second, 'lib/domainsync/current'));
  assert.deepEqual([usualRoot(roots), objectionToUsualRoot(roots)], [second, several]);
});

test('issue 18, install: where domainsync is already, an update needs no proof of a panel', (t) => {
  const roots = rootsIn(t);
  makeFolders(roots[0]);
  symlinkSync('.', join(roots[0], 'lib/domainsync/current'));
  assert.deepEqual([usualRoot(roots), objectionToUsualRoot(roots)], [roots[0], null]);
});
