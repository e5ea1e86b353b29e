import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import { SettableServer } from '../../testing/asked-server.ts';
import { goalsOf } from './goal.ts';
import { askServer, type ServerAnswer } from './ask.ts';

const zone = parseName('example.org.');
const signal = new AbortController().signal;

function record(name: string, type: string, rdata: string, ttl: number | null = null): ResourceRecord {
  return makeRecord({ name, type, rdata, ttl }, zone);
}

const a = (name: string, last: number): ResourceRecord => record(name, 'A', `192.0.2.${last}`);

async function looks(
  held: readonly ResourceRecord[],
  removed: readonly ResourceRecord[],
  added: readonly ResourceRecord[],
  before: readonly ResourceRecord[] = [],
): Promise<ServerAnswer['state'][]> {
  const server = new SettableServer('ns', zone, held);
  const found: ServerAnswer['state'][] = [];
  for (const goal of goalsOf(zone, { removed, added }, before))
    found.push((await askServer(server, goal, signal)).state);
  return found;
}

test('one goal an RRset; another TTL alone is no removal', () => {
  const slow = record('www', 'A', '192.0.2.1', 600);
  const goals = goalsOf(zone, {
    removed: [a('www', 1), a('www', 2), a('ftp', 1)],
    added: [slow, a('www', 3)],
  });
  assert.deepEqual(
    goals.map(({ name, present, absent }) => [name, [...present], [...absent]]),
    [
      ['www.example.org.', ['192.0.2.1', '192.0.2.3'], ['192.0.2.2']],
      ['ftp.example.org.', [], ['192.0.2.1']],
    ],
  );
});

test('live is what has every added record and no removed one, in any order, whatever stands beside it', async () => {
  assert.deepEqual(await looks([a('www', 9), a('www', 2)], [a('www', 1)], [a('www', 2)]), ['live']);
  assert.deepEqual(await looks([a('www', 1)], [a('www', 1)], [a('www', 2)]), ['old']);
  assert.deepEqual(await looks([a('www', 1), a('www', 2)], [a('www', 1)], [a('www', 2)]), ['old']);
  assert.deepEqual(await looks([], [a('www', 1)], []), ['live']);
  assert.deepEqual(await looks([], [], [a('www', 1)]), ['old']);
});

test('property: a server that holds the zone after a change is live, one that holds it before is not', async () => {
  const host = fc.constantFrom('www', 'ftp', 'xn--80ak6aa92e', '*', '@');
  const records = fc.uniqueArray(fc.tuple(host, fc.integer({ min: 1, max: 9 })), {
    selector: ([name, last]) => `${name} ${last}`,
  });
  await fc.assert(
    fc.asyncProperty(records, records, async (before, after) => {
      const [from, to] = [before, after].map((side) => side.map(([name, last]) => a(name, last)));
      assert.ok(from !== undefined && to !== undefined);
      const ids = (side: readonly ResourceRecord[]): Set<string> =>
        new Set(side.map(({ name, rdata }) => `${name} ${rdata}`));
      const removed = from.filter(({ name, rdata }) => !ids(to).has(`${name} ${rdata}`));
      const added = to.filter(({ name, rdata }) => !ids(from).has(`${name} ${rdata}`));
      assert.ok((await looks(to, removed, added)).every((state) => state === 'live'));
      // An answer that a wildcard gives looks the same as one from the name's own records, so nothing is
      // checked here.
      if (
        from.some(({ name }) => name === '*.example.org.') ||
        to.some(({ name }) => name === '*.example.org.')
      )
        return;
      assert.ok((await looks(from, removed, added)).every((state) => state === 'old'));
    }),
    { numRuns: 200 },
  );
});

test('an alias at the name: what it leads to is not data of the name', async () => {
  const alias = record('www', 'CNAME', 'other');
  assert.deepEqual(await looks([alias, a('other', 1)], [a('www', 1)], [alias]), ['live', 'live']);
  assert.deepEqual(await looks([alias], [alias], [a('www', 1)]), ['old', 'old']);
});

test('a removed record whose data a wildcard gives as well cannot be told from it', async () => {
  assert.deepEqual(await looks([a('*', 1)], [a('www', 1)], []), ['live']);
  assert.deepEqual(await looks([a('*', 2)], [a('www', 1)], []), ['live']);
  assert.deepEqual(await looks([a('*', 2), a('www', 1)], [a('www', 1)], []), ['old']);
  assert.deepEqual(await looks([a('*', 1)], [a('a.b.www', 1)], []), ['live']);
  // If other records stay at the name, no wildcard answers for it.
  const other = record('www', 'TXT', '"x"');
  const old = [a('*', 1), a('www', 1), other];
  assert.deepEqual(await looks(old, [a('www', 1)], [], [a('www', 1), other]), ['old']);
  assert.deepEqual(await looks([a('*', 1), other], [a('www', 1)], [], [a('www', 1), other]), ['live']);
});

test('a server that refuses, fails, or says nothing is not live, and says why', async () => {
  const [goal] = goalsOf(zone, { removed: [], added: [a('www', 1)] });
  assert.ok(goal !== undefined);
  const server = new SettableServer('ns', zone, [a('www', 1)]);
  const outcomes: (readonly [number | null, ServerAnswer])[] = [
    [rcodes.REFUSED, { state: 'unserved', text: '' }],
    [rcodes.NOTAUTH, { state: 'unserved', text: '' }],
    [rcodes.SERVFAIL, { state: 'failed', text: 'SERVFAIL' }],
    [null, { state: 'silent', text: 'no answer in time' }],
    [rcodes.NOERROR, { state: 'live', text: '' }],
  ];
  for (const [rcode, look] of outcomes) {
    server.rcode = rcode;
    assert.deepEqual(await askServer(server, goal, signal), look);
  }
});

test('an answer out of a cache counts by its data', async () => {
  const [goal] = goalsOf(zone, { removed: [a('www', 1)], added: [] });
  assert.ok(goal !== undefined);
  const server = new SettableServer('resolver', zone, [a('www', 1)]);
  server.aa = false;
  assert.equal((await askServer(server, goal, signal)).state, 'old');
  server.records = [];
  assert.equal((await askServer(server, goal, signal)).state, 'live');
});

test('a server that only has the parent of the zone does not serve it', async () => {
  const [goal] = goalsOf(zone, { removed: [], added: [a('www', 1)] });
  assert.ok(goal !== undefined);
  assert.equal(
    (await askServer(new SettableServer('ns', parseName('org.')), goal, signal)).state,
    'unserved',
  );
});

test('what cannot be put into a query is not checked', async () => {
  const [goal] = goalsOf(zone, { removed: [], added: [{ ...a('www', 1), type: 'NOSUCHTYPE' }] });
  assert.ok(goal !== undefined);
  const { queryMessage, encodeMessage } = await import('../../dns/wire/message.ts');
  const server = {
    name: 'ns',
    ask: async (name: typeof zone, type: string) => {
      encodeMessage(queryMessage(name, type));
      return await Promise.reject(new Error('it can'));
    },
    close: () => undefined,
  };
  assert.equal((await askServer(server, goal, signal)).state, 'hidden');
});
