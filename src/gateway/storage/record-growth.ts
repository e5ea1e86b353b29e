import { recordId } from '../../dns/record.ts';
import type { StoredChange } from './storage.ts';

/** By how many records a change makes its zone grow. Less than 0: the zone shrinks. */
export function growthOf({ before, remove, add }: Pick<StoredChange, 'before' | 'remove' | 'add'>): number {
  const present = new Set(before.map(recordId));
  const after = new Set(present);
  for (const record of remove) after.delete(recordId(record));
  for (const record of add) after.add(recordId(record));
  return after.size - present.size;
}

/** By how many records a change that has ended has made its zone grow; null: nobody knows. */
export function growthIn({ before, outcome }: StoredChange): number | null {
  if (outcome?.kind === 'done') return growthOf({ before, remove: outcome.removed, add: outcome.added });
  return outcome?.kind === 'failed' && outcome.state === 'untouched' ? 0 : null;
}
