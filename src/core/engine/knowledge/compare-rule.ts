import { isSigners } from '../../../dns/dnssec.ts';
import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { keyFields, type LedgerRow, type RecordState } from '../../ledger.ts';
import type { PanelRecord } from '../../panel.ts';

/** Note of a zone that both sides had, but that the central no longer has. */
export const missingNote = 'note.missing-at-central';

/** The result of comparing one zone. Nothing has been written yet. */
export interface Comparison {
  /** Ledger rows to write (`put`), and records whose ledger rows are deleted (`drop`). */
  readonly put: readonly LedgerRow[];
  readonly drop: readonly ResourceRecord[];
  /**
   * Records that are new in the panel since the baseline and clash with no record of the central. They are to
   * be added there.
   */
  readonly additions: readonly PanelRecord[];
  /**
   * New records of the panel that the central cannot have yet. An open operation has a record at the same
   * name there, and one of the two records is an alias. The new record gets no row, and waits until the
   * operation has ended.
   */
  readonly waiting: readonly PanelRecord[];
  /**
   * Synced records that the central has and the panel no longer has. They are to be removed at the central.
   */
  readonly gone: readonly ResourceRecord[];
}

/** One record, with the knowledge of panel, central and ledger about it. */
export interface BothSides {
  readonly record: ResourceRecord;
  /** The panel's keys of all rows that hold this record. */
  readonly keys: readonly string[];
  readonly onPanel: boolean;
  readonly onCentral: boolean;
  readonly row: LedgerRow | null;
}

/**
 * Whether a record belongs to the central alone: SOA, apex NS, and records that sign the zone
 * (docs/adoption.md, case 21).
 */
export function isCentralsOwn(zone: DnsName, record: ResourceRecord): boolean {
  if (record.type === 'SOA' || (record.type === 'NS' && record.name === zone)) return true;
  return isSigners(zone, record);
}

/** Options of {@link compareSides}. */
export interface CompareOptions {
  /**
   * Whether this is the zone's first comparison. Then records that only the panel has count as old, and are
   * not added to the central.
   */
  readonly baseline: boolean;
  /**
   * Ids (`recordId`) of records in open operations. The comparison skips these records, because their
   * operations decide about them.
   */
  readonly busy: ReadonlySet<string>;
  /**
   * Whether records that the panel no longer has are to be removed at the central; otherwise they are only
   * listed.
   */
  readonly follow?: boolean;
  /**
   * Whether the states in the ledger are ignored, as in a first comparison. Only `excluded` records keep
   * their state.
   */
  readonly anew?: boolean;
}

/**
 * Applies the adoption rule (docs/adoption.md) to a zone that both sides have: decides the state of each
 * record. Used for the first and for every later comparison. Pure.
 * @param rows the zone's ledger rows; empty at the baseline
 */
export function compareSides(
  zone: DnsName,
  panel: readonly PanelRecord[],
  central: readonly ResourceRecord[],
  rows: readonly LedgerRow[],
  options: CompareOptions,
): Comparison {
  const all = mergeSides(zone, panel, central, rows);
  const gone = options.follow === true ? goneFromPanel(all, options.busy) : new Map<string, BothSides>();
  const oneSided = groupOneSided(all, new Set([...options.busy, ...gone.keys()]));
  const undecided = [...all].flatMap(([id, side]) => (options.busy.has(id) && side.onCentral ? side : []));
  const besides = Map.groupBy(undecided, ({ record }) => record.name);
  const put: LedgerRow[] = [];
  const drop: ResourceRecord[] = [];
  const additions: PanelRecord[] = [];
  const waiting: PanelRecord[] = [];
  for (const [id, side] of all) {
    if (options.busy.has(id) || gone.has(id)) continue;
    if (!side.onPanel && !side.onCentral) {
      drop.push(side.record);
      continue;
    }
    const state = judge(side, hasRival(side, oneSided), options);
    if (state === 'new') {
      const isAliasBeside = (besides.get(side.record.name) ?? []).some((other) => isAliasPair(side, other));
      (isAliasBeside ? waiting : additions).push({ ...side.record, key: side.keys[0] ?? '' });
    } else if (!sameRow(side, state)) put.push(toRow(side, state));
  }
  return { put, drop, additions, waiting, gone: [...gone.values()].map(({ record }) => record) };
}

function goneFromPanel(
  all: ReadonlyMap<string, BothSides>,
  busy: ReadonlySet<string>,
): Map<string, BothSides> {
  const gone = [...all].filter(
    ([id, side]) => side.row?.state === 'synced' && !side.onPanel && side.onCentral && !busy.has(id),
  );
  return new Map(gone);
}

/**
 * Merges the records of both sides and of the ledger, by record id. Leaves out records that belong to the
 * central alone.
 */
export function mergeSides(
  zone: DnsName,
  panel: readonly PanelRecord[],
  central: readonly ResourceRecord[],
  rows: readonly LedgerRow[],
): Map<string, BothSides> {
  const all = new Map<string, BothSides>();
  for (const row of rows) {
    all.set(recordId(row.record), {
      record: row.record,
      keys: [],
      onPanel: false,
      onCentral: false,
      row,
    });
  }
  for (const { key, ...record } of panel) {
    if (isCentralsOwn(zone, record)) continue;
    const id = recordId(record);
    const known = all.get(id) ?? { record, onCentral: false, row: null, keys: [] };
    all.set(id, { ...known, onPanel: true, keys: [...known.keys, key] });
  }
  for (const record of central) {
    if (isCentralsOwn(zone, record)) continue;
    const id = recordId(record);
    const known = all.get(id) ?? { record: plain(record), onPanel: false, keys: [], row: null };
    all.set(id, { ...known, onCentral: true });
  }
  return all;
}

/** Records that only one side has, grouped by owner name. Leaves out records in `busy`. */
export function groupOneSided(
  all: ReadonlyMap<string, BothSides>,
  busy: ReadonlySet<string>,
): Map<DnsName, BothSides[]> {
  const groups = new Map<DnsName, BothSides[]>();
  for (const [id, side] of all) {
    if (side.onPanel === side.onCentral || busy.has(id)) continue;
    const group = groups.get(side.record.name);
    if (group === undefined) groups.set(side.record.name, [side]);
    else group.push(side);
  }
  return groups;
}

/**
 * Whether the other side has a record that competes with this one, and that this side lacks. Two records
 * compete if they have the same name and the same type. A CNAME competes with every type.
 */
export function hasRival(side: BothSides, oneSided: ReadonlyMap<DnsName, readonly BothSides[]>): boolean {
  const group = oneSided.get(side.record.name) ?? [];
  return group.some(
    (other) =>
      other.onPanel !== side.onPanel && (other.record.type === side.record.type || isAliasPair(side, other)),
  );
}

/** Whether one of two records of the same name is an alias, so that only one of them can be there. */
function isAliasPair(one: BothSides, other: BothSides): boolean {
  return one.record.type === 'CNAME' || other.record.type === 'CNAME';
}

function judge(
  side: BothSides,
  rival: boolean,
  { baseline, anew = false }: CompareOptions,
): RecordState | 'new' {
  if (side.row?.state === 'excluded') return 'excluded';
  const before = anew ? null : (side.row?.state ?? null);
  if (side.onPanel && side.onCentral) return 'synced';
  if (before === 'synced' || before === 'conflict') return 'conflict';
  if (rival) return 'conflict';
  if (side.onCentral) return 'central-only';
  return baseline || before === 'panel-only' ? 'panel-only' : 'new';
}

function sameRow(side: BothSides, state: RecordState): boolean {
  const { row } = side;
  return (
    row !== null &&
    row.state === state &&
    row.onPanel === side.onPanel &&
    row.onCentral === side.onCentral &&
    sameKeys(row, side.keys)
  );
}

function sameKeys(row: LedgerRow, keys: readonly string[]): boolean {
  const { panelKey, otherKeys = [] } = keyFields(keys);
  const known = row.otherKeys ?? [];
  const others = new Set(known);
  return (
    row.panelKey === panelKey &&
    known.length === otherKeys.length &&
    otherKeys.every((key) => others.has(key))
  );
}

function toRow(side: BothSides, state: RecordState): LedgerRow {
  return {
    record: side.record,
    state,
    onPanel: side.onPanel,
    onCentral: side.onCentral,
    ...keyFields(side.keys),
    note: side.row?.state === state ? side.row.note : null,
  };
}

/** The DNS data of a record, without fields that an adapter added (key, handle). */
export function plain(record: ResourceRecord): ResourceRecord {
  return { name: record.name, type: record.type, ttl: record.ttl, rdata: record.rdata };
}
