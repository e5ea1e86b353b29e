import type { DnsName } from '../../../dns/name.ts';
import { restAfter } from './rest.ts';
import type { EngineSettings } from '../settings.ts';
import type { Timers } from './timers.ts';
import { Turns } from './turns.ts';

/** A comparison that is due. */
export interface CompareRequest {
  /** What led to it: a function of the panel, `periodic` ... */
  readonly reason: string;
  /**
   * Whether what the panel has no longer is removed at the central. `no`: nothing. `limited`: records, within
   * the safety limits. `named`: the zone as well, because the panel named it. `allowed`: all of it.
   */
  readonly follow: 'no' | 'limited' | 'named' | 'allowed';
  /** Who caused it; absent: nobody but ourselves. */
  readonly lane?: string;
  /** Whether somebody's edit waits for it: it goes before others. */
  readonly awaited?: boolean;
  /** Whether an administrator asks for it, and sees what comes of it: a frozen zone gets a new baseline. */
  readonly asked?: boolean;
}

/** What a zone is woken for. */
export interface Waking {
  readonly what: 'operations' | 'comparison';
  /** Who takes his turn with it, as the panel names him; empty: ourselves. */
  readonly lane: string;
}

/** What is done with a zone that is woken. They never throw. */
export type Steps = Readonly<Record<Waking['what'], (zone: DnsName) => Promise<void>>>;

interface Alarm {
  readonly at: number;
  readonly cancel: () => void;
  /** Users who wait for it. */
  readonly lanes: ReadonlySet<string>;
}

/** One kind of background work with its alarms, its queues and the places where it is done. */
interface Shop {
  readonly what: Waking['what'];
  /** How many zones are worked on at the same time, and how many of them for the same user. */
  readonly places: number;
  readonly placesOfOne: (lane: string) => number;
  readonly alarms: Map<DnsName, Alarm>;
  /** The first queue goes before the second. */
  readonly queues: readonly [Turns, Turns];
  /** Zones being worked on, and for whom. */
  readonly running: Map<DnsName, string>;
}

function shop(what: Waking['what'], places: number, placesOfOne: Shop['placesOfOne']): Shop {
  const queues = [new Turns(), new Turns()] as const;
  return { what, places, placesOfOne, alarms: new Map(), queues, running: new Map() };
}

/** Least time (ms) between two comparisons of the same zone. */
const compareGap = 2_000;

/**
 * What the background has to do and when, one step per zone at a time. A zone sleeps until its earliest
 * alarm; being woken while its step runs leads to one more step. Operations never wait for comparisons of
 * other zones, and users take turns.
 */
export class Agenda {
  readonly #timers: Timers;
  readonly #settings: EngineSettings;
  readonly #now: () => number;
  readonly #shops = {
    // Two places at most for one user, so that a slow zone of his leaves one for the others.
    operations: shop('operations', 3, () => 2),
    // Comparisons have places of their own, so that no number of them delays an undo. What we ourselves cause
    // may take both.
    comparison: shop('comparison', 2, (lane) => (lane === '' ? 2 : 1)),
  };
  readonly #working = new Set<Promise<void>>();
  /** Whose the newest operation of a zone is. */
  readonly #lanes = new Map<DnsName, string>();
  readonly #requests = new Map<DnsName, CompareRequest>();
  /** Monotonic time before which a zone is not compared again. */
  readonly #restsUntil = new Map<DnsName, number>();
  #steps: Steps | null = null;

  constructor(timers: Timers, settings: EngineSettings, now: () => number) {
    this.#timers = timers;
    this.#settings = settings;
    this.#now = now;
  }

  /** Work begins; what was asked for before waits until then. */
  begin(steps: Steps): void {
    this.#steps = steps;
    for (const one of Object.values(this.#shops)) this.#advance(one);
  }

  /** Resolves when no step is running any more; call after the engine was told to stop. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#working);
  }

  /** Whose an operation of the zone is: the zone then takes its turn with his. */
  actedFor(zone: DnsName, actor: string): void {
    this.#lanes.set(zone, actor);
  }

  /**
   * @param delay milliseconds from now; an earlier alarm stays, `Infinity` sets none
   * @param what absent: the operations of the zone
   */
  wake(zone: DnsName, delay: number, what: Waking['what'] = 'operations'): void {
    const lane = (what === 'comparison' ? this.#requests.get(zone)?.lane : this.#lanes.get(zone)) ?? '';
    this.#wake(this.#shops[what], zone, delay, lane);
  }

  #wake({ alarms, ...one }: Shop, zone: DnsName, delay: number, lane: string): void {
    if (this.#timers.isStopping || delay === Infinity) return;
    const at = this.#now() + Math.max(0, delay);
    const existing = alarms.get(zone);
    const lanes = new Set(existing?.lanes).add(lane);
    if (existing !== undefined && existing.at <= at) {
      alarms.set(zone, { ...existing, lanes });
      return;
    }
    existing?.cancel();
    const cancel = this.#timers.alarm(Math.max(0, delay), () => this.#ring(this.#shops[one.what], zone));
    alarms.set(zone, { at, cancel, lanes });
  }

  /**
   * Asks for a comparison of a zone once its operations allow it; of several requests the one that lets
   * follow more counts.
   */
  compareSoon(zone: DnsName, reason: string, follow: CompareRequest['follow'] = 'no', delay?: number): void {
    this.want(zone, { reason, follow, asked: reason === 'asked' }, delay);
  }

  /**
   * The same for whoever caused it. The zone has a rest after its last comparison, so that its lock is free
   * for edits.
   */
  want(zone: DnsName, request: CompareRequest, delay?: number): void {
    const due = this.#requests.get(zone);
    const counts = due === undefined || strength[request.follow] > strength[due.follow] ? request : due;
    const asked = request.asked === true || due?.asked === true;
    this.#requests.set(zone, {
      ...counts,
      asked,
      awaited: request.awaited === true || due?.awaited === true,
    });
    const rest = (this.#restsUntil.get(zone) ?? 0) - this.#now();
    const soon = Math.max(this.#settings.confirmDelay, rest);
    this.#wake(this.#shops.comparison, zone, delay ?? soon, request.lane ?? '');
  }

  /** The comparison that is due of a zone, which is then no longer due; null: none. */
  takeRequest(zone: DnsName): CompareRequest | null {
    const request = this.#requests.get(zone) ?? null;
    this.#requests.delete(zone);
    return request;
  }

  /** Zones that a comparison is due for. */
  get wanted(): Iterable<DnsName> {
    return this.#requests.keys();
  }

  /** Whether the zone was compared so recently that the next comparison has to wait. */
  isResting(zone: DnsName): boolean {
    return this.#now() < (this.#restsUntil.get(zone) ?? 0);
  }

  /** Notes that a comparison of the zone, begun at `began` (monotonic), is over. */
  compared(zone: DnsName, began: number): void {
    this.#restsUntil.set(zone, this.#now() + Math.max(compareGap, restAfter(this.#now() - began)));
  }

  #ring(one: Shop, zone: DnsName): void {
    const lanes = one.alarms.get(zone)?.lanes ?? [];
    one.alarms.delete(zone);
    const isAwaited = this.#requests.get(zone)?.awaited === true;
    const [first, second] = one.queues;
    for (const lane of lanes) (isAwaited ? first : second).add(zone, lane);
    this.#advance(one);
  }

  #advance(one: Shop): void {
    const steps = this.#steps;
    if (steps === null) return;
    while (one.running.size < one.places && !this.#timers.isStopping) {
      const next = this.#next(one);
      if (next === null) return;
      this.#run(one, next, steps);
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

  #run(one: Shop, { zone, lane }: { readonly zone: DnsName; readonly lane: string }, steps: Steps): void {
    one.running.set(zone, lane);
    const work: Promise<void> = steps[one.what](zone).finally(() => {
      one.running.delete(zone);
      this.#working.delete(work);
      for (const other of Object.values(this.#shops)) this.#advance(other);
    });
    this.#working.add(work);
  }
}

const strength = { no: 0, limited: 1, named: 2, allowed: 3 } as const;
