import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';

/** Who wrote a record, or made a zone, that a central holds. */
export interface Origin {
  /**
   * `start`: it was there before the first engine; `somebody`: a user or the provider; `engine`: a request
   * of ours, with what it led to.
   */
  readonly writer: 'start' | 'somebody' | 'engine';
  /** The request of ours; null for other writers. */
  readonly request: WriteRequest | null;
  readonly at: number;
}

/**
 * One request of an engine that writes, to a central or to the panel, as it went out. Its outcome is filled
 * in later.
 */
export interface WriteRequest {
  readonly kind: 'add' | 'remove' | 'change' | 'create' | 'delete';
  /** The operation it belongs to, as the engine says; `-` for none. */
  readonly operation: string;
  readonly zone: DnsName;
  /** The record of `add` and `remove`; null for whole zones. */
  readonly record: ResourceRecord | null;
  /**
   * What a create asks for, default records included, or what a change of several records adds; else empty.
   */
  readonly content: readonly ResourceRecord[];
  readonly sentAt: number;
  /** When it was carried out; null: not yet, or never. */
  landedAt: number | null;
  /** When the engine was told that it was; null: not yet, or never. */
  answeredAt: number | null;
}

/** One record, or one zone, that came or went. */
export interface Effect {
  readonly at: number;
  readonly zone: DnsName;
  /** Null: the zone itself. */
  readonly record: ResourceRecord | null;
  /** Of the record; empty: the zone itself. */
  readonly id: string;
  /** Whether it is there now. */
  readonly present: boolean;
  /** Who had written what went; null: nothing was there. */
  readonly before: Origin | null;
  /** Null: it was no request of ours. */
  readonly request: WriteRequest | null;
}

type Zones = ReadonlyMap<DnsName, ReadonlyMap<string, ResourceRecord>>;

interface Held {
  readonly origin: Origin;
  readonly records: Map<string, { readonly record: ResourceRecord; readonly origin: Origin }>;
}

/**
 * Keeps for each record and each zone of one side who wrote it and who removed it. Requests of engines are
 * told to it; whatever else is found changed was written by somebody else, or stood there from the start.
 */
export class Provenance {
  readonly #zones: Zones;
  readonly #held = new Map<DnsName, Held>();
  /** Every request that went out, oldest first. */
  readonly requests: WriteRequest[] = [];
  /** Everything that came or went since the start, oldest first. */
  readonly effects: Effect[] = [];
  /** Hears of each request when it is sent, before anything of it lands. */
  onSent: (request: WriteRequest) => void = () => undefined;
  /** Hears of what a request did, right after it. */
  onLanded: (request: WriteRequest, effects: readonly Effect[]) => void = () => undefined;
  /** What stood there from the start: ids of records by zone. */
  readonly atStart = new Map<DnsName, ReadonlySet<string>>();
  #hasStarted = false;
  /** When an operation read a zone, by `operation zone`. */
  readonly #reads = new Map<string, number[]>();

  /** @param zones what the central holds; others may write into it */
  constructor(zones: Zones) {
    this.#zones = zones;
  }

  /** From now on what is found is no longer what stood there from the start. */
  start(now: number): void {
    if (this.#hasStarted) return;
    this.look(now);
    for (const [zone, { records }] of this.#held) this.atStart.set(zone, new Set(records.keys()));
    this.#hasStarted = true;
  }

  /**
   * Notes what somebody else wrote until now. Call it right after such a write, so that its time is right.
   */
  look(now: number): void {
    const other: Origin = { writer: this.#hasStarted ? 'somebody' : 'start', request: null, at: now };
    for (const zone of new Set([...this.#zones.keys(), ...this.#held.keys()])) this.#take(zone, other);
  }

  /** @returns null: the central does not have it */
  originOf(zone: DnsName, id: string): Origin | null {
    return this.#held.get(zone)?.records.get(id)?.origin ?? null;
  }

  originOfZone(zone: DnsName): Origin | null {
    return this.#held.get(zone)?.origin ?? null;
  }

  /** Everything the zone holds, with who wrote it. */
  held(zone: DnsName): Iterable<{ readonly record: ResourceRecord; readonly origin: Origin }> {
    return this.#held.get(zone)?.records.values() ?? [];
  }

  /** Every record that the zone ever held. */
  known(zone: DnsName): ResourceRecord[] {
    const known = new Map<string, ResourceRecord>();
    for (const effect of this.effects)
      if (effect.zone === zone && effect.record !== null) known.set(effect.id, effect.record);
    for (const { record } of this.held(zone)) known.set(recordId(record), record);
    return [...known.values()];
  }

  /** An engine was answered what a zone holds. */
  read(operation: string, zone: DnsName, now: number): void {
    const key = `${operation} ${zone}`;
    const reads = this.#reads.get(key);
    if (reads === undefined) this.#reads.set(key, [now]);
    else reads.push(now);
  }

  /** When this operation last saw what the zone holds; null: never. */
  lastRead(operation: string, zone: DnsName): number | null {
    return this.#reads.get(`${operation} ${zone}`)?.at(-1) ?? null;
  }

  /**
   * Whether something was written before a create of ours read its zone for the first time: it looks like
   * what the central put there.
   */
  isReadBackOf({ operation, zone, landedAt }: WriteRequest, { at }: Origin): boolean {
    if (landedAt === null) return false;
    const first = this.#reads.get(`${operation} ${zone}`)?.find((read) => read >= landedAt);
    return first !== undefined && at <= first;
  }

  /** A request of an engine goes out. */
  sent(facts: Omit<WriteRequest, 'landedAt' | 'answeredAt'>): WriteRequest {
    const request: WriteRequest = { ...facts, landedAt: null, answeredAt: null };
    this.look(request.sentAt);
    this.requests.push(request);
    this.onSent(request);
    return request;
  }

  /** A request lands: what `carryOut` changes is its work. */
  land(request: WriteRequest, now: number, carryOut: () => void): void {
    this.look(now);
    carryOut();
    request.landedAt = now;
    const first = this.effects.length;
    this.#take(request.zone, { writer: 'engine', request, at: now });
    this.onLanded(request, this.effects.slice(first));
  }

  /** Everything of a zone that is not as it was noted last is now `origin`'s. */
  #take(zone: DnsName, origin: Origin): void {
    const now = this.#zones.get(zone);
    const held = this.#held.get(zone);
    if (now === undefined) {
      if (held === undefined) return;
      for (const [id, { record, origin: before }] of held.records)
        this.#note({ zone, record, id, present: false, before }, origin);
      this.#note({ zone, record: null, id: '', present: false, before: held.origin }, origin);
      this.#held.delete(zone);
      return;
    }
    if (held === undefined) {
      this.#note({ zone, record: null, id: '', present: true, before: null }, origin);
      this.#held.set(zone, { origin: { ...origin }, records: new Map() });
    }
    this.#takeRecords(zone, now, origin);
  }

  #takeRecords(zone: DnsName, now: ReadonlyMap<string, ResourceRecord>, origin: Origin): void {
    const records = this.#held.get(zone)?.records;
    if (records === undefined) return;
    for (const [id, { record, origin: before }] of records) {
      if (now.has(id)) continue;
      records.delete(id);
      this.#note({ zone, record, id, present: false, before }, origin);
    }
    for (const [id, record] of now) {
      const known = records.get(id);
      if (known !== undefined && known.record.ttl === record.ttl) continue;
      // An object of its own, so that each record can be distinguished by it.
      records.set(id, { record, origin: { ...origin } });
      this.#note({ zone, record, id, present: true, before: known?.origin ?? null }, origin);
    }
  }

  #note(facts: Omit<Effect, 'at' | 'request'>, { request, at, writer }: Origin): void {
    if (writer !== 'start') this.effects.push({ ...facts, at, request });
  }
}

/** What a request would add to the zone. */
export function addedBy({ kind, record, content }: WriteRequest): readonly ResourceRecord[] {
  if (kind === 'create') return content;
  return kind === 'add' && record !== null ? [record] : [];
}

/** Whether a request is about the record with this id. */
export function isAbout(request: WriteRequest, id: string): boolean {
  return addedBy(request).some((record) => recordId(record) === id);
}
