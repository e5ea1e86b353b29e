import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Actor, EditEvent } from '../../core/panel.ts';
import { isOutside, noteUnheard, noteUnheardZone, OutsidePerformer } from './perform-outside.ts';
import { isMishap, MishapPerformer } from './perform-mishaps.ts';
import { isOperators, OperatorPerformer } from './perform-operators.ts';
import type { EditOfRecords, EditOfZone, HistoryEvent, HostEvent } from './event.ts';
import { fill } from './set-up.ts';
import { intruder } from './laws/rights.ts';
import { administrator, recordsEvent } from './edits.ts';
import { defaultRecords } from './new-zones.ts';
import type { ClickedEdit, World } from './world.ts';

/** Facts about a history that the laws need and cannot find in panel or central. */
export interface Traces {
  /**
   * Records that the panel changed without a DNS event, or whose `after` was lost. Each entry is `zone id`.
   */
  readonly unheard: Set<string>;
}

/**
 * Carries out the events of a history, and stores facts about them that the laws need. An event does nothing
 * if its zone or its central does not exist.
 */
export class Performer {
  readonly traces: Traces = { unheard: new Set() };
  /** Events that take time and are not over yet, such as edits. */
  readonly running: Promise<unknown>[] = [];
  /** Zones that a user is creating or deleting at the moment. */
  readonly zonesInHand = new Set<DnsName>();
  readonly #world: World;
  readonly #mishaps: MishapPerformer;
  readonly #outside: OutsidePerformer;
  readonly #operators: OperatorPerformer;

  constructor(world: World) {
    this.#world = world;
    this.#mishaps = new MishapPerformer(world, this.running);
    this.#operators = new OperatorPerformer(world, this.running);
    this.#outside = new OutsidePerformer(world, this.running, this.zonesInHand, this.traces.unheard);
  }

  /** Begins an event. Work that takes time continues in `running`; only a start of the agent is awaited. */
  async perform(event: Exclude<HistoryEvent, HostEvent>): Promise<void> {
    if (isMishap(event)) {
      await this.#mishaps.perform(event);
      return;
    }
    if (isOutside(event)) {
      this.#outside.perform(event);
      return;
    }
    if (isOperators(event)) {
      this.#operators.perform(event);
      return;
    }
    switch (event.kind) {
      case 'edit':
        this.running.push(this.#edit(event));
        return;
      case 'intrusion':
        this.running.push(this.#intrude(event));
        return;
      case 'zone-create':
      case 'zone-delete':
        this.running.push(this.#editZone(event));
        return;
      case 'kill':
        this.#world.kill();
        return;
      case 'start':
        if (this.#world.engine === null) await this.#world.start();
        return;
      case 'outage':
        this.#outage(event);
        return;
      case 'clock-step':
        this.#world.stepClock(event.by);
        this.#world.tally.fault('clock stepped');
        return;
      case 'click':
        this.running.push(this.#click(event));
    }
  }

  async #edit(event: EditOfRecords): Promise<void> {
    const { zone, items } = event;
    if (!this.#world.panel.zones.has(zone)) return;
    const { hidesOwner } = event;
    if (hidesOwner !== undefined) this.#world.panel.owners.set(zone, hidesOwner ? null : ['alice']);
    const { elsewhere } = await this.#world.edit(
      (stage) => recordsEvent(zone, items, stage, event.actor),
      () => this.#carryOut(event),
      event.local,
      items,
    );
    if (elsewhere) this.#unheardEdit(zone, items);
  }

  async #click({ edits, deletes, local }: Extract<HistoryEvent, { kind: 'click' }>): Promise<void> {
    const zones = deletes.filter((zone) => !this.zonesInHand.has(zone));
    for (const zone of zones) this.zonesInHand.add(zone);
    const clicked: ClickedEdit[] = [
      ...edits
        .filter(({ zone }) => this.#world.panel.zones.has(zone))
        .map(({ zone, items }) => ({
          event: (stage: 'before' | 'after') => recordsEvent(zone, items, stage),
          carryOut: () => this.#carryOut({ zone, items }),
          items,
        })),
      ...zones.map((zone) => this.#zoneEdit('zone-delete', zone)),
    ];
    const { lostAfter, elsewhere, paused } =
      clicked.length === 0 ? notClicked : await this.#world.click(clicked, local);
    for (const zone of zones) {
      if (lostAfter || elsewhere || paused) noteUnheardZone(this.#world, this.traces.unheard, zone);
      this.zonesInHand.delete(zone);
    }
    if (elsewhere) for (const { zone, items } of edits) this.#unheardEdit(zone, items);
  }

  #unheardEdit(zone: DnsName, items: EditOfRecords['items']): void {
    noteUnheard(
      this.traces.unheard,
      zone,
      items.flatMap(({ remove, add }) => [remove, add].filter((one) => one !== null)),
    );
  }

  /**
   * Carries out the panel's own part of an edit of records. Like a panel, leaves out an item whose old record
   * is missing or whose new record exists already.
   * @returns whether the panel changed anything
   */
  #carryOut({ zone, items, leavesOut = [] }: Pick<EditOfRecords, 'zone' | 'items' | 'leavesOut'>): boolean {
    const records = this.#world.panel.zones.get(zone);
    if (records === undefined) return false;
    let done = false;
    for (const [at, { remove, add }] of items.entries()) {
      if (leavesOut.includes(at + 1)) continue;
      if (isImpossible(records, remove, add)) continue;
      // During a pause no engine refuses an alias beside other records, so the simulated panel must refuse
      // it.
      if (this.#world.pauses.isOn && isBeside(records, add, remove)) continue;
      if (remove !== null) records.delete(recordId(remove));
      if (add !== null) records.set(recordId(add), add);
      done = true;
    }
    return done;
  }

  async #intrude({ zone, items, local }: Extract<HistoryEvent, { kind: 'intrusion' }>): Promise<void> {
    await this.#world.edit(
      (stage) => recordsEvent(zone, items, stage, intruder),
      () => false,
      local,
      items,
    );
  }

  async #editZone({ kind, zone, actor, local }: EditOfZone): Promise<void> {
    // A zone gets only one create or delete at a time. If a create overlapped a slow delete of the same zone,
    // it would be listed for an operator.
    if (this.zonesInHand.has(zone)) return;
    this.zonesInHand.add(zone);
    const { event, carryOut } = this.#zoneEdit(kind, zone, actor);
    const { lostAfter, elsewhere, paused } = await this.#world.edit(event, carryOut, local);
    // A comparison never deletes a zone. So a zone that was deleted during a pause is only listed.
    if (lostAfter || elsewhere || (paused && kind === 'zone-delete'))
      noteUnheardZone(this.#world, this.traces.unheard, zone);
    this.zonesInHand.delete(zone);
  }

  #zoneEdit(kind: EditOfZone['kind'], zone: DnsName, actor: Actor = administrator): ClickedEdit {
    const { panel } = this.#world;
    const seed = { addresses: ['192.0.2.1'], nameServers: [], mailServers: [] };
    const event = (stage: 'before' | 'after'): EditEvent => {
      const base = { stage, zone, fingerprint: `${kind} ${zone}`, actor, echo: null };
      return kind === 'zone-delete' ? { ...base, kind } : { ...base, kind, seed };
    };
    const carryOut = (): boolean => {
      if (kind === 'zone-delete') return panel.zones.delete(zone);
      if (panel.zones.has(zone)) return false;
      fill(this.#world, panel, zone, defaultRecords(zone, 'panel'));
      return true;
    };
    return { event, carryOut };
  }

  #outage({ of, lasts }: Extract<HistoryEvent, { kind: 'outage' }>): void {
    const isOneOfMany = of !== 'panel' && this.#world.sides.length > 1;
    const side = of === 'panel' ? undefined : this.#world.sides[of - 1];
    const set = (down: boolean): void => {
      if (of === 'panel') this.#world.panelFailing = down;
      else if (isOneOfMany && side !== undefined) side.down = down;
      else this.#world.centralDown = down;
      this.#world.applyOutages();
    };
    set(true);
    this.#world.tally.fault(of === 'panel' ? 'panel out of reach' : 'central out of reach');
    this.#world.note(`${of === 'panel' ? 'panel reads' : `central${isOneOfMany ? ` ${of}` : ''}`} down`);
    this.running.push(this.#world.clock.sleep(lasts).then(() => set(false)));
  }
}

/** Whether the old record is missing, or the new one exists already. */
function isImpossible(
  records: ReadonlyMap<string, ResourceRecord>,
  remove: ResourceRecord | null,
  add: ResourceRecord | null,
): boolean {
  if (remove !== null && !records.has(recordId(remove))) return true;
  const retiming = remove !== null && add !== null && recordId(remove) === recordId(add);
  return add !== null && records.has(recordId(add)) && !retiming;
}

/**
 * Whether an alias and another record would share a name, once the edit has removed `remove` and added `add`.
 */
function isBeside(
  records: ReadonlyMap<string, ResourceRecord>,
  add: ResourceRecord | null,
  remove: ResourceRecord | null,
): boolean {
  if (add === null) return false;
  const gone = remove === null ? null : recordId(remove);
  const others = [...records.values()].filter((one) => one.name === add.name && recordId(one) !== gone);
  return others.some(({ type }) => (type === 'CNAME') !== (add.type === 'CNAME'));
}

const notClicked = { lostAfter: false, elsewhere: false, paused: false };
