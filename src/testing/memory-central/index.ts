import {
  CentralError,
  isExpectedAt,
  type Altered,
  type CallContext,
  type Central,
  type CentralErrorCode,
  type CentralId,
  type CentralRecord,
  type CentralTraits,
  type Condition,
  type Conditional,
  type FoundOtherwise,
  type Signing,
  type ZoneSeed,
} from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import { problem, type Problem } from '../../dns/problem.ts';
import { sameData, type ResourceRecord } from '../../dns/record.ts';
import { changeNames, zoneProblems, type Change, type RRsetKey } from '../../dns/zone.ts';
import { applyStepwise, type RecordWriter } from '../../centrals/stepwise.ts';
import { MemoryStore } from './store.ts';

/** One request, as the functions in {@link MemoryFaults} get it. A change consists of several requests. */
export interface MemoryRequest {
  readonly method:
    | 'check'
    | 'listZones'
    | 'outcome'
    | 'read'
    | 'add'
    | 'remove'
    | 'replace'
    | 'createZone'
    | 'deleteZone';
  readonly zone: DnsName | null;
  /**
   * The record that is added or, if none is, the record that is removed; null: the request is not about a
   * record.
   */
  readonly record: ResourceRecord | null;
}

/**
 * Functions that make requests fail. Each may wait, or throw a {@link CentralError} with the state that the
 * request left.
 */
export interface MemoryFaults {
  /** Called before the request is carried out. */
  before?: ((request: MemoryRequest, ctx: CallContext) => Promise<void> | void) | undefined;
  /** Called after the request is carried out, before it is answered. */
  after?: ((request: MemoryRequest, ctx: CallContext) => Promise<void> | void) | undefined;
}

export interface MemoryOptions {
  readonly id?: CentralId;
  /** Traits that differ from those of an account at an ISPmanager 4. */
  readonly traits?: Partial<CentralTraits>;
  /** The zones that the central has. Default: an empty store of its own. */
  readonly store?: MemoryStore;
  /** The records that the central itself puts into a new zone. Default: none. */
  readonly defaults?: (zone: DnsName, seed: ZoneSeed) => readonly ResourceRecord[];
  /** The most zones that the account may have. Default: no limit. */
  readonly zoneLimit?: number;
  /** Whether the central takes expectations. Default: no. */
  readonly conditional?: boolean;
  /** The central waits for this before each request, so that no request ends at once. Default: no wait. */
  readonly pass?: () => Promise<void>;
}

const ispmanagerTraits: CentralTraits = {
  atomic: 'record',
  guard: 'per-record',
  managesZones: true,
  createsWithContent: false,
  listsZones: true,
  wholeZones: true,
  carriesTtl: false,
  recordTypes: 'any',
};

/**
 * A central in memory, for tests. It has no timers, and the same calls always give the same results. Like a
 * panel, it refuses data beside a CNAME, a duplicate, a stale handle, a foreign zone, and a zone above the
 * limit.
 */
export class MemoryCentral implements Central {
  readonly id: CentralId;
  readonly traits: CentralTraits;
  readonly store: MemoryStore;
  readonly faults: MemoryFaults = {};
  readonly conditional?: Conditional;
  readonly #options: MemoryOptions;
  /** What became of conditional changes, by their keys. */
  readonly #outcomes = new Map<string, Altered | 'nothing'>();
  #closed = false;

  constructor(options: MemoryOptions = {}) {
    this.#options = options;
    this.id = options.id ?? { kind: 'memory', address: 'memory', account: 'alice' };
    this.traits = { ...ispmanagerTraits, ...options.traits };
    this.store = options.store ?? new MemoryStore();
    if (options.conditional === true) this.conditional = this.#conditional();
  }

  audit(change: Change): readonly Problem[] {
    const { recordTypes } = this.traits;
    const unsupported = change.add.filter(({ type }) => recordTypes !== 'any' && !recordTypes.has(type));
    return [
      ...unsupported.map(({ name, type }) => problem('central.type-unsupported', { name, type })),
      ...zoneProblems(change.zone, change.add),
    ];
  }

  async check(ctx: CallContext): Promise<void> {
    await this.#request({ method: 'check', zone: null, record: null }, ctx, () => null);
  }

  async listZones(asked: readonly DnsName[], ctx: CallContext): Promise<readonly DnsName[]> {
    return await this.#request({ method: 'listZones', zone: null, record: null }, ctx, () =>
      this.traits.listsZones ? this.store.zones() : asked.filter((zone) => this.store.records(zone) !== null),
    );
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
    const records = await this.#request({ method: 'read', zone, record: null }, ctx, () =>
      this.store.records(zone),
    );
    if (records === null || this.traits.carriesTtl) return records;
    return records.map((record) => ({ ...record, ttl: null }));
  }

  async readNames(
    zone: DnsName,
    names: readonly DnsName[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null> {
    const records = await this.#read(zone, ctx);
    return records?.filter(({ name }) => names.includes(name)) ?? null;
  }

  async apply(change: Change, present: readonly CentralRecord[], ctx: CallContext): Promise<Altered> {
    return await applyStepwise(change, present, this.#writer(change), ctx);
  }

  async mayCreateZone(zone: DnsName, _seed: ZoneSeed, ctx: CallContext): Promise<'free' | 'exists'> {
    return await this.#request({ method: 'read', zone, record: null }, ctx, () => this.#mayCreate(zone));
  }

  async createZone(
    zone: DnsName,
    seed: ZoneSeed,
    ctx: CallContext,
    content: readonly ResourceRecord[] = [],
  ): Promise<'created' | 'exists' | readonly CentralRecord[]> {
    return await this.#request({ method: 'createZone', zone, record: null }, ctx, () => {
      if (this.#mayCreate(zone) === 'exists') return 'exists';
      const given = this.traits.createsWithContent ? content : [];
      const clash = zoneProblems(zone, given)[0];
      if (clash !== undefined) throw refusal('central.invalid-value', { text: clash.code });
      this.store.putZone(zone, [...(this.#options.defaults?.(zone, seed) ?? []), ...given]);
      return given.length === 0 ? 'created' : (this.store.records(zone) ?? []);
    });
  }

  #mayCreate(zone: DnsName): 'free' | 'exists' {
    if (this.store.records(zone) !== null) return 'exists';
    if (this.store.foreign.has(zone)) throw refusal('zone.foreign', { zone });
    if (!this.traits.managesZones) throw refusal('zone.create-there-first', { zone });
    const { zoneLimit = Infinity } = this.#options;
    if (this.store.zones().length >= zoneLimit) throw refusal('central.limit', { text: 'domain' });
    return 'free';
  }

  async deleteZone(zone: DnsName, ctx: CallContext): Promise<'deleted' | 'missing'> {
    return await this.#request({ method: 'deleteZone', zone, record: null }, ctx, () => {
      if (this.store.records(zone) === null) return 'missing';
      if (!this.traits.managesZones) throw refusal('zone.delete-there', { zone });
      this.store.dropZone(zone);
      return 'deleted';
    });
  }

  async concerns(): Promise<readonly []> {
    return await Promise.resolve([]);
  }

  async signing(zone: DnsName, ctx: CallContext): Promise<Signing | null> {
    return await this.#request({ method: 'read', zone, record: null }, ctx, () => {
      if (this.store.records(zone) === null) return null;
      return this.store.signings.get(zone) ?? { signed: false, ds: [], cds: [] };
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.resolve();
  }

  #conditional(): Conditional {
    return {
      apply: async (change, condition, ctx) => {
        const [record = null] = [...change.add, ...change.remove];
        return await this.#request({ method: 'replace', zone: change.zone, record }, ctx, () =>
          this.#applyExpecting(change, condition),
        );
      },
      outcome: async (zone, key, ctx) =>
        await this.#request({ method: 'outcome', zone, record: null }, ctx, () => {
          const known = this.#outcomes.get(key) ?? 'nothing';
          this.#outcomes.set(key, known);
          return known;
        }),
    };
  }

  #applyExpecting(change: Change, { expected, key }: Condition): Altered | FoundOtherwise {
    const { store } = this;
    const { zone, remove, add } = change;
    const known = this.#outcomes.get(key);
    if (known === 'nothing') throw refusal('central.unreachable', { text: 'withdrawn' });
    if (known !== undefined) return known;
    const found = store.records(zone);
    if (found === null) return { found };
    const there = found.filter((record) => isExpectedAt(expected, zone, record));
    const isAsExpected =
      there.length === expected.records.length &&
      there.every((record) => expected.records.some((other) => sameData(record, other)));
    if (!isAsExpected) return { found: there };
    const removed = found.filter((record) => remove.some((other) => sameData(record, other)));
    for (const { handle } of removed) store.removeHandle(zone, handle);
    const added = add.filter((record) => !this.#checkBeside(zone, record, null));
    for (const record of added) store.add(zone, record);
    const outcome = { removed: removed.map(withoutHandle), added };
    this.#outcomes.set(key, outcome);
    return outcome;
  }

  #writer(change: Change): RecordWriter {
    const { zone } = change;
    const { store } = this;
    return {
      carriesTtl: this.traits.carriesTtl,
      waitBeforeRead: async () => await Promise.resolve(false),
      read: async (ctx) => await this.readNames(zone, changeNames(change), ctx),
      add: async (record, ctx) =>
        await this.#request({ method: 'add', zone, record }, ctx, () => {
          const exists = this.#checkBeside(zone, record, null);
          if (!exists) store.add(zone, record);
          return exists ? 'exists' : 'done';
        }),
      remove: async (old, ctx) =>
        await this.#request({ method: 'remove', zone, record: old }, ctx, () =>
          store.removeHandle(zone, old.handle) ? 'done' : 'missing',
        ),
      replace: async (old, record, ctx) =>
        await this.#request({ method: 'replace', zone, record }, ctx, () => {
          if (this.#checkBeside(zone, record, old.handle)) return 'exists';
          return store.replaceHandle(zone, old.handle, record) ? 'done' : 'missing';
        }),
    };
  }

  /**
   * Checks whether a record may stand beside the zone's other records.
   * @returns whether the zone already has the same data
   * @throws {CentralError} when the zone is missing, or the record may not stand there
   */
  #checkBeside(zone: DnsName, record: ResourceRecord, replaced: string | null): boolean {
    const records = this.store.records(zone);
    if (records === null) throw refusal('central.missing', { text: zone });
    const others = records.filter(({ handle }) => handle !== replaced);
    const clash = zoneProblems(zone, [...others.filter(({ name }) => name === record.name), record])[0];
    if (clash !== undefined) throw refusal('central.invalid-value', { text: clash.code });
    return others.some((other) => sameData(other, record));
  }

  async #request<T>(request: MemoryRequest, ctx: CallContext, work: () => T): Promise<T> {
    if (this.#closed) throw refusal('central.unreachable', { text: 'closed' });
    if (ctx.signal.aborted)
      throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
    await this.#options.pass?.();
    await this.faults.before?.(request, ctx);
    const result = work();
    await this.faults.after?.(request, ctx);
    return result;
  }
}

function withoutHandle({ name, type, ttl, rdata }: CentralRecord): ResourceRecord {
  return { name, type, ttl, rdata };
}

/** Whether a read of these RRsets returns the record. A CNAME is returned for every type of its name. */
export function isKnown(record: ResourceRecord, known: readonly RRsetKey[]): boolean {
  return known.some(
    ({ name, type }) => name === record.name && (type === record.type || record.type === 'CNAME'),
  );
}

function refusal(code: CentralErrorCode, params: Readonly<Record<string, string>>): CentralError {
  return new CentralError(code, { state: 'untouched', retry: 'never', params });
}
