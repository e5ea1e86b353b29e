/**
 * Plays crash stories: users edit records while real processes are killed. With `--gateway`, clients send
 * changes to a gateway instead. See `npm run -s crash -- --help`. The exit status is 1 if a law was broken.
 */
import { Command, InvalidArgumentError } from 'commander';
import type { BackendKind } from '../stage/gateway-account.ts';
import { playGatewayStories } from './gateway/report.ts';
import { isPairName, missingForPair, pairNames, type PairName } from './pairs.ts';
import { planOf, type CrashPlan } from './plan.ts';
import { summarize, tellCrash } from './report.ts';
import { playCrash, type CrashResult } from './story.ts';

interface Options {
  readonly runs: number;
  readonly seed: number;
  readonly pair: readonly PairName[];
  readonly kills: number;
  readonly waits?: CrashPlan['waits'];
  readonly atOnce: number;
  readonly json: boolean;
  readonly gateway: boolean;
  readonly backend: BackendKind;
  readonly twoGateways: boolean;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/u.test(text)) throw new InvalidArgumentError('a whole number is expected');
  return Number(text);
}

function pairsIn(text: string): readonly PairName[] {
  return text.split(',').map((name) => {
    if (!isPairName(name)) throw new InvalidArgumentError(`pairs are: ${pairNames.join(', ')}`);
    return name;
  });
}

function waitsIn(text: string): CrashPlan['waits'] {
  if (text !== 'short' && text !== 'default') throw new InvalidArgumentError('short or default');
  return text;
}

function backendIn(text: string): BackendKind {
  if (text === 'powerdns' || text === 'bind' || text === 'knot') return text;
  throw new InvalidArgumentError('powerdns, bind or knot');
}

function readOptions(): Options {
  return new Command('crash')
    .description('Plays stories with real processes that are killed (docs/reliability.md).')
    .option('--runs <number>', 'how many stories', wholeNumber, 8)
    .option('--seed <number>', 'seed of the first story', wholeNumber, 1)
    .option('--pair <names>', `comma separated: ${pairNames.join(', ')}`, pairsIn, pairNames)
    .option('--kills <number>', 'kills that are tried in each story', wholeNumber, 24)
    .option('--waits <which>', 'short or default; else one story in twelve has the default waits', waitsIn)
    .option('--at-once <number>', 'how many stories at once', wholeNumber, 2)
    .option('--gateway', 'stories about the gateway, instead of those about the agent', false)
    .option('--backend <kind>', 'with --gateway: powerdns, bind or knot', backendIn, 'powerdns')
    .option('--two-gateways', 'with --gateway: two of them, which share a PostgreSQL', false)
    .option('--json', 'print the result as JSON', false)
    .allowExcessArguments(false)
    .parse()
    .opts<Options>();
}

/** Plays the stories, several at the same time, and prints each result when the story ends. */
async function playStories({
  runs,
  seed,
  pair,
  kills,
  waits,
  atOnce,
  json,
}: Options): Promise<CrashResult[]> {
  const pairs = pair.filter((name) => {
    const missing = missingForPair(name);
    if (missing !== false) console.error(`${name} is left out: ${missing}`);
    return missing === false;
  });
  const plans = Array.from({ length: runs }, (_, at) => {
    const name = pairs[(seed + at) % pairs.length];
    return name === undefined ? [] : [planOf(seed + at, name, kills, waits)];
  }).flat();
  // On a signal, only stories that have not begun are dropped. The others end normally, and so end their
  // processes.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => plans.splice(0));
  const results: CrashResult[] = [];
  const worker = async (): Promise<void> => {
    for (let plan = plans.shift(); plan !== undefined; plan = plans.shift()) {
      const result = await playCrash(plan);
      results.push(result);
      (json ? console.error : console.log)(tellCrash(result));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, atOnce) }, worker));
  return results;
}

const options = readOptions();
const began = performance.now();
const say = options.json ? console.error : console.log;
const summary = options.gateway
  ? await playGatewayStories({ ...options, gateways: options.twoGateways ? 2 : 1 }, say)
  : summarize(await playStories(options), (performance.now() - began) / 1_000);
console.log(JSON.stringify(summary, null, 2));
process.exitCode = summary.violations === 0 && summary.stories > 0 ? 0 : 1;
