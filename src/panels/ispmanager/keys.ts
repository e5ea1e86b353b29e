import { validOr } from '../../dns/problem.ts';
import { isDeviating, type DnsName, type Origin } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { KnownRecord } from '../../core/panel.ts';
import type { RecordDialect } from '../../net/ispmanager/record-dialect.ts';

/** A zone, and how its panel identifies records. */
export interface KeyContext {
  readonly zone: DnsName;
  /**
   * Names that the panel has. A name with `ß` has two readings (`ss` by IDNA 2003), and these names decide
   * between them.
   */
  readonly known: ReadonlySet<DnsName>;
  readonly records: RecordDialect;
}

/** A record of the ledger or of an open operation, with the key that names it. */
export interface Matched {
  readonly known: KnownRecord;
  readonly key: string;
}

/** What the text of an `elid` names. */
export type KeyMatch =
  | { readonly kind: 'records'; readonly records: readonly Matched[] }
  | { readonly kind: 'unknown' }
  /** The text has more than one reading. */
  | { readonly kind: 'ambiguous' }
  /** The text takes too long to read. */
  | { readonly kind: 'too-many' };

/** Finds the record of a key: one whose key a list showed, or else one that the key describes. */
export function matchKey(key: string, known: readonly KnownRecord[], place: KeyContext): KeyMatch {
  const found = finderOf(known, place)(key);
  return found === null ? { kind: 'unknown' } : { kind: 'records', records: [{ known: found, key }] };
}

/**
 * Finds the records of a list of keys, joined by comma and space, as group functions send it
 * (docs/protocol.md#parameters). Values may contain commas, so the list is split only where known keys
 * cover it exactly. If several splits do so, it is ambiguous (docs/glossary.md#ledger).
 */
export function matchKeys(list: string, known: readonly KnownRecord[], place: KeyContext): KeyMatch {
  const pieces = list.split(separator, mostPieces + 1);
  if (pieces.length > mostPieces) return { kind: 'too-many' };
  const cover = coversOf(pieces, keyShapes(known, place), limited(finderOf(known, place), list.length));
  return cover === null ? { kind: 'too-many' } : firstCover(cover);
}

/** The owner name of the record that a single key describes; null if the text may mean any record. */
export function namesMeant(key: string, { zone, known, records }: KeyContext): readonly DnsName[] | null {
  if (key.includes(separator)) return null;
  const meant = recordOf(key, records, { zone, known });
  return meant === null ? null : [meant.name];
}

const separator = ', ';

/** Maximum number of pieces between separators in one list. */
const mostPieces = 20_000;

/**
 * How often a list may be read over, in multiples of its length. Any user can send a list, and a long
 * search would block the agent.
 */
const mostReadings = 8;

/** Characters that may be read for a list of any length, however short. */
const leastBudget = 1024 * 1024;

/** Last pieces of known keys, by the number of pieces in the key. */
type KeyShapes = ReadonlyMap<number, ReadonlySet<string>>;

/**
 * Finds how many pieces the known keys have, and the last piece of each. All spellings of a key contain the
 * record's text unchanged, so the separators in it are the same.
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
 * Limits a finder: it returns `too-long` once it has read more characters than a list of this length
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
  /** Number of ways; 2 stands for two or more. */
  readonly ways: number;
  readonly match: Matched | null;
  readonly rest: Cover | null;
}

const whole: Cover = { ways: 1, match: null, rest: null };

/**
 * Finds the ways to cover the list, from its end, so that each piece is tried once for each length of key.
 * Null if it takes too long.
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
 * Whether another row of the panel holds the same record after the rows of these keys are gone. A key that
 * no list showed stands for one row.
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

/** Finds the known record that a key names; null if there is none. */
type Finder = (key: string) => KnownRecord | null;

/** The panel's names, with those of its records that have two readings. */
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
