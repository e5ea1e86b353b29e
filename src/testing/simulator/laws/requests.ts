import { formatRecord, sameData, type ResourceRecord } from '../../../dns/record.ts';
import { isFinal, type Operation } from '../../../core/operation.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Effect, WriteRequest } from '../provenance.ts';
import type { Judgement } from './judgement.ts';
import { itemsOf, writtenBy } from './operation-parts.ts';

/**
 * Checks that the journal names every request, with the records it writes, before it is sent. Also checks
 * that requests of unknown outcome are on watch. A request is checked when it is sent, and again when it
 * lands.
 */
export class Requests {
  readonly #witness: JournalWitness;
  readonly #judgement: Judgement;
  readonly #wall: () => number;

  /** @param wall wall clock of the panel's host, milliseconds since 1970 */
  constructor(witness: JournalWitness, judgement: Judgement, wall: () => number) {
    this.#witness = witness;
    this.#judgement = judgement;
    this.#wall = wall;
  }

  sent(request: WriteRequest): void {
    const operation = this.#witness.operations.get(request.operation)?.operation;
    if (operation !== undefined) this.#checkOperation(request, operation);
    const { record } = request;
    if (record === null) return;
    const about = this.#ofZone(request).filter((one) => mentions(one, record));
    // A request that names no operation must belong to an open or watched one.
    const own = operation === undefined ? about.filter((one) => this.#isMinded(one)) : about;
    if (own.length === 0)
      this.#judgement.violate('journal.unsaid', `${say(request)}, and no operation is about it`);
  }

  #checkOperation(request: WriteRequest, operation: Operation): void {
    const { incarnation, kind } = operation;
    const isSaid = operation.kind === 'zone-create' && (operation.requested || operation.created);
    if (request.kind === 'create' && !isSaid)
      this.#judgement.violate('journal.unsaid', `${say(request)}, and the journal does not say so`);
    const isAgain = (this.#witness.zones.get(request.zone)?.incarnation ?? 0) > incarnation;
    if (request.kind === 'delete' && kind === 'zone-delete' && isAgain)
      this.#judgement.violate('zones.cancelled', `${say(request)}, which was made again since`);
  }

  landed(request: WriteRequest, effects: readonly Effect[]): void {
    if (effects.length === 0) return;
    const own = this.#witness.operations.get(request.operation)?.operation;
    if (own !== undefined && this.#isMinded(own)) return;
    if (this.#ofZone(request).some((one) => this.#isMinded(one) && covers(one, request))) return;
    if (this.#witness.isOfForgotten(request.operation)) this.#judgement.excuse('observed');
    else if (request.sentAt <= (this.#witness.forgottenAt ?? -Infinity))
      this.#judgement.excuse('older-journal');
    else this.#judgement.violate('journal.unwatched', `${say(request)}: it lands, and nothing is on watch`);
  }

  #ofZone({ zone }: WriteRequest): Operation[] {
    return [...this.#witness.operations.values()].flatMap(({ operation }) =>
      operation.zone === zone ? [operation] : [],
    );
  }

  /** Whether the engine still works on the operation, because it is open or on watch. */
  #isMinded({ state, watch }: Operation): boolean {
    return !isFinal(state) || (watch !== null && watch.until > this.#wall());
  }
}

function covers(operation: Operation, { kind, record }: WriteRequest): boolean {
  if (record !== null) return mentions(operation, record);
  return operation.kind === 'zone-create' || kind === 'delete';
}

function mentions(operation: Operation, record: ResourceRecord): boolean {
  const wanted = itemsOf(operation).flatMap(({ remove, add }) => [remove, add]);
  const found = operation.kind === 'records' ? [] : operation.snapshot;
  const records = [...wanted, ...writtenBy(operation), ...found];
  return records.some((one) => one !== null && sameData(one, record));
}

function say({ operation, kind, zone, record }: WriteRequest): string {
  return `operation ${operation} sends ${kind} of ${record === null ? zone : formatRecord(record)}`;
}
