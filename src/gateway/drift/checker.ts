import type { CallContext } from '../../core/central.ts';
import type { Log } from '../../core/log.ts';
import type { DnsName } from '../../dns/name.ts';
import type { DatabaseGuard } from '../audit/database-guard.ts';
import type { CheckedZone, DriftKnowledge, Storage, ZoneLease } from '../storage/storage.ts';
import { mostUnchecked, unknownRRset, type ZoneDrift } from '../storage/zone-drift.ts';
import type { Backends } from '../work/backends.ts';
import type { ZoneTurns } from '../work/zone-turns.ts';
import { compare, isUnsure, replay, type Difference, type Replayed } from './replay.ts';
import { auditDetail, mergeDrift } from './report.ts';
import type { ZoneSerials } from './serials.ts';
import { rrsetTexts, snapshotOf, type RRsetTexts } from './snapshot.ts';

/** How long a zone is not checked after a write without a known outcome, milliseconds. */
const lateWrites = 60_000;
/** After this time a zone is read even if its serial is unchanged, milliseconds. */
const longestProof = 86_400_000;

/**
 * How a check has ended. `unchanged`: the serial shows that nobody has changed the zone. `first`: the zone
 * was read for the first time. `same` and `drift`: it was compared with what the gateway left. `later`: a
 * write may still arrive, something was stored during the check, or the database is in doubt. `gone`: nobody
 * has the zone.
 */
export type DriftResult = 'unchanged' | 'first' | 'same' | 'drift' | 'later' | 'gone';

export interface DriftCheckerParts {
  readonly storage: Pick<Storage, 'drift'>;
  readonly backends: Pick<Backends, 'named'>;
  readonly serials: ZoneSerials;
  readonly guard: Pick<DatabaseGuard, 'doubt'>;
  readonly turns: ZoneTurns;
  readonly log: Log;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  /** How long a request may take, milliseconds. */
  readonly timeout: number;
  /** After how long a zone is checked again, milliseconds. */
  readonly every: number;
}

/** A zone as it was read. */
interface ZoneContent {
  readonly state: ZoneDrift['state'];
  readonly texts: RRsetTexts;
}

/** What a check stores, and what it has found anew. */
interface Finding extends Omit<CheckedZone, 'zone' | 'version' | 'nextAt' | 'drift'> {
  readonly state: ZoneDrift['state'];
  readonly differences: readonly Difference[];
  /** What the zone has now; null: that is not known. */
  readonly present: RRsetTexts | null;
}

/**
 * Checks zones for changes that somebody else has made at the name server itself. It writes nothing there.
 * Writes of customers wait only while a zone is read for the first time, or again because it differs.
 */
export class DriftChecker {
  readonly #parts: DriftCheckerParts;

  constructor(parts: DriftCheckerParts) {
    this.#parts = parts;
  }

  /**
   * Checks a zone.
   * @param mayTrustSerial whether a zone whose serial has not changed may be left out for a day
   * @param stop aborts the check
   * @throws {CentralError} @throws {StorageError} @throws {ApiRefusal} if the settings do not name its server
   */
  async check(zone: DnsName, mayTrustSerial: boolean, stop?: AbortSignal): Promise<DriftResult> {
    return await new Check(this.#parts, zone, mayTrustSerial, stop).run();
  }
}

/** One check of a zone. */
class Check {
  readonly #parts: DriftCheckerParts;
  readonly #zone: DnsName;
  readonly #mayTrustSerial: boolean;
  readonly #stop: AbortSignal | undefined;

  constructor(parts: DriftCheckerParts, zone: DnsName, mayTrustSerial: boolean, stop?: AbortSignal) {
    this.#parts = parts;
    this.#zone = zone;
    this.#mayTrustSerial = mayTrustSerial;
    this.#stop = stop;
  }

  async run(): Promise<DriftResult> {
    for (;;) {
      const result = await this.#once();
      if (result !== null) return result;
    }
  }

  /** @returns null: a part of the changes is replayed, and the check goes on */
  async #once(): Promise<DriftResult | null> {
    const { storage, guard } = this.#parts;
    const zone = this.#zone;
    if ((await guard.doubt()) !== null) return 'later';
    const known = await storage.drift.knowledge(zone);
    if (known === null) return 'gone';
    if (this.#mayBeLate(known)) return 'later';
    const serial = await this.#serialOf(known);
    const { snapshot, readAt } = known;
    if (this.#isProven(known, serial)) {
      const same = { snapshot, serial, readAt, contained: [], differences: [], present: null };
      return await this.#store(known, { ...same, state: known.drift?.state ?? 'records' }, 'unchanged');
    }
    const isOpen = known.changes.some(({ change }) => change.outcome === null);
    if (snapshot === null || isOpen) return await this.#checkInTurn(serial);
    const replayed = replay(snapshot, known.changes);
    if (known.changes.length === mostUnchecked) return await this.#storeReplayed(known, replayed);
    return (await this.#isSame(known, replayed, serial)) ?? (await this.#checkInTurn(serial));
  }

  /** Whether the serial proves that nobody has changed the zone since it was read. */
  #isProven({ snapshot, serial: before, changes, readAt }: DriftKnowledge, serial: number | null): boolean {
    if (!this.#mayTrustSerial || snapshot === null || serial === null || changes.length > 0) return false;
    return serial === before && this.#parts.wall() - readAt < longestProof;
  }

  /**
   * Reads the zone without a lease, and stores that nothing differs. What is written meanwhile does no harm:
   * the zone had what was read after the changes that the snapshot contains.
   * @returns null: something differs, or is not known
   */
  async #isSame(
    known: DriftKnowledge,
    { snapshot: expected, differences }: Replayed,
    serial: number | null,
  ): Promise<DriftResult | null> {
    if (differences.length > 0 || [...expected.rrsets.values()].includes(unknownRRset)) return null;
    const { state, texts } = await this.#read(known);
    if (state !== 'records' || compare(expected, texts).length > 0) return null;
    const read = { snapshot: await snapshotOf(texts), serial, readAt: this.#parts.wall() };
    return await this.#store(
      known,
      { ...read, contained: known.changes, state, differences, present: texts },
      'same',
    );
  }

  /** Reads the zone while no gateway can write to it, and stores what differs. @returns as {@link #once} */
  async #checkInTurn(serial: number | null): Promise<DriftResult | null> {
    const { storage, turns, wall } = this.#parts;
    return await turns.take(this.#zone, this.#context().signal, async (lease) => {
      const known = await storage.drift.knowledge(this.#zone);
      if (known === null) return 'gone';
      if (this.#mayBeLate(known)) return 'later';
      if (known.snapshot !== null && known.changes.length === mostUnchecked)
        return await this.#storeReplayed(known, replay(known.snapshot, known.changes), lease);
      const { state, texts } = await this.#read(known);
      const readAt = wall();
      if (state !== 'records') {
        const kept = { snapshot: known.snapshot, serial: null, contained: [], differences: [] };
        return await this.#store(known, { ...kept, readAt, state, present: null }, 'drift', lease);
      }
      const found = differencesOf(known, texts);
      const result = found === null ? 'first' : found.length > 0 ? 'drift' : 'same';
      const read = { snapshot: await snapshotOf(texts), serial, readAt, contained: 'all', state } as const;
      return await this.#store(known, { ...read, differences: found ?? [], present: texts }, result, lease);
    });
  }

  /** Stores what follows from the oldest changes. @returns null: the check goes on with the others */
  async #storeReplayed(
    known: DriftKnowledge,
    { snapshot, differences }: Replayed,
    lease: ZoneLease | null = null,
  ): Promise<DriftResult | null> {
    const { readAt, changes, drift } = known;
    const follows = { snapshot, serial: null, readAt, contained: changes, differences, present: null };
    const found = { ...follows, state: drift?.state ?? 'records' };
    const result = await this.#store(known, found, 'drift', lease);
    return result === 'later' ? result : null;
  }

  /** Whether a write may still arrive at the name server. */
  #mayBeLate({ changes }: DriftKnowledge): boolean {
    const since = this.#parts.wall() - lateWrites;
    return changes.some((one) => isUnsure(one) && one.endedAt !== null && one.endedAt > since);
  }

  /** @returns null: the serial proves nothing, or zones are so seldom checked that all are read */
  async #serialOf({ owner, readAt }: DriftKnowledge): Promise<number | null> {
    const { serials, every } = this.#parts;
    return every < longestProof ? await serials.of(owner, readAt, this.#context()) : null;
  }

  async #read({ owner: { backend } }: DriftKnowledge): Promise<ZoneContent> {
    const zone = this.#zone;
    const records = await this.#parts.backends.named(backend).readZone(zone, [], this.#context());
    if (records === null) return { state: 'missing', texts: new Map() };
    const hasSoa = records.some(({ name, type }) => name === zone && type === 'SOA');
    return { state: hasSoa ? 'records' : 'no-soa', texts: await rrsetTexts(zone, records) };
  }

  /** Stores what was found. What is new gets an entry of the audit and a line of the log. */
  async #store(
    { owner: { customer }, version, drift: earlier }: DriftKnowledge,
    { state, differences, present, ...rest }: Finding,
    result: DriftResult,
    lease: ZoneLease | null = null,
  ): Promise<DriftResult> {
    const { storage, log, wall, every } = this.#parts;
    const zone = this.#zone;
    const at = wall();
    const drift = mergeDrift(earlier, { state, differences, present, at });
    const isNew = differences.length > 0 || (state !== 'records' && state !== earlier?.state);
    const detail = auditDetail({ state, differences });
    const audit = { what: 'zone.drift', customer, token: '', from: '', zone, detail };
    const checked = { zone, version, nextAt: at + every, drift, ...rest };
    if (!(await storage.drift.store(checked, isNew ? audit : null, lease))) return 'later';
    if (isNew) log(2, 'zone.drift', { zone, state, rrsets: differences.length });
    return result;
  }

  #context(): CallContext {
    const timeout = AbortSignal.timeout(this.#parts.timeout);
    const signal = this.#stop === undefined ? timeout : AbortSignal.any([timeout, this.#stop]);
    return { signal, operation: '-' };
  }
}

/** @returns null: nothing is known with which the zone could be compared */
function differencesOf(
  { snapshot, changes }: DriftKnowledge,
  texts: RRsetTexts,
): readonly Difference[] | null {
  if (snapshot === null) return null;
  const replayed = replay(snapshot, changes);
  return [...replayed.differences, ...compare(replayed.snapshot, texts)];
}
