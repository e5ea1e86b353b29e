import { displayName } from '../../dns/name.ts';
import { counted, describeInFull, describeProblem } from '../../core/describe.ts';
import type { Operation } from '../../core/operation.ts';
import { attentionText } from '../../app/answers/attention.ts';
import { nextPassword } from '../../app/next-password.ts';
import type { CentralReport, EngineReport, FromAgent } from '../../app/answers/central-report.ts';
import type { StatusReport } from '../../app/control/protocol.ts';
import { coloured, localTime } from '../output.ts';
import { ownerLines } from './owners.ts';
import { centralName, moodOfState } from './states.ts';
import { verifyLines } from './verify.ts';

/** Makes the output of `domainsync status`. */
export function statusText(report: StatusReport): string {
  const { engine, fromAgent, centrals } = report;
  return [
    ...attentionLines(report),
    ...agentLines(report),
    `paused     ${pausedText(report)}`,
    ...observingLines(centrals),
    // All journals store the same owners, so they are shown only once.
    ...(engine === null ? [] : ownerLines(engine.owners, fromAgent?.owners ?? null)),
    ...(centrals.length === 0 ? [withoutCentral(report)] : []),
    ...centrals.flatMap((one) => centralLines(one, centrals.length > 1)),
  ].join('\n');
}

/**
 * Makes the lines about the reasons why an administrator has to look at the panel. Each line says how long
 * the reason has existed.
 */
function attentionLines({ attention, centrals }: StatusReport): string[] {
  return attention
    .filter(({ code }) => code !== 'attention.agent-not-running')
    .map((one) => {
      const { lastSuccess } = one.params;
      const since = one.since === null ? '' : ` Since ${localTime(one.since)}.`;
      const last = lastSuccess === undefined ? '' : ` Last success ${localTime(Date.parse(lastSuccess))}.`;
      return `${coloured('attention', 'bad')}  ${attentionText(one, 'en', centrals.length > 1)}${since}${last} [${one.code}]`;
    });
}

/** Makes the line about the central if the settings give none, or cannot be used. */
function withoutCentral({ problems }: StatusReport): string {
  if (problems.length > 0) return 'central    -';
  return 'central    none is set: "DNS sync" in the panel\'s menu, or "domainsync install --config FILE"';
}

function agentLines({ state, version, pid, memory, centrals }: StatusReport): string[] {
  const shown = coloured(state.replace('-', ' '), moodOfState(state));
  if (pid !== null && memory !== null)
    return [`agent      ${shown}, release ${version}, pid ${pid}, ${Math.round(memory / 1_048_576)} MiB`];
  if (centrals.length === 0) return [`agent      ${shown}: the next edit starts it`];
  return [
    `agent      ${shown}: the next edit starts it. Below is what its journal holds. Not known without it:`,
    '           how far a comparison is, whether the central is out of reach, what name servers answer',
  ];
}

/** Makes the lines about one central: its account, its operations, and its name servers. */
function centralLines(
  { number, central, found, engine, hasJournal, fromAgent }: CentralReport,
  several: boolean,
): string[] {
  const where = found === null ? '' : ` (found: ${found.kind} at ${found.address})`;
  const lines = [`central ${several ? number : ' '}  ${centralName(central)}${where}`];
  if (fromAgent !== null && fromAgent.blocked !== null)
    lines.push(`${coloured('blocked', 'bad')}    ${describeInFull(fromAgent.blocked, 'en')}`);
  if (fromAgent !== null && fromAgent.nextPassword)
    lines.push(`${coloured('password', 'care')}   ${describeProblem(nextPassword, 'en')}`);
  if (!hasJournal) lines.push('journal    none yet: the agent makes it when it starts');
  else if (engine === null) lines.push('journal    cannot be read');
  else lines.push(`baseline   ${baselineText(engine, fromAgent)}`, ...journalLines(engine));
  if (fromAgent !== null && fromAgent.verify !== null) lines.push(...verifyLines(fromAgent.verify));
  return lines;
}

function baselineText({ baselineAt }: EngineReport, fromAgent: FromAgent | null): string {
  const { running, done, total, problem } = fromAgent?.comparison ?? notRunning;
  const progress = running ? `running, ${grouped(done)} of ${grouped(total)}` : 'not complete';
  const failed = problem === null ? '' : ` (${problem})`;
  return `${baselineAt === null ? progress : localTime(baselineAt)}${failed}`;
}

/** Writes a count with commas between the thousands: `1,240`. */
function grouped(count: number): string {
  return count.toLocaleString('en');
}

const notRunning = { running: false, done: 0, total: 0, problem: null } as const;

function journalLines(engine: EngineReport): string[] {
  const lines = [
    `zones      ${counts(engine.zones)}`,
    `records    ${counts(engine.records)}`,
    `operations ${engine.open} open, ${engine.stuck.length} stuck`,
  ];
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
  return lines;
}

function pausedText({ paused, pausedUntil }: StatusReport): string {
  if (!paused) return 'no';
  const until = pausedUntil === null ? '"domainsync resume"' : localTime(pausedUntil);
  return coloured(`yes, until ${until}: edits pass in the panel only`, 'care');
}

/** Makes the lines about centrals where domainsync only observes. */
function observingLines(centrals: readonly CentralReport[]): string[] {
  const several = centrals.length > 1;
  return centrals.flatMap(({ number, observing, engine }) => {
    if (observing === null) return [];
    const { since, edits, refused } = observing;
    const from = since === null ? '' : ` since ${localTime(since)}`;
    const at = several ? ` at central ${number}` : '';
    const left =
      engine === null || engine.open === 0
        ? ''
        : `; ${counted(engine.open, 'operation')} from before being finished`;
    return [
      `${coloured('observing', 'care')} ${at}${from}: nothing is refused or written${left}`,
      `           last 24 hours: ${counted(edits, 'edit')}, of which ${refused} would have been refused; "domainsync history --outcome observed"`,
    ];
  });
}

function counts(of: Readonly<Record<string, number>>): string {
  const parts = Object.entries(of).map(([state, count]) => `${count} ${state}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function reasons({ problems }: Operation): string {
  return problems.map((problem) => describeProblem(problem, 'en')).join(' ');
}
