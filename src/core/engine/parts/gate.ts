import type { DnsName } from '../../../dns/name.ts';
import type { Timers } from './timers.ts';

/**
 * A running panel read, or other work that relies on an unchanged zone. `disturbed`: a call that edits the
 * zone came meanwhile. Zone `-`: the panel's list of zones is read.
 */
interface QuietRead {
  readonly zone: DnsName | '-';
  disturbed: boolean;
}

/**
 * The longest time, in milliseconds, that a panel read waits for a moment without calls. The wait has an end
 * because calls may follow each other without a pause.
 */
const idlePatience = 2_000;

/** Keeps panel reads and hook calls apart: panel reads wait while a hook call is being answered. */
export class Gate {
  readonly #timers: Timers;
  readonly #mayReadDuringCalls: boolean;
  /** For each call that is being answered, the zones that it edits. */
  readonly #calls = new Set<readonly DnsName[]>();
  readonly #quietReads = new Set<QuietRead>();
  #idle: (() => void)[] = [];

  /**
   * @param mayReadDuringCalls whether the panel answers reads while it waits for our handler
   *   (docs/protocol.md)
   */
  constructor(timers: Timers, mayReadDuringCalls: boolean) {
    this.#timers = timers;
    this.#mayReadDuringCalls = mayReadDuringCalls;
  }

  /**
   * Runs `body` as a hook call. Until the call ends, new panel reads wait (docs/protocol.md#stages-4). A read
   * of these zones that is running now no longer proves that a record is absent.
   * @param zones that the call edits
   */
  async during<T>(zones: readonly DnsName[], body: () => Promise<T>): Promise<T> {
    // Each call needs an array of its own, because the set compares arrays by identity.
    const own = [...zones];
    this.#calls.add(own);
    for (const read of this.#quietReads) read.disturbed ||= own.some((zone) => zone === read.zone);
    try {
      return await body();
    } finally {
      this.#calls.delete(own);
      if (this.#calls.size === 0) for (const wake of this.#idle.splice(0)) wake();
    }
  }

  /**
   * Resolves when no hook call is being answered, or after `idlePatience`. If the panel may be read during
   * calls, resolves at once.
   */
  async idle(): Promise<void> {
    if (this.#calls.size === 0 || this.#mayReadDuringCalls) return;
    const { signal, done } = this.#timers.deadline(idlePatience);
    const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    while (this.#calls.size > 0 && !signal.aborted)
      await Promise.race([late, new Promise<void>((resolve) => this.#idle.push(resolve))]);
    done();
  }

  /**
   * Runs `body`. Through `isEdited`, `body` can find out whether a call that edits the zone has come since
   * `body` began.
   */
  async watched<T>(zone: DnsName, body: (isEdited: () => boolean) => Promise<T>): Promise<T> {
    const own: QuietRead = { zone, disturbed: this.#isEdited(zone) };
    this.#quietReads.add(own);
    try {
      return await body(() => own.disturbed);
    } finally {
      this.#quietReads.delete(own);
    }
  }

  #isEdited(zone: DnsName | '-'): boolean {
    return [...this.#calls].some((zones) => zones.some((one) => one === zone));
  }

  /**
   * Runs a panel read. `quiet`: during the read, no call that edits the zone was being answered. Only a quiet
   * read proves that a record is absent. Calls for other zones do not count; otherwise one user could delay
   * the undos of all others.
   * @param zone the zone that is read; `-`: the panel's list of zones is read
   */
  async quietly<T>(
    zone: DnsName | '-',
    read: () => Promise<T>,
  ): Promise<{ readonly value: T; readonly quiet: boolean }> {
    await this.idle();
    const isEdited = this.#isEdited(zone);
    const own: QuietRead = { zone, disturbed: isEdited };
    this.#quietReads.add(own);
    try {
      const value = await read();
      return { value, quiet: !own.disturbed };
    } finally {
      this.#quietReads.delete(own);
    }
  }
}
