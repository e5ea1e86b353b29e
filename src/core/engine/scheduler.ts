import type { DnsName } from '../../dns/name.ts';
import type { Runtime, Waking } from './runtime.ts';
import { tendComparison, tendOperations } from './tend.ts';
import { Turns } from './turns.ts';

interface Alarm {
  readonly at: number;
  readonly cancel: () => void;
  /** Users who wait for it. */
  readonly lanes: ReadonlySet<string>;
}

/** One kind of background work with its alarms, its queues and the places where it is done. */
interface Shop {
  /** How many zones are worked on at the same time, and how many of them for the same user. */
  readonly places: number;
  readonly placesOfOne: (lane: string) => number;
  readonly step: (runtime: Runtime, zone: DnsName) => Promise<void>;
  readonly alarms: Map<DnsName, Alarm>;
  /** The first queue goes before the second. */
  readonly queues: readonly [Turns, Turns];
  /** Zones being worked on, and for whom. */
  readonly running: Map<DnsName, string>;
}

/** Confirming and undoing: two places at most for one user, so that a slow zone of his leaves one for the others. */
function operationsShop(): Shop {
  const step = tendOperations;
  return { ...emptyShop(), places: 3, placesOfOne: () => 2, step };
}

/** Comparisons have places of their own, so that no number of them delays an undo. What we ourselves cause may take both. */
function comparisonsShop(): Shop {
  const step = tendComparison;
  return { ...emptyShop(), places: 2, placesOfOne: (lane) => (lane === '' ? 2 : 1), step };
}

function emptyShop(): Pick<Shop, 'alarms' | 'queues' | 'running'> {
  return { alarms: new Map(), queues: [new Turns(), new Turns()], running: new Map() };
}

/**
 * Background work, one step per zone at a time. A zone sleeps until its earliest alarm; being woken while its step runs leads to
 * one more step. Operations never wait for comparisons of other zones, and users take turns.
 */
export class Scheduler {
  readonly #runtime: Runtime;
  readonly #shops = { operations: operationsShop(), comparison: comparisonsShop() };
  readonly #working = new Set<Promise<void>>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    runtime.wakeZone = (zone, delay, waking) => this.wake(zone, delay, waking);
  }

  /** @param delay milliseconds from now; an earlier alarm stays, `Infinity` sets none */
  wake(zone: DnsName, delay: number, waking?: Waking): void {
    if (this.#runtime.stopping.signal.aborted || delay === Infinity) return;
    const lane = waking?.lane ?? this.#runtime.lanes.get(zone) ?? '';
    const shop = this.#shops[waking?.what ?? 'operations'];
    const at = this.#runtime.now + Math.max(0, delay);
    const existing = shop.alarms.get(zone);
    const lanes = new Set(existing?.lanes).add(lane);
    if (existing !== undefined && existing.at <= at) {
      shop.alarms.set(zone, { ...existing, lanes });
      return;
    }
    existing?.cancel();
    const cancel = this.#runtime.alarm(Math.max(0, delay), () => this.#ring(shop, zone));
    shop.alarms.set(zone, { at, cancel, lanes });
  }

  /** Resolves when no step is running any more; call after `stopping` was aborted. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#working);
  }

  #ring(shop: Shop, zone: DnsName): void {
    const lanes = shop.alarms.get(zone)?.lanes ?? [];
    shop.alarms.delete(zone);
    const isAwaited = this.#runtime.compareDue.get(zone)?.awaited === true;
    const [first, second] = shop.queues;
    for (const lane of lanes) (isAwaited ? first : second).add(zone, lane);
    this.#advance(shop);
  }

  #advance(shop: Shop): void {
    while (shop.running.size < shop.places && !this.#runtime.stopping.signal.aborted) {
      const next = this.#next(shop);
      if (next === null) return;
      this.#run(shop, next);
    }
  }

  #next({ queues: [first, second], running, placesOfOne }: Shop): ReturnType<Turns['take']> {
    const mayRun = (zone: DnsName, lane: string): boolean =>
      !this.#isRunning(zone) &&
      [...running.values()].filter((one) => one === lane).length < placesOfOne(lane);
    return first.take(mayRun) ?? second.take(mayRun);
  }

  #isRunning(zone: DnsName): boolean {
    return Object.values(this.#shops).some(({ running }) => running.has(zone));
  }

  #run(shop: Shop, { zone, lane }: { readonly zone: DnsName; readonly lane: string }): void {
    shop.running.set(zone, lane);
    const work: Promise<void> = shop.step(this.#runtime, zone).finally(() => {
      shop.running.delete(zone);
      this.#working.delete(work);
      for (const other of Object.values(this.#shops)) this.#advance(other);
    });
    this.#working.add(work);
  }
}
