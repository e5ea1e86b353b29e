import type { Finding } from '../../app/doctor/finding.ts';
import { counted } from '../../core/describe.ts';
import { coloured, type Mood } from '../output.ts';

const moods: Readonly<Record<Finding['state'], Mood>> = {
  ok: 'good',
  note: 'quiet',
  warning: 'care',
  problem: 'bad',
};

/** A finding of a doctor as a line, with a second line for what can be done. */
export function findingText({ check, state, text, wayOut }: Finding): string {
  const head = `${coloured(state.padEnd(8), moods[state])} ${check.padEnd(12)} ${text}`;
  return wayOut === null ? head : `${head}\n${' '.repeat(22)}-> ${wayOut}`;
}

/** How many problems and warnings there are. */
export function findingsSummary(findings: readonly Finding[]): string {
  const count = (state: Finding['state']): number => findings.filter((one) => one.state === state).length;
  return `\n${counted(count('problem'), 'problem')}, ${counted(count('warning'), 'warning')}`;
}
