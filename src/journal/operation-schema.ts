/** Schemas that check an operation, as it is stored and as the agent reports it. */
import * as v from 'valibot';
import { name } from './stored.ts';

export const recordSchema = v.object({
  name,
  type: v.string(),
  ttl: v.nullable(v.number()),
  rdata: v.string(),
});

const records = v.array(recordSchema);

export const problemSchema = v.object({ code: v.string(), params: v.record(v.string(), v.string()) });

/** Schemas of the fields that every kind of operation has. */
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
  func: v.exactOptional(v.string()),
  address: v.exactOptional(v.string()),
  force: v.exactOptional(v.string()),
  took: v.exactOptional(
    v.object({
      before: v.exactOptional(v.number()),
      write: v.exactOptional(v.number()),
      after: v.exactOptional(v.number()),
      confirm: v.exactOptional(v.number()),
      undo: v.exactOptional(v.number()),
    }),
  ),
  source: v.string(),
  afterSeen: v.boolean(),
  createdAt: v.number(),
  changedAt: v.number(),
  endedAfter: v.exactOptional(v.string()),
  watch: v.nullable(v.object({ until: v.number(), added: records, removed: records })),
  attempts: v.number(),
  problems: v.array(problemSchema),
};

const evidence = { removed: records, added: records };

const item = v.object({
  remove: v.nullable(recordSchema),
  add: v.nullable(recordSchema),
  mirrored: v.boolean(),
  note: v.nullable(v.string()),
});

const seed = v.object({
  addresses: v.array(v.string()),
  nameServers: v.array(v.string()),
  mailServers: v.array(v.string()),
});

/** Schemas of the fields of each kind of operation. */
export const operationFields = {
  edit: {
    ...anyOperation,
    ...evidence,
    kind: v.literal('records'),
    items: v.array(item),
    unanswered: v.exactOptional(v.nullable(v.string())),
  },
  create: {
    ...anyOperation,
    ...evidence,
    kind: v.literal('zone-create'),
    seed: v.nullable(seed),
    created: v.boolean(),
    requested: v.boolean(),
    snapshot: records,
    cancels: v.nullable(v.string()),
    refusedContent: records,
  },
  removal: {
    ...anyOperation,
    kind: v.literal('zone-delete'),
    snapshot: records,
    formerlyOurs: records,
    wasThere: v.nullable(v.boolean()),
  },
} as const;
