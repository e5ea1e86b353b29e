import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { zoneName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { demandMatch, tagOf } from './precondition.ts';
import { changeToRRset, demandRRset, type RRsetRequest } from './rrset.ts';

const zone = zoneName('example.org');
const none = { match: null, noneMatch: null };

function address(last: number, ttl: number): ResourceRecord {
  return makeRecord({ name: 'www', type: 'A', rdata: `192.0.2.${last}`, ttl }, zone);
}

function request(
  records: readonly ResourceRecord[],
  precondition: RRsetRequest['precondition'] = none,
): RRsetRequest {
  return { key: null, name: zoneName('www.example.org'), type: 'A', records, precondition };
}

const other = makeRecord({ name: 'www', type: 'TXT', rdata: '"x"', ttl: 60 }, zone);
const sets = fc
  .tuple(fc.uniqueArray(fc.integer({ min: 1, max: 5 })), fc.constantFrom(60, 300))
  .map(([all, ttl]) => all.map((last) => address(last, ttl)));

test('the change makes the RRset as it is wanted, and touches nothing else', () => {
  fc.assert(
    fc.property(sets, sets, (present, wanted) => {
      const { remove, add } = changeToRRset(zone, request(wanted), [...present, other]);
      const after = new Map(present.map((record) => [recordId(record), record]));
      for (const record of remove) {
        assert.deepEqual(after.get(recordId(record)), record);
        after.delete(recordId(record));
      }
      for (const record of add) {
        assert.ok(!after.has(recordId(record)));
        after.set(recordId(record), record);
      }
      assert.deepEqual(new Set(after.values()), new Set(wanted));
    }),
  );
});

test('a tag is of type, TTL and data, whatever their order', () => {
  const [one, two] = [address(1, 60), address(2, 60)];
  assert.equal(tagOf([one, two]), tagOf([two, one]));
  assert.match(tagOf([one]), /^"[0-9a-f]{32}"$/u);
  const tags = [[one], [two], [one, two], [address(1, 61)], [other]].map(tagOf);
  assert.equal(new Set(tags).size, tags.length);
});

test('preconditions: by tag, by existence, by absence', () => {
  const present = [address(1, 60)];
  const tag = tagOf(present);
  const holds = (
    match: readonly string[] | 'any' | null,
    noneMatch: typeof match,
    there = present,
  ): boolean => {
    try {
      demandMatch({ match, noneMatch }, there);
      return true;
    } catch {
      return false;
    }
  };
  assert.deepEqual(
    [holds([tag], null), holds(['"x"', tag], null), holds('any', null), holds(null, ['"x"'])],
    [true, true, true, true],
  );
  assert.deepEqual(
    [holds([`W/${tag}`], null), holds(['"x"'], null), holds(null, 'any'), holds(null, [tag])],
    [false, false, false, false],
  );
  assert.deepEqual(
    [holds([tag], null, []), holds('any', null, []), holds(null, 'any', []), holds(null, [tag], [])],
    [false, false, true, true],
  );
});

test('a precondition tells nothing to a token that may not read, not even whether it holds', () => {
  const rule = { zone: '**', name: '**', types: '*', allow: ['add', 'change', 'remove'] } as const;
  const rights = { rules: [rule], createZones: [], deleteZones: [], protectedTypes: [] };
  const present = [address(1, 60)];
  for (const match of [[tagOf(present)], ['"x"'], 'any'] as const)
    assert.throws(
      () => {
        demandRRset(rights, zone, request([address(2, 60)], { match, noneMatch: null }), present);
      },
      { status: 403 },
    );
  demandRRset(rights, zone, request([address(2, 60)]), present);
  const reader = { ...rights, rules: [{ ...rule, allow: ['read'] as const }] };
  for (const records of [[address(1, 60)], [address(2, 60)], []])
    assert.throws(
      () => {
        demandRRset(reader, zone, request(records), present);
      },
      { status: 403 },
    );
});
