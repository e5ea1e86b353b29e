/**
 * Issue 12.3: tests that a journal of an earlier release can be read before this release's agent has migrated
 * it.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { JournalError } from '../core/journal.ts';
import { sampleOperation, sampleRow } from '../testing/contracts/journal.ts';
import { olderFact } from '../core/journal-doubts.ts';
import { migrations } from './migrations.ts';
import { SqliteJournal } from './sqlite.ts';

const { zone } = sampleOperation('a');

/**
 * @returns path of a journal with one operation, one zone and one row, as the release with schema `version`
 * wrote it
 */
function journalOf(t: TestContext, version: number): string {
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  t.after(() => rmSync(dirname(path), { recursive: true, force: true }));
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL');
  for (const { sql } of migrations.slice(0, version)) database.exec(sql);
  database.exec(`PRAGMA user_version = ${version}; PRAGMA application_id = 1`);
  const operation = sampleOperation('a');
  const insert = (table: string, ...values: (string | number | null)[]): void => {
    database.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join(', ')})`).run(...values);
  };
  insert('operation', 'a', zone, operation.state, 1, 0, JSON.stringify(operation));
  insert('zone', zone, 'joined', 1, 5, null);
  const { record, panelKey, note } = sampleRow(1);
  insert('record', zone, record.name, record.type, record.rdata, record.ttl, 'joined', 1, 1, panelKey, note);
  insert('fact', 'baseline', '7');
  database.close();
  return path;
}

const counts = { zones: { synced: 1 }, rows: { synced: 1 }, notes: 0, frozen: 0, damagedOperations: 0 };

for (const version of [1, 2, 3, 4]) {
  test(`issue 12.3: a journal of schema ${version} is looked at without changing it`, async (t) => {
    const path = journalOf(t, version);
    const before = readFileSync(path);
    const journal = new SqliteJournal({ path, writer: false });
    assert.deepEqual(await journal.rows(zone), [sampleRow(1)]);
    assert.deepEqual(await journal.rows(zone, [sampleRow(1).record.name]), [sampleRow(1)]);
    assert.deepEqual(
      (await journal.zones()).map((entry) => entry.zone),
      [zone],
    );
    assert.deepEqual(await journal.operations({ zone, openAt: 0 }), [sampleOperation('a')]);
    assert.deepEqual(await journal.counts(), counts);
    assert.equal(await journal.fact('baseline'), '7');
    assert.equal((await journal.owners()).size, 0);
    await journal.close();
    assert.deepEqual(readFileSync(path), before);
    const agent = new SqliteJournal({ path, writer: true, reserve: 65_536 });
    assert.deepEqual(await agent.rows(zone), [sampleRow(1)]);
    assert.deepEqual(await agent.operations({ openAt: 0 }), [sampleOperation('a')]);
    assert.deepEqual(await agent.zones(), [
      { zone, state: 'synced', incarnation: 1, baselineAt: 5, note: null },
    ]);
    assert.deepEqual(await agent.counts(), counts);
    assert.equal(await agent.fact('baseline'), '7');
    await agent.close();
  });
}

test('issue 12.3: what is looked at and is no journal, or one of a later release, is called so', async (t) => {
  const path = journalOf(t, 4);
  const other = join(dirname(path), 'other.db');
  const database = new DatabaseSync(other);
  database.exec('CREATE TABLE thing (x INTEGER)');
  database.close();
  const later = new DatabaseSync(path);
  later.exec('PRAGMA application_id = 99');
  later.close();
  const cases = { [other]: 'journal.unreadable', [path]: 'journal.newer' };
  for (const [file, code] of Object.entries(cases))
    assert.throws(
      () => new SqliteJournal({ path: file, writer: false }),
      (error) => error instanceof JournalError && error.code === code,
      code,
    );
});

test('issue 14: ended operations of an earlier release get their checksums step by step, each once', async (t) => {
  const path = journalOf(t, 4);
  const database = new DatabaseSync(path);
  const insert = database.prepare("INSERT INTO operation VALUES (?, ?, 'confirmed', 0, 0, ?)");
  const ids = Array.from({ length: 119 }, (_, at) => `b${String(at).padStart(3, '0')}`);
  for (const id of ids) insert.run(id, zone, JSON.stringify(sampleOperation(id, { state: 'confirmed' })));
  database.close();
  const unsummed = (): number => {
    const look = new DatabaseSync(path, { readOnly: true });
    const n = Number(look.prepare('SELECT count(*) AS n FROM operation WHERE sum IS NULL').get()?.['n']);
    look.close();
    return n;
  };
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  // The migration gave open operations a checksum, and every new write does. Other operations get theirs from
  // the upkeep.
  assert.equal(unsummed(), 119);
  const again = sampleOperation('b007', { state: 'confirmed' });
  await journal.commit({ operations: [again, sampleOperation('c')] });
  assert.equal(unsummed(), 118);
  const steps: (string | null)[] = [];
  for (let after: string | null = ''; after !== null; steps.push(after)) after = journal.addSums(after);
  assert.deepEqual(steps, ['b048', 'b098', 'b118', null]);
  assert.equal(unsummed(), 0);
  // All operations have a checksum now. From here on, an operation without one counts as damaged.
  assert.equal(await journal.fact('unsummed'), null);
  assert.equal(journal.addSums(''), null);
  const octets = ids.reduce(
    (sum, id) => sum + Buffer.byteLength(JSON.stringify(sampleOperation(id, { state: 'confirmed' }))),
    0,
  );
  const limits = { now: 1e15, since: 0, recent: 1e15 };
  journal.prune('', { ...limits, most: octets });
  assert.equal((await journal.operations({ prefix: 'b' })).length, 119);
  journal.prune('', { ...limits, most: octets - 1 });
  assert.deepEqual((await journal.operations({ prefix: 'b' })).length, 118);
  await journal.close();
});

test('issue 13, older journals: a journal that counted its openings goes on counting, and is not older', async (t) => {
  const path = journalOf(t, 4);
  const database = new DatabaseSync(path);
  database.exec("INSERT INTO fact VALUES ('generation', '12')");
  database.close();
  for (const [second, older] of [
    ['12\n', false],
    ['99\n', true],
  ] as const) {
    writeFileSync(`${path}.generation`, second);
    const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
    assert.equal((await journal.fact(olderFact)) !== null, older, second);
    assert.ok(Number(readFileSync(`${path}.generation`, 'utf8')) > Number(second));
    await journal.close();
  }
});
