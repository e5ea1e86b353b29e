import * as v from 'valibot';
import { items, local, milliseconds, record, zone } from './event-parts.ts';
import { mishapSchemas } from './mishap-events.ts';

/**
 * One thing that happens in a history, with everything that was decided about it. Times are of the virtual
 * clock.
 */
export const eventSchema = v.variant('kind', [
  /** A user saves records of a zone. */
  v.strictObject({
    kind: v.literal('edit'),
    zone,
    items,
    actor: v.strictObject({
      name: v.string(),
      rank: v.picklist(['administrator', 'reseller', 'user', 'nobody']),
    }),
    /** Whether the panel's list leaves open whose the zone is, from now on; absent: as before. */
    hidesOwner: v.optional(v.boolean()),
    /** Numbers of the items, from 1, that the panel leaves out; absent: none. */
    leavesOut: v.optional(v.array(v.number())),
    local,
  }),
  /** Somebody without a right to the zone tries an edit, which the panel refuses. */
  v.strictObject({ kind: v.literal('intrusion'), zone, items, local }),
  v.strictObject({ kind: v.picklist(['zone-create', 'zone-delete']), zone, local }),
  /** Somebody with access to the central changes a record there by hand. `central` is 1 for the first. */
  v.strictObject({
    kind: v.literal('central-write'),
    central: v.number(),
    zone,
    remove: v.nullable(record),
    add: v.nullable(record),
  }),
  /** The provider makes a zone by hand, with the records given. `central` is 1 for the first. */
  v.strictObject({ kind: v.literal('central-create'), central: v.number(), zone, records: v.array(record) }),
  /**
   * A web domain and the like: the panel changes DNS without a DNS event, and may say that something happened
   * (`hints`).
   */
  v.strictObject({ kind: v.literal('unheard-change'), zone, add: record, hints: v.boolean() }),
  /**
   * The same: the panel loses records of a zone, or the zone itself (`records` is null). `hint`: what a
   * function names afterwards.
   */
  v.strictObject({
    kind: v.literal('unheard-removal'),
    zone,
    records: v.nullable(v.array(record)),
    hint: v.picklist(['zone', 'all', 'none']),
  }),
  /** The provider deletes a zone by hand. `central` is 1 for the first. */
  v.strictObject({ kind: v.literal('central-delete'), central: v.number(), zone }),
  /** Another account makes the zone at the central, where there is none. `central` is 1 for the first. */
  v.strictObject({ kind: v.literal('foreign-zone'), central: v.number(), zone }),
  /** The agent is killed. */
  v.strictObject({ kind: v.literal('kill') }),
  /** The agent starts, where it does not run. */
  v.strictObject({ kind: v.literal('start') }),
  /** A central (1 for the first), or the panel for our reads, is out of reach. */
  v.strictObject({
    kind: v.literal('outage'),
    of: v.union([v.literal('panel'), v.number()]),
    lasts: milliseconds,
  }),
  /** The wall clock of the panel's host is set. */
  v.strictObject({ kind: v.literal('clock-step'), by: milliseconds }),
  ...mishapSchemas,
]);

export type HistoryEvent = v.InferOutput<typeof eventSchema>;
export type EditOfRecords = Extract<HistoryEvent, { kind: 'edit' }>;
export type EditOfZone = Extract<HistoryEvent, { kind: 'zone-create' | 'zone-delete' }>;
export type Mishap = v.InferOutput<(typeof mishapSchemas)[number]>;

/** What happens in a history, and between it milliseconds that pass. */
export type Events = Generator<number | HistoryEvent, void>;
