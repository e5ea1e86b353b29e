import { AsyncLocalStorage } from 'node:async_hooks';
import { centralRefusal, look, noEffect, outage, withState } from '../../centrals/errors.ts';
import { alteredBy, planRRsets, type RRsetEdit } from '../../centrals/rrsets.ts';
import {
  CentralError,
  type Altered,
  type CallContext,
  type Central,
  type CentralId,
  type CentralRecord,
  type CentralTraits,
  type Signing,
  type ZoneSeed,
} from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { changeNames, rrsetId, zoneProblems, type Change } from '../../dns/zone.ts';
import type { Chances } from '../simulator/chances.ts';
import { never } from '../simulator/life.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimRequest } from './requests.ts';

/** A write that a gateway has asked the name server for. Times are the world's monotonic clock. */
export interface Send {
  readonly number: number;
  /** The client's request because of which it was sent. */
  readonly request: SimRequest;
  readonly process: SimProcess;
  readonly kind: 'change' | 'create' | 'delete';
  readonly zone: DnsName;
  /** The records that were to be removed and added. */
  readonly remove: readonly ResourceRecord[];
  readonly add: readonly ResourceRecord[];
  /** When the gateway has called the adapter, right after its last read of the clock. */
  readonly calledAt: number;
  /** When the request that writes has left the process; null: it has not. */
  sentAt: number | null;
  /** When the name server has carried it out; null: it has not. */
  landedAt: number | null;
  /** When the sender has its answer, or has given up; null: neither yet. */
  endedAt: number | null;
  /** What it has changed at the name server; null: nothing. */
  altered: Altered | null;
}

/** A change of the name server's zones, in the order in which they happened. */
export interface Happening {
  readonly at: number;
  readonly zone: DnsName;
  /** The gateway's write; null: somebody else has written. */
  readonly send: Send | null;
  /** `whole`: the zone was made or deleted. */
  readonly whole: 'made' | 'deleted' | null;
  readonly removed: readonly ResourceRecord[];
  readonly added: readonly ResourceRecord[];
}

/** What goes wrong with a write. */
export type WriteFault = 'refused' | 'lost' | 'lost-answer' | 'late' | 'slow';

type Zone = Map<string, ResourceRecord>;

/** The name server of a provider: the zones that it has, and everything that has happened to them. */
export class NameServer {
  readonly zones = new Map<DnsName, Zone>();
  readonly sends: Send[] = [];
  readonly happenings: Happening[] = [];
  /** The request because of which code runs now. */
  readonly asking = new AsyncLocalStorage<SimRequest>();
  readonly clock: VirtualClock;
  readonly chances: Chances;
  /** How likely a write goes wrong, 0 to 1. */
  troubles = 0;
  /** `down`: refuses connections. `hanging`: answers nothing. */
  state: 'up' | 'down' | 'hanging' = 'up';
  onFault: (kind: string) => void = () => undefined;

  constructor(clock: VirtualClock, chances: Chances) {
    this.clock = clock;
    this.chances = chances;
  }

  records(zone: DnsName): readonly ResourceRecord[] | null {
    const found = this.zones.get(zone);
    return found === undefined ? null : [...found.values()];
  }

  /** Replaces RRsets, as PowerDNS does. Without the zone nothing happens. */
  landEdits(zone: DnsName, edits: readonly RRsetEdit[], send: Send | null): Altered | null {
    const held = this.zones.get(zone);
    if (held === undefined) return null;
    const removed: ResourceRecord[] = [];
    const added: ResourceRecord[] = [];
    for (const edit of edits) {
      const after = new Map(edit.after.map((record) => [recordId(record), record]));
      for (const [id, record] of held) {
        if (rrsetId(record) !== rrsetId(edit)) continue;
        const next = after.get(id);
        if (next?.ttl === record.ttl) continue;
        removed.push(record);
        held.delete(id);
      }
      for (const [id, record] of after) {
        if (held.has(id)) continue;
        added.push(record);
        held.set(id, record);
      }
    }
    this.#happened({ zone, send, whole: null, removed, added });
    return { removed, added };
  }

  /** Makes a zone with its usual NS record. @returns null: it is there already */
  landZone(zone: DnsName, content: readonly ResourceRecord[], send: Send | null): Altered | null {
    if (this.zones.has(zone)) return null;
    const all = [ownSoa(zone), ownNs(zone), ...content];
    this.zones.set(zone, new Map(all.map((record) => [recordId(record), record])));
    this.#happened({ zone, send, whole: 'made', removed: [], added: all });
    return { removed: [], added: all };
  }

  landDelete(zone: DnsName, send: Send | null): Altered | null {
    const held = this.records(zone);
    if (held === null) return null;
    this.zones.delete(zone);
    this.#happened({ zone, send, whole: 'deleted', removed: held, added: [] });
    return { removed: held, added: [] };
  }

  #happened(what: Omit<Happening, 'at'>): void {
    this.happenings.push({ at: this.clock.now(), ...what });
  }
}

function ownSoa(zone: DnsName): ResourceRecord {
  const rdata = 'ns1.provider.test. hostmaster.provider.test. 1 10800 3600 604800 3600';
  return makeRecord({ name: zone, type: 'SOA', rdata, ttl: 3_600 });
}

function ownNs(zone: DnsName): ResourceRecord {
  return makeRecord({ name: zone, type: 'NS', rdata: 'ns1.provider.test.', ttl: 3_600 });
}

function withHandles(records: readonly ResourceRecord[]): readonly CentralRecord[] {
  return records.map((record) => ({ ...record, handle: record.rdata }));
}

/** The name server as one process of a gateway sees it: a central with the traits of PowerDNS. */
export class NameServerView implements Central {
  readonly id: CentralId = { kind: 'powerdns', address: 'simulator', account: 'gateway' };
  readonly traits: CentralTraits = {
    atomic: 'zone',
    guard: 'none',
    managesZones: true,
    createsWithContent: true,
    listsZones: true,
    wholeZones: true,
    carriesTtl: true,
    recordTypes: 'any',
  };
  readonly #server: NameServer;
  readonly #process: SimProcess;

  constructor(server: NameServer, process: SimProcess) {
    this.#server = server;
    this.#process = process;
  }

  audit(change: Change): readonly Problem[] {
    return zoneProblems(change.zone, change.add);
  }

  async check(ctx: CallContext): Promise<void> {
    await this.#ask(ctx, 'check', () => null);
  }

  async listZones(_asked: readonly DnsName[], ctx: CallContext): Promise<readonly DnsName[]> {
    return await this.#ask(ctx, 'list', () => [...this.#server.zones.keys()]);
  }

  async readZone(zone: DnsName, _known: unknown, ctx: CallContext): Promise<readonly CentralRecord[] | null> {
    return await this.#read(zone, null, ctx);
  }

  async readNames(
    zone: DnsName,
    names: readonly DnsName[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null> {
    return await this.#read(zone, names, ctx);
  }

  async #read(
    zone: DnsName,
    names: readonly DnsName[] | null,
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null> {
    return await this.#ask(ctx, `read ${zone}`, () => {
      const all = this.#server.records(zone);
      const found = all?.filter(({ name }) => names?.includes(name) ?? true) ?? null;
      const at = this.#server.clock.now();
      this.#server.asking.getStore()?.reads.push({ at, zone, names, records: found });
      return found === null ? null : withHandles(found);
    });
  }

  async apply(change: Change, _present: readonly CentralRecord[], ctx: CallContext): Promise<Altered> {
    const { zone, remove, add } = change;
    return await this.#sending({ kind: 'change', zone, remove, add }, async (send) => {
      const before = await this.#read(zone, changeNames(change), ctx);
      if (before === null) throw centralRefusal('central.missing', { text: zone });
      const edits = planRRsets(change, before);
      if (edits.length === 0) return { removed: [], added: [] };
      const isThere = async (): Promise<boolean> => {
        const after = await this.#read(zone, changeNames(change), ctx);
        return after !== null && planRRsets(change, after).length === 0;
      };
      try {
        await this.#write(send, ctx, () => this.#server.landEdits(zone, edits, send));
      } catch (error) {
        const isUnknown = error instanceof CentralError && error.state === 'unknown';
        if (!isUnknown || (await look(isThere)) !== true) throw error;
        return alteredBy(change, edits);
      }
      if (!(await withState('unknown', isThere))) throw noEffect();
      return alteredBy(change, edits);
    });
  }

  async mayCreateZone(zone: DnsName, _seed: ZoneSeed, ctx: CallContext): Promise<'free' | 'exists'> {
    return await this.#ask(ctx, `owner ${zone}`, () => {
      const at = this.#server.clock.now();
      this.#server.asking.getStore()?.looks.push(at);
      return this.#server.zones.has(zone) ? 'exists' : 'free';
    });
  }

  async createZone(
    zone: DnsName,
    _seed: ZoneSeed,
    ctx: CallContext,
    content: readonly ResourceRecord[] = [],
  ): Promise<'created' | 'exists' | readonly CentralRecord[]> {
    return await this.#sending({ kind: 'create', zone, remove: [], add: content }, async (send) => {
      if ((await this.mayCreateZone(zone, noSeed, ctx)) === 'exists') return 'exists';
      await this.#write(send, ctx, () => this.#server.landZone(zone, content, send));
      if (send.altered === null) return 'exists';
      return content.length === 0 ? 'created' : withHandles(send.altered.added);
    });
  }

  async deleteZone(zone: DnsName, ctx: CallContext): Promise<'deleted' | 'missing'> {
    return await this.#sending({ kind: 'delete', zone, remove: [], add: [] }, async (send) => {
      if ((await this.mayCreateZone(zone, noSeed, ctx)) === 'free') return 'missing';
      await this.#write(send, ctx, () => this.#server.landDelete(zone, send));
      return 'deleted';
    });
  }

  async signing(zone: DnsName, ctx: CallContext): Promise<Signing | null> {
    return await this.#ask(ctx, `signing ${zone}`, () =>
      this.#server.zones.has(zone) ? { signed: false, ds: [], cds: [] } : null,
    );
  }

  async concerns(): Promise<readonly []> {
    return await Promise.resolve([]);
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  async #sending<T>(
    facts: Pick<Send, 'kind' | 'zone' | 'remove' | 'add'>,
    work: (send: Send) => Promise<T>,
  ): Promise<T> {
    const { sends, asking, clock } = this.#server;
    const request = asking.getStore();
    if (request === undefined) throw new Error('a write without a request');
    const calledAt = clock.now();
    const none = { sentAt: null, landedAt: null, endedAt: null, altered: null };
    const send: Send = {
      number: sends.length + 1,
      request,
      process: this.#process,
      calledAt,
      ...none,
      ...facts,
    };
    sends.push(send);
    try {
      return await work(send);
    } finally {
      send.endedAt ??= clock.now();
    }
  }

  /** Asks without writing. @param answer what the name server says, at the moment at which it is asked */
  async #ask<T>(ctx: CallContext, call: string, answer: () => T): Promise<T> {
    const { clock, chances } = this.#server;
    await this.#leave(ctx);
    const ms = chances.between(`server ${call}`, 2, 40);
    await this.#wait(clock.sleep(ms / 2), ctx, 'untouched');
    const said = answer();
    await this.#wait(clock.sleep(ms / 2), ctx, 'untouched');
    await this.#process.pass();
    return said;
  }

  /** Sends a request that writes. @param land carries it out at the name server */
  async #write(send: Send, ctx: CallContext, land: () => Altered | null): Promise<void> {
    const { clock, chances, troubles } = this.#server;
    await this.#leave(ctx);
    const call = `server ${send.kind} ${send.zone}`;
    const kinds = ['refused', 'lost', 'lost-answer', 'late', 'slow'] as const;
    const fault = troubles > 0 ? chances.maybe<WriteFault>(`${call} fault`, troubles, kinds) : null;
    if (fault !== null) this.#server.onFault(`write ${fault}`);
    if (fault === 'refused') throw centralRefusal('central.refused', { text: 'because' });
    send.sentAt = clock.now();
    const carryOut = (): void => {
      send.landedAt = clock.now();
      send.altered = land();
    };
    const usual = chances.between(call, 2, 60);
    const delay =
      fault === 'late'
        ? chances.between(`${call} lands`, 500, 30_000)
        : fault === 'slow'
          ? chances.between(`${call} is slow`, 1_000, 9_000)
          : usual;
    if (fault !== 'lost') void clock.sleep(delay / 2).then(carryOut);
    const answered =
      fault === 'lost' || fault === 'lost-answer' || fault === 'late'
        ? lostAfter(clock, usual)
        : clock.sleep(delay);
    await this.#wait(answered, ctx, 'unknown');
    send.endedAt = clock.now();
    await this.#process.pass();
  }

  /**
   * Lets the request leave the process. If the name server hangs, waits until the sender gives up.
   * @throws {CentralError} if the sender has given up, or the name server refuses connections
   */
  async #leave({ signal }: CallContext): Promise<void> {
    await this.#process.pass();
    if (signal.aborted || this.#server.state === 'down')
      throw outage('central.unreachable', { text: 'no connection' });
    if (this.#server.state === 'hanging') await this.#wait(never(), { signal, operation: '-' }, 'untouched');
  }

  /** Waits for an answer until the caller gives up. @param state what is then known of the request */
  async #wait(answer: Promise<void>, { signal }: CallContext, state: 'untouched' | 'unknown'): Promise<void> {
    const lost = (): CentralError => new CentralError('central.unreachable', { state, retry: 'later' });
    const { promise, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => reject(lost());
    answer.catch(() => undefined);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      if (signal.aborted) throw lost();
      await Promise.race([answer.catch(() => Promise.reject(lost())), promise]);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
    await this.#process.pass();
  }
}

const noSeed: ZoneSeed = { addresses: [], nameServers: [], mailServers: [] };

async function lostAfter(clock: VirtualClock, ms: number): Promise<void> {
  await clock.sleep(ms);
  throw new Error('the connection broke');
}
