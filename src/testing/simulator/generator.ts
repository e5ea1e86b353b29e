import type { DnsName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import type { Actor } from '../../core/panel.ts';
import type { Chances } from './chances.ts';
import { Crowd } from './crowd.ts';
import type { EditOfRecords, Events, HistoryEvent } from './event.ts';
import { address, alone, main, owner, type HistoryOptions } from './set-up.ts';
import { Strangers } from './strangers.ts';
import { forged } from './laws/rights.ts';
import type { Accidents } from './accidents.ts';
import { Mishaps } from './mishaps.ts';
import { administrator } from './edits.ts';
import { Operators } from './operators.ts';
import { Pausing } from './pausing.ts';
import type { LocalPart, World } from './world.ts';

const hosts = ['www', 'ftp', 'api', '@'] as const;

/**
 * Chooses the events of a history at random, depending on the state of the world. Changes nothing in the
 * world except `chooseFault`.
 */
export class HistoryGenerator {
  readonly #world: World;
  readonly #chances: Chances;
  readonly #options: Partial<HistoryOptions>;
  /** The zone that the history creates and deletes. */
  readonly #fresh: DnsName;
  readonly #zonesInHand: ReadonlySet<DnsName>;
  readonly #mishaps: Mishaps;
  readonly #crowd: Crowd;
  readonly #strangers: Strangers;
  readonly #operators: Operators;
  readonly #pausing: Pausing;
  /** Number of the present step. */
  #step = 0;

  /** @param zonesInHand zones that a user is creating or deleting at the moment */
  constructor(
    world: World,
    chances: Chances,
    options: Partial<HistoryOptions>,
    fresh: DnsName,
    zonesInHand: ReadonlySet<DnsName>,
  ) {
    this.#world = world;
    this.#chances = chances;
    this.#options = options;
    this.#fresh = fresh;
    this.#zonesInHand = zonesInHand;
    this.#mishaps = new Mishaps(world, chances, options, fresh);
    this.#crowd = new Crowd(world, chances);
    this.#strangers = new Strangers(world, chances);
    this.#operators = new Operators(world, chances, fresh);
    this.#pausing = new Pausing(world, chances);
  }

  /**
   * Yields events and, as numbers, milliseconds to wait between them. Each event is made only when it is
   * asked for.
   */
  *events(accidents: Accidents): Events {
    const steps = this.#chances.between('steps', 10, 22);
    const wild = this.#chances.chance('wild', 0.8);
    if (wild) accidents.begin();
    if (this.#options.arrival === true) yield* this.#arrive();
    for (let step = 1; step <= steps; step += 1) yield* this.step(step, wild);
  }

  /** Yields the events of one step, like `events`. @param wild whether things go wrong */
  *step(step: number, wild: boolean): Events {
    this.#step = step;
    if (wild) yield* this.#mishaps.before(`step ${step}`);
    yield* this.#clicks();
    if (this.#options.crowd === true) yield* this.#crowd.events(`step ${step}`);
    if (this.#options.onetrip === true) yield* this.#strangers.events(`step ${step}`);
    if (this.#options.plans === true) yield* this.#operators.events(`step ${step}`);
    if (this.#options.pauses === true) yield* this.#pausing.events(`step ${step}`);
    yield* this.#oneStep();
    yield this.#chances.pick(this.#name('pause'), [0, 50, 400, 3_000, 9_000, 25_000]);
  }

  /** Yields events on both sides during a time without an agent. */
  *unwatched(step: number): Events {
    this.#step = step;
    if (this.#chances.chance(this.#name('unheard meanwhile'), 0.6)) yield this.#unheardChange();
    if (this.#chances.chance(this.#name('written meanwhile'), 0.5)) yield* some(this.#centralWrite());
    if (this.#chances.chance(this.#name('edited meanwhile'), 0.3)) yield* some(this.#edit());
  }

  /**
   * The events around the agent's first start. Sometimes the panel or the central is out of reach during it.
   */
  *#arrive(): Events {
    const of = this.#chances.pick('out of reach at arrival', ['none', 'central', 'panel']);
    const lasts = this.#chances.pick('out of reach at arrival for', [1_000, 15_000, 60_000]);
    if (of !== 'none') yield { kind: 'outage', of: of === 'panel' ? 'panel' : this.#anyCentral(), lasts };
    yield { kind: 'start' };
    yield this.#chances.pick('after arrival', [0, 100, 5_000, 40_000]);
  }

  *#oneStep(): Events {
    const dice = this.#chances.next(this.#name('kind'));
    if (dice < 0.5) yield* this.#severalEdits();
    else if (dice < 0.58) yield* this.#andIntruder(this.#groupDelete());
    else if (dice < 0.68) yield* some(this.#zoneEdit());
    else if (dice < 0.74) yield* some(this.#centralWrite());
    else if (dice < 0.79) yield this.#unheardChange();
    else if (dice < 0.89) yield* this.#crash();
    else if (dice < 0.95) yield this.#outage();
    else yield { kind: 'clock-step', by: this.#chances.between(this.#name('by'), -100_000, 100_000) };
  }

  /** One edit, or several that follow each other quickly. */
  *#severalEdits(): Events {
    const count = this.#chances.pick(this.#name('edits'), [1, 2, 3]);
    for (let edit = 1; edit <= count; edit += 1) {
      yield* this.#andIntruder(this.#edit());
      if (edit < count) yield this.#chances.pick(this.#name('until next edit'), [0, 30, 300, 2_000]);
    }
  }

  /**
   * Yields edits of several zones by one click, or edits of one record by two users at once. Yields nothing
   * unless the options ask for clicks.
   */
  *#clicks(): Events {
    if (this.#options.clicks !== true) return;
    if (this.#chances.chance(this.#name('twins'), 0.15)) yield* this.#twins();
    if (this.#chances.chance(this.#name('click'), 0.15)) yield this.#click();
  }

  *#twins(): Events {
    const held = this.#held(main);
    const remove = held[this.#chances.between(this.#name('twins of'), 0, held.length - 1)];
    if (remove === undefined) return;
    for (const twin of [1, 2]) {
      const name = (what: string): string => this.#name(`twin ${twin} ${what}`);
      const keeps = this.#chances.chance(name('keeps it'), 0.7);
      const host = remove.type === 'A' ? remove.name : 'www';
      const add = this.#world.timed(address(main, host, this.#chances.between(name('address'), 10, 16)));
      const edit = this.#editOf(main, [{ remove, add: keeps ? add : null }], `twin ${twin} `);
      yield* some(edit);
      yield this.#chances.pick(name('pause'), [0, 0, 5, 60, 400]);
    }
  }

  #click(): HistoryEvent {
    const zones = [main, alone, this.#fresh].filter((zone) => this.#world.panel.zones.has(zone));
    const chosen = zones.filter((zone) => this.#chances.chance(this.#name(`click on ${zone}`), 0.7));
    const deletes = this.#chances.chance(this.#name('click deletes zones'), 0.2);
    const edits = chosen.map((zone) => ({ zone, items: this.#clickedItems(zone) }));
    return {
      kind: 'click',
      edits: deletes ? [] : edits.filter(({ items }) => items.length > 0),
      deletes: deletes ? chosen.filter((zone) => !this.#zonesInHand.has(zone)) : [],
      local: this.#local('click '),
    };
  }

  #clickedItems(zone: DnsName): EditOfRecords['items'] {
    return this.#held(zone)
      .filter(({ name }) => this.#chances.chance(this.#name(`click on ${zone} ${name}`), 0.25))
      .map((remove) => ({ remove, add: null }));
  }

  #edit(): EditOfRecords | null {
    const zone = this.#chances.pick(this.#name('zone'), [main, main, main, alone, this.#fresh]);
    const held = this.#held(zone);
    const old =
      held.length > 0 && this.#chances.chance(this.#name('has old'), 0.6)
        ? held[this.#chances.between(this.#name('old'), 0, held.length - 1)]
        : undefined;
    const add =
      this.#retimed(old) ??
      (this.#chances.chance(this.#name('has new'), 0.7) ? this.#newRecord(zone, old) : null);
    if (old === undefined && add === null) return null;
    return this.#editOf(zone, [{ remove: old ?? null, add }]);
  }

  /** The same record with another TTL; null: this time no edit changes only a TTL. */
  #retimed(old: ResourceRecord | undefined): ResourceRecord | null {
    if (this.#options.ttls !== true || old === undefined || !this.#chances.chance(this.#name('retimes'), 0.4))
      return null;
    return {
      ...old,
      ttl: this.#chances.pick(this.#name('ttl'), old.ttl === 60 ? [300, 3_600] : [60, 900]),
    };
  }

  #groupDelete(): EditOfRecords | null {
    const chosen = this.#held(main).filter((one) =>
      this.#chances.chance(this.#name(`deletes ${one.name}`), 0.4),
    );
    if (chosen.length === 0) return null;
    const partly = this.#chances.chance(this.#name('partly'), 0.3);
    const numbers = chosen.map((_, at) => at + 1);
    const leavesOut = partly
      ? numbers.filter((number) => this.#chances.chance(this.#name(`leaves out ${number}`), 0.5))
      : [];
    const edit = this.#editOf(
      main,
      chosen.map((remove) => ({ remove, add: null })),
    );
    return edit === null || leavesOut.length === 0 ? edit : { ...edit, leavesOut };
  }

  /**
   * Makes an edit.
   * @param of number of the edit within the step; its random draws have it in their names
   */
  #editOf(zone: DnsName, items: EditOfRecords['items'], of = ''): EditOfRecords | null {
    if (!this.#world.panel.zones.has(zone)) return null;
    const edit = { kind: 'edit', zone, items } as const;
    if (this.#options.users !== true) return { ...edit, actor: administrator, local: this.#local(of) };
    const hidesOwner = this.#chances.chance(this.#name(`${of}hides owner`), 0.4);
    return { ...edit, hidesOwner, actor: this.#someone(of), local: this.#local(of) };
  }

  #someone(of: string): Actor {
    return this.#chances.chance(this.#name(`${of}administrator`), 0.25) ? administrator : owner;
  }

  /**
   * Yields an edit and sometimes, after it, an edit of the same zone by a user who has no right to it. The
   * panel refuses the second one.
   */
  *#andIntruder(edit: EditOfRecords | null): Events {
    if (edit === null) return;
    yield edit;
    if (this.#options.users !== true || !this.#chances.chance(this.#name('intrudes'), 0.4)) return;
    yield this.#chances.pick(this.#name('until intrusion'), [0, 10, 300, 8_000, 15_000]);
    yield this.#intrusion(edit.zone);
  }

  #intrusion(zone: DnsName): HistoryEvent {
    const held = this.#held(zone);
    const old = held.find(({ name }) => this.#chances.chance(this.#name(`intruder takes ${name}`), 0.3));
    const host = old?.type === 'A' ? old.name : this.#chances.pick(this.#name('forges'), hosts);
    const items = [{ remove: old ?? null, add: address(zone, host, forged) }];
    const calls = this.#chances.chance(this.#name('panel calls after all the same'), 0.2);
    const local = { ...this.#local(), refuses: true, ...(calls ? { afterAnyway: true } : {}) };
    return { kind: 'intrusion', zone, items, local };
  }

  #local(of = ''): LocalPart {
    const name = (what: string): string => this.#name(`${of}${what}`);
    const local = {
      refuses: this.#chances.chance(name('panel refuses'), 0.15),
      takes: this.#chances.pick(name('takes'), [1, 20, 200, 7_000, 13_000]),
      afterLost: this.#chances.chance(name('after lost'), 0.1),
      visibleAfter: this.#chances.chance(name('hidden'), 0.2)
        ? this.#chances.between(name('visible after'), 100, 12_000)
        : 0,
    };
    return this.#mishaps.slower(this.#name(of.trim()), local);
  }

  #zoneEdit(): HistoryEvent | null {
    const zone = this.#chances.pick(this.#name('zone'), [this.#fresh, this.#fresh, main, alone]);
    if (this.#zonesInHand.has(zone)) return null;
    const isDelete =
      this.#world.panel.zones.has(zone) && this.#chances.chance(this.#name('deletes zone'), 0.8);
    return { kind: isDelete ? 'zone-delete' : 'zone-create', zone, local: this.#local() };
  }

  #centralWrite(): HistoryEvent | null {
    const zone = this.#chances.pick(this.#name('zone'), [main, main, this.#fresh]);
    const central = this.#anyCentral();
    const records = this.#world.sides[central - 1]?.store.zones.get(zone);
    if (records === undefined) return null;
    const present = [...records.values()];
    const victim = present[this.#chances.between(this.#name('victim'), 0, present.length - 1)];
    const removes =
      victim !== undefined && victim.type === 'A' && this.#chances.chance(this.#name('removes'), 0.5);
    const add = this.#chances.chance(this.#name('adds'), 0.7)
      ? address(
          zone,
          this.#chances.pick(this.#name('host'), hosts),
          this.#chances.between(this.#name('address'), 200, 220),
        )
      : null;
    return {
      kind: 'central-write',
      central,
      zone,
      remove: removes ? victim : null,
      add: add === null ? null : this.#world.timed(add),
    };
  }

  #unheardChange(): HistoryEvent {
    const zone = this.#chances.pick(this.#name('zone'), [main, this.#fresh]);
    const host = this.#chances.pick(this.#name('host'), ['api', 'shop']);
    const add = this.#world.timed(
      address(zone, host, this.#chances.between(this.#name('address'), 100, 105)),
    );
    return { kind: 'unheard-change', zone, add, hints: this.#chances.chance(this.#name('hints'), 0.8) };
  }

  *#crash(): Events {
    yield this.#chances.pick(this.#name('until kill'), [0, 1, 10, 40, 90]);
    yield { kind: 'kill' };
    yield this.#chances.pick(this.#name('until start'), [10, 1_000, 20_000]);
    yield { kind: 'start' };
  }

  #outage(): HistoryEvent {
    const ofCentral = this.#chances.chance(this.#name('of central'), 0.6);
    const central = this.#anyCentral();
    const lasts = this.#chances.pick(this.#name('lasts'), [1_000, 15_000, 60_000]);
    return { kind: 'outage', of: ofCentral ? central : 'panel', lasts };
  }

  /** Draws the number of one of the centrals. */
  #anyCentral(): number {
    const count = this.#world.sides.length;
    return count === 1 ? 1 : this.#chances.between(this.#name('central'), 1, count);
  }

  #held(zone: DnsName): ResourceRecord[] {
    const records = this.#world.panel.visible(zone) ?? new Map<string, ResourceRecord>();
    return [...records.values()].filter(({ type }) => type !== 'NS');
  }

  #newRecord(zone: DnsName, old: ResourceRecord | undefined): ResourceRecord {
    const host =
      old !== undefined && this.#chances.chance(this.#name('same name'), 0.7)
        ? old.name
        : this.#chances.pick(this.#name('host'), hosts);
    if (host !== '@' && this.#chances.chance(this.#name('alias'), 0.15)) {
      return this.#world.timed(
        makeRecord({ name: host, type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone),
      );
    }
    return this.#world.timed(address(zone, host, this.#chances.between(this.#name('address'), 10, 16)));
  }

  #name(what: string): string {
    return `step ${this.#step} ${what}`;
  }
}

function* some(event: HistoryEvent | null): Generator<HistoryEvent, void> {
  if (event !== null) yield event;
}
