import type {
  CreateOperation,
  DeleteOperation,
  Operation,
  OperationItem,
  RecordsOperation,
} from '../../../core/operation.ts';
import type { ResourceRecord } from '../../../dns/record.ts';
import { sampleCreate, sampleDelete, sampleOperation } from '../../contracts/journal.ts';
import { zone } from '../given.ts';
import type { Side } from '../world.ts';

/** Fields of an operation as an engine with a bug would make it. Without `kind`, it is an edit of records. */
export type Facts =
  | (Partial<RecordsOperation> & { readonly kind?: 'records' })
  | (Partial<CreateOperation> & Pick<CreateOperation, 'kind'>)
  | (Partial<DeleteOperation> & Pick<DeleteOperation, 'kind'>);

/** Makes an operation as an engine with a bug might journal it. */
export function operation(facts: Facts): Operation {
  const base = { zone, fingerprint: '', problems: [] } as const;
  if (facts.kind === 'zone-create') return sampleCreate('wrong', { ...base, ...facts });
  if (facts.kind === 'zone-delete') return sampleDelete('wrong', { ...base, ...facts });
  return sampleOperation('wrong', { ...base, items: [], added: [], ...facts });
}

/** Makes an item that is written at the central. */
export function sent(remove: ResourceRecord | null, add: ResourceRecord | null): readonly OperationItem[] {
  return [{ remove, add, mirrored: true, note: null }];
}

/** The laws that were broken while the history ran, each only once, sorted. */
export function brokenAt({ judgement }: Side): string[] {
  return [...new Set(judgement.violations.map(({ law }) => law))].sort();
}
