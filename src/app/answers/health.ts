import * as v from 'valibot';
import { problemSchema } from '../../journal/operation-schema.ts';
import { name } from '../../journal/stored.ts';

/** Name under which the journal stores, as JSON, the {@link Health} that an agent knew last. */
export const healthFact = 'health';

/**
 * Time (ms) for which an edit is remembered that was left to the panel because the zone's owner was unknown.
 */
export const undecidedFor = 86_400_000;

/** A time: wall clock, milliseconds since 1970. */
const time = v.number();
const timeOrNull = v.nullable(time);

/** Schema of {@link Health}. */
export const healthSchema = v.object({
  /** The time for which the values below hold. */
  at: time,
  /** Why nothing is sent to the central; null: requests are sent. */
  blocked: v.nullable(problemSchema),
  /** Since when the central does not answer; null: it does, as far as known. */
  failingSince: timeOrNull,
  /** When the central last answered; null: not known. */
  answeredAt: timeOrNull,
  comparison: v.object({
    /**
     * Code of the failure because of which no comparison of all zones can begin; null: there is no such
     * failure.
     */
    problem: v.nullable(v.string()),
    failingSince: timeOrNull,
    /** When all zones were last compared; null: not known. */
    completeAt: timeOrNull,
    /**
     * When the next complete comparison begins to be overdue; null: the settings ask for no regular
     * comparisons.
     */
    overdueAt: timeOrNull,
    failingZones: v.number(),
    failingZonesSince: timeOrNull,
  }),
  /** Edits that name servers do not serve in time; null: none is known. */
  behind: v.nullable(v.object({ edits: v.number(), servers: v.array(v.string()), since: time })),
  /** Edits that were left to the panel because the zone's owner was unknown; null: none is known. */
  undecided: v.nullable(v.object({ edits: v.number(), since: time, last: time })),
  /** Since when there are more conflicts than the settings allow; null: there are not. */
  conflictsSince: timeOrNull,
  /** Rounds of comparisons that found changes in the panel without a call to us, oldest first. */
  silent: v.array(v.object({ at: time, zone: name })),
  /** What is wrong with the plugin's files under the panel's root; null: nothing. */
  files: v.nullable(v.object({ text: v.string(), since: time })),
});

/**
 * The agent's knowledge about one central and the panel that is not in the journal's tables. It is stored as
 * a fact, so that it is known even if no agent runs.
 */
export type Health = v.InferOutput<typeof healthSchema>;

/** Parses the health that the journal stores; null: none is stored, or another release wrote it. */
export function healthIn(fact: string | null): Health | null {
  if (fact === null) return null;
  try {
    const read = v.safeParse(healthSchema, JSON.parse(fact));
    return read.success ? read.output : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
