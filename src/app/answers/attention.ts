import { displayName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import { describeInFull } from '../../core/describe.ts';
import { enoughSilent } from '../../core/engine/parts/silent-changes.ts';
import type { AttentionCode } from '../../core/catalogue-attention.ts';
import type { Language } from '../../core/panel.ts';
import { undecidedFor, type Health } from './health.ts';
import type { CentralReport } from './central-report.ts';

/** A reason why an administrator has to look at this panel. */
export interface Attention {
  /** A code of the catalogue `attention.*`, for example `attention.central-unreachable`. */
  readonly code: AttentionCode;
  /** Number of the central that the reason is about; null: it is about the whole panel. */
  readonly central: number | null;
  /** Since when the reason exists: milliseconds since 1970; null: unknown. */
  readonly since: number | null;
  /**
   * Values for the text, without secrets. `code` is the code of the cause, if there is one. `lastSuccess` is
   * the time of the last success before the failures (ISO 8601, UTC), if it is known.
   */
  readonly params: Readonly<Record<string, string>>;
}

/** The fields of a `StatusReport` in which the reasons are found. */
export interface Examined {
  /** When the report was made: wall clock, milliseconds since 1970. */
  readonly at: number;
  /** Process id of the agent; null: no agent runs. */
  readonly pid: number | null;
  readonly problems: readonly Problem[];
  readonly pending: readonly Problem[];
  readonly centrals: readonly CentralReport[];
}

/**
 * Finds all reasons why an administrator has to look at the panel, the most urgent first. Empty: all is well.
 */
export function attentionOf(report: Examined): readonly Attention[] {
  const found = [...ofPanel(report), ...report.centrals.flatMap((one) => ofCentral(report, one))];
  return found.toSorted((a, b) => urgency.indexOf(a.code) - urgency.indexOf(b.code));
}

/**
 * Describes a reason in words: what to do, and the cause. The text does not contain the time.
 * @param several whether the panel has several centrals; if so, the text names the central
 */
export function attentionText(
  { code, central, params }: Attention,
  language: Language,
  several: boolean,
): string {
  const of = several && central !== null ? { central: String(central) } : {};
  return describeInFull({ code, params: { ...params, ...of } }, language);
}

/**
 * When this many edits were left to the panel because the zone's owner was unknown, an administrator has to
 * look. One or two are usual: owners are read again after a pause, and when a zone changes hands.
 */
const someUndecided = 3;

/** Time (ms) for which the comparison of a zone may fail before an administrator has to look. */
const zonesMayFail = 600_000;

/**
 * All codes, the most urgent first. First come reasons that make edits fail, then those through which edits
 * may be missed, then those that only wait for a decision.
 */
const urgency: readonly AttentionCode[] = [
  'attention.agent-not-running',
  'attention.problem',
  'attention.settings-not-in-force',
  'attention.other-host',
  'attention.login-blocked',
  'attention.central-unreachable',
  'attention.observing-blind',
  'attention.plugin-files',
  'attention.no-hook-calls',
  'attention.zones-frozen',
  'attention.operations-damaged',
  'attention.older-journal',
  'attention.long-gap',
  'attention.stuck',
  'attention.comparison-failing',
  'attention.comparison-overdue',
  'attention.zones-not-compared',
  'attention.name-servers-behind',
  'attention.owners-undecided',
  'attention.conflicts',
];

function ofPanel({ at, pid, problems, pending, centrals }: Examined): Attention[] {
  return [
    ...(pid === null ? [reason('attention.agent-not-running', null)] : []),
    ...problems.map((problem) => caused('attention.problem', problem)),
    // If the settings are broken when the agent starts, both `problems` and `pending` contain the problem.
    ...pending
      .filter((problem) => !problems.some((one) => isSame(one, problem)))
      .map((problem) => caused('attention.settings-not-in-force', problem)),
    ...ofPanelHealth(
      at,
      centrals.flatMap(({ health }) => health ?? []),
    ),
  ];
}

/** Finds the reasons about the panel as a whole, which the engine of any central may know. */
function ofPanelHealth(at: number, all: readonly Health[]): Attention[] {
  const found: Attention[] = [];
  const files = all.find((one) => one.files !== null)?.files ?? null;
  if (files !== null) found.push(reason('attention.plugin-files', null, { text: files.text }, files.since));
  const silent = all.find((one) => one.silent.length >= enoughSilent)?.silent ?? [];
  const [first] = silent;
  const last = silent.at(-1);
  if (first !== undefined && last !== undefined)
    found.push(reason('attention.no-hook-calls', null, { zone: displayName(last.zone) }, first.at));
  const undecided = all.find((one) => one.undecided !== null)?.undecided ?? null;
  if (undecided !== null && undecided.edits >= someUndecided && undecided.last > at - undecidedFor) {
    const { edits, since } = undecided;
    found.push(reason('attention.owners-undecided', null, { count: String(edits) }, since));
  }
  return found;
}

function ofCentral({ at, pid }: Examined, report: CentralReport): Attention[] {
  const { number, engine, health } = report;
  const found = health === null ? [] : ofHealth({ at, pid }, report, health);
  if (engine === null) return found;
  const { doubt, stuck, frozen, damagedOperations, records } = engine;
  const add = (code: AttentionCode, count: number, since: number | null = null): void => {
    if (count > 0) found.push(reason(code, number, { count: String(count) }, since));
  };
  if (doubt !== null) found.push(reason(`attention.${doubt.why}`, number, {}, doubt.since));
  add('attention.stuck', stuck.length, Math.min(...stuck.map(({ changedAt }) => changedAt)));
  add('attention.zones-frozen', frozen);
  add('attention.operations-damaged', damagedOperations);
  const conflicts = records['conflict'] ?? 0;
  // In observe mode, every edit stays in the panel only, so conflicts are expected.
  if (conflicts > report.conflictLimit && report.observing === null) {
    const params = { count: String(conflicts), limit: String(report.conflictLimit) };
    found.push(reason('attention.conflicts', number, params, health?.conflictsSince ?? null));
  }
  return found;
}

function ofHealth(
  { at, pid }: Pick<Examined, 'at' | 'pid'>,
  { number, observing }: Pick<CentralReport, 'number' | 'observing'>,
  health: Health,
): Attention[] {
  const { blocked, behind, comparison } = health;
  const found: Attention[] = [];
  const add = (code: AttentionCode, since: number | null, params: Attention['params'] = {}): void => {
    found.push(reason(code, number, params, since));
  };
  if (blocked !== null) {
    const refusing = blocked.code === 'central.login-blocked' ? 'login-blocked' : 'central-unreachable';
    const { cause = '', text = '' } = blocked.params;
    const code = observing === null ? refusing : 'observing-blind';
    add(`attention.${code}`, health.failingSince, { text, code: cause, ...success(health.answeredAt) });
  }
  if (behind !== null) {
    const { servers, edits, since } = behind;
    add('attention.name-servers-behind', since, { servers: servers.join(', '), count: String(edits) });
  }
  const last = success(comparison.completeAt);
  const { problem, failingZones, failingZonesSince } = comparison;
  if (problem !== null)
    add('attention.comparison-failing', comparison.failingSince, { code: problem, ...last });
  else if (pid !== null && comparison.overdueAt !== null && at > comparison.overdueAt)
    add('attention.comparison-overdue', comparison.overdueAt, last);
  if (blocked === null && failingZonesSince !== null && failingZonesSince <= at - zonesMayFail)
    add('attention.zones-not-compared', failingZonesSince, { count: String(failingZones) });
  return found;
}

/** The parameter with the time of the last success: ISO 8601, UTC. */
function success(at: number | null): Attention['params'] {
  return at === null ? {} : { lastSuccess: new Date(at).toISOString() };
}

function reason(
  code: AttentionCode,
  central: number | null,
  params: Attention['params'] = {},
  since: number | null = null,
): Attention {
  return { code, central, since, params };
}

/** Makes the reason whose cause is this problem. The problem may name the centrals that have it. */
function caused(code: AttentionCode, problem: Problem): Attention {
  const { central, ...params } = problem.params;
  const number = central !== undefined && /^\d+$/.test(central) ? Number(central) : null;
  return reason(code, number, { ...params, code: problem.code });
}

function isSame(one: Problem, other: Problem): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
