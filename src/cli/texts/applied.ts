import { displayName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import { formatRecord } from '../../dns/record.ts';
import { counted } from '../../core/describe.ts';
import type { ZoneResult } from '../../core/zone-plan.ts';
import { inWords } from '../../app/problems.ts';
import type { CentralPlan } from '../../app/control/protocol.ts';
import type { Worked } from '../../app/plan/pace.ts';
import { coloured } from '../output.ts';
import { noteText } from './notes.ts';

/** How applying the plan of one zone ended. */
export type Applied = Worked<CentralPlan, ZoneResult>;

/** How many plans ended in each way, and how many records were refused. */
export interface AppliedTotals {
  readonly done: number;
  readonly underWay: number;
  readonly changed: number;
  readonly failed: number;
  readonly notTried: number;
  /** Zones without a known result, because the agent stopped before the result came. */
  readonly unknown: number;
  readonly refusedRecords: number;
}

/** Counts how plans ended, without those that have no known result. */
export function appliedTotals(all: readonly Applied[]): Omit<AppliedTotals, 'unknown'> {
  const results = all.flatMap((one) => (one.kind === 'worked' ? [one.result] : []));
  const count = (kinds: readonly ZoneResult['kind'][]): number =>
    results.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    done: count(['done']),
    underWay: count(['under-way']),
    changed: count(['changed', 'busy']),
    failed: count(['refused']) + all.filter(({ kind }) => kind === 'failed').length,
    notTried: all.filter(({ kind }) => kind === 'skipped').length,
    refusedRecords: results.reduce((sum, one) => sum + (one.kind === 'done' ? one.refused.length : 0), 0),
  };
}

/** Whether everything was done as planned. */
export function isAllDone({ changed, failed, notTried, unknown, refusedRecords }: AppliedTotals): boolean {
  return changed + failed + notTried + unknown + refusedRecords === 0;
}

/** Says how the plan of one zone ended. Null: all of it was done, or it was not tried. */
export function appliedText(one: Applied): string | null {
  if (one.kind === 'skipped') return null;
  const name = displayName(one.item.zone);
  if (one.kind === 'failed') return `${name}: ${coloured('not done', 'bad')}\n${indented(one.problems)}`;
  const { result } = one;
  switch (result.kind) {
    case 'done': {
      if (result.refused.length === 0) return null;
      const lines = result.refused.map(
        ({ record, code }) => `  ${formatRecord(record)}  ${coloured(noteText(code), 'quiet')}`,
      );
      return [`${name}: ${coloured('done, but these were refused', 'care')}`, ...lines].join('\n');
    }
    case 'under-way':
      return `${name}: goes on in the background; "domainsync show ${result.operation}"`;
    case 'busy':
      return `${name}: ${coloured('not done: it is just being edited', 'care')}`;
    case 'changed':
      return `${name}: ${coloured('not done: other steps are needed now; plan it again', 'care')}`;
    case 'refused':
      return `${name}: ${coloured('refused', 'bad')}\n${indented(result.problems)}`;
  }
}

function indented(problems: readonly Problem[]): string {
  return inWords(problems).replaceAll(/^/gmu, '  ');
}

/** Says in one sentence how all plans ended. */
export function appliedTotalsText(totals: AppliedTotals): string {
  const { done, underWay, changed, failed, notTried, unknown, refusedRecords } = totals;
  const parts = [
    `${counted(done, 'zone')} done`,
    ...(underWay === 0 ? [] : [`${underWay} going on in the background`]),
    ...(refusedRecords === 0 ? [] : [`${counted(refusedRecords, 'record')} refused`]),
    ...(changed === 0 ? [] : [`${changed} changed meanwhile and left`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(notTried === 0 ? [] : [`${notTried} not tried`]),
    ...(unknown === 0 ? [] : [`${unknown} not known to be done`]),
  ];
  return `${parts.join(', ')}.${notTried + unknown + changed + failed === 0 ? '' : ' The same command goes on with what is left.'}`;
}
