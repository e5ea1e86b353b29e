import { namesAbove, type DnsName } from '../../../dns/name.ts';
import type { Clock } from '../../clock.ts';
import type { PanelEvent } from '../../panel.ts';
import type { Rounds } from './rounds.ts';

/** A round of comparisons that found a silent change. */
export interface SilentRound {
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  /** The first zone in which the round found a silent change. */
  readonly zone: DnsName;
}

/** This many rounds with silent changes show that no call of a DNS form reaches us. */
export const enoughSilent = 3;
/** Time (ms) after which a round with silent changes no longer counts. */
const span = 30 * 86_400_000;
/**
 * Time (ms) after a hint in which the panel may still change the zones that the hint names. A hint is the
 * call of a panel function that may change DNS without a DNS event.
 */
const hintSpan = 2 * 3_600_000;
/** The most zone names of hints that are kept. If there would be more, the hint counts for all zones. */
const mostNames = 1_000;

/** Reasons of comparisons that no call of the panel caused. */
const uncaused: ReadonlySet<string> = new Set(['periodic', 'asked', 'serial']);

/**
 * Finds out whether DNS forms of the panel change zones without a call to us. That happens, for example, if a
 * panel update has removed our handlers. A silent change is a change in a synced zone that no call reported.
 * Only one silent change counts in each round of comparisons, because a restore or an import changes many
 * zones at once. Any call of a DNS form shows that the handlers work, so the count starts again at 0.
 */
export class SilentChanges {
  readonly #clock: Clock;
  readonly #isPaused: () => boolean;
  readonly #rounds: Rounds;
  /** Number of the last round that counted. */
  #counted = 0;
  #found: readonly SilentRound[] = [];
  /** When the last hint for each name, and for all zones, came: wall clock, milliseconds since 1970. */
  readonly #hinted = new Map<DnsName, number>();
  #allHinted = -Infinity;

  constructor(
    { clock, isPaused }: { readonly clock: Clock; readonly isPaused?: () => boolean },
    rounds: Rounds,
  ) {
    this.#clock = clock;
    this.#isPaused = isPaused ?? (() => false);
    this.#rounds = rounds;
  }

  /** The rounds that have found silent changes since the last call of a DNS form, oldest first. */
  get found(): readonly SilentRound[] {
    return this.#found.filter(({ at }) => at > this.#clock.wall() - span);
  }

  /** Loads the rounds that an earlier run of the agent found. */
  restore(found: readonly SilentRound[]): void {
    this.#found = found;
  }

  /** Handles a call of the panel, no matter how the call is answered. */
  noticed(event: PanelEvent): void {
    if (event.kind === 'edits' || event.kind === 'invalid') this.#found = [];
    else if (event.kind === 'hint') this.#hint(event.zones);
  }

  #hint(zones: readonly DnsName[] | 'all'): void {
    const now = this.#clock.wall();
    for (const [name, at] of this.#hinted) if (at <= now - hintSpan) this.#hinted.delete(name);
    const named = zones === 'all' || zones.length > mostNames ? null : zones;
    const names = named?.flatMap((name) => [name, ...namesAbove(name)]) ?? [];
    if (named !== null && this.#hinted.size + names.length <= mostNames) {
      for (const name of names) this.#hinted.set(name, now);
    } else {
      this.#hinted.clear();
      this.#allHinted = now;
    }
  }

  /**
   * Handles the end of a comparison of a synced zone.
   * @param hasChanged returns whether the panel has got or lost records since the previous comparison
   */
  compared(zone: DnsName, reason: string, hasChanged: () => boolean): void {
    const isCounted = this.#counted === this.#rounds.number && this.#found.length > 0;
    if (isCounted || !uncaused.has(reason) || this.#isPaused()) return;
    const hintedAt = Math.max(this.#hinted.get(zone) ?? -Infinity, this.#allHinted);
    if (hintedAt > this.#clock.wall() - hintSpan || !hasChanged()) return;
    this.#counted = this.#rounds.number;
    const [first, ...later] = [...this.found, { at: this.#clock.wall(), zone }];
    // The first round is always kept, because it shows since when calls are missing.
    this.#found = [...(first === undefined ? [] : [first]), ...later.slice(1 - enoughSilent)];
  }
}
