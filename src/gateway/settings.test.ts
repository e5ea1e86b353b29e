import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  backendNames,
  GatewaySettingsRefused,
  loadGatewaySettings,
  loadStorageSettings,
} from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'gateway-settings-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const path = join(folder, 'gateway.ini');

/** Writes a file that only this user can read. @returns its path */
function file(name: string, text: string): string {
  const at = join(folder, name);
  writeFileSync(at, text, { mode: 0o600 });
  return at;
}

/** Codes, lines and options of the problems of a settings file. */
function problemsOf(text: string): readonly string[] {
  file('gateway.ini', text);
  try {
    loadGatewaySettings(path);
  } catch (error) {
    assert.ok(error instanceof GatewaySettingsRefused);
    return error.problems.map(({ code, params }) => `${code} ${params['line']} ${params['option']}`);
  }
  return [];
}

test('PowerDNS by its API, with the key in a file', () => {
  const secret = file('api-key', 'sesame\n');
  file(
    'gateway.ini',
    `[gateway]\nstate = ${folder}\n[backend]\nhost = http://127.0.0.1:8081\nusername = gateway\npassword_file = ${secret}\nnameservers = ns1.example.net, ns2.example.net\nzone_kind = master\ntimeout = 5`,
  );
  const { backend, listen, certificate } = loadGatewaySettings(path);
  assert.deepEqual([listen, certificate], [{ host: '127.0.0.1', port: 8553 }, null]);
  assert.deepEqual(
    [backend.kind, backend.address, backend.username, backend.password, backend.timeout],
    ['powerdns', 'http://127.0.0.1:8081', 'gateway', 'sesame', 5_000],
  );
  assert.deepEqual(backend.newZones, {
    nameServers: ['ns1.example.net', 'ns2.example.net'],
    kind: 'master',
  });
  const auditHeads = join(folder, 'audit-heads');
  assert.deepEqual(loadStorageSettings(path), { state: folder, storage: { kind: 'sqlite' }, auditHeads });
});

test('BIND and Knot by a TSIG key; whole zones are always read by transfer', () => {
  const ca = file('ca.pem', 'authority');
  for (const kind of ['bind', 'knot']) {
    file(
      'gateway.ini',
      `[backend]\nkind = ${kind}\nhost = ns1.example.net\nusername = gateway\npassword = a2V5\nalgorithm = hmac-sha512\ntransport = tls\nca_file = ${ca}`,
    );
    const { backend } = loadGatewaySettings(path);
    assert.deepEqual(
      [backend.kind, backend.address, backend.dns, backend.pin],
      [
        'rfc2136',
        'dns://ns1.example.net:853',
        { algorithm: 'hmac-sha512', transport: 'tls', axfr: true },
        { ca: 'authority' },
      ],
    );
  }
});

test('further name servers have sections with their names', () => {
  const plain = '[backend]\nhost = http://127.0.0.1:8081\nusername = gateway\npassword = sesame';
  const west = '[backend west]\nkind = bind\nhost = 192.0.2.53\nusername = key\npassword = a2V5';
  file('gateway.ini', `${plain}\n${west}`);
  const { backend, furtherBackends } = loadGatewaySettings(path);
  assert.equal(backend.kind, 'powerdns');
  assert.deepEqual(
    [...furtherBackends].map(([name, { kind, address }]) => [name, kind, address]),
    [['west', 'rfc2136', 'dns://192.0.2.53:53']],
  );
  assert.deepEqual(backendNames(path), ['west']);
  assert.deepEqual(problemsOf(`${plain}\n[backend east]\nkind = knot\ntimeout = 0\nodd = 1`), [
    'gateway.unknown-option 8 [backend east] odd',
    'settings.bad-number 7 [backend east] timeout',
    'settings.missing 0 [backend east] host',
    'settings.missing 0 [backend east] username',
    'settings.missing 0 [backend east] password',
  ]);
  assert.deepEqual(problemsOf(`${plain}\n[backend default]\nhost = ns1`), [
    'gateway.unknown-option 6 [backend default] host',
  ]);
});

test('every mistake is reported, each with its line', () => {
  const named = file('empty', '');
  const text = `[gateway]
listen = 192.0.2.1:8553
quarantine = many
[backend]
kind = oracle
host = http://192.0.2.1
password_file = ${named}
axfr = yes
[other]
option = 1`;
  assert.deepEqual(problemsOf(text).toSorted(), [
    'gateway.certificate-needed 2 listen',
    'gateway.unknown-option 10 [other] option',
    'gateway.unknown-option 8 [backend] axfr',
    'settings.bad-choice 5 kind',
    'settings.bad-number 3 quarantine',
    'settings.http-refused 6 host',
    'settings.missing 0 username',
    'settings.secret-empty 7 password_file',
  ]);
  assert.deepEqual(problemsOf('[backend]\nhost = 127.0.0.1'), [
    'settings.missing 0 username',
    'settings.missing 0 password',
  ]);
});

test('PostgreSQL with its password in a file; commands read only where the data are', () => {
  const secret = file('pg-password', 'open sesame\n');
  file(
    'gateway.ini',
    `[gateway]\nstate = ${folder}\n[storage]\nkind = postgresql\nname = one\nhost = 127.0.0.1:5433\npassword_file = ${secret}\n`,
  );
  const { storage } = loadStorageSettings(path);
  assert.ok(storage.kind === 'postgresql');
  assert.deepEqual(
    [storage.name, storage.server.port, storage.server.password],
    ['one', 5433, 'open sesame'],
  );
  file('gateway.ini', `[storage]\nkind = postgresql\npassword_file = ${folder}/none\nhots = x\n`);
  assert.throws(() => loadStorageSettings(path), GatewaySettingsRefused);
});

test('proxies whose header is believed: none by default, and never everybody', () => {
  const backend = `[backend]\nhost = http://127.0.0.1:8081\nusername = gateway\npassword = sesame`;
  const proxiesIn = (lines: string): unknown => {
    file('gateway.ini', `[gateway]\nstate = ${folder}\n${lines}\n${backend}`);
    return loadGatewaySettings(path).proxies;
  };
  assert.deepEqual(proxiesIn(''), { networks: [], header: 'x-forwarded-for' });
  assert.deepEqual(proxiesIn('trusted_proxies = 192.0.2.1, 2001:db8::/48\nproxy_header = forwarded'), {
    networks: [
      { address: '192.0.2.1', prefix: 32 },
      { address: '2001:db8::', prefix: 48 },
    ],
    header: 'forwarded',
  });
  for (const value of ['proxy.example.net', '192.0.2.1/33', '192.0.2.1 x', '0.0.0.0/0', '192.0.2.1, ::/0'])
    assert.deepEqual(
      problemsOf(`[gateway]\ntrusted_proxies = ${value}\n${backend}`),
      ['gateway.bad-option 2 trusted_proxies'],
      value,
    );
  assert.equal(problemsOf(`[gateway]\nproxy_header = x-real-ip\n${backend}`).length, 1);
});
