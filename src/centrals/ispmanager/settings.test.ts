import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { refusedSettings } from '../../testing/refused-settings.ts';
import { auditChange } from './audit.ts';
import { placesOf } from './places.ts';
import type { CentralSettings } from './settings.ts';
import { readIspmanagerSettings } from './settings.ts';
import { ispmanager4 } from './ispmanager4.ts';

const good = { address: 'https://dns.example.net/manager/ispmgr', username: 'alice', password: 'p:w' };

function problems(input: unknown): readonly string[] {
  return refusedSettings(() => readIspmanagerSettings(input)).sort();
}

describe('settings of an ISPmanager central', () => {
  it('have defaults for all but address, user name and password', () => {
    const kind = 'auto';
    const defaults = { passwordNext: '', trust: { kind: 'public' }, login: 'authinfo', timeout: 10_000 };
    const expected = { ...good, kind, ...defaults };
    assert.deepEqual(readIspmanagerSettings(good), expected);
  });

  it('take an address with or without scheme, port and path', () => {
    const spellings: Readonly<Record<string, string>> = {
      'dns.example.net': 'https://dns.example.net',
      ' dns.example.net/ ': 'https://dns.example.net',
      'dns.example.net:1500': 'https://dns.example.net:1500',
      'dns.example.net:443/': 'https://dns.example.net:443',
      'https://192.0.2.1:1500/ispmgr': 'https://192.0.2.1:1500/ispmgr',
      '[2001:db8::1]:8443/ispmgr': 'https://[2001:db8::1]:8443/ispmgr',
    };
    for (const [address, expected] of Object.entries(spellings)) {
      assert.equal(readIspmanagerSettings({ ...good, address }).address, expected);
    }
  });

  it('leave open where a panel is, unless they say so', () => {
    const places = (address: string, kind: CentralSettings['kind']) =>
      placesOf({ address, kind }).map((place) => `${place.kind ?? '?'} ${place.address}`);
    assert.deepEqual(places('https://dns.example.net', 'auto'), [
      '? https://dns.example.net:1500/ispmgr',
      '? https://dns.example.net:1500/dnsmgr',
      '? https://dns.example.net/ispmgr',
      '? https://dns.example.net/dnsmgr',
      '? https://dns.example.net/manager/ispmgr',
      // This path was seen at a real DNSmanager (docs/protocol.md#open-questions).
      '? https://dns.example.net/manager/dnsmgr',
    ]);
    assert.deepEqual(places('https://dns.example.net:8443', 'ispmanager6'), [
      'ispmanager6 https://dns.example.net:8443/ispmgr',
    ]);
    assert.deepEqual(places('https://dns.example.net', 'ispmanager4'), [
      'ispmanager4 https://dns.example.net/manager/ispmgr',
    ]);
    assert.deepEqual(places('https://dns.example.net:443', 'auto'), [
      '? https://dns.example.net/ispmgr',
      '? https://dns.example.net/dnsmgr',
      '? https://dns.example.net/manager/ispmgr',
      '? https://dns.example.net/manager/dnsmgr',
    ]);
    assert.deepEqual(places('https://dns.example.net', 'dnsmanager'), [
      'dnsmanager https://dns.example.net:1500/dnsmgr',
      'dnsmanager https://dns.example.net/dnsmgr',
      'dnsmanager https://dns.example.net/manager/dnsmgr',
    ]);
    assert.deepEqual(places('https://dns.example.net/x', 'auto'), ['? https://dns.example.net/x']);
  });

  it('take a pinned certificate in any spelling, or an authority', () => {
    const sha256 = 'ab'.repeat(32);
    const pin = { fingerprint: sha256.toUpperCase().match(/../g)?.join(':') };
    const pinned = readIspmanagerSettings({ ...good, pin });
    assert.deepEqual(pinned.trust, { kind: 'fingerprint', sha256 });
    const ca = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
    const own = readIspmanagerSettings({ ...good, pin: { ca } });
    assert.deepEqual(own.trust, { kind: 'ca', pem: ca });
  });

  it('are refused with every mistake at once', () => {
    assert.deepEqual(
      problems({ address: 'http://dns.example.net', username: 'a:b', password: '', login: 'x', timeout: 1 }),
      [
        'address setting.insecure',
        'login setting.bad-choice',
        'password setting.missing',
        'timeout setting.bad-number',
        'username setting.colon-in-user',
      ],
    );
    assert.deepEqual(problems({}), [
      'address setting.missing',
      'password setting.missing',
      'username setting.missing',
    ]);
    assert.deepEqual(problems({ ...good, pin: { fingerprint: 'ab' } }), ['pin setting.bad-fingerprint']);
    assert.deepEqual(problems({ ...good, pin: { ca: 'x' } }), ['pin setting.bad-certificate']);
    assert.deepEqual(problems({ ...good, pin: 'x' }), ['pin setting.bad-value']);
    for (const address of ['https://', 'ftp://x', 'https://u:p@x/', 'https://x/?a', 'a b']) {
      assert.deepEqual(problems({ ...good, address }), ['address setting.bad-address'], address);
    }
    assert.deepEqual(problems(null), [' setting.bad-value']);
  });
});

const zone = zoneName('example.org');

function audit(type: string, rdata: string, name = 'x'): readonly string[] {
  const add = [makeRecord({ name, type, rdata }, zone)];
  return auditChange({ zone, remove: [], add }, ispmanager4).map(({ code }) => code);
}

describe('what an ISPmanager 4 cannot hold', () => {
  it('is named: types without a form, octets that are no text, names outside', () => {
    assert.deepEqual(audit('CAA', '0 issue "ca.example.net"'), ['central.type-unsupported']);
    assert.deepEqual(audit('TYPE65280', String.raw`\# 1 00`), ['central.type-unsupported']);
    assert.deepEqual(audit('HTTPS', '1 . alpn=h2'), ['central.type-unsupported']);
    assert.deepEqual(audit('TXT', String.raw`"a\010b"`), ['central.value-unsupported']);
    assert.deepEqual(audit('TXT', String.raw`"\255"`), ['central.value-unsupported']);
    assert.deepEqual(audit('A', '192.0.2.1', 'www.example.net.'), ['name.out-of-zone']);
  });

  it('is nothing else', () => {
    assert.deepEqual(audit('TXT', String.raw`"a \"quoted\" \\ text, \208\191"`), []);
    assert.deepEqual(audit('SRV', '1 2 3 host'), []);
    assert.deepEqual(audit('MX', '10 @'), []);
  });
});

describe('rows of an ISPmanager 4', () => {
  it('that cannot be understood stand for themselves and equal nothing else', () => {
    const row = { key: 'www A  nonsense', name: 'www', type: 'A', addr: 'nonsense' };
    const opaque = ispmanager4.record(row, zone);
    assert.deepEqual([opaque.name, opaque.type], ['www.example.org.', 'A']);
    assert.match(opaque.rdata, /^\\# \d+ [0-9a-f]+$/);
    assert.deepEqual(ispmanager4.record({ ...row }, zone), opaque);
    assert.notDeepEqual(ispmanager4.record({ ...row, addr: 'other' }, zone), opaque);
    assert.throws(() => ispmanager4.record({ ...row, name: 'a..b' }, zone));
    assert.throws(() => ispmanager4.record({ ...row, type: '?' }, zone));
  });
});
