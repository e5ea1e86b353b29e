import type { DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import { defaultEngineSettings } from '../../core/engine/settings.ts';
import type { SavedEdit } from './laws/answers.ts';
import type { PanelStore } from './sim-panel.ts';

/** If reads lag by more than this (ms), they hide an edit for longer than the engine waits for a proof. */
export const longLag = defaultEngineSettings.visibilityWait;

/**
 * If reads lag by more than this (ms), they hide an edit for longer than the engine trusts its `after`
 * (docs/adoption.md, "Shown late").
 */
const tooLongLag = defaultEngineSettings.readLag;

/**
 * Makes reads of the panel return an old state. Remembers which edits a read showed too late
 * (docs/adoption.md, "Shown late").
 */
export class LateReads {
  readonly #panel: PanelStore;
  readonly #saved: readonly SavedEdit[];

  /** @param saved every save of a user; the list grows while the history runs */
  constructor(panel: PanelStore, saved: readonly SavedEdit[]) {
    this.#panel = panel;
    this.#saved = saved;
  }

  /** From now on, reads show the zone as it is at this moment. @param now monotonic milliseconds */
  hide(zone: DnsName, now: number): void {
    this.show(zone, now);
    const records = this.#panel.zones.get(zone);
    this.#panel.stale.set(zone, records === undefined ? null : new Map(records));
    this.#panel.staleSince.set(zone, now);
  }

  /** From now on, reads show the zone's present state again. @param now monotonic milliseconds */
  show(zone: DnsName, now: number): void {
    this.#panel.stale.delete(zone);
    const since = this.#panel.staleSince.get(zone);
    this.#panel.staleSince.delete(zone);
    if (since === undefined) return;
    for (const { event, items, keptAt } of this.#saved) {
      if (event.zone !== zone || keptAt === null || keptAt < since || now - keptAt <= tooLongLag) continue;
      for (const record of items.flatMap(({ remove, add }) => [remove, add]))
        if (record !== null) this.#panel.shownLate.add(`${zone} ${recordId(record)}`);
    }
  }
}

/**
 * Whether reads of the panel now return this record from a state that is older than an engine expects.
 * @param id the record's id (`recordId`) @param now monotonic milliseconds
 */
export function showsLate(
  { stale, staleSince }: PanelStore,
  zone: DnsName,
  id: string,
  now: number,
): boolean {
  const since = staleSince.get(zone) ?? now;
  return now - since > tooLongLag && stale.get(zone)?.has(id) === true;
}
