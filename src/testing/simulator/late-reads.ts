import type { DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import type { SavedEdit } from './laws/answers.ts';
import type { PanelStore } from './sim-panel.ts';

/** From how long on (ms) reads lag longer than an engine believes `after` (`visibilityWait`). */
export const longLag = 15_000;

/**
 * Lets reads of the panel show an old state, and notes which edits they showed late (docs/adoption.md, "Shown
 * late").
 */
export class LateReads {
  readonly #panel: PanelStore;
  readonly #saved: readonly SavedEdit[];
  /** When reads began to show a zone as it was then. */
  readonly #since = new Map<DnsName, number>();

  /** @param saved every save of a user, as it is filled in later */
  constructor(panel: PanelStore, saved: readonly SavedEdit[]) {
    this.#panel = panel;
    this.#saved = saved;
  }

  /** From now on reads show the zone as it is at this moment. */
  hide(zone: DnsName, now: number): void {
    this.show(zone, now);
    const records = this.#panel.zones.get(zone);
    this.#panel.stale.set(zone, records === undefined ? null : new Map(records));
    this.#since.set(zone, now);
  }

  /** From now on reads show the zone as it is. */
  show(zone: DnsName, now: number): void {
    this.#panel.stale.delete(zone);
    const since = this.#since.get(zone);
    this.#since.delete(zone);
    if (since === undefined) return;
    for (const { event, items, keptAt } of this.#saved) {
      if (event.zone !== zone || keptAt === null || keptAt < since || now - keptAt <= longLag) continue;
      for (const record of items.flatMap(({ remove, add }) => [remove, add]))
        if (record !== null) this.#panel.shownLate.add(`${zone} ${recordId(record)}`);
    }
  }
}
