/** Tests the schema numbers in a journal's file, and which files are refused. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { JournalError } from '../core/journal.ts';
import { migrations } from './migrations.ts';
import { open, tablesOf } from './open.ts';

function pathOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'journal.db');
}

function pragmas(database: DatabaseSync): unknown {
  return ['user_version', 'application_id'].map((name) => database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function refuses(path: string, writer: boolean, code: string): void {
  assert.throws(
    () => open({ path, writer }),
    (error) => error instanceof JournalError && error.code === code,
  );
}

test('a new file has all migrations, and names the last one that earlier programs cannot read', (t) => {
  const path = pathOf(t);
  const database = open({ path, writer: true });
  const breaking = migrations.findLastIndex((migration) => migration.breaking) + 1;
  assert.deepEqual(pragmas(database), [migrations.length, breaking]);
  database.close();
  for (const writer of [true, false]) {
    const again = open({ path, writer });
    assert.deepEqual(pragmas(again), [migrations.length, breaking]);
    again.close();
  }
});

test('a file that a later program has changed so that we cannot read it is refused', (t) => {
  const path = pathOf(t);
  open({ path, writer: true }).close();
  change(path, `PRAGMA application_id = ${migrations.length}`);
  open({ path, writer: true }).close();
  change(path, `PRAGMA application_id = ${migrations.length + 1}`);
  for (const writer of [true, false]) refuses(path, writer, 'journal.newer');
});

test('a schema that is not this release’s own is damage; a later one may have more', (t) => {
  const path = pathOf(t);
  open({ path, writer: true }).close();
  change(path, 'CREATE TABLE more (x INTEGER)');
  for (const writer of [true, false]) refuses(path, writer, 'journal.unreadable');
  change(path, `PRAGMA user_version = ${migrations.length + 1}`);
  for (const writer of [true, false]) open({ path, writer }).close();
});

test('nothing where a journal was is a loss; where none was it is a new one for the agent', (t) => {
  const path = pathOf(t);
  refuses(path, false, 'journal.unreadable');
  writeFileSync(path, '');
  refuses(path, false, 'journal.unreadable');
  writeFileSync(`${path}.generation`, '1');
  refuses(path, true, 'journal.unreadable');
  const other = new DatabaseSync(path);
  other.exec('CREATE TABLE thing (x INTEGER); DROP TABLE thing');
  other.close();
  refuses(path, true, 'journal.unreadable');
  rmSync(`${path}.generation`);
  const database = open({ path, writer: true });
  assert.equal(tablesOf(database, path).has('operation'), true);
  database.close();
});

test('a database that lacks a table of the first release is no journal', () => {
  const database = new DatabaseSync(':memory:');
  for (const table of ['operation', 'zone', 'record']) database.exec(`CREATE TABLE ${table} (x INTEGER)`);
  assert.throws(() => tablesOf(database, 'x'), JournalError);
  database.exec('CREATE TABLE fact (x INTEGER)');
  assert.equal(tablesOf(database, 'x').size, 4);
});
