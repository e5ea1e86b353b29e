/** Tests the disk space that is reserved for finishing open operations. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fillDisk, mountSmallDisk } from '../testing/small-disk.ts';
import { isFull, Reserve } from './reserve.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'reserve-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('the space is taken to the octet, in a file for root only', (t) => {
  for (const octets of [1, 65_536, 65_537, 200_000]) {
    const path = join(folder(t), 'reserve');
    const reserve = new Reserve(path, octets);
    assert.equal(reserve.held, false);
    assert.equal(reserve.take(), true);
    assert.equal(reserve.held, true);
    const { size, mode } = statSync(path);
    assert.deepEqual([size, mode & 0o777], [octets, 0o600]);
  }
});

test('real octets are written, so that the disk keeps room for them', (t) => {
  const path = join(folder(t), 'reserve');
  new Reserve(path, 200_000).take();
  assert.ok(statSync(path).blocks * 512 >= 200_000);
  assert.ok(readFileSync(path).every((octet) => octet === 1));
});

test('space that is held is not taken again; too little of it is', (t) => {
  const path = join(folder(t), 'reserve');
  writeFileSync(path, Buffer.alloc(1_000, 7));
  const reserve = new Reserve(path, 1_000);
  assert.equal(reserve.take(), true);
  assert.equal(readFileSync(path)[0], 7);
  truncateSync(path, 999);
  assert.equal(reserve.held, false);
  assert.equal(reserve.take(), true);
  assert.deepEqual([statSync(path).size, readFileSync(path)[0]], [1_000, 1]);
});

test('the space can be given back, also where there is none', (t) => {
  const reserve = new Reserve(join(folder(t), 'reserve'), 1_000);
  reserve.give();
  reserve.take();
  reserve.give();
  assert.equal(reserve.held, false);
});

test('on a disk without room nothing is taken, and nothing of it is left', (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'reserve-'));
  const mounted = mountSmallDisk(t, disk, '1m');
  t.after(() => rmSync(disk, { recursive: true, force: true }));
  if (!mounted) {
    t.skip('only root may mount a small file system');
    return;
  }
  const path = join(disk, 'reserve');
  fillDisk(join(disk, 'other'));
  rmSync(path, { force: true });
  assert.equal(new Reserve(path, 256 * 1024).take(), false);
  assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  rmSync(join(disk, 'other'));
  assert.equal(new Reserve(path, 256 * 1024).take(), true);
});

test('a place that cannot be written is no full disk', (t) => {
  const reserve = new Reserve(join(folder(t), 'missing', 'reserve'), 1_000);
  assert.throws(() => reserve.take(), /ENOENT/u);
});

test('a full disk is told by the code of the system’s error', () => {
  const withCode = (code: string): Error => Object.assign(new Error('x'), { code });
  assert.deepEqual(
    [withCode('ENOSPC'), withCode('EDQUOT'), withCode('EACCES'), new Error('ENOSPC'), { code: 'ENOSPC' }].map(
      isFull,
    ),
    [true, true, false, false, false],
  );
});
