import type { DnsName } from '../../dns/name.ts';
import type { CallContext, Central } from '../central.ts';
import type { Clock } from '../clock.ts';
import type { Journal } from '../journal.ts';
import type { Log } from '../log.ts';
import { isFinal, mayStep, type Operation, type OperationState } from '../operation.ts';
import type { Panel } from '../panel.ts';
import { NameLocks } from './locks.ts';
import type { EngineSettings } from './settings.ts';

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
}

/** State of a running engine that need not outlive it; everything durable is in the journal. */
export class Runtime {
  readonly ports: Ports;
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
  /** Echo marks that are valid now. `putOff`: the write was refused for the sake of another central that is out of reach. */
  readonly marks = new Map<string, { putOff: boolean }>();
  /** Monotonic time before which nothing is undone. */
  graceUntil = 0;
  /** Set by the scheduler. */
  wakeZone: (zone: DnsName, delay: number) => void = () => undefined;
  #clockOffset: number | null = null;
  #handlers = 0;
  #handlerEpoch = 0;
  #idle: (() => void)[] = [];
  #serial = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ports: Ports) {
    this.ports = ports;
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

  /** Runs `body` as a hook call: while any runs, panel reads wait (reference 10.4). */
  async asHandler<T>(body: () => Promise<T>): Promise<T> {
    this.#handlers += 1;
    this.#handlerEpoch += 1;
    try {
      return await body();
    } finally {
      this.#handlers -= 1;
      if (this.#handlers === 0) for (const wake of this.#idle.splice(0)) wake();
    }
  }

  /** Resolves when no hook call is being answered. */
  async handlersIdle(): Promise<void> {
    while (this.#handlers > 0 && !this.ports.panel.traits.readDuringHandler) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** Runs a panel read; `quiet` tells whether no hook call came in meanwhile, so that it can prove an absence. */
  async quietly<T>(read: () => Promise<T>): Promise<{ readonly value: T; readonly quiet: boolean }> {
    await this.handlersIdle();
    const epoch = this.#handlerEpoch;
    const value = await read();
    return { value, quiet: this.#handlerEpoch === epoch && this.#handlers === 0 };
  }

  /** A signal that aborts after `ms` or when `parent` does; call `done` to free its timer. */
  deadline(
    ms: number,
    parent: AbortSignal = this.stopping.signal,
  ): { signal: AbortSignal; done: () => void } {
    const own = new AbortController();
    const timer = new AbortController();
    this.ports.clock.sleep(ms, timer.signal).then(
      () => own.abort(new DeadlinePassed()),
      // Only `done` aborts the timer: the work was finished in time.
      () => undefined,
    );
    return { signal: AbortSignal.any([own.signal, parent]), done: () => timer.abort() };
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

  /** The operation one step further; throws on a step that is not allowed (a defect of ours). */
  next(operation: Operation, state: OperationState, changes: Partial<Operation> = {}): Operation {
    if (!mayStep(operation.state, state)) {
      throw new Error(`operation ${operation.id} may not go from ${operation.state} to ${state}`);
    }
    this.ports.log(isFinal(state) ? 4 : 5, 'operation.step', {
      operation: operation.id,
      zone: operation.zone,
      actor: operation.actor,
      from: operation.state,
      to: state,
    });
    return { ...operation, ...changes, state, changedAt: this.ports.clock.wall() };
  }

  /** Milliseconds until the next try, exponential with jitter. */
  backoff(attempts: number): number {
    const { retryFirst, retryMost } = this.ports.settings;
    const full = Math.min(retryMost, retryFirst * 2 ** Math.min(attempts, 16));
    return full / 2 + (full / 2) * this.ports.random();
  }

  /** Asks for a comparison of a zone once its operations allow it; of several wishes the one that lets follow more counts. */
  compareSoon(zone: DnsName, reason: string, follow: CompareWish['follow'] = 'no', delay?: number): void {
    const due = this.compareDue.get(zone);
    if (due === undefined || strength[follow] > strength[due.follow]) {
      this.compareDue.set(zone, { reason, follow });
    }
    this.wakeZone(zone, delay ?? this.ports.settings.confirmDelay);
  }

  /**
   * Runs read-change-write steps on the journal one after the other, so that an `after` and the background never overwrite
   * each other's view of an operation. Nothing slow belongs inside.
   */
  async exclusively<T>(body: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(body);
    this.#turn = mine.then(
      () => undefined,
      // The caller gets the failure; the queue only goes on.
      () => undefined,
    );
    return await mine;
  }

  /** Forgets what was remembered about an operation that is done. */
  forget(operation: string): void {
    this.since.delete(operation);
    this.readings.delete(operation);
  }
}

const strength = { no: 0, braked: 1, named: 2, allowed: 3 } as const;

/** The reason of a signal made by {@link Runtime.deadline}. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}
