import type { DnsName } from '../../dns/name.ts';
import type { Runtime } from './runtime.ts';
import { tendZone } from './tend.ts';

/** How many zones are tended at the same time. */
const parallel = 2;

interface Alarm {
  readonly at: number;
  readonly cancel: AbortController;
}

/**
 * Background work, one step per zone at a time. A zone sleeps until its earliest alarm; being woken while its step runs leads to
 * one more step.
 */
export class Scheduler {
  readonly #runtime: Runtime;
  readonly #alarms = new Map<DnsName, Alarm>();
  readonly #running = new Set<DnsName>();
  readonly #queue = new Set<DnsName>();
  readonly #working = new Set<Promise<void>>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    runtime.wakeZone = (zone, delay) => this.wake(zone, delay);
  }

  /** @param delay milliseconds from now; an earlier alarm stays, `Infinity` sets none */
  wake(zone: DnsName, delay: number): void {
    if (this.#runtime.stopping.signal.aborted || delay === Infinity) return;
    const at = this.#runtime.now + Math.max(0, delay);
    const existing = this.#alarms.get(zone);
    if (existing !== undefined && existing.at <= at) return;
    existing?.cancel.abort();
    const cancel = new AbortController();
    this.#alarms.set(zone, { at, cancel });
    const signal = AbortSignal.any([cancel.signal, this.#runtime.stopping.signal]);
    this.#runtime.ports.clock.sleep(Math.max(0, delay), signal).then(
      () => this.#ring(zone),
      // Cancelled by an earlier alarm or by the engine's stop.
      () => undefined,
    );
  }

  /** Zones with something due or running. */
  get pending(): number {
    return this.#alarms.size + this.#queue.size + this.#running.size;
  }

  /** Resolves when no step is running any more; call after `stopping` was aborted. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#working);
  }

  #ring(zone: DnsName): void {
    this.#alarms.delete(zone);
    this.#queue.add(zone);
    this.#advance();
  }

  #advance(): void {
    for (const zone of this.#queue) {
      if (this.#running.size >= parallel || this.#runtime.stopping.signal.aborted) return;
      if (this.#running.has(zone)) continue;
      this.#queue.delete(zone);
      this.#running.add(zone);
      const work: Promise<void> = tendZone(this.#runtime, zone).finally(() => {
        this.#running.delete(zone);
        this.#working.delete(work);
        this.#advance();
      });
      this.#working.add(work);
    }
  }
}
