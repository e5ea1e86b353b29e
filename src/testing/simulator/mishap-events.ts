import * as v from 'valibot';
import { items, local, milliseconds, record, zone } from './event-parts.ts';

/** Number of a central, from 1. */
const central = v.number();

/** Schemas of events that are not single edits of users: clicks with several edits, and faults. */
export const mishapSchemas = [
  /** A user saves records of several zones, or deletes several zones, with one click. */
  v.strictObject({
    kind: v.literal('click'),
    edits: v.array(v.strictObject({ zone, items })),
    deletes: v.array(zone),
    local,
  }),
  /** A filter hides a zone from the zone list of the panel or of a central. */
  v.strictObject({
    kind: v.literal('hidden-zone'),
    of: v.union([v.literal('panel'), central]),
    zone,
    lasts: milliseconds,
  }),
  /**
   * Another panel with the same account keeps its own value at a name. If somebody changes the value, it
   * writes the value again, at most `times` times.
   */
  v.strictObject({
    kind: v.literal('other-panel'),
    central,
    zone,
    keeps: record,
    times: v.number(),
    every: milliseconds,
  }),
  /** For a while, a central refuses every write, or stores and reports other data than it was sent. */
  v.strictObject({
    kind: v.literal('odd-central'),
    central,
    how: v.picklist(['refuses', 'rewords']),
    lasts: milliseconds,
  }),
  /** The disk of a journal fails for a while. */
  v.strictObject({
    kind: v.literal('journal-trouble'),
    central,
    fault: v.picklist([
      'full',
      'reserve-gone',
      'read-only',
      'unsynced',
      'busy',
      'waits',
      'unreadable',
      'read-error',
    ]),
    lasts: milliseconds,
  }),
  /**
   * The power fails during a commit. `commit`: its number, counted from now on, from 1. `lands`: whether the
   * commit is in the file afterwards.
   */
  v.strictObject({
    kind: v.literal('power-cut'),
    commit: v.number(),
    lands: v.boolean(),
    /** How long after the power cut the agent starts again, in milliseconds. */
    back: milliseconds,
  }),
  /** An administrator copies the journal of a central. */
  v.strictObject({ kind: v.literal('journal-copied'), central }),
  /** The agent is killed, the copy replaces the journal, and the agent starts again. */
  v.strictObject({ kind: v.literal('journal-put-back'), central }),
  /** The mode in the settings changes. */
  v.strictObject({ kind: v.literal('mode'), mode: v.picklist(['strict', 'observe']) }),
  /** From now on, the settings name only this central. */
  v.strictObject({ kind: v.literal('settings'), central }),
] as const;
