import type { DnsName } from '../dns/name.ts';
import type { Problem } from '../dns/problem.ts';
import { recordId, type ResourceRecord } from '../dns/record.ts';

/**
 * The request of an operator for a plan. `push`: the central gets the panel's records; `pull`: the reverse.
 */
export interface PlanRequest {
  readonly direction: 'push' | 'pull';
  /** Whether records that only the receiving side has are removed there. */
  readonly removes: boolean;
  /**
   * Limits the plan to records of this owner name and type (null: every type). Absent: all records of the
   * zone.
   */
  readonly only?: { readonly name: DnsName; readonly type: string | null };
}

/** The `source` of operations that carry out a push or a pull. */
export const pushSource = 'push';
export const pullSource = 'pull';

/** Reasons why a step is planned. */
export const stepReasons = [
  /** Only one side has the record, and the record is not known to be new. */
  'one-sided',
  /** Each side has a record of this name and type, and the two differ. */
  'conflict',
  /** Both sides had the record, and one of them has lost it. */
  'lost',
  /** One side got the record after the last comparison. */
  'new',
] as const;

export interface PlanStep {
  readonly action: 'add' | 'remove';
  readonly record: ResourceRecord;
  readonly why: (typeof stepReasons)[number];
}

/** Reasons why a difference is left as it is. */
export const leftReasons = [
  /** The record would have to be removed, and the operator did not ask for removals. */
  'needs-delete',
  /**
   * The record can be added only if other records of its name are removed, and the operator did not ask for
   * removals.
   */
  'place-taken',
  /** An administrator excluded the record. */
  'excluded',
  /** An edit that has not ended decides about the record. */
  'edit-open',
  /** The central would refuse the record; `codes` of the difference says why. */
  'refused',
  /** The record would have to be removed, but the central would refuse every record that replaces it. */
  'replacement-refused',
] as const;

export interface LeftDifference {
  readonly record: ResourceRecord;
  /** The side that has the record. */
  readonly at: 'panel' | 'central';
  readonly why: (typeof leftReasons)[number];
  /** Catalogue codes of the central's objections; absent: there are none. */
  readonly codes?: readonly string[];
}

/** Reasons why nothing is planned for a zone. */
export const hindrances = [
  /** Neither side has the zone. */
  'nowhere',
  /** Another account at the central has the zone. */
  'foreign',
  /** An administrator excluded the zone. */
  'excluded',
  /** The central has the zone as a copy of another server's zone. */
  'copy',
  /** The zone is being created or deleted now. */
  'under-way',
  /** A create or delete of the zone is stuck. */
  'stuck',
  /** The zone's ledger is damaged; a comparison has to take a new baseline first. */
  'frozen',
  /** The first comparison of all zones is not done yet. */
  'arriving',
  /** The panel does not have the zone, and the operator did not ask to delete it at the central. */
  'gone-from-panel',
  /** The panel does not have the zone, and only a user of the panel can create it there. */
  'not-in-panel',
  /** The central does not have the zone. */
  'not-at-central',
  /** Only the provider creates and deletes zones at this central. */
  'provider-makes-zones',
] as const;

export type Hindrance = (typeof hindrances)[number];

/**
 * The safety limit that concerns a plan. `records`: the plan removes `removed` of the zone's `all` records,
 * and that is too many. `zones`: the plan deletes the zone; `left` more zones, this one included, may be
 * deleted at this central within the hour.
 */
export type PlanLimit =
  | { readonly kind: 'records'; readonly removed: number; readonly all: number }
  | { readonly kind: 'zones'; readonly left: number };

/**
 * The steps of a push or pull for one zone, and the differences that it leaves. Steps change the receiving
 * side.
 */
export interface ZonePlan extends PlanRequest {
  readonly zone: DnsName;
  /** Whether the plan creates or deletes the whole zone at the central; null: neither. */
  readonly whole: 'create' | 'delete' | null;
  readonly steps: readonly PlanStep[];
  readonly left: readonly LeftDifference[];
  /** Why nothing could be planned; null: no such reason. */
  readonly hindrance: Hindrance | null;
  /** The safety limit that concerns the plan; null: none does. */
  readonly limit: PlanLimit | null;
  /** Whether the zone is deleted although the central signs it (DNSSEC). */
  readonly signed: boolean;
  /** The name servers that the zone has at the central, or gets when it is created; absent: not known. */
  readonly nameServers?: readonly DnsName[];
}

/** The operator who gives a command, and what he allows beyond the plan. */
export interface Consent {
  /** The operator's login name; absent: unknown. */
  readonly operator?: string;
  /** Why the operator sets the safety limits aside this time, in his words; absent: the limits apply. */
  readonly force?: string;
  /**
   * Whether a signed zone may be deleted, and a zone may be created below a signed zone that does not
   * delegate it.
   */
  readonly despiteDnssec?: boolean;
}

/** The part of a zone's plan that an operator has approved. */
export interface ApprovedPlan extends PlanRequest, Consent, Pick<ZonePlan, 'zone' | 'whole'> {
  /** The steps, each as {@link stepId} writes it. */
  readonly steps: readonly string[];
}

/** Identifies a step of a zone's plan, as text. The TTL is left out, because comparisons ignore TTLs too. */
function stepId({ action, record }: Pick<PlanStep, 'action' | 'record'>): string {
  return `${action} ${recordId(record)}`;
}

/** Whether everything that the plan does was approved. */
export function isPartOf(now: Pick<ZonePlan, 'whole' | 'steps'>, approved: ApprovedPlan): boolean {
  if (now.whole !== null && now.whole !== approved.whole) return false;
  const steps = new Set(approved.steps);
  return now.steps.every((step) => steps.has(stepId(step)));
}

/** Whether the operator approved a step that makes both sides equal about this record. */
export function isApproved(
  { record, at }: Pick<LeftDifference, 'record' | 'at'>,
  { direction, steps }: ApprovedPlan,
): boolean {
  const action = (at === 'panel') === (direction === 'push') ? 'add' : 'remove';
  return steps.includes(stepId({ action, record }));
}

/** Makes the approval of all steps of a plan. */
export function approvalOf({ zone, direction, removes, only, whole, steps }: ZonePlan): ApprovedPlan {
  const rest = only === undefined ? {} : { only };
  return { zone, direction, removes, whole, ...rest, steps: steps.map(stepId) };
}

/** How the application of a zone's plan ended. */
export type ZoneResult =
  /** No step is left to do. `refused`: records that were refused, each with a catalogue code. */
  | {
      readonly kind: 'done';
      readonly refused: readonly RefusedRecord[];
      /** Id of the operation; null: nothing was left to do. */
      readonly operation: string | null;
    }
  /** The operation is journalled, and background steps complete it. */
  | { readonly kind: 'under-way'; readonly operation: string }
  /** The zone now needs steps that were not approved, so nothing was done. */
  | { readonly kind: 'changed'; readonly now: ZonePlan }
  /** Somebody is editing the zone at this moment, so nothing was done. */
  | { readonly kind: 'busy' }
  /** The central refused the zone. Nothing was changed. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

export interface RefusedRecord {
  readonly record: ResourceRecord;
  readonly code: string;
}

/** Whether the plan does nothing. */
export function isEmptyPlan({ whole, steps }: Pick<ZonePlan, 'whole' | 'steps'>): boolean {
  return whole === null && steps.length === 0;
}

/**
 * The result of excluding or including a zone or records. `count`: how many zones or records changed their
 * state.
 */
export type Exclusion =
  | { readonly kind: 'done'; readonly count: number }
  /** The ledger has no such zone or record. */
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'under-way' }
  | { readonly kind: 'frozen' }
  /** The journal was written on another host, and no operator has accepted it. */
  | { readonly kind: 'other-host' };
