import type { DnsName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import type { Chances } from './chances.ts';
import type { HistoryEvent } from './event.ts';
import { address, alone, main } from './set-up.ts';
import type { World } from './world.ts';

/** Chooses losses in the panel without an event, and zones that the provider creates or deletes by hand. */
export class Losses {
  readonly #world: World;
  readonly #chances: Chances;
  readonly #fresh: DnsName;

  /** @param fresh the zone that the history creates and deletes */
  constructor(world: World, chances: Chances, fresh: DnsName) {
    this.#world = world;
    this.#chances = chances;
    this.#fresh = fresh;
  }

  /**
   * Makes the event in which the panel loses some or many records of a zone. @param step the beginning of the
   * names of the draws
   */
  records(step: string): HistoryEvent {
    const zone = this.#chances.pick(`${step} loses in`, [main, main, this.#fresh]);
    const part = this.#chances.pick(`${step} loses how many`, [0.15, 0.15, 0.6, 1]);
    const held = [...(this.#world.panel.zones.get(zone)?.values() ?? [])];
    const records = held.filter(
      ({ type, name, rdata }) =>
        type !== 'NS' && this.#chances.chance(`${step} loses ${name} ${rdata}`, part),
    );
    return { kind: 'unheard-removal', zone, records, hint: this.#hint(step) };
  }

  /** Makes the event in which the panel loses a zone. @param step as in `records` */
  zone(step: string): HistoryEvent {
    const zone = this.#chances.pick(`${step} loses zone`, [main, this.#fresh, this.#fresh, alone]);
    return { kind: 'unheard-removal', zone, records: null, hint: this.#hint(step) };
  }

  /**
   * Makes an event in which the provider creates or deletes a zone, or another account creates it. @param
   * step as in `records`
   */
  byProvider(step: string, central: number): HistoryEvent {
    const does = this.#chances.pick(`${step} provider does`, ['makes', 'makes', 'deletes', 'gives away']);
    if (does === 'gives away') return { kind: 'foreign-zone', central, zone: this.#fresh };
    if (does === 'deletes') {
      const zone = this.#chances.pick(`${step} provider deletes`, [main, this.#fresh, this.#fresh]);
      return { kind: 'central-delete', central, zone };
    }
    const nameServer = makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, this.#fresh);
    const isEmpty = this.#chances.chance(`${step} provider makes it empty`, 0.5);
    const records = isEmpty ? [nameServer] : [nameServer, address(this.#fresh, 'hand', 200)];
    return { kind: 'central-create', central, zone: this.#fresh, records };
  }

  #hint(step: string): 'zone' | 'all' | 'none' {
    return this.#chances.pick(`${step} loses with a hint`, ['zone', 'zone', 'all', 'none']);
  }
}
