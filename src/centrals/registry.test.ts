import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { options } from '../config/options.ts';
import { panels, panelKinds, usualRoots } from '../panels/registry.ts';
import { testServers, serverKinds } from '../testing/stage/server-registry.ts';
import { centralKindOf, centralKinds, centralModule } from './registry.ts';

const adapters = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(import.meta.dirname, entry.name, 'module.ts')))
  .map(({ name }) => name);

test('issue 15: settings take every kind of the registry, and nothing else but auto', () => {
  const kind = options.find(({ option }) => option === 'kind');
  assert.deepEqual(kind?.values, { kind: 'choice', choices: ['auto', ...centralKinds] });
  assert.equal(centralKindOf('powerdns'), 'powerdns');
  assert.equal(centralKindOf('toString'), 'auto');
  assert.equal(new Set(centralKinds.map((one) => centralModule(one).title)).size, centralKinds.length);
});

test('issue 15: every adapter of a central has a contract suite', () => {
  assert.ok(adapters.length > 0);
  for (const name of adapters)
    assert.ok(existsSync(join(import.meta.dirname, name, 'contract.test.ts')), `${name}/contract.test.ts`);
});

test('issue 15: a name server of the tests has the kind of an adapter that reads such a host', () => {
  for (const server of serverKinds) assert.ok(centralKinds.includes(testServers[server].kind), server);
});

test('issue 15: at most one kind of panel is at a root', () => {
  const roots: readonly (readonly string[])[] = [
    [],
    ['etc', 'addon', 'var'],
    ['etc', 'addon', 'var', 'etc/xml'],
    ['etc', 'addon', 'var', 'bin/core', 'etc/dnsmgr.conf'],
    ['etc', 'addon', 'var', 'etc/xml', 'etc/dnsmgr.conf', 'etc/ispmgr.conf'],
  ];
  for (const paths of roots) {
    const found = panelKinds.filter((kind) => panels[kind].isAt((path) => paths.includes(path)));
    assert.equal(found.length, paths.length === 0 ? 0 : 1, paths.join(' '));
  }
  assert.equal(new Set(usualRoots).size, usualRoots.length);
});
