import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import {
  checkRights,
  explainRight,
  isNarrower,
  mayCreateZone,
  mayDeleteZone,
  mayReadZone,
  type Rights,
} from './decide.ts';
import { presetRights, presets } from './presets.ts';
import { verbs } from './rule.ts';

const zone = parseName('example.org.');
const other = parseName('example.net.');

function may(rights: Rights, name: string, type: string, of: DnsName = zone): string {
  return verbs.filter((verb) => explainRight(rights, of, parseName(name, of), type, verb).allowed).join(' ');
}

const everything = verbs.join(' ');

/** Codes of the problems of a preset. */
function codes(...args: Parameters<typeof presetRights>): string[] {
  try {
    presetRights(...args);
    return [];
  } catch (error) {
    assert.ok(error instanceof DnsDataError);
    return error.problems.map(({ code }) => code);
  }
}

test('panel: what a panel edits, in all zones or the listed ones, which it makes and deletes', () => {
  const all = presetRights('panel', [], []);
  for (const type of ['A', 'TXT', 'CAA', 'TLSA', 'DS', 'MX', 'SRV', 'CNAME']) {
    for (const name of ['@', 'www', '*', 'a.b', '*.b', '_dmarc'])
      assert.equal(may(all, name, type), everything, name);
  }
  assert.equal(may(all, 'sub', 'NS'), everything);
  for (const type of ['NS', 'SOA', 'LUA', 'ALIAS', 'DNSKEY', 'CDS', 'CDNSKEY', 'DNAME'])
    assert.equal(may(all, '@', type), 'read', type);
  assert.ok(mayCreateZone(all, zone) && mayDeleteZone(all, zone));
  const listed = presetRights('panel', ['*.org'], []);
  assert.ok(mayCreateZone(listed, zone) && mayDeleteZone(listed, zone) && mayReadZone(listed, zone));
  assert.ok(!mayCreateZone(listed, other) && !mayDeleteZone(listed, other) && !mayReadZone(listed, other));
});

test('full and read: whole zones or names, without protected types, and no zone is made', () => {
  const full = presetRights('full', ['example.org'], []);
  assert.equal(may(full, '@', 'TXT') && may(full, '*.a', 'TXT') && may(full, 'sub', 'NS'), everything);
  assert.equal(may(full, 'www', 'CAA'), 'read');
  assert.equal(may(full, 'www', 'A', other), '');
  assert.ok(!mayCreateZone(full, zone) && !mayDeleteZone(full, zone));
  const www = presetRights('full', ['example.org'], ['www', '**.dev']);
  assert.equal(may(www, 'www', 'A') && may(www, 'dev', 'A') && may(www, 'a.b.dev', 'A'), everything);
  assert.equal(may(www, '@', 'A') + may(www, 'a.www', 'A'), '');
  const read = presetRights('read', ['**'], []);
  assert.equal(may(read, '@', 'A'), 'read');
  assert.equal(may(read, '*.x', 'CAA', other), 'read');
});

test('acme: TXT at the challenges of the names, and nothing else', () => {
  const some = presetRights('acme', ['example.org'], ['@', 'www', '\\*.dev', '\\*']);
  for (const name of ['_acme-challenge', '_acme-challenge.www', '_acme-challenge.dev'])
    assert.equal(may(some, name, 'TXT'), everything, name);
  for (const [name, type] of [
    ['_acme-challenge', 'CNAME'],
    ['_acme-challenge.www', 'NS'],
    ['_acme-challenge.mail', 'TXT'],
    ['a._acme-challenge', 'TXT'],
    ['*._acme-challenge', 'TXT'],
    ['www', 'TXT'],
    ['@', 'TXT'],
  ] as const)
    assert.equal(may(some, name, type), '', `${name} ${type}`);
  assert.equal(some.rules.length, 3);
  assert.ok(mayReadZone(some, zone));
  const whole = presetRights('acme', ['example.org'], []);
  for (const name of ['_acme-challenge', '_acme-challenge.a.b', '_acme-challenge.*'])
    assert.equal(may(whole, name, 'TXT'), everything, name);
  assert.equal(may(whole, 'x._acme-challenge', 'TXT') + may(whole, '_acme-challenge', 'A'), '');
});

test('dyndns: A and AAAA at the names', () => {
  const some = presetRights('dyndns', ['example.org'], ['home', '@']);
  for (const type of ['A', 'AAAA'])
    assert.deepEqual([may(some, 'home', type), may(some, '@', type)], [everything, everything]);
  assert.equal(may(some, 'home', 'TXT') + may(some, 'a.home', 'A') + may(some, '*', 'A'), '');
});

test('every preset is made of sound rights, and lies within a panel', () => {
  const panel = presetRights('panel', ['**'], []);
  for (const preset of presets) {
    const made = presetRights(preset, ['**.org', 'example.net'], ['@', 'www']);
    assert.deepEqual(checkRights(made), []);
    assert.ok(isNarrower(made, panel), preset);
    assert.equal(isNarrower(panel, made), false, preset);
  }
});

test('what a preset lacks is said', () => {
  for (const preset of ['acme', 'dyndns', 'read', 'full'] as const)
    assert.deepEqual(codes(preset, [], ['www']), ['rule.no-zones']);
  assert.deepEqual(codes('dyndns', ['**'], []), ['rule.no-names']);
  assert.deepEqual(codes('full', ['a*'], ['www.']), ['rule.partial-wildcard', 'rule.absolute-name']);
});

test('rights that a token could not keep are refused: too many rules', () => {
  const many = (count: number): string[] => Array.from({ length: count }, (_, at) => `z${at}.example.org`);
  assert.equal(presetRights('full', many(500), []).rules.length, 1_000);
  assert.deepEqual(codes('full', many(501), []), ['rule.too-many']);
  assert.deepEqual(codes('panel', many(501), []), ['rule.too-many']);
  assert.deepEqual(codes('read', many(1_000), many(1_000)), ['rule.too-many']);
  assert.equal(presetRights('acme', many(1_000), []).rules.length, 1_000);
});
