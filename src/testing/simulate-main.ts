/**
 * Plays seeded histories of the engine or of the gateway, or checks that they find planted bugs; see
 * `npm run simulate -- --help`. The exit status is 1 if a law was broken, a planted bug was not found, or too
 * few mechanical mutants were found.
 */
import { execFileSync } from 'node:child_process';
import { mechanicalText, tryMechanical } from './mutants/mechanical/run.ts';
import { huntPlanted, plantedText } from './mutants/planted-run.ts';
import { plantedInGateway } from './mutants/planted/gateway.ts';
import { planted } from './mutants/planted/index.ts';
import { everyStory } from './mutants/stories.ts';
import { readOptions, type Asked } from './runs/options.ts';
import { isGatewayMode } from './runs/modes.ts';
import { play, playEngine, playTold } from './runs/play.ts';
import { playAll } from './runs/player.ts';
import { addReport, emptyReport, summaryOf, type Failure } from './runs/report.ts';
import { shortest } from './runs/short.ts';
import { sliceRows, summaryText } from './runs/show.ts';
import { printStory } from './simulator/story.ts';
import { tell } from './simulator/words.ts';

/** At least this many per cent of the mechanical mutants must be found. */
const wantedShare = 85;

const asked = readOptions(process.argv.slice(2));
process.exitCode = (await run(asked)) ? 0 : 1;

/**
 * Does what the command line asks for. @returns whether the result is good; with `false` the exit status is 1
 */
async function run(what: Asked): Promise<boolean> {
  if (what.mechanical !== null) return await mutate(what, what.mechanical);
  return await (what.mutants ? findPlanted(what) : simulate(what));
}

/** Plays the histories and prints their report. @returns whether no law was broken */
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
    if (first !== undefined) await printStoryOf(first);
    console.log(summaryText(summary));
  }
  return summary.violations === 0;
}

/** Prints a text about one mutant at once. With JSON on the standard output, prints on the error output. */
function tellAbout(json: boolean, text: string): void {
  if (json) console.error(text);
  else console.log(text);
}

/** Searches for the planted bugs. @returns whether every bug was found */
async function findPlanted({ modes, seed, runs, threads, json, only, gateway }: Asked): Promise<boolean> {
  const hunt = { stories: gateway ? [] : await everyStory(), modes, seed, runs };
  const bugs = gateway ? plantedInGateway : planted;
  const summary = await huntPlanted(bugs, hunt, threads, only, (result) =>
    tellAbout(json, plantedText(result)),
  );
  const { planted: tried, found, stories, histories, seconds } = summary;
  if (json) console.log(JSON.stringify(summary, null, 2));
  else
    console.log(
      `${found} of ${tried} planted bugs found, each within ${stories} stories and ${histories} histories, in ${seconds} s`,
    );
  return found === tried;
}

/**
 * Tries mechanical mutants.
 * @returns whether enough of them were found, and none that is listed as equivalent
 */
async function mutate({ modes, runs, seed, threads, json, only }: Asked, sample: number): Promise<boolean> {
  // Here the seed only selects the mutants. The histories are always those of the default run.
  const hunt = { stories: await everyStory(), modes, seed: 1, runs };
  const summary = await tryMechanical({ hunt, sample, seed, only, threads }, (result) =>
    tellAbout(json, mechanicalText(result)),
  );
  const { mutants, tried, byLaws, byTests, survived, equivalent, share } = summary;
  if (json) console.log(JSON.stringify(summary, null, 2));
  else {
    const { histories, seconds } = summary;
    console.log(`${tried} of ${mutants} mutants tried with ${histories} histories each, in ${seconds} s`);
    console.log(`${share} % found: ${byLaws} by laws, ${byTests} by tests, ${survived} survived`);
    console.log(`${equivalent} more are equivalent`);
  }
  return share >= wantedShare && summary.wronglyListed.length === 0;
}

/**
 * Makes a failing history as small as possible and prints it: in sentences, then as a story for a file
 * (docs/reliability.md). A history of the gateway is printed as it is.
 */
async function printStoryOf({ mode, seed, ...violation }: Failure): Promise<void> {
  if (isGatewayMode(mode)) {
    console.log((await play(mode, seed)).log.join('\n'));
    return;
  }
  const story = await shortest((await playEngine(mode, seed)).story, violation);
  const { troubles, violations } = await playTold(story);
  console.log(tell({ story, troubles }).join('\n'));
  for (const { law, text } of violations) console.log(`VIOLATION: ${law}: ${text}`);
  console.log(printStory(story));
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}
