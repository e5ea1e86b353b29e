import type { Problem } from '../../../dns/problem.ts';
import type { RecordsOperation } from '../../operation.ts';

/** How an edit ended at the central. */
export type Outcome = { readonly kind: 'applied'; readonly operation: RecordsOperation } | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly problems: readonly Problem[];
  readonly changed: 'nothing' | 'unknown';
  /** The operation as journalled; null: the edit was refused before it was journalled. */
  readonly operation: RecordsOperation | null;
}
