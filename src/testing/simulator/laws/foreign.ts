import { formatRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { DnsName } from '../../../dns/name.ts';
import type { Batch } from '../../../core/journal.ts';
import { isMirrored } from '../../../core/ledger.ts';
import { isFinal, type DeleteOperation, type Operation } from '../../../core/operation.ts';
import { isCentralsOwn } from '../../../core/engine/knowledge/compare-rule.ts';
import type { JournalWitness } from '../journal-witness.ts';
import { isAbout, type Effect, type Origin, type Provenance, type WriteRequest } from '../provenance.ts';
import type { Approvals } from './approvals.ts';
import type { ExcuseId } from './excuses.ts';
import type { Judgement, LawId } from './judgement.ts';
import { itemsOf } from './operation-parts.ts';

/** Longest time (ms) from an engine's read to a write that is based on it. */
const stepWithin = 60_000;

/**
 * A request without an answer may still write for this long (ms): the engine's watch, and two minutes for the
 * request itself.
 */
const mayLandWithin = 600_000 + 120_000;

/**
 * Checks that no engine changes or removes data that we neither made nor adopted
 * (docs/architecture.md#the-promise). A request is checked when it lands, by what the engine could know when
 * it sent the request.
 */
class ForeignWrites {
  readonly #provenance: Provenance;
  readonly #witness: JournalWitness;
  readonly #judgement: Judgement;
  /**
   * The data at the central that the engine has adopted, each by its origin: the ledger called these data
   * synced.
   */
  readonly #adopted = new Set<Origin>();
  /**
   * For each request: the data that it would have changed at the time when it was sent. Each has its origin,
   * and whose data it was.
   */
  readonly #met = new Map<WriteRequest, ReadonlyMap<Origin, Ownership>>();

  readonly #showsByName: () => boolean;
  readonly #approvals: Approvals | null;

  constructor(
    provenance: Provenance,
    witness: JournalWitness,
    judgement: Judgement,
    { showsByName, approvals }: ForeignOptions,
  ) {
    this.#provenance = provenance;
    this.#witness = witness;
    this.#judgement = judgement;
    this.#showsByName = showsByName;
    this.#approvals = approvals ?? null;
  }

  /**
   * Adopts data at the central that the ledger now has as synced. Gives up data that it no longer has as
   * synced.
   */
  committed(batch: Batch): void {
    for (const zone of batch.dropZones ?? []) {
      this.#adopt(this.#provenance.originOfZone(zone), false);
      for (const { origin } of this.#provenance.held(zone)) this.#adopt(origin, false);
    }
    for (const { zone, state } of batch.zones ?? [])
      this.#adopt(this.#provenance.originOfZone(zone), isMirrored(state) || state === 'deleting');
    for (const { zone, put = [] } of batch.rows ?? []) {
      for (const { record, state } of put)
        this.#adopt(this.#provenance.originOf(zone, recordId(record)), state === 'synced');
    }
  }

  #adopt(origin: Origin | null, isOurs: boolean): void {
    if (origin === null || origin.writer === 'engine') return;
    if (isOurs) this.#adopted.add(origin);
    else this.#adopted.delete(origin);
  }

  sent(request: WriteRequest): void {
    if (request.kind === 'create') return;
    const met = new Map<Origin, Ownership>();
    const zone = this.#provenance.originOfZone(request.zone);
    if (zone !== null) met.set(zone, this.#zoneOwnership(request, zone));
    if (request.kind === 'remove' && request.record !== null) {
      const origin = this.#provenance.originOf(request.zone, recordId(request.record));
      if (origin !== null) met.set(origin, this.#ownership(request, request.record, origin));
    }
    if (request.kind === 'delete') {
      for (const { record, origin } of this.#provenance.held(request.zone))
        met.set(origin, this.#ownership(request, record, origin));
    }
    this.#met.set(request, met);
  }

  #zoneOwnership(request: WriteRequest, origin: Origin): Ownership {
    if (origin.writer === 'engine') return 'ours';
    const isDelete = this.#operation(request)?.kind === 'zone-delete';
    if (this.#adopted.has(origin) && (request.kind !== 'delete' || isDelete)) return 'ours';
    const state = this.#witness.zones.get(request.zone)?.state;
    const isCountedOn = state !== undefined && isMirrored(state) && request.kind !== 'delete';
    if (origin.writer === 'somebody' && isCountedOn) return 'made-again';
    const creates = this.#unsure(request, ({ kind }) => kind === 'create');
    if (creates) return 'same-data';
    return this.#isUnread(request, origin) ? 'unread' : 'theirs';
  }

  #ownership(request: WriteRequest, record: ResourceRecord, origin: Origin): Ownership {
    if (origin.writer === 'engine' || this.#adopted.has(origin)) return 'ours';
    const id = recordId(record);
    const operation = this.#operation(request);
    const undoes = request.kind === 'remove' && operation !== null && wants(operation, id);
    if (!undoes && (this.#isSynced(request.zone, id) || this.#isAccepted(request, id))) return 'ours';
    if (operation?.kind === 'zone-delete' && this.#goesWithZone(operation, record)) return 'ours';
    if (operation?.kind === 'zone-delete' && this.#isUnderWay(request.zone, id)) return 'observed';
    return this.#unknowable(request, id, origin) ?? 'theirs';
  }

  /** The excuse, if the engine could not know that the record is foreign; null: it could know. */
  #unknowable(request: WriteRequest, id: string, origin: Origin): Ownership | null {
    const isNamed = request.kind === 'remove' && request.record !== null;
    if (isNamed && this.#approvals?.names(request, 'remove', request.record) === true) return 'approved';
    if (this.#isInSnapshot(request.zone, id, origin)) return 'in-snapshot';
    // A comparison has listed the record as `central-only`, so the engine knew that it is foreign.
    const isListed = this.#witness.row(request.zone, id)?.state === 'central-only';
    if (!isListed && this.#unsure(request, (other) => isAbout(other, id))) return 'same-data';
    if (request.kind === 'delete' && this.#showsByName()) return 'not-shown';
    return this.#isUnread(request, origin) ? 'unread' : null;
  }

  #operation({ operation }: WriteRequest): Operation | null {
    return this.#witness.operations.get(operation)?.operation ?? null;
  }

  #isSynced(zone: DnsName, id: string): boolean {
    return this.#witness.row(zone, id)?.state === 'synced';
  }

  /**
   * Whether another accepted edit wants the record and found it at the central (docs/adoption.md, row 10).
   */
  #isAccepted({ operation, zone }: WriteRequest, id: string): boolean {
    for (const { operation: other } of this.#witness.operations.values()) {
      if (other.id !== operation && other.zone === zone && accepted.has(other.state) && wants(other, id))
        return true;
    }
    return false;
  }

  /**
   * Whether somebody wrote the record after our create of the zone and before the first read of it. The
   * record then looks like a default record of the central.
   */
  #isInSnapshot(zone: DnsName, id: string, origin: Origin): boolean {
    const made = this.#provenance.originOfZone(zone)?.request ?? null;
    if (made?.kind === 'create' && this.#provenance.isReadBackOf(made, origin)) return true;
    for (const { operation } of this.#witness.operations.values()) {
      const here = operation.kind === 'zone-create' && operation.created && operation.zone === zone;
      if (here && operation.snapshot.some((record) => recordId(record) === id)) return true;
    }
    return false;
  }

  /**
   * Whether the delete of a zone may remove this record too, because the engine knew that the zone has it
   * (docs/adoption.md, row 33).
   */
  #goesWithZone({ zone, snapshot }: DeleteOperation, record: ResourceRecord): boolean {
    const id = recordId(record);
    return (
      isCentralsOwn(zone, record) ||
      this.#witness.row(zone, id) !== null ||
      snapshot.some((one) => recordId(one) === id)
    );
  }

  /**
   * Whether an edit from before the ledger was forgotten has not ended, and had the record to remove. The new
   * baseline leaves out the record, and the delete of the zone takes it along.
   */
  #isUnderWay(zone: DnsName, id: string): boolean {
    return [...this.#witness.operations.values()].some(
      ({ operation }) =>
        operation.kind === 'records' &&
        operation.zone === zone &&
        !isFinal(operation.state) &&
        this.#witness.isOfForgotten(operation.id) &&
        operation.removed.some((record) => recordId(record) === id),
    );
  }

  /**
   * Whether, as far as the engine can know, a request of ours without an answer may have written the data.
   * @param isAboutIt whether a request concerns the zone or record in question
   */
  #unsure(request: WriteRequest, isAboutIt: (other: WriteRequest) => boolean): boolean {
    return this.#provenance.requests.some(
      (other) =>
        other !== request &&
        other.zone === request.zone &&
        other.answeredAt === null &&
        other.sentAt >= request.sentAt - mayLandWithin &&
        isAboutIt(other),
    );
  }

  /** Whether the data were written after the engine's last read of the zone before this request. */
  #isUnread({ operation, zone, sentAt }: WriteRequest, { at }: Origin): boolean {
    const read = this.#provenance.lastRead(operation, zone);
    return read !== null && at >= read && sentAt - read <= stepWithin;
  }

  landed(request: WriteRequest, effects: readonly Effect[]): void {
    const met = this.#met.get(request) ?? new Map<Origin, Ownership>();
    for (const { record, present, before, zone } of effects) {
      const what = `operation ${request.operation}, ${zone}${record === null ? '' : ` ${formatRecord(record)}`}`;
      if (present) this.#added(request, met, record, what);
      else if (before !== null && before.writer !== 'engine')
        this.#judge(
          request,
          met.get(before) ?? 'crossed',
          record === null ? 'foreign.zone' : 'foreign.removed',
          what,
        );
    }
    this.#met.delete(request);
  }

  /**
   * Checks an addition: the zone must be ours or adopted, unless the operation restores what it removed
   * itself.
   */
  #added(
    request: WriteRequest,
    met: ReadonlyMap<Origin, Ownership>,
    record: ResourceRecord | null,
    what: string,
  ): void {
    const zone = this.#provenance.originOfZone(request.zone);
    if (zone === null || zone.writer === 'engine' || this.#isPutBack(request, record)) return;
    this.#judge(request, met.get(zone) ?? 'crossed', 'foreign.added', what);
  }

  #isPutBack({ operation, zone }: WriteRequest, record: ResourceRecord | null): boolean {
    if (record === null) return false;
    const id = recordId(record);
    return this.#provenance.effects.some(
      (effect) =>
        !effect.present &&
        effect.zone === zone &&
        effect.request?.operation === operation &&
        effect.id === id,
    );
  }

  #judge({ operation }: WriteRequest, ownership: Ownership, law: LawId, what: string): void {
    if (ownership === 'ours') return;
    // An operation that was open when the ledger was forgotten still knows its own records.
    if (ownership === 'theirs' && this.#witness.isOfForgotten(operation)) this.#judgement.excuse('observed');
    else if (ownership === 'theirs') this.#judgement.violate(law, what);
    else this.#judgement.excuse(ownership);
  }
}

/** Facts that the law on foreign data needs about a central. */
interface ForeignOptions {
  /** Whether the central cannot show whole zones. */
  readonly showsByName: () => boolean;
  /** What operators approved; absent: nothing. */
  readonly approvals?: Approvals;
}

/**
 * Watches a central for requests of engines that change foreign data. Violations are added to `judgement`
 * when they happen.
 */
export function observeForeign(
  provenance: Provenance,
  witness: JournalWitness,
  judgement: Judgement,
  options: ForeignOptions,
): void {
  const strangers = new ForeignWrites(provenance, witness, judgement, options);
  witness.onCommit = (batch) => strangers.committed(batch);
  provenance.onSent = (request) => strangers.sent(request);
  provenance.onLanded = (request, effects) => strangers.landed(request, effects);
}

/**
 * The owner of a record or zone, as far as the engine that sends a request can know. The values except `ours`
 * and `theirs` are excuses for not knowing the owner.
 */
type Ownership =
  | 'ours'
  | 'theirs'
  | Extract<
      ExcuseId,
      | 'approved'
      | 'same-data'
      | 'unread'
      | 'crossed'
      | 'not-shown'
      | 'in-snapshot'
      | 'made-again'
      | 'observed'
    >;

const accepted: ReadonlySet<string> = new Set(['applied', 'kept', 'confirmed']);

function wants(operation: Operation, id: string): boolean {
  return itemsOf(operation).some(({ mirrored, add }) => mirrored && add !== null && recordId(add) === id);
}
