/**
 * Tests that no sequence of calls with a token changes or shows a record that the token's rules do not name.
 * The judge compares what PowerDNS has in its database before and after each call. A second customer has a
 * zone there too.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { parseName, type DnsName } from '../../dns/name.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { isMeant, isMeantRule, patternText } from '../../testing/naive-rights.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { explainRight, mayReadZone, type Rights } from '../rights/decide.ts';
import { verbs, type Rule, type Verb } from '../rights/rule.ts';

/** Zones that calls name: the customer's, those that may be created, and the other customer's. */
const zones = ['a.test', 'b.a.test', 'c.test', 'o.test', 'x.o.test'] as const;
const foreign = 'o.test.';
const everywhere = presetOfAll();

const values = {
  A: ['192.0.2.1', '192.0.2.2'],
  TXT: ['"x"', '"y"'],
  CAA: ['0 issue "ca.test"'],
  NS: ['ns.o.test.'],
} as const;

type Sent = { readonly name: string; readonly type: string; readonly ttl: number; readonly data: string };

const zone = fc.constantFrom('a.test', 'a.test', 'b.a.test', 'b.a.test', ...zones);
const labelBefore = fc.constantFrom('', '', 'a.', 'b.', 'a.b.', '*.', '*.a.', '_acme-challenge.');

/** Names in the zone, and few in another one. */
function ownerIn(of: string): fc.Arbitrary<string> {
  const where = fc.oneof({ weight: 12, arbitrary: fc.constant(of) }, { weight: 1, arbitrary: zone });
  return fc.tuple(labelBefore, where).map((parts) => `${parts.join('')}.`);
}

function sentIn(of: string): fc.Arbitrary<Sent> {
  const types = fc.constantFrom('A', 'A', 'A', 'TXT', 'CAA', 'NS' as const);
  return fc
    .tuple(ownerIn(of), types, fc.constantFrom(0, 1), fc.constantFrom(60, 300))
    .map(([name, type, at, ttl]) => {
      const all: readonly string[] = values[type];
      return { name, type, ttl, data: all[at % all.length] ?? '' };
    });
}

/** A request. Its path begins with `/v1/`. */
interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

let keys = 0;
function newKey(): string {
  keys += 1;
  return `property-${keys}`;
}

function callIn(of: string): fc.Arbitrary<Call> {
  const some = fc.array(sentIn(of), { maxLength: 2 });
  const path = `/v1/zones/${of}`;
  const setPath = ({ name, type }: Sent): string => `${path}/rrsets/${encodeURIComponent(name)}/${type}`;
  const calls: readonly (readonly [number, fc.Arbitrary<Call>])[] = [
    [
      6,
      fc.tuple(some, some).map(([remove, add]) => {
        return { method: 'POST', path: `${path}/changes`, body: { key: newKey(), remove, add } };
      }),
    ],
    [
      4,
      sentIn(of).map((one) => {
        return { method: 'PUT', path: setPath(one), body: { ttl: one.ttl, data: [one.data] } };
      }),
    ],
    [2, sentIn(of).map((one) => ({ method: 'DELETE', path: setPath(one) }))],
    [2, fc.constantFrom('records', 'rrsets').map((what) => ({ method: 'GET', path: `${path}/${what}` }))],
    [
      1,
      ownerIn(of).map((name) => {
        return { method: 'GET', path: `${path}/records?name=${encodeURIComponent(name)}` };
      }),
    ],
    [
      2,
      some.map((records) => {
        const body = { zone: of, check: false, nameServers: ['ns.test'], records };
        return { method: 'POST', path: '/v1/zones', body };
      }),
    ],
    [3, fc.constant({ method: 'DELETE', path })],
    [1, fc.constant({ method: 'GET', path: '/v1/zones' })],
  ];
  return fc.oneof(...calls.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

const zoneText = fc.constantFrom('**', '**', 'a.test', 'b.a.test', '**.test', '*.a.test', '*.test', 'o.test');
const someVerbs = fc.oneof(fc.constant<Verb[]>([]), fc.subarray([...verbs]), fc.constant([...verbs]));
const rule: fc.Arbitrary<Rule> = fc.record({
  zone: zoneText,
  name: fc.oneof(fc.constantFrom('@', '**', '**', '*', '_acme-challenge'), patternText('name')),
  types: fc.constantFrom<Rule['types']>('*', '*', ['A'], ['TXT'], ['A', 'CAA'], ['NS']),
  allow: someVerbs,
});
/** Half of the tokens begin with two rules that allow everything. Further rules take a part of it away. */
const wide = fc.constantFrom<Rule[]>(
  [],
  ['@', '**'].map((name) => ({ zone: '**', name, types: '*', allow: verbs })),
);
const rights: fc.Arbitrary<Rights> = fc.record({
  rules: fc.tuple(wide, fc.array(rule, { maxLength: 4 })).map((parts) => parts.flat()),
  createZones: fc.array(zoneText, { maxLength: 2 }),
  deleteZones: fc.constantFrom(['**'], ['**'], ['b.a.test', '*.test'], []),
  protectedTypes: fc.subarray(['CAA', 'NS@']),
});

function presetOfAll(): Rights {
  const rules = ['@', '**'].map((name) => ({ zone: '**', name, types: '*', allow: verbs }) as const);
  return { rules, createZones: ['**'], deleteZones: ['**'], protectedTypes: ['CAA', 'NS@'] };
}

const row = v.object({
  zone: v.string(),
  name: v.string(),
  type: v.string(),
  content: v.string(),
  ttl: v.number(),
});

/** The zones of PowerDNS, and in each the records of each RRset (`NAME TYPE`) as text. */
type Snapshot = ReadonlyMap<string, ReadonlyMap<string, string>>;

function snapshotOf(database: DatabaseSync): Snapshot {
  const found = new Map<string, Map<string, string>>();
  for (const { name } of v.parse(
    v.array(v.object({ name: v.string() })),
    database.prepare('SELECT name FROM domains').all(),
  ))
    found.set(`${name}.`, new Map());
  const sql = `SELECT d.name AS zone, r.name, r.type, r.content, r.ttl FROM records r
    JOIN domains d ON d.id = r.domain_id WHERE r.type IS NOT NULL AND r.type <> 'SOA' ORDER BY r.content`;
  for (const one of v.parse(v.array(row), database.prepare(sql).all())) {
    const sets = found.get(`${one.zone}.`);
    const id = `${one.name}. ${one.type}`;
    sets?.set(id, `${sets.get(id) ?? ''}${one.ttl} ${one.content}\n`);
  }
  return found;
}

/** Whether the rights allow the verb here, by the gateway's decision and by a simpler look at each rule. */
function isNamed(of: Rights, inZone: DnsName, id: string, verb: Verb): boolean {
  const [text = '', type = ''] = id.split(' ');
  const name = parseName(text);
  const rules = of.rules.filter((one) => one.allow.includes(verb));
  const isRule = rules.some((one) => isMeantRule(one, { zone: inZone, name, type }));
  const isHead = verb === 'read' && name === inZone && type === 'NS' && mayReadZone(of, inZone);
  return isHead || (isRule && explainRight(of, inZone, name, type, verb).allowed);
}

function isZoneNamed(patterns: readonly string[], inZone: DnsName): boolean {
  return patterns.some((text) => isMeant(text, inZone.split('.').slice(0, -1), 'zone'));
}

/** Checks every difference between two snapshots. @returns the number of RRsets that have changed */
function judgeChanges(of: Rights, one: Snapshot, other: Snapshot): number {
  let changed = 0;
  for (const text of new Set([...one.keys(), ...other.keys()])) {
    const inZone = parseName(text);
    const [was, is] = [one.get(text), other.get(text)];
    if (was === undefined) assert.ok(isZoneNamed(of.createZones, inZone), `created ${text}`);
    if (is === undefined) assert.ok(isZoneNamed(of.deleteZones, inZone), `deleted ${text}`);
    const isWhole = was === undefined || is === undefined;
    const [earlier, later] = [was ?? none, is ?? none];
    for (const id of new Set([...earlier.keys(), ...later.keys()])) {
      // The NS at the apex come and go with the zone.
      if (earlier.get(id) === later.get(id) || (isWhole && id === `${text} NS`)) continue;
      changed += 1;
      assert.notEqual(text, foreign);
      const verb = verbOf(earlier.has(id), later.has(id));
      assert.ok(isNamed(of, inZone, id, verb), `${verb} ${id} in ${text}`);
    }
  }
  return changed;
}

const none: ReadonlyMap<string, string> = new Map();

function verbOf(was: boolean, is: boolean): Verb {
  if (!was) return 'add';
  return is ? 'change' : 'remove';
}

const shownRecords = v.object({ records: v.array(v.object({ name: v.string(), type: v.string() })) });
const shownSets = v.object({ rrsets: v.array(v.object({ name: v.string(), type: v.string() })) });

/** Checks what an answer shows. @returns the number of records that are shown */
function judgeShown(of: Rights, { method, path }: Call, { status, body }: Said): number {
  if (method !== 'GET' || status !== 200 || path === '/v1/zones') return 0;
  const text = `${path.split('/')[3] ?? ''}.`;
  assert.ok(text !== foreign && !text.endsWith(`.${foreign}`), path);
  const shown = path.endsWith('rrsets')
    ? v.parse(shownSets, body).rrsets
    : v.parse(shownRecords, body).records;
  for (const { name, type } of shown) {
    if (type === 'SOA') assert.ok(mayReadZone(of, parseName(text)));
    else assert.ok(isNamed(of, parseName(text), `${name} ${type}`, 'read'), `${name} ${type} shown`);
  }
  return shown.length;
}

describe('rights of a token, judged at PowerDNS', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let database: DatabaseSync;
  let full: string;
  before(async () => {
    bench = await startGatewayBench();
    database = new DatabaseSync(join(bench.server.folder, 'pdns.sqlite3'), {
      readOnly: true,
      timeout: 10_000,
    });
    full = await bench.token('shop', everywhere);
    const other = await bench.token('other', everywhere);
    await fill(other, 'o.test');
  });
  after(async () => {
    database.close();
    await bench.stop();
  });

  const fill = async (by: string, of: string): Promise<void> => {
    const names = ['', 'a.', 'b.', '*.', '_acme-challenge.'];
    const records = names.flatMap((label) =>
      (['A', 'TXT', 'CAA'] as const).map((type) => ({
        name: `${label}${of}.`,
        type,
        ttl: 60,
        data: values[type][0],
      })),
    );
    const body = { zone: of, check: false, nameServers: ['ns.test'], records };
    const said = await askGateway(bench.url(), by, 'POST', '/v1/zones', body);
    assert.ok([200, 201].includes(said.status), JSON.stringify(said.body));
  };

  test('no sequence of calls goes beyond the rules', async () => {
    let [changed, shown, refused] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(
        rights,
        fc.array(zone.chain(callIn), { minLength: 4, maxLength: 12 }),
        async (of, calls) => {
          for (const one of ['a.test', 'b.a.test']) await fill(full, one);
          const by = await bench.token('shop', of);
          for (const one of calls) {
            const was = snapshotOf(database);
            const said = await askGateway(bench.url(), by, one.method, one.path, one.body);
            assert.ok(said.status < 500, JSON.stringify([one, said]));
            const altered = judgeChanges(of, was, snapshotOf(database));
            assert.ok(altered === 0 || said.status < 300, JSON.stringify([one, said]));
            changed += altered;
            shown += judgeShown(of, one, said);
            if (said.status === 403) refused += 1;
          }
        },
      ),
      { numRuns: 60 },
    );
    assert.ok(changed > 50 && shown > 100 && refused > 50, `${changed} ${shown} ${refused}`);
  });
});
