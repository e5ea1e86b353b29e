/** Reads `domainsync status` of a stage, and waits for what it reports. */
import assert from 'node:assert/strict';
import type { Attention } from '../../../src/app/answers/attention.ts';
import { parseAnswer, type StatusReport } from '../../../src/app/control/protocol.ts';
import { journalPath, pathsOf } from '../../../src/app/paths.ts';
import type { Journal } from '../../../src/core/journal.ts';
import { SqliteJournal, type SqliteJournalOptions } from '../../../src/journal/sqlite.ts';
import { endProcess, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { settled } from '../combinations/scene.ts';

/** A zone that both sides of the stage have. */
export const both = 'both.example';

interface Told {
  readonly status: number;
  readonly report: StatusReport;
  readonly codes: readonly string[];
}

/** Asks for the status, whether an agent runs or not. */
export async function told(stage: AnyStage): Promise<Told> {
  const { status, out } = await stage.ended('--json', 'status');
  const report = parseAnswer('status', JSON.parse(out));
  return { status, report, codes: report.attention.map(({ code }) => code) };
}

/**
 * Waits until `status` reports this reason. Asserts that its exit status is then 3, and that its text for
 * people contains the reason.
 * @param beside other reasons that it must report at the same time
 */
export async function tells(
  stage: AnyStage,
  code: Attention['code'],
  beside: readonly Attention['code'][] = [],
): Promise<Attention> {
  await until(`status to tell ${code}`, async () => {
    const asked = await stage.status();
    return asked !== null && asked.attention.some((one) => one.code === code);
  });
  const { status, codes, report } = await told(stage);
  const others = codes.filter((one) => !mayFollow(one) || [code, ...beside].some((asked) => asked === one));
  assert.deepEqual([status, others.toSorted()], [3, [code, ...beside].toSorted()]);
  const text = (await stage.ended('status')).out;
  assert.match(text, new RegExp(`^attention .*\\[${code.replace('.', '\\.')}\\]$`, 'mu'));
  const found = report.attention.find((one) => one.code === code);
  assert.ok(found !== undefined);
  return found;
}

/** A comparison may be due while a side cannot be reached. Its failure is then reported too. */
export function mayFollow(code: string): boolean {
  return code === 'attention.comparison-failing';
}

/** Excludes or includes, as soon as no edit is open. */
export async function taken(
  stage: AnyStage,
  how: 'exclude' | 'include',
  ...what: readonly string[]
): Promise<void> {
  await until(`${how} ${what.join(' ')}`, async () => {
    const { status } = await stage.ended(how, ...what);
    return status === 0;
  });
}

/** Waits until the exit status of `status` is 0. */
export async function isWell(stage: AnyStage): Promise<void> {
  await until('all to be well', async () => (await stage.status())?.attention.length === 0);
  assert.equal((await told(stage)).status, 0);
}

/** Ends the running agent. The next edit starts another one. */
export async function endAgent(stage: AnyStage): Promise<void> {
  const pid = await stage.agent();
  assert.ok(pid !== null);
  await endProcess(pid);
}

/** Ends the agent once everything is settled. @returns the path of its journal */
export async function endedJournal(stage: AnyStage): Promise<string> {
  await settled(stage);
  const report = await stage.status();
  assert.ok(report?.central !== undefined && report.central !== null);
  await endAgent(stage);
  return journalPath(pathsOf(stage.panel.root), report.central);
}

/**
 * Ends the agent once everything is settled, and changes its journal.
 * @param options how the journal is opened
 */
export async function inJournal(
  stage: AnyStage,
  change: (journal: Pick<Journal, 'zone' | 'rows' | 'fact' | 'commit'>) => Promise<void>,
  options: Pick<SqliteJournalOptions, 'now'> = {},
): Promise<void> {
  const journal = new SqliteJournal({ path: await endedJournal(stage), writer: true, ...options });
  await change(journal);
  await journal.close();
}
