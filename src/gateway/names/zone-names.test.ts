import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { absoluteName } from '../../net/gateway/wire.ts';
import { readNameRules, type WrittenNameRules } from './name-settings.ts';
import { builtInSuffixes, readSuffixes } from './public-suffixes.ts';
import { zoneNameProblem } from './zone-names.ts';

function why(text: string, written: Partial<WrittenNameRules> = {}): string | null {
  const { rules, wrong, badFile } = readNameRules({ reserved: [], reverse: [], suffixFile: '', ...written });
  assert.deepEqual([wrong, badFile], [[], false]);
  return zoneNameProblem(rules, absoluteName(text))?.code.replace('gateway.', '') ?? null;
}

test('names of which nobody makes a zone', () => {
  for (const [text, code] of [
    ['.', 'no-zone-name'],
    ['org', 'no-zone-name'],
    ['example.org', null],
    ['shop.example', null],
    ['a.test', null],
    ['printer.local', 'special-name'],
    ['x.LOCALHOST', 'special-name'],
    ['router.home.arpa', 'special-name'],
    ['local.example', null],
    ['co.uk', 'public-suffix'],
    ['Github.IO', 'public-suffix'],
    ['xn--55qx5d.cn', 'public-suffix'],
    ['公司.cn', 'public-suffix'],
    ['shop.co.uk', null],
    ['www.ck', null],
    ['other.ck', 'public-suffix'],
    ['_dmarc.co.uk', 'reserved-prefix'],
    ['autodiscover.co.uk', 'reserved-prefix'],
    ['AutoConfig.example', 'reserved-prefix'],
    ['autoconfig.shop.co.uk', null],
    [String.raw`co\.uk.example`, null],
  ] as const)
    assert.equal(why(text), code, text);
});

test('names with many labels, for each of which the name servers would be asked', () => {
  assert.equal(why(`${'a.'.repeat(10)}shop.example`), null);
  assert.equal(why(`${'a.'.repeat(11)}shop.example`), 'deep-name');
  assert.equal(why(`${'a.'.repeat(120)}shop.example`), 'deep-name');
});

test('names of the provider, below and above them', () => {
  const written = { reserved: ['ns1.Provider.net', 'provider-panel.com.'] };
  for (const text of ['ns1.provider.net', 'a.ns1.provider.net', 'provider.net', 'x.provider-panel.com'])
    assert.equal(why(text, written), 'reserved-name', text);
  for (const text of ['ns2.provider.net', 'evilprovider-panel.com', 'www.provider.net'])
    assert.equal(why(text, written), null, text);
});

test('reverse zones only in the networks that are open, and not in those of the provider', () => {
  const written = {
    reverse: ['198.51.100.0/22', '192.0.2.0/24', '2001:db8::/32'],
    reserved: ['192.0.2.128/25', '2001:db8:1::/48'],
  };
  for (const [text, code] of [
    ['100.51.198.in-addr.arpa', null],
    ['7.100.51.198.in-addr.arpa', null],
    ['103.51.198.in-addr.arpa', null],
    ['104.51.198.in-addr.arpa', 'reverse-name'],
    ['51.198.in-addr.arpa', 'reverse-name'],
    ['2.0.192.in-addr.arpa', 'reverse-name'],
    ['0/25.2.0.192.in-addr.arpa', null],
    ['128/26.2.0.192.in-addr.arpa', 'reverse-name'],
    ['200.2.0.192.in-addr.arpa', 'reverse-name'],
    ['a.7.100.51.198.in-addr.arpa', 'reverse-name'],
    ['x.51.198.in-addr.arpa', 'reverse-name'],
    ['8.b.d.0.1.0.0.2.ip6.arpa', 'reverse-name'],
    ['2.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa', null],
    ['1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa', 'reverse-name'],
    ['0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa', 'reverse-name'],
    ['f.f.f.f.9.b.d.0.1.0.0.2.ip6.arpa', 'reverse-name'],
    ['in-addr.arpa', 'reverse-name'],
    ['e164.arpa', 'reverse-name'],
  ] as const)
    assert.equal(why(text, written), code, text);
  assert.equal(why('100.51.198.in-addr.arpa'), 'reverse-name', 'nothing is open by default');
});

test('a list of public suffixes from a file takes the place of the built-in one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'suffixes-'));
  const suffixFile = join(folder, 'list.dat');
  const text = '// comment\ncom\nco.example  // more\n*.sub.example\n!free.sub.example\n公司.example\n';
  writeFileSync(suffixFile, text);
  for (const [name, code] of [
    ['co.example', 'public-suffix'],
    ['any.sub.example', 'public-suffix'],
    ['free.sub.example', null],
    ['xn--55qx5d.example', 'public-suffix'],
    ['co.uk', null],
    ['_x.co.example', 'reserved-prefix'],
    ['a.b.sub.example', null],
  ] as const)
    assert.equal(why(name, { suffixFile }), code, name);
  for (const wrong of ['', '// nothing\n', `com\n${'a'.repeat(70)}.com\n`])
    assert.equal(readSuffixes(wrong), null, wrong);
  const missing = readNameRules({ reserved: ['a..b'], reverse: ['x'], suffixFile: join(folder, 'none') });
  assert.deepEqual([missing.wrong, missing.badFile], [['reserved', 'reverse'], true]);
  assert.equal(missing.rules.suffixes, builtInSuffixes);
  rmSync(folder, { recursive: true });
});
