import type { DnsName } from '../../../dns/name.ts';
import { restAfter } from './rest.ts';
import type { EngineSettings } from '../settings.ts';
import type { Timers } from './timers.ts';
import { Turns } from './turns.ts';

/** A request to compare a zone. */
export interface CompareRequest {
  /** What caused the request: the name of a panel function, `periodic` or another code. */
  readonly reason: string;
  /**
   * What may be removed at the central because the panel no longer has it. `no`: nothing. `limited`: records,
   * within the safety limits. `named`: also the whole zone, because a call of the panel named it.
   */
  readonly follow: 'no' | 'limited' | 'named';
  /** The user who caused the request, as the panel names the user. Absent: domainsync itself. */
  readonly lane?: string;
  /** Whether an edit waits for this comparison. If so, the comparison goes before others. */
  readonly awaited?: boolean;
  /**
   * Whether an administrator asked for the comparison and sees its result. If so, a zone with a damaged
   * ledger gets a new baseline, as in its first comparison.
   */
  readonly asked?: boolean;
}

/**
 * A zone is woken: a background step is scheduled for it. Says for which kind of work, and for which user.
 */
export interface Waking {
  readonly what: 'operations' | 'comparison';
  /** The user, as the panel names the user; empty: domainsync itself. */
  readonly lane: string;
}

/** For each kind of work, the background step that runs when a zone is woken. The steps never throw. */
export type Steps = Readonly<Record<Waking['what'], (zone: DnsName) => Promise<void>>>;

interface Alarm {
  readonly at: number;
  readonly cancel: () => void;
  /** Users who wait for this zone. */
  readonly lanes: ReadonlySet<string>;
}

/** The state of one kind of background work: its alarms, its queues, and the zones whose step is running. */
interface Shop {
  readonly what: Waking['what'];
  /** How many zones' steps may run at the same time. `places`: in total. `placesOfOne`: for one user. */
  readonly places: number;
  readonly placesOfOne: (lane: string) => number;
  readonly alarms: Map<DnsName, Alarm>;
  /** Two queues: zones in the first go before those in the second. */
  readonly queues: readonly [Turns, Turns];
  /** Zones whose step is running, each with the user for whom the step runs. */
  readonly running: Map<DnsName, string>;
}

function shop(what: Waking['what'], places: number, placesOfOne: Shop['placesOfOne']): Shop {
  const queues = [new Turns(), new Turns()] as const;
  return { what, places, placesOfOne, alarms: new Map(), queues, running: new Map() };
}

/** The shortest pause between two comparisons of the same zone, in milliseconds. */
const compareGap = 2_000;

/**
 * The shortest time between two reads of the same zone that confirm its edits, in milliseconds. Each read
 * starts a process of the panel. If a zone has several edits a second, one read confirms several of them.
 */
const confirmGap = 1_000;

/**
 * Schedules background steps, one at a time for each zone. A step runs at the time of the zone's earliest
 * alarm. If another step is requested while one runs, it runs afterwards. Steps of operations never wait for
 * comparisons of other zones, and users take turns.
 */
export class Agenda {
  readonly #timers: Timers;
  readonly #settings: EngineSettings;
  readonly #now: () => number;
  readonly #shops = {
    // One user gets at most two of the three places. So a user with slow zones leaves one place to others.
    operations: shop('operations', 3, () => 2),
    // Comparisons have two places of their own, so that they never delay an undo. Comparisons that domainsync
    // itself causes may take both places.
    comparison: shop('comparison', 2, (lane) => (lane === '' ? 2 : 1)),
  };
  readonly #working = new Set<Promise<void>>();
  /** For each zone, the user of its newest operation. */
  readonly #lanes = new Map<DnsName, string>();
  readonly #requests = new Map<DnsName, CompareRequest>();
  /** For each zone, the time before which it is not compared again (monotonic milliseconds). */
  readonly #restsUntil = new Map<DnsName, number>();
  /** For each zone, when the last step of its operations ended (monotonic milliseconds). */
  readonly #steppedAt = new Map<DnsName, number>();
  /** Zones whose comparison waits for the end of a pause, without an alarm. */
  readonly #held = new Set<DnsName>();
  /** How many calls of {@link scheduleFollowing} have not ended. */
  #following = 0;
  /** How many calls of {@link scheduleFollowing} have begun. */
  #followings = 0;
  #steps: Steps | null = null;

  constructor(timers: Timers, settings: EngineSettings, now: () => number) {
    this.#timers = timers;
    this.#settings = settings;
    this.#now = now;
  }

  /**
   * Starts to run the steps of zones that have been woken, also of zones that were woken before this call.
   */
  begin(steps: Steps): void {
    this.#steps = steps;
    for (const one of Object.values(this.#shops)) this.#advance(one);
  }

  /** Resolves when no step is running any more. Call this method only after the engine was told to stop. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#working);
  }

  /** Stores which user made a zone's newest operation. The zone's steps then run in this user's turns. */
  actedFor(zone: DnsName, actor: string): void {
    this.#lanes.set(zone, actor);
  }

  /**
   * Schedules the next background step of a zone by an alarm.
   * @param delay milliseconds from now. If the zone has an earlier alarm, the earlier alarm stays.
   *   `Infinity`: no alarm is set
   * @param what the kind of work; absent: the zone's operations
   */
  wake(zone: DnsName, delay: number, what: Waking['what'] = 'operations'): void {
    const lane = (what === 'comparison' ? this.#requests.get(zone)?.lane : this.#lanes.get(zone)) ?? '';
    this.#wake(this.#shops[what], zone, delay, lane);
  }

  /** Milliseconds from the `after` call of an edit in a zone to the panel read that may confirm the edit. */
  untilConfirming(zone: DnsName): number {
    const rest = (this.#steppedAt.get(zone) ?? -Infinity) + confirmGap - this.#now();
    return Math.max(this.#settings.confirmDelay, rest);
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
   * Schedules a comparison of a zone that no user caused. If several requests for a zone are due, the request
   * that may remove more counts.
   * @param delay milliseconds from now; absent: soon, but not before the zone's pause ends
   */
  compareSoon(zone: DnsName, reason: string, follow: CompareRequest['follow'] = 'no', delay?: number): void {
    this.want(zone, { reason, follow, asked: reason === 'asked' }, delay);
  }

  /**
   * Schedules a comparison of a zone for the user who caused it. After each comparison the zone has a pause,
   * so that edits can get the zone's lock.
   * @param delay as for {@link compareSoon}
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

  /**
   * Runs `schedule`, which schedules comparisons of all zones that may remove records. Until `schedule` has
   * ended, every comparison that begins may remove as much. Otherwise it would list removals as conflicts
   * that the scheduled comparison of its zone must make. Zones that wait because of {@link hold} are compared
   * too.
   */
  async scheduleFollowing(schedule: () => Promise<void>): Promise<void> {
    this.#following += 1;
    this.#followings += 1;
    for (const zone of this.#held) this.wake(zone, this.#settings.confirmDelay, 'comparison');
    this.#held.clear();
    try {
      await schedule();
    } finally {
      this.#following -= 1;
    }
  }

  /** Keeps the zone's comparison due until the pause ends ({@link scheduleFollowing}). */
  hold(zone: DnsName): void {
    this.#held.add(zone);
  }

  /** Removes the due request of a zone and returns it; null: no comparison is due. */
  takeRequest(zone: DnsName): CompareRequest | null {
    const request = this.#requests.get(zone) ?? null;
    this.#requests.delete(zone);
    return request !== null && this.#following > 0 ? mayFollow(request) : request;
  }

  /** How many calls of {@link scheduleFollowing} have begun, for {@link strengthened}. */
  get followings(): number {
    return this.#followings;
  }

  /**
   * Updates the request of a comparison that is under way. The comparison may remove records if a call of
   * {@link scheduleFollowing} has begun in the meantime.
   * @param followings {@link followings} when the comparison began
   */
  strengthened(request: CompareRequest, followings: number): CompareRequest {
    return followings === this.#followings ? request : mayFollow(request);
  }

  /** Zones for which a comparison is due. */
  get wanted(): Iterable<DnsName> {
    return this.#requests.keys();
  }

  /** Whether the zone was compared so recently that the next comparison has to wait. */
  isResting(zone: DnsName): boolean {
    return this.#now() < (this.#restsUntil.get(zone) ?? 0);
  }

  /** Stores that a comparison of the zone has ended. @param began when it began, monotonic milliseconds */
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
      if (one.what === 'operations') this.#steppedAt.set(zone, this.#now());
      this.#working.delete(work);
      for (const other of Object.values(this.#shops)) this.#advance(other);
    });
    this.#working.add(work);
  }
}

function mayFollow(request: CompareRequest): CompareRequest {
  return request.follow === 'no' ? { ...request, follow: 'limited' } : request;
}

const strength = { no: 0, limited: 1, named: 2 } as const;
