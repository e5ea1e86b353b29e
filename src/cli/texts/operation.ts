import { displayName } from '../../dns/name.ts';
import { formatRecord, type ResourceRecord } from '../../dns/record.ts';
import { formatZoneFile } from '../../dns/zone-file.ts';
import { describeProblem } from '../../core/describe.ts';
import { plainText } from '../../core/plain-text.ts';
import type { ShownEntry } from '../../app/answers/history-entries.ts';
import { waitsForYes } from '../../core/engine/before/signed-delete.ts';
import type { DeleteOperation, Operation, OperationItem, Watch } from '../../core/operation.ts';
import { noteText } from './notes.ts';
import { coloured, localTime } from '../output.ts';
import { pullSource, pushSource } from '../../core/zone-plan.ts';
import { liveLines } from './verify.ts';
import { outcomeCell, shownItems } from './states.ts';

/** For each state of an operation, what it means and what happens next (docs/glossary.md#operation). */
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

/** Texts for the states of a pull that differ from {@link meanings}. A pull is carried out like an undo. */
const pullMeanings: Partial<typeof meanings> = {
  reverting: 'being written into the panel',
  reverted: 'ended: a read of the panel showed it, as far as nobody changed it meanwhile',
};

const classes: Readonly<Record<Operation['class'], string>> = {
  veto: 'the panel asked before it wrote',
  compensate: 'the panel had written already',
  follow: 'found by a comparison',
};

/** Makes the output of `domainsync show`: everything about one edit. */
export function entryText(entry: ShownEntry): string {
  return entry.kind === 'call' ? decisionText(entry) : operationText(entry);
}

type ShownOperation = Exclude<ShownEntry, { readonly kind: 'call' }>;
type ShownDecision = Extract<ShownEntry, { readonly kind: 'call' }>;

/** Writes everything about one operation. */
export function operationText(operation: ShownOperation): string {
  const { id, state, kind, zone, source, force, problems, attempts, watch } = operation;
  const lines = [
    `operation  ${id}${atCentral(operation)}`,
    `outcome    ${outcomeText(operation)}`,
    `state      ${state}: ${(source === pullSource ? pullMeanings[state] : undefined) ?? meanings[state]}`,
    `zone       ${displayName(zone)} (${kinds[kind]})`,
    `who        ${whoText(operation)}; ${howText(operation)}${source === '' ? '' : ` (${plainText(source)})`}`,
    ...(force === undefined ? [] : [`forced     beyond the safety limits: ${plainText(force)}`]),
    `began      ${localTime(operation.createdAt)}`,
    `changed    ${localTime(operation.changedAt)}`,
    ...tookLines(operation),
  ];
  if (attempts > 0) lines.push(`tries      ${attempts} without success`);
  if (watch !== null) lines.push(...watchLines(watch));
  if (operation.kind === 'records') lines.push(...shownItems(operation).flatMap(itemLines));
  if (operation.kind !== 'zone-delete')
    lines.push(...recordLines('put there', operation.added), ...recordLines('taken away', operation.removed));
  lines.push(...liveLines(operation));
  for (const problem of problems) {
    lines.push(`reason     ${describeProblem(problem, 'en')} [${problem.code}]`, ...causeOf(problem.params));
  }
  if (state === 'stuck') lines.push('', ...waysOut(operation));
  if (operation.kind === 'zone-delete') lines.push('', ...deletedLines(operation));
  return lines.join('\n');
}

/**
 * Says what made domainsync carry out the operation: a command of an operator, a call of the panel, or a
 * comparison.
 */
function howText({ source, class: group }: ShownOperation): string {
  return source === pushSource || source === pullSource ? 'an operator asked for it' : classes[group];
}

/** Writes the records of a deleted zone as a zone file, from which somebody can restore the zone by hand. */
function deletedLines({ zone, snapshot }: DeleteOperation): string[] {
  if (snapshot.length === 0)
    return ['The records of the zone are not known: the central could not be read before the delete.'];
  return [
    '; What the zone had at the central before the delete, as a zone file:',
    formatZoneFile(zone, snapshot).trimEnd(),
  ];
}

/** Writes everything about an edit that was decided without an operation. */
function decisionText(decision: ShownDecision): string {
  const { id, edit, zone, createdAt, kept, times, outcome, items } = decision;
  const lines = [
    `call       ${id}${atCentral(decision)}`,
    `outcome    ${outcomeText(decision)}`,
    `zone       ${zone === null ? '-' : displayName(zone)} (${edits[edit]})`,
    `who        ${whoText(decision)}`,
    `when       ${localTime(createdAt)}`,
  ];
  if (times > 1) lines.push(`times      ${times}`);
  if (outcome !== 'refused')
    lines.push(
      `panel      ${kept ? 'reported that it made the edit' : 'did not report yet whether it made the edit'}`,
    );
  const known = items.map((item) => ({ ...item, mirrored: true, note: null }));
  const { remove = [], add = [] } = decision.observed ?? {};
  return [
    ...lines,
    ...known.flatMap(itemLines),
    ...recordLines('would add', add),
    ...recordLines('would take', remove),
  ].join('\n');
}

const edits: Readonly<Record<ShownDecision['edit'], string>> = { ...kinds, unclear: 'not known' };

function atCentral({ central }: ShownEntry): string {
  return central === undefined ? '' : ` at central ${central}`;
}

/** Says who made an edit: the account, its address and the panel's function, each only if known. */
function whoText({ actor, address = '', func = '' }: Pick<ShownEntry, 'actor' | 'address' | 'func'>): string {
  const from = address === '' ? '' : ` from ${address}`;
  return plainText(`${actor === '' ? '-' : actor}${from}${func === '' ? '' : ` by ${func}`}`);
}

function tookLines({ took = {} }: ShownOperation): string[] {
  const steps = Object.entries(took).map(([step, ms]) => `${step} ${ms} ms`);
  return steps.length === 0 ? [] : [`took       ${steps.join(', ')}`];
}

/** Says in one line how the edit ended, and why. */
function outcomeText(entry: Parameters<typeof outcomeCell>[0] & Pick<ShownEntry, 'why'>): string {
  const reasons = entry.why.map(noteText).join('; ');
  const { text, mood } = outcomeCell(entry);
  return `${coloured(text, mood)}${reasons === '' ? '' : `: ${reasons}`}`;
}

function itemLines({ remove, add, mirrored, note }: OperationItem): string[] {
  const remark = `${mirrored ? '' : '  (in the panel only)'}${note === null ? '' : `  [${noteText(note)}]`}`;
  const lines: string[] = [];
  if (remove !== null) lines.push(`wanted     - ${withTtl(remove)}${remark}`);
  if (add !== null) lines.push(`wanted     + ${withTtl(add)}${remark}`);
  return lines;
}

/** Writes a record as text, with its TTL if that is known. */
function withTtl(record: ResourceRecord): string {
  return record.ttl === null ? formatRecord(record) : `${formatRecord(record)} (TTL ${record.ttl})`;
}

/** Makes the lines about a watch: when it ends, and which records a late write may still add or remove. */
function watchLines({ until, added, removed }: Watch): string[] {
  return [
    `watch      a late write is waited for until ${localTime(until)}`,
    ...recordLines('may come', added),
    ...recordLines('may go', removed),
  ];
}

/** Writes one line for each record. Each line begins with this label. */
function recordLines(label: string, records: readonly ResourceRecord[]): string[] {
  return records.map((record) => `${label.padEnd(10)} ${formatRecord(record)}`);
}

function causeOf({ text = '' }: Readonly<Record<string, string>>): string[] {
  return text === '' ? [] : [`           ${plainText(text)}`];
}

function waysOut(operation: Operation): string[] {
  const zone = displayName(operation.zone);
  if (waitsForYes(operation)) {
    return [
      'What to do:',
      `  1. "domainsync zone ${zone}" shows the DS records. Have them removed at the registrar, and wait until their TTL is over.`,
      `  2. "domainsync push ${zone} --delete --despite-dnssec" deletes the zone at the central.`,
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
