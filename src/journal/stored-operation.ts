import * as v from 'valibot';
import type { Operation, Watch } from '../core/operation.ts';
import { presentNote } from './earlier-words.ts';
import { operationFields } from './operation-schema.ts';
import { parsed } from './stored.ts';

const { edit, create, removal } = operationFields;

/** Fields that journals of earlier releases have otherwise. */
const earlier = {
  // Journals of the first releases do not have it.
  source: v.optional(edit.source, ''),
  watch: v.optional(edit.watch),
  // Only in journals of releases that had no `watch`.
  watchUntil: v.optional(v.number(), 0),
};

const operation = v.variant('kind', [
  v.object({ ...edit, ...earlier }),
  v.object({
    ...create,
    ...earlier,
    requested: v.optional(create.requested),
    refusedContent: v.optional(create.refusedContent),
  }),
  v.object({
    ...removal,
    ...earlier,
    formerlyOurs: v.optional(removal.formerlyOurs),
    added: v.optional(removal.formerlyOurs, []),
  }),
]);

type Stored = v.InferOutput<typeof operation>;
type StoredCreate = Extract<Stored, { readonly kind: 'zone-create' }>;

/**
 * An operation as it is stored, by this release or an earlier one. Those had one shape for all kinds, and no
 * record of what a late write may do. There it is all that the operation has written.
 * @throws {JournalError} `journal.unreadable` when the stored text is not an operation
 */
export function readOperation(body: unknown): Operation {
  const stored = parsed(operation, body);
  if (stored.kind === 'zone-create') return createOf(stored);
  const { watchUntil, watch: known, ...rest } = stored;
  if (rest.kind === 'records') {
    const items = rest.items.map((item) => ({ ...item, note: presentNote(item.note) }));
    return { ...rest, items, watch: known ?? earlierWatch(watchUntil, rest) };
  }
  const { added, formerlyOurs = added, ...own } = rest;
  return { ...own, formerlyOurs, watch: known ?? earlierWatch(watchUntil, { added: [], removed: [] }) };
}

/**
 * In earlier journals `created` said of a create without a snapshot that it was about to be sent: that is no
 * proof.
 */
function createOf({
  watchUntil,
  watch: known,
  requested,
  refusedContent,
  ...stored
}: StoredCreate): Operation {
  const isUnproven = requested === undefined && stored.created && stored.snapshot.length === 0;
  return {
    ...stored,
    created: stored.created && !isUnproven,
    requested: requested ?? isUnproven,
    // The panel's content stood among what was written.
    refusedContent: refusedContent ?? (stored.class === 'compensate' ? stored.added : []),
    watch: known ?? earlierWatch(watchUntil, stored),
  };
}

function earlierWatch(until: number, { added, removed }: Pick<Watch, 'added' | 'removed'>): Watch | null {
  return until === 0 ? null : { until, added, removed };
}
