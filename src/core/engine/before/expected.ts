import type { DnsName } from '../../../dns/name.ts';
import type { ResourceRecord } from '../../../dns/record.ts';
import { isEmptyChange } from '../../../dns/zone.ts';
import { isExpectedAt, type Expectation } from '../../central.ts';
import type { Operation, OperationItem, RecordsOperation } from '../../operation.ts';
import { isCentralsOwn, plain } from '../knowledge/compare-rule.ts';
import { lateRecords, mirroredNames, retimed, touchedRecords } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import { planChange, type Plan, type ZoneKnowledge } from './plan.ts';

/** A plan, and the records that the central is expected to have at the edit's names. */
export interface ExpectedEdit {
  readonly plan: Plan;
  readonly present: readonly ResourceRecord[];
}

/** The record types of the items; `null`: all types, because a CNAME clashes with any other type. */
export function typesIn(items: readonly OperationItem[]): ReadonlySet<string> | null {
  const types = new Set<string>();
  for (const { remove, add } of items) {
    if (remove !== null) types.add(remove.type);
    if (add !== null) types.add(add.type);
  }
  return types.has('CNAME') ? null : types;
}

/** The names and types on whose records a plan of the edit depends. */
function scopeOf(draft: RecordsOperation): Pick<Expectation, 'names' | 'types'> {
  const types = typesIn(draft.items);
  return {
    names: new Set(mirroredNames(draft)),
    types: types === null ? null : new Set([...types, 'CNAME']),
  };
}

/**
 * What the central has to have, so that a plan of the edit is right.
 * @param present the records from which the edit is planned
 */
export function expectationOf(draft: RecordsOperation, present: readonly ResourceRecord[]): Expectation {
  const scope = scopeOf(draft);
  const records = present.filter((record) => isExpectedAt(scope, draft.zone, record)).map(plain);
  return { ...scope, records };
}

/**
 * Plans an edit from what the ledger says of the central, without a request
 * (docs/decisions/026-one-request.md). The ledger alone is no reason to refuse the edit or a part of it, so
 * a plan must write the whole edit. All records at the edit's names must be synced, and no other operation
 * may be about to change them. Else the central has to be read.
 * @param draft an edit with items from `sortItems`
 * @returns `null`: the central has to be read
 * @throws {JournalError}
 */
export async function planFromLedger(
  runtime: Runtime,
  draft: RecordsOperation,
  knowledge: ZoneKnowledge,
): Promise<ExpectedEdit | null> {
  const { central, journal, clock } = runtime.ports;
  if ((await journal.zone(draft.zone))?.state !== 'synced') return null;
  const present = presentBy(draft, knowledge);
  if (present === null) return null;
  const { names } = scopeOf(draft);
  const others = await journal.operations({ zone: draft.zone, openAt: clock.wall() });
  if (others.some((other) => other.id !== draft.id && concerns(other, names))) return null;
  const plan = planChange(knowledge, draft.items, present);
  if (isEmptyChange(plan.change) || plan.problems.length > 0) return null;
  if (!plan.items.every((item, at) => item === draft.items[at])) return null;
  return central.audit(plan.change).length > 0 ? null : { plan, present };
}

/**
 * The records that the central has at the edit's names according to the ledger.
 * @returns `null`: the ledger does not tell
 */
function presentBy(draft: RecordsOperation, { rows }: ZoneKnowledge): readonly ResourceRecord[] | null {
  const { zone, items } = draft;
  const sent = items.filter(({ mirrored }) => mirrored);
  // A change of a TTL needs the TTL at the central. The ledger does not know it: others may change it.
  if (sent.length === 0 || sent.some((item) => item.note !== null || retimed(item) !== null)) return null;
  const scope = scopeOf(draft);
  // The ledger has no rows of the NS at the apex.
  const hasApex = scope.names.has(zone);
  if (hasApex && (scope.types === null || scope.types.has('NS'))) return null;
  const known = [...rows.values()].filter(({ record }) => isExpectedAt(scope, zone, record));
  const isAgreed = known.every(
    ({ record, state, onCentral }) => state === 'synced' && onCentral && !isCentralsOwn(zone, record),
  );
  return isAgreed ? known.map(({ record }) => ({ ...plain(record), ttl: null })) : null;
}

/** Whether an operation that is open or on watch may change something at the names. */
function concerns(operation: Operation, names: ReadonlySet<DnsName>): boolean {
  if (operation.kind !== 'records') return true;
  const wanted = operation.items.flatMap(({ remove, add }) => [remove, add]);
  const records = [...wanted, ...touchedRecords(operation), ...lateRecords(operation)];
  return records.some((record) => record !== null && names.has(record.name));
}
