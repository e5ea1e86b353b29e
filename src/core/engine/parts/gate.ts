import type { DnsName } from '../../../dns/name.ts';
import type { Timers } from './timers.ts';

/** A panel read being made, and whether a call about its zone came in meanwhile. */
interface QuietRead {
  readonly zone: DnsName | '-';
  disturbed: boolean;
}

/**
 * How long (ms) a panel read waits for a moment without calls; calls of some user may follow each other for
 * ever.
 */
const idlePatience = 2_000;

/** Keeps panel reads and hook calls apart. */
export class Gate {
  readonly #timers: Timers;
  readonly #mayReadDuringCalls: boolean;
  /** Zones of the calls being answered, a list for each call. */
  readonly #calls = new Set<readonly DnsName[]>();
  readonly #quietReads = new Set<QuietRead>();
  #idle: (() => void)[] = [];

  /** @param mayReadDuringCalls whether the panel answers while it waits for us (docs/protocol.md) */
  constructor(timers: Timers, mayReadDuringCalls: boolean) {
    this.#timers = timers;
    this.#mayReadDuringCalls = mayReadDuringCalls;
  }

  /**
   * Runs `body` as a hook call: while any runs, panel reads wait (docs/protocol.md#stages-4), and reads of
   * its zones prove no absence.
   * @param zones which it edits
   */
  async during<T>(zones: readonly DnsName[], body: () => Promise<T>): Promise<T> {
    // A list of its own for every call.
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

  /** Resolves when no hook call is being answered, or after some time in which there always was one. */
  async idle(): Promise<void> {
    if (this.#calls.size === 0 || this.#mayReadDuringCalls) return;
    const { signal, done } = this.#timers.deadline(idlePatience);
    const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    while (this.#calls.size > 0 && !signal.aborted)
      await Promise.race([late, new Promise<void>((resolve) => this.#idle.push(resolve))]);
    done();
  }

  /**
   * Runs a panel read; `quiet` shows whether no call that edits its zone was being answered meanwhile, so
   * that it can prove an absence. Calls about other zones do not count: else one user could keep the undos of
   * all others from being decided.
   * @param zone which is read; `-`: none, the list
   */
  async quietly<T>(
    zone: DnsName | '-',
    read: () => Promise<T>,
  ): Promise<{ readonly value: T; readonly quiet: boolean }> {
    await this.idle();
    const isEdited = [...this.#calls].some((zones) => zones.some((one) => one === zone));
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
