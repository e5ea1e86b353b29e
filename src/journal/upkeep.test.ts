/** Tests the rounds of the upkeep: the order of the steps, the pauses, and what happens after a failure. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { JournalError } from '../core/journal.ts';
import { parseName } from '../dns/name.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { SqliteJournal } from './sqlite.ts';
import { Upkeep } from './upkeep.ts';

const hour = 3_600_000;
const settings = { keep: 1_000, person: 500, most: 70, recent: 10 };
const [first, second] = [parseName('a.example.'), parseName('b.example.')] as const;

interface Scene {
  readonly journal: SqliteJournal;
  readonly clock: VirtualClock;
  /** Calls of the journal, each with its time. */
  readonly calls: string[];
  /** Levels and events that were logged. */
  readonly lines: string[];
  readonly begin: () => Upkeep;
}

/** Makes an empty journal whose upkeep has nothing to do in any step. Stores its calls in `calls`. */
function given(t: TestContext): Scene {
  const path = join(mkdtempSync(join(tmpdir(), 'journal-')), 'journal.db');
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  const clock = new VirtualClock();
  const [calls, lines]: [string[], string[]] = [[], []];
  const note = (what: string): void => void calls.push(`${clock.now()} ${what}`);
  journal.addSums = (after) => {
    note(`sums ${after}`);
    return null;
  };
  journal.addKeys = (after) => {
    note(`keys ${after}`);
    return null;
  };
  journal.forgetPersons = (after, { person, since }) => {
    note(`persons ${after} ${[clock.wall() - person, clock.wall() - since].join()}`);
    return null;
  };
  journal.prune = (after, { now, since, most, recent }) => {
    note(`prune ${after} ${[now - clock.wall(), now - since, most, now - recent].join()}`);
    return null;
  };
  journal.checkLedger = (after) => {
    note(`ledger ${after}`);
    return { last: null, damaged: [] };
  };
  journal.checkOperations = (after) => {
    note(`operations ${after}`);
    return { last: null, damaged: [] };
  };
  journal.noteDamage = async (count) => {
    await clock.sleep(5);
    note(`damage ${count}`);
  };
  const upkeeps: Upkeep[] = [];
  t.after(async () => {
    await Promise.all(upkeeps.map(async (upkeep) => await upkeep.stop()));
    await journal.close();
    rmSync(join(path, '..'), { recursive: true, force: true });
  });
  const begin = (): Upkeep => {
    const log = (level: number, event: string, fields: object = {}): void =>
      void lines.push([level, event, ...Object.values(fields)].join(' '));
    const upkeep = new Upkeep(journal, clock, log, settings);
    upkeeps.push(upkeep);
    return upkeep;
  };
  return { journal, clock, calls, lines, begin };
}

test('a round adds checksums, drops what is old, then checks the file; each step waits a little', async (t) => {
  const { clock, calls, lines, begin } = given(t);
  begin();
  await clock.runUntil(1_000);
  assert.deepEqual(calls, [
    '0 sums ',
    '20 keys ',
    '40 persons  500,1000',
    '60 prune  0,1000,70,10',
    '80 ledger ',
    '100 operations ',
    '125 damage 0',
  ]);
  assert.deepEqual(lines, ['4 journal.checked 0']);
});

test('each part goes on from the last key until there is none', async (t) => {
  const { journal, clock, calls, lines, begin } = given(t);
  const keys = ['', 'a', 'b'];
  const nextOf = (after: string): string | null => keys[keys.indexOf(after) + 1] ?? null;
  const noted = (what: string): void => void calls.push(what);
  journal.addSums = (after) => {
    noted(`sums ${after}`);
    return nextOf(after);
  };
  journal.prune = (after) => {
    noted(`prune ${after}`);
    return nextOf(after);
  };
  journal.checkLedger = (after) => {
    noted(`ledger ${after}`);
    const last = after === '' ? first : after === first ? second : null;
    return { last, damaged: last === null ? [] : [last] };
  };
  journal.checkOperations = (after) => {
    noted(`operations ${after}`);
    return { last: nextOf(after), damaged: after === '' ? [] : [`of ${after}`, 'another'] };
  };
  begin();
  await clock.runUntil(10_000);
  const parts = ['sums', 'prune', 'ledger', 'operations'];
  for (const part of parts)
    assert.deepEqual(
      calls.filter((one) => one.includes(part)),
      [part, part, part].map((name, at) =>
        part === 'ledger' ? `ledger ${['', first, second][at] ?? ''}` : `${name} ${keys[at] ?? ''}`,
      ),
    );
  assert.equal(calls.at(-1), '285 damage 4');
  assert.deepEqual(lines, [
    `1 journal.zone-damaged ${first}`,
    `1 journal.zone-damaged ${second}`,
    '1 journal.operation-damaged of a',
    '1 journal.operation-damaged another',
    '1 journal.operation-damaged of b',
    '1 journal.operation-damaged another',
    '4 journal.checked 4',
  ]);
});

test('a step that takes long is followed by a pause nine times as long', async (t) => {
  const { journal, clock, calls, begin } = given(t);
  let late = 0;
  const now = clock.now.bind(clock);
  // Each step takes time: it moves the clock by `late`.
  clock.now = () => now() + late;
  journal.addSums = () => {
    late += 100;
    return null;
  };
  begin();
  await clock.runUntil(899);
  assert.deepEqual(calls, []);
  await clock.runUntil(900);
  assert.equal(calls.length, 1);
});

test('a round comes an hour after the one before; the file is checked once a day', async (t) => {
  const { clock, calls, begin } = given(t);
  begin();
  const hoursOf = (what: string): number[] =>
    calls.filter((one) => one.includes(what)).map((one) => Math.floor(Number.parseInt(one, 10) / hour));
  await clock.runUntil(26 * hour);
  assert.deepEqual(hoursOf('prune'), [...Array.from({ length: 26 }).keys()]);
  assert.deepEqual(hoursOf('damage'), [0, 24]);
});

test('a failed round is logged and tried again after an hour, the check included', async (t) => {
  const failures: readonly (readonly [Error | string, string])[] = [
    [new JournalError('journal.locked', { path: 'x' }), '2 journal.upkeep-failed'],
    [new TypeError('a defect'), '1 journal.upkeep-failed a defect'],
  ];
  for (const [error, line] of failures) {
    const { journal, clock, calls, lines, begin } = given(t);
    const noteDamage = journal.noteDamage.bind(journal);
    journal.noteDamage = async () => {
      await Promise.resolve();
      throw error;
    };
    begin();
    await clock.runUntil(hour);
    assert.equal(lines.length, 1);
    assert.ok(lines[0]?.startsWith(line), lines[0]);
    journal.noteDamage = noteDamage;
    const tried = calls.length;
    await clock.runUntil(hour + 1_000);
    assert.deepEqual(
      calls.slice(tried).map((one) => one.split(' ')[1]),
      ['sums', 'keys', 'persons', 'prune', 'ledger', 'operations', 'damage'],
    );
    assert.equal(lines.at(-1), '4 journal.checked 0');
  }
});

test('after a stop no step runs any more, and nothing is logged', async (t) => {
  for (const at of [10, 90, 102, hour]) {
    const { clock, calls, lines, begin } = given(t);
    const upkeep = begin();
    await clock.runUntil(at);
    const stopped = upkeep.stop();
    await clock.runUntilSettled(stopped);
    const [done, logged] = [calls.length, lines.length];
    await clock.runUntil(3 * hour);
    assert.deepEqual([calls.length, lines.length], [done, logged], `stopped at ${at}`);
    assert.equal(
      lines.some((line) => line.includes('failed')),
      false,
    );
  }
});

test('a stop waits for the step that runs', async (t) => {
  const { journal, clock, begin } = given(t);
  let isDone = false;
  journal.noteDamage = async () => {
    await clock.sleep(5_000);
    isDone = true;
  };
  const upkeep = begin();
  await clock.runUntil(150);
  await clock.runUntilSettled(upkeep.stop());
  assert.ok(isDone);
});

test('a failed upkeep can be stopped', async (t) => {
  const { journal, clock, calls, begin } = given(t);
  journal.addSums = () => {
    throw new JournalError('journal.locked', { path: 'x' });
  };
  const upkeep = begin();
  await clock.runUntil(100);
  await clock.runUntilSettled(upkeep.stop());
  await clock.runUntil(3 * hour);
  assert.deepEqual(calls, []);
  assert.equal(clock.pending, 0);
});
