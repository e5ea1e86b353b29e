import { recordId } from '../../../dns/record.ts';
import type { CallContext, CentralRecord } from '../../central.ts';
import type { Batch } from '../../journal.ts';
import type { DnsName } from '../../../dns/name.ts';
import {
  creates,
  deletes,
  edits,
  type CreateOperation,
  type DeleteOperation,
  type Operation,
  type RecordsOperation,
} from '../../operation.ts';
import { giveUpDelete } from '../background/give-up-delete.ts';
import { withoutZone } from '../knowledge/forget-zones.ts';
import { isForgotten } from '../knowledge/forgotten.ts';
import { recordsIn } from '../knowledge/operations.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import type { Transaction } from '../parts/store.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Resumes or ends the stuck creates and deletes of a zone, once the panel has the zone again or neither side
 * has it any more. Such an operation is stuck because another writer changed the zone, nobody read its create
 * back, or nobody confirmed the delete of a signed zone. Does nothing while one of them is not stuck.
 * @param own all open creates and deletes of the zone
 * @param view a panel read of the zone
 */
export async function unstickZone(
  runtime: Runtime,
  zone: DnsName,
  own: readonly (CreateOperation | DeleteOperation)[],
  view: PanelView,
  ctx: CallContext,
): Promise<void> {
  if (own.some(({ state }) => state !== 'stuck')) return;
  if (view.records === null) {
    if (view.quiet) await endGone(runtime, own, ctx, withoutZone(zone));
    return;
  }
  const [create] = creates(own);
  await runtime.store.transact(async (tx) => {
    for (const one of deletes(own)) {
      // A create that goes on decides about the zone. Without one the zone is synced as before the delete.
      if (create === undefined) await giveUpDelete(runtime, tx, one);
      else await tx.advance(one, 'reverted');
    }
    for (const one of creates(own)) await tx.advance(one, 'kept', { afterSeen: true, problems: [] });
  });
  // While the create was stuck, edits of the zone stayed in the panel, and panel reads may have shown an
  // older state. So the zone is compared.
  if (create !== undefined) runtime.agenda.compareSoon(zone, 'wanted-after-all', 'limited');
}

/**
 * Ends the forgotten creates and deletes of a zone, after a comparison has found the zone on both sides.
 * @throws {JournalError}
 */
export async function endJoined(tx: Transaction, left: readonly Operation[]): Promise<void> {
  for (const operation of left) {
    if (operation.kind === 'zone-create') await tx.advance(operation, 'confirmed');
    else if (operation.kind === 'zone-delete') await tx.advance(operation, 'reverted');
  }
}

/**
 * Ends stuck operations of a zone that the panel does not have, if the central lacks the zone too.
 * @param besides what to commit together with their end
 * @throws {CentralError | JournalError}
 */
export async function endGone(
  runtime: Runtime,
  left: readonly Operation[],
  ctx: CallContext,
  besides: Batch = {},
): Promise<void> {
  const [first] = left;
  if (first === undefined || (await runtime.ports.central.readZone(first.zone, [], ctx)) !== null) return;
  await runtime.store.transact(async (tx) => {
    for (const operation of left)
      await tx.advance(operation, operation.kind === 'zone-delete' ? 'confirmed' : 'reverted');
    tx.with(besides);
  });
}

/**
 * Finds stuck edits whose records are now the same on both sides, because an operator corrected them. Returns
 * each with its final state, which the caller commits together with the comparison's rows. An edit stays
 * stuck if one of its records differs.
 */
export function unstuckRecords(
  open: readonly Operation[],
  view: PanelView,
  atCentral: readonly CentralRecord[],
): { readonly operation: RecordsOperation; readonly to: 'confirmed' | 'reverted' }[] {
  const central = new Set(atCentral.map(recordId));
  return edits(open)
    .filter(({ state }) => state === 'stuck')
    .filter((operation) => concerned(operation).every((id) => view.ids.has(id) === central.has(id)))
    .map((operation) => {
      const done = operation.items.every(({ remove, add }) => {
        const gone = remove === null || !view.ids.has(recordId(remove));
        return gone && (add === null || view.ids.has(recordId(add)));
      });
      return { operation, to: done ? 'confirmed' : 'reverted' };
    });
}

/**
 * Ids of the records that must be the same on both sides before the edit can end. Of a forgotten edit, items
 * that were not sent do not count: the two sides may differ there for ever.
 */
function concerned(operation: RecordsOperation): string[] {
  const { items, added, removed } = operation;
  const own = isForgotten(operation) ? items.filter(({ mirrored }) => mirrored) : items;
  return [...recordsIn(own), ...added, ...removed].map(recordId);
}
