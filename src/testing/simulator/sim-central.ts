import type { DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Change, RRsetKey } from '../../dns/zone.ts';
import {
  CentralError,
  type Altered,
  type CallContext,
  type Central,
  type CentralId,
  type CentralRecord,
  type CentralTraits,
  type Conditional,
  type Signing,
} from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { Operation } from '../../core/operation.ts';
import { isKnown } from '../memory-central/index.ts';
import type { Chances } from './chances.ts';
import { never, type Life } from './life.ts';
import { Provenance, type WriteRequest } from './provenance.ts';
import type { SimSerials } from './sim-serials.ts';
import { Wire } from './wire.ts';

/** What may go wrong with one write request. */
export type CentralFault =
  /** The central refuses the request. */
  | 'refuse'
  /** The request does not reach the central. */
  | 'down'
  /** The central carries the request out, but its answer is lost. */
  | 'lost-answer'
  /** The central carries the request out long after the engine has given it up. */
  | 'late'
  /** The request takes seconds. */
  | 'slow'
  /** The central answers OK but changes nothing, as a later read shows. */
  | 'no-effect'
  /** The central carries the request out, but the rest of the same change fails. */
  | 'partial'
  /** The central stores the record with other data than it was sent. */
  | 'reworded';

/** What a central remembers of a conditional change: what it did, or that it never will do it. */
export type Remembered = Altered | 'nothing' | 'unclear';

/** Faults of the central other than those of single write requests. */
export interface CentralTroubles {
  /** Whether a read is cut off in the middle. `call`: the name of its random draws. */
  readonly breaksOff: (call: string) => boolean;
  /**
   * Whether the name servers do not serve a write in time (`centrals/verified`), although the central has it.
   */
  readonly isNotLive: (call: string) => boolean;
}

export const noTroubles: CentralTroubles = { breaksOff: () => false, isNotLive: () => false };

/** The zones of a simulated central. They outlive every engine. */
export class CentralStore {
  readonly zones: Map<DnsName, Map<string, ResourceRecord>>;
  /** Zones that belong to other accounts of the central. */
  readonly foreign: Set<DnsName>;
  readonly signed: Set<DnsName>;
  /** Zones that a filter hides from the account's zone list. */
  readonly hidden: Set<DnsName>;
  /** What the central does to every write for a while: refuse it, or store other data; null: neither. */
  oddity: 'refuses' | 'rewords' | null = null;
  /**
   * Records that the central stored with other data than it was sent. Each is a text of zone and record id.
   */
  readonly reworded = new Set<string>();
  /** Whether the account may create and delete zones; false: only the provider may. */
  managesZones = true;
  /** Whether a create can also create the zone's records. */
  createsWithContent: boolean;
  /**
   * Writes of background operations that the central refused: `zone` for a create or delete, else `zone id`
   * of the record. Refused writes of edits are left out, because a refused edit reaches neither side.
   */
  readonly refused = new Set<string>();
  /**
   * Writes that landed long after the engine had given them up. Each is written like the elements of
   * `refused`.
   */
  readonly late = new Set<string>();
  /**
   * Zones for which a create was sent that no journal proves to be ours, each with the operation's id. Nobody
   * can tell whose these zones are (docs/adoption.md, row 30).
   */
  readonly unproven = new Map<DnsName, string>();
  /** What became of conditional changes, by their keys. All hosts share it. */
  readonly remembered: Map<string, Remembered>;
  /**
   * Ids of this host's operations with a conditional change, as long as the engine does not know what became
   * of it.
   */
  readonly unanswered = new Set<string>();
  /**
   * Who wrote and who removed each record and zone of this central. For the engine of one host, the engines
   * of all other hosts are strangers.
   */
  readonly provenance: Provenance;
  /** The same central as other hosts see it. */
  readonly #others: CentralStore[] = [];
  /** Ids of operations that carry out an edit of records; those of comparisons are left out. */
  readonly #edits = new Set<string>();
  /** Ids of operations whose journal entry says that they created their zone. */
  readonly #made = new Set<string>();

  /** @param shared the store of another host for the same central; absent: this is a central of its own */
  constructor(shared?: CentralStore) {
    this.zones = shared?.zones ?? new Map();
    this.foreign = shared?.foreign ?? new Set();
    this.signed = shared?.signed ?? new Set();
    this.hidden = shared?.hidden ?? new Set();
    this.createsWithContent = shared?.createsWithContent ?? true;
    this.remembered = shared?.remembered ?? new Map();
    this.provenance = new Provenance(this.zones);
    if (shared === undefined) return;
    this.#others.push(shared);
    shared.#others.push(this);
  }

  /** For every host: notes which changes were made by others until now. */
  look(now: number): void {
    this.provenance.look(now);
    this.shownToOthers(now);
  }

  /** For every other host: notes which changes this host has made. */
  shownToOthers(now: number): void {
    for (const { provenance } of this.#others) provenance.look(now);
  }

  /** Takes note that a write of an operation was refused. @param place as in `refused` */
  refuse(place: string, operation: string): void {
    if (!this.#edits.has(operation)) this.refused.add(place);
  }

  /**
   * Takes note of operations that a journal has just stored. If a create is stored as done after the zone was
   * read, that proves that the zone is ours.
   */
  journalled(operations: readonly Operation[]): void {
    for (const operation of operations) {
      const { id, zone } = operation;
      if (operation.kind === 'records' && operation.class !== 'follow') this.#edits.add(id);
      if (operation.kind !== 'zone-create' || this.#made.has(id)) continue;
      // While `requested` is set, nobody has read the zone back. So the journal does not prove what the zone
      // contains.
      if (!operation.created || operation.requested) continue;
      this.#made.add(id);
      const isRead = this.provenance.lastRead(id, zone) !== null;
      if (isRead && this.unproven.get(zone) === id) this.unproven.delete(zone);
    }
  }
}

/** One write request. `call`: the name of its random draws. */
interface Sending extends Pick<WriteRequest, 'kind' | 'zone' | 'record' | 'content'> {
  readonly call: string;
  /** Whether an earlier request of the same change was carried out already. */
  readonly done: boolean;
}

/**
 * The central as an engine sees it. Every call takes time, and may meet a fault that the history chooses. A
 * write that was sent before a kill still lands.
 */
export class SimCentral implements Central {
  readonly id: CentralId = { kind: 'simulated', address: 'simulator', account: 'alice' };
  readonly traits: CentralTraits;
  readonly store: CentralStore;
  readonly #clock: Clock;
  readonly #chances: Chances;
  readonly #life: Life;
  readonly #name: string;
  /** Chooses the fault of a write. `call`: the name of its random draws. Null: no fault. */
  nextFault: (call: string) => CentralFault | null = () => null;
  troubles: CentralTroubles = noTroubles;
  /** Called with the name of every fault that occurs. */
  onFault: (kind: string) => void = () => undefined;
  down = false;
  readonly wire = new Wire();

  /**
   * @param byName whether the central can neither list zones nor read whole ones
   * @param name the beginning of the names of its random draws
   */
  constructor(
    store: CentralStore,
    clock: Clock,
    chances: Chances,
    life: Life,
    byName: boolean,
    name = 'central',
  ) {
    this.store = store;
    this.traits = {
      atomic: 'record',
      guard: 'per-record',
      managesZones: store.managesZones,
      createsWithContent: store.createsWithContent,
      listsZones: !byName,
      wholeZones: !byName,
      carriesTtl: false,
      recordTypes: 'any',
    };
    this.#life = life;
    this.#clock = clock;
    this.#chances = chances;
    this.#name = name;
  }

  audit(_change: Change): readonly Problem[] {
    return [];
  }

  async check(ctx: CallContext): Promise<void> {
    await this.#travel(ctx, 'check');
  }

  async listZones(asked: readonly DnsName[], ctx: CallContext): Promise<readonly DnsName[]> {
    await this.#travel(ctx, 'list', 'central.list-cut');
    const { zones, hidden } = this.store;
    const all = [...zones.keys()];
    if (!this.traits.listsZones) return all.filter((zone) => asked.includes(zone));
    const shown = all.filter((zone) => !hidden.has(zone));
    if (shown.length < all.length) this.onFault('central list lacks a zone');
    return shown;
  }

  async readZone(
    zone: DnsName,
    known: readonly RRsetKey[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null> {
    const all = await this.#read(zone, ctx, `read ${zone}`);
    return this.traits.wholeZones ? all : (all?.filter((record) => isKnown(record, known)) ?? null);
  }

  /** Absent until {@link showSerials} is called. */
  listSerials?: NonNullable<Central['listSerials']>;

  /** Absent: the central takes no expectations. */
  conditional?: Conditional;

  showSerials(serials: SimSerials): void {
    this.listSerials = async (asked, ctx) => {
      const zones = await this.listZones(asked, ctx);
      return new Map(zones.map((zone) => [zone, serials.serial(zone)]));
    };
  }

  async #read(zone: DnsName, ctx: CallContext, call: string): Promise<readonly CentralRecord[] | null> {
    await this.#travel(ctx, call);
    const records = this.store.zones.get(zone);
    this.store.provenance.read(ctx.operation, zone, this.#clock.now());
    return records === undefined ? null : [...records].map(([handle, record]) => ({ ...record, handle }));
  }

  async readNames(
    zone: DnsName,
    names: readonly DnsName[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null> {
    const all = await this.#read(zone, ctx, `names ${zone}`);
    return all === null ? null : all.filter(({ name }) => names.includes(name));
  }

  async apply(change: Change, _present: readonly CentralRecord[], ctx: CallContext): Promise<Altered> {
    const names = [...change.remove, ...change.add].map(({ name }) => name);
    const how = `writes ${[...new Set(names)].join(' ')}`;
    return await this.wire.during(ctx.operation, change.zone, names, how, () => this.#apply(change, ctx));
  }

  async #apply(change: Change, ctx: CallContext): Promise<Altered> {
    const steps = [
      ...change.remove.map((record) => ({ record, add: false })),
      ...change.add.map((record) => ({ record, add: true })),
    ];
    const removed: ResourceRecord[] = [];
    const added: ResourceRecord[] = [];
    for (const { record, add } of steps) {
      const done = removed.length + added.length > 0;
      const call = `write ${change.zone} ${record.name}`;
      const kind = add ? 'add' : 'remove';
      await this.#write(ctx, { kind, zone: change.zone, record, content: [], call, done }, (fault) => {
        const records = this.store.zones.get(change.zone);
        if (records === undefined) return;
        const id = recordId(record);
        if (add && !records.has(id)) {
          this.#keep(change.zone, records, record, fault);
          added.push(record);
        } else if (!add && records.delete(id)) removed.push(record);
      });
    }
    if (!this.store.zones.has(change.zone))
      throw refused('central.missing', removed.length + added.length > 0);
    if (steps.length > 0) this.serve(change.zone, ctx);
    return { removed, added };
  }

  #keep(
    zone: DnsName,
    records: Map<string, ResourceRecord>,
    sent: ResourceRecord,
    fault: CentralFault | null,
  ): void {
    const kept = asKept(this.store, zone, sent, fault);
    records.set(recordId(kept), kept);
  }

  /**
   * Throws the error of `centrals/verified` if the name servers do not serve a written change in time. They
   * are asked only for a change that the panel can still refuse.
   */
  serve(zone: DnsName, { vetoable }: CallContext): void {
    if (vetoable !== true) return;
    if (!this.troubles.isNotLive(`${this.#name} serves ${zone}`)) return;
    this.onFault('not live');
    throw new CentralError('central.not-live', {
      state: 'partial',
      retry: 'later',
      params: { servers: 'ns1.example.net' },
    });
  }

  async mayCreateZone(zone: DnsName, _seed: unknown, ctx: CallContext): Promise<'free' | 'exists'> {
    await this.#travel(ctx, `may create ${zone}`);
    if (this.store.foreign.has(zone)) throw refused('zone.foreign', false);
    if (this.store.zones.has(zone)) return 'exists';
    if (!this.traits.managesZones) throw refused('zone.create-there-first', false);
    return 'free';
  }

  async createZone(
    zone: DnsName,
    _seed: unknown,
    ctx: CallContext,
    content: readonly ResourceRecord[] = [],
  ): Promise<'created' | 'exists' | readonly CentralRecord[]> {
    if (this.store.foreign.has(zone)) throw refused('zone.foreign', false);
    if (this.store.zones.has(zone)) return 'exists';
    if (!this.traits.managesZones) {
      await this.#travel(ctx, `create ${zone}`);
      throw refused('zone.create-there-first', false);
    }
    const given = this.traits.createsWithContent ? content : [];
    const records = given.map((record): [string, ResourceRecord] => [recordId(record), record]);
    const made = new Map([...this.defaults(zone), ...records]);
    const shown = [...made].map(([handle, record]) => ({ ...record, handle }));
    const answer: { is: 'created' | 'exists'; landedAt: number } = { is: 'created', landedAt: 0 };
    const create = this.onCreate(zone, () => {
      // The provider may have created the zone while the request was on its way.
      if (this.store.zones.has(zone)) answer.is = 'exists';
      else this.store.zones.set(zone, made);
      answer.landedAt = this.#clock.now();
    });
    const sent = { kind: 'create', zone, record: null, content: [...made.values()] } as const;
    this.store.unproven.set(zone, ctx.operation);
    const request = { ...sent, call: `create ${zone}`, done: false };
    await this.wire.during(ctx.operation, zone, null, `creates ${zone}`, () =>
      this.#write(ctx, request, create),
    );
    if (answer.is === 'exists' || given.length === 0) return answer.is;
    // The answer shows the zone as it was when the central carried out the request, so this counts as a read
    // at that time.
    this.store.provenance.read(ctx.operation, zone, answer.landedAt);
    return shown;
  }

  /**
   * Called for each create request with the function that creates the zone when the request lands. Returns
   * the function to call instead, so that a history can check the world before and after.
   */
  onCreate: (zone: DnsName, create: () => void) => () => void = (_zone, create) => create;

  async deleteZone(zone: DnsName, ctx: CallContext): Promise<'deleted' | 'missing'> {
    const there = this.store.zones.has(zone);
    if (there && !this.traits.managesZones) throw refused('zone.delete-there', false);
    const call = `delete ${zone}`;
    const sent = { kind: 'delete', zone, record: null, content: [], call, done: false } as const;
    const land = (): void => void this.store.zones.delete(zone);
    await this.wire.during(ctx.operation, zone, null, `deletes ${zone}`, () => this.#write(ctx, sent, land));
    return there ? 'deleted' : 'missing';
  }

  async concerns(): Promise<readonly []> {
    return await Promise.resolve([]);
  }

  /**
   * Takes no time and makes no random draw. Otherwise the recorded seeds would no longer replay the same
   * histories.
   */
  async signing(zone: DnsName): Promise<Signing | null> {
    if (this.#life.dead) await never();
    if (this.down) throw unreachable('untouched');
    if (!this.store.zones.has(zone)) return null;
    return { signed: this.store.signed.has(zone), ds: [], cds: [] };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  /** The default records of a new zone at this central, each with its id. */
  defaults: (zone: DnsName) => [string, ResourceRecord][] = () => [];

  async #travel(
    ctx: CallContext,
    call: string,
    broken: 'central.garbled' | 'central.list-cut' = 'central.garbled',
  ): Promise<void> {
    if (this.#life.dead) await never();
    if (this.down) throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
    const ms = this.#chances.between(`${this.#name} ${call}`, 1, 80);
    await this.#clock.sleep(ms, ctx.signal).catch(() => {
      throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
    });
    if (!this.troubles.breaksOff(`${this.#name} ${call}`)) return;
    this.onFault('central read breaks off');
    throw new CentralError(broken, { state: 'untouched', retry: 'later' });
  }

  /** The fault of a write: the central's `oddity` if it has one, else the fault that the history chooses. */
  faultOf({ kind }: Pick<Sending, 'kind'>, name: string): CentralFault | null {
    const { oddity } = this.store;
    if (oddity === 'refuses') return 'refuse';
    return oddity === 'rewords' && kind === 'add' ? 'reworded' : this.nextFault(name);
  }

  async #write(
    ctx: CallContext,
    sending: Sending,
    mutate: (fault: CentralFault | null) => void,
  ): Promise<void> {
    const { call, done, ...facts } = sending;
    const name = `${this.#name} ${call}`;
    if (this.#life.dead) await never();
    if (this.down) throw unreachable(done ? 'partial' : 'untouched');
    const fault = this.faultOf(sending, name);
    if (fault !== null) this.onFault(`write ${fault}`);
    if (fault === 'down') throw unreachable(done ? 'partial' : 'untouched');
    const place = facts.record === null ? facts.zone : `${facts.zone} ${recordId(facts.record)}`;
    if (fault === 'refuse') {
      this.store.refuse(place, ctx.operation);
      throw refused('central.refused', done);
    }
    const { provenance } = this.store;
    const request = provenance.sent({ ...facts, operation: ctx.operation, sentAt: this.#clock.now() });
    const land = (): void => {
      provenance.land(request, this.#clock.now(), () => mutate(fault));
      this.store.shownToOthers(this.#clock.now());
    };
    const ends = endOf(fault, place);
    if (ends !== null) {
      land();
      throw ends;
    }
    const usual = (): number => this.#chances.between(name, 1, 60);
    if (fault === 'no-effect') {
      await this.#slowly(ctx, usual(), () => undefined);
      throw new CentralError('central.no-effect', { state: 'unknown', retry: 'later' });
    }
    if (fault === 'late') {
      this.store.late.add(place);
      void this.#clock.sleep(this.#chances.between(`${name} lands`, 100, 90_000)).then(land);
      throw unreachable('unknown');
    }
    const ms = fault === 'slow' ? this.#chances.between(`${name} is slow`, 500, 15_000) : usual();
    await this.#slowly(ctx, ms, land);
    request.answeredAt = this.#clock.now();
  }

  /**
   * Carries out the request after half of `ms`. Throws if the caller's deadline comes before `ms` have
   * passed.
   */
  async #slowly(ctx: CallContext, ms: number, land: () => void): Promise<void> {
    void this.#clock.sleep(ms / 2).then(land);
    await this.#clock.sleep(ms, ctx.signal).catch(() => {
      throw unreachable('unknown');
    });
  }
}

/** The record that the central stores when it is sent one. */
export function asKept(
  store: CentralStore,
  zone: DnsName,
  sent: ResourceRecord,
  fault: CentralFault | null,
): ResourceRecord {
  if (fault !== 'reworded') return sent;
  const kept = { ...sent, rdata: otherWords };
  store.reworded.add(`${zone} ${recordId(kept)}`);
  return kept;
}

/** The address that a central with the oddity `rewords` stores, instead of the address in the request. */
const otherWords = '203.0.113.1';

/** The error of a write that lands at once and then fails; null: `fault` is not of this kind. */
function endOf(fault: CentralFault | null, place: string): CentralError | null {
  if (fault === 'lost-answer') return unreachable('unknown');
  if (fault === 'partial') return unreachable('partial');
  if (fault !== 'reworded') return null;
  return new CentralError('central.left-out', {
    state: 'partial',
    retry: 'never',
    params: { record: place },
  });
}

export function unreachable(state: 'untouched' | 'partial' | 'unknown'): CentralError {
  return new CentralError('central.unreachable', { state, retry: 'later' });
}

type RefusalCode =
  | 'central.refused'
  | 'central.missing'
  | 'zone.foreign'
  | 'zone.create-there-first'
  | 'zone.delete-there';

export function refused(code: RefusalCode, done: boolean): CentralError {
  return new CentralError(code, {
    state: done ? 'partial' : 'untouched',
    retry: 'never',
    params: { text: 'because' },
  });
}
