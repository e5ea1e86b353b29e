/**
 * Issue 14: tests that old operations are dropped, the oldest first. Operations stay if they are open, on
 * watch, or referred to.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import type { Log } from '../core/log.ts';
import type { Operation } from '../core/operation.ts';
import { sampleCreate, sampleOperation, sampleWatch } from '../testing/contracts/journal.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import type { HistoryLimits } from './history.ts';
import { SqliteJournal } from './sqlite.ts';
import { Upkeep } from './upkeep.ts';

const day = 86_400_000;
const hour = 3_600_000;

function journalOf(t: TestContext): SqliteJournal {
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  t.after(async () => {
    await journal.close();
    rmSync(join(path, '..'), { recursive: true, force: true });
  });
  return journal;
}

/** An operation that began and ended at the time `at`. */
function ended(id: string, at: number, changes: Partial<Operation> = {}): Operation {
  return sampleOperation(id, { state: 'confirmed', createdAt: at, changedAt: at, ...changes });
}

function pruneAll(journal: SqliteJournal, limits: HistoryLimits): void {
  for (let after: string | null = ''; after !== null;) after = journal.prune(after, limits);
}

async function idsIn(journal: SqliteJournal): Promise<string[]> {
  return (await journal.operations({})).map(({ id }) => id);
}

const limits = { now: 1_000 * day, since: 820 * day, most: 1e9, recent: 1_000 * day - hour };

test('issue 14: what ended longer ago than it is kept is dropped', async (t) => {
  const journal = journalOf(t);
  const old = 100 * day;
  await journal.commit({
    operations: [
      ended('a', old),
      sampleOperation('b', { state: 'stuck', createdAt: old, changedAt: old }),
      ended('c', old, { state: 'reverted', watch: sampleWatch(limits.now + 1) }),
      ended('d', old),
      ended('e', old),
      ended('f', old, { changedAt: limits.since }),
      ended('g', old, { state: 'refused', watch: sampleWatch(limits.now) }),
      sampleCreate('h', { state: 'kept', cancels: 'd', createdAt: limits.since }),
      ended('i', limits.since),
    ],
    facts: { 'something else': 'e' },
  });
  pruneAll(journal, limits);
  assert.deepEqual(await idsIn(journal), ['b', 'c', 'd', 'e', 'f', 'h', 'i']);
});

test('issue 14: above so many octets older ones go sooner, but none of the last hour', async (t) => {
  const journal = journalOf(t);
  const operations = Array.from({ length: 300 }, (_, at) =>
    ended(String(at).padStart(4, '0'), limits.now - day),
  );
  const fresh = ['1000', '1001'].map((id) => ended(id, limits.now - hour));
  await journal.commit({ operations: [...operations, ...fresh] });
  const each = Buffer.byteLength(JSON.stringify(operations[0]));
  pruneAll(journal, { ...limits, most: each * 100 });
  const left = await idsIn(journal);
  assert.ok(left.length >= 99 && left.length <= 101, `${left.length} left`);
  assert.deepEqual(left.slice(-2), ['1000', '1001']);
  assert.equal(left[0], '0202');
  pruneAll(journal, { ...limits, most: 0 });
  assert.deepEqual(await idsIn(journal), ['1000', '1001']);
});

test('issue 14: the upkeep drops what is old by itself, in steps, and does not stand in the way', async (t) => {
  const clock = new VirtualClock();
  const journal = journalOf(t);
  const at = clock.wall() - 181 * day;
  const operations = Array.from({ length: 1_000 }, (_, n) => ended(String(n).padStart(5, '0'), at));
  await journal.commit({ operations: [...operations, ended('90000', clock.wall())] });
  const lines: string[] = [];
  const log = (_: number, event: string): number => lines.push(event);
  const upkeep = new Upkeep(journal, clock, log, { person: 1e15, keep: 180 * day, most: 1e9, recent: hour });
  await clock.runUntil(60_000);
  assert.deepEqual(await idsIn(journal), ['90000']);
  assert.deepEqual(lines, ['journal.checked']);
  await journal.commit({ operations: [ended('50000', at)] });
  await clock.runUntil(2 * hour);
  assert.deepEqual(await idsIn(journal), ['90000']);
  await upkeep.stop();
});

test('issue 14: the upkeep has a round an hour', async (t) => {
  const clock = new VirtualClock();
  const journal = journalOf(t);
  const at: number[] = [];
  const prune = journal.prune.bind(journal);
  journal.prune = (...given) => {
    at.push(Math.floor(clock.now() / hour));
    return prune(...given);
  };
  const upkeep = new Upkeep(journal, clock, () => undefined, {
    person: 1e15,
    keep: day,
    most: 1e9,
    recent: hour,
  });
  await clock.runUntil(60_000);
  assert.deepEqual(at, [0]);
  await clock.runUntil(3.5 * hour);
  await upkeep.stop();
  assert.deepEqual(at, [0, 1, 2, 3]);
});

test('issue 14: a check reads all operations in steps, and tells which are damaged', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  t.after(() => rmSync(join(path, '..'), { recursive: true, force: true }));
  const open = (): SqliteJournal => new SqliteJournal({ path, writer: true, reserve: 65_536 });
  const first = open();
  assert.deepEqual(first.checkOperations(''), { last: null, damaged: [] });
  const ids = Array.from({ length: 51 }, (_, at) => `a${String(at).padStart(2, '0')}`);
  await first.commit({ operations: ids.map((id) => ended(id, 1)) });
  await first.close();
  const database = new DatabaseSync(path);
  database.exec("UPDATE operation SET body = replace(body, 'alice', 'eve') WHERE id IN ('a07', 'a50')");
  database.close();
  const journal = open();
  assert.deepEqual(journal.checkOperations(''), { last: 'a49', damaged: ['a07'] });
  assert.deepEqual(journal.checkOperations('a49'), { last: 'a50', damaged: ['a50'] });
  assert.deepEqual(journal.checkOperations('a50'), { last: null, damaged: [] });
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log: Log = (_, event, fields = {}) => lines.push(`${event} ${Object.values(fields).join(' ')}`);
  const upkeep = new Upkeep(journal, clock, log, { person: 1e15, keep: 1e15, most: 1e9, recent: hour });
  await clock.runUntil(60_000);
  await upkeep.stop();
  const damaged = ['a07', 'a50'].map((id) => `journal.operation-damaged ${id}`);
  assert.deepEqual(lines, [...damaged, 'journal.checked 2']);
  assert.equal((await journal.counts()).damagedOperations, 2);
  // The age of a damaged operation is unknown, so it is kept.
  pruneAll(journal, limits);
  const left = new DatabaseSync(path, { readOnly: true });
  assert.deepEqual(
    left
      .prepare('SELECT id FROM operation ORDER BY id')
      .all()
      .map(({ id }) => id),
    ['a07', 'a50'],
  );
  left.close();
  await journal.close();
});

test('issue 14: a query costs the same, however many operations have ended', async (t) => {
  const journal = journalOf(t);
  const at = 5;
  const { zone } = sampleOperation('x');
  const many = Array.from({ length: 20_000 }, (_, n) => ended(`a${String(n).padStart(6, '0')}`, at));
  const queries = {
    open: () => journal.operations({ openAt: 10 }),
    openIn: () => journal.operations({ zone, openAt: 10 }),
    latest: () => journal.operations({ latest: 20 }),
    latestIn: () => journal.operations({ zone, latest: 20 }),
    find: () => journal.operations({ prefix: 'b' }),
    counts: () => journal.counts(),
    put: () => journal.commit({ operations: [sampleOperation('b', { state: 'stuck' })] }),
  };
  const measure = async (): Promise<Record<string, number>> => {
    const best: Record<string, number> = {};
    for (const [name, query] of Object.entries(queries)) {
      const times: number[] = [];
      for (let turn = 0; turn < 20; turn += 1) {
        const began = process.cpuUsage();
        await query();
        const { user, system } = process.cpuUsage(began);
        times.push((user + system) / 1_000);
      }
      best[name] = Math.min(...times);
    }
    return best;
  };
  await journal.commit({ operations: [...many.slice(0, 50), sampleOperation('b', { state: 'stuck' })] });
  const few = await measure();
  await journal.commit({ operations: many.slice(50) });
  const later = await measure();
  for (const [name, time] of Object.entries(later))
    assert.ok(time < 1 + (few[name] ?? 0) * 20, `${name}: ${few[name]} ms with few, ${time} ms with many`);
});

test('issue 14: upkeep that fails is told and tried again in the next round', async (t) => {
  const clock = new VirtualClock();
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536, patience: 10 });
  const other = new DatabaseSync(path);
  t.after(async () => {
    other.close();
    await journal.close();
    rmSync(join(path, '..'), { recursive: true, force: true });
  });
  await journal.commit({ operations: [ended('a', clock.wall() - 2 * day)] });
  other.exec('BEGIN IMMEDIATE');
  const lines: string[] = [];
  const log = (_: number, event: string): number => lines.push(event);
  const upkeep = new Upkeep(journal, clock, log, { person: 1e15, keep: day, most: 1e9, recent: hour });
  await clock.runUntil(60_000);
  assert.deepEqual(lines, ['journal.upkeep-failed']);
  other.exec('ROLLBACK');
  await clock.runUntil(2 * hour);
  await upkeep.stop();
  assert.deepEqual(await idsIn(journal), []);
  assert.deepEqual(lines, ['journal.upkeep-failed', 'journal.checked']);
});
