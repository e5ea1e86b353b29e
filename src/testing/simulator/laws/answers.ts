import { formatRecord, recordId, sameData } from '../../../dns/record.ts';
import type { Problem } from '../../../dns/problem.ts';
import type { Operation, OperationClass } from '../../../core/operation.ts';
import type { Changed, EditEvent, EditItem, Verdict } from '../../../core/panel.ts';
import { stateAt, type JournalWitness, type Witnessed } from '../journal-witness.ts';
import type { Effect } from '../provenance.ts';
import type { CentralStore } from '../sim-central.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { Judgement, LawId } from './judgement.ts';
import { itemsOf } from './operation-parts.ts';

/** One answer to one hook call of an edit. */
export interface Answer {
  readonly stage: 'before' | 'after';
  readonly askedAt: number;
  readonly at: number;
  readonly verdict: Verdict;
  /** How many effects each central had seen by then. */
  readonly effects: readonly number[];
  /** The number of each central in the settings of that time, from 1; 0: they left it out. */
  readonly numbers: readonly number[];
}

/** One save of a user, and what he was told of it. */
export interface SavedEdit {
  readonly event: EditEvent;
  /** What it does to records; empty for whole zones. */
  readonly items: readonly EditItem[];
  /** When the panel asked for the first time. */
  readonly askedAt: number;
  readonly answers: Answer[];
  /** When the panel did its part; null: it did not, or not yet. */
  keptAt: number | null;
}

/** The panel and one of its centrals, as a history left them. */
interface Ended {
  readonly panel: PanelStore;
  readonly central: CentralStore;
  readonly witness: JournalWitness;
  /** Which of the centrals it is, from 0. */
  readonly index: number;
}

/**
 * Each answer is held against what the central had at that moment and came to have. "Nothing was changed" is
 * true then and stays so. Of an edit that was refused, by us or by the panel, nothing is left in the end.
 * @returns how long (ms) the central held at most what was then undone
 */
export function checkAnswers(ended: Ended, edits: readonly SavedEdit[], judgement: Judgement): number {
  let longest = 0;
  for (const edit of edits) {
    for (const answer of edit.answers) checkAnswer(ended, edit, edits, answer, judgement);
    const before = edit.answers.find(({ stage }) => stage === 'before');
    if (before === undefined || edit.keptAt !== null) continue;
    const own = operationsOf(ended, edit, edits, before, 'veto');
    if (own === null) continue;
    checkNothingLeft(ended, own, describe(edit, before), judgement);
    longest = Math.max(longest, longestSeen(ended, own));
  }
  return longest;
}

function checkAnswer(
  ended: Ended,
  edit: SavedEdit,
  edits: readonly SavedEdit[],
  answer: Answer,
  judgement: Judgement,
): void {
  const { verdict, stage } = answer;
  if (verdict.kind !== 'refuse' || !isCertain(verdict.changed)) return;
  // After the panel's part, an answer speaks of those centrals that it names.
  if (stage === 'after' && !speaksOf(verdict.problems, answer.numbers[ended.index] ?? 0)) return;
  const own = operationsOf(ended, edit, edits, answer, stage === 'before' ? 'veto' : 'compensate');
  if (own === null) {
    judgement.excuse('twins');
    return;
  }
  const { effects } = ended.central.provenance;
  const until = answer.effects[ended.index] ?? 0;
  const laws: readonly [LawId, LawId] =
    stage === 'before'
      ? ['answers.nothing', 'answers.nothing-later']
      : ['answers.panel', 'answers.panel-later'];
  for (const effect of netOf(ended, effects.slice(0, until), own)) {
    if (isClaimed(ended, effect, edit, answer.at)) judgement.excuse('claimed');
    else if (isInSnapshot(ended, effect)) judgement.excuse('in-snapshot');
    else if (!isGoneWithZone(effects.slice(0, until), effect))
      judgement.violate(laws[0], `${describe(edit, answer)}: ${sayEffect(effect)}`);
  }
  if (stage === 'after') return;
  checkLater(ended, edit, answer, own, judgement);
}

/** Nothing of a refused edit lands after its answer, but what the panel holds by then. */
function checkLater(ended: Ended, edit: SavedEdit, answer: Answer, own: Parts, judgement: Judgement): void {
  const { effects } = ended.central.provenance;
  const until = answer.effects[ended.index] ?? 0;
  const later = effects.slice(until).filter((effect) => isOf(effect, own) && isWanted(edit, effect));
  for (const effect of later) {
    if (isInPanel(ended.panel, effect)) judgement.excuse('claimed');
    else judgement.violate('answers.nothing-later', `${describe(edit, answer)}: ${sayEffect(effect)}`);
  }
}

/**
 * Whether the central is brought to what the panel holds at that moment: as this edit was refused, it is
 * another that made it so.
 */
function isInPanel({ provenance }: PanelStore, { zone, record, present, at, request }: Effect): boolean {
  // A zone comes with default records, of which the panel has its own.
  const what = request?.kind === 'create' ? null : record;
  const id = what === null ? '' : recordId(what);
  const last = provenance.effects.findLast((one) => one.at <= at && one.zone === zone && one.id === id);
  const atStart = provenance.atStart.get(zone);
  const wasThere = atStart !== undefined && (what === null || atStart.has(id));
  return (last?.present ?? wasThere) === present;
}

/** Whether it went with a zone that we had made, and somebody wrote it before that was read back. */
function isInSnapshot({ central: { provenance } }: Ended, { zone, before, request }: Effect): boolean {
  if (request?.kind !== 'delete' || before?.writer !== 'somebody') return false;
  const made = provenance.requests.findLast(
    (one) => one.kind === 'create' && one.zone === zone && one.sentAt <= request.sentAt,
  );
  return made !== undefined && provenance.isReadBackOf(made, before);
}

/**
 * Operations that were undone while these were there (as `operationsOf`). Their undo may have been left to
 * these, so that what was there before both is what has to be there.
 */
function undoneBeside({ witness }: Pick<Ended, 'witness'>, own: Parts): Parts {
  const all = [...witness.operations.values()];
  const since = Math.min(...all.filter(({ operation }) => own.has(operation.id)).map((one) => one.since));
  const beside = all.filter(({ operation: { state }, states }) => {
    const isUndone = state === 'refused' || state === 'reverted';
    // What is heard of it later does not make it end again.
    return isUndone && (states.find((one) => one.state === state)?.at ?? 0) >= since;
  });
  return partsOf(beside);
}

/** Whether the edit wanted that. Otherwise it puts back what something else did meanwhile. */
function isWanted({ items }: SavedEdit, { record, present }: Effect): boolean {
  if (record === null || items.length === 0) return true;
  return items.some(({ remove, add }) => {
    const one = present ? add : remove;
    return one !== null && sameData(one, record);
  });
}

/** Whether it says what the central holds. */
function isCertain(changed: Changed): boolean {
  return changed !== 'unknown' && changed !== 'panel-unknown';
}

function speaksOf(problems: readonly Problem[], number: number): boolean {
  return problems.some(({ params: { central } }) => {
    return central === undefined ? number > 0 : central.split(', ').includes(String(number));
  });
}

const claiming: ReadonlySet<string | null> = new Set(['prepared', 'applied', 'kept', 'confirmed']);

/**
 * Whether another edit wanted the record as it was then: that one has it so (docs/architecture.md, "claim").
 */
function isClaimed(
  { witness }: Ended,
  { zone, record, present }: Effect,
  { event }: SavedEdit,
  at: number,
): boolean {
  if (record === null) return false;
  for (const witnessed of witness.operations.values()) {
    const { operation } = witnessed;
    if (operation.zone !== zone || operation.fingerprint === event.fingerprint) continue;
    const wants = itemsOf(operation).some(({ mirrored, add, remove }) => {
      const one = present ? add : remove;
      return mirrored && one !== null && sameData(one, record);
    });
    const now = witnessed.states.filter((one) => one.at === at).map(({ state }) => state);
    if (wants && [stateAt(witnessed, at), ...now].some((state) => claiming.has(state))) return true;
  }
  return false;
}

/**
 * Nothing of it is left at the central, but what the panel wants there as well, or what is listed as stuck.
 */
function checkNothingLeft(
  { panel, central, witness }: Ended,
  own: Parts,
  what: string,
  judgement: Judgement,
): void {
  // An administrator may have put it right since.
  const wasStuck = (effect: Effect): boolean =>
    [...witness.operations.values()].some(
      (one) =>
        (one.operation.state === 'stuck' || stateAt(one, effect.at) === 'stuck') &&
        covers(one.operation, effect),
    );
  for (const effect of netOf({ witness }, central.provenance.effects, own)) {
    if (agreedSince(panel, effect) || isGoneWithZone(central.provenance.effects, effect)) continue;
    if (effect.record !== null && central.reworded.has(keyOf(effect))) judgement.excuse('reworded');
    else if (isUnproven(central, effect)) judgement.excuse('maybe-ours');
    else if (isInTheWay(central, effect)) judgement.excuse('alias');
    else if (central.refused.has(keyOf(effect))) judgement.excuse('refused-addition');
    else if (!panel.zones.has(effect.zone) && (witness.zones.get(effect.zone)?.note ?? null) !== null)
      judgement.excuse('listed-zone');
    else if (wasStuck(effect)) judgement.excuse('stuck');
    else judgement.violate('answers.left', `${what}: ${sayEffect(effect)}`);
  }
}

/**
 * Whether a record that went cannot come back: a CNAME tolerates nothing beside it (RFC 1034 section 3.6.2).
 */
function isInTheWay({ zones }: CentralStore, { zone, record, present }: Effect): boolean {
  if (record === null || present) return false;
  return [...(zones.get(zone)?.values() ?? [])].some(
    ({ name, type, rdata }) =>
      name === record.name &&
      (type !== record.type || rdata !== record.rdata) &&
      (type === 'CNAME' || record.type === 'CNAME'),
  );
}

/** Whether somebody deleted the zone at the central since. */
function isGoneWithZone(effects: readonly Effect[], { zone, at }: Effect): boolean {
  return effects.some(
    (effect) =>
      effect.at >= at &&
      effect.zone === zone &&
      effect.record === null &&
      !effect.present &&
      effect.request === null,
  );
}

/** Whether an operation that waits for an administrator is about the record. */
function covers(operation: Operation, { zone, record }: Effect): boolean {
  if (operation.zone !== zone) return false;
  if (operation.kind !== 'records') return true;
  const records = itemsOf(operation).flatMap(({ remove, add }) => [remove, add]);
  return record !== null && records.some((one) => one !== null && sameData(one, record));
}

/** What a create made that nobody read back is left as it is, and listed. */
function isUnproven({ late, unproven }: CentralStore, { zone, request }: Effect): boolean {
  return request?.kind === 'create' && (late.has(zone) || unproven.has(zone));
}

/** Whether the panel held the same at some time since: then it is no longer this edit that has it so. */
function agreedSince({ zones, provenance }: PanelStore, { zone, id, present, at }: Effect): boolean {
  const records = zones.get(zone);
  const isHeld = records !== undefined && (id === '' || records.has(id));
  if (isHeld === present) return true;
  return provenance.effects.some(
    (effect) => effect.at >= at && effect.present !== present && effect.zone === zone && effect.id === id,
  );
}

/**
 * Ids of the operations that an answer speaks of: those that were journalled for this call while it was
 * asked. Null where an equal edit was asked at the same time, so that they cannot be distinguished.
 */
function operationsOf(
  { witness }: Ended,
  edit: SavedEdit,
  edits: readonly SavedEdit[],
  { askedAt, at, stage }: Answer,
  kind: OperationClass,
): Parts | null {
  const { fingerprint } = edit.event;
  const hasTwin = edits.some(
    (other) =>
      other !== edit &&
      other.event.fingerprint === fingerprint &&
      other.answers.some((one) => one.stage === stage && one.askedAt <= at && one.at >= askedAt),
  );
  if (hasTwin) return null;
  const own = [...witness.operations.values()].filter(({ operation, since }) => {
    const isCalled = operation.fingerprint === fingerprint && operation.class === kind;
    return isCalled && since >= askedAt && since <= at;
  });
  return partsOf(own);
}

/** Ids of operations, and of the records that each of them is about; null: all of its zone. */
type Parts = ReadonlyMap<string, ReadonlySet<string> | null>;

/** An undo of several operations is sent in the name of the first: each counts with its own records. */
function partsOf(witnessed: readonly Witnessed[]): Parts {
  const parts = new Map<string, ReadonlySet<string> | null>();
  for (const { operation } of witnessed) {
    const records = itemsOf(operation).flatMap(({ remove, add }) => [remove, add]);
    const ids = new Set(records.flatMap((record) => (record === null ? [] : [recordId(record)])));
    if (operation.kind !== 'records') parts.set(operation.id, null);
    else if (ids.size > 0) parts.set(operation.id, ids);
  }
  return parts;
}

function isOf({ request, id }: Effect, own: Parts): boolean {
  if (request === null) return false;
  const ids = own.get(request.operation);
  if (ids === undefined) return false;
  // A central may keep what was sent in other words.
  return ids === null || ids.has(id) || (request.record !== null && ids.has(recordId(request.record)));
}

/**
 * The last effect on each record and zone that is otherwise than before, where it is these operations that
 * wrote them last. They may have taken over the undo of others that were undone as well.
 */
function netOf(ended: Pick<Ended, 'witness'>, effects: readonly Effect[], own: Parts): Effect[] {
  if (own.size === 0) return [];
  const first = new Map<string, Effect>();
  const last = new Map<string, Effect>();
  const begun = new Set<string>();
  const beside = undoneBeside(ended, own);
  for (const effect of effects) {
    const key = keyOf(effect);
    const isOwn = isOf(effect, own);
    const isKnown = isOwn || isOf(effect, beside);
    if (isKnown && !first.has(key)) first.set(key, effect);
    else if (!isKnown && !begun.has(key)) first.delete(key);
    if (isOwn) begun.add(key);
    if (first.has(key)) last.set(key, effect);
  }
  return [...last].flatMap(([key, effect]) => {
    const wasThere = (first.get(key)?.before ?? null) !== null;
    return isOf(effect, own) && effect.present !== wasThere ? [effect] : [];
  });
}

/**
 * How long something that these operations changed, and that we took back, was there for everybody to see.
 */
function longestSeen({ central, witness }: Ended, own: Parts): number {
  const since = new Map<string, number>();
  let longest = 0;
  for (const effect of central.provenance.effects) {
    const key = keyOf(effect);
    const begun = since.get(key);
    if (begun !== undefined && undoes(effect, own, witness)) longest = Math.max(longest, effect.at - begun);
    since.delete(key);
    if (begun === undefined && isOf(effect, own) && !isUnproven(central, effect)) since.set(key, effect.at);
  }
  return longest;
}

/**
 * Whether it is the undo of one of these operations, or of what landed late of them; not a later edit of the
 * same record.
 */
function undoes(effect: Effect, own: Parts, witness: JournalWitness): boolean {
  if (effect.request === null) return false;
  if (isOf(effect, own)) return true;
  const operation = witness.operations.get(effect.request.operation)?.operation;
  return operation !== undefined && itemsOf(operation).some(({ note }) => note === 'note.late-write');
}

function keyOf({ zone, id }: Effect): string {
  return id === '' ? zone : `${zone} ${id}`;
}

function sayEffect({ at, zone, record, present }: Effect): string {
  return `${record === null ? `zone ${zone}` : formatRecord(record)} is ${present ? 'there' : 'gone'} since ${at}`;
}

function describe({ event }: SavedEdit, { at, stage }: Answer): string {
  return `${stage} ${event.fingerprint} answered at ${at}`;
}
