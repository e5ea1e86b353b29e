/**
 * A program that commits to the product's journal. After each commit that the journal reports as done, it
 * prints the operation and the commit's number. A test runs it under strace.
 *
 * Usage: node journal-run.ts PATH COMMITS
 */
import { writeSync } from 'node:fs';
import { SqliteJournal } from '../../journal/sqlite.ts';
import { sampleOperation, sampleRow } from '../contracts/journal.ts';
import { zone } from '../simulator/given.ts';

const [path = '', commits = '1'] = process.argv.slice(2);
/** Long enough that SQLite merges the write-ahead log into the database during the run. */
const text = 'x'.repeat(6_000);

const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
for (let at = 0; at < Number(commits); at += 1) {
  // Three commits for each operation, as the engine makes them for an edit.
  const id = `op${String(Math.floor(at / 3)).padStart(6, '0')}`;
  const state = (['prepared', 'applied', 'confirmed'] as const)[at % 3] ?? 'prepared';
  const operation = sampleOperation(id, { state, attempts: at, actor: text });
  await journal.commit({ operations: [operation], rows: [{ zone, put: [sampleRow(at % 250)] }] });
  writeSync(1, `${id} ${at}\n`);
}
// The program ends without closing the journal, like a killed agent.
process.exit(0);
