import { formatRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { DnsName } from '../../../dns/name.ts';
import type { Batch } from '../../../core/journal.ts';
import { isMirrored } from '../../../core/ledger.ts';
import type { DeleteOperation, Operation } from '../../../core/operation.ts';
import { isCentralsOwn } from '../../../core/engine/knowledge/compare-rule.ts';
import type { JournalWitness } from '../journal-witness.ts';
import { isAbout, type Effect, type Origin, type Provenance, type WriteRequest } from '../provenance.ts';
import type { ExcuseId } from './excuses.ts';
import type { Judgement, LawId } from './judgement.ts';
import { itemsOf } from './operation-parts.ts';

/** How long (ms) after a read a write of the same step may go out: a step takes a minute at most. */
const stepWithin = 60_000;

/**
 * How long a request whose answer was lost counts as one that may have written: the watch of the engine, and
 * the request itself.
 */
const mayLandWithin = 600_000 + 120_000;

/**
 * No engine ever changes or removes what we neither made nor adopted (docs/architecture.md#the-promise). It
 * is judged when a request lands, by what was known when it was sent.
 */
class ForeignWrites {
  readonly #provenance: Provenance;
  readonly #witness: JournalWitness;
  readonly #judgement: Judgement;
  /** Origins of what was adopted: it stood there when the ledger called it synced. */
  readonly #adopted = new Set<Origin>();
  /** What each request met when it was sent, and what that is to us. */
  readonly #met = new Map<WriteRequest, ReadonlyMap<Origin, Ownership>>();

  readonly #showsByName: () => boolean;

  constructor(
    provenance: Provenance,
    witness: JournalWitness,
    judgement: Judgement,
    showsByName: () => boolean,
  ) {
    this.#provenance = provenance;
    this.#witness = witness;
    this.#judgement = judgement;
    this.#showsByName = showsByName;
  }

  /**
   * What the ledger now calls synced is ours to change, as long as it stands there and the ledger says so.
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
    return this.#unknowable(request, id, origin) ?? 'theirs';
  }

  /** Why the engine could not know that it is not ours; null: it could. */
  #unknowable(request: WriteRequest, id: string, origin: Origin): Ownership | null {
    if (this.#isInSnapshot(request.zone, id, origin)) return 'in-snapshot';
    // What a comparison has listed as the central's own is known not to be ours.
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

  /** An edit that was accepted wants it, and found it there (row 10). */
  #isAccepted({ operation, zone }: WriteRequest, id: string): boolean {
    for (const { operation: other } of this.#witness.operations.values()) {
      if (other.id !== operation && other.zone === zone && accepted.has(other.state) && wants(other, id))
        return true;
    }
    return false;
  }

  /**
   * Somebody wrote it between our create and the read right after it: it looks like one of the central's
   * default records.
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

  /** A zone that a user deletes takes with it what was known to be in it (row 33). */
  #goesWithZone({ zone, snapshot }: DeleteOperation, record: ResourceRecord): boolean {
    const id = recordId(record);
    return (
      isCentralsOwn(zone, record) ||
      this.#witness.row(zone, id) !== null ||
      snapshot.some((one) => recordId(one) === id)
    );
  }

  /**
   * Whether a request of ours whose answer did not come may have written it, for all that the engine can
   * know.
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

  /** Whether it was written after the engine had read the zone for the last time before this request. */
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
        this.#judge(met.get(before) ?? 'crossed', record === null ? 'foreign.zone' : 'foreign.removed', what);
    }
    this.#met.delete(request);
  }

  /**
   * Something of ours came into a zone: it has to be ours, or adopted, unless an operation puts back what it
   * took out of it.
   */
  #added(
    request: WriteRequest,
    met: ReadonlyMap<Origin, Ownership>,
    record: ResourceRecord | null,
    what: string,
  ): void {
    const zone = this.#provenance.originOfZone(request.zone);
    if (zone === null || zone.writer === 'engine' || this.#isPutBack(request, record)) return;
    this.#judge(met.get(zone) ?? 'crossed', 'foreign.added', what);
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

  #judge(ownership: Ownership, law: LawId, what: string): void {
    if (ownership === 'ours') return;
    if (ownership === 'theirs') this.#judgement.violate(law, what);
    else this.#judgement.excuse(ownership);
  }
}

/**
 * Watches a central for what engines do to other people's data; what breaks the law is added to `judgement`
 * as it happens.
 * @param showsByName whether the central cannot show whole zones
 */
export function observeForeign(
  provenance: Provenance,
  witness: JournalWitness,
  judgement: Judgement,
  showsByName: () => boolean,
): void {
  const strangers = new ForeignWrites(provenance, witness, judgement, showsByName);
  witness.onCommit = (batch) => strangers.committed(batch);
  provenance.onSent = (request) => strangers.sent(request);
  provenance.onLanded = (request, effects) => strangers.landed(request, effects);
}

/** What a record or a zone is to the engine that sends a request about it. */
type Ownership =
  | 'ours'
  | 'theirs'
  | Extract<ExcuseId, 'same-data' | 'unread' | 'crossed' | 'not-shown' | 'in-snapshot' | 'made-again'>;

const accepted: ReadonlySet<string> = new Set(['applied', 'kept', 'confirmed']);

function wants(operation: Operation, id: string): boolean {
  return itemsOf(operation).some(({ mirrored, add }) => mirrored && add !== null && recordId(add) === id);
}
