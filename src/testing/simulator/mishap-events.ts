import * as v from 'valibot';
import { items, local, milliseconds, record, zone } from './event-parts.ts';

/** Number of a central, 1 for the first. */
const central = v.number();

/** Things that happen in a history beside what users do one by one. */
export const mishapSchemas = [
  /** A user saves records of several zones, or deletes zones, with one click. */
  v.strictObject({
    kind: v.literal('click'),
    edits: v.array(v.strictObject({ zone, items })),
    deletes: v.array(zone),
    local,
  }),
  /** A filter hides a zone from the list of the panel, or of a central. */
  v.strictObject({
    kind: v.literal('hidden-zone'),
    of: v.union([v.literal('panel'), central]),
    zone,
    lasts: milliseconds,
  }),
  /**
   * Another panel with the same account keeps its own value at a name: writes it, and puts it back some
   * times.
   */
  v.strictObject({
    kind: v.literal('other-panel'),
    central,
    zone,
    keeps: record,
    times: v.number(),
    every: milliseconds,
  }),
  /** A central refuses every write, or keeps records in other words than they were sent, and says so. */
  v.strictObject({
    kind: v.literal('odd-central'),
    central,
    how: v.picklist(['refuses', 'rewords']),
    lasts: milliseconds,
  }),
  /** The disk of a journal fails until somebody mends it. */
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
   * The power fails during a commit: the first from now, the second ...; `lands`: the commit is in the file
   * then.
   */
  v.strictObject({
    kind: v.literal('power-cut'),
    commit: v.number(),
    lands: v.boolean(),
    /** How long until the agent starts again. */
    back: milliseconds,
  }),
  /** Somebody copies the journal of a central. */
  v.strictObject({ kind: v.literal('journal-copied'), central }),
  /** The agent is killed, the copy of the journal put back, and the agent started again. */
  v.strictObject({ kind: v.literal('journal-put-back'), central }),
  /** The settings name another central from now on. */
  v.strictObject({ kind: v.literal('settings'), central }),
] as const;
