/** Rights of tokens: rules as they are sent and stored, what they decide, and which are narrower. */
import assert from 'node:assert/strict';
import * as v from 'valibot';
import { parseName } from '../../../dns/name.ts';
import { DnsDataError } from '../../../dns/problem.ts';
import {
  checkRights,
  explainRight,
  isNarrower,
  mayCreateZone,
  mayDeleteZone,
  mayReadZone,
  type Rights,
} from '../../../gateway/rights/decide.ts';
import { presetRights, presets } from '../../../gateway/rights/presets.ts';
import { verbs } from '../../../gateway/rights/rule.ts';
import { newToken } from '../../../gateway/api/shapes.ts';
import { rightsSchema } from '../../../gateway/storage/rights-schema.ts';
import { defineTarget, fieldsIn, textIn, type Target } from '../target.ts';

/** The input has not the shape that the API demands. */
class NoShape extends Error {
  override readonly name = 'NoShape';
}

function shapeOf<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const read = v.safeParse(schema, value);
  if (read.success) return read.output;
  throw new NoShape(read.issues[0].message);
}

/** Rights as the API reads them. @throws {NoShape | DnsDataError} */
function rightsOf(value: unknown): Rights {
  const rights = shapeOf(rightsSchema, value);
  const problems = checkRights(rights);
  if (problems.length > 0) throw new DnsDataError(problems);
  return rights;
}

const everything = ['read', 'add', 'change', 'remove'];
const all = { zone: '**', name: '**', types: '*', allow: everything };
const apex = { ...all, name: '@' };
const rightsSamples = [
  { rules: [all, apex], createZones: ['**'], deleteZones: ['**'], protectedTypes: ['NS@', 'SOA', 'CAA'] },
  {
    rules: [
      { zone: '**.example.org', name: '_acme-challenge.**', types: ['TXT'], allow: everything },
      { zone: 'example.org', name: String.raw`\*`, types: ['A', 'TYPE28'], allow: [] },
      { zone: 'example.org', name: '*.shop', types: ['A', 'aaaa'], allow: ['read', 'change'] },
    ],
    createZones: ['*.example.org'],
    deleteZones: [],
    protectedTypes: ['ns@', 'TYPE65401'],
  },
  {
    rules: [
      { zone: 'example.org', name: '@', types: '*', allow: ['read'] },
      { zone: 'example.org', name: '**', types: ['A'], allow: ['read'] },
      { zone: 'example.org', name: 'www', types: ['A'], allow: [] },
    ],
    createZones: ['example.org'],
    deleteZones: ['example.org'],
    protectedTypes: [],
  },
];

const places = [
  ['example.org.', 'www.example.org.', 'A'],
  ['example.org.', 'example.org.', 'NS'],
  ['sub.example.org.', String.raw`\*.sub.example.org.`, 'TYPE1'],
  ['example.org.', '_acme-challenge.www.example.org.', 'txt'],
] as const;

const words = [
  '*',
  '**',
  '@',
  '.',
  '\\',
  String.raw`\*`,
  String.raw`\042`,
  String.raw`\046`,
  '**.',
  'NS@',
  'ns@',
  'TYPE1',
  'TYPE65402',
  'ALIAS',
  'xn--',
  'ß',
  'İ',
  '__proto__',
  'read',
  'remove',
];

/**
 * What rights decide about an RRset, for a token and one that it makes. A token that counts as narrower must
 * never be allowed more.
 */
const decisions = defineTarget({
  name: 'gateway-rights',
  shape: 'json',
  samples: rightsSamples.flatMap((parent) =>
    rightsSamples.map((child, at) => {
      const [zone, name, type] = places[at % places.length] ?? places[0];
      return JSON.stringify({ parent, child, zone, name, type });
    }),
  ),
  words,
  decode: (input) => {
    const { parent, child, zone, name, type } = fieldsIn(input) ?? {};
    const [above, below] = [rightsOf(parent), rightsOf(child)];
    const [owner, place] = [parseName(textIn(name)), parseName(textIn(zone))];
    const decided = [above, below].map((rights) => ({
      verbs: verbs.filter((verb) => explainRight(rights, place, owner, textIn(type), verb).allowed),
      creates: mayCreateZone(rights, place),
      deletes: mayDeleteZone(rights, place),
      reads: mayReadZone(rights, place),
    }));
    return { above, below, isNarrow: isNarrower(below, above), decided };
  },
  refusals: [NoShape, DnsDataError],
  check: ({ above, below, isNarrow, decided: [wide, narrow] }) => {
    // What was read is the same when it is stored and read again.
    for (const rights of [above, below])
      assert.deepEqual(rightsOf(JSON.parse(JSON.stringify(rights))), rights);
    if (!isNarrow) return;
    assert.ok(wide !== undefined && narrow !== undefined);
    assert.deepEqual(
      narrow.verbs.filter((verb) => !wide.verbs.includes(verb)),
      [],
    );
    assert.ok(wide.creates || !narrow.creates, 'creates a zone');
    assert.ok(wide.deletes || !narrow.deletes, 'deletes a zone');
    assert.ok(wide.reads || !narrow.reads, 'sees a zone');
  },
});

/** The order of a token with a preset. What it grants must be readable once it is stored. */
const preset = defineTarget({
  name: 'gateway-preset',
  shape: 'json',
  samples: presets.flatMap((name) => [
    JSON.stringify({ preset: name, zones: ['**.example.org', 'example.net'], names: ['www', '@', '*.a'] }),
    JSON.stringify({ preset: name, zones: ['**'], names: [] }),
  ]),
  words: [...words, ...presets],
  // A preset writes out a rule for each of its zones and names.
  budget: { octets: 2_000 },
  decode: (input) => {
    const { preset: name = 'read', zones = ['**'], names = [] } = shapeOf(newToken, fieldsIn(input));
    return presetRights(name, zones, names);
  },
  refusals: [NoShape, DnsDataError],
  check: (rights) => {
    const read = v.safeParse(rightsSchema, JSON.parse(JSON.stringify(rights)));
    assert.ok(read.success, 'the stored rights cannot be read');
    assert.deepEqual(checkRights(rights), []);
  },
});

export const gatewayRightsTargets: readonly Target[] = [decisions, preset];
