/**
 * Issue 14: tests a write-ahead log whose bytes changed after a crash. Either all acknowledged commits except
 * the last one are still there, or the file is refused.
 */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { JournalError } from '../core/journal.ts';
import { sampleOperation, sampleRow } from '../testing/contracts/journal.ts';
import { Random } from '../testing/simulator/random.ts';
import { SqliteJournal } from './sqlite.ts';
import { isLogDamaged } from './write-ahead-log.ts';

const { zone } = sampleOperation('x');
const many = 40;

/** Makes the files of a journal whose agent was killed. The log holds {@link many} commits and one more. */
async function killed(
  t: TestContext,
): Promise<{ readonly path: string; readonly log: Buffer; readonly base: Buffer }> {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const alive = join(folder, 'alive.db');
  const journal = new SqliteJournal({ path: alive, writer: true, reserve: 65_536 });
  for (let at = 0; at < many; at += 1)
    await journal.commit({
      operations: [sampleOperation(`a${String(at).padStart(3, '0')}`)],
      rows: [{ zone, put: [sampleRow(at)] }],
    });
  await journal.commit({ facts: { lease: '{"boot":"another","pid":1,"started":"0"}' } });
  const path = join(folder, 'killed.db');
  for (const ending of ['', '-wal']) copyFileSync(`${alive}${ending}`, `${path}${ending}`);
  const files = { path, log: readFileSync(`${path}-wal`), base: readFileSync(path) };
  await journal.close();
  return files;
}

/** Counts the commits of operations that can still be read; null: the journal is refused. */
async function commitsLeft(path: string): Promise<number | null> {
  try {
    const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
    const [operations, rows] = [await journal.operations({}), await journal.rows(zone)];
    await journal.close();
    assert.equal(rows.length, operations.length);
    return operations.length;
  } catch (error) {
    if (error instanceof JournalError) return null;
    throw error;
  }
}

function putBack({ path, base }: { readonly path: string; readonly base: Buffer }, log: Buffer): void {
  rmSync(`${path}-shm`, { force: true });
  writeFileSync(path, base);
  writeFileSync(`${path}-wal`, log);
}

test('issue 14: a log that was damaged after a crash is refused, and stays for whoever mends it', async (t) => {
  const files = await killed(t);
  const random = new Random(3);
  let refused = 0;
  for (let turn = 0; turn < 60; turn += 1) {
    const log = Buffer.from(files.log);
    const at = random.between('place', 0, log.length - 1);
    log[at] = (log[at] ?? 0) ^ random.between('mask', 1, 255);
    putBack(files, log);
    const left = await commitsLeft(files.path);
    // Only the last commit may be missing: it holds no operation, but the lease of the killed agent.
    assert.ok(left === null || left === many, `${left} of ${many} after a flip at ${at}`);
    if (left !== null) continue;
    refused += 1;
    assert.deepEqual(readFileSync(`${files.path}-wal`), log);
  }
  assert.ok(refused > 40, `${refused} refused`);
});

test('issue 14: a torn last commit, an old log and none are no damage', async (t) => {
  const files = await killed(t);
  const path = `${files.path}-wal`;
  assert.equal(isLogDamaged(path), false);
  for (const less of [1, 5_000, files.log.length - 40, files.log.length - 32]) {
    writeFileSync(path, files.log);
    truncateSync(path, files.log.length - less);
    assert.equal(isLogDamaged(path), false, `${less} octets less`);
  }
  const torn = Buffer.from(files.log);
  torn[torn.length - 7] = (torn[torn.length - 7] ?? 0) ^ 1;
  writeFileSync(path, torn);
  assert.equal(isLogDamaged(path), false);
  writeFileSync(path, Buffer.alloc(64));
  assert.equal(isLogDamaged(path), false);
  rmSync(path);
  assert.equal(existsSync(path), false);
  assert.equal(isLogDamaged(path), false);
});

/**
 * Makes a log that SQLite has started to overwrite from its beginning. Old commits follow the given number of
 * new ones.
 */
function begunAnew(t: TestContext, commits: number): { readonly path: string; readonly log: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'a.db-wal');
  const database = new DatabaseSync(join(folder, 'a.db'));
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE thing (n INTEGER PRIMARY KEY)');
  const insert = database.prepare('INSERT INTO thing VALUES (?)');
  for (let n = 0; n < 20; n += 1) insert.run(n);
  const { size } = statSync(path);
  database.exec('PRAGMA wal_checkpoint(RESTART)');
  for (let n = 20; n < 20 + commits; n += 1) insert.run(n);
  const log = readFileSync(path);
  database.close();
  assert.equal(log.length, size);
  writeFileSync(path, log);
  return { path, log };
}

test('issue 14: what an earlier log has left behind the last commit is no damage', (t) => {
  for (const commits of [1, 3]) assert.equal(isLogDamaged(begunAnew(t, commits).path), false, `${commits}`);
});

test('issue 14: a frame before the last commit is damage, the last commit is torn, in a log begun anew too', (t) => {
  const { path, log } = begunAnew(t, 4);
  const frame = 24 + log.readUInt32BE(8);
  const flipped = (commit: number, at: number): boolean => {
    const octets = Buffer.from(log);
    const place = 32 + commit * frame + at;
    octets[place] = (octets[place] ?? 0) ^ 1;
    writeFileSync(path, octets);
    return isLogDamaged(path);
  };
  const commits = [0, 1, 2, 3];
  const places = { page: 24, 'end of the page': frame - 1, checksum: 16, 'end of the checksum': 23, size: 7 };
  for (const [what, at] of Object.entries(places))
    assert.deepEqual(
      commits.map((commit) => flipped(commit, at)),
      [true, true, true, false],
      what,
    );
  // A frame of commit 2 with another salt may be the first frame of a torn last commit, so it is not
  // reported.
  assert.deepEqual(
    commits.map((commit) => flipped(commit, 8)),
    [true, true, false, false],
  );
});

/**
 * Builds a log by hand: a header, and frames with pages of 512 octets. `ends` says which frames end a commit.
 */
function made(ends: readonly boolean[], isBig: boolean): Buffer {
  const octets = Buffer.alloc(32 + ends.length * 536, 7);
  const read = (at: number): number => (isBig ? octets.readUInt32BE(at) : octets.readUInt32LE(at));
  let sum: [bigint, bigint] = [0n, 0n];
  const add = (from: number, to: number): void => {
    for (let at = from; at < to; at += 8) {
      const first = BigInt.asUintN(32, sum[0] + BigInt(read(at)) + sum[1]);
      sum = [first, BigInt.asUintN(32, sum[1] + BigInt(read(at + 4)) + first)];
    }
  };
  const put = (at: number): void => sum.forEach((half, n) => octets.writeUInt32BE(Number(half), at + 4 * n));
  const numbers = [isBig ? 0x377f0683 : 0x377f0682, 3_007_000, 512, 0];
  numbers.forEach((number, n) => octets.writeUInt32BE(number, 4 * n));
  add(0, 24);
  put(24);
  for (const [n, isEnd] of ends.entries()) {
    const at = 32 + n * 536;
    octets.writeUInt32BE(n + 1, at);
    octets.writeUInt32BE(isEnd ? 9 : 0, at + 4);
    octets.copy(octets, at + 8, 16, 24);
    add(at, at + 8);
    add(at + 24, at + 536);
    put(at + 16);
  }
  return octets;
}

test('issue 14: the header and every frame of a log are read in the byte order that it names', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'journal-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'a.db-wal');
  const isDamagedAfter = (log: Buffer, ...flips: readonly number[]): boolean => {
    const octets = Buffer.from(log);
    for (const at of flips) octets[at] = (octets[at] ?? 0) ^ 1;
    writeFileSync(path, octets);
    return isLogDamaged(path);
  };
  // Two commits with two frames each, and one with three.
  const ends = [false, true, false, true, false, false, true];
  for (const isBig of [true, false]) {
    const log = made(ends, isBig);
    assert.equal(isDamagedAfter(log), false);
    const flippedPages = ends.map((_, n) => isDamagedAfter(log, 32 + n * 536 + 30));
    assert.deepEqual(flippedPages, [true, true, true, true, false, false, false]);
    for (const at of [0, 3, 9, 16, 23, 24, 31]) {
      assert.equal(isDamagedAfter(log, at), true, `octet ${at} of the header`);
      assert.equal(isDamagedAfter(log.subarray(0, 32), at), true, `octet ${at} of a header alone`);
    }
    assert.equal(isDamagedAfter(log.subarray(0, 31), 0), false);
  }
  const other = made(ends, false);
  assert.equal(isDamagedAfter(Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])), true);
  assert.equal(isDamagedAfter(Buffer.concat([other.subarray(0, 32), Buffer.alloc(536 * 3)])), false);
});
