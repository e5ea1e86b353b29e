/**
 * Tests an SQLite file as the journal uses it: transactions, and failures that become errors of the journal.
 */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { JournalError } from '../core/journal.ts';
import { Database, translate } from './database.ts';

function inMemory(t: TestContext): Database {
  const file = new DatabaseSync(':memory:');
  file.exec('CREATE TABLE thing (n INTEGER PRIMARY KEY)');
  const database = new Database('journal.db', file, null);
  t.after(() => database.close());
  return database;
}

test('a transaction that throws leaves nothing behind, and the next one works', (t) => {
  const database = inMemory(t);
  const defect = new Error('a defect');
  const fails = (): void => {
    database.run('INSERT INTO thing VALUES (?)', 1);
    throw defect;
  };
  assert.throws(() => database.transaction(fails), defect);
  assert.deepEqual(database.all('SELECT n FROM thing'), []);
  const n = database.transaction(() => {
    database.run('INSERT INTO thing VALUES (?)', 2);
    return database.get('SELECT n FROM thing')?.['n'];
  });
  assert.equal(n, 2);
  assert.throws(() => database.transaction(fails), defect);
  assert.deepEqual(
    database.all('SELECT n FROM thing').map((row) => row['n']),
    [2],
  );
});

test('a failed statement is an error of the journal, in a transaction and outside', (t) => {
  const database = inMemory(t);
  const twice = (): void => {
    for (const n of [1, 1]) database.run('INSERT INTO thing VALUES (?)', n);
  };
  const isFailed = (error: unknown): boolean =>
    error instanceof JournalError &&
    error.code === 'journal.write-failed' &&
    error.params['path'] === 'journal.db';
  assert.throws(() => database.transaction(twice), isFailed);
  assert.equal(database.get('SELECT count(*) AS n FROM thing')?.['n'], 0);
  assert.throws(() => database.guard(twice), isFailed);
});

const failures: readonly (readonly [string, object, string])[] = [
  ['busy', { errcode: 5 }, 'journal.locked'],
  ['locked', { errcode: 6 }, 'journal.locked'],
  ['an input or output error', { errcode: 10 }, 'journal.write-failed'],
  ['corrupt', { errcode: 11 }, 'journal.unreadable'],
  ['full', { errcode: 13 }, 'journal.disk-full'],
  ['not a database', { errcode: 26 }, 'journal.unreadable'],
  ['an extended code: busy, of a snapshot', { errcode: 5 + 2 * 256 }, 'journal.locked'],
  ['a number out of range', { code: 'ERR_OUT_OF_RANGE' }, 'journal.unreadable'],
  ['no space', { syscall: 'write', code: 'ENOSPC' }, 'journal.disk-full'],
  ['no quota', { syscall: 'write', code: 'EDQUOT' }, 'journal.disk-full'],
  ['no rights', { syscall: 'open', code: 'EACCES' }, 'journal.write-failed'],
];

test('what SQLite and the system say is told by codes of the journal', () => {
  for (const [what, fields, code] of failures) {
    const error = Object.assign(new Error(what), fields);
    const told = translate(error, 'journal.db');
    assert.ok(told instanceof JournalError, what);
    assert.deepEqual([told.code, told.params, told.cause], [code, { path: 'journal.db' }, error], what);
  }
  const told = translate(new SyntaxError('not JSON'), 'journal.db');
  assert.ok(told instanceof JournalError && told.code === 'journal.unreadable');
});

test('a defect, and an error that is one of the journal already, stay as they are', () => {
  const others = [
    new JournalError('journal.lost', { path: 'other.db' }),
    new TypeError('a defect'),
    Object.assign(new Error('no system call'), { code: 'ENOSPC' }),
    Object.assign(new Error('no code'), { syscall: 'write' }),
    Object.assign(new Error('no number'), { errcode: '5' }),
    'text',
  ];
  for (const error of others) assert.equal(translate(error, 'journal.db'), error);
});
