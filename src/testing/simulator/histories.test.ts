import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { before, test } from 'node:test';
import type { EngineSettings } from '../../core/engine/settings.ts';
import { everyMode, type Mode } from '../runs/modes.ts';
import { playAll } from '../runs/player.ts';
import { addReport, emptyReport, modesOf, type Report } from '../runs/report.ts';
import { playHistory } from './history.ts';

/**
 * Number of histories of each mode. All modes together take at most one minute on two idle cores (issue 13).
 */
const most = 180;
const runs: Partial<Readonly<Record<Mode, number>>> = { default: 900, pauses: 90, onetrip: 90 };

/**
 * Seeds whose histories still break a law, each with that law (docs/known-gaps.md). A seed that no longer
 * breaks its law must be removed here.
 */
const broken: Partial<Readonly<Record<Mode, Readonly<Record<number, string>>>>> = {};

const reports = new Map<Mode, Report>();

// All modes use the same threads, because each new thread compiles the engine again, which takes seconds.
before(async () => {
  const slices = everyMode.map((mode) => ({ mode, seed: 1, runs: runs[mode] ?? most }));
  await playAll(slices, availableParallelism(), (part) => {
    for (const [mode] of modesOf(part.modes))
      reports.set(mode, addReport(reports.get(mode) ?? emptyReport, part));
  });
});

for (const mode of everyMode) {
  const count = runs[mode] ?? most;
  test(`${count} histories keep both sides together: ${mode}`, () => {
    const report = reports.get(mode) ?? emptyReport;
    const found = Object.fromEntries(report.failures.map(({ seed, law }) => [seed, law]));
    const texts = report.failures.map(({ seed, law, text }) => `${mode} ${seed}: ${law}: ${text}`);
    assert.deepEqual(found, broken[mode] ?? {}, texts.slice(0, 10).join('\n'));
    assert.equal(report.modes[mode]?.runs, count);
  });
}

test('a history is the same each time it is played', async () => {
  const [first, second] = await Promise.all([playHistory(7), playHistory(7)]);
  assert.deepEqual(first.log, second.log);
  assert.ok(first.log.length > 5);
});

test('the laws notice an engine that does not watch for late writes, or undoes at the first look', async () => {
  const careless = [
    { watch: 0 },
    { afterWait: 300, readGap: 100, grace: 0, visibilityWait: 300, readLag: 0 },
  ];
  for (const settings of careless) {
    assert.ok(await isNoticed(settings), `nothing noticed with ${JSON.stringify(settings)}`);
  }
});

/** Whether one of 150 histories breaks a law if the engine has these settings. */
async function isNoticed(settings: Partial<EngineSettings>): Promise<boolean> {
  for (let seed = 1; seed <= 150; seed += 1)
    if ((await playHistory(seed, settings)).violations.length > 0) return true;
  return false;
}
