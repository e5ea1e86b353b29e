/**
 * Tests queries for operations that are answered from the file. A running agent answers most of them from
 * memory.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { JournalError } from '../core/journal.ts';
import type { Operation } from '../core/operation.ts';
import { parseName } from '../dns/name.ts';
import { sampleCreate, sampleDelete, sampleOperation, sampleWatch } from '../testing/contracts/journal.ts';
import { SqliteJournal } from './sqlite.ts';

const { zone } = sampleOperation('a');
const other = parseName('other.example.');
const now = Date.now();

function pathOf(t: TestContext): string {
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  t.after(() => rmSync(join(path, '..'), { recursive: true, force: true }));
  return path;
}

/** Opens the journal, commits each batch, and closes it. */
async function commit(path: string, ...batches: readonly (readonly Operation[])[]): Promise<void> {
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  try {
    for (const operations of batches) await journal.commit({ operations });
  } finally {
    await journal.close();
  }
}

/** Asks the file as a reader, and as an agent that was just started. Checks that both get the same answer. */
async function ask(
  path: string,
  question: (journal: SqliteJournal) => Promise<readonly Operation[]>,
): Promise<readonly string[]> {
  const answers: string[][] = [];
  for (const writer of [false, true]) {
    const journal = new SqliteJournal({ path, writer, reserve: 65_536 });
    answers.push((await question(journal)).map(({ id, state }) => `${id} ${state}`));
    await journal.close();
  }
  assert.deepEqual(answers[0], answers[1]);
  return answers[0] ?? [];
}

test('after a restart the open operations, and those on watch, are those that were left', async (t) => {
  const path = pathOf(t);
  const watch = sampleWatch(now + 60_000);
  await commit(
    path,
    ['a', 'b', 'c', 'd', 'e'].map((id) => sampleOperation(id)),
    [
      sampleOperation('a', { state: 'applied' }),
      sampleOperation('b', { state: 'refused' }),
      sampleOperation('c', { state: 'refused', watch }),
      sampleOperation('d', { state: 'stuck', watch }),
      sampleCreate('f', { zone: other }),
      sampleDelete('g', { zone: other, state: 'confirmed', watch: sampleWatch(now - 1) }),
    ],
    [sampleOperation('a', { state: 'kept' }), sampleOperation('d', { state: 'reverted' })],
  );
  const open = ['a kept', 'c refused', 'e prepared', 'f prepared'];
  assert.deepEqual(await ask(path, (journal) => journal.operations({ openAt: now })), open);
  assert.deepEqual(await ask(path, (journal) => journal.operations({ openAt: now, zone })), open.slice(0, 3));
  assert.deepEqual(await ask(path, (journal) => journal.operations({ openAt: now, prefix: 'f' })), [
    'f prepared',
  ]);
  const later = now + 60_000;
  assert.deepEqual(await ask(path, (journal) => journal.operations({ openAt: later })), [
    'a kept',
    'e prepared',
    'f prepared',
  ]);
  const before = await ask(path, (journal) => journal.operations({ openAt: now - 2 }));
  assert.deepEqual(before, [...open, 'g confirmed']);
});

test('all operations are listed by zone, by prefix and the latest first', async (t) => {
  const path = pathOf(t);
  const all = ['a1', 'a2', 'b1', 'b2'].map((id) =>
    sampleOperation(id, { state: 'confirmed', zone: id.endsWith('2') ? other : zone }),
  );
  await commit(path, all);
  const ids = async (filter: Parameters<SqliteJournal['operations']>[0]): Promise<string> =>
    (await ask(path, (journal) => journal.operations(filter))).map((one) => one.slice(0, 2)).join(' ');
  assert.equal(await ids({}), 'a1 a2 b1 b2');
  assert.equal(await ids({ latest: 3 }), 'b2 b1 a2');
  assert.equal(await ids({ zone: other }), 'a2 b2');
  assert.equal(await ids({ zone: other, latest: 1 }), 'b2');
  assert.equal(await ids({ prefix: 'b' }), 'b1 b2');
  assert.equal(await ids({ prefix: 'b', zone }), 'b1');
  assert.equal(await ids({ prefix: 'a', latest: 1 }), 'a2');
  assert.equal(await ids({ openAt: now, latest: 5 }), '');
});

test('the running agent tells the latest of the open operations, and those of a prefix', async (t) => {
  const journal = new SqliteJournal({ path: pathOf(t), writer: true, reserve: 65_536 });
  t.after(() => journal.close());
  await journal.commit({ operations: ['a1', 'a2', 'b1'].map((id) => sampleOperation(id)) });
  const ids = async (filter: Parameters<SqliteJournal['operations']>[0]): Promise<readonly string[]> =>
    (await journal.operations({ openAt: now, ...filter })).map(({ id }) => id);
  assert.deepEqual(await ids({}), ['a1', 'a2', 'b1']);
  assert.deepEqual(await ids({ latest: 2 }), ['b1', 'a2']);
  assert.deepEqual(await ids({ prefix: 'a' }), ['a1', 'a2']);
});

test('an operation that is dropped is listed nowhere, and its octets count once', async (t) => {
  const path = pathOf(t);
  const lately = sampleOperation('a', { state: 'refused', watch: sampleWatch(now - 1) });
  const again = sampleOperation('b', { state: 'refused', createdAt: 2, changedAt: 2 });
  await commit(path, [lately, again], [again], [again]);
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  const octets = [lately, again].map((one) => Buffer.byteLength(JSON.stringify(one)));
  const most = octets.reduce((sum, one) => sum + one, 0);
  const limits = { now, since: 0, recent: now };
  journal.prune('', { ...limits, most });
  assert.equal((await journal.operations({})).length, 2);
  journal.prune('', { ...limits, most: most - 1 });
  assert.deepEqual(
    (await journal.operations({})).map(({ id }) => id),
    ['b'],
  );
  journal.prune('', { ...limits, most: (octets[1] ?? 0) - 1 });
  await journal.close();
  assert.deepEqual(await ask(path, (one) => one.operations({})), []);
  assert.deepEqual(await ask(path, (one) => one.operations({ openAt: now - 2 })), []);
});

test('a step that leaves the lists as they are writes one page and that of the heartbeat, with no index', async (t) => {
  const path = pathOf(t);
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  const log = (): number => statSync(`${path}-wal`).size;
  const page = 24 + 4_096;
  await journal.commit({ operations: [sampleOperation('a')] });
  for (const state of ['applied', 'kept'] as const) {
    const before = log();
    await journal.commit({ operations: [sampleOperation('a', { state })] });
    assert.equal(log() - before, 2 * page);
  }
  await journal.close();
  assert.deepEqual(await ask(path, (one) => one.operations({ openAt: now })), ['a kept']);
});

test('the file is not searched for an operation later than all that its one writer knows', async (t) => {
  const path = pathOf(t);
  await commit(path, [sampleOperation('b')]);
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  const database = new DatabaseSync(path);
  database.exec(
    "INSERT INTO operation SELECT 'c', zone, state, open, watch_until, 'no body', 0 FROM operation",
  );
  database.close();
  assert.equal(await journal.operation('c'), null);
  await journal.commit({ operations: [sampleOperation('d')] });
  await assert.rejects(journal.operation('c'), JournalError);
  await journal.close();
});

test('a step that is not allowed is no commit, and changes nothing', async (t) => {
  const path = pathOf(t);
  await commit(path, [sampleOperation('a')], [sampleOperation('a', { state: 'refused' })]);
  await assert.rejects(
    commit(path, [sampleOperation('b'), sampleOperation('a', { state: 'kept' })]),
    /may not go/u,
  );
  assert.deepEqual(await ask(path, (journal) => journal.operations({})), ['a refused']);
});

const damages: Readonly<Record<string, string>> = {
  'is not listed as open': "DELETE FROM live WHERE id = 'a'",
  'is listed as open, though it has ended': "INSERT INTO live VALUES (1, 0, 'b', 'example.org.')",
  'has another body': "UPDATE operation SET body = replace(body, 'alice', 'mallory') WHERE id = 'a'",
  'has lost its checksum': "UPDATE operation SET sum = NULL WHERE id = 'a'",
};

for (const [what, sql] of Object.entries(damages)) {
  test(`an operation that ${what} is damage, not another answer`, async (t) => {
    const path = pathOf(t);
    await commit(path, [sampleOperation('a'), sampleOperation('b', { state: 'refused' })]);
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
    const isDamage = (error: unknown): boolean =>
      error instanceof JournalError && error.code === 'journal.unreadable';
    const look = new SqliteJournal({ path, writer: false });
    await assert.rejects(look.operations({ openAt: now }), isDamage);
    await look.close();
    await assert.rejects(commit(path, []), isDamage);
  });
}
