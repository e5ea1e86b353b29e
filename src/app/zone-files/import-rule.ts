import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { rrsetId } from '../../dns/zone.ts';
import { isCentralsOwn } from '../../core/engine/knowledge/compare-rule.ts';
import type { PanelRecord } from '../../core/panel.ts';

/** One edit of the panel that an import makes. */
export type ImportStep =
  | { readonly kind: 'add'; readonly add: ResourceRecord; readonly remove: null }
  | { readonly kind: 'remove'; readonly add: null; readonly remove: PanelRecord }
  | { readonly kind: 'change'; readonly add: ResourceRecord; readonly remove: PanelRecord };

/** What an import does in the panel, and what it leaves. */
export interface ImportPlan {
  readonly zone: DnsName;
  readonly steps: readonly ImportStep[];
  /** Records that differ and stay as they are, because the operator asked for no removals. */
  readonly left: readonly { readonly record: ResourceRecord; readonly at: 'file' | 'panel' }[];
  /** How many records of the file belong to the central: SOA, NS of the zone's own name, signatures. */
  readonly ignored: number;
  /** How many records the panel has that are compared. */
  readonly held: number;
}

/**
 * Finds out which edits bring the panel's zone to a file. Adds what the panel lacks. Removes and replaces
 * only if `removes`; otherwise a record is left if the panel has others of its name and type. TTLs do not
 * count. Pure.
 */
export function planImport(
  zone: DnsName,
  file: readonly ResourceRecord[],
  panel: readonly PanelRecord[],
  removes: boolean,
): ImportPlan {
  const wanted = file.filter((record) => !isCentralsOwn(zone, record));
  const held = panel.filter((record) => !isCentralsOwn(zone, record));
  const wantedIds = new Set(wanted.map(recordId));
  const heldIds = new Set(held.map(recordId));
  const lacking = wanted.filter((record) => !heldIds.has(recordId(record)));
  const surplus = held.filter((record) => !wantedIds.has(recordId(record)));
  const rest = { zone, ignored: file.length - wanted.length, held: held.length };
  if (removes) return { ...rest, steps: replacing(lacking, surplus), left: [] };
  const taken = new Set(surplus.map(rrsetId));
  const add = lacking.filter((record) => !taken.has(rrsetId(record)));
  return {
    ...rest,
    steps: add.map((record) => ({ kind: 'add', add: record, remove: null })),
    left: [
      ...surplus.map((record) => ({ record, at: 'panel' }) as const),
      ...lacking
        .filter((record) => taken.has(rrsetId(record)))
        .map((record) => ({ record, at: 'file' }) as const),
    ],
  };
}

/**
 * Pairs records of one name and type to changes, so that such a place is never empty. Removals come before
 * additions, because a CNAME and other data exclude each other.
 */
function replacing(lacking: readonly ResourceRecord[], surplus: readonly PanelRecord[]): ImportStep[] {
  const unpaired = Map.groupBy(surplus, rrsetId);
  const changes: ImportStep[] = [];
  const additions: ImportStep[] = [];
  for (const add of lacking) {
    const remove = unpaired.get(rrsetId(add))?.shift();
    if (remove === undefined) additions.push({ kind: 'add', add, remove: null });
    else changes.push({ kind: 'change', add, remove });
  }
  const removals = [...unpaired.values()]
    .flat()
    .map((remove): ImportStep => ({ kind: 'remove', add: null, remove }));
  return [...changes, ...removals, ...additions];
}

/** Identifies a step as text. */
export function importStepId({ add, remove }: ImportStep): string {
  return `${remove === null ? '' : recordId(remove)} > ${add === null ? '' : recordId(add)}`;
}
