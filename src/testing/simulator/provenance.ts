import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';

/** Who wrote a record, or created a zone, of one side. */
export interface Origin {
  /**
   * `start`: the record existed before the first engine started; `somebody`: a user or the provider wrote it;
   * `engine`: a request of ours did.
   */
  readonly writer: 'start' | 'somebody' | 'engine';
  /** The request of ours that wrote it; null: another writer. */
  readonly request: WriteRequest | null;
  readonly at: number;
}

/**
 * A write request of an engine to a central or to the panel. `landedAt` and `answeredAt` are filled in later.
 * Times are monotonic milliseconds.
 */
export interface WriteRequest {
  readonly kind: 'add' | 'remove' | 'change' | 'create' | 'delete';
  /** Id of the operation that the engine sends it for; `-`: for none. */
  readonly operation: string;
  readonly zone: DnsName;
  /**
   * The record that is added or removed; null: the request is about a whole zone, or about several records.
   */
  readonly record: ResourceRecord | null;
  /** Records of a create, default records included, or all records that a `change` adds; else empty. */
  readonly content: readonly ResourceRecord[];
  readonly sentAt: number;
  /** When the side carried it out; null: not yet, or never. */
  landedAt: number | null;
  /** When the engine got the answer; null: not yet, or never. */
  answeredAt: number | null;
}

/** One record, or one zone, that appeared on a side or went from it. */
export interface Effect {
  readonly at: number;
  readonly zone: DnsName;
  /** The record; null: the zone itself. */
  readonly record: ResourceRecord | null;
  /** Id of the record; empty: the effect is on the zone itself. */
  readonly id: string;
  /** Whether it appeared; false: it went. */
  readonly present: boolean;
  /** Who had written the record or zone that was replaced or went; null: it did not exist. */
  readonly before: Origin | null;
  /** The request that caused it; null: somebody else did. */
  readonly request: WriteRequest | null;
}

type Zones = ReadonlyMap<DnsName, ReadonlyMap<string, ResourceRecord>>;

interface Held {
  readonly origin: Origin;
  readonly records: Map<string, { readonly record: ResourceRecord; readonly origin: Origin }>;
}

/**
 * Keeps for each record and zone of one side who wrote it and who removed it. Engines report their requests.
 * Any other change counts as somebody else's, or as made before the first engine started.
 */
export class Provenance {
  readonly #zones: Zones;
  readonly #held = new Map<DnsName, Held>();
  /** Every write request of an engine, oldest first. */
  readonly requests: WriteRequest[] = [];
  /** Every change of records and zones since the first engine started, oldest first. */
  readonly effects: Effect[] = [];
  /** Called with each request when it is sent, before it changes anything. */
  onSent: (request: WriteRequest) => void = () => undefined;
  /** Called with the effects of a request right after it lands. */
  onLanded: (request: WriteRequest, effects: readonly Effect[]) => void = () => undefined;
  /** Ids of the records of each zone when the first engine started. */
  readonly atStart = new Map<DnsName, ReadonlySet<string>>();
  #hasStarted = false;
  /** Times of the reads of a zone by an operation, by `operation zone`. */
  readonly #reads = new Map<string, number[]>();

  /** @param zones what the side holds; anybody may change it */
  constructor(zones: Zones) {
    this.#zones = zones;
  }

  /** Ends the time before the first engine: changes from now on have the writer `somebody`. */
  start(now: number): void {
    if (this.#hasStarted) return;
    this.look(now);
    for (const [zone, { records }] of this.#held) this.atStart.set(zone, new Set(records.keys()));
    this.#hasStarted = true;
  }

  /**
   * Takes note of what somebody else wrote until now. Call it right after such a write, so that its time is
   * right.
   */
  look(now: number): void {
    const other: Origin = { writer: this.#hasStarted ? 'somebody' : 'start', request: null, at: now };
    for (const zone of new Set([...this.#zones.keys(), ...this.#held.keys()])) this.#take(zone, other);
  }

  /** @returns who wrote the record; null: the side does not have it */
  originOf(zone: DnsName, id: string): Origin | null {
    return this.#held.get(zone)?.records.get(id)?.origin ?? null;
  }

  originOfZone(zone: DnsName): Origin | null {
    return this.#held.get(zone)?.origin ?? null;
  }

  /** Every record of the zone, with its origin. */
  held(zone: DnsName): Iterable<{ readonly record: ResourceRecord; readonly origin: Origin }> {
    return this.#held.get(zone)?.records.values() ?? [];
  }

  /** Every record that the zone holds or has ever held. */
  known(zone: DnsName): ResourceRecord[] {
    const known = new Map<string, ResourceRecord>();
    for (const effect of this.effects)
      if (effect.zone === zone && effect.record !== null) known.set(effect.id, effect.record);
    for (const { record } of this.held(zone)) known.set(recordId(record), record);
    return [...known.values()];
  }

  /** Notes that an operation has read a zone. */
  read(operation: string, zone: DnsName, now: number): void {
    const key = `${operation} ${zone}`;
    const reads = this.#reads.get(key);
    if (reads === undefined) this.#reads.set(key, [now]);
    else reads.push(now);
  }

  /** Time of the operation's last read of the zone; null: it never read the zone. */
  lastRead(operation: string, zone: DnsName): number | null {
    return this.#reads.get(`${operation} ${zone}`)?.at(-1) ?? null;
  }

  /**
   * Whether something was written before the operation of a create first read its new zone. It then looks
   * like a default record of the central.
   */
  isReadBackOf({ operation, zone, landedAt }: WriteRequest, { at }: Origin): boolean {
    if (landedAt === null) return false;
    const first = this.#reads.get(`${operation} ${zone}`)?.find((read) => read >= landedAt);
    return first !== undefined && at <= first;
  }

  /** Notes that an engine sends a request. Returns the request, for `land`. */
  sent(facts: Omit<WriteRequest, 'landedAt' | 'answeredAt'>): WriteRequest {
    const request: WriteRequest = { ...facts, landedAt: null, answeredAt: null };
    this.look(request.sentAt);
    this.requests.push(request);
    this.onSent(request);
    return request;
  }

  /** Lands a request: every change that `carryOut` makes has the request as its origin. */
  land(request: WriteRequest, now: number, carryOut: () => void): void {
    this.look(now);
    carryOut();
    request.landedAt = now;
    const first = this.effects.length;
    this.#take(request.zone, { writer: 'engine', request, at: now });
    this.onLanded(request, this.effects.slice(first));
  }

  /** Gives `origin` to everything in the zone that changed since the last note. */
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
      // A copy, because the laws tell records apart by the identity of their origins.
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
