import type { DnsName } from '../../../dns/name.ts';
import type { Timers } from './timers.ts';

/**
 * A running panel read, and whether a call that edits its zone came in meanwhile. `-`: a read of the list.
 */
interface QuietRead {
  readonly zone: DnsName | '-';
  disturbed: boolean;
}

/**
 * How long a panel read waits for a moment without calls, milliseconds. Calls may follow each other without a
 * pause.
 */
const idlePatience = 2_000;

/** Keeps panel reads and hook calls apart. */
export class Gate {
  readonly #timers: Timers;
  readonly #mayReadDuringCalls: boolean;
  /** The zones of each call that is being answered. */
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
   * Runs `body` as a hook call. Meanwhile panel reads wait (docs/protocol.md#stages-4), and reads of its
   * zones prove no absence.
   * @param zones that the call edits
   */
  async during<T>(zones: readonly DnsName[], body: () => Promise<T>): Promise<T> {
    // Each call needs its own array, because the set compares them by identity.
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
   * Resolves when no hook call is being answered, at the latest after `idlePatience`. Resolves at once if the
   * panel may be read during calls.
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
   * Runs a panel read. `quiet`: no call that edits its zone was being answered meanwhile, so the read can
   * prove an absence. Calls about other zones do not count. Otherwise one user could delay the undos of all
   * others.
   * @param zone that is read; `-`: none, the list is read
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
