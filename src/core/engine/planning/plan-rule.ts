import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { LedgerRow } from '../../ledger.ts';
import type { PanelRecord } from '../../panel.ts';
import type { LeftDifference, PlanLimit, PlanRequest, PlanStep } from '../../zone-plan.ts';
import { withoutClashes } from '../before/plan.ts';
import { groupOneSided, hasRival, mergeSides, type BothSides } from '../knowledge/compare-rule.ts';
import { exceedsShare, type SafetyLimits } from '../knowledge/safety-limits.ts';

/** The records of a zone that both sides have, and the journal's data about them. */
export interface KnownSides {
  readonly zone: DnsName;
  readonly panel: readonly PanelRecord[];
  readonly central: readonly ResourceRecord[];
  readonly rows: readonly LedgerRow[];
  /**
   * Whether the zone was never compared. Then nobody knows whether a record that only one side has is new.
   */
  readonly isFirst: boolean;
  /** Ids of records in open operations. These operations decide about the records. */
  readonly busy: ReadonlySet<string>;
  /** Catalogue codes of the central's objections to adding this record; empty: none are known. */
  readonly objections: (record: ResourceRecord) => readonly string[];
}

/** The steps for the records of a zone, and the differences that stay. */
interface PlannedRecords {
  readonly steps: readonly PlanStep[];
  readonly left: readonly LeftDifference[];
  /** How many records the receiving side has, without those that belong to the central alone. */
  readonly held: number;
}

/**
 * Plans the steps of a `push` or `pull` that make the receiving side equal to the other side
 * (docs/planning.md). Adds records that the receiving side lacks. If `request.removes`, removes records that
 * only this side has. Leaves alone excluded records, records in open edits, and records that belong to the
 * central alone. Pure.
 */
export function planRecords(known: KnownSides, request: PlanRequest): PlannedRecords {
  const { zone, panel, central, rows, busy } = known;
  const all = mergeSides(zone, panel, central, rows);
  const oneSided = groupOneSided(all, new Set());
  const judged = [...all].flatMap(([id, side]): Judged[] => {
    if (side.onPanel === side.onCentral || !isWanted(side, request)) return [];
    const isRivalled = hasRival(side, oneSided);
    return [{ side, why: whyLeft(side, { request, isBusy: busy.has(id), isRivalled }), isRivalled }];
  });
  const isPush = request.direction === 'push';
  const held = [...all.values()].filter(({ onPanel, onCentral }) => (isPush ? onCentral : onPanel)).length;
  return { ...addable(known, request, judged), held };
}

/**
 * Finds out whether a plan removes more than the safety limits allow; null: it does not. Too much is every
 * record of the zone without adding any, or too large a part of a large zone. Pure.
 */
export function limitOf({ steps, held }: PlannedRecords, limits: SafetyLimits): PlanLimit | null {
  const removed = steps.filter(({ action }) => action === 'remove').length;
  const isEmptied = removed > 0 && removed === held && removed === steps.length;
  return isEmptied || exceedsShare(removed, held, limits) ? { kind: 'records', removed, all: held } : null;
}

interface Judged {
  readonly side: BothSides;
  /** Why the difference stays; null: the plan gets a step for it. */
  readonly why: LeftDifference['why'] | null;
  readonly isRivalled: boolean;
}

function isWanted({ record }: BothSides, { only }: PlanRequest): boolean {
  if (only === undefined) return true;
  return record.name === only.name && (only.type === null || record.type === only.type);
}

/** Whether the receiving side lacks the record, so that it has to be added there. */
function isLacking({ onPanel }: BothSides, { direction }: PlanRequest): boolean {
  return onPanel === (direction === 'push');
}

function whyLeft(
  side: BothSides,
  {
    request,
    isBusy,
    isRivalled,
  }: { readonly request: PlanRequest; readonly isBusy: boolean; readonly isRivalled: boolean },
): LeftDifference['why'] | null {
  if (side.row?.state === 'excluded') return 'excluded';
  if (isBusy) return 'edit-open';
  if (request.removes) return null;
  if (!isLacking(side, request)) return 'needs-delete';
  return isRivalled ? 'place-taken' : null;
}

function whyStep({ side, isRivalled }: Judged, isFirst: boolean): PlanStep['why'] {
  switch (side.row?.state) {
    case 'conflict':
      return 'conflict';
    case 'synced':
      return 'lost';
    case 'panel-only':
    case 'central-only':
      return isRivalled ? 'conflict' : 'one-sided';
    case 'excluded':
    case undefined:
      if (isRivalled) return 'conflict';
      return isFirst ? 'one-sided' : 'new';
  }
}

/**
 * Makes the steps of the plan. Records that the receiving side cannot take get no step and are listed in
 * `left`.
 */
function addable(
  { zone, panel, central, objections, isFirst }: KnownSides,
  request: PlanRequest,
  judged: readonly Judged[],
): Omit<PlannedRecords, 'held'> {
  const left = judged.flatMap(({ side, why }): LeftDifference[] => (why === null ? [] : [leftOf(side, why)]));
  const planned = judged.filter(({ why }) => why === null);
  const remove = planned.filter(({ side }) => !isLacking(side, request)).map(({ side }) => side.record);
  const add: ResourceRecord[] = [];
  for (const { side } of planned) {
    if (!isLacking(side, request)) continue;
    const codes = request.direction === 'push' ? objections(side.record) : [];
    if (codes.length === 0) add.push(side.record);
    else left.push({ ...leftOf(side, 'refused'), codes });
  }
  const held = request.direction === 'push' ? central : panel;
  const fitting = new Set(withoutClashes({ zone, remove, add }, held).add.map(recordId));
  const steps: PlanStep[] = [];
  const refused = new Set(left.map(({ record }) => recordId(record)));
  const losing = placesLost(
    left.filter(({ why }) => why === 'refused').map(({ record }) => record),
    add.filter((record) => fitting.has(recordId(record))),
  );
  for (const one of planned) {
    const { record } = one.side;
    const action = isLacking(one.side, request) ? 'add' : 'remove';
    if (action === 'remove' && losing(record)) left.push(leftOf(one.side, 'replacement-refused'));
    else if (action === 'remove' || fitting.has(recordId(record)))
      steps.push({ action, record, why: whyStep(one, isFirst) });
    else if (!refused.has(recordId(record))) left.push(leftOf(one.side, 'place-taken'));
  }
  return { steps: steps.sort(byRecord), left: left.sort(byRecord) };
}

/**
 * Makes a function that is called with a record to remove. It returns whether the central would refuse every
 * record that replaces this one, so that the removal would leave the name without a value.
 * @param refused records that the central would refuse
 * @param fitting records that the plan adds
 */
function placesLost(
  refused: readonly ResourceRecord[],
  fitting: readonly ResourceRecord[],
): (record: ResourceRecord) => boolean {
  const named = (records: readonly ResourceRecord[]): ReadonlyMap<DnsName, ResourceRecord[]> =>
    Map.groupBy(records, ({ name }) => name);
  const [refusedAt, fittingAt] = [named(refused), named(fitting)];
  return (record) =>
    (refusedAt.get(record.name) ?? []).some((other) => isAtPlace(other, record)) &&
    !(fittingAt.get(record.name) ?? []).some((other) => isAtPlace(other, record));
}

/** Whether two records of the same name replace each other: they have the same type, or one is a CNAME. */
function isAtPlace(one: ResourceRecord, other: ResourceRecord): boolean {
  return one.type === other.type || one.type === 'CNAME' || other.type === 'CNAME';
}

function leftOf({ record, onPanel }: BothSides, why: LeftDifference['why']): LeftDifference {
  return { record, at: onPanel ? 'panel' : 'central', why };
}

/**
 * Sorts by owner name and type, and removals before additions. So a removed record and its replacement are
 * next to each other.
 */
function byRecord(
  one: { readonly record: ResourceRecord; readonly action?: PlanStep['action'] },
  other: { readonly record: ResourceRecord; readonly action?: PlanStep['action'] },
): number {
  return compareText(sortKey(one), sortKey(other));
}

function sortKey({ record, action }: { record: ResourceRecord; action?: PlanStep['action'] }): string {
  return `${record.name} ${record.type} ${action === 'add' ? 1 : 0} ${record.rdata}`;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
