import * as v from 'valibot';
import type { Operation, Watch } from '../core/operation.ts';
import { name, parsed } from './stored.ts';

const record = v.object({ name, type: v.string(), ttl: v.nullable(v.number()), rdata: v.string() });
const records = v.array(record);

const watch = v.nullable(v.object({ until: v.number(), added: records, removed: records }));

const anyOperation = {
  id: v.string(),
  class: v.picklist(['veto', 'compensate', 'follow']),
  zone: name,
  incarnation: v.number(),
  state: v.picklist([
    'prepared',
    'applied',
    'kept',
    'confirmed',
    'refused',
    'reverting',
    'reverted',
    'stuck',
  ]),
  fingerprint: v.string(),
  actor: v.string(),
  // Journals of the first releases do not have it.
  source: v.optional(v.string(), ''),
  afterSeen: v.boolean(),
  createdAt: v.number(),
  changedAt: v.number(),
  watch: v.optional(watch),
  // Only in journals of releases that had no `watch`.
  watchUntil: v.optional(v.number(), 0),
  attempts: v.number(),
  problems: v.array(v.object({ code: v.string(), params: v.record(v.string(), v.string()) })),
};

const item = v.object({
  remove: v.nullable(record),
  add: v.nullable(record),
  mirrored: v.boolean(),
  note: v.nullable(v.string()),
});

const seed = v.object({
  addresses: v.array(v.string()),
  nameServers: v.array(v.string()),
  mailServers: v.array(v.string()),
});

const operation = v.variant('kind', [
  v.object({
    ...anyOperation,
    kind: v.literal('records'),
    items: v.array(item),
    removed: records,
    added: records,
  }),
  v.object({
    ...anyOperation,
    kind: v.literal('zone-create'),
    seed: v.nullable(seed),
    created: v.boolean(),
    requested: v.optional(v.boolean()),
    snapshot: records,
    cancels: v.nullable(v.string()),
    removed: records,
    added: records,
    refusedContent: v.optional(records),
  }),
  v.object({
    ...anyOperation,
    kind: v.literal('zone-delete'),
    snapshot: records,
    formerlyOurs: v.optional(records),
    added: v.optional(records, []),
  }),
]);

type Stored = v.InferOutput<typeof operation>;
type StoredCreate = Extract<Stored, { readonly kind: 'zone-create' }>;

/**
 * An operation as it is stored, by this release or an earlier one. Those had one shape for all kinds, and no record of what a late write
 * may do: there it is all that the operation has written.
 * @throws {JournalError} `journal.unreadable` when the stored text is not an operation
 */
export function readOperation(body: unknown): Operation {
  const stored = parsed(operation, body);
  if (stored.kind === 'zone-create') return createOf(stored);
  const { watchUntil, watch: known, ...rest } = stored;
  if (rest.kind === 'records') return { ...rest, watch: known ?? earlierWatch(watchUntil, rest) };
  const { added, formerlyOurs = added, ...own } = rest;
  return { ...own, formerlyOurs, watch: known ?? earlierWatch(watchUntil, { added: [], removed: [] }) };
}

/** In earlier journals `created` said of a create without a snapshot that it was about to be sent: that is no proof. */
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
