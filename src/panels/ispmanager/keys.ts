import { validOr } from '../../dns/problem.ts';
import { isDeviating, type DnsName, type Origin } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { rowsInPanel, type KnownRecord } from '../../core/panel.ts';
import type { RecordDialect } from '../../net/ispmanager/record-dialect.ts';

/** A zone, and how its panel identifies records. */
export interface KeyContext {
  readonly zone: DnsName;
  /**
   * Names that the panel has. IDNA 2003 turns `ß` in a name into `ss`, and IDNA 2008 keeps it. Of the two
   * names, the one in this set is meant.
   */
  readonly known: ReadonlySet<DnsName>;
  readonly records: RecordDialect;
}

/** A record of the ledger or of an open operation, with the key that the call names. */
export interface Matched {
  readonly known: KnownRecord;
  readonly key: string;
}

/** The result of looking up the text of an `elid`. */
export type KeyMatch =
  | { readonly kind: 'records'; readonly records: readonly Matched[] }
  | { readonly kind: 'unknown' }
  /** The text can be split into known keys in more than one way. */
  | { readonly kind: 'ambiguous' }
  /** Reading the text would take too long. */
  | { readonly kind: 'too-many' };

/**
 * Finds the record of a key: the record that a list showed with this key, or else the one that the key
 * describes.
 */
export function matchKey(key: string, known: readonly KnownRecord[], place: KeyContext): KeyMatch {
  const found = finderOf(known, place)(key);
  return found === null ? { kind: 'unknown' } : { kind: 'records', records: [{ known: found, key }] };
}

/**
 * Finds the records of a list of keys, separated by comma and space, as group functions send it
 * (docs/protocol.md#parameters). Values may contain commas too, so the list is split only in such a way that
 * all parts are known keys. If several such ways exist, the list is ambiguous.
 */
export function matchKeys(list: string, known: readonly KnownRecord[], place: KeyContext): KeyMatch {
  const pieces = list.split(separator, mostPieces + 1);
  if (pieces.length > mostPieces) return { kind: 'too-many' };
  const cover = coversOf(pieces, keyShapes(known, place), limited(finderOf(known, place), list.length));
  return cover === null ? { kind: 'too-many' } : firstCover(cover);
}

/** The owner name of the record that a single key describes; null: the text may mean any record. */
export function namesMeant(key: string, { zone, known, records }: KeyContext): readonly DnsName[] | null {
  if (key.includes(separator)) return null;
  const meant = recordOf(key, records, { zone, known });
  return meant === null ? null : [meant.name];
}

const separator = ', ';

/** Maximum number of pieces between separators in one list. */
const mostPieces = 20_000;

/**
 * Maximum number of characters that one search may read, as a multiple of the list's length. Any user can
 * send a list, and a long search would block the agent.
 */
const mostReadings = 8;

/** Number of characters that a search may always read, even for a short list. */
const leastBudget = 1024 * 1024;

/** The last pieces of known keys, by the number of pieces that such a key has. */
type KeyShapes = ReadonlyMap<number, ReadonlySet<string>>;

/**
 * Finds out how many pieces the known keys have, and the last piece of each. All spellings of a key contain
 * the record's text unchanged, so they have the same separators.
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
 * Limits a finder. The result returns `too-long` once it has read more characters than a list of this length
 * allows.
 */
function limited(find: Finder, length: number): (key: string) => KnownRecord | null | 'too-long' {
  let left = Math.max(leastBudget, mostReadings * length);
  return (key) => {
    left -= key.length;
    return left < 0 ? 'too-long' : find(key);
  };
}

/** How the rest of a list, from one piece on, can be split into known keys. */
interface Cover {
  /** Number of ways in which the rest can be split; 2 stands for two or more. */
  readonly ways: number;
  readonly match: Matched | null;
  readonly rest: Cover | null;
}

const whole: Cover = { ways: 1, match: null, rest: null };

/**
 * Finds the ways in which the list can be split into known keys. Starts at the end of the list, so that each
 * piece is tried only once for each length of a key. Null: this would take too long.
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
 * Whether the panel still has the record after the rows with these keys are deleted, because another row
 * contains it too.
 * @param taken keys of that record
 */
export function staysInPanel(known: KnownRecord, taken: Iterable<string>): boolean {
  return rowsInPanel(known) > new Set(taken).size;
}

/** The keys of a record that the panel's lists have shown. */
function shownKeys({ key, otherKeys = [] }: KnownRecord): readonly string[] {
  return key === null ? otherKeys : [key, ...otherKeys];
}

/** Finds the known record that a key names; null: there is none. */
type Finder = (key: string) => KnownRecord | null;

/**
 * The panel's names, and those owner names of its records that IDNA 2003 and IDNA 2008 encode differently.
 */
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
    const meant = recordOf(key, records, { zone, known: names });
    return meant === null ? null : (byId.get(recordId(meant)) ?? null);
  };
}

/** The record that a key describes; null if it describes none, or no valid one. */
function recordOf(key: string, records: RecordDialect, zone: Origin): ResourceRecord | null {
  return validOr(() => records.fromKey(key, zone), null);
}
