import type { Verifier } from '../../centrals/verified/verifier.ts';
import type { GuardedCentral } from '../../core/breaker.ts';
import { CentralError } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { JournalError, type Journal } from '../../core/journal.ts';
import type { Log } from '../../core/log.ts';
import { healthFact, healthIn, undecidedFor, type Health } from '../answers/health.ts';

/** Milliseconds between two checks. */
const lookEvery = 5_000;
/**
 * After this long (ms) without a request, the agent asks the central whether it answers. `probeFailing` is
 * the time for a central that did not answer last time.
 */
const probeAfter = 300_000;
const probeFailing = 30_000;
/** After this long (ms), the health is stored even if only its times have changed. */
const storeEvery = 600_000;
/**
 * Least time between two checks of the plugin's files, milliseconds. `filesAsked` is the time if somebody
 * asks for the health.
 */
const filesEvery = 60_000;
const filesAsked = 1_000;
/** A comparison that is late by this much (ms) counts as overdue. */
const patience = 600_000;

/** The parts of a running engine whose health is checked. */
export interface HealthParts {
  readonly engine: Pick<Engine, 'live' | 'remember' | 'restoreSilent'>;
  readonly central: Pick<GuardedCentral, 'blocked' | 'contact' | 'check'>;
  readonly journal: Pick<Journal, 'fact' | 'counts'>;
  readonly verifier: Pick<Verifier, 'status'> | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: {
    readonly compareEvery: number;
    readonly deadline: number;
    readonly conflicts: number;
  };
  /** What is wrong with the plugin's files; null: nothing. */
  readonly files: () => string | null;
  readonly isPaused: () => boolean;
}

/**
 * Keeps the {@link Health} of a running engine, and stores it in the journal for times when no agent runs. If
 * no request was sent to the central for some time, asks whether the central answers.
 */
export class HealthKeeper {
  readonly #parts: HealthParts;
  readonly #startedAt: number;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** The health that an earlier agent stored; null: none. */
  #earlier: Health | null = null;
  #stored = { text: '', at: -Infinity };
  #undecided: Health['undecided'] = null;
  /** How many of the undecided edits that the engine has counted are already in `#undecided`. */
  #counted = 0;
  #conflictsSince: number | null = null;
  #files: Health['files'] = null;
  #filesAt = -Infinity;
  #reported = false;
  /**
   * When the last check saw a pause: wall clock, milliseconds since 1970. During a pause no comparison is
   * due.
   */
  #pausedAt = -Infinity;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.wall();
  }

  /** Loads the health that an earlier agent stored, and starts the checks. @throws {JournalError} */
  async start(): Promise<void> {
    const earlier = healthIn(await this.#parts.journal.fact(healthFact));
    this.#earlier = earlier;
    if (earlier !== null) {
      this.#undecided = earlier.undecided;
      this.#conflictsSince = earlier.conflictsSince;
      this.#files = earlier.files;
      this.#parts.engine.restoreSilent(earlier.silent);
    }
    this.#running = this.#forEver();
  }

  /** Stops the checks and stores the health. Never throws. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
    await this.#store(true);
  }

  /** Returns the present health. @throws {JournalError} */
  async health(): Promise<Health> {
    return await this.#look(filesAsked);
  }

  async #forEver(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#probe(signal);
      await this.#store(false);
      await clock.sleep(lookEvery, signal).catch(() => {
        // Only `stop` ends this sleep early, and the loop then ends too.
      });
    }
  }

  /** If no request was sent to the central for some time, asks whether the central answers. Never throws. */
  async #probe(stopping: AbortSignal): Promise<void> {
    const { central, clock, settings, log } = this.#parts;
    const { failingSince, triedAt } = central.contact;
    const due = (triedAt ?? this.#startedAt) + (failingSince === null ? probeAfter : probeFailing);
    if (clock.wall() < due) return;
    const over = new AbortController();
    const signal = AbortSignal.any([stopping, over.signal]);
    const limit = clock.sleep(settings.deadline, signal).then(
      () => over.abort(new Error('no answer in time')),
      () => undefined,
    );
    try {
      await central.check({ signal, operation: '-' });
    } catch (error) {
      // The circuit breaker has already stored that the central failed.
      if (!(error instanceof CentralError)) log(1, 'health.probe-failed', { error: String(error) });
    } finally {
      over.abort(new Error('ended'));
      await limit;
    }
  }

  async #store(always: boolean): Promise<void> {
    const { clock, engine, log } = this.#parts;
    try {
      const health = await this.#look(filesEvery);
      const text = JSON.stringify({ ...health, at: 0, answeredAt: 0, comparison: timeless(health) });
      const now = clock.wall();
      // The health is also stored if the clock has been set back by this much.
      const isDue = Math.abs(now - this.#stored.at) >= storeEvery;
      if (!always && !isDue && text === this.#stored.text) return;
      await engine.remember(healthFact, JSON.stringify(health));
      this.#stored = { text, at: now };
      this.#reported = false;
    } catch (error) {
      if (this.#reported) return;
      this.#reported = true;
      log(error instanceof JournalError ? 2 : 1, 'health.not-stored', { error: String(error) });
    }
  }

  async #look(filesAge: number): Promise<Health> {
    const { engine, central, journal, verifier, clock } = this.#parts;
    const now = clock.wall();
    const { comparisons, silent, owners } = engine.live;
    const { rows } = await journal.counts();
    const { blocked, contact } = central;
    const earlier = this.#earlier;
    return {
      at: now,
      blocked,
      failingSince: contact.triedAt === null ? (earlier?.failingSince ?? null) : contact.failingSince,
      answeredAt: contact.answeredAt ?? earlier?.answeredAt ?? null,
      comparison: {
        ...comparisons,
        completeAt: comparisons.completeAt ?? earlier?.comparison.completeAt ?? null,
        overdueAt: this.#overdueAt(comparisons.completeAt, now),
      },
      behind: behindOf(verifier),
      undecided: this.#undecidedAt(owners.undecided, owners.undecidedAt, now),
      conflictsSince: this.#conflicts(rows['conflict'] ?? 0, now),
      silent: [...silent],
      files: this.#filesNow(now, filesAge),
    };
  }

  #overdueAt(completeAt: number | null, now: number): number | null {
    const { isPaused, settings } = this.#parts;
    if (isPaused()) this.#pausedAt = now;
    if (settings.compareEvery === 0) return null;
    const latest = Math.max(completeAt ?? -Infinity, this.#startedAt, this.#pausedAt);
    return latest + 2 * settings.compareEvery + patience;
  }

  #undecidedAt(count: number, last: number | null, now: number): Health['undecided'] {
    if (count > this.#counted && last !== null) {
      const { edits = 0, since = last } = this.#undecided ?? {};
      this.#undecided = { edits: edits + count - this.#counted, since, last };
      this.#counted = count;
    }
    if (this.#undecided !== null && this.#undecided.last <= now - undecidedFor) this.#undecided = null;
    return this.#undecided;
  }

  #conflicts(count: number, now: number): number | null {
    const isMore = count > this.#parts.settings.conflicts;
    this.#conflictsSince = isMore ? (this.#conflictsSince ?? now) : null;
    return this.#conflictsSince;
  }

  #filesNow(now: number, age: number): Health['files'] {
    if (Math.abs(now - this.#filesAt) < age) return this.#files;
    this.#filesAt = now;
    const text = this.#parts.files();
    this.#files = text === null ? null : { text, since: this.#files?.since ?? now };
    return this.#files;
  }
}

/** The state of comparisons, without the times that change even if no comparison is made. */
function timeless({ comparison }: Health): Health['comparison'] {
  return { ...comparison, completeAt: null, overdueAt: null };
}

function behindOf(verifier: HealthParts['verifier']): Health['behind'] {
  const behind = verifier?.status().behind.filter(({ asking }) => !asking) ?? [];
  if (behind.length === 0) return null;
  const late = behind.flatMap(({ servers }) => servers.filter(({ state }) => state !== 'live'));
  const servers = [...new Set(late.map(({ server }) => server))];
  return { edits: behind.length, servers, since: Math.min(...behind.map(({ since }) => since)) };
}
