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
  type Signing,
} from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import { isKnown } from '../../centrals/memory/index.ts';
import { never, type Life } from './life.ts';
import { Provenance, type WriteRequest } from './provenance.ts';
import type { Random } from './random.ts';

export type CentralFault = 'refuse' | 'down' | 'lost-answer' | 'late' | 'slow';

/** What the central of a history holds; outlives every engine. */
export class CentralStore {
  readonly zones = new Map<DnsName, Map<string, ResourceRecord>>();
  /** Zones of other accounts. */
  readonly foreign = new Set<DnsName>();
  readonly signed = new Set<DnsName>();
  /** False: zones are the provider's. */
  managesZones = true;
  /** Whether a new zone appears with its content. */
  createsWithContent = true;
  /** Zone and owner name (`zone name`) of every write that was refused. */
  readonly refused = new Set<string>();
  /** Zone (of a create) or zone and owner name of every write that landed long after it was given up. */
  readonly late = new Set<string>();
  /** Who wrote and who removed what it holds. */
  readonly provenance = new Provenance(this.zones);
}

/**
 * The central as the engine of a history sees it: every call takes time and may meet a fault of the history's choosing. Writes
 * of a dead engine that are already on the wire still land.
 */
export class SimCentral implements Central {
  readonly id: CentralId = { kind: 'simulated', address: 'simulator', account: 'alice' };
  readonly traits: CentralTraits;
  readonly store: CentralStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #life: Life;
  /** Chooses the fault of the next write; reads meet only `down` and `slow`. */
  nextFault: () => CentralFault | null = () => null;
  down = false;

  /** @param byName whether it can neither list zones nor read whole ones */
  constructor(store: CentralStore, clock: Clock, random: Random, life: Life, byName: boolean) {
    this.store = store;
    this.traits = {
      atomic: 'record',
      guard: 'per-record',
      managesZones: store.managesZones,
      createsWithContent: store.createsWithContent,
      listsZones: !byName,
      wholeZones: !byName,
      ownerMark: false,
      carriesTtl: false,
      recordTypes: 'any',
      readBackDelay: 0,
    };
    this.#life = life;
    this.#clock = clock;
    this.#random = random;
  }

  audit(_change: Change): readonly Problem[] {
    return [];
  }

  async check(ctx: CallContext): Promise<void> {
    await this.#travel(ctx);
  }

  async listZones(asked: readonly DnsName[], ctx: CallContext): Promise<readonly DnsName[]> {
    await this.#travel(ctx);
    const all = [...this.store.zones.keys()];
    return this.traits.listsZones ? all : all.filter((zone) => asked.includes(zone));
  }

  async readZone(
    zone: DnsName,
    known: readonly RRsetKey[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null> {
    const all = await this.#read(zone, ctx);
    return this.traits.wholeZones ? all : (all?.filter((record) => isKnown(record, known)) ?? null);
  }

  async #read(zone: DnsName, ctx: CallContext): Promise<readonly CentralRecord[] | null> {
    await this.#travel(ctx);
    const records = this.store.zones.get(zone);
    this.store.provenance.read(ctx.operation, zone, this.#clock.now());
    return records === undefined ? null : [...records].map(([handle, record]) => ({ ...record, handle }));
  }

  async readNames(
    zone: DnsName,
    names: readonly DnsName[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null> {
    const all = await this.#read(zone, ctx);
    return all === null ? null : all.filter(({ name }) => names.includes(name));
  }

  async apply(change: Change, _present: readonly CentralRecord[], ctx: CallContext): Promise<Altered> {
    const steps = [
      ...change.remove.map((record) => ({ record, add: false })),
      ...change.add.map((record) => ({ record, add: true })),
    ];
    const removed: ResourceRecord[] = [];
    const added: ResourceRecord[] = [];
    for (const { record, add } of steps) {
      const done = removed.length + added.length > 0;
      const facts = { kind: add ? 'add' : 'remove', zone: change.zone, record, content: [] } as const;
      await this.#write(ctx, done, facts, () => {
        const records = this.store.zones.get(change.zone);
        if (records === undefined) return;
        const id = recordId(record);
        if (add && !records.has(id)) {
          records.set(id, record);
          added.push(record);
        } else if (!add && records.delete(id)) removed.push(record);
      });
    }
    if (!this.store.zones.has(change.zone))
      throw refused('central.missing', removed.length + added.length > 0);
    return { removed, added };
  }

  async mayCreateZone(zone: DnsName, _seed: unknown, ctx: CallContext): Promise<'free' | 'exists'> {
    await this.#travel(ctx);
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
  ): Promise<'created' | 'exists'> {
    if (this.store.foreign.has(zone)) throw refused('zone.foreign', false);
    if (this.store.zones.has(zone)) return 'exists';
    if (!this.traits.managesZones) {
      await this.#travel(ctx);
      throw refused('zone.create-there-first', false);
    }
    const given = this.traits.createsWithContent ? content : [];
    const records = given.map((record): [string, ResourceRecord] => [recordId(record), record]);
    const made = new Map([...this.defaults(zone), ...records]);
    const create = this.onCreate(zone, () => {
      if (!this.store.zones.has(zone)) this.store.zones.set(zone, made);
    });
    await this.#write(
      ctx,
      false,
      { kind: 'create', zone, record: null, content: [...made.values()] },
      create,
    );
    return 'created';
  }

  /** Called with each create that is sent, and what it does when it lands; a history looks at the world before and after. */
  onCreate: (zone: DnsName, create: () => void) => () => void = (_zone, create) => create;

  async deleteZone(zone: DnsName, ctx: CallContext): Promise<'deleted' | 'missing'> {
    const there = this.store.zones.has(zone);
    if (there && !this.traits.managesZones) throw refused('zone.delete-there', false);
    await this.#write(ctx, false, { kind: 'delete', zone, record: null, content: [] }, () => {
      this.store.zones.delete(zone);
    });
    return there ? 'deleted' : 'missing';
  }

  async concerns(): Promise<readonly []> {
    return await Promise.resolve([]);
  }

  /** Takes no time and nothing of the random numbers, so that a seed stays the story it was. */
  async signing(zone: DnsName): Promise<Signing | null> {
    if (this.#life.dead) await never();
    if (this.down) throw unreachable('untouched');
    if (!this.store.zones.has(zone)) return null;
    return { signed: this.store.signed.has(zone), ds: [], cds: [] };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  /** Default records this central gives to a new zone. */
  defaults: (zone: DnsName) => [string, ResourceRecord][] = () => [];

  async #travel(ctx: CallContext): Promise<void> {
    if (this.#life.dead) await never();
    if (this.down) throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
    await this.#clock.sleep(this.#random.between(1, 80), ctx.signal).catch(() => {
      throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
    });
  }

  /** One write request. @param done whether an earlier request of the same change was already carried out */
  async #write(ctx: CallContext, done: boolean, facts: RequestFacts, mutate: () => void): Promise<void> {
    if (this.#life.dead) await never();
    if (this.down) throw unreachable(done ? 'partial' : 'untouched');
    const fault = this.nextFault();
    const place = facts.record === null ? facts.zone : `${facts.zone} ${facts.record.name}`;
    if (fault === 'refuse') {
      this.store.refused.add(place);
      throw refused('central.refused', done);
    }
    if (fault === 'down') throw unreachable(done ? 'partial' : 'untouched');
    const { provenance } = this.store;
    const sentAt = this.#clock.now();
    const request = provenance.sent({ ...facts, operation: ctx.operation, sentAt });
    const land = (): void => provenance.land(request, this.#clock.now(), mutate);
    switch (fault) {
      case 'lost-answer':
        land();
        throw unreachable('unknown');
      case 'late':
        this.store.late.add(place);
        void this.#clock.sleep(this.#random.between(100, 90_000)).then(land);
        throw unreachable('unknown');
      case 'slow':
        await this.#slowly(ctx, this.#random.between(500, 15_000), land);
        break;
      case null:
        await this.#slowly(ctx, this.#random.between(1, 60), land);
    }
    request.answeredAt = this.#clock.now();
  }

  /** The request lands half-way; the answer may come too late for whoever waits. */
  async #slowly(ctx: CallContext, ms: number, land: () => void): Promise<void> {
    void this.#clock.sleep(ms / 2).then(land);
    await this.#clock.sleep(ms, ctx.signal).catch(() => {
      throw unreachable('unknown');
    });
  }
}

type RequestFacts = Pick<WriteRequest, 'kind' | 'zone' | 'record' | 'content'>;

function unreachable(state: 'untouched' | 'partial' | 'unknown'): CentralError {
  return new CentralError('central.unreachable', { state, retry: 'later' });
}

type RefusalCode =
  | 'central.refused'
  | 'central.missing'
  | 'zone.foreign'
  | 'zone.create-there-first'
  | 'zone.delete-there';

function refused(code: RefusalCode, done: boolean): CentralError {
  return new CentralError(code, {
    state: done ? 'partial' : 'untouched',
    retry: 'never',
    params: { text: 'because' },
  });
}
