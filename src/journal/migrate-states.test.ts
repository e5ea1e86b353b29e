/**
 * Issue 15: tests that the migration to schema 7 uses the names of docs/glossary.md, and gives no damaged row
 * a valid checksum.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { JournalError, type JournalCounts } from '../core/journal.ts';
import type { DnsName } from '../dns/name.ts';
import { Random } from '../testing/simulator/random.ts';
import { SqliteJournal } from './sqlite.ts';

const whole = gunzipSync(readFileSync(join(import.meta.dirname, '../testing/landed/99a7395/journal.db.gz')));

/** Copies a journal that the last release with the old names wrote. @returns path of the copy */
function journalOf(t: TestContext, content: Buffer = whole): string {
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  t.after(() => rmSync(dirname(path), { recursive: true, force: true }));
  writeFileSync(path, content);
  return path;
}

/** Opens the journal and runs `body` with it. Opening it as a writer migrates the file. */
async function open<T>(
  path: string,
  writer: boolean,
  body: (journal: SqliteJournal) => Promise<T>,
): Promise<T> {
  const journal = new SqliteJournal({ path, writer, reserve: 65_536 });
  try {
    return await body(journal);
  } finally {
    await journal.close();
  }
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

const isCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof JournalError && error.code === code;

type Content = Readonly<Record<string, unknown>>;

/** Reads everything in the journal, by name. */
async function contentOf(journal: SqliteJournal): Promise<Content> {
  const content: Record<string, unknown> = {};
  for (const entry of await journal.zones()) {
    content[`zone ${entry.zone}`] = entry;
    try {
      content[`rows ${entry.zone}`] = await journal.rows(entry.zone);
    } catch (error) {
      if (!isCode('journal.zone-damaged')(error)) throw error;
    }
  }
  content['operations'] = await journal.operations({});
  return content;
}

function without(zone: DnsName, content: Content): Content {
  return Object.fromEntries(Object.entries(content).filter(([name]) => !name.endsWith(` ${zone}`)));
}

async function countsOf(path: string, writer: boolean): Promise<JournalCounts> {
  return await open(path, writer, (journal) => journal.counts());
}

test('a journal of schema 6 has the same content before and after the step to schema 7', async (t) => {
  const path = journalOf(t);
  const before = await open(path, false, contentOf);
  const counts = await countsOf(path, false);
  assert.deepEqual(Object.keys(counts.rows).sort(), ['central-only', 'conflict', 'panel-only', 'synced']);
  assert.deepEqual(await open(path, true, contentOf), before);
  assert.deepEqual(await countsOf(path, true), counts);
  assert.ok(counts.notes > 0);
  const text = JSON.stringify(before);
  assert.doesNotMatch(text, /"standing"|"state":"(?:joined|differs|released)"|differs"|released"/u);
  assert.match(text, /"note":"note\.(?:beside-)?conflict"/u);
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  for (let last: string | null = ''; last !== null;) {
    const step = journal.checkLedger(last);
    assert.deepEqual(step.damaged, []);
    last = step.last;
  }
  await journal.close();
});

test('a zone that was damaged is frozen, the others are whole', async (t) => {
  const zones = await open(journalOf(t), false, (journal) => journal.zones());
  const damages: Readonly<Record<string, (zone: DnsName) => string>> = {
    'a row is gone': (zone) => `DELETE FROM record WHERE zone = '${zone}'`,
    'a row is another': (zone) => `UPDATE record SET note = 'x' WHERE zone = '${zone}'`,
    'a state is another': (zone) =>
      `UPDATE record SET standing = iif(standing = 'joined', 'differs', 'joined') WHERE zone = '${zone}'`,
    'the total is another': (zone) => `UPDATE ledger SET row_sum = row_sum + 1 WHERE zone = '${zone}'`,
    'the total is gone': (zone) => `DELETE FROM ledger WHERE zone = '${zone}'`,
  };
  for (const [what, damage] of Object.entries(damages)) {
    const path = journalOf(t);
    const before = await open(path, false, contentOf);
    const [zone] = await open(path, false, async (journal) => {
      const rows = await Promise.all(zones.map(async (entry) => (await journal.rows(entry.zone)).length));
      return zones.filter((_, at) => (rows[at] ?? 0) > 1).map((entry) => entry.zone);
    });
    assert.ok(zone !== undefined);
    change(path, damage(zone));
    await open(path, true, async (journal) => {
      await assert.rejects(journal.rows(zone), isCode('journal.zone-damaged'), what);
      assert.equal((await journal.zone(zone))?.note, 'journal.zone-damaged', what);
      assert.equal((await journal.counts()).frozen, 1, what);
      assert.deepEqual(without(zone, await contentOf(journal)), without(zone, before), what);
      await journal.commit({ rows: [{ zone, dropAll: true }] });
      assert.deepEqual(await journal.rows(zone), [], what);
      assert.equal((await journal.counts()).frozen, 0, what);
    });
  }
});

test('a list of zones that was damaged is refused, and the file stays as it is', async (t) => {
  for (const sql of [
    "UPDATE zone SET standing = 'joined' WHERE standing != 'joined'",
    'UPDATE zone SET incarnation = incarnation + 1',
    'UPDATE tally SET n = n + 1',
    "DELETE FROM tally WHERE name = 'zones joined'",
  ]) {
    const path = journalOf(t);
    change(path, sql);
    assert.throws(() => new SqliteJournal({ path, writer: true }), isCode('journal.unreadable'), sql);
    const database = new DatabaseSync(path, { readOnly: true });
    assert.equal(database.prepare('PRAGMA user_version').get()?.['user_version'], 6);
    database.close();
  }
});

test('flipped bytes of a journal of schema 6 are never read as other data after the step', async (t) => {
  const truth = await open(journalOf(t), false, contentOf);
  const random = new Random(15);
  let noticed = 0;
  for (let turn = 0; turn < 60; turn += 1) {
    const octets = Buffer.from(whole);
    const at = random.between('place', 0, octets.length - 1);
    octets[at] = (octets[at] ?? 0) ^ random.between('mask', 1, 255);
    try {
      const found = await open(journalOf(t, octets), true, contentOf);
      for (const [name, answer] of Object.entries(found)) {
        const said = JSON.stringify(answer).replaceAll('"journal.zone-damaged"', 'null');
        if (said !== JSON.stringify(truth[name])) noticed += 1;
        if (!name.startsWith('zone ')) assert.deepEqual(answer, truth[name], `${name}, octet ${at}`);
      }
      if (Object.keys(found).length < Object.keys(truth).length) noticed += 1;
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      noticed += 1;
    }
  }
  assert.ok(noticed > 10, `${noticed} noticed`);
});
