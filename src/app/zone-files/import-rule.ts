import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { rrsetId } from '../../dns/zone.ts';
import { isCentralsOwn } from '../../core/engine/knowledge/compare-rule.ts';
import type { PanelRecord } from '../../core/panel.ts';

/** One edit that an import makes in the panel. */
export type ImportStep =
  | { readonly kind: 'add'; readonly add: ResourceRecord; readonly remove: null }
  | { readonly kind: 'remove'; readonly add: null; readonly remove: PanelRecord }
  | { readonly kind: 'change'; readonly add: ResourceRecord; readonly remove: PanelRecord };

/** The edits that an import makes in the panel, and the records that it leaves unchanged. */
export interface ImportPlan {
  readonly zone: DnsName;
  readonly steps: readonly ImportStep[];
  /**
   * Records that are only in the file or only in the panel, and stay so because the operator did not ask for
   * removals.
   */
  readonly left: readonly { readonly record: ResourceRecord; readonly at: 'file' | 'panel' }[];
  /**
   * How many records of the file are skipped because the central manages them: SOA, NS of the zone's own
   * name, signatures.
   */
  readonly ignored: number;
  /** How many of the panel's records are compared with the file. */
  readonly held: number;
}

/**
 * Finds the edits that give the panel's zone the records of a file. Without `removes`, only adds records, and
 * none where the panel has other records with the same name and type. Ignores differences of TTLs. Pure.
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
 * Turns removals and additions of the same name and type into changes, so that there is always a record.
 * Other removals come before additions, because a CNAME cannot stand beside other data.
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

/** Makes a text that identifies a step. */
export function importStepId({ add, remove }: ImportStep): string {
  return `${remove === null ? '' : recordId(remove)} > ${add === null ? '' : recordId(add)}`;
}
