/** Issue 12.3: a journal that an earlier release wrote last is read as it is, before the agent of this one has opened it. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { JournalError } from '../core/journal.ts';
import { sampleOperation, sampleRow } from '../testing/journal-contract.ts';
import { migrations } from './migrations.ts';
import { SqliteJournal } from './sqlite.ts';

const { zone } = sampleOperation('a');

/** The path of a journal with one operation, zone and row, whose last migration is of that number. */
async function journalOf(t: TestContext, version: number): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  t.after(() => rmSync(dirname(path), { recursive: true, force: true }));
  const writer = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  await writer.commit({
    operations: [sampleOperation('a')],
    zones: [{ zone, standing: 'joined', incarnation: 1, baselineAt: 5, note: null }],
    rows: [{ zone, put: [sampleRow(1)] }],
  });
  await writer.close();
  const database = new DatabaseSync(path);
  const made = migrations
    .slice(version)
    .flatMap(({ sql }) =>
      [...sql.matchAll(/CREATE (TABLE|INDEX) (\w+)/gu)].map(([, kind, name]) => `${kind} ${name}`),
    );
  for (const what of made.toReversed()) database.exec(`DROP ${what}`);
  database.exec(`PRAGMA user_version = ${version}`);
  database.close();
  return path;
}

for (const version of migrations.keys().map((at) => at + 1)) {
  test(`issue 12.3: a journal of schema ${version} is looked at without changing it`, async (t) => {
    const path = await journalOf(t, version);
    const before = readFileSync(path);
    const journal = new SqliteJournal({ path, writer: false });
    assert.deepEqual(await journal.rows(zone), [sampleRow(1)]);
    assert.deepEqual(await journal.rows(zone, [sampleRow(1).record.name]), [sampleRow(1)]);
    assert.deepEqual(
      (await journal.zones()).map((entry) => entry.zone),
      [zone],
    );
    assert.deepEqual(await journal.operations({ zone, openAt: 0 }), [sampleOperation('a')]);
    assert.deepEqual(await journal.counts(), { zones: { joined: 1 }, rows: { joined: 1 }, remarks: 0 });
    assert.equal((await journal.owners()).size, 0);
    await journal.close();
    assert.deepEqual(readFileSync(path), before);
    const agent = new SqliteJournal({ path, writer: true, reserve: 65_536 });
    assert.deepEqual(await agent.rows(zone), [sampleRow(1)]);
    await agent.close();
  });
}

test('issue 12.3: what is looked at and is no journal, or one of a later release, is called so', async (t) => {
  const path = await journalOf(t, migrations.length);
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
