import type { DnsName } from '../../../dns/name.ts';
import type { LedgerRow } from '../../ledger.ts';
import { recordId } from '../../../dns/record.ts';
import type { Operation } from '../../operation.ts';
import type { Exclusion, PlanRequest } from '../../zone-plan.ts';
import { busyIds } from '../before/plan.ts';
import { isFrozen } from '../knowledge/frozen.ts';
import { watchedRecords } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';

/** Which zone or records are to be excluded or included. */
export interface ExclusionRequest {
  readonly zone: DnsName;
  /** Null: the whole zone. */
  readonly only: PlanRequest['only'] | null;
  /** True: exclude. False: include again. */
  readonly excluded: boolean;
}

/**
 * Takes a zone, or records of it, out of the synchronisation, or back into it. Writes to neither side. A
 * comparison follows an inclusion, and treats the zone or records as at the first comparison: only what both
 * sides have is synced.
 * @throws {JournalError}
 */
export async function setExclusion(runtime: Runtime, request: ExclusionRequest): Promise<Exclusion> {
  const { zone, only } = request;
  const result = await runtime.lockedStep('-', zone, null, async () =>
    only === null || only === undefined
      ? await excludeZone(runtime, request)
      : await excludeRecords(runtime, request, only),
  );
  if (result.kind === 'done' && !request.excluded) runtime.agenda.compareSoon(zone, 'asked');
  return result;
}

async function excludeZone(runtime: Runtime, { zone, excluded }: ExclusionRequest): Promise<Exclusion> {
  return await runtime.store.transact(async (tx): Promise<Exclusion> => {
    const entry = await tx.journal.zone(zone);
    if (entry === null) return { kind: 'nowhere' };
    if ((entry.state === 'excluded') === excluded) return { kind: 'done', count: 0 };
    const isMoving = entry.state === 'creating' || entry.state === 'deleting';
    if (isMoving || (await tx.open(zone)).length > 0) return { kind: 'under-way' };
    // The next comparison gives a `panel-only` zone a new baseline if the central has the zone.
    await tx.zone(entry, { ...entry, state: excluded ? 'excluded' : 'panel-only', note: null });
    return { kind: 'done', count: 1 };
  });
}

async function excludeRecords(
  runtime: Runtime,
  { zone, excluded }: ExclusionRequest,
  { name, type }: NonNullable<PlanRequest['only']>,
): Promise<Exclusion> {
  return await runtime.store.transact(async (tx): Promise<Exclusion> => {
    if ((await tx.journal.zone(zone)) === null) return { kind: 'nowhere' };
    if (await isFrozen(tx.journal, zone)) return { kind: 'frozen' };
    const named = (await tx.journal.rows(zone, [name])).filter(
      ({ record }) => type === null || record.type === type,
    );
    if (named.length === 0) return { kind: 'nowhere' };
    if (isAboutAny(await tx.open(zone), named)) return { kind: 'under-way' };
    const changed = named.filter(({ state }) => (state === 'excluded') !== excluded);
    tx.rows({ zone, put: changed.map((row) => withExclusion(row, excluded)) });
    return { kind: 'done', count: changed.length };
  });
}

/** Whether an operation that is open or on watch may still write one of the records. */
function isAboutAny(open: readonly Operation[], rows: readonly LedgerRow[]): boolean {
  if (open.some(({ kind }) => kind !== 'records')) return true;
  const ids = busyIds(open).union(new Set(open.flatMap(watchedRecords).map(recordId)));
  return rows.some(({ record }) => ids.has(recordId(record)));
}

function withExclusion(row: LedgerRow, excluded: boolean): LedgerRow {
  if (excluded) return { ...row, state: 'excluded', note: null };
  // The central may have lost the record since the row was written. So only the comparison makes the row
  // `synced`.
  return { ...row, state: row.onPanel ? 'panel-only' : 'central-only', note: null };
}
