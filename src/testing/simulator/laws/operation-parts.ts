import type { ResourceRecord } from '../../../dns/record.ts';
import type { Operation, OperationItem } from '../../../core/operation.ts';

/** The items of an edit of records. Empty for the create or delete of a zone. */
export function itemsOf(operation: Operation): readonly OperationItem[] {
  return operation.kind === 'records' ? operation.items : [];
}

/** Records that the operation has changed at the central, or may still change. */
export function writtenBy(operation: Operation): readonly ResourceRecord[] {
  const late = [...(operation.watch?.added ?? []), ...(operation.watch?.removed ?? [])];
  return operation.kind === 'zone-delete' ? late : [...operation.added, ...operation.removed, ...late];
}
