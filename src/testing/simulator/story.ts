import * as v from 'valibot';
import type { Tape } from './chances.ts';
import { recordLine } from './event-parts.ts';
import { eventSchema, type HistoryEvent } from './event.ts';
import type { HistoryOptions } from './set-up.ts';

/**
 * A recorded history: its events with their times (monotonic milliseconds, from 0), and the results of its
 * other random draws.
 */
export interface Story {
  readonly options: Partial<HistoryOptions>;
  /** Whether a create at the first central can also create the zone's records. */
  readonly createsWithContent: boolean;
  readonly events: readonly TimedEvent[];
  /**
   * From this time on (monotonic milliseconds) there are no more faults and events, so that both sides can
   * settle.
   */
  readonly calmAt: number;
  readonly draws: Tape;
}

export interface TimedEvent {
  readonly at: number;
  /** Whether the event happens on the copy of the host; absent: on the panel's host. */
  readonly on?: 'copy';
  readonly event: HistoryEvent;
}

const flag = v.exactOptional(v.boolean());
/** The form of a record in memory. In a story's file, records are lines of master files. */
const record = v.strictObject({
  name: v.string(),
  type: v.string(),
  ttl: v.nullable(v.number()),
  rdata: v.string(),
});
const drawn = v.union([v.number(), v.string(), v.boolean(), v.null()]);
const options = {
  ttls: flag,
  byName: flag,
  signed: flag,
  two: flag,
  above: flag,
  users: flag,
  journal: flag,
  reads: flag,
  writes: flag,
  slow: flag,
  lags: flag,
  clicks: flag,
  others: flag,
  moves: flag,
  backups: flag,
  hosts: flag,
  observe: flag,
  crowd: flag,
  arrival: flag,
  unheard: flag,
  plans: flag,
  serials: flag,
  pauses: flag,
  onetrip: flag,
} satisfies Readonly<Record<keyof HistoryOptions, typeof flag>>;
const schema = v.strictObject({
  options: v.strictObject(options),
  createsWithContent: v.boolean(),
  events: v.array(
    v.strictObject({ at: v.number(), on: v.exactOptional(v.literal('copy')), event: eventSchema }),
  ),
  calmAt: v.number(),
  draws: v.record(v.string(), v.record(v.string(), drawn)),
});

/** Parses a story. @param text as `printStory` writes it @throws {Error} when the text is no story */
export function parseStory(text: string): Story {
  return v.parse(schema, JSON.parse(text));
}

/**
 * Writes the story as JSON, with one line for each event and for each name of draws. Records are written as
 * in master files.
 */
export function printStory({ events, draws, ...rest }: Story): string {
  const head = Object.entries(rest).map(([name, value]) => `  ${json(name)}: ${json(value)},`);
  const tape = Object.entries(draws).map(([name, values]) => `${json(name)}: ${json(values)}`);
  return [
    '{',
    ...head,
    `  "events": ${block('[', events.map(json), ']')},`,
    `  "draws": ${block('{', tape, '}')}`,
    '}',
    '',
  ].join('\n');
}

function block(open: string, lines: readonly string[], close: string): string {
  if (lines.length === 0) return `${open}${close}`;
  return `${open}\n${lines.map((line) => `    ${line}`).join(',\n')}\n  ${close}`;
}

function json(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (v.is(record, part) ? recordLine(part) : part));
}
