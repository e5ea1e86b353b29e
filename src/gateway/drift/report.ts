import { parseName } from '../../dns/name.ts';
import { rrsetId } from '../../dns/zone.ts';
import type { DriftedRecord, DriftedRRset, ZoneDrift } from '../storage/drift-storage.ts';
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
  const byId = new Map((earlier?.rrsets ?? []).map((one) => [rrsetId(one), one]));
  let size = sizeOf([...byId.values()]);
  let more = earlier?.more ?? 0;
  for (const difference of differences) {
    const known = byId.get(difference.id);
    const one = driftedRRset(difference, known ?? null);
    if (known !== undefined) size -= sizeOf([known]);
    byId.delete(difference.id);
    size += sizeOf([one]);
    if (byId.size < mostListed && size <= mostInAll) byId.set(difference.id, one);
    else more += 1;
  }
  const rrsets = [...byId.values()].filter((one) => !areSame(one.before, one.after) && !isBack(one, present));
  if (rrsets.length === 0 && more === 0 && state === 'records') return null;
  const isNew = differences.length > 0 || state !== (earlier?.state ?? 'records');
  const lastSeen = isNew ? at : (earlier?.lastSeen ?? at);
  return { state, firstSeen: earlier?.firstSeen ?? at, lastSeen, rrsets, more };
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
