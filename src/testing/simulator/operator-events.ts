import * as v from 'valibot';
import { milliseconds, zone } from './event-parts.ts';

/** Number of a central, from 1. */
const central = v.number();

/** Schemas of the events of operators (docs/planning.md). */
export const operatorSchemas = [
  /** An operator plans a zone, reads the plan, and applies it. */
  v.strictObject({
    kind: v.literal('plan'),
    central,
    zone,
    direction: v.picklist(['push', 'pull']),
    removes: v.boolean(),
    /** Only records of this owner name; null: all of the zone. */
    only: v.nullable(zone),
    /** How long the operator reads the plan before applying it, in milliseconds. */
    waits: milliseconds,
    /** Whether a second operator applies the same plan at the same moment. */
    twice: v.boolean(),
  }),
  /** An operator excludes or includes a zone, or the records of one owner name in it. */
  v.strictObject({
    kind: v.literal('exclusion'),
    central,
    zone,
    only: v.nullable(zone),
    excluded: v.boolean(),
  }),
] as const;
