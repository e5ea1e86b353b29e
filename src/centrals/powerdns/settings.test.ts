import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { makeCertificate } from '../../../sandbox/shared/certificate.ts';
import { parseName } from '../../dns/name.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { startProxy } from '../../testing/proxies/http.ts';
import { powerdnsCentral } from '../../testing/accounts/powerdns.ts';
import { startPowerdns } from '../../testing/servers/powerdns.ts';
import { abilitiesOf } from './abilities.ts';
import { refusedSettings } from '../../testing/refused-settings.ts';
import { readPowerdnsSettings, type PowerdnsSettings } from './index.ts';

const good = { address: 'https://dns.example.net', username: 'alice', password: 'key' };

function read(more: Readonly<Record<string, unknown>>): PowerdnsSettings {
  return readPowerdnsSettings({ ...good, ...more });
}

function problems(more: Readonly<Record<string, unknown>>): string[] {
  return refusedSettings(() => read(more));
}

test('an address without path gets the usual one', () => {
  const usual = '/api/v1/servers/localhost';
  assert.equal(read({}).address, `https://dns.example.net${usual}`);
  assert.equal(read({ address: 'dns.example.net:8443/' }).address, `https://dns.example.net:8443${usual}`);
  assert.equal(read({ address: 'http://127.0.0.1:8081' }).address, `http://127.0.0.1:8081${usual}`);
  assert.equal(read({ address: 'http://[::1]:8081' }).address, `http://[::1]:8081${usual}`);
  assert.equal(
    read({ address: 'https://dns.example.net/pdns/api/v1/servers/localhost/' }).address,
    'https://dns.example.net/pdns/api/v1/servers/localhost',
  );
});

test('everything else has a default', () => {
  assert.deepEqual(read({}), {
    ...good,
    address: 'https://dns.example.net/api/v1/servers/localhost',
    passwordNext: '',
    trust: { kind: 'public' },
    zoneKind: 'Native',
    nativeSerials: false,
    nameServers: [],
    timeout: 10_000,
  });
  assert.deepEqual(read({ nameServers: ['ns1.example.net', 'NS2.example.net.'] }).nameServers, [
    'ns1.example.net.',
    'ns2.example.net.',
  ]);
});

test('what cannot be used is said, all at once', () => {
  assert.deepEqual(problems({ address: 'http://dns.example.net' }), ['address setting.insecure']);
  assert.deepEqual(problems({ address: 'http://localhost' }), ['address setting.insecure']);
  assert.deepEqual(problems({ address: 'https://u:p@dns.example.net' }), ['address setting.bad-address']);
  // With an empty account name, all zones without an account would count as ours.
  assert.deepEqual(problems({ username: ' ', password: '' }), [
    'username setting.missing',
    'password setting.missing',
  ]);
  assert.deepEqual(problems({ password: 'line\nbreak' }), ['password setting.bad-value']);
  assert.deepEqual(problems({ passwordNext: 'line\nbreak' }), ['password_next setting.bad-value']);
  assert.deepEqual(problems({ zoneKind: 'Slave', nameServers: ['a..b'], timeout: 1 }), [
    'zone_kind setting.bad-choice',
    'nameservers setting.bad-value',
    'timeout setting.bad-number',
  ]);
  assert.deepEqual(problems({ pin: { fingerprint: 'xx' } }), ['pin setting.bad-fingerprint']);
});

test('abilities are told by the version', () => {
  const table = ['4.7.3', '4.9.11', '4.9.12', '5.0.0', '5.0.2', '5.1.0-rc1', '10.0.0', 'git-1234', ''].map(
    (version) => [version, abilitiesOf(version).showsDisabled, abilitiesOf(version).takesSingle],
  );
  assert.deepEqual(table, [
    ['4.7.3', false, false],
    ['4.9.11', false, false],
    ['4.9.12', false, true],
    ['5.0.0', true, false],
    ['5.0.2', true, true],
    ['5.1.0-rc1', true, true],
    ['10.0.0', true, true],
    ['git-1234', false, false],
    ['', false, false],
  ]);
});

test('over TLS the pinned certificate is believed, and no other', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pdns-tls-'));
  mkdirSync(join(folder, 'etc'));
  const [own, stranger] = [await makeCertificate(folder, 'own'), await makeCertificate(folder, 'stranger')];
  const server = await startPowerdns();
  const proxy = await startProxy(server.url, own);
  t.after(async () => {
    await proxy.close();
    await server.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  const pinned = (cert: string) =>
    powerdnsCentral(server, {
      address: proxy.url,
      pin: { fingerprint: new X509Certificate(cert).fingerprint256 },
    });
  const central = pinned(own.cert);
  await central.check(quietContext());
  const zone = parseName('tls.example.');
  assert.equal(
    await central.createZone(zone, { addresses: [], nameServers: [], mailServers: [] }, quietContext()),
    'created',
  );
  await central.close();
  const seen = proxy.requests.length;
  for (const wrong of [pinned(stranger.cert), powerdnsCentral(server, { address: proxy.url })]) {
    await assert.rejects(wrong.check(quietContext()), { code: 'central.certificate', state: 'untouched' });
    await wrong.close();
  }
  assert.equal(proxy.requests.length, seen);
});
