import type { DnsName } from '../dns/name.ts';
import type { Problem } from '../dns/problem.ts';
import { recordId, type ResourceRecord } from '../dns/record.ts';

/** What an operator asks for. `push`: the central gets what the panel has; `pull`: the reverse. */
export interface PlanRequest {
  readonly direction: 'push' | 'pull';
  /** Whether what only the receiving side has is removed there. */
  readonly removes: boolean;
  /** Only records of this owner name, and of this type; absent: all records of the zone. */
  readonly only?: { readonly name: DnsName; readonly type: string | null };
}

/** `source` of operations that an operator asked for. */
export const pushSource = 'push';
export const pullSource = 'pull';

/** Why a step is planned. */
export const stepReasons = [
  /** Only the other side has the record, and it was there before domainsync. */
  'one-sided',
  /** Both sides have different records at its place. */
  'conflict',
  /** Both sides had it; one of them has lost it. */
  'lost',
  /** The side got it since the last comparison. */
  'new',
] as const;

export interface PlanStep {
  readonly action: 'add' | 'remove';
  readonly record: ResourceRecord;
  readonly why: (typeof stepReasons)[number];
}

/** Why a difference is left as it is. */
export const leftReasons = [
  /** It would have to be removed, and the operator did not ask for that. */
  'needs-delete',
  /**
   * It can be added only if other records of its place are removed, and the operator did not ask for that.
   */
  'place-taken',
  /** An administrator excluded it. */
  'excluded',
  /** An edit that has not ended decides about it. */
  'edit-open',
  /** The central would refuse it; `codes` of the difference says why. */
  'refused',
  /** It would have to be removed, but all that would take its place is refused. */
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

/** Why nothing is planned for a zone. */
export const hindrances = [
  /** Neither side has the zone. */
  'nowhere',
  /** Another account at the central has it. */
  'foreign',
  /** An administrator excluded it. */
  'excluded',
  /** The central has it as a copy of another server's zone. */
  'copy',
  /** It is just being made or deleted. */
  'under-way',
  /** Its ledger is damaged; a comparison has to take a new baseline first. */
  'frozen',
  /** The first comparison of all zones is not done yet. */
  'arriving',
  /** The panel does not have it, and its delete was not asked for. */
  'gone-from-panel',
  /** The panel does not have it, and only a user of the panel can create it there. */
  'not-in-panel',
  /** The central does not have it. */
  'not-at-central',
  /** Only the provider creates and deletes zones at this central. */
  'provider-makes-zones',
] as const;

export type Hindrance = (typeof hindrances)[number];

/**
 * How a plan stands to the safety limits. `records`: it removes more of the zone's records than they allow.
 * `zones`: it deletes the zone, and within the hour so many zones may be deleted at this central, this one
 * included.
 */
export type PlanLimit =
  | { readonly kind: 'records'; readonly removed: number; readonly all: number }
  | { readonly kind: 'zones'; readonly left: number };

/** What is done about one zone, and what is left. Steps are about the side that receives. */
export interface ZonePlan extends PlanRequest {
  readonly zone: DnsName;
  /** Whether the whole zone is created or deleted at the central; null: neither. */
  readonly whole: 'create' | 'delete' | null;
  readonly steps: readonly PlanStep[];
  readonly left: readonly LeftDifference[];
  /** Why nothing is planned; null: nothing stands against it. */
  readonly hindrance: Hindrance | null;
  /** Null: no safety limit concerns the plan. */
  readonly limit: PlanLimit | null;
  /** Whether the zone is deleted although the central signs it (DNSSEC). */
  readonly signed: boolean;
  /** The name servers that the zone has at the central, or gets when it is created; absent: not known. */
  readonly nameServers?: readonly DnsName[];
}

/** Who gives a command, and what he allows beyond the plan. */
export interface Consent {
  /** The operator's login name; absent: unknown. */
  readonly operator?: string;
  /** Why the safety limits do not hold this time, in the operator's words; absent: they do. */
  readonly force?: string;
  /**
   * Whether a signed zone may be deleted, and a zone be created in a signed one that does not delegate it.
   */
  readonly despiteDnssec?: boolean;
}

/** What an operator has approved of a zone's plan. */
export interface ApprovedPlan extends PlanRequest, Consent, Pick<ZonePlan, 'zone' | 'whole'> {
  /** The steps, each as {@link stepId} writes it. */
  readonly steps: readonly string[];
}

/** Identifies a step of a zone's plan, as text. TTLs do not count, as in comparisons. */
function stepId({ action, record }: Pick<PlanStep, 'action' | 'record'>): string {
  return `${action} ${recordId(record)}`;
}

/** Whether the plan does nothing that was not approved. */
export function isPartOf(now: Pick<ZonePlan, 'whole' | 'steps'>, approved: ApprovedPlan): boolean {
  if (now.whole !== null && now.whole !== approved.whole) return false;
  const steps = new Set(approved.steps);
  return now.steps.every((step) => steps.has(stepId(step)));
}

/** Whether a step was approved that would end this difference. */
export function isApproved(
  { record, at }: Pick<LeftDifference, 'record' | 'at'>,
  { direction, steps }: ApprovedPlan,
): boolean {
  const action = (at === 'panel') === (direction === 'push') ? 'add' : 'remove';
  return steps.includes(stepId({ action, record }));
}

/** The approval of a whole plan. */
export function approvalOf({ zone, direction, removes, only, whole, steps }: ZonePlan): ApprovedPlan {
  const rest = only === undefined ? {} : { only };
  return { zone, direction, removes, whole, ...rest, steps: steps.map(stepId) };
}

/** How the application of a zone's plan ended. */
export type ZoneResult =
  /** Both sides agree about every step. `refused`: records that were refused, each with a catalogue code. */
  | {
      readonly kind: 'done';
      readonly refused: readonly RefusedRecord[];
      /** Id of the operation; null: nothing was left to do. */
      readonly operation: string | null;
    }
  /** It is journalled, and the background brings it to its end. */
  | { readonly kind: 'under-way'; readonly operation: string }
  /** The zone needs other steps now, so nothing was done. */
  | { readonly kind: 'changed'; readonly now: ZonePlan }
  /** The zone is just being edited, so nothing was done. */
  | { readonly kind: 'busy' }
  /** The central refused the zone. Nothing was changed. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] };

export interface RefusedRecord {
  readonly record: ResourceRecord;
  readonly code: string;
}

/** Whether the plan does something. */
export function isEmptyPlan({ whole, steps }: Pick<ZonePlan, 'whole' | 'steps'>): boolean {
  return whole === null && steps.length === 0;
}

/**
 * What became of excluding or including something. `count`: how many zones or records changed their state.
 */
export type Exclusion =
  | { readonly kind: 'done'; readonly count: number }
  /** The ledger has no such zone or record. */
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'under-way' }
  | { readonly kind: 'frozen' }
  /** The journal is another host's, and nobody has accepted it. */
  | { readonly kind: 'other-host' };
