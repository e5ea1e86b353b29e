import { DnsDataError, type Problem } from '../../dns/problem.ts';
import type { DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import type { KnownRecord } from '../../core/panel.ts';
import type { RecordDialect } from '../../net/ispmanager/record-dialect.ts';

/** The zone, and how its panel names records. */
interface Place {
  readonly zone: DnsName;
  readonly records: RecordDialect;
}

/** What the text of an `elid` names. */
export type KeyMatch =
  | { readonly kind: 'records'; readonly records: readonly KnownRecord[] }
  | { readonly kind: 'unknown' }
  /** It can be read in more than one way. */
  | { readonly kind: 'ambiguous' };

/** One record by its key: as the panel showed it, else by meaning. */
export function matchKey(key: string, known: readonly KnownRecord[], place: Place): KeyMatch {
  const record = findByKey(key, known, place);
  return record === null ? { kind: 'unknown' } : { kind: 'records', records: [record] };
}

/**
 * A list of keys joined by comma and space, as group operations send it (reference 2.3). Values may hold commas themselves, so
 * it is cut only by an exact cover with known keys; more than one possible cover is ambiguous (design: "The ledger").
 */
export function matchKeys(list: string, known: readonly KnownRecord[], place: Place): KeyMatch {
  const candidates = candidateKeys(known, place);
  const covers: KnownRecord[][] = [];
  cover(list, 0, [], candidates, place, known, covers);
  const distinct = new Map(covers.map((one) => [signature(one), one]));
  const [first] = distinct.values();
  if (first === undefined) return { kind: 'unknown' };
  return distinct.size > 1 ? { kind: 'ambiguous' } : { kind: 'records', records: first };
}

/** Most covers looked for: the second distinct one already decides. */
const enoughCovers = 8;

function cover(
  list: string,
  from: number,
  chosen: readonly KnownRecord[],
  candidates: ReadonlyMap<string, KnownRecord>,
  place: Place,
  known: readonly KnownRecord[],
  found: KnownRecord[][],
): void {
  if (found.length >= enoughCovers) return;
  for (let end = nextCut(list, from); end >= 0; end = end === list.length ? -1 : nextCut(list, end + 1)) {
    const piece = list.slice(from, end);
    const record = candidates.get(piece) ?? findByKey(piece, known, place);
    if (record === null || record === undefined) continue;
    if (end === list.length) found.push([...chosen, record]);
    else cover(list, end + 2, [...chosen, record], candidates, place, known, found);
  }
}

function nextCut(list: string, from: number): number {
  const cut = list.indexOf(', ', from);
  return cut < 0 ? list.length : cut;
}

function signature(records: readonly KnownRecord[]): string {
  return records
    .map(({ record }) => recordId(record))
    .sort()
    .join('\n');
}

function candidateKeys(known: readonly KnownRecord[], { zone, records }: Place): Map<string, KnownRecord> {
  const candidates = new Map<string, KnownRecord>();
  for (const one of known) {
    for (const key of one.key === null ? records.likelyKeys(one.record, zone) : [one.key])
      candidates.set(key, one);
  }
  return candidates;
}

function findByKey(key: string, known: readonly KnownRecord[], { zone, records }: Place): KnownRecord | null {
  const verbatim = known.find((one) => one.key === key);
  if (verbatim !== undefined) return verbatim;
  try {
    const meant = records.fromKey(key, zone);
    if (meant === null) return null;
    const id = recordId(meant);
    return known.find(({ record }) => recordId(record) === id) ?? null;
  } catch (error) {
    // What is no record cannot be one we know.
    if (error instanceof DnsDataError) return null;
    throw error;
  }
}

export function ambiguousKeys(list: string): Problem {
  return { code: 'record.ambiguous-keys', params: { keys: list } };
}
