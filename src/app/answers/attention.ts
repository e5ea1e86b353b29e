import type { Problem } from '../../dns/problem.ts';
import { describeProblem, technicalCause } from '../../core/describe.ts';
import type { AttentionCode } from '../../core/catalogue-attention.ts';
import type { Language } from '../../core/panel.ts';
import type { CentralReport } from './central-report.ts';

/** A reason why an administrator has to look at this panel. */
export interface Attention {
  /** A code of the catalogue `attention.*`, for example `attention.central-unreachable`. */
  readonly code: AttentionCode;
  /** Number of the central; null: the whole panel. */
  readonly central: number | null;
  /** Since when, milliseconds since 1970; null: not known. */
  readonly since: number | null;
  /** Values for the text; no secrets. `code` is that of the cause, where there is one. */
  readonly params: Readonly<Record<string, string>>;
}

/** What of a `StatusReport` the reasons are found from. */
export interface Examined {
  /** When the report was made: wall clock, milliseconds since 1970. */
  readonly at: number;
  /** Null: no agent runs. */
  readonly pid: number | null;
  readonly problems: readonly Problem[];
  readonly pending: readonly Problem[];
  readonly centrals: readonly CentralReport[];
}

/** All reasons, the most urgent first; empty: all is well. */
export function attentionOf(report: Examined): readonly Attention[] {
  const found = [...ofPanel(report), ...report.centrals.flatMap(ofCentral)];
  return found.toSorted((a, b) => urgency.indexOf(a.code) - urgency.indexOf(b.code));
}

/**
 * A reason in words, with what to do and with its cause. The times are not in it.
 * @param several whether the panel has several centrals; only then the text names the central
 */
export function attentionText(
  { code, central, params }: Attention,
  language: Language,
  several: boolean,
): string {
  const of = several && central !== null ? { central: String(central) } : {};
  const cause = technicalCause({ code, params }, language);
  const said = describeProblem({ code, params: { ...params, ...of } }, language);
  return cause === '' ? said : `${said} (${cause})`;
}

/** Milliseconds for which an edit that was decided without an owner remains a reason. */
const undecidedFor = 24 * 3_600_000;

/** All codes, the most urgent first: what refuses edits, what edits may miss, what waits. */
const urgency: readonly AttentionCode[] = [
  'attention.agent-not-running',
  'attention.problem',
  'attention.settings-not-in-force',
  'attention.login-blocked',
  'attention.central-unreachable',
  'attention.no-hook-calls',
  'attention.zones-frozen',
  'attention.operations-damaged',
  'attention.stuck',
  'attention.comparison-failing',
  'attention.comparison-overdue',
  'attention.name-servers-behind',
  'attention.owners-undecided',
  'attention.conflicts',
];

function ofPanel({ at, pid, problems, pending, centrals }: Examined): Attention[] {
  // All centrals hold the same owners.
  const { undecided = 0, undecidedAt = null } = centrals[0]?.live?.owners ?? {};
  const isRecent = undecidedAt !== null && undecidedAt > at - undecidedFor;
  return [
    ...(pid === null ? [reason('attention.agent-not-running', null)] : []),
    ...problems.map((problem) => caused('attention.problem', problem)),
    // Settings that are broken at the start are listed as both.
    ...pending
      .filter((problem) => !problems.some((one) => isSame(one, problem)))
      .map((problem) => caused('attention.settings-not-in-force', problem)),
    ...(isRecent ? [reason('attention.owners-undecided', null, { count: String(undecided) })] : []),
  ];
}

function ofCentral({ number, engine, live }: CentralReport): Attention[] {
  const found: Attention[] = [];
  if (live !== null) found.push(...ofLive(number, live));
  if (engine === null) return found;
  const { stuck, frozen, damagedOperations } = engine;
  const since = Math.min(...stuck.map(({ changedAt }) => changedAt));
  if (stuck.length > 0) found.push(reason('attention.stuck', number, { count: String(stuck.length) }, since));
  if (frozen > 0) found.push(reason('attention.zones-frozen', number, { count: String(frozen) }));
  if (damagedOperations > 0)
    found.push(reason('attention.operations-damaged', number, { count: String(damagedOperations) }));
  return found;
}

function ofLive(number: number, live: NonNullable<CentralReport['live']>): Attention[] {
  const { blocked, comparison, verify } = live;
  const found: Attention[] = [];
  if (blocked !== null) {
    const code = blocked.code === 'central.login-blocked' ? 'login-blocked' : 'central-unreachable';
    const { cause = '', text = '' } = blocked.params;
    found.push(reason(`attention.${code}`, number, { ...blocked.params, code: cause, text }));
  }
  if (comparison.problem !== null)
    found.push(reason('attention.comparison-failing', number, { code: comparison.problem }));
  const behind = verify?.behind.filter(({ asking }) => !asking) ?? [];
  if (behind.length > 0) {
    const late = behind.flatMap(({ servers }) => servers.filter(({ state }) => state !== 'live'));
    const servers = [...new Set(late.map(({ server }) => server))].join(', ');
    const since = Math.min(...behind.map((one) => one.since));
    found.push(
      reason('attention.name-servers-behind', number, { servers, count: String(behind.length) }, since),
    );
  }
  return found;
}

function reason(
  code: AttentionCode,
  central: number | null,
  params: Attention['params'] = {},
  since: number | null = null,
): Attention {
  return { code, central, since, params };
}

/** A reason whose cause is a problem. The problem may name the centrals that have it. */
function caused(code: AttentionCode, problem: Problem): Attention {
  const { central, ...params } = problem.params;
  const number = central !== undefined && /^\d+$/.test(central) ? Number(central) : null;
  return reason(code, number, { ...params, code: problem.code });
}

function isSame(one: Problem, other: Problem): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
