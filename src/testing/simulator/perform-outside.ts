import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { HistoryEvent } from './event.ts';
import { fill } from './set-up.ts';
import { defaultRecords } from './new-zones.ts';
import type { World } from './world.ts';

type Of<K extends HistoryEvent['kind']> = Extract<HistoryEvent, { kind: K }>;

/** Events at the central that others cause, and changes that the panel makes without a DNS event. */
export type Outside = Of<
  | 'central-write'
  | 'central-create'
  | 'central-delete'
  | 'foreign-zone'
  | 'unheard-change'
  | 'unheard-removal'
>;

const kinds: ReadonlySet<string> = new Set<Outside['kind']>([
  'central-write',
  'central-create',
  'central-delete',
  'foreign-zone',
  'unheard-change',
  'unheard-removal',
]);

/** Whether an {@link OutsidePerformer} carries out the event. */
export function isOutside(event: HistoryEvent): event is Outside {
  return kinds.has(event.kind);
}

/**
 * Notes that the panel changed these records without an event. @param unheard gets each record as `zone id`
 */
export function noteUnheard(unheard: Set<string>, zone: DnsName, records: Iterable<ResourceRecord>): void {
  for (const record of records) unheard.add(`${zone} ${recordId(record)}`);
}

/**
 * Notes all records of a zone whose `after` was lost. If a zone of that name is created later, they may be
 * listed instead of settled.
 * @param unheard as in {@link noteUnheard}
 */
export function noteUnheardZone({ sides, panel }: World, unheard: Set<string>, zone: DnsName): void {
  for (const side of [...sides.map(({ store }) => store), panel])
    noteUnheard(unheard, zone, side.zones.get(zone)?.values() ?? []);
}

/**
 * Carries out events at the central that others cause, and changes that the panel makes without a DNS event.
 */
export class OutsidePerformer {
  readonly #world: World;
  readonly #running: Promise<unknown>[];
  readonly #zonesInHand: ReadonlySet<DnsName>;
  readonly #unheard: Set<string>;

  /**
   * @param running gets the promises of work that takes time
   * @param zonesInHand zones that a user is creating or deleting at the moment
   * @param unheard gets the records that the panel changes without an event, as in {@link noteUnheard}
   */
  constructor(
    world: World,
    running: Promise<unknown>[],
    zonesInHand: ReadonlySet<DnsName>,
    unheard: Set<string>,
  ) {
    this.#world = world;
    this.#running = running;
    this.#zonesInHand = zonesInHand;
    this.#unheard = unheard;
  }

  perform(event: Outside): void {
    switch (event.kind) {
      case 'central-write':
        this.#writeAtCentral(event);
        return;
      case 'central-create':
        this.#createAtCentral(event);
        return;
      case 'central-delete':
        this.#deleteAtCentral(event);
        return;
      case 'foreign-zone':
        this.#giveAway(event);
        return;
      case 'unheard-change':
        this.#changeUnheard(event);
        return;
      case 'unheard-removal':
        this.#removeUnheard(event);
    }
  }

  #writeAtCentral(event: Of<'central-write'>): void {
    const { zone, remove, add } = event;
    const records = this.#world.sides[event.central - 1]?.store.zones.get(zone);
    if (records === undefined) return;
    if (remove !== null) records.delete(recordId(remove));
    if (add !== null) records.set(recordId(add), add);
    this.#world.otherWrote();
    this.#world.note(`somebody writes at the central in ${zone}`);
  }

  #createAtCentral(event: Of<'central-create'>): void {
    const { zone, records } = event;
    const store = this.#world.sides[event.central - 1]?.store;
    if (store === undefined || store.zones.has(zone) || store.foreign.has(zone)) return;
    fill(this.#world, store, zone, records);
    this.#world.otherWrote();
    this.#world.note(`the provider makes ${zone} by hand`);
  }

  #deleteAtCentral({ central, zone }: Of<'central-delete'>): void {
    if (this.#world.sides[central - 1]?.store.zones.delete(zone) !== true) return;
    this.#world.otherWrote();
    this.#world.tally.fault('the provider deletes a zone');
    this.#world.note(`the provider deletes ${zone} by hand`);
  }

  #giveAway({ central, zone }: Of<'foreign-zone'>): void {
    const store = this.#world.sides[central - 1]?.store;
    if (store === undefined || store.zones.has(zone)) return;
    store.foreign.add(zone);
    this.#world.tally.fault('another account has the zone');
    this.#world.note(`another account makes ${zone} at the central`);
  }

  #changeUnheard({ zone, add, hints }: Of<'unheard-change'>): void {
    const made = !this.#world.panel.zones.has(zone);
    if (made) {
      fill(this.#world, this.#world.panel, zone, defaultRecords(zone, 'panel'));
      // No event tells the engine of this zone. The central may still have records of an earlier zone of that
      // name, and they are not in the panel.
      for (const { store } of this.#world.sides)
        noteUnheard(this.#unheard, zone, store.zones.get(zone)?.values() ?? []);
    }
    this.#world.panel.zones.get(zone)?.set(recordId(add), add);
    this.#world.panel.provenance.look(this.#world.clock.now());
    noteUnheard(this.#unheard, zone, [add]);
    this.#world.note(`the panel ${made ? 'makes' : 'changes'} ${zone} without a DNS event`);
    if (hints) this.#running.push(this.#world.hint(zone));
  }

  #removeUnheard({ zone, records, hint }: Of<'unheard-removal'>): void {
    const { panel, clock, tally } = this.#world;
    const held = panel.zones.get(zone);
    if (held === undefined || this.#zonesInHand.has(zone)) return;
    if (records === null) noteUnheardZone(this.#world, this.#unheard, zone);
    else noteUnheard(this.#unheard, zone, records);
    if (records === null) panel.zones.delete(zone);
    else for (const record of records) held.delete(recordId(record));
    panel.provenance.look(clock.now());
    tally.fault('the panel loses something without an event');
    this.#world.note(`the panel loses ${records === null ? zone : `records of ${zone}`} without a DNS event`);
    if (hint !== 'none') this.#running.push(this.#world.hint(hint === 'all' ? 'all' : zone));
  }
}
