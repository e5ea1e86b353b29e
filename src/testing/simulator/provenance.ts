import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Expectation } from '../../core/central.ts';

/** Who wrote a record, or created a zone, of one side. */
export interface Origin {
  /**
   * `start`: the record existed before the first engine started. `somebody`: a user or the provider wrote it.
   * `engine`: a request of ours wrote it.
   */
  readonly writer: 'start' | 'somebody' | 'engine';
  /** The request of ours that wrote the data; null: another writer wrote them. */
  readonly request: WriteRequest | null;
  readonly at: number;
}

/**
 * A write request of an engine to a central or to the panel. `landedAt` and `answeredAt` are set later. Times
 * are monotonic milliseconds.
 */
export interface WriteRequest {
  readonly kind: 'add' | 'remove' | 'change' | 'create' | 'delete';
  /** Id of the operation for which the engine sends the request; `-`: none. */
  readonly operation: string;
  readonly zone: DnsName;
  /**
   * The record that is added or removed; null: the request is about a whole zone, or about several records.
   */
  readonly record: ResourceRecord | null;
  /**
   * The records of a create, default records included, or all records that a `change` adds. Otherwise empty.
   */
  readonly content: readonly ResourceRecord[];
  /** What the central has to have, so that it carries the request out; absent: it does in any case. */
  readonly expected?: Expectation;
  readonly sentAt: number;
  /** When that side carried out the request; null: not yet, or never. */
  landedAt: number | null;
  /** When the engine got the answer; null: not yet, or never. */
  answeredAt: number | null;
}

/** A change on one side: a record or a zone appeared or disappeared. */
export interface Effect {
  readonly at: number;
  readonly zone: DnsName;
  /** The record; null: the zone itself appeared or disappeared. */
  readonly record: ResourceRecord | null;
  /** Id of the record; empty for the zone itself. */
  readonly id: string;
  /** Whether the record or zone appeared; false: it disappeared. */
  readonly present: boolean;
  /** Who had written the record or zone that disappeared or was replaced; null: it did not exist before. */
  readonly before: Origin | null;
  /** The request that caused the change; null: somebody else caused it. */
  readonly request: WriteRequest | null;
}

type Zones = ReadonlyMap<DnsName, ReadonlyMap<string, ResourceRecord>>;

interface Held {
  readonly origin: Origin;
  readonly records: Map<string, { readonly record: ResourceRecord; readonly origin: Origin }>;
}

/**
 * Stores who wrote, and who removed, each record and zone of one side. Engines report their requests. Any
 * other change counts as somebody else's, or as made before the first engine started.
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
  /** Called with the changes that a request made, right after it landed. */
  onLanded: (request: WriteRequest, effects: readonly Effect[]) => void = () => undefined;
  /** Called when a side begins to carry out requests with one expectation. */
  onBegins: (requests: readonly WriteRequest[]) => void = () => undefined;
  /** Ids of the records of each zone when the first engine started. */
  readonly atStart = new Map<DnsName, ReadonlySet<string>>();
  #hasStarted = false;
  /** When operations read zones. The key is `operation zone`. */
  readonly #reads = new Map<string, number[]>();

  /** @param zones the zones of the side, which anybody may change */
  constructor(zones: Zones) {
    this.#zones = zones;
  }

  /** Stores that the first engine starts now. From now on, changes by others get the writer `somebody`. */
  start(now: number): void {
    if (this.#hasStarted) return;
    this.look(now);
    for (const [zone, { records }] of this.#held) this.atStart.set(zone, new Set(records.keys()));
    this.#hasStarted = true;
  }

  /**
   * Notes which changes others have made until now. Call this right after such a write, so that its time is
   * right.
   */
  look(now: number): void {
    const other: Origin = { writer: this.#hasStarted ? 'somebody' : 'start', request: null, at: now };
    for (const zone of this.#zones.keys()) this.#take(zone, other);
    for (const zone of this.#held.keys()) if (!this.#zones.has(zone)) this.#take(zone, other);
  }

  /** Who wrote the record. @returns null: the side does not have it */
  originOf(zone: DnsName, id: string): Origin | null {
    return this.#held.get(zone)?.records.get(id)?.origin ?? null;
  }

  originOfZone(zone: DnsName): Origin | null {
    return this.#held.get(zone)?.origin ?? null;
  }

  /**
   * Whether the side had a record, or the zone itself (empty id), at the time `at` (monotonic milliseconds).
   */
  had(zone: DnsName, id: string, at: number): boolean {
    const last = this.effects.findLast((one) => one.at <= at && one.zone === zone && one.id === id);
    const atStart = this.atStart.get(zone);
    return last?.present ?? (atStart !== undefined && (id === '' || atStart.has(id)));
  }

  /** Every record of the zone, with its origin. */
  held(zone: DnsName): Iterable<{ readonly record: ResourceRecord; readonly origin: Origin }> {
    return this.#held.get(zone)?.records.values() ?? [];
  }

  /** Every record that the zone has or had earlier. */
  known(zone: DnsName): ResourceRecord[] {
    const known = new Map<string, ResourceRecord>();
    for (const effect of this.effects)
      if (effect.zone === zone && effect.record !== null) known.set(effect.id, effect.record);
    for (const { record } of this.held(zone)) known.set(recordId(record), record);
    return [...known.values()];
  }

  /** Remembers that an operation has read a zone. */
  read(operation: string, zone: DnsName, now: number): void {
    const key = `${operation} ${zone}`;
    const reads = this.#reads.get(key);
    if (reads === undefined) this.#reads.set(key, [now]);
    else reads.push(now);
  }

  /** When the operation last read the zone; null: it never did. */
  lastRead(operation: string, zone: DnsName): number | null {
    return this.#reads.get(`${operation} ${zone}`)?.at(-1) ?? null;
  }

  /**
   * Whether the data was written before the create's operation first read its new zone. The data then looks
   * like a default record of the central.
   */
  isReadBackOf({ operation, zone, landedAt }: WriteRequest, { at }: Origin): boolean {
    if (landedAt === null) return false;
    const first = this.#reads.get(`${operation} ${zone}`)?.find((read) => read >= landedAt);
    return first !== undefined && at <= first;
  }

  /** Remembers that an engine sends a request. @returns the request, for `land` */
  sent(facts: Omit<WriteRequest, 'landedAt' | 'answeredAt'>): WriteRequest {
    const request: WriteRequest = { ...facts, landedAt: null, answeredAt: null };
    this.look(request.sentAt);
    this.requests.push(request);
    this.onSent(request);
    return request;
  }

  /** Tells that requests with one expectation are carried out now, all at once. */
  begins(now: number, requests: readonly WriteRequest[]): void {
    this.look(now);
    this.onBegins(requests);
  }

  /** Carries out a request. Every change that `carryOut` makes gets the request as its origin. */
  land(request: WriteRequest, now: number, carryOut: () => void): void {
    this.look(now);
    carryOut();
    request.landedAt = now;
    const first = this.effects.length;
    this.#take(request.zone, { writer: 'engine', request, at: now });
    this.onLanded(request, this.effects.slice(first));
  }

  /** Gives `origin` to everything in the zone that has changed since the last call. */
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
    if (records === undefined || isUnchanged(records, now)) return;
    for (const [id, { record, origin: before }] of records) {
      if (now.has(id)) continue;
      records.delete(id);
      this.#note({ zone, record, id, present: false, before }, origin);
    }
    for (const [id, record] of now) {
      const known = records.get(id);
      if (known !== undefined && known.record.ttl === record.ttl) continue;
      // Each record gets an object of its own, because the laws tell records apart by the identity of their
      // origins.
      records.set(id, { record, origin: { ...origin } });
      this.#note({ zone, record, id, present: true, before: known?.origin ?? null }, origin);
    }
  }

  #note(facts: Omit<Effect, 'at' | 'request'>, { request, at, writer }: Origin): void {
    if (writer !== 'start') this.effects.push({ ...facts, at, request });
  }
}

/** Whether a zone still has the same records, with the same TTLs. Most looks find nothing new. */
function isUnchanged(held: Held['records'], now: ReadonlyMap<string, ResourceRecord>): boolean {
  if (held.size !== now.size) return false;
  for (const [id, { ttl }] of now) {
    const known = held.get(id);
    if (known === undefined || known.record.ttl !== ttl) return false;
  }
  return true;
}

/** The records that a request would add to the zone. */
export function addedBy({ kind, record, content }: WriteRequest): readonly ResourceRecord[] {
  if (kind === 'create') return content;
  return kind === 'add' && record !== null ? [record] : [];
}

/** Whether a request is about the record with this id. */
export function isAbout(request: WriteRequest, id: string): boolean {
  return addedBy(request).some((record) => recordId(record) === id);
}
