import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { describeProblem } from '../core/describe.ts';
import { everyCentral, loadSettings, readSettings, saveSettings, type Settings } from './settings.ts';

const file = 'domainsync.ini';

function configured(text: string): Settings {
  const loaded = readSettings(text, file);
  assert.equal(loaded.kind, 'configured', JSON.stringify(loaded));
  assert.ok(loaded.kind === 'configured');
  return loaded.settings;
}

function withHost(host: string): string {
  return `[isp_master]\nhost = ${host}\nusername = u\npassword = p\n`;
}

function root(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'settings-'));
  mkdirSync(join(path, 'etc'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("the original's file works as it is; everything new has a default", () => {
  const settings = configured(
    '[isp_master]\nhost = https://dns.example.net\nusername = alice\npassword = s\n\n[log]\nlevel = 9\n',
  );
  assert.equal(settings.address, 'https://dns.example.net');
  assert.equal(settings.password.reveal(), 's');
  assert.equal(settings.logLevel, 9);
  assert.equal(settings.deadline, 10_000);
  assert.equal(settings.contact, null);
  assert.ok(Object.isFrozen(settings));
});

test('host with or without scheme, port and path', () => {
  const cases: [string, string][] = [
    ['dns.example.net', 'https://dns.example.net'],
    ['dns.example.net:1500', 'https://dns.example.net:1500'],
    ['dns.example.net:443', 'https://dns.example.net:443'],
    ['dns.example.net:443/ispmgr', 'https://dns.example.net/ispmgr'],
    ['dns.example.net/ispmgr', 'https://dns.example.net/ispmgr'],
    ['https://DNS.example.net:1500/ispmgr/', 'https://dns.example.net:1500/ispmgr'],
    ['192.0.2.1', 'https://192.0.2.1'],
    ['2001:db8::1', 'https://[2001:db8::1]'],
    ['[2001:db8::1]:1500', 'https://[2001:db8::1]:1500'],
    ['bücher.example', 'https://xn--bcher-kva.example'],
  ];
  for (const [host, address] of cases) assert.equal(configured(withHost(host)).address, address, host);
});

test('addresses of name servers; plain HTTP to a PowerDNS on this machine', () => {
  const of = (kind: string, host: string, more = ''): string =>
    configured(`${withHost(host)}kind = ${kind}\n${more}`).address;
  assert.equal(of('rfc2136', 'ns1.example.net'), 'dns://ns1.example.net:53');
  assert.equal(of('rfc2136', 'ns1.example.net', 'transport = tls\n'), 'dns://ns1.example.net:853');
  assert.equal(of('rfc2136', 'dns://192.0.2.1:5353'), 'dns://192.0.2.1:5353');
  assert.equal(of('rfc2136', '2001:db8::1'), 'dns://[2001:db8::1]:53');
  assert.equal(of('powerdns', 'http://127.0.0.1:8081'), 'http://127.0.0.1:8081');
  assert.equal(of('powerdns', 'pdns.example.net'), 'https://pdns.example.net');
  const { verify, newZones } = configured(
    `${withHost('x.example')}nameservers = ns1.example.net, ns2.example.net\n[verify]\nservers = 192.0.2.1 [2001:db8::1]:5300,ns.example\nmode = strict\nlimit = 5\n`,
  );
  assert.deepEqual(verify.servers, [
    { host: '192.0.2.1', port: 53 },
    { host: '2001:db8::1', port: 5300 },
    { host: 'ns.example', port: 53 },
  ]);
  assert.deepEqual([verify.strict, verify.limit], [true, 5_000]);
  assert.deepEqual(newZones, { nameServers: ['ns1.example.net', 'ns2.example.net'], kind: 'native' });
  const refused: [string, string, string][] = [
    ['powerdns', 'http://192.0.2.1:8081', 'settings.http-refused'],
    ['powerdns', 'http://localhost:8081', 'settings.http-refused'],
    ['auto', 'http://127.0.0.1:8081', 'settings.http-refused'],
    ['rfc2136', 'https://ns1.example.net', 'settings.bad-address'],
    ['rfc2136', 'ns1.example.net/zone', 'settings.bad-address'],
    ['rfc2136', 'a b', 'settings.bad-address'],
  ];
  for (const [kind, host, code] of refused) {
    const loaded = readSettings(`${withHost(host)}kind = ${kind}\n`, file);
    assert.ok(loaded.kind === 'broken', host);
    assert.equal(loaded.problems[0]?.code, code, host);
  }
});

test('addresses that are refused', () => {
  const cases: [string, string][] = [
    ['http://dns.example.net', 'settings.http-refused'],
    ['ftp://dns.example.net', 'settings.bad-address'],
    ['https://u:p@dns.example.net', 'settings.credentials-in-address'],
    ['two words', 'settings.bad-address'],
    ['https://dns.example.net/?x=1', 'settings.bad-address'],
  ];
  for (const [host, code] of cases) {
    const loaded = readSettings(withHost(host), file);
    assert.ok(loaded.kind === 'broken', host);
    assert.deepEqual(
      loaded.problems.map((problem) => problem.code),
      [code],
      host,
    );
  }
});

test('every mistake at once, each with its line', () => {
  const text = '[isp_master]\nhost = http://x\nnonsense\n[log]\nlevel = loud\n[sync]\ndeadline = 1\n';
  const loaded = readSettings(text, file);
  assert.ok(loaded.kind === 'broken');
  const said = loaded.problems.map((problem) => [problem.code, problem.params['line']]);
  assert.deepEqual(said, [
    ['settings.not-an-option', '3'],
    ['settings.bad-number', '5'],
    ['settings.bad-number', '7'],
    ['settings.http-refused', '2'],
    ['settings.missing', '0'],
    ['settings.missing', '0'],
  ]);
  for (const problem of loaded.problems) {
    assert.doesNotMatch(describeProblem(problem, 'en'), /[{}]|settings\./);
    assert.doesNotMatch(describeProblem(problem, 'ru'), /[{}]|settings\./);
  }
});

test('no file, or an empty host, is not configured; unknown options are only a warning', (t) => {
  const at = root(t);
  assert.equal(loadSettings(at).kind, 'not-configured');
  assert.equal(readSettings('[isp_master]\nhost =\n', file).kind, 'not-configured');
  const loaded = readSettings(`${withHost('a.example')}colour = blue\n`, file);
  assert.ok(loaded.kind === 'configured');
  assert.deepEqual(
    loaded.warnings.map(({ code }) => code),
    ['settings.unknown-option'],
  );
});

test("the original's own file name is found, the new one wins", (t) => {
  const at = root(t);
  writeFileSync(join(at, 'etc/domainssync.ini'), withHost('old.example'));
  const old = loadSettings(at);
  assert.ok(old.kind === 'configured' && old.settings.address.includes('old.example'));
  writeFileSync(join(at, 'etc/domainsync.ini'), withHost('new.example'));
  const fresh = loadSettings(at);
  assert.ok(fresh.kind === 'configured' && fresh.settings.address.includes('new.example'));
});

test('a saved file is for root only and keeps its comments; a link is not followed', (t) => {
  const at = root(t);
  const path = join(at, 'etc/domainsync.ini');
  writeFileSync(path, `# mine\n${withHost('a.example')}`, { mode: 0o644 });
  saveSettings(at, { isp_master: { password: 'new' } });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.match(readFileSync(path, 'utf8'), /^# mine\n/);
  rmSync(path);
  symlinkSync(join(at, 'elsewhere'), path);
  assert.throws(() => saveSettings(at, { isp_master: { password: 'x' } }), /symbolic link/);
});

test('what was left of an earlier attempt is neither followed nor does its mode count', (t) => {
  const at = root(t);
  const path = join(at, 'etc/domainsync.ini');
  const other = join(at, 'other');
  writeFileSync(other, 'precious');
  symlinkSync(other, `${path}.new`);
  saveSettings(at, { isp_master: { password: 'x' } });
  assert.equal(readFileSync(other, 'utf8'), 'precious');
  writeFileSync(`${path}.new`, '', { mode: 0o600 });
  chmodSync(`${path}.new`, 0o666);
  saveSettings(at, { isp_master: { password: 'y' } });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.match(readFileSync(path, 'utf8'), /password = y/);
});

test('a password shows itself nowhere', () => {
  const settings = configured(withHost('a.example').replace('= p', '= hunter2'));
  for (const shown of [JSON.stringify(settings), inspect(settings), String(settings.password)]) {
    assert.doesNotMatch(shown, /hunter2/);
  }
});

test('further centrals, each in a section of its own; what has none is shared', () => {
  const text = `[isp_master]
host = dns.example.net
username = u
password = one

[sync]
deadline = 7

[verify]
servers = 192.0.2.1

[central_10]
host = ten.example.net
username = u
password = ten

[central_2]
host = 192.0.2.53
kind = rfc2136
username = key
password = two

[verify_2]
servers = 192.0.2.2, 192.0.2.3
mode = strict
`;
  const loaded = readSettings(text, file);
  assert.ok(loaded.kind === 'configured', JSON.stringify(loaded));
  assert.deepEqual(loaded.warnings, []);
  const all = everyCentral(loaded.settings);
  assert.deepEqual(
    all.map(({ number, address, password, deadline, verify }) => [
      number,
      address,
      password.reveal(),
      deadline,
      verify.servers.length,
      verify.strict,
    ]),
    [
      [1, 'https://dns.example.net', 'one', 7_000, 1, false],
      [2, 'dns://192.0.2.53:53', 'two', 7_000, 2, true],
      [10, 'https://ten.example.net', 'ten', 7_000, 0, false],
    ],
  );
});

test('mistakes in further centrals name the section and the line, all of them', () => {
  const first = withHost('dns.example.net');
  const problems = (text: string): unknown[] => {
    const loaded = readSettings(text, file);
    assert.ok(loaded.kind === 'broken', JSON.stringify(loaded));
    return loaded.problems.map(({ code, params }) => [
      code,
      params['line'],
      params['option'] ?? params['section'],
    ]);
  };
  assert.deepEqual(
    problems(`${first}[central_2]\nkind = nonsense\n[central_3]\nhost = a b\nusername = u\n`),
    [
      ['settings.bad-choice', '6', '[central_2] kind'],
      ['settings.missing', '0', '[central_2] host'],
      ['settings.missing', '0', '[central_2] username'],
      ['settings.missing', '0', '[central_2] password'],
      ['settings.bad-address', '8', '[central_3] host'],
      ['settings.missing', '0', '[central_3] password'],
    ],
  );
  const other = first.replace('[isp_master]', '[central_2]').replace('dns.', 'DNS.');
  assert.deepEqual(problems(first + other), [['settings.same-central', '6', 'central_2']]);
  assert.deepEqual(problems(other), [
    ['settings.missing', '0', 'host'],
    ['settings.missing', '0', 'username'],
    ['settings.missing', '0', 'password'],
  ]);
  const unknown = readSettings(`${first}[central_1]\nhost = x\n[verify_2]\nservers = y\n`, file);
  assert.ok(unknown.kind === 'configured');
  assert.deepEqual(
    unknown.warnings.map(({ params }) => params['line']),
    ['6', '8'],
  );
});
