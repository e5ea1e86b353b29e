/**
 * Issue 19: tests that the journal survives a power loss. A run is recorded with strace. For many moments of
 * the run, the test makes the files that a power loss could leave: everything synced, and any part of the
 * rest. The journal must open them, and must have every commit that was reported before the moment.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Dice } from '../testing/fuzz/dice.ts';
import { Disk, type Fate } from '../testing/power-loss/disk.ts';
import { straceWords, systemCalls, withoutStrace, type SystemCall } from '../testing/strace.ts';
import { SqliteJournal } from './sqlite.ts';

const traced = ['openat', 'unlink', 'ftruncate', 'pwrite64', 'write', 'fsync', 'fdatasync'];

/**
 * Number of commits in the recorded run. With so many, SQLite merges the log into the database and begins the
 * log anew.
 */
const commits = 75;
/** How many moments of the run are tried, and how many choices of surviving changes at each moment. */
const moments = 25;
const fates = 4;

const runner = join(import.meta.dirname, '../testing/power-loss/journal-run.ts');

interface Recording {
  readonly path: string;
  readonly calls: readonly SystemCall[];
}

/** Runs the journal under strace. @returns the system calls on its files, and the program's reports */
async function recorded(t: TestContext): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), 'power-loss-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'state', 'journal.db');
  const output = join(folder, 'strace');
  const words = [...straceWords(traced, output), process.execPath, runner, path, String(commits)];
  const child = spawn('strace', words, { stdio: ['ignore', 'ignore', 'inherit'] });
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  const calls: SystemCall[] = [];
  for await (const call of systemCalls(output)) if (call.at === 'end' && isOurs(call, path)) calls.push(call);
  return { path, calls };
}

function isOurs({ name, file, data, result }: SystemCall, path: string): boolean {
  if (result === null || result < 0) return false;
  if (name === 'write') return reportIn(data) !== null;
  const place = name === 'openat' || name === 'unlink' ? data.toString('utf8') : file;
  // SQLite rebuilds the log's shared memory file after a power loss. The reserve file only takes space.
  if (name === 'fsync' && place === dirname(path)) return true;
  return place.startsWith(path) && !place.endsWith('-shm') && !place.endsWith('.reserve');
}

/** Parses a report of the program: the operation, and the number of the commit. */
function reportIn(data: Buffer): readonly [id: string, commit: number] | null {
  const [, id, commit] = /^(op\d{6}) (\d+)\n$/u.exec(data.toString('latin1')) ?? [];
  return id === undefined ? null : [id, Number(commit)];
}

/**
 * Decides which changes survive: all (`at` 0), none (1), or a random part, with writes cut short (2 and
 * more).
 */
function fateOf(at: number, dice: Dice): Fate {
  if (at === 0) return { keeps: () => true, sectors: (all) => all };
  if (at === 1) return { keeps: () => false, sectors: (all) => all };
  const share = dice.pick([0.1, 0.5, 0.9]);
  return {
    keeps: () => dice.chance(share),
    sectors: (all) => (dice.chance(0.8) ? all : dice.below(all + 1)),
  };
}

/**
 * Opens these files, and checks that the journal has each reported commit or a later one of the same
 * operation.
 */
async function check(
  files: ReadonlyMap<string, Buffer | null>,
  reported: ReadonlyMap<string, number>,
  folder: string,
): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [path, octets] of files)
    if (octets !== null) writeFileSync(join(folder, basename(path)), octets);
  const journal = new SqliteJournal({ path: join(folder, 'journal.db'), writer: true, reserve: 0 });
  try {
    assert.equal(journal.damage(), null);
    for (const [id, commit] of reported) {
      const operation = await journal.operation(id);
      assert.ok(operation !== null, `${id} is lost`);
      assert.ok(operation.attempts >= commit, `${id}: commit ${operation.attempts} instead of ${commit}`);
    }
  } finally {
    await journal.close();
  }
}

/**
 * Tries power losses at many moments of the run.
 * @param counts whether the simulated disk gets to know a call
 * @param most number of failures after which the search ends
 */
async function failures(
  { path, calls }: Recording,
  counts: (call: SystemCall) => boolean,
  most: number,
): Promise<readonly string[]> {
  const disk = new Disk();
  const dice = new Dice(20_261_130);
  const reported = new Map<string, number>();
  const folder = join(path, '../../after');
  const failed: string[] = [];
  for (const [at, call] of calls.entries()) {
    const report = call.name === 'write' ? reportIn(call.data) : null;
    if (report !== null) reported.set(...report);
    else if (counts(call)) disk.take(call);
    // The first calls create the file, so every moment among them is tried.
    if (at > 30 && !dice.chance(moments / calls.length)) continue;
    for (let fate = 0; fate < fates && failed.length < most; fate += 1) {
      await check(disk.after(fateOf(fate, dice)), reported, folder).catch((error: unknown) => {
        failed.push(`call ${at} (${call.name} ${basename(call.file)}), fate ${fate}: ${String(error)}`);
      });
    }
  }
  return failed;
}

test('issue 19, power loss: every reported commit is there', { skip: withoutStrace() }, async (t) => {
  const recording = await recorded(t);
  const { path, calls } = recording;
  assert.equal(calls.filter(({ name }) => name === 'write').length, commits);
  assert.ok(
    calls.some(({ name, file }) => name === 'pwrite64' && file === path),
    'the log is never merged',
  );
  assert.deepEqual(await failures(recording, () => true, Infinity), []);
  // Shows that this check can fail: if the disk ignores the syncs of the log, reported commits are lost.
  const isLogSync = ({ name, file }: SystemCall): boolean =>
    name !== 'write' && name.endsWith('sync') && file.endsWith('-wal');
  assert.equal((await failures(recording, (call) => !isLogSync(call), 1)).length, 1);
});
