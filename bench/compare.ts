/**
 * Measures comparisons of all zones: the first comparison, a read of all zones in full, and a periodic
 * comparison of zones that have not changed. Bare clients list and read the same zones as a yardstick. The
 * panel's tool (`mgrctl`) and the central are real processes. One large zone is compared in separate
 * processes (`large-zone.ts`).
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { localSerials } from '../src/app/wiring/local-serials.ts';
import { wirePanel } from '../src/app/wiring/wire.ts';
import type { Engine } from '../src/core/engine/engine.ts';
import { parseName } from '../src/dns/name.ts';
import { rate } from './at-once.ts';
import { bareCentral, barePanel, type BareSide, type NamedHosts } from './bare-sides.ts';
import { openCentral, startEngine } from './bench-engine.ts';
import {
  comparedCentrals,
  filledZone,
  filledZones,
  missingCentral,
  startBothSides,
  type BothSides,
  type ComparedCentral,
} from './both-sides.ts';
import { ratio, round, spread, timed } from './measure.ts';
import { atEachOf, type Figures, type Filled } from './name-servers.ts';
import { print } from './print.ts';

export interface ComparePlan {
  readonly centrals: readonly ComparedCentral[];
  /** Number of zones (0: none), and of records in each. A tenth of the zones is measured first. */
  readonly zones: number;
  readonly records: number;
  /** Number of records in the large zone; 0: the large zone is left out. */
  readonly large: number;
}

const trial: ComparePlan = { centrals: comparedCentrals, zones: 100, records: 12, large: 2_000 };

export async function benchCompare(changes: Partial<ComparePlan> = {}): Promise<Figures> {
  const plan = { ...trial, ...changes };
  return await atEachOf(plan.centrals, missingCentral, async (central, note) => {
    if (plan.zones > 0) await compareAt(central, plan, note);
    return plan.large > 0 ? await largeZone(central, plan.large) : {};
  });
}

async function compareAt(
  central: ComparedCentral,
  { zones, records }: ComparePlan,
  note: (found: Readonly<Figures>) => void,
): Promise<void> {
  const sizes = [Math.ceil(zones / 10), zones];
  const times: Figures[] = [];
  for (const count of sizes) {
    print(`${central}: ${count} zones with ${records} records`);
    const found = await manyZones(central, filledZones(count, records), count === zones ? note : () => {});
    times.push(found);
  }
  note(linearity(sizes, times));
}

/**
 * Computes by how much the time for one zone grows from the small run to the large run. @param times by name,
 * ms
 */
export function linearity(sizes: readonly number[], times: readonly Readonly<Figures>[]): Figures {
  const [few = 1, many = 1] = sizes;
  const [ofFew = {}, ofMany = {}] = times;
  const found: Figures = {};
  for (const [name, time] of Object.entries(ofMany)) {
    const before = ofFew[name];
    if (before !== undefined && before > 0)
      found[`${name.replace(/_ms$/u, '')}_linearity_ratio`] = ratio(time / many, before / few);
  }
  return found;
}

/** Number of zones that are read one by one, to compute percentiles. */
const sampled = 100;
/**
 * How many zones the bare clients read at the same time, one number after the other. The best rate counts.
 */
const bareTogether = [1, 2, 4] as const;
/** Number of zones that are planned at the same time, as `domainsync plan --all` does at first. */
const planTogether = 4;

/** Measures the comparisons of all zones. @returns the times of the whole comparisons, milliseconds */
async function manyZones(
  kind: ComparedCentral,
  zones: readonly Filled[],
  note: (found: Readonly<Figures>) => void,
): Promise<Figures> {
  const sides = await startBothSides(kind, zones);
  const bare = new BareSides(sides, zones);
  const central = await openCentral(sides.settings);
  const panel = await wirePanel(sides.root);
  const bareTimes = await bare.times();
  note(bareTimes);
  const started = performance.now();
  const serials =
    sides.serialServer === null ? {} : { serials: localSerials({ serialServer: sides.serialServer }) };
  // The panel's reads never show an old state here, and the benchmark starts the periodic comparisons itself.
  const settings = { readLag: 0, serialsEvery: 1e9 };
  const { engine, stop } = await startEngine({ panel, central, ...serials }, false, settings);
  try {
    await until(() => engine.live.comparison.total > 0 && !engine.live.comparison.running);
    const first = performance.now() - started;
    note(firstFigures(zones.length, first, bareTimes));
    const full = await timed(() =>
      rate(zones, planTogether, async ({ zone }) => {
        await planZone(engine, zone);
      }),
    );
    note({ full_ms: round(full), full_to_bare_ratio: ratio(full, bareTimes.bare_ms) });
    note(await oneByOne(engine, bare, zones.slice(0, sampled)));
    // This comparison reads the serials and compares all zones in full, which proves that the serials belong
    // to equal zones.
    await wholeRound(engine);
    const inStep = await timed(() => wholeRound(engine));
    note(inStepFigures(inStep, bareTimes));
    return { first_ms: first, full_ms: full, in_step_ms: inStep };
  } finally {
    await stop();
    bare.close();
    await sides.stop();
  }
}

async function planZone(engine: Engine, zone: Filled['zone']): Promise<void> {
  const { steps, left, hindrance } = await engine.plan(zone, { direction: 'push', removes: true });
  if (steps.length + left.length > 0 || hindrance !== null)
    throw new Error(`${zone} is not in step: ${JSON.stringify({ steps, left, hindrance })}`);
}

/** Compares all zones as the product does every hour, and waits until the last one is compared. */
async function wholeRound(engine: Engine): Promise<void> {
  const before = engine.live.comparisons.completeAt;
  engine.compare('all', 'periodic');
  await until(() => engine.live.comparisons.completeAt !== before);
}

async function until(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((resolve) => setTimeout(resolve, 5));
}

type BareTimes = Awaited<ReturnType<BareSides['times']>>;

/** Clients of both sides that do nothing but list and read zones. */
class BareSides {
  readonly #sides: readonly BareSide[];
  readonly #zones: readonly NamedHosts[];

  constructor({ root, reach }: BothSides, zones: readonly Filled[]) {
    this.#sides = [barePanel(root), bareCentral(reach)];
    this.#zones = zones.map(hostsOf);
  }

  /** Measures how long it takes to list both sides, and then to read all zones on both sides. */
  async times() {
    const [panel, central] = this.#sides;
    const names = this.#zones.map(({ zone }) => zone);
    const panelList = await timed(async () => await panel?.list(names));
    const list = await timed(async () => await central?.list(names));
    const rates: number[] = [];
    for (const together of bareTogether)
      rates.push(await rate(this.#zones, together, async (zone) => await this.read(zone)));
    const best = Math.max(...rates);
    return {
      panel_list_ms: round(panelList),
      list_ms: round(list),
      bare_ms: round((this.#zones.length / best) * 1_000),
      bare_zones_per_second: round(best),
      bare_together: bareTogether[rates.indexOf(best)] ?? 0,
    };
  }

  /** Reads one zone on both sides. */
  async read(zone: NamedHosts): Promise<void> {
    for (const side of this.#sides) {
      const records = await side.read(zone);
      if (records < zone.hosts.length) throw new Error(`${zone.zone} has ${records} records`);
    }
  }

  close(): void {
    for (const side of this.#sides) side.close();
  }
}

function hostsOf({ zone, records }: Filled): NamedHosts {
  return { zone, hosts: records.map(({ name }) => name) };
}

function firstFigures(zones: number, first: number, bare: BareTimes): Figures {
  const bareFirst = bare.panel_list_ms + bare.list_ms + bare.bare_ms;
  return {
    first_ms: round(first),
    first_zones_per_second: round((zones / first) * 1_000),
    first_to_bare_ratio: ratio(first, bareFirst),
  };
}

function inStepFigures(inStep: number, { panel_list_ms, list_ms, bare_ms }: BareTimes): Figures {
  return {
    in_step_ms: round(inStep),
    in_step_to_limit_ratio: ratio(inStep, 3 * list_ms + panel_list_ms),
    bare_to_in_step_ratio: ratio(bare_ms, inStep),
  };
}

/** Reads each zone once by the engine and once by the bare clients, zone after zone. */
async function oneByOne(engine: Engine, bare: BareSides, zones: readonly Filled[]): Promise<Figures> {
  const [ours, others]: [number[], number[]] = [[], []];
  for (const filled of zones) {
    others.push(await timed(() => bare.read(hostsOf(filled))));
    ours.push(await timed(() => planZone(engine, filled.zone)));
  }
  const [one, other] = [spread(ours), spread(others)];
  return {
    zone_p50_ms: one.p50,
    zone_p95_ms: one.p95,
    zone_p99_ms: one.p99,
    bare_zone_p50_ms: other.p50,
    bare_zone_p95_ms: other.p95,
    bare_zone_p99_ms: other.p99,
    zone_to_bare_p50_ratio: ratio(one.p50, other.p50),
  };
}

const largeShape = v.object({ ms: v.number(), mib: v.number() });

/** Compares the large zone in one process, and reads it with bare clients in another process. */
async function largeZone(kind: ComparedCentral, count: number): Promise<Figures> {
  print(`${kind}: one zone with ${count} records`);
  const filled = filledZone(parseName('large.example.'), count);
  const sides = await startBothSides(kind, [filled], true);
  try {
    const { root, reach, settings } = sides;
    const measure = async (way: 'bare' | 'ours'): Promise<v.InferOutput<typeof largeShape>> => {
      const task = JSON.stringify({ way, root, reach, settings, zone: filled.zone });
      const program = join(import.meta.dirname, 'large-zone.ts');
      const { stdout } = await promisify(execFile)(process.execPath, [program, task]);
      return v.parse(largeShape, JSON.parse(stdout));
    };
    const bare = await measure('bare');
    const ours = await measure('ours');
    return {
      large_ms: round(ours.ms),
      large_bare_ms: round(bare.ms),
      large_to_bare_ratio: ratio(ours.ms, bare.ms),
      large_memory_mib: round(ours.mib),
      large_bare_memory_mib: round(bare.mib),
      large_memory_to_bare_ratio: ratio(ours.mib, bare.mib),
    };
  } finally {
    await sides.stop();
  }
}
