import { CentralError, type CentralErrorFacts, type CentralRecord } from '../../core/central.ts';
import { displayName, type DnsName } from '../../dns/name.ts';
import { formatRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Change } from '../../dns/zone.ts';
import { centralRefusal } from '../errors.ts';
import { usualTtl, type RRsetEdit } from '../rrsets.ts';

/** A record whose TTL the server lowered (`max-zone-ttl` of BIND), and its TTL at the server, in seconds. */
type LoweredTtl = NonNullable<ReturnType<typeof loweredTtl>>;

/**
 * Finds a record for which the server stores a lower TTL than the change sets. If the change sets no TTL, the
 * server may choose one.
 * @param edits RRsets that were written and that queries show
 * @param records what the server has shown since the write
 */
export function loweredTtl(
  { add }: Pick<Change, 'add'>,
  edits: readonly RRsetEdit[],
  records: readonly CentralRecord[],
) {
  for (const edit of edits) {
    const record = add.find((one) => isIn(edit, one) && one.ttl !== null && one.ttl === edit.ttl);
    const limit = records.find((one) => isIn(edit, one))?.ttl ?? null;
    if (record !== undefined && limit !== null && limit < edit.ttl) return { record, limit };
  }
  return null;
}

/** Whether the RRset now has the records and the TTL that it had before the edit. */
export function isAsBefore(edit: RRsetEdit, records: readonly CentralRecord[]): boolean {
  const now = records.filter((one) => isIn(edit, one));
  const held = new Set(now.map(recordId));
  const isSame = edit.before.length === held.size && edit.before.every((one) => held.has(recordId(one)));
  return isSame && edit.before[0]?.ttl === now[0]?.ttl;
}

/** Makes the edits that restore RRsets as they were before. @param records what the server shows now */
export function backFrom(
  edits: readonly RRsetEdit[],
  records: readonly CentralRecord[],
): readonly RRsetEdit[] {
  return edits
    .filter((edit) => !isAsBefore(edit, records))
    .map((edit) => {
      const ttl = edit.before[0]?.ttl ?? usualTtl;
      const after = edit.before.map(({ name, type, rdata }) => ({ name, type, ttl, rdata }));
      return { ...edit, before: records.filter((one) => isIn(edit, one)), after, ttl };
    });
}

/**
 * Throws if the change removes the NS records of a delegation that keeps its DS. BIND silently drops such a
 * DS; other servers keep it, but no query shows it any more.
 * @param records what the server shows at the names of the edits, DS included
 * @throws {CentralError} `central.ds-first`
 */
export function rejectOrphans(
  zone: DnsName,
  edits: readonly RRsetEdit[],
  records: readonly CentralRecord[],
): void {
  for (const { name } of endedDelegations(zone, edits)) {
    if (!records.some((one) => one.name === name && one.type === 'DS')) continue;
    throw centralRefusal('central.ds-first', { name: displayName(name) });
  }
}

/** Finds edits that remove all NS records of a name below the apex, unless they remove its DS records too. */
export function endedDelegations(zone: DnsName, edits: readonly RRsetEdit[]): readonly RRsetEdit[] {
  const withoutDs = new Set(
    edits.filter(({ type, after }) => type === 'DS' && after.length === 0).map(({ name }) => name),
  );
  return edits.filter(
    ({ name, type, after }) => type === 'NS' && after.length === 0 && name !== zone && !withoutDs.has(name),
  );
}

/**
 * Makes the error for a TTL that the server lowers.
 * @param state what the failed change left at the server
 */
export function ttlLimit({ record, limit }: LoweredTtl, state: CentralErrorFacts['state']): CentralError {
  const params = { record: formatRecord(record), ttl: String(record.ttl), limit: String(limit) };
  return new CentralError('central.ttl-limit', { state, retry: 'never', params });
}

/** Makes the error for an edit that the server answers with OK but never carries out completely. */
export function leftOut({ before, after }: RRsetEdit, state: CentralErrorFacts['state']): CentralError {
  const [held, wanted] = [new Set(before.map(recordId)), new Set(after.map(recordId))];
  const record =
    after.find((one) => !held.has(recordId(one))) ??
    before.find((one) => !wanted.has(recordId(one))) ??
    after[0];
  const params = { record: record === undefined ? '' : formatRecord(record) };
  return new CentralError('central.left-out', { state, retry: 'never', params });
}

function isIn({ name, type }: Pick<RRsetEdit, 'name' | 'type'>, record: ResourceRecord): boolean {
  return record.name === name && record.type === type;
}
