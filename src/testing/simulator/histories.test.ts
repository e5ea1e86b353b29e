import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { playHistory } from './history.ts';

const program = join(import.meta.dirname, '../simulate-main.ts');

/** Plays histories in a process of their own, so that both cores work. */
function simulate(
  count: number,
  first: number,
  ...more: readonly string[]
): Promise<{ status: number | null; tail: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, String(count), String(first), ...more], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      text = (text + chunk).slice(-20_000);
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, tail: text }));
  });
}

test('20,000 histories keep both sides together', async () => {
  const runs = await Promise.all([simulate(10_000, 1), simulate(10_000, 10_001)]);
  for (const { status, tail } of runs) assert.equal(status, 0, tail);
});

test('5,000 histories in which TTLs change as well', async () => {
  const runs = await Promise.all([simulate(2_500, 1_501, 'ttl'), simulate(2_500, 4_001, 'ttl')]);
  for (const { status, tail } of runs) assert.equal(status, 0, tail);
});

test('5,000 histories with a central that can neither list zones nor read whole ones', async () => {
  const runs = await Promise.all([simulate(2_500, 1, 'names'), simulate(2_500, 2_501, 'names')]);
  for (const { status, tail } of runs) assert.equal(status, 0, tail);
});

test('3,000 histories with a central that signs every zone', async () => {
  const runs = await Promise.all([simulate(1_500, 1, 'signed'), simulate(1_500, 1_501, 'signed')]);
  for (const { status, tail } of runs) assert.equal(status, 0, tail);
});

test('4,000 histories of a panel with two centrals', async () => {
  const runs = await Promise.all([simulate(2_000, 1, 'two'), simulate(2_000, 3_001, 'two')]);
  for (const { status, tail } of runs) assert.equal(status, 0, tail);
});

test('4,000 histories of a zone below one that answers its names already (issue 11.8)', async () => {
  const runs = await Promise.all([simulate(2_000, 1, 'above'), simulate(2_000, 3_001, 'above')]);
  for (const { status, tail } of runs) assert.equal(status, 0, tail);
});

test('issue 11.1: 4,000 histories of several users, one of whom may not', async () => {
  const runs = await Promise.all([simulate(2_000, 1, 'users'), simulate(2_000, 2_001, 'users')]);
  for (const { status, tail } of runs) assert.equal(status, 0, tail);
});

test('a history is the same each time it is played', async () => {
  const [first, second] = await Promise.all([playHistory(7), playHistory(7)]);
  assert.deepEqual(first.log, second.log);
  assert.ok(first.log.length > 5);
});

test('the laws notice an engine that does not watch for late writes, or undoes at the first look', async () => {
  const careless = [{ watch: 0 }, { afterWait: 300, readGap: 100, grace: 0, visibilityWait: 300 }];
  for (const settings of careless) {
    let broken = 0;
    for (let seed = 1; seed <= 150; seed += 1) {
      if ((await playHistory(seed, settings)).violations.length > 0) broken += 1;
    }
    assert.ok(broken > 0, `nothing noticed with ${JSON.stringify(settings)}`);
  }
});
