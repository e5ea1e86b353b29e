/**
 * Plays seeded histories of the engine, or looks whether planted bugs are found: `npm run simulate -- --help`. Exits 1 when a law was
 * broken, or a planted bug was not found.
 */
import { execFileSync } from 'node:child_process';
import { huntPlanted, plantedText } from './mutants/planted-run.ts';
import { readOptions, type Asked } from './runs/options.ts';
import { play } from './runs/play.ts';
import { playAll } from './runs/player.ts';
import { addReport, emptyReport, summaryOf, type Failure } from './runs/report.ts';
import { sliceRows, summaryText } from './runs/show.ts';

const asked = readOptions(process.argv.slice(2));
process.exitCode = (await (asked.mutants ? findPlanted(asked) : simulate(asked))) ? 0 : 1;

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

/** @returns whether every planted bug was found */
async function findPlanted({ modes, seed, runs, threads, json, only }: Asked): Promise<boolean> {
  const summary = await huntPlanted({ modes, seed, runs }, threads, only, (result) => {
    if (!json) console.log(plantedText(result));
  });
  const { planted, found, histories, seconds } = summary;
  if (json) console.log(JSON.stringify(summary, null, 2));
  else
    console.log(
      `${found} of ${planted} planted bugs found, each within ${histories} histories, in ${seconds} s`,
    );
  return found === planted;
}

async function tellStory({ mode, seed }: Failure): Promise<void> {
  const { log, violations } = await play(mode, seed);
  console.log(log.join('\n'));
  for (const { law, text } of violations) console.log(`VIOLATION: ${law}: ${text}`);
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}
