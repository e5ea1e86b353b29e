import { displayName, type DnsName } from '../dns/name.ts';
import type { Problem } from '../dns/problem.ts';
import type { AtEach, Numbered } from '../app/answers/told.ts';
import type { SigningReport } from '../app/answers/zone-signing.ts';
import { formatRecord, recordId } from '../dns/record.ts';
import { counted, describeProblem } from '../core/describe.ts';
import type { EngineStatus, ZoneView } from '../core/engine/engine.ts';
import type { ZoneEntry } from '../core/ledger.ts';
import { isFinal, type Operation } from '../core/operation.ts';
import type { VerifyStatus } from '../centrals/verified/verifier.ts';
import { noteText } from './notes.ts';
import { coloured, localTime, table, type Cell, type Mood } from './output.ts';
import { ownerLines } from './show-owners.ts';
import { verifyLines } from './show-verify.ts';
import { own } from '../dns/own.ts';

/** What the agent says of itself (`src/agent/control.ts`). */
export interface StatusReport {
  readonly pid: number;
  readonly version: string;
  readonly memory: number;
  readonly state: string;
  readonly problems: readonly Problem[];
  readonly pending: readonly Problem[];
  readonly paused: boolean;
  readonly pausedUntil: number | null;
  readonly central: { readonly address: string; readonly account: string } | null;
  /** Which panel the central turned out to be, where the settings leave that open. */
  readonly found: { readonly address: string; readonly kind: string } | null;
  readonly engine: EngineStatus | null;
  /** Null where no name servers are asked; absent from an agent of an earlier release. */
  readonly verify?: VerifyStatus | null;
  /** All centrals, what stands above of the first included; absent from an agent of an earlier release. */
  readonly centrals?: readonly CentralReport[];
}

/** One central of the panel. */
export interface CentralReport {
  /** As in the settings: 1 is `[isp_master]`. */
  readonly number: number;
  readonly central: { readonly address: string; readonly account: string };
  readonly found: StatusReport['found'];
  /** Why nothing is sent to it at the moment; null while it is. */
  readonly blocked: Problem | null;
  readonly engine: EngineStatus;
  readonly verify: VerifyStatus | null;
}

/** How a state or standing is meant where a person looks. */
export function moodOfState(state: string): Mood {
  return own(moods, state) ?? 'plain';
}

const moods: Readonly<Record<string, Mood>> = {
  confirmed: 'good',
  joined: 'good',
  running: 'good',
  refused: 'bad',
  stuck: 'bad',
  broken: 'bad',
  reverting: 'care',
  reverted: 'care',
  differs: 'care',
  foreign: 'care',
  deleting: 'care',
  'panel-only': 'quiet',
  'central-only': 'quiet',
  released: 'quiet',
};

function inMood(state: string): Cell {
  return { text: state, mood: moodOfState(state) };
}

export function showStatus(report: StatusReport): string {
  const { engine, central, centrals = [] } = report;
  const [first] = centrals;
  const head = `agent      ${coloured(report.state, moodOfState(report.state))}, release ${report.version}, pid ${report.pid}, ${Math.round(report.memory / 1_048_576)} MiB`;
  const paused = `paused     ${pausedText(report)}`;
  const problems = [...report.problems, ...report.pending].map(
    (problem) => `${coloured('problem', 'bad')}    ${describeProblem(problem, 'en')}`,
  );
  // All centrals know the same.
  const owners = ownerLines(engine?.owners);
  if (centrals.length > 1) {
    const all = centrals.flatMap((one) => [
      `central ${one.number}  ${nameOf(one.central)}${foundText(one)}`,
      ...stateLines(one),
    ]);
    return [head, paused, ...owners, ...all, ...problems].join('\n');
  }
  const name = `central    ${central === null ? '-' : nameOf(central)}${foundText(report)}`;
  const { verify = null } = report;
  const state = engine === null ? [] : stateLines({ engine, verify, blocked: first?.blocked ?? null });
  return [head, name, paused, ...owners, ...state, ...problems].join('\n');
}

function nameOf({ address, account }: CentralReport['central']): string {
  return `${address} as ${account}`;
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
  if (engine.remarks > 0)
    lines.push(
      `remarks    ${coloured(String(engine.remarks), 'care')} ${engine.remarks === 1 ? 'zone' : 'zones'}: "domainsync zones" tells why`,
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
  const parts = Object.entries(of).map(([standing, count]) => `${count} ${standing}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function reasons({ problems }: Operation): string {
  return problems.map((problem) => describeProblem(problem, 'en')).join(' ');
}

export function showZones(zones: readonly Numbered<ZoneEntry>[]): string {
  const several = zones.some(({ central }) => central !== undefined);
  const rows = zones.map(({ zone, standing, baselineAt, note, central }) => [
    ...(several ? [String(central)] : []),
    displayName(zone),
    inMood(standing),
    localTime(baselineAt),
    noteText(note),
  ]);
  return table([...(several ? ['CENTRAL'] : []), 'ZONE', 'STANDING', 'SINCE', 'NOTE'], rows);
}

/** What the agent, or the journal, knows of a zone, and what the central tells of its signing. */
export interface ZoneReport extends ZoneView {
  readonly signing: SigningReport;
}

/** Both sides side by side, and what the registrar has to know of a signed zone; one central after the other. */
export function showZone(zone: DnsName, report: AtEach<ZoneReport>): string {
  if (report.centrals === undefined) return showAt(zone, report);
  return report.centrals
    .map((one) => `central ${one.central}  ${nameOf(one)}\n${showAt(zone, one)}`)
    .join('\n\n');
}

function showAt(zone: DnsName, view: ZoneReport): string {
  const { entry } = view;
  const remark = entry === null || entry.note === null ? '' : ` (${noteText(entry.note)})`;
  const standing = entry?.standing ?? 'not known';
  const head = `${displayName(zone)}: ${coloured(standing, moodOfState(standing))}${remark}`;
  const rows = view.rows.map(({ record, standing: rowStanding, onPanel, onCentral, note }) => [
    onPanel ? 'yes' : '-',
    onCentral ? 'yes' : '-',
    inMood(rowStanding),
    shortened(formatRecord(record)),
    noteText(note),
  ]);
  const open = view.open.map(
    ({ id, state, kind }) => `${isFinal(state) ? 'watched' : 'open'} operation ${id}: ${kind}, ${state}`,
  );
  const lists = table(['PANEL', 'CENTRAL', 'STANDING', 'RECORD', 'NOTE'], rows);
  return [head, ...signingLines(zone, view.signing), lists, ...open].join('\n');
}

function signingLines(zone: DnsName, signing: SigningReport): string[] {
  if (signing === null) return [];
  if ('problem' in signing) return [`DNSSEC     not known: ${describeProblem(signing.problem, 'en')}`];
  if (signing.signed === null) return ['DNSSEC     not known: this central does not tell'];
  if (!signing.signed) return ['DNSSEC     not signed by the central'];
  if (signing.ds.length === 0)
    return ['DNSSEC     signed by the central, which does not tell the DS for the registrar'];
  const line = (data: string): string => `           ${zone} IN DS ${data}`;
  const asked =
    signing.cds.length === 0
      ? ['CDS        none published: the DS above has to be entered at the registrar by hand']
      : ['CDS        published, for a registry that fetches it:', ...signing.cds.map(line)];
  return ['DNSSEC     signed by the central; DS for the registrar:', ...signing.ds.map(line), ...asked];
}

function shortened(text: string): string {
  return text.length > 90 ? `${text.slice(0, 87)}...` : text;
}

export function showHistory(operations: readonly Numbered<Operation>[]): string {
  const several = operations.some(({ central }) => central !== undefined);
  const rows = operations.map((operation) => [
    ...(several ? [String(operation.central)] : []),
    localTime(operation.createdAt),
    operation.id,
    inMood(operation.state),
    operation.kind,
    displayName(operation.zone),
    operation.actor === '' ? operation.source : operation.actor,
    [shortened(describeItems(operation)), ...codes(operation)].join(' '),
  ]);
  const headings = ['TIME', 'OPERATION', 'STATE', 'KIND', 'ZONE', 'WHO', 'WHAT'];
  return table([...(several ? ['CENTRAL'] : []), ...headings], rows);
}

/** Why it ended so, in short; `domainsync show` has the words. */
function codes({ problems }: Operation): string[] {
  return [...new Set(problems.map(({ code }) => `[${code}]`))];
}

function describeItems(operation: Operation): string {
  if (operation.kind === 'zone-delete') return '- the whole zone';
  if (operation.kind === 'zone-create')
    return `+ the zone ${(operation.seed?.addresses ?? []).join(' ')}`.trimEnd();
  return operation.items
    .map(({ remove, add }) => {
      if (remove !== null && add !== null && recordId(remove) === recordId(add)) {
        return `TTL ${remove.ttl ?? '?'} -> ${add.ttl ?? '?'}: ${formatRecord(add)}`;
      }
      const gone = remove === null ? '' : `- ${formatRecord(remove)}`;
      const made = add === null ? '' : `+ ${formatRecord(add)}`;
      return [gone, made].filter((part) => part !== '').join(' ');
    })
    .join(', ');
}
