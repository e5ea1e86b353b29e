/** Tests how the history is read: operations and decisions together, filtered, in pages. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { leftOutNote, type Decision } from '../core/decision.ts';
import { idAt, type HistoryFilter } from '../core/history.ts';
import type { OperationItem } from '../core/operation.ts';
import { makeRecord } from '../dns/record.ts';
import { parseName } from '../dns/name.ts';
import { sampleDelete, sampleOperation } from '../testing/contracts/journal.ts';
import { unkeyedFact } from './history-index.ts';
import { noteUnkeyed } from './migrate-keys.ts';
import { SqliteJournal } from './sqlite.ts';

const zone = parseName('example.org.');
const other = parseName('example.net.');
const record = makeRecord({ name: 'shop', type: 'A', rdata: '192.0.2.9' }, zone);

function id(at: number, kind = '0'): string {
  return `${idAt(at)}-${kind}`;
}

function decision(at: number, changes: Partial<Decision> = {}): Decision {
  return {
    kind: 'call',
    id: id(at, 'c'),
    edit: 'records',
    zone,
    outcome: 'panel-only',
    why: ['note.left-pause'],
    actor: 'alice',
    address: '192.0.2.1',
    func: 'domain.record.edit',
    createdAt: at,
    kept: false,
    times: 1,
    items: [{ remove: null, add: record }],
    ...changes,
  };
}

function pathFor(t: TestContext): string {
  const path = join(mkdtempSync(join(tmpdir(), 'history-')), 'journal.db');
  t.after(() => rmSync(dirname(path), { recursive: true, force: true }));
  return path;
}

function given(t: TestContext): { readonly path: string; readonly journal: SqliteJournal } {
  const path = pathFor(t);
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  t.after(async () => await journal.close());
  return { path, journal };
}

async function idsOf(journal: SqliteJournal, filter: HistoryFilter): Promise<readonly string[]> {
  const { entries, next } = await journal.page(filter, null, 100);
  assert.equal(next, null);
  return entries.map((entry) => entry.id);
}

/** Makes a journal with four operations and two decisions, a second apart. */
async function filled(journal: SqliteJournal): Promise<void> {
  const item = { remove: null, add: record, mirrored: true, note: null };
  await journal.commit({
    operations: [
      sampleOperation(id(1_000), { state: 'confirmed', problems: [] }),
      sampleOperation(id(2_000), { state: 'refused', actor: 'bob' }),
      sampleOperation(id(3_000), { state: 'applied', items: [item] }),
      sampleDelete(id(4_000), { zone: other, state: 'confirmed', actor: 'bob' }),
    ],
  });
  journal.note([
    decision(2_500),
    decision(5_000, { actor: 'bob', outcome: 'refused', zone: null, items: [] }),
  ]);
}

test('operations and decisions are one list, the newest first', async (t) => {
  const { journal } = given(t);
  await filled(journal);
  const newest = [id(5_000, 'c'), id(4_000), id(3_000), id(2_500, 'c'), id(2_000), id(1_000)];
  assert.deepEqual(await idsOf(journal, {}), newest);
  assert.deepEqual(
    (await journal.entries(idAt(2_500).slice(0, 9))).map((entry) => entry.id),
    [id(2_500, 'c')],
  );
});

test('each filter finds what fits, open operations among it, by its keys', async (t) => {
  const { journal } = given(t);
  await filled(journal);
  const wanted: readonly (readonly [HistoryFilter, readonly string[]])[] = [
    [{ zone }, [id(3_000), id(2_500, 'c'), id(2_000), id(1_000)]],
    [{ name: record.name }, [id(3_000), id(2_500, 'c')]],
    [{ user: 'bob' }, [id(5_000, 'c'), id(4_000), id(2_000)]],
    [{ user: 'bob', outcome: 'refused' }, [id(5_000, 'c'), id(2_000)]],
    [{ outcome: 'both-sides' }, [id(4_000), id(1_000)]],
    [{ outcome: 'under-way' }, [id(3_000)]],
    [{ since: 2_500, until: 4_000 }, [id(3_000), id(2_500, 'c')]],
    [{ user: 'nobody' }, []],
  ];
  for (const [filter, ids] of wanted)
    assert.deepEqual(await idsOf(journal, filter), ids, JSON.stringify(filter));
});

test('issue 13, history: an ended operation is found by each of its owner names', async (t) => {
  const { journal } = given(t);
  const item = (host: string): OperationItem => {
    const add = makeRecord({ name: host, type: 'A', rdata: '192.0.2.9' }, zone);
    return { remove: null, add, mirrored: true, note: null };
  };
  const items = [item('shop'), item('mail')];
  await journal.commit({ operations: [sampleOperation(id(1_000), { state: 'confirmed', items })] });
  for (const { add } of items)
    assert.deepEqual(await idsOf(journal, { name: add?.name ?? zone }), [id(1_000)]);
});

test('an operation that ends later, changes or is dropped is found by its keys of now', async (t) => {
  const { journal } = given(t);
  await filled(journal);
  await journal.commit({ operations: [sampleOperation(id(3_000), { state: 'confirmed', problems: [] })] });
  assert.deepEqual(await idsOf(journal, { outcome: 'both-sides' }), [id(4_000), id(3_000), id(1_000)]);
  await journal.commit({ operations: [sampleOperation(id(2_000), { state: 'refused', actor: '' })] });
  assert.deepEqual(await idsOf(journal, { user: 'bob' }), [id(5_000, 'c'), id(4_000)]);
  journal.prune('', { now: 1e15, since: 1e15, most: 1e15, recent: 0 });
  assert.deepEqual(await idsOf(journal, { outcome: 'both-sides' }), []);
});

test('pages follow each other without a gap, however few entries of them fit', async (t) => {
  const { journal } = given(t);
  const at = Array.from({ length: 2_500 }, (_, n) => 1_000 + n);
  await journal.commit({
    operations: at.map((one) =>
      sampleOperation(id(one), { state: 'confirmed', zone: one % 500 === 0 ? other : zone }),
    ),
  });
  journal.note(
    at.filter((one) => one % 1_000 === 0).map((one) => decision(one, { actor: `u${one}`, zone: other })),
  );
  for (const filter of [{ zone: other }, {}, { outcome: 'partly' }] as const) {
    const found: string[] = [];
    let before: string | null = null;
    for (let pages = 0; pages < 100; pages += 1) {
      const page: Awaited<ReturnType<SqliteJournal['page']>> = await journal.page(filter, before, 70);
      found.push(...page.entries.map((entry) => entry.id));
      before = page.next;
      if (before === null) break;
    }
    assert.equal(before, null);
    assert.equal(new Set(found).size, found.length);
    assert.deepEqual(found, found.toSorted().toReversed());
    assert.equal(found.length, 'zone' in filter ? 8 : 'outcome' in filter ? 0 : 2_503);
  }
});

test('one account fills its own share only, and what goes is counted', async (t) => {
  const { journal } = given(t);
  journal.note([decision(1, { actor: 'bob' })]);
  for (let from = 10; from < 3_010; from += 500)
    journal.note(Array.from({ length: 500 }, (_, n) => decision(from + n, { actor: 'alice' })));
  const { entries } = await journal.page({}, null, 5_000);
  const alice = entries.filter(({ actor }) => actor === 'alice');
  assert.equal(alice.length, 1_000);
  assert.equal(
    alice.reduce((sum, entry) => sum + (entry.kind === 'call' ? entry.times : 0), 0),
    3_000,
  );
  const oldest = alice.at(-1);
  assert.ok(oldest?.kind === 'call' && oldest.why.includes(leftOutNote));
  // A row that stands for several edits does not say that the panel made all of them.
  assert.equal(oldest.kept, false);
  assert.equal(entries.filter(({ actor }) => actor === 'bob').length, 1);
});

test('a decision with long records is kept without them; a damaged one hides no other', async (t) => {
  const { path, journal } = given(t);
  const long = makeRecord({ name: 'long', type: 'TXT', rdata: `"${'x'.repeat(4_000)}"` }, zone);
  journal.note([decision(1), decision(2, { items: [{ remove: null, add: long }] }), decision(3)]);
  const [, second] = (await journal.page({}, null, 10)).entries;
  assert.ok(second?.kind === 'call');
  assert.deepEqual(second.items, []);
  const database = new DatabaseSync(path);
  database.exec(`UPDATE decision SET body = replace(body, 'alice', 'mallory') WHERE id = '${id(2, 'c')}'`);
  database.close();
  assert.deepEqual(await idsOf(journal, {}), [id(3, 'c'), id(1, 'c')]);
});

/** Ids of the entries that contain an account or an address. */
async function named(journal: SqliteJournal): Promise<readonly string[]> {
  const { entries } = await journal.page({}, null, 100);
  return entries.filter(({ actor, address = '' }) => actor !== '' || address !== '').map((entry) => entry.id);
}

test('an account is erased from ended operations and decisions; other accounts and the edits stay', async (t) => {
  const { journal } = given(t);
  await filled(journal);
  await journal.commit({
    operations: [
      sampleOperation(id(6_000), {
        state: 'confirmed',
        actor: 'bob',
        address: '192.0.2.7',
        fingerprint: 'f',
      }),
    ],
  });
  let erased = 0;
  for (let n = journal.erase('bob'); n > 0; n = journal.erase('bob')) erased += n;
  assert.equal(erased, 4);
  assert.deepEqual(await idsOf(journal, { user: 'bob' }), []);
  assert.deepEqual(await named(journal), [id(3_000), id(2_500, 'c'), id(1_000)]);
  assert.equal((await idsOf(journal, {})).length, 7);
  const operation = await journal.operation(id(6_000));
  assert.deepEqual([operation?.actor, operation?.address, operation?.fingerprint], ['', undefined, '']);
  assert.equal(operation?.kind === 'records' && operation.items.length, 1);
});

test('accounts and addresses of what is older are removed step by step; older decisions are dropped', async (t) => {
  const { journal } = given(t);
  await filled(journal);
  const many = Array.from({ length: 120 }, (_, n) =>
    sampleOperation(id(n), { state: 'confirmed', actor: 'carol' }),
  );
  const address = sampleOperation(id(200), { state: 'refused', actor: '', address: '192.0.2.1' });
  await journal.commit({ operations: [...many, address] });
  journal.note([decision(500)]);
  let steps = 0;
  for (let after: string | null = ''; after !== null; steps += 1)
    after = journal.forgetPersons(after, { person: 2_600, since: 1_000 });
  assert.ok(steps > 3 && steps < 20, String(steps));
  assert.deepEqual(await named(journal), [id(5_000, 'c'), id(4_000), id(3_000)]);
  assert.equal((await journal.entries(idAt(500))).length, 0);
  assert.equal((await journal.entries(idAt(2_500))).length, 1);
});

test('operations of an earlier release get their keys in the background, and are found without until then', async (t) => {
  const path = pathFor(t);
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  await filled(journal);
  await journal.close();
  const database = new DatabaseSync(path);
  database.exec('DELETE FROM operation_key');
  noteUnkeyed(database);
  database.close();
  const again = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  t.after(async () => await again.close());
  assert.deepEqual(await idsOf(again, { user: 'bob', outcome: 'refused' }), [id(5_000, 'c'), id(2_000)]);
  for (let after: string | null = ''; after !== null;) after = again.addKeys(after);
  assert.equal(await again.fact(unkeyedFact), null);
  assert.deepEqual(await idsOf(again, { user: 'bob', outcome: 'refused' }), [id(5_000, 'c'), id(2_000)]);
});
