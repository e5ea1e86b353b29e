import { parseName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { Chances } from './chances.ts';
import type { EditOfRecords, Events, HistoryEvent } from './event.ts';
import { address, main } from './set-up.ts';
import { administrator } from './edits.ts';
import type { LocalPart, World } from './world.ts';

/** Probability that several users edit at once before a step of the mode `crowd`. */
const often = 0.5;

/**
 * Makes edits of one name by several users at once. There are few different values, so that users want the
 * same ones, and the panel often refuses.
 */
export class Crowd {
  readonly #world: World;
  readonly #chances: Chances;

  constructor(world: World, chances: Chances) {
    this.#world = world;
    this.#chances = chances;
  }

  /**
   * Yields the edits before one step; usually there are none.
   * @param step the beginning of the names of the random draws
   */
  *events(step: string): Events {
    if (!this.#chances.chance(`${step} crowds`, often)) return;
    const host = this.#chances.pick(`${step} crowd at`, ['www', 'ftp']);
    const count = this.#chances.between(`${step} crowd`, 2, 4);
    for (let one = 1; one <= count; one += 1) {
      const of = `${step} crowd ${one}`;
      // Sometimes somebody else writes the same name at the central, just before or just after the user's
      // edit.
      const foreign = this.#chances.pick(`${of} foreign`, [
        'none',
        'none',
        'none',
        'none',
        'before',
        'after',
      ]);
      if (foreign === 'before') yield this.#foreignWrite(host, of);
      yield this.#edit(host, of);
      if (foreign === 'after') yield this.#foreignWrite(host, of);
      yield this.#chances.pick(`${of} pause`, [0, 20, 90, 400, 1_500]);
    }
  }

  #edit(host: string, of: string): EditOfRecords {
    const shown = [...(this.#world.panel.visible(main)?.values() ?? [])];
    const there = shown.filter(({ name }) => name === parseName(host, main));
    const isNew = this.#chances.chance(`${of} beside`, 0.3);
    const remove = isNew ? null : this.#oneOf(there, `${of} old`);
    const removes = remove !== null && this.#chances.chance(`${of} removes`, 0.25);
    const wanted = address(main, host, this.#chances.between(`${of} address`, 10, 12));
    const add = removes ? null : this.#world.timed(wanted);
    return {
      kind: 'edit',
      zone: main,
      items: [{ remove, add }],
      actor: administrator,
      local: this.#local(of),
    };
  }

  #local(of: string): LocalPart {
    return {
      refuses: this.#chances.chance(`${of} panel refuses`, 0.3),
      takes: this.#chances.pick(`${of} takes`, [1, 20, 200, 7_000]),
      afterLost: this.#chances.chance(`${of} after lost`, 0.1),
      visibleAfter: this.#chances.chance(`${of} hidden`, 0.2)
        ? this.#chances.between(`${of} visible after`, 100, 12_000)
        : 0,
    };
  }

  /** Makes a write at the central that adds another address, and may replace one at the name. */
  #foreignWrite(host: string, of: string): HistoryEvent {
    const central = this.#chances.between(`${of} central`, 1, this.#world.sides.length);
    const held = [...(this.#world.sides[central - 1]?.store.zones.get(main)?.values() ?? [])];
    const there = held.filter(({ name, type }) => name === parseName(host, main) && type === 'A');
    const replaces = this.#chances.chance(`${of} foreign replaces`, 0.5);
    const add = address(main, host, this.#chances.between(`${of} foreign address`, 200, 210));
    return {
      kind: 'central-write',
      central,
      zone: main,
      remove: replaces ? this.#oneOf(there, `${of} foreign victim`) : null,
      add: this.#world.timed(add),
    };
  }

  #oneOf(records: readonly ResourceRecord[], name: string): ResourceRecord | null {
    if (records.length === 0) return null;
    return records[this.#chances.between(name, 0, records.length - 1)] ?? null;
  }
}
