import { displayName } from '../../dns/name.ts';
import { counted, describeProblem } from '../../core/describe.ts';
import type { Operation } from '../../core/operation.ts';
import type { CentralReport, StatusReport } from '../../app/control/protocol.ts';
import { coloured, localTime } from '../output.ts';
import { ownerLines } from './owners.ts';
import { centralName, moodOfState } from './states.ts';
import { verifyLines } from './verify.ts';

/** What `domainsync status` prints. */
export function statusText(report: StatusReport): string {
  const { engine, central, centrals, verify } = report;
  const [first] = centrals;
  const head = `agent      ${coloured(report.state, moodOfState(report.state))}, release ${report.version}, pid ${report.pid}, ${Math.round(report.memory / 1_048_576)} MiB`;
  const paused = `paused     ${pausedText(report)}`;
  const problems = [...report.problems, ...report.pending].map(
    (problem) => `${coloured('problem', 'bad')}    ${describeProblem(problem, 'en')}`,
  );
  // All centrals know the same.
  const owners = engine === null ? [] : ownerLines(engine.owners);
  if (centrals.length > 1) {
    const all = centrals.flatMap((one) => [
      `central ${one.number}  ${centralName(one.central)}${foundText(one)}`,
      ...stateLines(one),
    ]);
    return [head, paused, ...owners, ...all, ...problems].join('\n');
  }
  const name = `central    ${central === null ? '-' : centralName(central)}${foundText(report)}`;
  const state = engine === null ? [] : stateLines({ engine, verify, blocked: first?.blocked ?? null });
  return [head, name, paused, ...owners, ...state, ...problems].join('\n');
}

/** How the account, its operations and its name servers are. */
function stateLines({
  engine,
  verify,
  blocked,
}: Pick<CentralReport, 'engine' | 'verify' | 'blocked'>): string[] {
  const { comparison } = engine;
  const running = comparison.running ? `running, ${comparison.done} of ${comparison.total}` : 'not complete';
  const lines = [
    `baseline   ${engine.baselineAt === null ? running : localTime(engine.baselineAt)}${comparison.problem === null ? '' : ` (${comparison.problem})`}`,
    `zones      ${counts(engine.zones)}`,
    `records    ${counts(engine.records)}`,
    `operations ${engine.open} open, ${engine.stuck.length} stuck`,
  ];
  if (blocked !== null) lines.push(`${coloured('blocked', 'bad')}    ${describeProblem(blocked, 'en')}`);
  if (engine.notes > 0)
    lines.push(
      `notes      ${coloured(String(engine.notes), 'care')} ${engine.notes === 1 ? 'zone' : 'zones'}: "domainsync zones" shows why`,
    );
  if (engine.frozen > 0)
    lines.push(
      `${coloured('frozen', 'bad')}     ${counted(engine.frozen, 'zone')}: their part of the journal is damaged, edits are refused; "domainsync zones" names them`,
    );
  if (engine.damagedOperations > 0)
    lines.push(
      `${coloured('damaged', 'bad')}    ${counted(engine.damagedOperations, 'operation')} in the journal cannot be read: docs/operations.md, "A damaged journal"`,
    );
  for (const stuck of engine.stuck)
    lines.push(`  ${coloured('stuck', 'bad')} ${stuck.id} ${displayName(stuck.zone)}: ${reasons(stuck)}`);
  if (verify !== null) lines.push(...verifyLines(verify));
  return lines;
}

function foundText({ found }: Pick<StatusReport, 'found'>): string {
  return found === null ? '' : ` (found: ${found.kind} at ${found.address})`;
}

function pausedText({ paused, pausedUntil }: StatusReport): string {
  if (!paused) return 'no';
  const until = pausedUntil === null ? '"domainsync resume"' : localTime(pausedUntil);
  return coloured(`yes, until ${until}: edits pass in the panel only`, 'care');
}

function counts(of: Readonly<Record<string, number>>): string {
  const parts = Object.entries(of).map(([state, count]) => `${count} ${state}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function reasons({ problems }: Operation): string {
  return problems.map((problem) => describeProblem(problem, 'en')).join(' ');
}
