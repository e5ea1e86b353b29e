import * as v from 'valibot';
import { actor, items, local, milliseconds, record, zone } from './event-parts.ts';
import { hostSchemas } from './host-events.ts';
import { mishapSchemas } from './mishap-events.ts';
import { operatorSchemas } from './operator-events.ts';
import { pauseSchemas } from './pause-events.ts';

/**
 * One event of a history, with everything that is decided about it. Times and durations are milliseconds of
 * the virtual clock.
 */
export const eventSchema = v.variant('kind', [
  /** A user saves records of a zone in the panel. */
  v.strictObject({
    kind: v.literal('edit'),
    zone,
    items,
    actor,
    /** Whether the panel's list hides the zone's owner from now on; absent: nothing changes. */
    hidesOwner: v.optional(v.boolean()),
    /** Numbers, from 1, of the items that the panel does not carry out; absent: it carries out all items. */
    leavesOut: v.optional(v.array(v.number())),
    local,
  }),
  /** A user without a right to the zone tries an edit. The panel refuses it. */
  v.strictObject({ kind: v.literal('intrusion'), zone, items, local }),
  /** A user creates or deletes a zone in the panel. `actor`: who; absent: an administrator. */
  v.strictObject({
    kind: v.picklist(['zone-create', 'zone-delete']),
    zone,
    actor: v.optional(actor),
    local,
  }),
  /** Somebody with access to a central changes a record there by hand. `central` is its number, from 1. */
  v.strictObject({
    kind: v.literal('central-write'),
    central: v.number(),
    zone,
    remove: v.nullable(record),
    add: v.nullable(record),
  }),
  /** The provider creates a zone with these records by hand. `central` is the central's number, from 1. */
  v.strictObject({ kind: v.literal('central-create'), central: v.number(), zone, records: v.array(record) }),
  /**
   * The panel adds a record without a DNS event, as for a web domain. `hints`: whether it calls a function
   * that names the zone.
   */
  v.strictObject({ kind: v.literal('unheard-change'), zone, add: record, hints: v.boolean() }),
  /**
   * The panel loses records of a zone, or the whole zone (`records` is null), without a DNS event. `hint`:
   * whether the panel then calls a function that names this zone, all zones or none.
   */
  v.strictObject({
    kind: v.literal('unheard-removal'),
    zone,
    records: v.nullable(v.array(record)),
    hint: v.picklist(['zone', 'all', 'none']),
  }),
  /** The provider deletes a zone by hand. `central` is the central's number, from 1. */
  v.strictObject({ kind: v.literal('central-delete'), central: v.number(), zone }),
  /**
   * Another account creates the zone at a central that does not have it. `central` is the central's number,
   * from 1.
   */
  v.strictObject({ kind: v.literal('foreign-zone'), central: v.number(), zone }),
  /** The agent is killed. */
  v.strictObject({ kind: v.literal('kill') }),
  /** The agent starts, unless it is running. */
  v.strictObject({ kind: v.literal('start') }),
  /** Engines cannot reach a central (its number, from 1), or cannot read the panel. */
  v.strictObject({
    kind: v.literal('outage'),
    of: v.union([v.literal('panel'), v.number()]),
    lasts: milliseconds,
  }),
  /** The wall clock of the panel's host jumps by this many milliseconds. */
  v.strictObject({ kind: v.literal('clock-step'), by: milliseconds }),
  ...operatorSchemas,
  ...pauseSchemas,
  ...mishapSchemas,
  ...hostSchemas,
]);

export type HistoryEvent = v.InferOutput<typeof eventSchema>;
export type EditOfRecords = Extract<HistoryEvent, { kind: 'edit' }>;
export type EditOfZone = Extract<HistoryEvent, { kind: 'zone-create' | 'zone-delete' }>;
export type Mishap = v.InferOutput<(typeof mishapSchemas)[number]>;
export type HostEvent = v.InferOutput<(typeof hostSchemas)[number]>;

/** An event that happens on the copy of the host. */
export interface OnCopy {
  readonly on: 'copy';
  readonly event: HistoryEvent;
}

/** The events of one host. The numbers among them are milliseconds to wait. */
export type Events = Generator<number | HistoryEvent, void>;

/** The events of a history, each on the panel's host or on a copy of that host. */
export type HostedEvents = Generator<number | HistoryEvent | OnCopy, void>;
