/**
 * Measures how long it takes until the provider's name server answers with the result of an edit in the
 * panel. One time counts from the start of the hook, another one from when the agent receives the edit. For
 * comparison, a bare client sends the same change to the same server, in turn with the product. A third
 * figure is about a primary: how long its secondary takes to answer with a change.
 */
import { parseName, type DnsName } from '../src/dns/name.ts';
import { makeRecord } from '../src/dns/record.ts';
import { ratio, round, spread, type Spread } from './measure.ts';
import {
  atEach,
  softwares,
  startPair,
  startSubject,
  type Filled,
  type Software,
  type Subject,
} from './name-servers.ts';
import { hostIn, PanelWithAgent } from './panel-with-agent.ts';
import type { Rec } from './raw.ts';
import { print } from './print.ts';
import { Watcher } from './watcher.ts';

const small = parseName('small.example.');
/**
 * The bare client's own zone, as large as the small one. If the bare client wrote into the product's zone,
 * the product would check that zone again.
 */
const bare = parseName('bare.example.');
const large = parseName('large.example.');
const smallRecords = 12;
const largeRecords = 100_000;

export interface Plan {
  readonly softwares: readonly Software[];
  /** Number of edits with pauses between them. */
  readonly repetitions: number;
  /** Number of rounds of edits without pauses, and of edits in each round. */
  readonly rounds: number;
  readonly inARow: number;
  /** Number of edits in the large zone; 0: there is no large zone. */
  readonly large: number;
  /**
   * How many changes are made at the primary with pauses between them, and how many without; 0: no primary
   * and secondary are started.
   */
  readonly pair: number;
  /** Options of Node.js for the agent's process. */
  readonly flags: readonly string[];
}

const whole: Plan = {
  softwares,
  repetitions: 200,
  rounds: 3,
  inARow: 20,
  large: 20,
  pair: 5,
  flags: [],
};

export async function benchCentral(changes: Partial<Plan> = {}): Promise<Record<string, number>> {
  const plan = { ...whole, ...changes };
  return await atEach(plan.softwares, async (software) =>
    compared({ ...(await editsAt(software, plan)), ...(await pairOf(software, plan)) }),
  );
}

/**
 * Adds a ratio: the time until a secondary has a change of its primary, divided by the time of an edit.
 * @param figures by name, in milliseconds
 */
export function compared(figures: Readonly<Record<string, number>>): Record<string, number> {
  const all: Record<string, number> = { ...figures };
  const edit = figures['edit_p50_ms'];
  for (const way of ['idle', 'in_a_row']) {
    const pair = figures[`pair_${way}_p50_ms`];
    const ours = way === 'idle' ? edit : figures['in_a_row_edit_p50_ms'];
    if (pair !== undefined && ours !== undefined) all[`pair_${way}_to_edit_ratio`] = ratio(pair, ours);
  }
  return all;
}

/** Makes a zone of A records. The product's edits change the first record, the bare client's the second. */
export function zoneOf(zone: DnsName, count: number): Filled {
  const records = Array.from({ length: count }, (_, at) => addressOf(hostOf(at), firstAddress(at), zone));
  return { zone, records };
}

function hostOf(at: number): string {
  return ['ours', 'raw'][at] ?? `h${at}`;
}

function firstAddress(at: number): string {
  return at < 2 ? addressAt(0) : `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
}

/** An address that differs for every number up to 65,535. */
function addressAt(at: number): string {
  return `192.0.${(at >> 8) & 255}.${at & 255}`;
}

function addressOf(host: string, address: string, zone: DnsName): Rec {
  return makeRecord({ name: host, type: 'A', ttl: 3_600, rdata: address }, zone);
}

async function editsAt(software: Software, plan: Plan): Promise<Record<string, number>> {
  const zones = [zoneOf(small, smallRecords), ...(plan.large > 0 ? [zoneOf(large, largeRecords)] : [])];
  print(`${software}: ${plan.repetitions} edits`);
  const subject = await startSubject(software, [...zones, zoneOf(bare, smallRecords)]);
  const panel = await PanelWithAgent.start(subject.settings, zones, plan.flags);
  const watcher = await Watcher.at(subject.server.port);
  try {
    const turns = new Turns(panel, subject, watcher);
    await turns.warmUp();
    for (let at = 0; at < plan.repetitions; at += 1) await turns.one(small, 'idle');
    for (let at = 0; at < plan.rounds; at += 1) await turns.row(plan.inARow);
    if (plan.large > 0) print(`${software}: a zone of ${largeRecords} records`);
    // The first edit may make the product check the whole zone, so it is not measured.
    if (plan.large > 0) await turns.one(large, 'warm');
    for (let at = 0; at < plan.large; at += 1) {
      await turns.one(large, 'large');
      await turns.one(small, 'beside');
    }
    return turns.figures();
  } finally {
    watcher.close();
    await panel.stop();
    await subject.stop();
  }
}

/** Makes our edits and those of the bare client in turn, and keeps their times. */
class Turns {
  readonly #panel: PanelWithAgent;
  readonly #subject: Subject;
  readonly #watcher: Watcher;
  readonly #times = new Map<string, number[]>();
  readonly #count = new Map<string, number>();

  constructor(panel: PanelWithAgent, subject: Subject, watcher: Watcher) {
    this.#panel = panel;
    this.#subject = subject;
    this.#watcher = watcher;
  }

  /** Makes edits that do not count. Afterwards the code is compiled and the connections are open. */
  async warmUp(): Promise<void> {
    for (let at = 0; at < 20; at += 1) await this.one(small, 'warm');
  }

  async one(zone: DnsName, way: string): Promise<void> {
    await this.#panel.rest();
    await this.#ours(zone, way);
    await this.#panel.rest();
    await this.#raw(way);
    await this.#watchedRaw(way);
  }

  async row(length: number): Promise<void> {
    await this.#panel.rest();
    for (let at = 0; at < length; at += 1) await this.#ours(small, 'row');
    await this.#panel.rest();
    for (let at = 0; at < length; at += 1) await this.#raw('row');
  }

  async #ours(zone: DnsName, way: string): Promise<void> {
    const { from, to } = this.#next('ours', zone);
    const save = { zone: zone.slice(0, -1), host: 'ours', from, to };
    const name = hostIn('ours', zone);
    const passage = await this.#panel.save(save, () => this.#watcher.sees(name, to));
    this.#note(`${way} edit`, passage.seen - passage.received);
    this.#note(`${way} hook`, passage.seen - passage.hook);
    this.#note(`${way} verdict`, passage.answered - passage.received);
  }

  async #raw(way: string): Promise<void> {
    const { to } = this.#next('raw', bare);
    const started = performance.now();
    await this.#subject.raw.write(bare, [addressOf('raw', to, bare)]);
    this.#note(`${way} raw`, (await this.#watcher.sees(hostIn('raw', bare), to)) - started);
  }

  /**
   * Makes a change of the bare client like {@link #raw}, but the watcher asks from the beginning, as it does
   * during our edits. Its questions take processor time from client and server.
   */
  async #watchedRaw(way: string): Promise<void> {
    const { to } = this.#next('raw', bare);
    const started = performance.now();
    const seen = this.#watcher.sees(hostIn('raw', bare), to);
    const [at] = await Promise.all([seen, this.#subject.raw.write(bare, [addressOf('raw', to, bare)])]);
    this.#note(`${way} watched raw`, at - started);
  }

  #next(who: string, zone: DnsName): { readonly from: string; readonly to: string } {
    const at = (this.#count.get(`${who} ${zone}`) ?? 0) + 1;
    this.#count.set(`${who} ${zone}`, at);
    return { from: addressAt(at - 1), to: addressAt(at) };
  }

  #note(what: string, time: number): void {
    const times = this.#times.get(what) ?? [];
    times.push(time);
    this.#times.set(what, times);
  }

  #of(what: string): Spread {
    return spread(this.#times.get(what) ?? []);
  }

  /**
   * The time that a tenth of the edits were faster than. Other work on the machine affects this figure least.
   */
  #tenth(what: string): number {
    const sorted = (this.#times.get(what) ?? []).toSorted((a, b) => a - b);
    return round(sorted[Math.floor(sorted.length / 10)] ?? 0);
  }

  figures(): Record<string, number> {
    const edit = this.#of('idle edit');
    const raw = this.#of('idle raw');
    const watchedRaw = this.#of('idle watched raw');
    const rowEdit = this.#of('row edit');
    const rowRaw = this.#of('row raw');
    return {
      ...both('edit', edit),
      ...both('edit_from_hook', this.#of('idle hook')),
      ...both('edit_until_verdict', this.#of('idle verdict')),
      ...both('raw', raw),
      edit_to_raw_p50_ratio: ratio(edit.p50, raw.p50),
      edit_p10_ms: this.#tenth('idle edit'),
      raw_p10_ms: this.#tenth('idle raw'),
      edit_to_raw_p10_ratio: ratio(this.#tenth('idle edit'), this.#tenth('idle raw')),
      ...both('watched_raw', watchedRaw),
      edit_to_watched_raw_p50_ratio: ratio(edit.p50, watchedRaw.p50),
      edit_to_watched_raw_p10_ratio: ratio(this.#tenth('idle edit'), this.#tenth('idle watched raw')),
      ...both('in_a_row_edit', rowEdit),
      ...both('in_a_row_raw', rowRaw),
      in_a_row_edit_to_raw_p50_ratio: ratio(rowEdit.p50, rowRaw.p50),
      in_a_row_edit_to_raw_p10_ratio: ratio(this.#tenth('row edit'), this.#tenth('row raw')),
      ...(this.#times.has('large edit') ? this.#largeFigures() : {}),
    };
  }

  #largeFigures(): Record<string, number> {
    const [edit, beside] = [this.#of('large edit'), this.#of('beside edit')];
    return {
      ...both('large_zone_edit', edit),
      large_to_small_zone_edit_p50_ratio: ratio(edit.p50, beside.p50),
    };
  }
}

function both(name: string, { p50, p95, p99 }: Spread): Record<string, number> {
  return { [`${name}_p50_ms`]: p50, [`${name}_p95_ms`]: p95, [`${name}_p99_ms`]: p99 };
}

/**
 * Length of the pauses (ms). Servers delay a NOTIFY that follows another one. The pauses are longer than that
 * delay.
 */
const pairRest = 6_000;

/** Measures the time from when a change is sent to a primary until its secondary answers with it. */
async function pairOf(software: Software, { pair: count }: Plan): Promise<Record<string, number>> {
  if (count === 0) return {};
  print(`${software}: primary and secondary`);
  const pair = await startPair(software, zoneOf(small, smallRecords));
  const watcher = await Watcher.at(pair.secondary.port);
  const name = hostIn('raw', small);
  let at = 0;
  const once = async (): Promise<number> => {
    at += 1;
    const started = performance.now();
    await pair.write(small, [addressOf('raw', addressAt(at), small)]);
    return (await watcher.sees(name, addressAt(at))) - started;
  };
  try {
    await watcher.sees(name, addressAt(0));
    await pause(pairRest);
    const idle: number[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      idle.push(await once());
      await pause(pairRest);
    }
    const row: number[] = [];
    for (let turn = 0; turn < count; turn += 1) row.push(await once());
    return {
      pair_idle_p50_ms: spread(idle).p50,
      // The first change follows a pause, so it is left out.
      pair_in_a_row_p50_ms: spread(row.slice(1)).p50,
      pair_in_a_row_most_ms: round(Math.max(...row)),
    };
  } finally {
    watcher.close();
    await pair.stop();
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
