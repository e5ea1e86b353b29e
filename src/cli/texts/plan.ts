import { displayName } from '../../dns/name.ts';
import { formatRecord } from '../../dns/record.ts';
import { counted } from '../../core/describe.ts';
import { isEmptyPlan, type Hindrance, type LeftDifference, type PlanStep } from '../../core/zone-plan.ts';
import type { CentralPlan } from '../../app/control/protocol.ts';
import type { Delegation } from '../../app/plan/delegation.ts';
import { coloured, type Cell } from '../output.ts';
import { delegationText, delegationTotals, delegationTotalsTexts } from './delegation.ts';

const whySteps: Readonly<Record<PlanStep['why'], string>> = {
  'one-sided': 'was on one side only before domainsync came',
  conflict: 'the two sides differ',
  lost: 'both sides had it, one lost it',
  new: 'on one side only',
};

const whyLeft: Readonly<Record<LeftDifference['why'], string>> = {
  'needs-delete': 'stays: only --delete removes',
  'place-taken': 'not added: other records are at its place, and only --delete removes them',
  excluded: 'excluded by an administrator',
  'edit-open': 'an edit of it has not ended; plan again in a minute',
  refused: 'not added: the central would refuse it',
  'replacement-refused': 'stays: what would take its place would be refused',
};

const hindranceTexts: Readonly<Record<Hindrance, string>> = {
  nowhere: 'neither side has this zone',
  foreign: 'another account has the zone at the central: ask the provider',
  excluded: 'excluded; "domainsync include" takes it back',
  copy: 'the central has it as a copy of another server (slave): ask the provider to make it primary',
  'under-way': 'it is just being created or deleted; plan again in a minute',
  stuck: 'its create or delete is stuck; "domainsync status" says why and what to do',
  frozen: 'its ledger is damaged; "domainsync compare" takes a new baseline first',
  arriving: 'the first comparison of all zones is not done yet; "domainsync status" shows how far it is',
  'gone-from-panel': 'the panel does not have it; "push --delete" deletes a zone that both sides had',
  'not-in-panel': 'the panel does not have it: its owner has to create it there first',
  'not-at-central': 'the central does not have it; "push" without a record creates it there',
  'provider-makes-zones': 'the central does not have it, and only the provider creates zones there',
};

/** Counts of the steps that plans do, and of the differences that they leave. */
export interface PlanTotals {
  readonly zones: number;
  readonly creates: number;
  readonly deletes: number;
  readonly adds: number;
  readonly removes: number;
  readonly left: number;
  readonly hindered: number;
  /** How many zones have each kind of delegation; empty: no resolver was asked. */
  readonly delegated: Readonly<Partial<Record<Delegation['kind'], number>>>;
}

/** Counts the steps of plans, and the differences that they leave. */
export function totalsOf(plans: readonly CentralPlan[]): PlanTotals {
  const count = (of: (plan: CentralPlan) => number): number => plans.reduce((sum, plan) => sum + of(plan), 0);
  const steps = (action: PlanStep['action']): number =>
    count((plan) => plan.steps.filter((step) => step.action === action).length);
  return {
    zones: plans.filter((plan) => !isEmptyPlan(plan)).length,
    creates: count(({ whole }) => (whole === 'create' ? 1 : 0)),
    deletes: count(({ whole }) => (whole === 'delete' ? 1 : 0)),
    adds: steps('add'),
    removes: steps('remove'),
    left: count(({ left }) => left.length),
    hindered: count(({ hindrance }) => (hindrance === null ? 0 : 1)),
    delegated: delegationTotals(plans),
  };
}

/**
 * Writes the plan of one zone, coloured like a diff. Null: there is nothing to do, and no difference is left.
 */
export function planText(plan: CentralPlan, several: boolean): string | null {
  const { zone, steps, left, central } = plan;
  const delegated = delegationText(plan);
  const said = headText(plan) ?? (delegated === null ? null : nothingDue);
  if (said === null) return null;
  const name = `${displayName(zone)}${several ? ` (central ${central})` : ''}`;
  const lines = steps.map((step) => {
    const isAdded = step.action === 'add';
    const line = coloured(`  ${isAdded ? '+' : '-'} ${formatRecord(step.record)}`, isAdded ? 'good' : 'bad');
    return `${line}  ${coloured(stepText(plan, step), 'quiet')}`.trimEnd();
  });
  const leftLines = left.map(
    (one) => `  ${coloured('!', 'care')} ${formatRecord(one.record)}  ${coloured(leftText(one), 'quiet')}`,
  );
  const delegatedLines = delegated === null ? [] : [`  ${coloured(delegated, 'care')}`];
  return [`${name}: ${coloured(said.text, said.mood)}`, ...delegatedLines, ...lines, ...leftLines].join('\n');
}

/** Says why a step is planned. Empty for the records of a new zone, because they all have the same reason. */
export function stepText({ whole }: CentralPlan, { why }: PlanStep): string {
  return whole === 'create' ? '' : whySteps[why];
}

/** Says why a record is left unchanged, and which side has the record. */
export function leftText({ at, why, codes = [] }: LeftDifference): string {
  return `(${at}) ${[whyLeft[why], ...(codes.length === 0 ? [] : [`[${codes.join(' ')}]`])].join(' ')}`;
}

/** First line about a zone that needs no step, but has something to report. */
export const nothingDue: Cell = { text: 'nothing to do', mood: 'plain' };

/** First line about a zone: what is done with it. Null: there is nothing to do, and no difference is left. */
export function headText(plan: CentralPlan): Cell | null {
  const { direction, whole, hindrance, left } = plan;
  if (hindrance !== null) return { text: `nothing: ${hindranceTexts[hindrance]}`, mood: 'care' };
  if (whole === 'create') return { text: 'is created at the central', mood: 'good' };
  if (whole === 'delete') {
    const signed = plan.signed ? '; signed (DNSSEC): its DS record at the registry has to go first' : '';
    return { text: `is deleted at the central, with all its records${signed}`, mood: 'bad' };
  }
  if (!isEmptyPlan(plan)) {
    const where = `changed ${direction === 'push' ? 'at the central' : 'in the panel'}`;
    if (plan.limit?.kind !== 'records') return { text: where, mood: 'plain' };
    const { removed, all } = plan.limit;
    return { text: `${where}; it loses ${removed} of ${counted(all, 'record')} there`, mood: 'care' };
  }
  return left.length === 0 ? null : nothingDue;
}

/** Says in one sentence what all plans do together. */
export function totalsText(totals: PlanTotals): string {
  const { zones, creates, deletes, adds, removes, left, hindered, delegated } = totals;
  const doing = [
    ...(creates === 0 ? [] : [`${counted(creates, 'zone')} to create`]),
    ...(deletes === 0 ? [] : [`${counted(deletes, 'zone')} to delete`]),
    ...(adds === 0 ? [] : [`${counted(adds, 'record')} to add`]),
    ...(removes === 0 ? [] : [`${counted(removes, 'record')} to remove`]),
  ];
  const what = zones === 0 ? 'Nothing to do' : `${counted(zones, 'zone')}: ${doing.join(', ')}`;
  const rest = [
    ...(left === 0 ? [] : [`${counted(left, 'difference')} left as they are (!)`]),
    ...(hindered === 0 ? [] : [`${counted(hindered, 'zone')} with nothing planned`]),
    ...delegationTotalsTexts(delegated),
  ];
  return `${[what, ...rest].join('; ')}.`;
}
