import { formatRecord, recordId, sameData, type ResourceRecord } from '../../../dns/record.ts';
import type { DnsName } from '../../../dns/name.ts';
import type { EditEvent, Verdict } from '../../../core/panel.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Provenance, WriteRequest } from '../provenance.ts';
import type { Judgement } from './judgement.ts';

/** A central and the journal of its engine. */
interface Observed {
  readonly provenance: Provenance;
  /** Operations with a conditional change of which the engine does not know what became. */
  readonly unanswered: ReadonlySet<string>;
  readonly witness: JournalWitness;
  readonly judgement: Judgement;
}

/**
 * From now on, checks that an edit is written only by what the central has. Either the edit has read the
 * zone, or it has an expectation that is true when the write is carried out.
 */
export function observeExpectations({ provenance, unanswered, witness, judgement }: Observed): void {
  const { onSent, onBegins } = provenance;
  provenance.onBegins = (requests) => {
    onBegins(requests);
    const wrong = requests.find((request) => !isAsExpected(provenance, request));
    if (wrong !== undefined) judgement.violate('expected.wrong', `${say(wrong)}, where others are`);
    const beside = requests.flatMap((request) => besideAlias(provenance, request, requests));
    for (const [request, other] of beside)
      judgement.violate('alone.alias', `${say(request)} beside ${formatRecord(other)}`);
  };
  provenance.onSent = (request) => {
    onSent(request);
    const { operation: id, zone, expected } = request;
    if (expected !== undefined) return;
    if (unanswered.has(id))
      judgement.violate('expected.unanswered', `${say(request)} before it has asked for the outcome`);
    const operation = witness.operations.get(id)?.operation;
    const isEdit = operation?.kind === 'records' && operation.class === 'veto';
    if (isEdit && operation.state === 'prepared' && provenance.lastRead(id, zone) === null)
      judgement.violate('expected.unread', `${say(request)} without a read of the zone`);
  };
}

function isAsExpected(provenance: Provenance, { zone, expected }: WriteRequest): boolean {
  if (expected === undefined) return true;
  const { names, types, records } = expected;
  const wanted = new Set(records.map(recordId));
  const there = [...provenance.held(zone)].filter(
    ({ record }) => names.has(record.name) && (types === null || types.has(record.type)),
  );
  return there.length === wanted.size && there.every(({ record }) => wanted.has(recordId(record)));
}

/** The record that a request adds, with each record beside which it cannot be (RFC 1034 section 3.6.2). */
function besideAlias(
  provenance: Provenance,
  request: WriteRequest,
  all: readonly WriteRequest[],
): (readonly [WriteRequest, ResourceRecord])[] {
  const { kind, zone, record } = request;
  if (kind !== 'add' || record === null) return [];
  const leaves = (other: ResourceRecord): boolean =>
    all.some((one) => one.kind === 'remove' && one.record !== null && sameData(one.record, other));
  return [...provenance.held(zone)]
    .map((held) => held.record)
    .filter(
      (other) =>
        other.name === record.name &&
        !sameData(other, record) &&
        (other.type === 'CNAME' || record.type === 'CNAME') &&
        !leaves(other),
    )
    .map((other) => [request, other] as const);
}

/** The answer to a call, and the time at which the call came (monotonic milliseconds). */
interface Answered {
  readonly edits: readonly EditEvent[];
  readonly askedAt: number;
  readonly verdict: Verdict;
  /** Number of the central in the settings, from 1. */
  readonly number: number;
}

/**
 * Checks a refusal that quotes a record beside which the edit's record cannot be. The central must have had
 * that record during the call, or both sides must have agreed on it.
 */
export function checkQuoted(
  { provenance, witness, judgement }: Omit<Observed, 'unanswered'>,
  { edits, askedAt, verdict, number }: Answered,
): void {
  if (verdict.kind !== 'refuse') return;
  for (const { code, params } of verdict.problems) {
    const { existing, central } = params;
    const isMeant = central === undefined || central.split(', ').includes(String(number));
    if (code !== 'record.cname-clash' || existing === undefined || !isMeant) continue;
    const zones = new Set(edits.map(({ zone }) => zone));
    const isThere = [...zones].some((zone) => wasThere({ provenance, witness }, zone, existing, askedAt));
    if (!isThere) judgement.violate('expected.refused', `refused beside ${existing}, which nobody has`);
  }
}

function wasThere(
  { provenance, witness }: Pick<Observed, 'provenance' | 'witness'>,
  zone: DnsName,
  text: string,
  since: number,
): boolean {
  const known = provenance.known(zone).filter((record) => formatRecord(record) === text);
  const isHeld = known.some(
    (record) =>
      provenance.had(zone, recordId(record), since) ||
      provenance.effects.some((one) => one.zone === zone && one.id === recordId(record) && one.at >= since),
  );
  // Records of other edits on their way, and of the edit itself, are no foreign ones.
  const isWanted = [...witness.operations.values()].some(
    ({ operation }) =>
      operation.kind === 'records' &&
      operation.zone === zone &&
      operation.items.some(({ add }) => add !== null && formatRecord(add) === text),
  );
  const isSynced = [...witness.rows(zone)].some(
    ({ record, state }) => state === 'synced' && formatRecord(record) === text,
  );
  return isHeld || isSynced || isWanted;
}

function say({ operation, kind, zone, record }: WriteRequest): string {
  return `operation ${operation} sends ${kind} of ${record === null ? zone : formatRecord(record)}`;
}
