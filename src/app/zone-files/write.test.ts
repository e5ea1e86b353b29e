import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { CommandFailed } from '../command-failed.ts';
import { a, zone } from '../../testing/simulator/given.ts';
import { checkImport, readZoneFile } from './import.ts';
import { planImport } from './import-rule.ts';
import { fileNameOf, writeWhole } from './write.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'zone-files-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('issue 17, export: the name of a zone is safe as the name of a file', () => {
  const named = (name: string): string => fileNameOf(parseName(name));
  assert.equal(named('example.org.'), 'example.org.zone');
  assert.equal(named('0/25.2.0.192.in-addr.arpa.'), '0%2f25.2.0.192.in-addr.arpa.zone');
  assert.equal(named('a\\032b.example.'), 'a%5c032b.example.zone');
  const long = `${'x'.repeat(60)}.${'y'.repeat(60)}.${'z'.repeat(60)}.${'v'.repeat(50)}.example.`;
  assert.ok(named(long).length <= 205 && named(long) !== named(long.replace('v.e', 'w.e')));
});

test('issue 17, export: a file that exists stays, unless it is to be replaced; no draft is left', (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'a.zone');
  writeWhole(path, 'one', false);
  assert.throws(() => writeWhole(path, 'two', false), /--force/u);
  assert.equal(readFileSync(path, 'utf8'), 'one');
  writeWhole(path, 'two', true);
  assert.equal(readFileSync(path, 'utf8'), 'two');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.throws(() => writeWhole(join(folder, 'none/b.zone'), 'x', true), CommandFailed);
  assert.deepEqual(readdirSync(folder), ['a.zone']);
});

test('issue 17, export: a link is replaced, not followed', (t) => {
  const folder = folderOf(t);
  const aim = join(folder, 'aim');
  symlinkSync(aim, join(folder, 'a.zone'));
  assert.throws(() => writeWhole(join(folder, 'a.zone'), 'x', false), CommandFailed);
  writeWhole(join(folder, 'a.zone'), 'x', true);
  assert.equal(existsSync(aim), false);
  assert.ok(lstatSync(join(folder, 'a.zone')).isFile());
});

test('issue 17, import: a file names its zone by its SOA, its $ORIGIN or the command', (t) => {
  const path = join(folderOf(t), 'x.zone');
  const zoneOf = (text: string, named: string | null = null): string => {
    writeFileSync(path, text);
    return readZoneFile(path, named === null ? null : parseName(named)).zone;
  };
  assert.equal(
    zoneOf('example.org. 60 SOA ns hm 1 2 3 4 5\n'.replaceAll(/ (ns|hm)/gu, ' $1.')),
    'example.org.',
  );
  assert.equal(zoneOf('$ORIGIN example.org.\nwww A 192.0.2.1\n'), 'example.org.');
  assert.equal(zoneOf('www A 192.0.2.1\n', 'example.org.'), 'example.org.');
  assert.throws(() => zoneOf('www A 192.0.2.1\n'), CommandFailed);
  assert.throws(() => zoneOf('www.example.org. A 192.0.2.1\n'), /Give it with --zone/u);
  assert.throws(() => zoneOf('$ORIGIN example.org.\nwww.example.net. A 192.0.2.1\n'), /:2:1: .*outside/u);
});

test('issue 17, import: writes nothing while domainsync only observes, and not beyond the limits', (t) => {
  const root = folderOf(t);
  mkdirSync(join(root, 'etc'));
  const set = (lines: string): void =>
    writeFileSync(
      join(root, 'etc/domainsync.ini'),
      `[isp_master]\nhost = dns.example.net\nusername = x\npassword = y\n${lines}`,
    );
  const held = ['h1', 'h2', 'h3'].map((host, at) => ({ ...a(host, at), key: host }));
  const plan = planImport(zone, held.slice(1), held, true);
  set('[limits]\nlarge_zone = 3\n');
  assert.throws(() => checkImport(root, plan, false), /would lose 1 of 3 records/u);
  assert.equal(checkImport(root, plan, true), true);
  set('[limits]\nlarge_zone = 3\nshare = 50\n');
  assert.equal(checkImport(root, plan, true), false);
  set('[sync]\nmode = observe\n');
  assert.throws(() => checkImport(root, plan, true), /only observes/u);
  checkImport(root, planImport(zone, held, held, true), false);
  assert.throws(() => checkImport(root, planImport(zone, [], held, true), true), CommandFailed);
});

test('issue 17, import: what is no file, or none that can be read, is told in words', (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'dir'));
  for (const [path, words] of [
    [join(folder, 'none'), /cannot be read: it, or its folder, does not exist/u],
    [join(folder, 'dir'), /is no file/u],
    ['/dev/null', /is no file/u],
  ] as const)
    assert.throws(() => readZoneFile(path, null), { name: 'CommandFailed', message: words });
});
