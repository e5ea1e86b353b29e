import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { JournalError } from '../core/journal.ts';
import { olderFact } from '../core/journal-doubts.ts';
import { journalContract, sampleOperation, sampleRow } from '../testing/contracts/journal.ts';
import { fillDisk, mountSmallDisk } from '../testing/small-disk.ts';
import { SqliteJournal } from './sqlite.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'journal-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function open(path: string): SqliteJournal {
  return new SqliteJournal({ path, writer: true, reserve: 256 * 1024 });
}

journalContract('sqlite', (t) => {
  const journal = open(join(folder(t), 'state', 'journal.db'));
  t.after(() => journal.close());
  return Promise.resolve(journal);
});

function refuses(path: string, code: string): void {
  assert.throws(
    () => open(path),
    (error) => error instanceof JournalError && error.code === code,
  );
}

test('survives being closed, files are for root only', async (t) => {
  const path = join(folder(t), 'state', 'journal.db');
  const first = open(path);
  await first.commit({ operations: [sampleOperation('a')] });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  await first.close();
  const second = open(path);
  assert.deepEqual(await second.operation('a'), sampleOperation('a'));
  assert.equal(await second.fact(olderFact), null);
  await second.close();
});

test('one writer at a time; a dead one is no hindrance', async (t) => {
  const path = join(folder(t), 'journal.db');
  const program = `
    import { SqliteJournal } from ${JSON.stringify(join(import.meta.dirname, 'sqlite.ts'))};
    new SqliteJournal({ path: ${JSON.stringify(path)}, writer: true });
    console.log('open');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  refuses(path, 'journal.in-use');
  child.kill('SIGKILL');
  await once(child, 'close');
  const own = open(path);
  refuses(path, 'journal.in-use');
  await own.close();
  await open(path).close();
});

test('issue 12.15: a write lock of another program is no agent', async (t) => {
  const path = join(folder(t), 'journal.db');
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536, patience: 10 });
  t.after(() => journal.close());
  const other = new DatabaseSync(path);
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  const commit = journal.commit({ operations: [sampleOperation('a')] });
  await assert.rejects(commit, (error) => error instanceof JournalError && error.code === 'journal.locked');
  assert.throws(
    () => new SqliteJournal({ path, writer: true, patience: 10 }),
    (error) => error instanceof JournalError && error.code === 'journal.locked',
  );
  other.exec('ROLLBACK');
  await journal.commit({ operations: [sampleOperation('a')] });
});

test('issue 12.15: a reserve that cannot be made is an error of the journal', async (t) => {
  const directory = folder(t);
  const path = join(directory, 'journal.db');
  const journal = open(path);
  t.after(() => journal.close());
  const fails: Readonly<Record<string, () => void>> = {
    'a folder in its place': () => mkdirSync(`${path}.reserve`),
    'a link to nowhere': () => symlinkSync(join(directory, 'missing', 'x'), `${path}.reserve`),
    'a link to what nobody may write': () => symlinkSync('/proc/version', `${path}.reserve`),
  };
  for (const [what, make] of Object.entries(fails)) {
    rmSync(`${path}.reserve`, { recursive: true, force: true });
    make();
    await assert.rejects(
      journal.commit({ operations: [sampleOperation('a')] }),
      (error) => error instanceof JournalError && error.code === 'journal.write-failed',
      what,
    );
  }
  rmSync(`${path}.reserve`, { recursive: true });
  await journal.commit({ operations: [sampleOperation('a')] });
});

/** Opens the journal, and closes it again. @returns whether the journal reports that it is an older copy */
async function isOlder(path: string): Promise<boolean> {
  const journal = open(path);
  const since = await journal.fact(olderFact);
  await journal.commit({ facts: { [olderFact]: null } });
  await journal.close();
  return since !== null;
}

test('issue 13, older journals: a copy that lacks one commit is older, and says so until that is dealt with', async (t) => {
  const path = join(folder(t), 'journal.db');
  await open(path).close();
  const backup = readFileSync(path);
  const newer = open(path);
  await newer.commit({ operations: [sampleOperation('a')] });
  await newer.close();
  const newest = readFileSync(path);
  writeFileSync(path, backup);
  await open(path).close();
  const before = Date.now();
  const journal = open(path);
  const since = Number(await journal.fact(olderFact));
  assert.ok(since <= before && since > before - 60_000);
  await journal.close();
  assert.equal(await isOlder(path), true);
  assert.equal(await isOlder(path), false);
  writeFileSync(path, newest);
  assert.equal(await isOlder(path), true, 'the newer file, after the copy was written to');
});

test('issue 13, older journals: the newest copy is not older, nor is a file that is ahead after a kill', async (t) => {
  const path = join(folder(t), 'journal.db');
  const journal = open(path);
  await journal.commit({ operations: [sampleOperation('a')] });
  const lagging = readFileSync(`${path}.generation`);
  await journal.commit({ operations: [sampleOperation('b')] });
  await journal.close();
  const newest = readFileSync(path);
  writeFileSync(path, newest);
  assert.equal(await isOlder(path), false);
  writeFileSync(`${path}.generation`, lagging);
  assert.equal(await isOlder(path), false, 'killed between the commit and the write of the second copy');
});

test('issue 13, older journals: a failed commit is not counted', async (t) => {
  const path = join(folder(t), 'journal.db');
  const journal = open(path);
  const count = (): string => readFileSync(`${path}.generation`, 'utf8');
  const before = count();
  const operation = sampleOperation('a', { state: 'confirmed' });
  await journal.commit({ operations: [operation] });
  assert.equal(Number(count()), Number(before) + 1);
  await assert.rejects(journal.commit({ operations: [{ ...operation, state: 'prepared' }] }));
  assert.equal(Number(count()), Number(before) + 1);
  await journal.commit({ operations: [sampleOperation('b')] });
  assert.equal(Number(count()), Number(before) + 2);
  await journal.commit({ facts: { something: null } });
  assert.equal(Number(count()), Number(before) + 2, 'nothing was changed');
  journal.beat();
  assert.equal(Number(count()), Number(before) + 3);
  await journal.close();
});

test('issue 12.15: garbage in the second copy of the number of commits is no number, and an old backup is noticed after it', async (t) => {
  const path = join(folder(t), 'journal.db');
  await open(path).close();
  for (const garbage of ['', 'what?', 'NaN\n', '1e999', '-5']) {
    writeFileSync(`${path}.generation`, garbage);
    const journal = open(path);
    assert.equal(await journal.fact(olderFact), null, garbage);
    await journal.close();
    assert.match(readFileSync(`${path}.generation`, 'utf8'), /^\d+\n$/u, garbage);
  }
  const backup = readFileSync(path);
  await open(path).close();
  writeFileSync(path, backup);
  assert.equal(await isOlder(path), true);
});

test('a damaged file is refused and left as it is', async (t) => {
  const directory = folder(t);
  const damages: Record<string, (path: string) => void> = {
    noise: (path) => writeFileSync(path, Buffer.alloc(8_192, 0xa5)),
    text: (path) =>
      writeFileSync(path, 'this is not a database at all, but long enough to be read as one'.repeat(20)),
    cut: (path) => truncateSync(path, 10_000),
    emptied: (path) => truncateSync(path, 0),
  };
  for (const [name, damage] of Object.entries(damages)) {
    const path = join(directory, `${name}.db`);
    const journal = open(path);
    await journal.commit({ rows: [{ zone: sampleOperation('a').zone, put: [sampleRow(1)] }] });
    await journal.close();
    damage(path);
    const before = readFileSync(path);
    refuses(path, 'journal.unreadable');
    assert.deepEqual(readFileSync(path), before, name);
  }
});

test('a newer breaking schema is refused', async (t) => {
  const path = join(folder(t), 'journal.db');
  await open(path).close();
  const bump = `const { DatabaseSync } = require('node:sqlite'); new DatabaseSync(${JSON.stringify(path)}).exec('PRAGMA application_id = 99');`;
  assert.equal(spawnSync(process.execPath, ['-e', bump]).status, 0);
  refuses(path, 'journal.newer');
});

test('kill -9 in the middle of commits leaves whole batches only', async (t) => {
  const path = join(folder(t), 'journal.db');
  const contract = JSON.stringify(join(import.meta.dirname, '../testing/contracts/journal.ts'));
  const program = `
    import { SqliteJournal } from ${JSON.stringify(join(import.meta.dirname, 'sqlite.ts'))};
    const { sampleOperation, sampleRow } = await import(${contract});
    const journal = new SqliteJournal({ path: ${JSON.stringify(path)}, writer: true, reserve: 65536 });
    for (let at = 1; ; at += 1) {
      await journal.commit({
        operations: [sampleOperation(String(at).padStart(8, '0'))],
        rows: [{ zone: sampleOperation('x').zone, put: [sampleRow(at % 200)] }],
        facts: { last: String(at) },
      });
      if (at % 20 === 0) process.stdout.write(at + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '--test-isolation=none', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  const journal = open(path);
  const operations = await journal.operations({});
  assert.ok(operations.length >= 40);
  assert.equal(Number(await journal.fact('last')), operations.length);
  await journal.close();
});

test('a full disk: new work is refused, what is open can still be ended', async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'small-disk-'));
  const mounted = mountSmallDisk(t, disk, '2m');
  t.after(() => rmSync(disk, { recursive: true, force: true }));
  if (!mounted) {
    t.skip('only root may mount a small file system');
    return;
  }
  const path = join(disk, 'journal.db');
  const journal = new SqliteJournal({ path, writer: true, reserve: 256 * 1024 });
  await journal.commit({ operations: [sampleOperation('a')] });
  fillDisk(join(disk, 'other'));
  const big = { code: 'x', params: { text: 'y'.repeat(60_000) } };
  const ended = (state: 'applied' | 'confirmed'): Promise<void> =>
    journal.commit({ operations: [sampleOperation('a', { state, problems: [big] })] });
  await assert.rejects(
    journal.commit({ operations: [sampleOperation('b', { problems: [big] })] }),
    (error) => error instanceof JournalError && error.code === 'journal.disk-full',
  );
  await ended('applied');
  await ended('confirmed');
  assert.equal((await journal.operation('a'))?.state, 'confirmed');
  assert.equal(await journal.operation('b'), null);
  rmSync(join(disk, 'other'));
  await journal.commit({ operations: [sampleOperation('c')] });
  await journal.close();
});
