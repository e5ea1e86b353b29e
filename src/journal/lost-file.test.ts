/**
 * Issue 14: tests a journal whose file is deleted or replaced while the agent has it open. The journal then
 * refuses every write.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { JournalError } from '../core/journal.ts';
import { sampleOperation } from '../testing/contracts/journal.ts';
import { SqliteJournal } from './sqlite.ts';

async function openOne(t: TestContext): Promise<{ readonly path: string; readonly journal: SqliteJournal }> {
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  t.after(async () => {
    await journal.close();
    rmSync(join(path, '..'), { recursive: true, force: true });
  });
  await journal.commit({ operations: [sampleOperation('a')], facts: { baseline: '1' } });
  return { path, journal };
}

const losses: Readonly<Record<string, (path: string) => void>> = {
  deleted: (path) => rmSync(path),
  'deleted with its log': (path) => ['', '-wal', '-shm'].forEach((ending) => rmSync(`${path}${ending}`)),
  'without its log': (path) => rmSync(`${path}-wal`),
  'moved away': (path) => renameSync(path, `${path}.old`),
  'replaced by a copy': (path) => {
    copyFileSync(path, `${path}.copy`);
    renameSync(`${path}.copy`, path);
  },
  cut: (path) => truncateSync(path, 1_024),
  'log cut': (path) => truncateSync(`${path}-wal`, 0),
};

for (const [what, lose] of Object.entries(losses)) {
  test(`issue 14: a journal that is ${what} is noticed before the next OK`, async (t) => {
    const { path, journal } = await openOne(t);
    assert.equal((await journal.operation('a'))?.id, 'a');
    lose(path);
    const isLost = (error: unknown): boolean =>
      error instanceof JournalError && ['journal.lost', 'journal.unreadable'].includes(error.code);
    await assert.rejects(journal.commit({ operations: [sampleOperation('b')] }), isLost);
    await assert.rejects(journal.fact('baseline'), isLost);
    await assert.rejects(journal.commit({ facts: { more: '1' } }), isLost);
  });
}

test('issue 14: a file that grows, and a look at it, are no loss', async (t) => {
  const { path, journal } = await openOne(t);
  for (let at = 0; at < 40; at += 1) {
    const operations = Array.from({ length: 50 }, (_, n) => sampleOperation(`b${at * 50 + n}`));
    await journal.commit({ operations });
    if (at % 10 > 0) continue;
    const look = new SqliteJournal({ path, writer: false });
    assert.equal((await look.operation('a'))?.id, 'a');
    await look.close();
  }
  assert.equal((await journal.operations({ prefix: 'b' })).length, 2_000);
});
