import { labels, parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { EngineSettings } from '../../core/engine/settings.ts';
import type { Actor, EditEvent, EditItem } from '../../core/panel.ts';
import { MemoryJournal } from '../../journal/memory.ts';
import { checkWorld } from './laws/index.ts';
import type { Judgement, Violation } from './laws/judgement.ts';
import { forged } from './laws/rights.ts';
import { Random } from './random.ts';
import type { CentralFault, CentralStore } from './sim-central.ts';
import type { PanelStore } from './sim-panel.ts';
import { administrator, defaultRecords, recordsEvent, World, type LocalPart, type Side } from './world.ts';

/** What a history has done that its laws must know of. */
export interface Traces {
  /** Zone and owner name (`zone name`) somebody else wrote at the central, or the panel changed without a DNS event. */
  readonly meddled: Set<string>;
  /** Zone and owner name (`zone name`) that stood on one side only, or differently, before we came. */
  readonly old: Set<string>;
}

export interface HistoryResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** How often each excuse of `laws/excuses.ts` was used. */
  readonly excuses: Readonly<Record<string, number>>;
  /** How long (ms) a central held at most what was then taken back. */
  readonly longestSeen: number;
  readonly log: readonly string[];
}

const main = parseName('joined.example.');
const alone = parseName('alone.example.');
const owner: Actor = { name: 'alice', rank: 'user' };
const intruder: Actor = { name: 'eve', rank: 'user' };
const hosts = ['www', 'ftp', 'api', '@'] as const;

export interface HistoryOptions {
  /** Both sides keep a TTL for each record, and some edits change nothing else. */
  readonly ttls: boolean;
  /** Whether the central can neither list zones nor read whole ones. */
  readonly byName: boolean;
  /** Whether the central signs every zone. */
  readonly signed: boolean;
  /** Whether the panel has a second central. */
  readonly two: boolean;
  /** Whether the zone that comes and goes lies below one that both sides have and that answers its names. */
  readonly above: boolean;
  /** Whether several users edit, one of whom may not, and the panel's list does not always tell owners. */
  readonly users: boolean;
}

/**
 * Plays one seeded history: a panel, a central, an engine between them, edits by users, edits by others, and everything that can go
 * wrong; then lets time heal and checks the laws of `laws/`.
 */
export async function playHistory(
  seed: number,
  settings: Partial<EngineSettings> = {},
  options: Partial<HistoryOptions> = {},
): Promise<HistoryResult> {
  const random = new Random(seed);
  const world = new World(new MemoryJournal(), random, settings);
  for (const { store } of world.sides) store.createsWithContent = options.above === true || seed % 2 === 1;
  const history = new History(world, random, options);
  history.furnish();
  const { violations, excuses, longestSeen } = await history.play();
  return { seed, violations, excuses: Object.fromEntries(excuses), longestSeen, log: world.log };
}

class History {
  readonly #world: World;
  readonly #random: Random;
  readonly #traces: Traces = { meddled: new Set(), old: new Set() };
  readonly #editing: Promise<unknown>[] = [];
  readonly #zonesInHand = new Set<DnsName>();

  /** A zone that comes and goes. */
  readonly #fresh: DnsName;
  readonly #above: boolean;
  readonly #ttls: boolean;
  readonly #users: boolean;

  constructor(
    world: World,
    random: Random,
    {
      ttls = false,
      byName = false,
      signed = false,
      two = false,
      users = false,
      above = false,
    }: Partial<HistoryOptions>,
  ) {
    this.#world = world;
    this.#random = random;
    this.#ttls = ttls;
    this.#above = above;
    this.#fresh = above ? parseName('fresh', main) : parseName('fresh.example.');
    this.#users = users;
    if (ttls) world.defaultTtl = 3_600;
    world.byName = byName;
    if (signed) for (const zone of [main, alone, this.#fresh]) world.central.signed.add(zone);
    if (two) world.addCentral(new MemoryJournal());
  }

  /** Both sides as they are when the plugin arrives. */
  furnish(): void {
    const both = defaultRecords(main, 'panel').concat(
      record(main, 'www', 'A', 7),
      record(main, 'ftp', 'A', 7),
    );
    if (this.#above) both.push(record(main, '*', 'A', 7), record(main, 'www.fresh', 'A', 7));
    this.#fill('panel', main, [...both, record(main, 'old', 'A', 1), record(main, 'odd', 'A', 1)]);
    this.#fill('central', main, [...both, record(main, 'hand', 'A', 1), record(main, 'odd', 'A', 2)]);
    this.#fill('panel', alone, defaultRecords(alone, 'panel'));
    for (const host of ['old', 'odd', 'hand']) this.#traces.old.add(`${main} ${parseName(host, main)}`);
    this.#furnishFurther([...both, record(main, 'old', 'A', 1), record(main, 'odd', 'A', 3)]);
  }

  /** Further centrals stand to the panel in ways of their own: what only the panel has at the first, they have too. */
  #furnishFurther(records: readonly ResourceRecord[]): void {
    for (const { store } of this.#world.sides.slice(1)) {
      this.#fillStore(store, main, records);
      this.#fillStore(store, alone, defaultRecords(alone, 'panel'));
    }
  }

  async play(): Promise<Judgement> {
    const { clock } = this.#world;
    const story = this.#story();
    await clock.runUntilSettled(story, 3_600_000);
    await clock.runUntil(clock.now() + 1_500_000);
    // The next periodic comparison; what others changed is found by it at the latest.
    for (const engine of this.#world.engines) engine.compare('all', 'end');
    await clock.runUntil(clock.now() + 300_000);
    await clock.runUntilSettled(Promise.all(this.#editing), 60_000);
    return await clock.runUntilSettled(checkWorld(this.#world, this.#traces));
  }

  async #story(): Promise<void> {
    const { clock } = this.#world;
    await this.#world.start();
    await clock.sleep(5_000);
    const steps = this.#random.between(3, 12);
    const wild = this.#random.chance(0.8);
    for (let step = 0; step < steps; step += 1) {
      this.#world.chooseFault = () => (wild ? this.#fault() : null);
      await this.#step();
      await clock.sleep(this.#random.pick([0, 50, 400, 3_000, 9_000, 25_000]));
    }
    this.#world.chooseFault = () => null;
    await Promise.all(this.#editing);
    this.#world.centralDown = false;
    for (const side of this.#world.sides) side.down = false;
    this.#world.panelFailing = false;
    this.#world.applyOutages();
    if (this.#world.engine === null) await this.#world.start();
    this.#world.note('calm');
  }

  #fault(): CentralFault | null {
    if (!this.#random.chance(0.25)) return null;
    const fault = this.#random.pick<CentralFault>(['refuse', 'down', 'lost-answer', 'late', 'slow']);
    // A refusal outside an edit is listed, which is right but hides what this is looking for.
    return fault === 'refuse' && this.#world.answering === 0 ? null : fault;
  }

  async #step(): Promise<void> {
    const dice = this.#random.next();
    if (dice < 0.5) this.#begin(this.#editRecord(this.#random.pick([main, main, main, alone, this.#fresh])));
    else if (dice < 0.58) this.#begin(this.#groupDelete());
    else if (dice < 0.68) this.#begin(this.#editZone());
    else if (dice < 0.74) this.#meddleAtCentral();
    else if (dice < 0.79) await this.#changeWithoutEvent();
    else if (dice < 0.89) await this.#crash();
    else if (dice < 0.95) await this.#outage();
    else this.#world.clock.stepWall(this.#random.between(-100_000, 100_000));
  }

  /** Starts an edit; the next step may come while it runs. */
  #begin(editing: Promise<void>): void {
    this.#editing.push(editing);
  }

  async #editRecord(zone: DnsName): Promise<void> {
    const held = this.#held(zone);
    const old =
      held.length > 0 && this.#random.chance(0.6)
        ? held[this.#random.between(0, held.length - 1)]
        : undefined;
    const add = this.#retimed(old) ?? (this.#random.chance(0.7) ? this.#newRecord(zone, old) : null);
    if (old === undefined && add === null) return;
    const items = [{ remove: old ?? null, add }];
    const inherit = (): void => {
      if (old === undefined || add === null) return;
      this.#inheritTraces(zone, old.name, add.name);
      // An edit is all or nothing: what somebody wrote in its new place keeps it from leaving the old one.
      this.#inheritTraces(zone, add.name, old.name);
    };
    inherit();
    await this.#edit(zone, items, () => this.#carryOutRecords(zone, items, false));
    // Somebody may have written there while the edit ran.
    inherit();
  }

  /** The same record with another TTL, now and then. */
  #retimed(old: ResourceRecord | undefined): ResourceRecord | null {
    if (!this.#ttls || old === undefined || !this.#random.chance(0.4)) return null;
    return { ...old, ttl: this.#random.pick(old.ttl === 60 ? [300, 3_600] : [60, 900]) };
  }

  /** What comes from a record that was left alone is left alone too. */
  #inheritTraces(zone: DnsName, from: DnsName, to: DnsName): void {
    for (const traces of [this.#traces.old, this.#traces.meddled]) {
      if (traces.has(`${zone} ${from}`)) traces.add(`${zone} ${to}`);
    }
  }

  async #groupDelete(): Promise<void> {
    const chosen = this.#held(main).filter(() => this.#random.chance(0.4));
    if (chosen.length === 0) return;
    const items = chosen.map((remove) => ({ remove, add: null }));
    const partly = this.#random.chance(0.3);
    await this.#edit(main, items, () => this.#carryOutRecords(main, items, partly));
  }

  async #edit(zone: DnsName, items: readonly EditItem[], carryOut: () => boolean): Promise<void> {
    if (!this.#world.panel.zones.has(zone)) return;
    const actor = this.#users ? this.#someone(zone) : administrator;
    const local = this.#localPart();
    const isKnown = this.#world.panel.owners.get(zone) !== null;
    const { lostAfter } = await this.#world.edit(
      (stage) => recordsEvent(zone, items, stage, actor),
      carryOut,
      local,
    );
    // Nobody heard of it: like a change without an event, a comparison finds it, and lists what it may not remove.
    if (this.#users && lostAfter && !isKnown) this.#excuse(zone, items);
    if (this.#users && this.#random.chance(0.4)) await this.#intrude(zone);
  }

  #excuse(zone: DnsName, items: readonly EditItem[]): void {
    for (const record of items.flatMap(({ remove, add }) => [remove, add]))
      if (record !== null) this.#traces.meddled.add(`${zone} ${record.name}`);
  }

  /** Who edits; the panel's list does not tell at every time whose the zone is. */
  #someone(zone: DnsName): Actor {
    this.#world.panel.owners.set(zone, this.#random.chance(0.4) ? null : [owner.name]);
    return this.#random.chance(0.25) ? administrator : owner;
  }

  /** Somebody tries to edit a zone that is not his; the panel refuses that. */
  async #intrude(zone: DnsName): Promise<void> {
    const old = this.#held(zone).find(() => this.#random.chance(0.3)) ?? null;
    const add = record(
      zone,
      old?.type === 'A' ? (labels(old.name)[0] ?? '@') : this.#random.pick(hosts),
      'A',
      forged,
    );
    const items = [{ remove: old, add }];
    const local = { ...this.#localPart(), refuses: true };
    await this.#world.edit(
      (stage) => recordsEvent(zone, items, stage, intruder),
      () => false,
      local,
    );
  }

  #localPart(): LocalPart {
    return {
      refuses: this.#random.chance(0.15),
      takes: this.#random.pick([1, 20, 200, 7_000, 13_000]),
      afterLost: this.#random.chance(0.1),
      visibleAfter: this.#random.chance(0.2) ? this.#random.between(100, 12_000) : 0,
    };
  }

  /** The panel's own part of a record edit: an element it cannot find, or that exists already, is refused. */
  #carryOutRecords(zone: DnsName, items: readonly EditItem[], partly: boolean): boolean {
    const records = this.#world.panel.zones.get(zone);
    if (records === undefined) return false;
    let done = false;
    for (const { remove, add } of items) {
      if (partly && this.#random.chance(0.5)) continue;
      if (remove !== null && !records.has(recordId(remove))) continue;
      const retiming = remove !== null && add !== null && recordId(remove) === recordId(add);
      if (add !== null && records.has(recordId(add)) && !retiming) continue;
      if (remove !== null) records.delete(recordId(remove));
      if (add !== null) records.set(recordId(add), add);
      done = true;
    }
    return done;
  }

  async #editZone(): Promise<void> {
    const { panel } = this.#world;
    const zone = this.#random.pick([this.#fresh, this.#fresh, main, alone]);
    // One at a time per zone: a create that overlaps a slow delete of the same zone is listed, not settled.
    if (this.#zonesInHand.has(zone)) return;
    this.#zonesInHand.add(zone);
    const kind = panel.zones.has(zone) && this.#random.chance(0.8) ? 'zone-delete' : 'zone-create';
    const seed = { addresses: ['192.0.2.1'], nameServers: [], mailServers: [] };
    const event = (stage: 'before' | 'after'): EditEvent => {
      const base = { stage, zone, fingerprint: `${kind} ${zone}`, actor: administrator, mark: null };
      return kind === 'zone-delete' ? { ...base, kind } : { ...base, kind, seed };
    };
    const carryOut = (): boolean => {
      if (kind === 'zone-delete') return panel.zones.delete(zone);
      if (panel.zones.has(zone)) return false;
      this.#fill('panel', zone, defaultRecords(zone, 'panel'));
      return true;
    };
    const answered = await this.#world.edit(event, carryOut, this.#localPart());
    if (answered.lostAfter) this.#excuseZone(zone);
    this.#zonesInHand.delete(zone);
  }

  /** Without its `after`, what becomes of a zone's old content may be listed instead of settled. */
  #excuseZone(zone: DnsName): void {
    for (const side of [...this.#world.sides.map(({ store }) => store), this.#world.panel]) {
      for (const { name } of side.zones.get(zone)?.values() ?? [])
        this.#traces.meddled.add(`${zone} ${name}`);
    }
  }

  /** Somebody with access to the central changes a record there by hand. */
  #meddleAtCentral(): void {
    const zone = this.#random.pick([main, main, this.#fresh]);
    const records = this.#anySide().store.zones.get(zone);
    if (records === undefined) return;
    const present = [...records.values()];
    const victim = present[this.#random.between(0, present.length - 1)];
    if (victim !== undefined && victim.type === 'A' && this.#random.chance(0.5)) {
      records.delete(recordId(victim));
      this.#traces.meddled.add(`${zone} ${victim.name}`);
    }
    if (this.#random.chance(0.7)) {
      const stranger = record(zone, this.#random.pick(hosts), 'A', this.#random.between(200, 220));
      records.set(recordId(stranger), this.#world.timed(stranger));
      this.#traces.meddled.add(`${zone} ${stranger.name}`);
    }
    this.#world.somebodyWrote();
    this.#world.note(`somebody writes at the central in ${zone}`);
  }

  /** A web domain and the like: the panel changes DNS without firing a DNS event. */
  async #changeWithoutEvent(): Promise<void> {
    const zone = this.#random.pick([main, this.#fresh]);
    const made = !this.#world.panel.zones.has(zone);
    if (made) {
      this.#fill('panel', zone, defaultRecords(zone, 'panel'));
      // The zone's former content at the central is gone from the panel without a delete event.
      for (const { store } of this.#world.sides) {
        const former = store.zones.get(zone) ?? new Map<string, ResourceRecord>();
        for (const { name } of former.values()) this.#traces.meddled.add(`${zone} ${name}`);
      }
    }
    const addition = record(zone, this.#random.pick(['api', 'shop']), 'A', this.#random.between(100, 105));
    this.#world.panel.zones.get(zone)?.set(recordId(addition), this.#world.timed(addition));
    this.#traces.meddled.add(`${zone} ${addition.name}`);
    this.#world.note(`the panel ${made ? 'makes' : 'changes'} ${zone} without a DNS event`);
    if (this.#random.chance(0.8)) this.#begin(this.#world.hint(zone));
    await Promise.resolve();
  }

  async #crash(): Promise<void> {
    await this.#world.clock.sleep(this.#random.pick([0, 1, 10, 40, 90]));
    this.#world.kill();
    await this.#world.clock.sleep(this.#random.pick([10, 1_000, 20_000]));
    if (this.#world.engine === null) await this.#world.start();
  }

  async #outage(): Promise<void> {
    const central = this.#random.chance(0.6);
    const side = this.#anySide();
    const set = (down: boolean): void => {
      if (!central) this.#world.panelFailing = down;
      else if (this.#world.sides.length > 1) side.down = down;
      else this.#world.centralDown = down;
      this.#world.applyOutages();
    };
    set(true);
    const which = this.#world.sides.length > 1 ? ` ${this.#world.sides.indexOf(side) + 1}` : '';
    this.#world.note(`${central ? `central${which}` : 'panel reads'} down`);
    const seconds = this.#random.pick([1, 15, 60]);
    this.#begin(this.#world.clock.sleep(seconds * 1_000).then(() => set(false)));
    await Promise.resolve();
  }

  /** One of the centrals; where there is only one, nothing is drawn, so that a seed stays the story it was. */
  #anySide(): Side {
    const { sides } = this.#world;
    const side = sides[sides.length === 1 ? 0 : this.#random.between(0, sides.length - 1)];
    if (side === undefined) throw new Error('a world without a central');
    return side;
  }

  #held(zone: DnsName): ResourceRecord[] {
    const records = this.#world.panel.visible(zone) ?? new Map<string, ResourceRecord>();
    return [...records.values()].filter(({ type }) => type !== 'NS');
  }

  #newRecord(zone: DnsName, old: ResourceRecord | undefined): ResourceRecord {
    const host = old !== undefined && this.#random.chance(0.7) ? old.name : this.#random.pick(hosts);
    if (host !== '@' && this.#random.chance(0.15)) {
      return this.#world.timed(
        makeRecord({ name: host, type: 'CNAME', rdata: 'elsewhere.example.net.' }, zone),
      );
    }
    return this.#world.timed(record(zone, host, 'A', this.#random.between(10, 16)));
  }

  #fill(side: 'panel' | 'central', zone: DnsName, records: readonly ResourceRecord[]): void {
    this.#fillStore(this.#world[side], zone, records);
  }

  #fillStore(store: PanelStore | CentralStore, zone: DnsName, records: readonly ResourceRecord[]): void {
    store.zones.set(zone, new Map(records.map((one) => [recordId(one), this.#world.timed(one)])));
  }
}

function record(zone: DnsName, host: string, type: string, value: number): ResourceRecord {
  return makeRecord({ name: host, type, rdata: `192.0.2.${value}` }, zone);
}
