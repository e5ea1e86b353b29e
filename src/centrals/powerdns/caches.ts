import { CentralError, type CallContext } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { CentralPorts } from '../module.ts';
import type { ServerApi } from './api.ts';

/**
 * Milliseconds from a write to the second flush after it. By then every query that began before the write has
 * ended.
 */
const moment = 250;
/** How long an edit waits for one flush, in milliseconds. */
const patience = 2_000;
/** Largest number of zones that are flushed at once in the background. */
const mostAtOnce = 4;

/** Services that the flusher gets from the process that uses it. */
export type FlushPorts = Pick<CentralPorts, 'clock' | 'log'>;

/**
 * Empties the packet cache and the query cache of a server after a write, so that it does not answer the old
 * data. At each write by the API, the server empties first one cache and then the other. A query in between
 * can put the old answer back into a cache for `cache-ttl` (20 s). This was seen with PowerDNS 4.7.3; see
 * also PowerDNS issue 16286. The call `cache/flush` empties both caches for a zone and all names below it.
 */
export class CacheFlusher {
  readonly #api: ServerApi;
  readonly #ports: FlushPorts;
  /**
   * Zones that wait for a flush in the background, each with the time of its last write (monotonic
   * milliseconds).
   */
  readonly #due = new Map<DnsName, number>();
  readonly #closing = new AbortController();
  #working: Promise<void> | null = null;
  /** Error code of the last flush; `null`: it succeeded, or there was none. */
  #failed: string | null = null;

  constructor(api: ServerApi, ports: FlushPorts) {
    this.#api = api;
    this.#ports = ports;
  }

  /**
   * Flushes a zone now, and again in the background after `moment` milliseconds. Never throws: the write is
   * done already, and cached answers expire by themselves. Logs when flushes begin to fail and when they work
   * again.
   */
  async flush(zone: DnsName, ctx: CallContext): Promise<void> {
    this.later(zone);
    await this.#once(zone, ctx.signal);
  }

  /**
   * Flushes a zone only once, in the background after `moment` milliseconds. This is enough after a write of
   * unknown outcome.
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

  /** Flushes at once all zones that still wait, and stops. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#working;
    const signal = this.#limit(new AbortController().signal);
    for (const zone of this.#due.keys()) await this.#once(zone, signal);
    this.#due.clear();
  }

  /**
   * Flushes the waiting zones, a few at once. Those that have waited longest come first. Does not keep the
   * process alive.
   */
  async #work(): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#closing;
    for (;;) {
      const [first] = this.#due.values();
      if (first === undefined || signal.aborted) break;
      const left = first + moment - clock.now();
      if (left > 0) {
        await clock.sleep(left, signal).catch((error: unknown) => {
          // Nothing to handle: only `close` aborts this sleep, and then the loop ends too.
          if (!signal.aborted) throw error;
        });
        continue;
      }
      const written = clock.now() - moment;
      const due = [...this.#due].filter(([, since]) => since <= written).slice(0, mostAtOnce);
      for (const [zone] of due) this.#due.delete(zone);
      await Promise.all(due.map(async ([zone]) => this.#once(zone, signal)));
    }
    this.#working = null;
  }

  async #once(zone: DnsName, signal: AbortSignal): Promise<void> {
    try {
      await this.#api.flush(zone, this.#limit(signal));
      this.#note(zone, null);
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      // `close` interrupted the flush. The zone is queued again, and `close` flushes it.
      if (this.#closing.signal.aborted && signal === this.#closing.signal) this.#due.set(zone, 0);
      else this.#note(zone, error);
    }
  }

  /** Makes a signal that aborts with `signal`, or when a flush takes too long. */
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
