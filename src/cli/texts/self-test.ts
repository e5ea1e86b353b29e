import type { Assumption } from '../../app/self-test/assumptions.ts';
import type { SelfTestStep } from '../../app/self-test/step.ts';
import type { SelfTestReport } from '../../app/self-test/self-test.ts';
import { coloured, table, type Cell } from '../output.ts';

/** Makes the report of the self-test as text for people. */
export function selfTestText(report: SelfTestReport): string {
  const rows = report.steps.map((step) => [
    step.step,
    side(step.panelShows),
    side(step.centralShows),
    String(step.ms),
    step.failed === null ? '' : step.failed,
  ]);
  return [
    `Self-test with the zone ${report.zone}`,
    ...(report.observing ? ['domainsync only observes: the central stays without the zone.'] : []),
    table(['STEP', 'PANEL', 'CENTRAL', 'MS', 'REFUSED WITH'], rows),
    '',
    'Events, in the order in which they came:',
    ...report.steps.flatMap(eventLines),
    '',
    'What we take for granted (docs/compatibility.md):',
    ...report.assumptions.map(assumptionLine),
    '',
    `an "after" handler sees the change    ${report.afterSees}`,
    `an error in "after" undoes it         ${report.afterErrorUndoes}`,
    `"before" is called for others' zones  ${report.beforeForOthers}`,
    `edits not listed in "eventlist"        ${unlisted(report.registered)}`,
    `owners of zones are reported by       ${owners[report.ownersReported]}`,
    `keys of a new zone's records          ${list(report.listedKeys)}`,
    `keys as the panel's calls carry them  ${list(report.sentKeys)}`,
    `scratch zone gone from both sides     ${report.clean ? 'yes' : coloured('NO: delete it in the panel', 'bad')}`,
  ].join('\n');
}

const owners: Readonly<Record<SelfTestReport['ownersReported'], string>> = {
  column: 'a column of the list',
  'each-account': 'the list as each account sees it',
  none: 'neither of the ways that are known',
  'not tested': 'not tested',
};

function assumptionLine({ id, text, holds, consequence }: Assumption): string {
  const number = id.padEnd(3);
  if (holds === 'yes') return `  ${number}  ${coloured('holds', 'good')}       ${text}`;
  if (holds === 'not tested') return `  ${number}  ${coloured('not tested', 'quiet')}  ${text}`;
  return `  ${number}  ${coloured('FAILED', 'bad')}      ${text}\n       -> ${consequence}`;
}

function side(shows: SelfTestStep['panelShows']): Cell {
  if (shows === null) return { text: '-', mood: 'quiet' };
  return shows ? { text: 'as wanted', mood: 'good' } : { text: 'NOT SO', mood: 'bad' };
}

function eventLines({ step, calls }: SelfTestStep): string[] {
  if (calls.length === 0) return [`  ${step}: none`];
  return [
    `  ${step}:`,
    ...calls.map(({ at, func, stage, verdict, parameters }) => {
      return `    ${String(at).padStart(5)} ms  ${stage.padEnd(6)} ${func}: ${verdict}; ${parameters.join(' ')}`;
    }),
  ];
}

function unlisted(registered: SelfTestReport['registered']): string {
  if (registered === null) return 'the panel has no such list';
  return registered.namesUs ? list(registered.missing) : 'it names no handler of domainsync';
}

function list(keys: readonly string[]): string {
  return keys.length === 0 ? 'none' : keys.map((key) => JSON.stringify(key)).join(', ');
}
