import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { SqliteJournal } from '../../journal/sqlite.ts';
import { lookAtJournal } from './records.ts';

test('issue 12.13: the doctor names zones that somebody else deleted at the central, and asks for another panel', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'records-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'journal.db');
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  const entry = { standing: 'joined', incarnation: 1, baselineAt: 1 } as const;
  await journal.commit({
    zones: [
      { ...entry, zone: parseName('lost.example.'), note: 'note.missing-at-central' },
      { ...entry, zone: parseName('fine.example.'), note: null },
    ],
  });
  await journal.close();
  const found = (await lookAtJournal(path, 2)).filter(({ check }) => check === 'zones');
  assert.deepEqual(
    found.map(({ state, text }) => [state, text]),
    [['warning', 'gone from the central, not deleted by us: lost.example']],
  );
  assert.match(found[0]?.wayOut ?? '', /another panel use this account/u);
});
