import { displayName } from '../../dns/name.ts';
import { formatRecord, type ResourceRecord } from '../../dns/record.ts';
import { describeProblem } from '../../core/describe.ts';
import type { Answers } from '../../app/control/protocol.ts';
import { waitsForYes } from '../../core/engine/before/signed-delete.ts';
import type { Operation, OperationItem, Watch } from '../../core/operation.ts';
import { noteText } from './notes.ts';
import { coloured, localTime } from '../output.ts';
import { liveLines } from './verify.ts';
import { moodOfState, outcomeWords } from './states.ts';

/** What each state means and what happens next (docs/glossary.md#operation). */
const meanings: Readonly<Record<Operation['state'], string>> = {
  prepared: 'written down; not at the central yet, as far as is known',
  applied:
    'done at the central as far as it is sent there; the panel has not said yet whether it did its part',
  kept: 'done at the central as far as it is sent there, and the panel said it did its part; a read of the panel will confirm it',
  confirmed: 'ended: a read of the panel showed it',
  refused: 'refused; the panel was told so',
  reverting: 'being undone at the central, because the panel does not have it',
  reverted: 'ended: undone, or given up before it was sent',
  stuck: 'needs an administrator: domainsync cannot bring both sides together by itself',
};

const kinds: Readonly<Record<Operation['kind'], string>> = {
  records: 'records',
  'zone-create': 'new zone',
  'zone-delete': 'zone deleted',
};

const classes: Readonly<Record<Operation['class'], string>> = {
  veto: 'the panel asked before it wrote',
  compensate: 'the panel had written already',
  follow: 'found by a comparison',
};

/** The text of `domainsync show`: everything about one operation. */
export function operationText(operation: Answers['operation'][number]): string {
  const { id, state, kind, zone, actor, source, problems, attempts, watch } = operation;
  const lines = [
    `operation  ${id}${operation.central === undefined ? '' : ` at central ${operation.central}`}`,
    `outcome    ${outcomeText(operation)}`,
    `state      ${state}: ${meanings[state]}`,
    `zone       ${displayName(zone)} (${kinds[kind]})`,
    `who        ${actor === '' ? '-' : actor}; ${classes[operation.class]}${source === '' ? '' : ` (${source})`}`,
    `began      ${localTime(operation.createdAt)}`,
    `changed    ${localTime(operation.changedAt)}`,
  ];
  if (attempts > 0) lines.push(`tries      ${attempts} without success`);
  if (watch !== null) lines.push(...watchLines(watch));
  if (operation.kind === 'records') lines.push(...operation.items.flatMap(itemLines));
  if (operation.kind !== 'zone-delete')
    lines.push(...recordLines('put there', operation.added), ...recordLines('taken away', operation.removed));
  lines.push(...liveLines(operation));
  for (const problem of problems) {
    lines.push(`reason     ${describeProblem(problem, 'en')} [${problem.code}]`, ...causeOf(problem.params));
  }
  if (state === 'stuck') lines.push('', ...waysOut(operation));
  return lines.join('\n');
}

/** How the operation ended, and why, for one line. */
function outcomeText({ outcome, why }: Answers['operation'][number]): string {
  const reasons = why.map(noteText).join('; ');
  return `${coloured(outcomeWords[outcome], moodOfState(outcome))}${reasons === '' ? '' : `: ${reasons}`}`;
}

function itemLines({ remove, add, mirrored, note }: OperationItem): string[] {
  const remark = `${mirrored ? '' : '  (in the panel only)'}${note === null ? '' : `  [${noteText(note)}]`}`;
  const lines: string[] = [];
  if (remove !== null) lines.push(`wanted     - ${withTtl(remove)}${remark}`);
  if (add !== null) lines.push(`wanted     + ${withTtl(add)}${remark}`);
  return lines;
}

/** The record as text, with its TTL if that is known. */
function withTtl(record: ResourceRecord): string {
  return record.ttl === null ? formatRecord(record) : `${formatRecord(record)} (TTL ${record.ttl})`;
}

/** Lines about a watch: its end, and the records that a late write may add or remove. */
function watchLines({ until, added, removed }: Watch): string[] {
  return [
    `watch      a late write is waited for until ${localTime(until)}`,
    ...recordLines('may come', added),
    ...recordLines('may go', removed),
  ];
}

/** One line per record, each with this label. */
function recordLines(label: string, records: readonly ResourceRecord[]): string[] {
  return records.map((record) => `${label.padEnd(10)} ${formatRecord(record)}`);
}

function causeOf({ text = '' }: Readonly<Record<string, string>>): string[] {
  return text === '' ? [] : [`           ${text}`];
}

function waysOut(operation: Operation): string[] {
  const zone = displayName(operation.zone);
  if (waitsForYes(operation)) {
    return [
      'What to do:',
      `  1. "domainsync zone ${zone}" shows the DS records. Have them removed at the registrar, and wait until their TTL is over.`,
      `  2. "domainsync compare ${zone} --follow" deletes the zone at the central.`,
      '  Or create the domain in the panel again: the zone then stays.',
    ];
  }
  return [
    'What to do:',
    `  1. "domainsync zone ${zone}" shows what each side has.`,
    '  2. Bring the two together by hand: in the panel, or at the central.',
    `  3. "domainsync compare ${zone}": once both sides agree, the operation is settled.`,
  ];
}
