import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { parseName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { isMeantRule, smallKeys, smallRules } from '../../testing/naive-rights.ts';
import { checkRule, ruleFor, ruleSchema, verbs, type Rule } from './rule.ts';

const zone = parseName('example.org.');
const www = parseName('www', zone);

function rule(text: string, allow: Rule['allow'] = verbs): Rule {
  const [zoneText = '', name = '', types = ''] = text.split(' ');
  return { zone: zoneText, name, types: types === '*' ? '*' : types.split(','), allow };
}

test("deSEC's precedence: zone, then name, then type, in all 256 sets of its eight kinds of rules", () => {
  const order = ['example.org', '**']
    .flatMap((one) => ['www', '**'].map((name) => `${one} ${name}`))
    .flatMap((one) => ['A', '*'].map((types) => rule(`${one} ${types}`)));
  assert.equal(order.length, 8);
  for (let set = 0; set < 256; set += 1) {
    const rules = order.filter((_, at) => (set & (1 << at)) !== 0);
    assert.equal(ruleFor(rules.toReversed(), zone, www, 'A'), rules[0] ?? null, String(set));
    const [other = null] = rules.filter(({ types }) => types === '*');
    assert.equal(ruleFor(rules, zone, www, 'TXT'), other, String(set));
    const [elsewhere = null] = rules.filter(({ name }) => name === '**');
    assert.equal(ruleFor(rules, zone, parseName('mail', zone), 'A'), elsewhere, String(set));
    const [foreign = null] = rules.filter((one) => one.zone === '**');
    const net = parseName('example.net.');
    assert.equal(ruleFor(rules, net, parseName('www', net), 'A'), foreign, String(set));
  }
});

test('a zone beats a name, and a name beats a type', () => {
  const rules = [rule('example.org ** *', []), rule('** www A')];
  assert.equal(ruleFor(rules, zone, www, 'A'), rules[0]);
  const names = [rule('example.org www *', []), rule('example.org ** A')];
  assert.equal(ruleFor(names, zone, www, 'A'), names[0]);
});

test('the more specific pattern decides', () => {
  const deep = parseName('a.b', zone);
  const order = ['a.b', '**.a.b', 'a.*', '**.b', '*.*', '*.**', '**'].map((name) =>
    rule(`example.org ${name} *`),
  );
  for (const at of order.keys())
    assert.equal(ruleFor(order.slice(at).toReversed(), zone, deep, 'A'), order[at]);
  const zones = ['example.org', '**.example.org', '*.org', '**.org', '*.*', '**'].map((one) =>
    rule(`${one} www A`),
  );
  for (const at of zones.keys())
    assert.equal(ruleFor(zones.slice(at).toReversed(), zone, www, 'A'), zones[at]);
});

test('equally specific: the rule that denies decides, whatever the order', () => {
  const [left, right] = [rule('example.org a.* A', ['read', 'add']), rule('example.org *.b A', ['read'])];
  const deny = rule('example.org *.b TXT,A', []);
  const name = parseName('a.b', zone);
  for (const rules of [
    [left, right, deny],
    [deny, right, left],
  ]) {
    assert.equal(ruleFor(rules, zone, name, 'A'), deny);
    for (const verb of verbs) assert.equal(ruleFor(rules, zone, name, 'A', verb), deny);
  }
  for (const rules of [
    [left, right],
    [right, left],
  ]) {
    assert.equal(ruleFor(rules, zone, name, 'A'), right);
    assert.equal(ruleFor(rules, zone, name, 'A', 'add'), right);
  }
  const [add, remove] = [rule('example.org a.* *', ['add']), rule('example.org *.b *', ['remove'])];
  assert.equal(ruleFor([add, remove], zone, name, 'A', 'add'), remove);
  assert.equal(ruleFor([add, remove], zone, name, 'A', 'remove'), add);
});

test('types in any spelling are one type, as are the numbers of PowerDNS', () => {
  for (const [types, type] of [
    ['caa', 'TYPE257'],
    ['TYPE00001', 'A'],
    ['ALIAS', 'type65401'],
    ['TYPE65402', 'lua'],
  ] as const) {
    const one = rule(`example.org www ${types}`);
    assert.equal(ruleFor([one], zone, www, type), one, type);
  }
  assert.throws(() => ruleFor([], zone, www, 'ANY'), DnsDataError);
});

test('names beside the zone are in no rule of it', () => {
  const all = [rule('** ** *'), rule('** @ *')];
  for (const name of ['evilexample.org.', 'example.net.', 'org.', '.', 'evil\\.example.org.'])
    assert.equal(ruleFor(all, zone, parseName(name), 'A'), null, name);
  assert.equal(ruleFor(all, zone, zone, 'A'), all[1]);
  assert.equal(ruleFor(all, parseName('.'), parseName('org.'), 'A'), all[0]);
});

test('a rule that cannot be read is never left out', () => {
  for (const text of ['** a*b A', 'a..b ** A', '** ** ANY', '** www. A', '** ** NS@']) {
    const bad = rule(text, []);
    assert.ok(checkRule(bad).length > 0, text);
    assert.throws(() => ruleFor([rule('** ** *'), bad], zone, www, 'A'), DnsDataError, text);
  }
  const codes = checkRule({ zone: 'a*', name: '', types: ['A', 'OPT', '!'], allow: [] }).map(
    ({ code }) => code,
  );
  assert.deepEqual(codes, ['rule.partial-wildcard', 'rule.empty-pattern', 'type.unknown', 'type.unknown']);
  assert.deepEqual(
    checkRule({ ...rule('** ** A'), types: [] }).map(({ code }) => code),
    ['rule.no-types'],
  );
});

test('the schema takes rules and nothing else', () => {
  const good = rule('**.example.org www A,AAAA', ['read', 'change']);
  assert.deepEqual(v.parse(ruleSchema, good), good);
  for (const bad of [
    { ...good, more: 1 },
    { ...good, zone: '' },
    { ...good, name: 'x'.repeat(1_025) },
    { ...good, types: [] },
    { ...good, types: Array.from({ length: 65 }, () => 'A') },
    { ...good, types: 'A' },
    { ...good, allow: ['write'] },
    { ...good, allow: ['add', 'add', 'add', 'add', 'add'] },
    { zone: '**', name: '**', types: '*' },
  ])
    assert.ok(!v.is(ruleSchema, bad), JSON.stringify(bad).slice(0, 80));
});

test('no rules grant what no rule names, their order does not count, and a denial beats', () => {
  let granted = 0;
  fc.assert(
    fc.property(smallRules, fc.constantFrom(...verbs), fc.nat(), (rules, verb, at) => {
      const key = smallKeys[at % smallKeys.length]!;
      const { name, type } = key;
      const found = ruleFor(rules, key.zone, name, type, verb);
      const named = rules.filter((one) => isMeantRule(one, key));
      if (named.length === 0) assert.equal(found, null);
      else assert.ok(found !== null && named.includes(found));
      const allowed = found?.allow.includes(verb) ?? false;
      const reversed = ruleFor(rules.toReversed(), key.zone, name, type, verb);
      assert.equal(reversed?.allow.includes(verb) ?? false, allowed);
      if (found === null || !allowed) return;
      granted += 1;
      const deny = { ...found, allow: [] };
      assert.deepEqual(ruleFor([...rules, deny], key.zone, name, type, verb)?.allow, []);
      assert.equal(ruleFor([...rules, deny], key.zone, name, type), deny);
    }),
    { numRuns: 3_000 },
  );
  assert.ok(granted > 100, String(granted));
});
