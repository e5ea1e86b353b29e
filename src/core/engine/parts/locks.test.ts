import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { NameLocks } from './locks.ts';

const zone = parseName('example.org.');
const www = parseName('www.example.org.');
const ftp = parseName('ftp.example.org.');
const never = new AbortController().signal;

async function isHeldUp(locked: Promise<unknown>): Promise<boolean> {
  const turn = new Promise((resolve) => setImmediate(resolve, 'waiting'));
  return (await Promise.race([locked, turn])) === 'waiting';
}

test('different names do not wait for each other, the same name does', async () => {
  const locks = new NameLocks();
  const first = await locks.acquire(zone, [www], never);
  await locks.acquire(zone, [ftp], never);
  const second = locks.acquire(zone, [www], never);
  assert.equal(await isHeldUp(second), true);
  first.release();
  assert.equal(await isHeldUp(second), false);
});

test('a lock on the zone waits for every name and is not overtaken', async () => {
  const locks = new NameLocks();
  const name = await locks.acquire(zone, [www], never);
  const whole = locks.acquire(zone, null, never);
  const later = locks.acquire(zone, [ftp], never);
  assert.equal(await isHeldUp(whole), true);
  assert.equal(await isHeldUp(later), true);
  name.release();
  (await whole).release();
  (await later).release();
});

test('issue 13, locks: who has given up already gets no lock, and leaves none behind', async () => {
  const locks = new NameLocks();
  const late = AbortSignal.abort(new Error('deadline'));
  await assert.rejects(locks.acquire(zone, [www], late), /deadline/);
  assert.equal(await isHeldUp(locks.acquire(zone, null, never)), false);
});

test('giving up leaves the queue in order', async () => {
  const locks = new NameLocks();
  const name = await locks.acquire(zone, [www], never);
  const impatient = new AbortController();
  const whole = locks.acquire(zone, null, impatient.signal);
  const other = locks.acquire(zone, [ftp], never);
  impatient.abort(new Error('deadline'));
  await assert.rejects(whole, /deadline/);
  assert.equal(await isHeldUp(other), false);
  name.release();
  name.release();
});
