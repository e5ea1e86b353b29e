import { deadlineOver } from './dns-error.ts';
import type { DnsStream } from './stream.ts';

/**
 * Connections kept to one server. Each carries one exchange at a time while there are enough of them. A
 * server that answers two at once may hold the second answer back until the first is acknowledged, which
 * takes 40 ms (RFC 896, RFC 1122 section 4.2.3.2).
 */
const mostKept = 4;
/**
 * A kept connection on which nothing was heard for longer (ms) carries no write: the server may be closing it
 * this very moment.
 */
const longestSilenceForWrite = 2_000;

interface Slot {
  readonly opening: Promise<DnsStream>;
  /** `null`: not open yet. */
  stream: DnsStream | null;
  /** Exchanges it carries or will carry. */
  load: number;
}

/** A connection lent for one exchange. */
export interface Lent {
  readonly stream: DnsStream;
  /** Whether it was open before: then the server may have closed it meanwhile. */
  readonly kept: boolean;
  /** Ends the loan; the connection stays for the next one. */
  readonly giveBack: () => void;
}

/** Lends kept connections, the least busy first, and opens new ones as they are needed. */
export class StreamPool {
  readonly #open: () => Promise<DnsStream>;
  #slots: Slot[] = [];

  constructor(open: () => Promise<DnsStream>) {
    this.#open = open;
  }

  /**
   * @param write whether a stale connection would leave it open what became of the exchange
   * @throws {DnsError} `sent: 'no'`
   */
  async lend(write: boolean, signal: AbortSignal): Promise<Lent> {
    if (write) this.#retireSilent();
    this.#slots = this.#slots.filter(({ stream }) => stream === null || stream.usable);
    const slot = this.#choose();
    const kept = slot.stream !== null;
    slot.load += 1;
    const giveBack = (): void => {
      slot.load -= 1;
    };
    try {
      return { stream: await orAborted(slot.opening, signal), kept, giveBack };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  #choose(): Slot {
    const [first] = this.#slots.toSorted((a, b) => a.load - b.load);
    if (first === undefined || (first.load > 0 && this.#slots.length < mostKept)) return this.#newSlot();
    return first;
  }

  #newSlot(): Slot {
    const slot: Slot = { opening: this.#open(), stream: null, load: 0 };
    this.#slots.push(slot);
    slot.opening.then(
      (stream) => {
        slot.stream = stream;
      },
      () => {
        this.#slots = this.#slots.filter((one) => one !== slot);
      },
    );
    return slot;
  }

  #retireSilent(): void {
    for (const { stream, load } of this.#slots) {
      if (stream !== null && load === 0 && stream.silentFor() > longestSilenceForWrite) stream.retire();
    }
  }
}

/** What the promise gives, unless the signal aborts first: nothing was sent then. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise((resolve, reject) => {
    const giveUp = (): void => {
      reject(deadlineOver('no'));
    };
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', giveUp);
    });
  });
}
