/**
 * Issue 14: tests that a zone with damaged rows stays frozen until all its rows are dropped, even after a
 * restart.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { parseName } from '../dns/name.ts';
import { makeRecord } from '../dns/record.ts';
import { JournalError } from '../core/journal.ts';
import type { Log } from '../core/log.ts';
import { sampleOperation, sampleRow } from '../testing/contracts/journal.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { SqliteJournal } from './sqlite.ts';
import { Upkeep } from './upkeep.ts';

const { zone } = sampleOperation('a');
const other = parseName('other.example.');

function open(path: string): SqliteJournal {
  return new SqliteJournal({ path, writer: true, reserve: 65_536 });
}

/**
 * Makes a closed journal with two zones and an operation, and damages its file by running `sql` on it.
 * @returns the file's path
 */
async function damaged(t: TestContext, sql: string): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  t.after(() => rmSync(join(path, '..'), { recursive: true, force: true }));
  const journal = open(path);
  const entry = { state: 'synced', incarnation: 1, baselineAt: 5, note: null } as const;
  await journal.commit({
    operations: [sampleOperation('a', { state: 'confirmed' })],
    zones: [zone, other].map((name) => ({ ...entry, zone: name })),
    rows: [zone, other].map((name) => ({
      zone: name,
      put: [sampleRow(1), sampleRow(2, { otherKeys: ['x'] })],
    })),
  });
  await journal.close();
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
  return path;
}

const isDamaged = (error: unknown): boolean =>
  error instanceof JournalError &&
  error.code === 'journal.zone-damaged' &&
  error.params['zone'] === 'example.org';

const where = "WHERE zone = 'example.org.' AND rdata = '192.0.2.2'";

const damages: Readonly<Record<string, string>> = {
  'a row is gone': `DELETE FROM record ${where}`,
  'a row is another': `UPDATE record SET state = 'excluded' ${where}`,
  'a key is gone': `DELETE FROM record_key ${where}`,
  'a key is another': `UPDATE record_key SET key = 'y' ${where}`,
  'a row is there twice': `INSERT INTO record SELECT zone, 'w.example.org.', type, rdata, ttl, state, on_panel, on_central,
    panel_key, note, sum FROM record ${where}`,
  'the total is another': "UPDATE ledger SET row_sum = row_sum + 1 WHERE zone = 'example.org.'",
  'the total is gone': "DELETE FROM ledger WHERE zone = 'example.org.'",
};

for (const [what, sql] of Object.entries(damages)) {
  test(`issue 14: the zone is frozen where ${what}`, async (t) => {
    const path = await damaged(t, sql);
    const look = new SqliteJournal({ path, writer: false });
    await assert.rejects(look.rows(zone), isDamaged);
    await look.close();
    let journal = open(path);
    await assert.rejects(journal.rows(zone, [sampleRow(1).record.name]), isDamaged);
    await journal.close();
    journal = open(path);
    await assert.rejects(journal.rows(zone, []), isDamaged);
    assert.equal((await journal.rows(other)).length, 2);
    assert.equal((await journal.zone(zone))?.note, 'journal.zone-damaged');
    assert.equal((await journal.counts()).frozen, 1);
    await journal.commit({ rows: [{ zone, dropAll: true, put: [sampleRow(3)] }] });
    assert.deepEqual(await journal.rows(zone), [sampleRow(3)]);
    const { frozen, rows } = await journal.counts();
    assert.deepEqual([frozen, rows], [0, { synced: 3 }]);
    await journal.close();
  });
}

test('issue 14: the background check finds what nobody has asked for, and says so', async (t) => {
  const path = await damaged(
    t,
    `${damages['a row is gone']}; UPDATE operation SET body = replace(body, 'alice', 'mallory')`,
  );
  const journal = open(path);
  const lines: unknown[] = [];
  const log = (level: number, event: string, fields: unknown): number => lines.push([level, event, fields]);
  const clock = new VirtualClock();
  const upkeep = new Upkeep(journal, clock, log, { person: 1e15, keep: 1e15, most: 1e9, recent: 0 });
  await clock.runUntil(60_000);
  await upkeep.stop();
  assert.deepEqual(lines, [
    [1, 'journal.zone-damaged', { zone }],
    [1, 'journal.operation-damaged', { operation: 'a' }],
    [4, 'journal.checked', { damaged: 1 }],
  ]);
  const { frozen, damagedOperations } = await journal.counts();
  assert.deepEqual([frozen, damagedOperations], [1, 1]);
  await assert.rejects(journal.operation('a'), (error) => error instanceof JournalError);
  await journal.close();
});

test('issue 14: the whole ledger is checked, in steps, before the check is over', async (t) => {
  const path = await damaged(t, '');
  const names = Array.from({ length: 400 }, (_, at) => parseName(`z${String(at).padStart(3, '0')}.example.`));
  const before = open(path);
  await before.commit({ rows: names.map((name) => ({ zone: name, put: [sampleRow(1)] })) });
  await before.close();
  const database = new DatabaseSync(path);
  database.exec("DELETE FROM record WHERE zone IN ('example.org.', 'z399.example.')");
  database.close();
  const journal = open(path);
  t.after(() => journal.close());
  const lines: string[] = [];
  const log: Log = (_, event, fields = {}) => lines.push(`${event} ${Object.values(fields).join(' ')}`);
  const clock = new VirtualClock();
  const upkeep = new Upkeep(journal, clock, log, { person: 1e15, keep: 1e15, most: 1e9, recent: 0 });
  const whole = [
    'journal.zone-damaged example.org.',
    'journal.zone-damaged z399.example.',
    'journal.checked 0',
  ];
  await clock.runUntil(60_000);
  assert.deepEqual(lines, whole);
  // The upkeep checks the whole file once a day.
  await clock.runUntil(22 * 3_600_000);
  assert.deepEqual(lines, whole);
  await clock.runUntil(26 * 3_600_000);
  assert.deepEqual(lines, [...whole, ...whole]);
  await upkeep.stop();
  assert.deepEqual([(await journal.counts()).frozen, (await journal.counts()).damagedOperations], [2, 0]);
});

test('issue 13, frozen zone: once a damaged row is met, no row is read by its name, though the zone was checked', async (t) => {
  const path = await damaged(t, '');
  const journal = open(path);
  const mail = makeRecord({ name: 'mail', type: 'A', rdata: '192.0.2.3' }, zone);
  await journal.commit({ rows: [{ zone, put: [sampleRow(3, { record: mail })] }] });
  assert.equal((await journal.rows(zone)).length, 3);
  const database = new DatabaseSync(path);
  database.exec(`UPDATE record SET on_panel = 1 - on_panel ${where}`);
  database.close();
  assert.equal((await journal.rows(zone, [mail.name])).length, 1);
  await assert.rejects(journal.rows(zone, [sampleRow(2).record.name]), isDamaged);
  await assert.rejects(journal.rows(zone, [mail.name]), isDamaged);
  await journal.close();
});
