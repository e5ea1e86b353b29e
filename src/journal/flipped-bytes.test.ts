/**
 * Issue 14: tests a journal whose file the disk has changed. Every read then returns the right data or an
 * error, never other data.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseName, type DnsName } from '../dns/name.ts';
import { makeRecord } from '../dns/record.ts';
import { JournalError } from '../core/journal.ts';
import type { LedgerRow } from '../core/ledger.ts';
import type { OperationState } from '../core/operation.ts';
import { sampleOperation, sampleRow, sampleWatch } from '../testing/contracts/journal.ts';
import { Random } from '../testing/simulator/random.ts';
import { SqliteJournal } from './sqlite.ts';

const zones = Array.from({ length: 12 }, (_, at) => parseName(`zone${at}.example.`));
const states: readonly OperationState[] = ['confirmed', 'confirmed', 'reverted', 'stuck', 'kept', 'refused'];
const operations = Array.from({ length: 90 }, (_, at) =>
  sampleOperation(`m${String(at).padStart(4, '0')}`, {
    zone: zones[at % zones.length] ?? parseName('x.'),
    state: states[at % states.length] ?? 'kept',
    watch: at % 7 === 0 ? sampleWatch(1_000) : null,
  }),
);

function rowsOf(zone: DnsName): readonly LedgerRow[] {
  return Array.from({ length: 9 }, (_, at): LedgerRow => {
    const record = makeRecord({ name: `h${at % 5}`, type: 'A', rdata: `192.0.2.${at}` }, zone);
    const more = at % 4 === 0 ? { otherKeys: [`second key of ${at}`] } : {};
    return { ...sampleRow(1), record, ...more, state: at % 3 === 0 ? 'conflict' : 'synced' };
  });
}

/** Makes a journal with data and closes it. @returns path and octets of its file */
async function fill(t: TestContext): Promise<{ readonly path: string; readonly whole: Buffer }> {
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  t.after(() => rmSync(join(path, '..'), { recursive: true, force: true }));
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  for (const operation of operations) await journal.commit({ operations: [operation] });
  await journal.commit({
    zones: zones.map((zone, at) => ({
      zone,
      state: 'synced',
      incarnation: at + 1,
      baselineAt: at,
      note: null,
    })),
    rows: zones.map((zone) => ({ zone, put: rowsOf(zone) })),
    owners: new Map(zones.map((zone, at) => [zone, at % 5 === 0 ? null : [`user${at}`]])),
    facts: Object.fromEntries(zones.map((zone, at) => [`fact ${zone}`, String(at)])),
  });
  await journal.close();
  return { path, whole: readFileSync(path) };
}

/** Makes every kind of read of a journal, by name. */
function questions(journal: SqliteJournal): Readonly<Record<string, () => Promise<unknown>>> {
  const all: Record<string, () => Promise<unknown>> = {
    zones: () => journal.zones(),
    owners: async () => [...(await journal.owners())],
    counts: () => journal.counts(),
    open: () => journal.operations({ openAt: 500 }),
    latest: () => journal.operations({ latest: 30 }),
    prefix: () => journal.operations({ prefix: 'm001' }),
    missing: () => journal.operation('m'),
    'no fact': () => journal.fact('fact'),
  };
  for (const zone of zones) {
    const [name] = rowsOf(zone).map(({ record }) => record.name);
    all[`zone ${zone}`] = () => journal.zone(zone);
    all[`some rows ${zone}`] = () => journal.rows(zone, name === undefined ? [] : [name]);
    all[`rows ${zone}`] = () => journal.rows(zone);
    all[`open ${zone}`] = () => journal.operations({ zone, openAt: 500 });
    all[`latest ${zone}`] = () => journal.operations({ zone, latest: 5 });
    all[`fact ${zone}`] = () => journal.fact(`fact ${zone}`);
  }
  for (const { id } of operations) all[`operation ${id}`] = () => journal.operation(id);
  return all;
}

type Answers = Readonly<Record<string, unknown>>;

/** Makes all reads. @returns the results by name; reads that throw a `JournalError` are left out */
async function answers(journal: SqliteJournal): Promise<Answers> {
  const told: Record<string, unknown> = {};
  for (const [name, ask] of Object.entries(questions(journal))) {
    try {
      told[name] = await ask();
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
    }
  }
  return told;
}

/** Opens the journal, makes all reads and closes it. @returns null: the journal cannot be opened */
async function askAll(path: string, writer: boolean): Promise<Answers | null> {
  let journal: SqliteJournal;
  try {
    journal = new SqliteJournal({ path, writer, reserve: 65_536 });
  } catch (error) {
    if (error instanceof JournalError) return null;
    throw error;
  }
  try {
    return await answers(journal);
  } finally {
    await journal.close().catch((error: unknown) => {
      if (!(error instanceof JournalError)) throw error;
    });
  }
}

/** The result without the note that a zone is damaged. */
function withoutNote(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer).replaceAll('"journal.zone-damaged"', 'null'));
}

for (const writer of [true, false]) {
  test(`issue 14: flipped bytes are never read as other data, ${writer ? 'by the agent' : 'by a look'}`, async (t) => {
    const { path, whole } = await fill(t);
    const truth = await askAll(path, false);
    assert.ok(truth !== null);
    const random = new Random(writer ? 14 : 41);
    let noticed = 0;
    for (let turn = 0; turn < 80; turn += 1) {
      const octets = Buffer.from(whole);
      const flips: string[] = [];
      for (let left = random.between('flips', 1, 3); left > 0; left -= 1) {
        const at = random.between('place', 0, octets.length - 1);
        const mask = random.between('mask', 1, 255);
        octets[at] = (octets[at] ?? 0) ^ mask;
        flips.push(`${at} ^ ${mask}`);
      }
      for (const ending of ['-wal', '-shm']) rmSync(`${path}${ending}`, { force: true });
      writeFileSync(path, octets);
      const told = await askAll(path, writer);
      if (told === null || Object.keys(told).length < Object.keys(truth).length) noticed += 1;
      for (const [name, answer] of Object.entries(told ?? {}))
        assert.deepEqual(withoutNote(answer), withoutNote(truth[name]), `${name} after ${flips.join(', ')}`);
    }
    assert.ok(noticed > 10, `${noticed} noticed`);
  });
}
