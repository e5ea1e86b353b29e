import { DnsDataError, problem, type Problem } from '../../dns/problem.ts';
import { isDeviating, type DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import type { KnownRecord } from '../../core/panel.ts';
import type { RecordDialect } from '../../net/ispmanager/record-dialect.ts';

/** The zone, and how its panel names records. */
export interface KeyContext {
  readonly zone: DnsName;
  /** Names that the panel is known to have: they decide where one can be read in two ways. */
  readonly known: ReadonlySet<DnsName>;
  readonly records: RecordDialect;
}

/** A known record, and the key that means it. */
export interface Matched {
  readonly known: KnownRecord;
  readonly key: string;
}

/** What the text of an `elid` names. */
export type KeyMatch =
  | { readonly kind: 'records'; readonly records: readonly Matched[] }
  | { readonly kind: 'unknown' }
  /** It can be read in more than one way. */
  | { readonly kind: 'ambiguous' }
  /** It takes too long to be read. */
  | { readonly kind: 'too-many' };

/** One record by its key: as the panel showed it, else by meaning. */
export function matchKey(key: string, known: readonly KnownRecord[], place: KeyContext): KeyMatch {
  const found = finderOf(known, place)(key);
  return found === null ? { kind: 'unknown' } : { kind: 'records', records: [{ known: found, key }] };
}

/**
 * A list of keys joined by comma and space, as group operations send it (docs/protocol.md#parameters). Values
 * may hold commas themselves, so it is cut only by an exact cover with known keys; more than one possible
 * cover is ambiguous (docs/glossary.md#ledger).
 */
export function matchKeys(list: string, known: readonly KnownRecord[], place: KeyContext): KeyMatch {
  const pieces = list.split(separator, mostPieces + 1);
  if (pieces.length > mostPieces) return { kind: 'too-many' };
  const cover = coversOf(pieces, keyShapes(known, place), limited(finderOf(known, place), list.length));
  return cover === null ? { kind: 'too-many' } : firstCover(cover);
}

/** The owner of the record a key means, if it is a single key that says so; null: it may be any. */
export function namesMeant(key: string, { zone, known, records }: KeyContext): readonly DnsName[] | null {
  if (key.includes(separator)) return null;
  try {
    const meant = records.fromKey(key, { zone, known });
    return meant === null ? null : [meant.name];
  } catch (error) {
    if (error instanceof DnsDataError) return null;
    throw error;
  }
}

const separator = ', ';

/** Most pieces of one list. */
const mostPieces = 20_000;

/**
 * How often a list may be read over, its length in characters each time: any user may send one, and it keeps
 * the agent busy.
 */
const mostReadings = 8;

/** The same for short lists, characters. */
const leastBudget = 1024 * 1024;

/** Last pieces of known keys, by the number of pieces. */
type KeyShapes = ReadonlyMap<number, ReadonlySet<string>>;

/**
 * Of how many pieces known keys consist, one more than they hold separators, and how those of several pieces
 * end. A text is in every spelling of its key as it is.
 */
function keyShapes(known: readonly KnownRecord[], { zone, records }: KeyContext): KeyShapes {
  const shapes = new Map<number, Set<string>>();
  for (const one of known) {
    const spellings = [...records.likelyKeys(one.record, zone), ...shownKeys(one)];
    for (const spelling of spellings) {
      const pieces = spelling.split(separator);
      const ends = shapes.get(pieces.length) ?? new Set();
      shapes.set(pieces.length, ends.add(pieces.at(-1) ?? ''));
    }
  }
  return shapes;
}

/**
 * A finder that gives `too-long` once it was asked for more characters than the budget for a list of this
 * length.
 */
function limited(find: Finder, length: number): (key: string) => KnownRecord | null | 'too-long' {
  let left = Math.max(leastBudget, mostReadings * length);
  return (key) => {
    left -= key.length;
    return left < 0 ? 'too-long' : find(key);
  };
}

/** How the rest of a list from some piece on can be covered. */
interface Cover {
  /** No more than two are distinguished. */
  readonly ways: number;
  readonly match: Matched | null;
  readonly rest: Cover | null;
}

const whole: Cover = { ways: 1, match: null, rest: null };

/**
 * Goes from the end, so that every piece is checked once for each length, however often it can be reached.
 * Null: it takes too long.
 */
function coversOf(
  pieces: readonly string[],
  shapes: KeyShapes,
  find: ReturnType<typeof limited>,
): Cover | null {
  const covers: Cover[] = [];
  covers[pieces.length] = whole;
  for (let from = pieces.length - 1; from >= 0; from -= 1) {
    let found: Cover = { ways: 0, match: null, rest: null };
    for (const [length, ends] of shapes) {
      const rest = covers[from + length];
      if (rest === undefined || rest.ways === 0 || found.ways > 1) continue;
      if (length > 1 && !ends.has(pieces[from + length - 1] ?? '')) continue;
      const key = pieces.slice(from, from + length).join(separator);
      const known = find(key);
      if (known === 'too-long') return null;
      if (known !== null) found = { ways: Math.min(2, found.ways + rest.ways), match: { known, key }, rest };
    }
    covers[from] = found;
  }
  return covers[0] ?? whole;
}

function firstCover(cover: Cover): KeyMatch {
  if (cover.ways !== 1) return { kind: cover.ways === 0 ? 'unknown' : 'ambiguous' };
  const records: Matched[] = [];
  for (let at: Cover | null = cover; at !== null; at = at.rest) if (at.match !== null) records.push(at.match);
  return { kind: 'records', records };
}

/**
 * Whether the panel has another row that means the same record, once the rows of these keys are gone. A key
 * that no list showed stands for one of the rows.
 * @param taken keys of that record
 */
export function staysInPanel(known: KnownRecord, taken: Iterable<string>): boolean {
  const rows = Math.max(1, new Set(shownKeys(known)).size) + (known.unread ?? 0);
  return rows > new Set(taken).size;
}

/** The keys that lists showed for a record. */
function shownKeys({ key, otherKeys = [] }: KnownRecord): readonly string[] {
  return key === null ? otherKeys : [key, ...otherKeys];
}

/** The known record that a key means. */
type Finder = (key: string) => KnownRecord | null;

/** The names that a panel is known to have, with those of its records that could be read in two ways. */
export function withNamesOf(
  known: ReadonlySet<DnsName>,
  records: readonly KnownRecord[],
): ReadonlySet<DnsName> {
  const names = records.map(({ record }) => record.name).filter(isDeviating);
  return names.length === 0 ? known : new Set([...known, ...names]);
}

function finderOf(known: readonly KnownRecord[], { zone, known: zones, records }: KeyContext): Finder {
  const names = withNamesOf(zones, known);
  const byId = new Map(known.map((one) => [recordId(one.record), one]));
  const byKey = new Map(known.flatMap((one) => shownKeys(one).map((key) => [key, one] as const)));
  return (key) => {
    const verbatim = byKey.get(key);
    if (verbatim !== undefined) return verbatim;
    try {
      const meant = records.fromKey(key, { zone, known: names });
      return meant === null ? null : (byId.get(recordId(meant)) ?? null);
    } catch (error) {
      // What is no record cannot be one we know.
      if (error instanceof DnsDataError) return null;
      throw error;
    }
  };
}

export function ambiguousKeys(list: string): Problem {
  return problem('record.ambiguous-keys', { keys: list });
}
