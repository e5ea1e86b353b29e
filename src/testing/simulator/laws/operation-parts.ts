import type { ResourceRecord } from '../../../dns/record.ts';
import type { Operation, OperationItem } from '../../../core/operation.ts';

/** What an operation wants of records; of a zone's create or delete nothing. */
export function itemsOf(operation: Operation): readonly OperationItem[] {
  return operation.kind === 'records' ? operation.items : [];
}

/** What it has written at the central, or may still write there. */
export function writtenBy(operation: Operation): readonly ResourceRecord[] {
  const late = [...(operation.watch?.added ?? []), ...(operation.watch?.removed ?? [])];
  return operation.kind === 'zone-delete' ? late : [...operation.added, ...operation.removed, ...late];
}
