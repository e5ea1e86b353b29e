import { CentralError, type CallContext } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ServerApi } from './api.ts';

/** Milliseconds from a write to its second flush: a query that began before the write has ended by then. */
const moment = 250;
/** Milliseconds an edit waits for one flush. */
const patience = 2_000;

/** What the flusher needs from outside. */
export interface FlushPorts {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps the packet and query caches of a server from answering what a write has replaced.
 *
 * The server purges both with every write by the API, one after the other. A query that runs at that moment
 * can put the old answer back, and it then stands for `cache-ttl` (20 s) [4.7.3; PowerDNS issue 16286].
 * `cache/flush` empties both for a zone and all names below.
 */
export class CacheFlusher {
  readonly #api: ServerApi;
  readonly #ports: FlushPorts;
  /** Zones that wait for their second flush, and since when (monotonic, ms). */
  readonly #due = new Map<DnsName, number>();
  readonly #closing = new AbortController();
  #working: Promise<void> | null = null;
  /** Code of the last flush that failed; `null` after one that did not. */
  #failed: string | null = null;

  constructor(api: ServerApi, ports: FlushPorts) {
    this.#api = api;
    this.#ports = ports;
  }

  /**
   * Flushes a zone now, and once more a moment later in the background. Never throws: the write before it
   * stands, and what is cached ends by itself. A failure is logged when it begins and when it ends.
   */
  async flush(zone: DnsName, ctx: CallContext): Promise<void> {
    this.later(zone);
    await this.#once(zone, ctx.signal);
  }

  /**
   * Flushes a zone a moment later, in the background: a write of unknown outcome may have been carried out.
   */
  later(zone: DnsName): void {
    if (this.#closing.signal.aborted) return;
    this.#due.delete(zone);
    this.#due.set(zone, this.#ports.clock.now());
    this.#working ??= this.#work().catch((error: unknown) => {
      this.#working = null;
      this.#ports.log(1, 'powerdns.defect', { zone, error: String(error) });
    });
  }

  /** Carries out what is still due, at once, and ends. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#working;
    const signal = this.#limit(new AbortController().signal);
    for (const zone of this.#due.keys()) await this.#once(zone, signal);
    this.#due.clear();
  }

  /** One zone after the other, the longest due first. It does not keep the process alive. */
  async #work(): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#closing;
    for (let next = first(this.#due); next !== null && !signal.aborted; next = first(this.#due)) {
      const [zone, since] = next;
      const left = since + moment - clock.now();
      if (left > 0) {
        await clock.sleep(left, signal).catch((error: unknown) => {
          // Only `close` ends this sleep early, and it ends the loop as well.
          if (!signal.aborted) throw error;
        });
        continue;
      }
      this.#due.delete(zone);
      await this.#once(zone, signal);
    }
    this.#working = null;
  }

  async #once(zone: DnsName, signal: AbortSignal): Promise<void> {
    try {
      await this.#api.flush(zone, this.#limit(signal));
      this.#note(zone, null);
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      // Cut off by `close`, which does it again.
      if (this.#closing.signal.aborted && signal === this.#closing.signal) this.#due.set(zone, 0);
      else this.#note(zone, error);
    }
  }

  /** Aborts with `signal`, or when a flush takes too long. */
  #limit(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(patience)]);
  }

  #note(zone: DnsName, error: CentralError | null): void {
    const code = error?.code ?? null;
    if (code === this.#failed) return;
    this.#failed = code;
    const text = error?.params['text'] ?? '';
    if (error === null) this.#ports.log(4, 'powerdns.flush-works', { zone });
    else this.#ports.log(2, 'powerdns.flush-failed', { zone, code, text: text.slice(0, 200) });
  }
}

function first(due: ReadonlyMap<DnsName, number>): readonly [DnsName, number] | null {
  for (const entry of due) return entry;
  return null;
}
