import { untilAborted } from '../until-aborted.ts';
import { deadlineOver } from './dns-error.ts';
import type { DnsStream } from './stream.ts';

/**
 * Maximum number of kept connections to one server. While there are enough, each carries one exchange at a
 * time. With two exchanges on one connection, a server may delay its second answer by 40 ms, until the first
 * answer is acknowledged (RFC 896, RFC 1122 section 4.2.3.2).
 */
const mostKept = 4;
/**
 * Milliseconds of silence after which a kept connection is not used for a write. The server may be closing
 * such a connection.
 */
const longestSilenceForWrite = 2_000;

interface Slot {
  readonly opening: Promise<DnsStream>;
  /** The open connection; `null`: it is not open yet. */
  stream: DnsStream | null;
  /** Number of exchanges that run or wait on the connection. */
  load: number;
}

/** Lends kept connections, starting with the one that has the fewest exchanges. Opens new ones as needed. */
export class StreamPool {
  readonly #open: () => Promise<DnsStream>;
  #slots: Slot[] = [];

  constructor(open: () => Promise<DnsStream>) {
    this.#open = open;
  }

  /**
   * Lends a connection for one exchange.
   * @param write whether the message changes something. If so, connections that have long been silent are not
   *   used
   * @returns `kept`: whether the connection was already open, so that the server may have closed it since.
   *   `giveBack`: ends the loan and keeps the connection for later
   * @throws {DnsError} with `sent: 'no'`
   */
  async lend(write: boolean, signal: AbortSignal) {
    if (write) this.#retireSilent();
    this.#slots = this.#slots.filter(({ stream }) => stream === null || stream.usable);
    const slot = this.#choose();
    const kept = slot.stream !== null;
    slot.load += 1;
    const giveBack = (): void => {
      slot.load -= 1;
    };
    try {
      const stream = await untilAborted(slot.opening, signal, () => deadlineOver('no'));
      return { stream, kept, giveBack };
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
