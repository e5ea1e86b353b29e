import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { SqliteJournal } from '../../journal/sqlite.ts';
import { sampleOperation, sampleRow } from '../../testing/contracts/journal.ts';
import type { Finding } from './finding.ts';
import { checkJournal } from './records.ts';

test('issue 12.10, 12.13: the doctor names zones that are gone, changed by others or copies, with the way out', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'records-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'journal.db');
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  const entry = { state: 'synced', incarnation: 1, baselineAt: 1 } as const;
  await journal.commit({
    zones: [
      { ...entry, zone: parseName('lost.example.'), note: 'note.missing-at-central' },
      { ...entry, zone: parseName('fine.example.'), note: null },
      { ...entry, zone: parseName('changed.example.'), note: 'note.other-writer' },
      { ...entry, zone: parseName('copied.example.'), note: 'zone.copy' },
      { ...entry, zone: parseName('early.example.'), state: 'panel-only', note: 'zone.copy' },
    ],
  });
  await journal.close();
  const found = (await checkJournal(path, 2)).filter(({ check }) => check === 'zones');
  assert.deepEqual(
    found.map(({ state, text }) => [state, text]),
    [
      ['warning', 'gone from the central, not deleted by us: lost.example'],
      [
        'warning',
        'records changed at the central by others, in three comparisons within a week: changed.example',
      ],
      ['warning', 'copies of another server at the central (slave zones): copied.example, early.example'],
    ],
  );
  const ways = found.map((one) => one.wayOut ?? '');
  assert.match(ways[0] ?? '', /another panel use this account/u);
  assert.match(ways[1] ?? '', /another panel use this account.*"domainsync zone NAME"/u);
  assert.match(ways[2] ?? '', /ask the provider to make them primary/u);
});

test('issue 14: the doctor reads the whole ledger and names damaged zones, also those that nobody has asked for', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'records-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'journal.db');
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  const { zone } = sampleOperation('a');
  await journal.commit({ rows: [{ zone, put: [sampleRow(1), sampleRow(2)] }] });
  await journal.close();
  assert.deepEqual(await problemsAt(path), []);
  const database = new DatabaseSync(path);
  database.exec("UPDATE record SET rdata = '198.51.100.1' WHERE rdata = '192.0.2.2'");
  database.close();
  const [found, ...more] = await problemsAt(path);
  assert.match(found?.text ?? '', /example\.org is damaged/u);
  assert.match(found?.wayOut ?? '', /domainsync compare ZONE/u);
  assert.deepEqual(more, []);
});

async function problemsAt(path: string): Promise<readonly Finding[]> {
  return (await checkJournal(path, 2)).filter(({ state }) => state === 'problem');
}
