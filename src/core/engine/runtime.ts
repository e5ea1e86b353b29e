import type { DnsName } from '../../dns/name.ts';
import type { CallContext, Central } from '../central.ts';
import type { Clock } from '../clock.ts';
import type { Journal } from '../journal.ts';
import type { Log } from '../log.ts';
import type { Panel } from '../panel.ts';
import { NameLocks } from './locks.ts';
import { restAfter } from './rest.ts';
import type { EngineSettings } from './settings.ts';
import { Moved, Store, type JournalReader } from './store.ts';

export interface Ports {
  readonly panel: Panel;
  readonly central: Central;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly settings: EngineSettings;
}

/** What was seen of an undecided operation in the panel, and when (monotonic). */
export interface Reading {
  readonly signature: string;
  readonly at: number;
}

/** A comparison that is due. */
export interface CompareWish {
  /** What led to it: a function of the panel, `periodic` ... */
  readonly reason: string;
  /**
   * Whether what the panel has no longer is removed at the central: nothing; records, within the brakes; the zone as well, because
   * the panel named it; all of it, as a person allowed.
   */
  readonly follow: 'no' | 'braked' | 'named' | 'allowed';
  /** Who caused it; absent: nobody but ourselves. */
  readonly lane?: string;
  /** Whether somebody's edit waits for it: it goes before others. */
  readonly awaited?: boolean;
}

/** What a zone is woken for. */
export interface Waking {
  readonly what: 'operations' | 'comparison';
  /** Who takes his turn with it, as the panel names him; empty: ourselves. */
  readonly lane: string;
}

/** A panel read being made, and whether a call about its zone came in meanwhile. */
interface QuietRead {
  readonly zone: DnsName | '-';
  disturbed: boolean;
}

/** Least time (ms) between two comparisons of the same zone. */
const compareGap = 2_000;
/** How long (ms) a panel read waits for a moment without calls; calls of some user may follow each other for ever. */
const idlePatience = 2_000;

/** State of a running engine that need not outlive it; everything durable is in the journal. */
export class Runtime {
  readonly ports: Omit<Ports, 'journal'> & { readonly journal: JournalReader };
  readonly store: Store;
  readonly locks = new NameLocks();
  /** Aborts when the engine stops. */
  readonly stopping = new AbortController();
  /** Operations a call is working on right now; the background leaves them alone. */
  readonly inFlight = new Set<string>();
  /** Monotonic time from which an operation's patience is counted. */
  readonly since = new Map<string, number>();
  readonly readings = new Map<string, Reading>();
  /** Zones a comparison is due for, with the reason. */
  readonly compareDue = new Map<DnsName, CompareWish>();
  /** The last look at zones in which the panel lacks joined records: what was lacking, and when (monotonic, ms). */
  readonly lacking = new Map<DnsName, { readonly signature: string; readonly at: number }>();
  /** What the last look at the records on watch in a zone wanted, and since when (monotonic, ms). */
  readonly watchedReadings = new Map<DnsName, Reading>();
  /** Echo marks that are valid now. `putOff`: the write was refused for the sake of another central that is out of reach. */
  readonly marks = new Map<string, { putOff: boolean }>();
  /** Whose the newest operation of a zone is. */
  readonly lanes = new Map<DnsName, string>();
  /** Monotonic time before which a zone is not compared again. */
  readonly comparedUntil = new Map<DnsName, number>();
  /** Monotonic time before which nothing is undone. */
  graceUntil = 0;
  /** Set by the scheduler. Without `waking`: for the operations of the zone. */
  wakeZone: (zone: DnsName, delay: number, waking?: Waking) => void = () => undefined;
  /** Compares a zone that is not in the ledger once the panel's list shows it. Set by whoever reads the list. */
  lookFor: (zone: DnsName, wish: CompareWish) => void = () => undefined;
  /** What ends each alarm when the engine stops: a listener for each would cost the square of their number. */
  readonly #alarms = new Set<() => void>();
  #clockOffset: number | null = null;
  /** Zones of the calls being answered, a list for each call. */
  readonly #handlers = new Set<readonly DnsName[]>();
  readonly #quietReads = new Set<QuietRead>();
  #idle: (() => void)[] = [];
  #serial = 0;

  constructor(ports: Ports) {
    this.ports = ports;
    this.store = new Store(ports, {
      heard: (operation) => this.heard(operation),
      ended: (operation) => this.forget(operation),
      wake: (zone, delay) => this.wakeZone(zone, delay),
    });
    this.stopping.signal.addEventListener('abort', () => {
      for (const stop of this.#alarms) stop();
    });
  }

  get now(): number {
    return this.ports.clock.now();
  }

  /**
   * Notices that the wall clock was stepped or the machine slept: what looks overdue then need not be, so nothing is undone for
   * a while (design section 4, "Locks").
   */
  mindTheClock(): void {
    const { clock, settings, log } = this.ports;
    const offset = clock.wall() - clock.now();
    const step = offset - (this.#clockOffset ?? offset);
    this.#clockOffset = offset;
    if (Math.abs(step) < settings.clockStep) return;
    log(4, 'clock.step', { milliseconds: Math.round(step) });
    this.graceUntil = Math.max(this.graceUntil, clock.now() + settings.grace);
  }

  /** @throws {Moved} the clock was stepped, or the agent started, a short while ago: what was read of the zone proves no undo */
  proves(zone: DnsName): void {
    this.mindTheClock();
    if (this.now < this.graceUntil) throw new Moved(zone);
  }

  /**
   * Runs `body` as a hook call: while any runs, panel reads wait (reference 10.4), and reads of its zones prove no absence.
   * @param zones which it edits
   */
  async asHandler<T>(zones: readonly DnsName[], body: () => Promise<T>): Promise<T> {
    // A list of its own for every call.
    const own = [...zones];
    this.#handlers.add(own);
    for (const read of this.#quietReads) read.disturbed ||= own.some((zone) => zone === read.zone);
    try {
      return await body();
    } finally {
      this.#handlers.delete(own);
      if (this.#handlers.size === 0) for (const wake of this.#idle.splice(0)) wake();
    }
  }

  /** Resolves when no hook call is being answered, or after some time in which there always was one. */
  async handlersIdle(): Promise<void> {
    if (this.#handlers.size === 0 || this.ports.panel.traits.readDuringHandler) return;
    const { signal, done } = this.deadline(idlePatience);
    const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    while (this.#handlers.size > 0 && !signal.aborted)
      await Promise.race([late, new Promise<void>((resolve) => this.#idle.push(resolve))]);
    done();
  }

  /**
   * Runs a panel read; `quiet` tells whether no call that edits its zone was being answered meanwhile, so that it can prove an absence.
   * Calls about other zones do not count: else one user could keep the undos of all others from being decided.
   * @param zone which is read; `-`: none, the list
   */
  async quietly<T>(
    zone: DnsName | '-',
    read: () => Promise<T>,
  ): Promise<{ readonly value: T; readonly quiet: boolean }> {
    await this.handlersIdle();
    const isEdited = [...this.#handlers].some((zones) => zones.some((one) => one === zone));
    const own: QuietRead = { zone, disturbed: isEdited };
    this.#quietReads.add(own);
    try {
      const value = await read();
      return { value, quiet: !own.disturbed };
    } finally {
      this.#quietReads.delete(own);
    }
  }

  /** A signal that aborts after `ms` or when the engine stops; call `done` to free its timer. */
  deadline(ms: number): { signal: AbortSignal; done: () => void } {
    const own = new AbortController();
    const { signal } = this.stopping;
    const stopped = (): void => own.abort(signal.reason);
    return { signal: own.signal, done: this.alarm(ms, () => own.abort(new DeadlinePassed()), stopped) };
  }

  /**
   * Calls `ring` after `ms`, or `stopped` when the engine stops before that.
   * @returns cancels it: then neither is called
   */
  alarm(ms: number, ring: () => void, stopped: () => void = () => undefined): () => void {
    if (this.stopping.signal.aborted) {
      stopped();
      return () => undefined;
    }
    const timer = new AbortController();
    const cancel = (): void => {
      this.#alarms.delete(stop);
      timer.abort(cancelled);
    };
    const stop = (): void => {
      cancel();
      stopped();
    };
    this.#alarms.add(stop);
    this.ports.clock.sleep(ms, timer.signal).then(
      () => {
        this.#alarms.delete(stop);
        ring();
      },
      // Only `cancel` aborts the timer.
      () => undefined,
    );
    return cancel;
  }

  /** Runs one background step with its own deadline. */
  async step<T>(operation: string, body: (ctx: CallContext) => Promise<T>, ms?: number): Promise<T> {
    const { signal, done } = this.deadline(ms ?? this.ports.settings.stepTimeout);
    try {
      return await body({ signal, operation });
    } finally {
      done();
    }
  }

  /** Unique, and sorted by time of creation within this host. */
  newId(): string {
    this.#serial = (this.#serial + 1) % 46_656;
    const time = Math.floor(this.ports.clock.wall()).toString(36).padStart(9, '0');
    const serial = this.#serial.toString(36).padStart(3, '0');
    const random = Math.floor(this.ports.random() * 1_679_616).toString(36);
    return `${time}-${serial}${random.padStart(4, '0')}`;
  }

  /** Milliseconds until the next try, exponential with jitter. */
  backoff(attempts: number): number {
    const { retryFirst, retryMost } = this.ports.settings;
    const full = Math.min(retryMost, retryFirst * 2 ** Math.min(attempts, 16));
    return full / 2 + (full / 2) * this.ports.random();
  }

  /** Asks for a comparison of a zone once its operations allow it; of several wishes the one that lets follow more counts. */
  compareSoon(zone: DnsName, reason: string, follow: CompareWish['follow'] = 'no', delay?: number): void {
    this.wantComparison(zone, { reason, follow }, delay);
  }

  /** The same for whoever caused it. The zone has a rest after its last comparison, so that its lock is free for edits. */
  wantComparison(zone: DnsName, wish: CompareWish, delay?: number): void {
    const due = this.compareDue.get(zone);
    const counts = due === undefined || strength[wish.follow] > strength[due.follow] ? wish : due;
    this.compareDue.set(zone, { ...counts, awaited: wish.awaited === true || due?.awaited === true });
    const rest = (this.comparedUntil.get(zone) ?? 0) - this.now;
    const soon = Math.max(this.ports.settings.confirmDelay, rest);
    this.wakeZone(zone, delay ?? soon, { what: 'comparison', lane: wish.lane ?? '' });
  }

  /** Whether the zone was compared so recently that the next comparison has to wait. */
  isResting(zone: DnsName): boolean {
    return this.now < (this.comparedUntil.get(zone) ?? 0);
  }

  /** Notes that a comparison of the zone, begun at `began` (monotonic), is over. */
  compared(zone: DnsName, began: number): void {
    this.comparedUntil.set(zone, this.now + Math.max(compareGap, restAfter(this.now - began)));
  }

  /** The operation is new, or the panel has just spoken of it: patience begins, and reads from before count no longer. */
  heard(operation: string): void {
    this.since.set(operation, this.now);
    this.readings.delete(operation);
  }

  /** Forgets what was remembered about an operation that is done. */
  forget(operation: string): void {
    this.since.delete(operation);
    this.readings.delete(operation);
  }
}

const strength = { no: 0, braked: 1, named: 2, allowed: 3 } as const;

/** The reason of every cancelled alarm; nobody sees it, and a new one for each takes time. */
const cancelled = new Error('cancelled');

/** The reason of a signal made by {@link Runtime.deadline}. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}
