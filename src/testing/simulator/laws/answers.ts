import type { DnsName } from '../../../dns/name.ts';
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

/** The answer to one hook call of an edit. Times are monotonic milliseconds. */
export interface Answer {
  readonly stage: 'before' | 'after';
  readonly askedAt: number;
  readonly at: number;
  readonly verdict: Verdict;
  /** For each central, the number of changes it had seen when the call was answered. */
  readonly effects: readonly number[];
  /** For each central, its number (from 1) in the settings of that time; 0: the settings left it out. */
  readonly numbers: readonly number[];
  /** Whether the call came during a pause, so that no engine was asked. */
  readonly paused?: true;
}

/** One save of a user, with the answers to its hook calls. Times are monotonic milliseconds. */
export interface SavedEdit {
  readonly event: EditEvent;
  /** The records that the edit removes and adds. Empty for the create or delete of a zone. */
  readonly items: readonly EditItem[];
  /** When the panel made its first hook call for the edit. */
  readonly askedAt: number;
  readonly answers: Answer[];
  /** When the panel carried out its part; null: not yet, or never. */
  keptAt: number | null;
}

/** The panel and one of its centrals at the end of a history. */
interface Ended {
  readonly panel: PanelStore;
  readonly central: CentralStore;
  readonly witness: JournalWitness;
  /** Index of the central in the list of centrals, from 0. */
  readonly index: number;
  /** Finds out whether an older journal explains a difference. */
  readonly causes: { isForgotten(zone: DnsName, id: string): boolean };
}

/**
 * Checks each answer against the state of the central at that time and later. If an answer said that nothing
 * was changed, this must have been true and must stay true. Nothing may remain of an edit that we or the
 * panel refused.
 * @returns the longest time (ms) for which the central had a record that was undone later
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
  // The answer to a refused `after` concerns only the centrals that it names.
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
  const seen = effects.slice(0, until);
  for (const effect of netOf(ended, seen, own)) {
    const excuse = excuseOf(ended, edit, answer, { seen, own, effect });
    if (excuse !== null) judgement.excuse(excuse);
    else if (!isGoneWithZone(seen, effect))
      judgement.violate(laws[0], `${describe(edit, answer)}: ${sayEffect(effect)}`);
  }
  if (stage === 'after') return;
  checkLater(ended, edit, answer, own, judgement);
}

/** The excuse for an effect that exists when the answer is sent; null: the effect is a violation. */
function excuseOf(
  ended: Ended,
  edit: SavedEdit,
  { at }: Answer,
  { seen, own, effect }: { readonly seen: readonly Effect[]; readonly own: Parts; readonly effect: Effect },
): 'claimed' | 'in-snapshot' | 'crossed' | null {
  if (isClaimed(ended, effect, edit, at)) return 'claimed';
  if (isInSnapshot(ended, effect)) return 'in-snapshot';
  return isCrossed(ended, seen, effect, own) ? 'crossed' : null;
}

/**
 * Checks that no request of a refused edit lands after its answer, unless the panel then has the same state.
 */
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
 * Whether the effect gives the central the state that the panel had at the time of the effect. The checked
 * edit was refused, so another edit wanted this state.
 */
function isInPanel({ provenance }: PanelStore, { zone, record, present, at, request }: Effect): boolean {
  // Panel and central give a new zone different records, so only the existence of the zone is compared.
  const what = request?.kind === 'create' ? null : record;
  const id = what === null ? '' : recordId(what);
  const last = provenance.effects.findLast((one) => one.at <= at && one.zone === zone && one.id === id);
  const atStart = provenance.atStart.get(zone);
  const wasThere = atStart !== undefined && (what === null || atStart.has(id));
  return (last?.present ?? wasThere) === present;
}

/**
 * Whether the change removed a foreign record together with its zone. The record was written after our
 * create, and before we read the zone back.
 */
function isInSnapshot({ central: { provenance } }: Ended, { zone, before, request }: Effect): boolean {
  if (request?.kind !== 'delete' || before?.writer !== 'somebody') return false;
  const made = provenance.requests.findLast(
    (one) => one.kind === 'create' && one.zone === zone && one.sentAt <= request.sentAt,
  );
  return made !== undefined && provenance.isReadBackOf(made, before);
}

/**
 * Whether the effect restores a record that somebody else changed while a request of ours for the same change
 * was under way. The request belongs to one of the operations `own`, or to an operation that was undone while
 * they existed (see {@link netOf}). The engine cannot tell who of the two made the change.
 */
function isCrossed(
  ended: Ended,
  effects: readonly Effect[],
  { zone, id, record, present }: Effect,
  own: Parts,
): boolean {
  if (record === null) return false;
  const { provenance } = ended.central;
  const beside = undoneBeside(ended, own);
  const others = effects.filter(
    (one) => one.zone === zone && one.id === id && one.present !== present && one.request === null,
  );
  const wanted = present ? 'remove' : 'add';
  return provenance.requests.some(
    (request) =>
      (own.has(request.operation) || beside.has(request.operation)) &&
      request.kind === wanted &&
      request.record !== null &&
      sameData(request.record, record) &&
      others.some(({ at }) => at >= request.sentAt && at <= (request.landedAt ?? at)),
  );
}

/**
 * Operations that were undone while the given operations existed. The given operations may have had to
 * complete such an undo. So the central must return to the state before all of them.
 */
function undoneBeside({ witness }: Pick<Ended, 'witness'>, own: Parts): Parts {
  const all = [...witness.operations.values()];
  const since = Math.min(...all.filter(({ operation }) => own.has(operation.id)).map((one) => one.since));
  const beside = all.filter(({ operation: { state }, states }) => {
    const isUndone = state === 'refused' || state === 'reverted';
    // The time at which the operation first got this state counts, because a later `after` call stores the
    // same state again.
    return isUndone && (states.find((one) => one.state === state)?.at ?? 0) >= since;
  });
  return partsOf(beside);
}

/**
 * Whether the edit itself wanted the change. If not, the change restores what another edit or writer changed.
 */
function isWanted({ items }: SavedEdit, { record, present }: Effect): boolean {
  if (record === null || items.length === 0) return true;
  return items.some(({ remove, add }) => {
    const one = present ? add : remove;
    return one !== null && sameData(one, record);
  });
}

/** Whether the answer claims to know what was changed at the central. */
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
 * Whether another edit wanted the record as it is after the change, so that it has a claim
 * (docs/glossary.md#claim).
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
 * Checks that nothing remains at the central of what these operations changed. It may remain if the panel has
 * the same, or if it is listed as stuck.
 */
function checkNothingLeft(
  { panel, central, witness, causes }: Ended,
  own: Parts,
  what: string,
  judgement: Judgement,
): void {
  // An operation that was stuck earlier counts too, because an administrator may have resolved it since.
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
    else if (causes.isForgotten(effect.zone, effect.id)) judgement.excuse('older-journal');
    else judgement.violate('answers.left', `${what}: ${sayEffect(effect)}`);
  }
}

/**
 * Whether a removed record cannot be restored, because its name now has a CNAME or the record itself is one
 * (RFC 1034 section 3.6.2).
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

/** Whether somebody else deleted the zone at the central after the change. */
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

/** Whether the operation names the record. */
function covers(operation: Operation, { zone, record }: Effect): boolean {
  if (operation.zone !== zone) return false;
  if (operation.kind !== 'records') return true;
  const records = itemsOf(operation).flatMap(({ remove, add }) => [remove, add]);
  return record !== null && records.some((one) => one !== null && sameData(one, record));
}

/** Whether the change comes from a create whose zone nobody read back. Such a zone is kept and listed. */
function isUnproven({ late, unproven }: CentralStore, { zone, request }: Effect): boolean {
  return request?.kind === 'create' && (late.has(zone) || unproven.has(zone));
}

/**
 * Whether the panel had the same state of the record at any time since the change. Then this edit is not the
 * only reason for the state.
 */
function agreedSince({ zones, provenance }: PanelStore, { zone, id, present, at }: Effect): boolean {
  const records = zones.get(zone);
  const isHeld = records !== undefined && (id === '' || records.has(id));
  if (isHeld === present) return true;
  return provenance.effects.some(
    (effect) => effect.at >= at && effect.present !== present && effect.zone === zone && effect.id === id,
  );
}

/**
 * The operations that were journalled for this hook call. Null: an equal edit was asked for at the same time,
 * so nobody can tell which operations belong to which.
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

/**
 * Operations by id, each with the ids of the records that it removes or adds; null: it is about its whole
 * zone.
 */
type Parts = ReadonlyMap<string, ReadonlySet<string> | null>;

/**
 * Lists each operation with its own records. If one request undoes several operations, it has the id of the
 * first. So the id alone does not show to which operation a change belongs.
 */
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
  // The central may have stored other data than it was sent, so both records are looked up.
  return ids === null || ids.has(id) || (request.record !== null && ids.has(recordId(request.record)));
}

/**
 * For each record and zone that these operations changed: their last change, if the state now differs from
 * the state before their first change. Operations that these operations had to undo are included.
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
 * The longest time (ms) for which the central had something that these operations wrote and that was undone
 * later.
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
 * Whether the change undoes one of these operations, at once or after a late write. A later edit of the same
 * record is no undo.
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
