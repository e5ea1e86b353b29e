import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseName, zoneName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { cpuTime } from '../../testing/cpu-time.ts';
import {
  isMeantRule,
  smallKeys,
  smallRights,
  smallRightsBelow,
  smallZoneNames,
} from '../../testing/naive-rights.ts';
import {
  checkRights,
  decideChange,
  explainRight,
  isNarrower,
  mayCreateZone,
  mayDeleteZone,
  mayRead,
  mayReadZone,
  type Rights,
} from './decide.ts';
import { verbs, type Rule, type Verb } from './rule.ts';

const zone = parseName('example.org.');

function rights(
  rules: readonly (readonly [string, string, string, ...Verb[]])[],
  more?: Partial<Rights>,
): Rights {
  return {
    rules: rules.map(([zoneText, name, types, ...allow]): Rule => ({
      zone: zoneText,
      name,
      types: types === '*' ? '*' : types.split(','),
      allow,
    })),
    createZones: [],
    deleteZones: [],
    protectedTypes: [],
    ...more,
  };
}

function record(text: string, ttl = 300): ResourceRecord {
  const [name = '', type = '', ...rdata] = text.split(' ');
  return makeRecord({ name, type, ttl, rdata: rdata.join(' ') }, zone);
}

function denied(
  of: Rights,
  change: { readonly remove?: readonly ResourceRecord[]; readonly add?: readonly ResourceRecord[] },
  present: readonly ResourceRecord[] = [],
): string[] {
  const found = decideChange(of, { zone, remove: change.remove ?? [], add: change.add ?? [] }, present);
  return found.map(({ name, type, verb, reason }) => `${name} ${type} ${verb} ${reason}`);
}

const all = [
  ['**', '@', '*', ...verbs],
  ['**', '**', '*', ...verbs],
] as const;

test('an RRset that appears needs add, one that vanishes remove, one that stays change', () => {
  const one = record('www A 192.0.2.1');
  const two = record('www A 192.0.2.2');
  const needs = (change: Parameters<typeof denied>[1], present: readonly ResourceRecord[]): string[] =>
    verbs.filter((verb) => denied(rights([['**', '**', '*', verb]]), change, present).length === 0);
  assert.deepEqual(needs({ add: [one] }, []), ['add']);
  assert.deepEqual(needs({ add: [two] }, [one]), ['change']);
  assert.deepEqual(needs({ add: [two], remove: [one] }, [one]), ['change']);
  assert.deepEqual(needs({ remove: [one] }, [one, two]), ['change']);
  assert.deepEqual(needs({ remove: [one] }, [one]), ['remove']);
  assert.deepEqual(needs({ remove: [one, two] }, [two, one]), ['remove']);
  assert.deepEqual(needs({ add: [{ ...one, ttl: 60 }], remove: [one] }, [one]), ['change']);
  assert.deepEqual(needs({ add: [two] }, [record('www TXT a'), record('mail A 192.0.2.2')]), ['add']);
});

test('a change without effect is denied like one with effect', () => {
  const one = record('www A 192.0.2.1');
  const nothing = rights([['**', '@', '*', ...verbs]]);
  for (const present of [[], [one], [record('www A 192.0.2.2')]]) {
    for (const change of [{ add: [one] }, { remove: [one] }, { add: [one], remove: [one] }])
      assert.equal(denied(nothing, change, present).length, 1);
  }
  const adder = rights([['**', '**', '*', 'add']]);
  assert.deepEqual(denied(adder, { add: [one] }, [one]), ['www.example.org. A change rule.denies']);
});

test('every denial at once, each with its rule and its reason', () => {
  const some = rights([
    ['example.org', 'www', 'A', 'add'],
    ['example.org', 'secret', '*'],
    ['example.org', '**', 'CAA', 'add'],
  ]);
  const add = ['www A 192.0.2.1', 'www A 192.0.2.2', 'secret A 192.0.2.1', 'www TXT a', 'x CAA 0 issue ";"'];
  const remove = ['www AAAA 2001:db8::1', 'evilexample.org. A 192.0.2.1', 'example.net. A 192.0.2.1'];
  const change = { zone, add: add.map((text) => record(text)), remove: remove.map((text) => record(text)) };
  const found = decideChange(some, change, []);
  assert.deepEqual(
    found.map(({ name, type, verb, reason }) => `${name} ${type} ${verb} ${reason}`),
    [
      'www.example.org. AAAA remove rule.none',
      'evilexample.org. A remove name.out-of-zone',
      'example.net. A remove name.out-of-zone',
      'secret.example.org. A add rule.denies',
      'www.example.org. TXT add rule.none',
      'x.example.org. CAA add type.protected',
    ],
  );
  assert.deepEqual(
    found.map(({ rule }) => rule),
    [null, null, null, some.rules[1], null, some.rules[2]],
  );
});

test('protected types need a named right, also those spelled by their number', () => {
  const texts = [
    '@ NS ns1.example.net.',
    '@ SOA ns1.example.net. a.example.net. 1 2 3 4 5',
    'x DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000',
    'x CAA 0 issue ";"',
    'x TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000',
    'x TYPE65402 \\# 1 00',
    'x TYPE65401 \\# 1 00',
    'x ALIAS \\# 1 00',
    'x LUA \\# 1 00',
    'x DNSKEY 257 3 8 AAAA',
    'x CDS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000',
    'x CDNSKEY 257 3 8 AAAA',
    'x DNAME example.net.',
  ];
  const types = ['NS@', 'SOA', 'DS', 'CAA', 'TLSA', 'lua', 'alias', 'TYPE65401', 'TYPE65402'];
  const named = [...types, 'DNSKEY', 'CDS', 'TYPE60', 'DNAME'];
  const full = rights(all);
  for (const text of texts) {
    const one = record(text);
    for (const [change, present] of [
      [{ add: [one] }, []],
      [{ remove: [one] }, [one]],
    ] as const) {
      assert.match(denied(full, change, present).join(' '), /type\.protected$/, text);
      assert.deepEqual(denied(rights(all, { protectedTypes: named }), change, present), [], text);
      assert.equal(denied(rights([], { protectedTypes: named }), change, present).length, 1, text);
    }
    assert.ok(mayRead(full, zone, one), text);
  }
  assert.deepEqual(denied(full, { add: [record('x NS ns1.example.net.')] }), []);
  assert.match(
    denied(rights(all, { protectedTypes: ['CAA'] }), { add: [record(texts[0]!)] })[0]!,
    /protected/,
  );
});

test('reading: rules, and the head of a zone in which anything is read', () => {
  const acme = rights([['example.org', '_acme-challenge.**', 'TXT', 'read']]);
  assert.ok(mayReadZone(acme, zone) && !mayReadZone(acme, parseName('example.net.')));
  const reads = (name: string, type: string): boolean =>
    mayRead(acme, zone, { name: parseName(name, zone), type });
  assert.ok(reads('_acme-challenge.www', 'TXT') && reads('@', 'SOA') && reads('@', 'NS'));
  assert.ok(
    !reads('www', 'TXT') && !reads('@', 'TXT') && !reads('sub', 'NS') && !reads('_acme-challenge', 'A'),
  );
  assert.ok(!reads('example.net.', 'SOA') && !reads('x._acme-challenge', 'TXT'));
  assert.equal(explainRight(acme, zone, zone, 'NS', 'read').reason, 'zone.head');
  assert.equal(explainRight(acme, zone, zone, 'NS', 'change').reason, 'rule.none');
  const writer = rights([['**', '**', '*', 'add', 'change', 'remove']]);
  assert.ok(!mayReadZone(writer, zone) && !mayRead(writer, zone, { name: zone, type: 'SOA' }));
});

test('a rule that is taken back as a whole makes no zone readable', () => {
  const base = ['**', '**', 'A,TXT', 'read'] as const;
  assert.ok(!mayReadZone(rights([base, ['example.org', '**', '*']]), zone));
  assert.ok(!mayReadZone(rights([base, ['example.org', '**', 'A'], ['example.org', '**', 'TXT']]), zone));
  assert.ok(!mayReadZone(rights([base, ['**', '**', 'A'], ['**', '**', 'TXT,A']]), zone));
  assert.ok(mayReadZone(rights([base, ['example.org', '**', 'A']]), zone));
  assert.ok(mayReadZone(rights([base, ['example.org', 'www', '*']]), zone));
  assert.ok(mayReadZone(rights([base, ['example.net', '**', '*']]), zone));
});

test('an explanation names the rule and a stable reason', () => {
  const some = rights([
    ['**.org', '**', '*', 'read', 'change'],
    ['**.org', 'www', 'CAA', 'change'],
  ]);
  const www = parseName('www', zone);
  const [wide, caa] = some.rules;
  const told = (name: string, type: string, verb: Verb): unknown => {
    const { allowed, rule, reason } = explainRight(some, zone, parseName(name, zone), type, verb);
    return [allowed, rule, reason];
  };
  assert.deepEqual(told('www', 'a', 'read'), [true, wide, 'rule.allows']);
  assert.deepEqual(told('www', 'A', 'add'), [false, wide, 'rule.denies']);
  assert.deepEqual(told('www', 'TYPE257', 'change'), [false, caa, 'type.protected']);
  assert.deepEqual(told('www', 'CAA', 'read'), [false, caa, 'rule.denies']);
  assert.deepEqual(told('@', 'A', 'read'), [false, null, 'rule.none']);
  assert.deepEqual(told('example.net.', 'A', 'read'), [false, null, 'name.out-of-zone']);
  assert.deepEqual(told('www', 'ANY', 'read'), [false, null, 'type.unknown']);
  assert.equal(explainRight(some, parseName('example.net.'), www, 'A', 'read').reason, 'name.out-of-zone');
});

test('zones that may be created and deleted', () => {
  const some = rights(all, {
    createZones: ['**.example.org'],
    deleteZones: ['example.org', '*.example.org'],
  });
  for (const text of ['example.org', 'a.example.org', 'b.a.example.org'])
    assert.ok(mayCreateZone(some, zoneName(text)), text);
  for (const text of ['evilexample.org', 'example.net', 'org', '.', 'evil\\.example.org'])
    assert.ok(!mayCreateZone(some, zoneName(text)), text);
  assert.ok(mayDeleteZone(some, zone) && mayDeleteZone(some, zoneName('a.example.org')));
  assert.ok(
    !mayDeleteZone(some, zoneName('*.example.org')) && !mayDeleteZone(some, zoneName('b.a.example.org')),
  );
});

test('who may not remove every record of a zone may not delete it', () => {
  const deleteZones = ['**'];
  const may = (...rules: Parameters<typeof rights>[0]): boolean =>
    mayDeleteZone(rights(rules, { deleteZones }), zone);
  assert.ok(may(...all));
  assert.ok(!may() && !may(all[0]) && !may(all[1]));
  assert.ok(!may(...all, ['example.org', 'secret', '*', 'read', 'add', 'change']));
  assert.ok(!may(...all, ['**', '**', 'TXT', 'read']));
  assert.ok(may(...all, ['example.net', 'secret', '*', 'read']));
  assert.ok(
    may(['example.org', '@', '*', 'remove'], ['example.org', '**', '*', 'remove'], ['**', 'www', '*']),
  );
});

test('rights that cannot be read are refused, with every problem', () => {
  const bad = rights([['a*', 'www.', 'ANY', 'read']], {
    createZones: ['b..c'],
    deleteZones: [''],
    protectedTypes: ['A', '!', 'NS@', 'CAA'],
  });
  assert.deepEqual(
    checkRights(bad).map(({ code }) => code),
    [
      'rule.partial-wildcard',
      'rule.absolute-name',
      'type.unknown',
      'name.empty-label',
      'rule.empty-pattern',
      'rule.not-protected',
      'type.unknown',
    ],
  );
  assert.deepEqual(checkRights(rights(all, { protectedTypes: ['ns@', 'lua'] })), []);
  assert.throws(() => mayCreateZone(bad, zone), DnsDataError);
  assert.throws(() => mayDeleteZone(bad, zone), DnsDataError);
  assert.throws(() => mayReadZone(bad, zone), DnsDataError);
  assert.throws(
    () => decideChange(bad, { zone, add: [record('x A 192.0.2.1')], remove: [] }, []),
    DnsDataError,
  );
});

test('narrower: fewer verbs, names, types and zones; not more of any', () => {
  const parent = rights([...all, ['example.org', 'secret', '*', 'read']], {
    createZones: ['**.example.org'],
    protectedTypes: ['CAA'],
  });
  const isWithin = (...rules: Parameters<typeof rights>[0]): boolean => isNarrower(rights(rules), parent);
  assert.ok(isNarrower(parent, parent) && isWithin());
  assert.ok(isWithin(['example.org', 'www', 'A', 'read']) && isWithin(['**', '*.a', 'A,TXT', ...verbs]));
  assert.ok(!isWithin(['example.org', '**', 'A', 'add']));
  assert.ok(isWithin(['example.org', '**', 'A', 'read']));
  assert.ok(isWithin(['example.org', '**', 'A', 'add'], ['example.org', 'secret', 'A']));
  assert.ok(!isWithin(['example.org', '**', 'A', 'add'], ['**', 'secret', 'A']));
  assert.ok(
    !isWithin(['example.org', 'secret', 'A', 'change']) && isWithin(['example.net', 'secret', 'A', 'add']),
  );
  assert.ok(isNarrower(rights([], { createZones: ['*.example.org'], protectedTypes: ['TYPE257'] }), parent));
  for (const more of [
    { createZones: ['**'] },
    { createZones: ['**.org'] },
    { deleteZones: ['a'] },
    { protectedTypes: ['DS'] },
  ])
    assert.ok(!isNarrower(rights([], more), parent), JSON.stringify(more));
});

test('so many rules that they take long to compare are refused', () => {
  const many = (count: number, types: number): Rights => {
    const list = Array.from({ length: types }, (_, at) => `TYPE${1_000 + at}`).join(',');
    return rights(
      Array.from({ length: count }, (_, at) => ['**', ['**.a', 'a.**'][at % 2]!, list, 'read'] as const),
    );
  };
  assert.ok(isNarrower(many(1_000, 5), many(1_000, 5)));
  assert.ok(!isNarrower(many(1_000, 64), many(1_000, 64)));
});

test('a token that is narrower grants nothing that its maker lacks', () => {
  let narrower = 0;
  let granting = 0;
  fc.assert(
    fc.property(smallRightsBelow, ([child, parent]) => {
      assert.ok(isNarrower(parent, parent));
      if (!isNarrower(child, parent)) return;
      narrower += 1;
      let granted = 0;
      for (const key of smallKeys) {
        for (const verb of verbs) {
          if (!explainRight(child, key.zone, key.name, key.type, verb).allowed) continue;
          granted += 1;
          const above = explainRight(parent, key.zone, key.name, key.type, verb);
          assert.ok(above.allowed, `${key.zone} ${key.name} ${key.type} ${verb}: ${above.reason}`);
        }
      }
      for (const one of smallZoneNames) {
        for (const may of [mayReadZone, mayCreateZone, mayDeleteZone])
          assert.ok(!may(child, one) || may(parent, one), `${may.name} ${one}`);
      }
      if (granted > 0) granting += 1;
    }),
    { numRuns: 2_000 },
  );
  assert.ok(granting > 100 && narrower < 1_900, `${narrower} narrower, ${granting} that grant something`);
});

test('what is allowed is in a rule, in the zone, and of no protected type that is not named', () => {
  fc.assert(
    fc.property(smallRights, (some) => {
      for (const key of smallKeys) {
        for (const verb of verbs) {
          const { allowed, reason } = explainRight(some, key.zone, key.name, key.type, verb);
          if (!allowed) continue;
          assert.equal(reason, 'rule.allows');
          assert.ok(some.rules.some((rule) => isMeantRule(rule, key) && rule.allow.includes(verb)));
          assert.ok(verb === 'read' || key.type !== 'CAA' || some.protectedTypes.includes('CAA'));
          assert.ok(verb !== 'read' || mayReadZone(some, key.zone));
        }
      }
      for (const one of smallZoneNames) {
        if (!mayDeleteZone(some, one)) continue;
        for (const key of smallKeys.filter(({ zone: of, type }) => of === one && type !== 'CAA'))
          assert.ok(explainRight(some, one, key.name, key.type, 'remove').allowed);
      }
    }),
    { numRuns: 500 },
  );
});

test('10,000 records are decided in about the same time by 1,000 rules as by 10', () => {
  const names = Array.from({ length: 10_000 }, (_, at) => `n${at}.${['a', 'b'][at % 2]!}`);
  const change = { zone, remove: [], add: names.map((name) => record(`${name} A 192.0.2.1`)) };
  const took = (count: number): number => {
    const rules = Array.from({ length: count }, (_, at) =>
      at % 2 === 0
        ? (['example.org', `n${at * 7}.a`, 'A', 'add'] as const)
        : (['example.org', `**.m${at}.a`, '*', 'add'] as const),
    );
    const some = rights(rules);
    const before = cpuTime();
    const found = decideChange(some, change, []);
    assert.ok(found.length < names.length && found.length > 9_000);
    return cpuTime() - before;
  };
  took(10);
  const [few, many] = [took(10), took(1_000)];
  assert.ok(many < 5 * few + 100, `${many} ms with 1,000 rules, ${few} ms with 10`);
});

test('rules made to be slow are not', () => {
  const parts = Array.from({ length: 256 }, (_, at) =>
    Array.from({ length: 8 }, (_part, bit) => ((at >> bit) % 2 === 1 ? '*' : 'a')).join('.'),
  );
  const splits = Array.from({ length: 20 }, (_, at) => 'a.'.repeat(at)).flatMap((head) =>
    Array.from({ length: 20 }, (_, at) => `${head}**${'.a'.repeat(at)}`),
  );
  const some = rights([...parts, ...splits].map((name) => ['**', name, 'A', 'add'] as const));
  const deep = 'a.'.repeat(40).slice(0, -1);
  const names = Array.from({ length: 2_000 }, (_, at) => `${deep}.x${at}.${deep}`);
  const before = cpuTime();
  const add = names.map((name) => record(`${name} A 192.0.2.1`));
  assert.deepEqual(decideChange(some, { zone, remove: [], add }, []), []);
  const took = cpuTime() - before;
  assert.ok(took < 20_000, `${took} ms`);
});
