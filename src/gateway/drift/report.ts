import { parseName } from '../../dns/name.ts';
import { rrsetId } from '../../dns/zone.ts';
import type { DriftedRecord, DriftedRRset, ZoneDrift } from '../storage/zone-drift.ts';
import type { Difference } from './replay.ts';
import { recordsInText, type RRsetTexts } from './snapshot.ts';

/** Maximum number of RRsets that are listed for a zone. */
const mostListed = 100;
/** An RRset with more characters than this is listed without its records. */
const mostInRRset = 4_096;
/** Maximum number of characters of all RRsets that are listed for a zone. */
const mostInAll = 65_536;
/** The same for an entry of the audit, which is kept for ever. */
const audited = { rrsets: 20, characters: 8_192 } as const;

/** What a check has found in a zone. */
export interface DriftFound {
  readonly state: ZoneDrift['state'];
  readonly differences: readonly Difference[];
  /** What the zone has now; null: that is not known. */
  readonly present: RRsetTexts | null;
  /** Wall clock, milliseconds. */
  readonly at: number;
}

/**
 * Adds what a check has found to what earlier checks have found. An RRset that is again as the gateway left
 * it is no longer listed.
 * @returns null: nothing differs any more
 */
export function mergeDrift(earlier: ZoneDrift | null, found: DriftFound): ZoneDrift | null {
  const { state, differences, present, at } = found;
  const { firstSeen, lastSeen, ...before } = earlier ?? { ...nothing, firstSeen: at, lastSeen: at };
  const { byId, more } = listed(before, differences);
  const rrsets = [...byId.values()].filter((one) => !areSame(one.before, one.after) && !isBack(one, present));
  if (rrsets.length === 0 && more === 0 && state === 'records') return null;
  const isNew = differences.length > 0 || state !== before.state;
  return { state, firstSeen, lastSeen: isNew ? at : lastSeen, rrsets, more };
}

const nothing = { state: 'records', rrsets: [], more: 0 } as const;

/** The RRsets to list, by `rrsetId`, and how many more there are. */
function listed(
  earlier: Pick<ZoneDrift, 'rrsets' | 'more'>,
  differences: readonly Difference[],
): { readonly byId: ReadonlyMap<string, DriftedRRset>; readonly more: number } {
  const byId = new Map(earlier.rrsets.map((one) => [rrsetId(one), one]));
  let { more } = earlier;
  let size = sizeOf(earlier.rrsets);
  for (const difference of differences) {
    const known = byId.get(difference.id) ?? null;
    const one = driftedRRset(difference, known);
    if (byId.delete(difference.id)) size -= sizeOf(known === null ? [] : [known]);
    const added = sizeOf([one]);
    if (byId.size < mostListed && size + added <= mostInAll) {
      byId.set(difference.id, one);
      size += added;
    } else more += 1;
  }
  return { byId, more };
}

/** What the audit stores about what a check has found. */
export function auditDetail({ state, differences }: Pick<DriftFound, 'state' | 'differences'>): unknown {
  const rrsets: DriftedRRset[] = [];
  for (const difference of differences.slice(0, audited.rrsets)) {
    const one = driftedRRset(difference, null);
    if (sizeOf([...rrsets, one]) > audited.characters) break;
    rrsets.push(one);
  }
  return { state, rrsets, more: differences.length - rrsets.length };
}

/** Whether an RRset is again as the gateway left it. */
function isBack(one: DriftedRRset, present: RRsetTexts | null): boolean {
  return present !== null && areSame(one.before, recordsOf(present.get(rrsetId(one))));
}

/** @param earlier what is listed of the RRset already; null: nothing */
function driftedRRset({ id, before, form, after }: Difference, earlier: DriftedRRset | null): DriftedRRset {
  const isDigest = form === 'digests' && before !== undefined;
  // A name may contain spaces, a type does not.
  const at = id.lastIndexOf(' ');
  return {
    name: parseName(id.slice(0, at)),
    type: id.slice(at + 1),
    before: earlier === null ? (isDigest ? null : recordsOf(before)) : earlier.before,
    after: recordsOf(after),
  };
}

/** @returns null: there is too much of it */
function recordsOf(text: string | undefined): readonly DriftedRecord[] | null {
  return text !== undefined && text.length > mostInRRset ? null : recordsInText(text);
}

function areSame(a: DriftedRRset['before'], b: DriftedRRset['before']): boolean {
  return a !== null && b !== null && JSON.stringify(a) === JSON.stringify(b);
}

function sizeOf(rrsets: readonly DriftedRRset[]): number {
  return JSON.stringify(rrsets).length;
}
