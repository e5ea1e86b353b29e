/**
 * Tests how one failure affects all commits that share a transaction (docs/decisions/023-group-commit.md).
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { JournalError, type Batch } from '../core/journal.ts';
import { sampleOperation } from '../testing/contracts/journal.ts';
import { fillDisk, mountSmallDisk } from '../testing/small-disk.ts';
import { CommitGroup, type GroupSteps } from './commit-group.ts';
import { SqliteJournal } from './sqlite.ts';

const fresh: Batch = { operations: [sampleOperation('a')] };
const step: Batch = { operations: [sampleOperation('a', { state: 'applied' })] };
const full = new JournalError('journal.disk-full', { path: 'x' });

/** Makes a group whose steps only record that they were called. */
function noted(changes: Partial<GroupSteps> = {}) {
  const said: string[] = [];
  let isOpen = false;
  const group = new CommitGroup({
    begin: () => {
      isOpen = true;
      said.push('begin');
    },
    apply: () => said.push('apply'),
    commit: () => {
      isOpen = false;
      said.push('commit');
    },
    cancel: () => {
      isOpen = false;
      said.push('cancel');
    },
    isOpen: () => isOpen,
    makeRoom: () => said.push('room'),
    ...changes,
  });
  return { group, said };
}

async function outcomes(...all: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(all);
  return settled.map((one) => (one.status === 'fulfilled' ? 'done' : String(one.reason)));
}

test('commits of one turn share a transaction, and reads wait until it has ended', async () => {
  const { group, said } = noted();
  const read = group.outside(() => said.push('read at once'));
  const commits = [group.add(fresh), group.add(step), group.add({})];
  const later = group.outside(() => said.push('read'));
  assert.deepEqual(await outcomes(...commits, read, later), ['done', 'done', 'done', 'done', 'done']);
  assert.deepEqual(said, ['read at once', 'begin', 'apply', 'apply', 'commit', 'read']);
  await group.add({});
  assert.equal(said.length, 6);
});

test('the transaction can be ended at once', async () => {
  const { group, said } = noted();
  const commit = group.add(fresh);
  group.end();
  assert.deepEqual(said, ['begin', 'apply', 'commit']);
  await commit;
});

test('a failed commit fails each commit of the group, and what only read in it', async () => {
  const failing = new JournalError('journal.write-failed', { path: 'x' });
  const { group, said } = noted({
    commit: () => {
      throw failing;
    },
  });
  const found = await outcomes(
    group.add(fresh),
    group.add(step),
    group.add({}),
    group.outside(() => 1),
  );
  assert.deepEqual(found, [String(failing), String(failing), String(failing), 'done']);
  assert.deepEqual(said, ['begin', 'apply', 'apply', 'cancel']);
});

test('a batch that is not allowed fails alone, and one that loses the transaction fails all', async () => {
  for (const losesAll of [false, true]) {
    let applied = 0;
    let isLost = false;
    const { group } = noted({
      apply: () => {
        applied += 1;
        if (applied !== 2) return;
        isLost = losesAll;
        throw new Error('no');
      },
      isOpen: () => !isLost,
    });
    const found = await outcomes(group.add(fresh), group.add(step), group.add(step));
    assert.deepEqual(found, losesAll ? ['Error: no', 'Error: no', 'done'] : ['done', 'Error: no', 'done']);
  }
});

test('on a full disk, steps of open operations are written again with the reserved space', async () => {
  for (const [batches, expected] of [
    [
      [step, step],
      ['done', 'done'],
    ],
    [
      [step, fresh, step],
      [String(full), String(full), String(full)],
    ],
  ] as const) {
    let commits = 0;
    const { group, said } = noted({
      commit: () => {
        commits += 1;
        if (commits === 1) throw full;
      },
    });
    assert.deepEqual(await outcomes(...batches.map((batch) => group.add(batch))), expected);
    assert.equal(said.includes('room'), expected[0] === 'done');
  }
});

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'journal-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function open(path: string): SqliteJournal {
  return new SqliteJournal({ path, writer: true, reserve: 256 * 1024 });
}

test('issue 19, group commit: commits at once are one commit of the file, and steps follow each other', async (t) => {
  const path = join(folder(t), 'journal.db');
  const journal = open(path);
  const counted = (): number => Number(readFileSync(`${path}.generation`, 'utf8'));
  const before = counted();
  const commits = [
    journal.commit({ operations: [sampleOperation('a')], facts: { x: '1' } }),
    journal.commit({ operations: [sampleOperation('a', { state: 'applied' })] }),
    journal.commit({ operations: [sampleOperation('b', { state: 'confirmed' })] }),
    journal.commit({ operations: [sampleOperation('b', { state: 'applied' })] }),
    journal.commit({ facts: { x: '2' } }),
  ];
  assert.equal(counted(), before);
  assert.equal((await journal.pending.operation('a'))?.state, 'applied');
  assert.deepEqual(
    (await journal.pending.operations({ openAt: 1 })).map(({ id }) => id),
    ['a'],
  );
  assert.equal(await journal.pending.fact('x'), '2');
  const isOnDisk = journal.operation('a').then((found) => [found?.state, counted() - before]);
  const notAllowed = 'Error: operation b may not go from confirmed to applied';
  assert.deepEqual(await outcomes(...commits), ['done', 'done', 'done', notAllowed, 'done']);
  assert.deepEqual(await isOnDisk, ['applied', 1]);
  assert.equal((await journal.operation('b'))?.state, 'confirmed');
  await journal.close();
  const again = open(path);
  assert.deepEqual(
    (await again.operations({})).map(({ id, state }) => `${id} ${state}`),
    ['a applied', 'b confirmed'],
  );
  await again.close();
});

test('issue 19, group commit: a second journal in the same process does not wait for the first one', async (t) => {
  const path = join(folder(t), 'journal.db');
  const journal = open(path);
  const commit = journal.commit({ facts: { x: '1' } });
  assert.throws(
    () => open(path),
    (error) => error instanceof JournalError && error.code === 'journal.in-use',
  );
  await commit;
  await journal.close();
});

test('issue 19, group commit: what cannot become durable together is refused together', async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'journal-'));
  const mounted = mountSmallDisk(t, disk, '2m');
  // `t.after` hooks run in the order in which they are added, so the file system is unmounted before it is
  // removed.
  t.after(() => rmSync(disk, { recursive: true, force: true }));
  if (!mounted) {
    t.skip('only root may mount a small file system');
    return;
  }
  const path = join(disk, 'journal.db');
  const journal = open(path);
  await journal.commit({ operations: [sampleOperation('a'), sampleOperation('b')] });
  fillDisk(join(disk, 'other'));
  const big = { problems: [{ code: 'x', params: { text: 'y'.repeat(60_000) } }] };
  const applied = (id: string): Batch => ({
    operations: [sampleOperation(id, { state: 'applied', ...big })],
  });
  const found = await outcomes(
    journal.commit(applied('a')),
    journal.commit({ operations: [sampleOperation('c', big)] }),
    journal.commit(applied('b')),
    journal.commit({}),
  );
  const isFull = 'JournalError: journal.disk-full';
  assert.deepEqual(found, [isFull, isFull, isFull, isFull]);
  const states = async (): Promise<string[]> =>
    (await journal.operations({})).map(({ id, state }) => `${id} ${state}`);
  assert.deepEqual(await states(), ['a prepared', 'b prepared']);
  // Steps of open operations may use the reserved space, here for both commits together.
  assert.deepEqual(await outcomes(journal.commit(applied('a')), journal.commit(applied('b'))), [
    'done',
    'done',
  ]);
  assert.deepEqual(await states(), ['a applied', 'b applied']);
  await journal.close();
});
