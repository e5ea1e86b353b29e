/**
 * Measures the processor time that engine and journal need for one edit, in `before` and in `after`. The
 * journal contains 1,000 ended operations. Panel and central are in memory. Other programs affect processor
 * time less than elapsed time. With `TMPDIR=/dev/shm`, the speed of the disk has no effect.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Subject } from './history.ts';
import { round, spread } from './measure.ts';

const warmUp = 200;
const edits = 600;
/** After so many edits, the benchmark waits until the engine has confirmed all of them. */
const inARow = 10;

export async function benchEdit(): Promise<Record<string, number>> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  const subject = await Subject.make(join(directory, 'journal.db'), 1_000, 1_000);
  const times: Record<'before' | 'after' | 'edit', number[]> = { before: [], after: [], edit: [] };
  try {
    await subject.start();
    for (let at = 0; at < warmUp + edits; at += 1) {
      if (at % inARow === 0) await subject.rest();
      const before = await processorTime(() => subject.before());
      const after = await processorTime(() => subject.after());
      if (at < warmUp) continue;
      times.before.push(before);
      times.after.push(after);
      times.edit.push(before + after);
    }
    await subject.rest();
    await subject.stop();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const figures: Record<string, number> = {};
  for (const [name, all] of Object.entries(times))
    for (const [part, time] of Object.entries({ p10: tenth(all), ...spread(all) }))
      figures[`${name}_cpu_${part}_ms`] = time;
  return figures;
}

/** Returns the time that the fastest tenth of the edits stayed below. */
function tenth(times: readonly number[]): number {
  return round(times.toSorted((a, b) => a - b)[Math.floor(times.length / 10)] ?? 0);
}

/** Processor time of this process while `work` runs, milliseconds. */
async function processorTime(work: () => Promise<void>): Promise<number> {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}
