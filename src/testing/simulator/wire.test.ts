import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { Wire } from './wire.ts';

const zone = parseName('joined.example.');
const other = parseName('fresh.example.');
const www = parseName('www.joined.example.');
const ftp = parseName('ftp.joined.example.');

test('issue 13, planted bugs: two requests about one name at the same time are noticed, others are not', async () => {
  const wire = new Wire();
  const overlaps: string[] = [];
  const begun: string[] = [];
  wire.onOverlap = (text) => overlaps.push(text);
  wire.onRequest = (operation) => begun.push(operation);
  const { promise, resolve } = Promise.withResolvers<number>();
  const first = wire.during('1', zone, [www], 'writes www', () => promise);
  await wire.during('2', zone, [ftp], 'writes ftp', () => Promise.resolve());
  await wire.during('3', other, null, 'deletes fresh', () => Promise.resolve());
  assert.deepEqual(overlaps, []);
  await wire.during('4', zone, [www, ftp], 'writes both', () => Promise.resolve());
  await wire.during('5', zone, null, 'deletes joined', () => Promise.resolve());
  assert.deepEqual(overlaps, [
    '4 writes both begins during 1 writes www',
    '5 deletes joined begins during 1 writes www',
  ]);
  resolve(7);
  assert.equal(await first, 7);
  await wire.during('6', zone, null, 'creates joined', () => Promise.resolve());
  await assert.rejects(
    wire.during('7', zone, [www], 'writes www', () => Promise.reject(new Error('refused'))),
  );
  await wire.during('8', zone, [www], 'writes www', () => Promise.resolve());
  assert.equal(overlaps.length, 2);
  assert.deepEqual(begun, ['1', '2', '3', '4', '5', '6', '7', '8']);
});
