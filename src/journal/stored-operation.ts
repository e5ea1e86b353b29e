import * as v from 'valibot';
import type { Operation, Watch } from '../core/operation.ts';
import { presentNote } from './earlier-words.ts';
import { operationFields } from './operation-schema.ts';
import { parsed } from './stored.ts';

const { edit, create, removal } = operationFields;

/** Fields that earlier releases store in another form, or not at all. */
const earlier = {
  // The first releases do not store `source`.
  source: v.optional(edit.source, ''),
  watch: v.optional(edit.watch),
  // Releases that do not have the field `watch` store only the time at which the watch ends.
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
    wasThere: v.optional(removal.wasThere, null),
    added: v.optional(removal.formerlyOurs, []),
  }),
]);

type Stored = v.InferOutput<typeof operation>;
type StoredCreate = Extract<Stored, { readonly kind: 'zone-create' }>;

/**
 * Reads a stored operation of this release or an earlier one. Earlier releases store the same fields for all
 * kinds of operations. Of a watch they store only its end; the watch then covers all records that the
 * operation wrote.
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
 * Reads a stored `zone-create`. In earlier releases, `created` without a snapshot means only that the create
 * was about to be sent. This does not prove that we made the zone.
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
    // Earlier releases store the panel's records in `added`.
    refusedContent: refusedContent ?? (stored.class === 'compensate' ? stored.added : []),
    watch: known ?? earlierWatch(watchUntil, stored),
  };
}

function earlierWatch(until: number, { added, removed }: Pick<Watch, 'added' | 'removed'>): Watch | null {
  return until === 0 ? null : { until, added, removed };
}
