import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { defaultSafetyLimits, exceedsShare } from '../../core/engine/knowledge/safety-limits.ts';
import { PanelError, type Panel } from '../../core/panel.ts';
import type { PanelHand } from '../../core/panel-hand.ts';
import { loadSettings } from '../../config/settings.ts';
import { displayName, type DnsName } from '../../dns/name.ts';
import { DnsDataError, type Problem } from '../../dns/problem.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { parseZoneFile } from '../../dns/zone-file.ts';
import { describeInFull } from '../../core/describe.ts';
import { CommandFailed } from '../command-failed.ts';
import { inWords } from '../problems.ts';
import { fileFailed } from '../plan/plan-file.ts';
import { importStepId, planImport, type ImportPlan, type ImportStep } from './import-rule.ts';

/** Largest zone file that is read, octets. */
const mostOctets = 32 * 1024 * 1024;
/** Most mistakes in a file that are reported. */
const mostMistakes = 100;
/** How long one read or edit of the panel may take, milliseconds. */
const patience = 60_000;

/** A zone that was read from a file. */
export interface ReadZone {
  readonly zone: DnsName;
  readonly records: readonly ResourceRecord[];
}

/**
 * Reads a zone file.
 * @param named the zone; null: the owner of the file's SOA record or, without one, its first `$ORIGIN`
 * @throws {CommandFailed} the file cannot be read, its zone cannot be found, or it has mistakes. The error
 *   lists all mistakes with line and column
 */
export function readZoneFile(path: string, named: DnsName | null): ReadZone {
  const text = textOf(path);
  try {
    const given = named === null ? {} : { origin: named, within: named };
    const { origin, records } = parseZoneFile(text, { file: path, ...given });
    const zone = named ?? records.find(({ type }) => type === 'SOA')?.name ?? origin;
    if (zone === null) throw new CommandFailed(`${path} does not name its zone. Give it with --zone.`);
    // The zone is known only now, so the file is parsed again to find records outside the zone.
    if (named === null) parseZoneFile(text, { file: path, within: zone });
    return { zone, records };
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    throw new CommandFailed(mistakesText(error.problems), error.problems);
  }
}

function textOf(path: string): string {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = fstatSync(file);
      if (!facts.isFile()) throw new CommandFailed(`${path} is no file.`);
      if (facts.size > mostOctets) throw new CommandFailed(`${path} is larger than 32 MiB.`);
      return readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileFailed(path, 'read', error);
  }
}

function mistakesText(problems: readonly Problem[]): string {
  const lines = problems.map((one) => {
    const { file = '', line = '', column = '' } = one.params;
    return `${file}:${line}:${column}: ${describeInFull(one, 'en')} [${one.code}]`;
  });
  const more = lines.length - mostMistakes;
  return [
    ...lines.slice(0, mostMistakes),
    ...(more > 0 ? [`... and ${more} more mistakes`] : []),
    'Nothing was changed.',
  ].join('\n');
}

/**
 * Finds the edits that give the panel's zone the records of the file.
 * @throws {CommandFailed} the panel has no such zone, or cannot be read
 */
export async function plannedImport(
  panel: Panel,
  { zone, records }: ReadZone,
  removes: boolean,
): Promise<ImportPlan> {
  const held = await inPanel(() => panel.readZone(zone, context()));
  if (held === null)
    throw new CommandFailed(
      `The panel has no zone ${displayName(zone)}. Its owner has to create it there first. Nothing was changed.`,
    );
  return planImport(zone, records, held, removes);
}

/**
 * Checks whether the settings allow an import.
 * @param isForced whether the import may remove more than the safety limits allow
 * @returns whether the import removes more than the safety limits allow
 * @throws {CommandFailed} domainsync only observes, or the import removes too much and is not forced
 */
export function checkImport(root: string, { zone, steps, held }: ImportPlan, isForced: boolean): boolean {
  const loaded = loadSettings(root);
  const settings = loaded.kind === 'configured' ? loaded.settings : null;
  if (settings?.mode === 'observe' && steps.length > 0) {
    const problem = { code: 'agent.observing', params: {} };
    throw new CommandFailed(inWords([problem]), [problem]);
  }
  const limits = settings?.limits ?? defaultSafetyLimits;
  const removed = steps.filter(({ remove }) => remove !== null).length;
  const isEmptied = removed > 0 && removed === held && steps.every(({ add }) => add === null);
  if (!isEmptied && !exceedsShare(removed, held, limits)) return false;
  if (isForced) return true;
  throw new CommandFailed(
    `${displayName(zone)} would lose ${removed} of ${held} records, more than the safety limits allow (docs/planning.md). ` +
      'Nothing was changed. If it is wanted, give --force-once with the reason.',
  );
}

/**
 * The result of one step. `problem`: why the panel refused it, or the central through the panel; null: it is
 * done.
 */
export interface ImportedStep {
  readonly step: ImportStep;
  readonly problem: Problem | null;
}

/**
 * Makes the edits of a plan in the panel, as an administrator does in the panel's forms. So the central must
 * accept each edit first. Reads the panel again before the first edit.
 * @param stop ends the import after the edit that is in progress
 * @throws {CommandFailed} the zone now needs other steps, and nothing was changed; or the panel did not
 *   answer
 */
export async function* applyImport(
  { panel, hand }: { readonly panel: Panel; readonly hand: PanelHand },
  file: ReadZone,
  approved: ImportPlan,
  { removes, stop }: { readonly removes: boolean; readonly stop: AbortSignal },
): AsyncGenerator<ImportedStep> {
  const { zone, steps } = await plannedImport(panel, file, removes);
  const known = new Set(approved.steps.map(importStepId));
  if (!steps.every((step) => known.has(importStepId(step))))
    throw new CommandFailed(`${displayName(zone)} was changed meanwhile. Nothing was changed; import again.`);
  for (const step of steps) {
    if (stop.aborted) return;
    yield { step, problem: await makeEdit(hand, zone, step) };
  }
}

async function makeEdit(hand: PanelHand, zone: DnsName, step: ImportStep): Promise<Problem | null> {
  try {
    if (step.kind === 'add') await hand.addRecord(zone, step.add, context());
    else if (step.kind === 'remove') await hand.deleteRecord(zone, step.remove.key, context());
    else await hand.changeRecord(zone, step.remove.key, step.add, context());
    return null;
  } catch (error) {
    if (!(error instanceof PanelError)) throw error;
    if (error.code === 'panel.refused') return { code: error.code, params: error.params };
    throw notAnswered(error);
  }
}

async function inPanel<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PanelError) throw notAnswered(error);
    throw error;
  }
}

function notAnswered(error: PanelError): CommandFailed {
  const problem = { code: error.code, params: error.params };
  return new CommandFailed(`${describeInFull(problem, 'en')} [${error.code}]`, [problem]);
}

function context(): { readonly signal: AbortSignal; readonly operation: string } {
  return { signal: AbortSignal.timeout(patience), operation: '-' };
}
