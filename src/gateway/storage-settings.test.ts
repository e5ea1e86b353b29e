import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { exampleIn } from '../testing/docs-examples.ts';
import { GatewaySettingsRefused, loadStorageSettings } from './settings.ts';
import type { StorageSettings } from './storage-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'storage-settings-'));
after(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function storageOf(section: string): StorageSettings {
  return loadStorageSettings(file('gateway.ini', `[storage]\n${section}`)).storage;
}

function problemsOf(section: string): readonly string[] {
  try {
    storageOf(section);
  } catch (error) {
    assert.ok(error instanceof GatewaySettingsRefused);
    return error.problems.map(({ code, params }) => `${code} ${params['option']}`);
  }
  return [];
}

test('the example of the page: another machine is asked over TLS, with the password of a file', () => {
  const example = exampleIn('gateway.md', 'kind = postgresql')
    .replace('/etc/domainsync-gateway/database-password', file('password', 'sesame\n'))
    .replace('/etc/domainsync-gateway/database-ca.pem', file('ca.pem', 'authority'));
  assert.deepEqual(loadStorageSettings(file('gateway.ini', example)).storage, {
    kind: 'postgresql',
    name: 'gateway-1',
    server: {
      host: 'db.example.net',
      port: 5_432,
      database: 'domainsync_gateway',
      user: 'domainsync_gateway',
      password: 'sesame',
      authorities: 'authority',
      tls: true,
    },
  });
});

test('on this machine, by port or socket, there is no TLS', () => {
  for (const [host, port] of [
    ['127.0.0.1:5433', 5_433],
    ['/var/run/postgresql', 5_432],
  ] as const) {
    const read = storageOf(`kind = postgresql\nhost = ${host}`);
    assert.ok(read.kind === 'postgresql');
    assert.deepEqual([read.name, read.server.port, read.server.tls], [hostname(), port, false]);
  }
  const off = storageOf('kind = postgresql\nhost = db.example.net\ntls = off');
  assert.ok(off.kind === 'postgresql' && !off.server.tls);
});

test('mistakes are told, and never taken for SQLite', () => {
  assert.deepEqual(problemsOf('kind = postgres'), ['settings.bad-choice kind']);
  assert.deepEqual(problemsOf('kind = postgresql'), ['settings.missing host']);
  assert.deepEqual(problemsOf('kind = postgresql\nhost = a b'), ['settings.bad-address host']);
  assert.deepEqual(problemsOf('kind = postgresql\nhost = db\nhots = x'), [
    'gateway.unknown-option [storage] hots',
  ]);
  const missing = 'kind = postgresql\nhost = db\nauthorities = /nowhere/ca.pem';
  assert.deepEqual(problemsOf(missing), ['gateway.bad-option authorities']);
});
