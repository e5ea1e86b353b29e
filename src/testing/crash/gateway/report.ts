import { gatewayPlan, type GatewayForm } from './plan.ts';
import { playGateway, type GatewayStoryResult } from './story.ts';

type Counts = Readonly<Record<string, number>>;

/** Result of a run of stories about the gateway. */
export interface GatewaySummary {
  readonly stories: number;
  readonly firstSeed: number;
  readonly lastSeed: number;
  readonly kills: number;
  readonly killed: Counts;
  readonly answers: Counts;
  readonly changes: number;
  readonly interrupted: number;
  readonly halfMade: number;
  readonly violations: number;
  readonly failures: readonly {
    readonly seed: number;
    readonly texts: readonly string[];
    readonly directory: string;
  }[];
  readonly seconds: number;
}

/** Plays stories one after the other. @param told is called with the text of each story when it ends */
export async function playGatewayStories(
  { runs, seed, kills, backend, gateways }: GatewayForm & Readonly<Record<'runs' | 'seed' | 'kills', number>>,
  told: (text: string) => void,
): Promise<GatewaySummary> {
  const began = performance.now();
  const results: GatewayStoryResult[] = [];
  const stop = new AbortController();
  // On a signal the story that runs ends normally, and so ends its processes.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      stop.abort();
    });
  for (let at = 0; at < runs && !stop.signal.aborted; at += 1) {
    const result = await playGateway(gatewayPlan(seed + at, kills, { backend, gateways }));
    results.push(result);
    told(tellGateway(result));
  }
  return summaryOf(results, (performance.now() - began) / 1_000);
}

function summaryOf(results: readonly GatewayStoryResult[], seconds: number): GatewaySummary {
  const seeds = results.map(({ plan }) => plan.seed);
  const killed = sum(results.map(({ kills }) => kills));
  const bad = results.filter(({ violations }) => violations.length > 0);
  return {
    stories: results.length,
    firstSeed: Math.min(...seeds),
    lastSeed: Math.max(...seeds),
    kills: Object.values(killed).reduce((all, one) => all + one, 0),
    killed,
    answers: sum(results.map(({ answers }) => answers)),
    changes: results.reduce((all, { changes }) => all + changes, 0),
    interrupted: results.reduce((all, { interrupted }) => all + interrupted, 0),
    halfMade: results.reduce((all, { halfMade }) => all + halfMade, 0),
    violations: bad.reduce((all, { violations }) => all + violations.length, 0),
    failures: bad.map(({ plan, violations, directory }) => ({
      seed: plan.seed,
      texts: violations.map(({ law, text }) => `${law}: ${text}`),
      directory,
    })),
    seconds: Math.round(seconds),
  };
}

function sum(all: readonly Counts[]): Counts {
  const total: Record<string, number> = {};
  for (const counts of all)
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  return total;
}

/** Describes a story in one line. If a law was broken, everything that happened follows. */
export function tellGateway(result: GatewayStoryResult): string {
  const { plan, violations, kills, answers, changes, interrupted, seconds, told, directory } = result;
  const counts = (of: Counts): string =>
    Object.entries(of)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  const form = `${plan.gateways} gateway, ${plan.backend}, ${plan.clients} clients`;
  const head = `seed ${plan.seed} ${form}: killed ${counts(kills)}`;
  const line = `${head}; ${changes} changes, ${interrupted} interrupted; ${counts(answers)}; ${seconds} s`;
  if (violations.length === 0) return line;
  const laws = violations.map(({ law, text }) => `VIOLATION ${law}: ${text}`);
  return [line, ...told.map((one) => `  ${one}`), ...laws, `files: ${directory}`].join('\n');
}
