import type { DnsName } from '../../../dns/name.ts';
import { isEmptyChange } from '../../../dns/zone.ts';
import type { Conditional, Expectation } from '../../central.ts';
import type { Operation, OperationItem, RecordsOperation } from '../../operation.ts';
import { isCentralsOwn } from '../knowledge/compare-rule.ts';
import { lateRecords, mirroredNames, retimed, touchedRecords } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import { planChange, type Plan, type ZoneKnowledge } from './plan.ts';

/** A plan that is right if the central has what the ledger says. */
export interface ExpectingPlan {
  readonly plan: Plan;
  readonly expected: Expectation;
  readonly conditional: Conditional;
}

/**
 * Plans an edit from what the ledger says of the central, without a request (docs/decisions/026-one-request.md).
 * Nothing may be refused or left out because of the ledger alone. So there is a plan only if it writes the
 * whole edit, and only if everything at the edit's names is known to be synced and at rest.
 * @param draft an edit with items from `sortItems`
 * @returns `null`: the central has to be read
 * @throws {JournalError}
 */
export async function planExpecting(
  runtime: Runtime,
  draft: RecordsOperation,
  knowledge: ZoneKnowledge,
): Promise<ExpectingPlan | null> {
  const { central, journal, clock } = runtime.ports;
  const { conditional } = central;
  // Edits of other classes are in the panel already. They are rare, and a read costs them nothing.
  if (conditional === undefined || draft.class !== 'veto') return null;
  if ((await journal.zone(draft.zone))?.state !== 'synced') return null;
  const others = await journal.operations({ zone: draft.zone, openAt: clock.wall() });
  const expected = expectationOf(draft, knowledge);
  if (expected === null || others.some((other) => concerns(other, expected.names))) return null;
  const plan = planChange(knowledge, draft.items, expected.records);
  if (isEmptyChange(plan.change) || plan.problems.length > 0) return null;
  if (!plan.items.every((item, at) => item === draft.items[at])) return null;
  return central.audit(plan.change).length > 0 ? null : { plan, expected, conditional };
}

/**
 * The types that decide about the items: their own, and CNAME, which clashes with any other type. `null`: an
 * item has a CNAME, so all types decide.
 */
export function typesIn(items: readonly OperationItem[]): ReadonlySet<string> | null {
  const types = new Set<string>();
  for (const { remove, add } of items) {
    if (remove !== null) types.add(remove.type);
    if (add !== null) types.add(add.type);
  }
  return types.has('CNAME') ? null : types;
}

/** @returns `null`: the ledger does not tell what the central has there */
function expectationOf({ zone, items }: RecordsOperation, { rows }: ZoneKnowledge): Expectation | null {
  const sent = items.filter(({ mirrored }) => mirrored);
  // A change of a TTL needs the present TTL, and the ledger does not know it: others may change TTLs.
  if (sent.some((item) => item.note !== null || retimed(item) !== null)) return null;
  const names = mirroredNames({ items: sent });
  const own = typesIn(sent);
  // The ledger has no rows of SOA, NS at the apex and signatures.
  if (names.length === 0 || (own === null && names.includes(zone))) return null;
  const types = own === null ? null : new Set([...own, 'CNAME']);
  const at = new Set(names);
  const known = [...rows.values()].filter(
    ({ record }) => at.has(record.name) && (types === null || types.has(record.type)),
  );
  const isAgreed = known.every(
    ({ record, state, onCentral }) => state === 'synced' && onCentral && !isCentralsOwn(zone, record),
  );
  if (!isAgreed) return null;
  return { names, types, records: known.map(({ record }) => ({ ...record, ttl: null })) };
}

/** Whether an operation that is open or on watch may change something at the names. */
function concerns(operation: Operation, names: readonly DnsName[]): boolean {
  if (operation.kind !== 'records') return true;
  const wanted = operation.items.flatMap(({ remove, add }) => [remove, add]);
  const records = [...wanted, ...touchedRecords(operation), ...lateRecords(operation)];
  return records.some((record) => record !== null && names.includes(record.name));
}
