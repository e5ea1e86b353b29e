/**
 * Plays seeded histories of the engine, or looks whether planted bugs are found: `npm run simulate -- --help`. Exits 1 when a law was
 * broken, or a planted bug was not found.
 */
import { execFileSync } from 'node:child_process';
import { readOptions, type Asked } from './runs/options.ts';
import { play } from './runs/play.ts';
import { playAll } from './runs/player.ts';
import { addReport, emptyReport, summaryOf, type Failure } from './runs/report.ts';
import { sliceRows, summaryText } from './runs/show.ts';

const asked = readOptions(process.argv.slice(2));
process.exitCode = (await simulate(asked)) ? 0 : 1;

/** @returns whether all laws were kept */
async function simulate({ modes: chosen, seed, runs, threads, json, slice }: Asked): Promise<boolean> {
  const began = performance.now();
  let report = emptyReport;
  const slices = chosen.map((mode) => ({ mode, seed, runs }));
  await playAll(slices, threads, (part) => (report = addReport(report, part)));
  const summary = summaryOf(report, (performance.now() - began) / 1_000);
  const [first] = summary.failures;
  if (json) console.log(JSON.stringify(summary, null, 2));
  else if (slice) console.log(sliceRows(summary, commit()));
  else {
    if (first !== undefined) await tellStory(first);
    console.log(summaryText(summary));
  }
  return summary.violations === 0;
}

async function tellStory({ mode, seed }: Failure): Promise<void> {
  const { log, violations } = await play(mode, seed);
  console.log(log.join('\n'));
  for (const { law, text } of violations) console.log(`VIOLATION: ${law}: ${text}`);
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}
