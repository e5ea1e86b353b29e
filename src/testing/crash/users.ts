/**
 * The users of a crash story. Each user edits his own records through the panel's API, one edit after the
 * other.
 */
import { isSystemError } from '../../net/system-error.ts';
import type { Judgement } from '../simulator/laws/judgement.ts';
import { Random } from '../simulator/random.ts';
import { address, meaning, meaningOf, saveClick, type Click, type Wanted } from '../stage/panel-words.ts';
import { until } from '../stage/stage.ts';
import { recordOf, sandboxRecords } from './crash-central.ts';
import type { Account, SandboxProcess } from './sandbox-process.ts';
import { crashCustomer, crashNeighbour, sharedZone, type Scene } from './scene.ts';
import { heardOf, learn, localFailure, sayMay, type Heard, type Slot } from './truth.ts';

/** A zone that a user creates and deletes. */
export interface MadeZone {
  readonly zone: string;
  may: ReadonlySet<boolean>;
}

/** What all users know at the end of a story, from the answers to their edits. */
export interface Knowledge {
  readonly slots: Slot[];
  readonly zones: MadeZone[];
}

/** The address of a record before and after an edit; null: no record. */
interface SlotChange {
  readonly from: string | null;
  readonly to: string | null;
}

/** How many records each user has. */
const slotsEach = 4;

/** One user, who makes one edit after the other. */
export class CrashUser {
  readonly #scene: Scene;
  readonly #knowledge: Knowledge;
  readonly #judgement: Judgement;
  readonly #number: number;
  readonly #random: Random;
  readonly #slots: Slot[];
  #count = 0;

  constructor(scene: Scene, number: number, knowledge: Knowledge, judgement: Judgement) {
    this.#scene = scene;
    this.#number = number;
    this.#knowledge = knowledge;
    this.#judgement = judgement;
    this.#random = new Random(scene.plan.seed * 1_000 + number);
    this.#slots = Array.from({ length: slotsEach }, (_, at) => this.#slot(sharedZone, `u${number}-${at}`));
  }

  /** Edits until `goOn` returns false. */
  async edit(goOn: () => boolean): Promise<void> {
    while (goOn()) {
      const zones = this.#number === 0 && this.#random.chance('zone', 0.25);
      if (zones) await this.#editZone();
      else if (this.#random.chance('trespass', 0.06)) await this.#trespass();
      else await this.#editRecord();
    }
  }

  #slot(zone: string, name: string): Slot {
    const slot: Slot = { zone, name, may: new Set([null]), clouded: false, pending: false };
    this.#knowledge.slots.push(slot);
    return slot;
  }

  /** Adds, changes or removes a record. Sometimes makes panel or central refuse the edit. */
  async #editRecord(): Promise<void> {
    const slot = this.#slots[this.#random.between('slot', 0, this.#slots.length - 1)];
    if (slot === undefined) return;
    const held = await this.#heldInPanel(slot);
    if (held === undefined) return;
    const removes = held !== null && this.#random.chance('remove', 0.35);
    const to = removes ? null : this.#nextAddress();
    await this.#obstruct(removes);
    const click = await this.#clickFor(slot, held, to);
    if (click === null) return;
    await this.#attempt(slot, click, { from: held, to }, crashCustomer);
  }

  async #attempt(slot: Slot, click: Click, { from, to }: SlotChange, by: Account): Promise<void> {
    const before = slot.may;
    const wasLost = this.#scene.journalLost;
    const heard = await this.#click(click, by);
    this.#say(`${slot.name}.${slot.zone} ${from ?? 'nothing'} -> ${to ?? 'nothing'}`, heard);
    if (wasLost || this.#scene.journalLost) slot.clouded = true;
    learn(slot, heard, to);
    await this.#judgeAtOnce(slot, heard, before, { from, to });
  }

  /** Compares the answer with what panel and central have right after it. */
  async #judgeAtOnce(
    slot: Slot,
    { kind, text }: Heard,
    before: ReadonlySet<string | null>,
    { from, to }: SlotChange,
  ): Promise<void> {
    if (kind !== 'accepted' && kind !== 'nothing') return;
    const [here, there] = [await this.#values('panel', slot), await this.#values('central', slot)];
    const said = `${slot.name}.${slot.zone}: panel ${sayValues(here)}, central ${sayValues(there)}`;
    if (kind === 'accepted') {
      const wanted = to === null ? [] : [to];
      if (!same(here, wanted)) this.#violate('answers.journal', `accepted, but ${said}`);
      // After a journal was lost, a record may differ. The ledger lists the difference, and the panel keeps
      // its value.
      else if (slot.clouded && this.#scene.journalLost) this.#judgement.excuse('older-journal');
      else if (!isDone(there, from, to)) this.#violate('answers.journal', `accepted, but ${said}`);
      return;
    }
    const isWithin = here.every((value) => before.has(value)) && (here.length > 0 || before.has(null));
    if (!isWithin || (!this.#scene.journalLost && isCarriedOut(slot, there, before, to)))
      this.#violate('answers.nothing', `"${text}", but ${said}; before ${[...before].join(', ')}`);
  }

  #violate(law: 'answers.journal' | 'answers.nothing', text: string): void {
    this.#scene.tell(`VIOLATION ${law}: ${text}`);
    this.#judgement.violate(law, text);
  }

  /**
   * Reads the addresses of a record directly from one side, without the product. Waits until that side runs
   * again.
   */
  async #values(side: 'panel' | 'central', { zone, name }: Slot): Promise<readonly string[]> {
    const { panel, central } = this.#scene;
    const records = await reading(`the ${side} to be read`, async () => {
      return side === 'panel' ? await sandboxRecords(panel, zone) : await central.held(zone);
    });
    const wanted = recordOf(address(name, '192.0.2.1'), zone).name;
    return (records ?? []).filter((one) => one.name === wanted).map(({ rdata }) => rdata);
  }

  /** The address that the panel has for a record; null: none; undefined: the panel does not have the zone. */
  async #heldInPanel(slot: Slot): Promise<string | null | undefined> {
    const { panel } = this.#scene;
    const records = await reading('the panel', async () => await sandboxRecords(panel, slot.zone));
    if (records === null) return undefined;
    const id = recordOf(address(slot.name, '192.0.2.1'), slot.zone).name;
    const found = records.find(({ name, type }) => name === id && type === 'A');
    return found?.rdata ?? null;
  }

  /** The panel call for an edit; null: the panel does not run, or does not have the value `from`. */
  async #clickFor(slot: Slot, from: string | null, to: string | null): Promise<Click | null> {
    const { panel } = this.#scene;
    const { zone, name } = slot;
    if (from === null) return to === null ? null : saveClick(panel.words, zone, address(name, to));
    const key = await reading('the keys', async () => await keyIn(panel, zone, address(name, from)));
    if (key === null) return null;
    if (to !== null) return saveClick(panel.words, zone, address(name, to), key);
    return { func: panel.words.remove, params: { plid: zone, elid: key, sok: 'ok' } };
  }

  /** Sometimes makes the panel refuse its own part of the next save, or the central its next write. */
  async #obstruct(removes: boolean): Promise<void> {
    const { panel, central, plan } = this.#scene;
    const func = removes ? panel.words.remove : panel.words.save;
    if (this.#random.chance('panel refuses', plan.refusals)) {
      const failLocal = { [func]: { code: 9, text: localFailure, count: 1 } };
      await unlessDown(panel.control('switches', { set: { failLocal } }));
    } else if (central.refuseNext !== null && this.#random.chance('central refuses', 0.06)) {
      await unlessDown(central.refuseNext());
    }
  }

  /** Edits a zone of another user. The edit must change nothing. */
  async #trespass(): Promise<void> {
    const slot = this.#slot(sharedZone, `trespass-${this.#number}-${(this.#count += 1)}`);
    const to = this.#nextAddress();
    const click = saveClick(this.#scene.panel.words, sharedZone, address(slot.name, to));
    const heard = await this.#click(click, crashNeighbour);
    this.#say(`${slot.name} by a stranger`, heard);
    if (heard.kind === 'accepted')
      this.#judgement.violate('rights.written', `${slot.name} was saved by a stranger`);
    const there = await this.#values('central', slot);
    if (there.length > 0)
      this.#judgement.violate('rights.written', `the central has ${slot.name} of a stranger`);
  }

  /** Creates the user's own zone, edits in it, or deletes it. */
  async #editZone(): Promise<void> {
    const { panel } = this.#scene;
    const name = `made-${this.#random.between('made', 1, 2)}.example`;
    const zones = await reading('the zones', async () => await panel.zones());
    const known = this.#knowledge.zones.find(({ zone }) => zone === name);
    const made: MadeZone = known ?? { zone: name, may: new Set([false]) };
    if (known === undefined) this.#knowledge.zones.push(made);
    const creates = !zones.includes(name);
    if (!creates && this.#random.chance('edit in it', 0.5)) {
      await this.#editInside(name);
      return;
    }
    const create: Click = { func: 'domain.edit', params: { elid: '', name, ip: '192.0.2.80', sok: 'ok' } };
    const remove: Click = { func: 'domain.delete', params: { elid: name, sok: 'ok' } };
    const heard = await this.#click(creates ? create : remove, crashCustomer);
    this.#say(`${creates ? 'create' : 'delete'} ${name}`, heard);
    if (heard.kind === 'accepted') made.may = new Set([creates]);
    else if (heard.kind === 'unsure') made.may = new Set([...made.may, creates]);
  }

  /**
   * Saves a record in a zone that the user has created. The record is checked with its zone at the end of the
   * story.
   */
  async #editInside(zone: string): Promise<void> {
    const click = saveClick(this.#scene.panel.words, zone, address(`in-${(this.#count += 1)}`, '192.0.2.9'));
    this.#say(`a record in ${zone}`, await this.#click(click, crashCustomer));
  }

  async #click({ func, params }: Click, by: Account): Promise<Heard> {
    try {
      return heardOf(await this.#scene.panel.call(func, params, by));
    } catch (error) {
      return { kind: 'unsure', text: `no answer: ${String(error)}` };
    }
  }

  #say(what: string, { kind, text }: Heard): void {
    const { heard } = this.#scene;
    const sort = text.includes(localFailure) ? 'refused by the panel' : kind;
    heard.set(sort, (heard.get(sort) ?? 0) + 1);
    this.#scene.tell(`user ${this.#number}: ${what}: ${kind}${text === '' ? '' : ` (${text})`}`);
  }

  #nextAddress(): string {
    this.#count += 1;
    return `198.18.${this.#number * 60 + (this.#count >> 8)}.${this.#count & 255}`;
  }
}

/**
 * Finds the key of a record in the panel. Null: the panel has no such record, or another edit of the zone
 * came between.
 */
async function keyIn(panel: SandboxProcess, zone: string, record: Wanted): Promise<string | null> {
  const before = await panel.keys(zone);
  const rows = await panel.records(zone);
  const keys = await panel.keys(zone);
  if (before?.join('\n') !== keys?.join('\n')) return null;
  const at = rows?.findIndex((row) => meaningOf(row, zone) === meaning(record, zone)) ?? -1;
  return keys?.[at] ?? null;
}

/** Repeats a read until it succeeds, because the process that must answer may be down after a kill. */
export async function reading<T>(what: string, read: () => Promise<T>): Promise<T> {
  const found: { readonly value: T }[] = [];
  await until(what, async () => {
    return await read().then(
      (value) => found.push({ value }) > 0,
      () => false,
    );
  });
  const [one] = found;
  if (one === undefined) throw new Error(`nothing was read: ${what}`);
  return one.value;
}

/**
 * Whether the central has the result of an accepted edit. An address of an earlier refused edit may also be
 * there: it is undone later.
 */
function isDone(there: readonly string[], from: string | null, to: string | null): boolean {
  return (to === null || there.includes(to)) && (from === null || !there.includes(from));
}

/** Whether the central has the result of an edit, and no earlier edit can have caused it. */
function isCarriedOut(
  { pending }: Slot,
  there: readonly string[],
  before: ReadonlySet<string | null>,
  to: string | null,
): boolean {
  if (to !== null) return there.includes(to);
  return there.length === 0 && !before.has(null) && !pending;
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join() === other.toSorted().join();
}

function sayValues(values: readonly string[]): string {
  return values.length === 0 ? 'has nothing' : `has ${values.join(' and ')}`;
}

/** Checks at the end of a story that each record has one of the values that the answers allow. */
export function judgeSlots(
  slots: readonly Slot[],
  values: (slot: Slot) => readonly string[],
  judgement: Judgement,
): void {
  for (const slot of slots) {
    const held = values(slot);
    const isAllowed = held.length === 0 ? slot.may.has(null) : held.every((value) => slot.may.has(value));
    if (!isAllowed || held.length > 1) {
      const text = `${slot.name}.${slot.zone}: the panel ${sayValues(held)}; by the answers ${sayMay(slot)}`;
      judgement.violate('answers.left', text);
    }
  }
}

/** Waits until a sandbox or server has taken an order. A failure is ignored if the process was killed. */
async function unlessDown(order: Promise<unknown>): Promise<void> {
  await order.catch((error: unknown) => {
    if (!isSystemError(error)) throw error;
  });
}
