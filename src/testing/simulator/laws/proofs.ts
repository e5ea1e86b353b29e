import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, recordId, sameData } from '../../../dns/record.ts';
import type { EngineSettings } from '../../../core/engine/settings.ts';
import type { Batch } from '../../../core/journal.ts';
import type { Operation, OperationItem } from '../../../core/operation.ts';
import type { EditEvent, Verdict } from '../../../core/panel.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { PanelStore, PanelRead } from '../sim-panel.ts';
import type { CentralStore } from '../sim-central.ts';
import type { WriteRequest } from '../provenance.ts';
import type { SavedEdit } from './answers.ts';
import type { Approvals } from './approvals.ts';
import type { Judgement } from './judgement.ts';
import { itemsOf } from './operation-parts.ts';

/** A request of an operator about a zone. It reads the panel at the same time as background steps. */
export interface Question {
  readonly zone: DnsName;
  readonly from: number;
  /** When the request was answered; `Infinity`: not yet. */
  until: number;
}

/**
 * Facts for checking the proofs of one engine: both stores, its journal, its settings, and the saves of
 * users.
 */
export interface Facts {
  readonly panel: PanelStore;
  readonly store: CentralStore;
  readonly witness: JournalWitness;
  /** The engine's name as a reader, as in `PanelStore.looks`. */
  readonly reader: string;
  readonly settings: EngineSettings;
  readonly saved: readonly SavedEdit[];
  /**
   * When the running agent started, and when the wall clock last made a step that the engine must notice
   * (monotonic milliseconds).
   */
  readonly times: { readonly startedAt: number; readonly steppedAt: number };
  /** Whether there is only this engine, so that every hook call of the panel concerns it. */
  readonly isAlone: boolean;
  readonly approvals: Approvals;
  /** Requests of operators to the engine. */
  readonly questions: readonly Question[];
}

/**
 * Checks that an undo, or the delete of a zone, is based on two panel reads that agree. The reads must be far
 * enough apart, after the edit's wait, and not right after a start or a clock step. A decision is checked
 * when it is stored or when its request is sent.
 */
export class Proofs {
  readonly #facts: () => Facts;
  readonly #judgement: Judgement;

  constructor(facts: () => Facts, judgement: Judgement) {
    this.#facts = facts;
    this.#judgement = judgement;
  }

  /** Checks the decisions that a commit stores. */
  committed({ operations = [] }: Batch): void {
    const facts = this.#facts();
    for (const operation of operations) {
      this.#checkRemoval(facts, operation);
      const before = facts.witness.operations.get(operation.id)?.states.at(-2)?.state;
      if (before === 'reverting' && operation.state === 'reverted') {
        this.#judgeEnd(facts, operation);
        this.#judgeRestored(facts, operation);
      }
      const isUndo = operation.state === 'reverting' && undecided.has(before ?? '');
      if (!isUndo || operation.class !== 'veto' || operation.kind === 'zone-delete') continue;
      const asked = before === 'kept' ? keptAt(facts, operation) : acceptedAt(facts, operation);
      if (asked === null || itemsOf(operation).some(isTtlEdit)) continue;
      const shows = (look: PanelRead): boolean => isShown(operation, look);
      this.#judge(facts, operation, { ...asked, shows, law: 'undo.unproven' });
    }
  }

  /**
   * Checks an operation that ends as undone although its `after` has come: a panel read must have begun since
   * the `after`.
   */
  #judgeEnd({ panel, reader, witness }: Facts, operation: Operation): void {
    const { id, class: group, zone, afterSeen } = operation;
    if (group !== 'veto' || !afterSeen) return;
    const kept = witness.operations.get(id)?.states.find((one) => one.afterSeen)?.at ?? 0;
    const isChecked = panel.looks.some(
      (look) => look.reader === reader && look.zone === zone && look.began >= kept,
    );
    if (!isChecked) this.#judgement.violate('undo.unproven', say(operation, 'ended by a read from before'));
  }

  /**
   * Checks that two reads show the panel as it was before the edit, both after the time in which an edit must
   * become visible.
   */
  #judgeRestored({ panel, reader, witness, settings }: Facts, operation: Operation): void {
    const { id, kind, class: group, zone } = operation;
    if (kind !== 'records' || group !== 'compensate') return;
    const begun = witness.operations.get(id)?.states.find(({ state }) => state === 'reverting')?.at ?? 0;
    const since = begun + settings.visibilityWait;
    const looks = panel.looks.filter(
      (look) => look.reader === reader && look.zone === zone && look.ended >= since,
    );
    const last = looks.at(-1)?.ended ?? 0;
    if (!looks.some(({ ended }) => ended + settings.readGap <= last))
      this.#judgement.violate('undo.unproven', say(operation, 'no two reads show the panel put back'));
  }

  /** Checks that two panel reads lack the records that a comparison removes (docs/adoption.md, row 23). */
  #checkRemoval(facts: Facts, operation: Operation): void {
    const { id, class: group } = operation;
    if (group !== 'follow' || facts.witness.operations.get(id)?.states.length !== 1) return;
    const own = { operation: id, zone: operation.zone };
    const removed = itemsOf(operation).flatMap(({ remove, note }) =>
      remove === null || note === 'note.late-write' || facts.approvals.names(own, 'remove', remove)
        ? []
        : [recordId(remove)],
    );
    const shows = ({ ids }: PanelRead): boolean => ids === null || removed.some((one) => ids.has(one));
    if (removed.length > 0)
      this.#judge(facts, operation, { from: 0, since: 0, shows, law: 'follow.unproven' });
  }

  /**
   * Checks a request when it is sent. It deletes a zone, or it writes or undoes an edit that the panel had
   * made first.
   */
  sent(request: WriteRequest): void {
    const facts = this.#facts();
    const operation = facts.witness.operations.get(request.operation)?.operation;
    if (operation !== undefined && isHeard(operation)) this.#judgeHeard(facts, operation);
    if (operation !== undefined && undoes(request, operation)) {
      const shows = (look: PanelRead): boolean => isShown(operation, look);
      const asked = doneAt(facts, operation);
      if (asked !== null) this.#judge(facts, operation, { ...asked, shows, law: 'undo.unproven' });
    }
    if (request.kind !== 'delete' || operation?.kind !== 'zone-delete') return;
    const shows = ({ ids }: PanelRead): boolean => ids !== null;
    this.#judge(facts, operation, { from: 0, since: 0, shows, law: 'zones.unproven' });
    if (facts.store.signed.has(operation.zone) && !isAskedTwice(facts.saved, operation))
      this.#judgement.violate('zones.signed', say(operation, 'nobody was asked'));
  }

  #judgeHeard({ panel, reader, witness }: Facts, operation: Operation): void {
    const since = witness.operations.get(operation.id)?.since ?? 0;
    const isSeen = panel.looks.some(
      (look) =>
        look.reader === reader &&
        look.zone === operation.zone &&
        look.began >= since &&
        isShown(operation, look),
    );
    if (!isSeen && !itemsOf(operation).some(isTtlEdit))
      this.#judgement.violate('heard.unseen', say(operation, 'no read shows it'));
  }

  /** Checks one decision. @param shows whether a read contradicts the engine's decision */
  #judge(
    { panel, reader, settings, times, isAlone, questions }: Facts,
    operation: Operation,
    { from, since, made = 0, shows, law }: Claim,
  ): void {
    const looks = panel.looks.filter(
      (look) => look.reader === reader && look.zone === operation.zone && look.began >= times.startedAt,
    );
    const last = looks.at(-1);
    // An undo gives the central the state of this last read. If that state has the edit, nothing is undone.
    if (law === 'undo.unproven' && last !== undefined && shows(last)) return;
    const late = last === undefined ? null : whatIsEarly(last, { since, times, grace: settings.grace });
    if (late !== null) this.#judgement.violate(law, say(operation, late));
    const isOld = ({ asOf, ended }: PanelRead): boolean => asOf < made && ended < made + settings.readLag;
    const proves = (look: PanelRead): boolean =>
      !isOld(look) &&
      look.began >= from &&
      look.ended >= since &&
      !shows(look) &&
      !(isAlone && look.disturbed);
    const isSince = (newest: PanelRead): boolean =>
      looks.some((look) => proves(look) && look.ended + settings.readGap <= newest.ended);
    const isProved = lastOf(looks, questions).some((newest) => proves(newest) && isSince(newest));
    if (!isProved) this.#judgement.violate(law, say(operation, 'no two reads show it'));
  }
}

/** The times from which reads can prove that an edit may be undone, in monotonic milliseconds. */
interface Asked {
  /** Reads that begin before this time prove nothing. */
  readonly from: number;
  /**
   * Reads that end before this time prove nothing, because the panel may still carry out or show the edit.
   */
  readonly since: number;
  /**
   * When the panel made an edit that it reported. Reads that show an older state prove nothing until an
   * engine no longer trusts the report (docs/decisions/021-old-reads.md).
   */
  readonly made?: number;
}

interface Claim extends Asked {
  readonly shows: (look: PanelRead) => boolean;
  readonly law: 'undo.unproven' | 'zones.unproven' | 'follow.unproven';
}

/**
 * The reads that a decision may be based on: the last read that was not made for an operator, and all reads
 * after it.
 */
function lastOf(looks: readonly PanelRead[], questions: readonly Question[]): readonly PanelRead[] {
  const isAnswer = ({ zone, began, ended }: PanelRead): boolean =>
    questions.some((one) => one.zone === zone && one.from <= began && ended <= one.until);
  const first = looks.findLastIndex((look) => !isAnswer(look));
  return looks.slice(Math.max(0, first));
}

const undecided: ReadonlySet<string> = new Set(['prepared', 'applied', 'kept']);

function whatIsEarly(
  { began, ended }: PanelRead,
  { since, times, grace }: { readonly since: number; readonly times: Facts['times']; readonly grace: number },
): string | null {
  if (ended < since) return `decided ${since - ended} ms before the patience is over`;
  if (ended < times.startedAt + grace) return `decided ${ended - times.startedAt} ms after a start`;
  const sinceStep = began - times.steppedAt;
  return sinceStep >= 0 && ended < times.steppedAt + grace
    ? `decided ${sinceStep} ms after a step of the clock`
    : null;
}

/**
 * The times from which an accepted edit may be undone, counted from the engine's own write. Null: the edit
 * was not accepted, or several saves have its fingerprint.
 */
function acceptedAt({ saved, settings, witness }: Facts, operation: Operation): Asked | null {
  const { id, fingerprint, zone } = operation;
  const own = saved.filter(({ event }) => event.fingerprint === fingerprint && event.zone === zone);
  const [edit] = own;
  if (edit === undefined || own.length > 1) return null;
  const answer = edit.answers.find(({ stage }) => stage === 'before');
  if (answer?.verdict.kind !== 'accept') return null;
  const written = witness.operations.get(id)?.states.find(({ state }) => state === 'applied')?.at;
  return { from: answer.askedAt, since: Math.min(answer.at, written ?? answer.at) + settings.afterWait };
}

/**
 * The times from which an edit that the panel reported as made may be undone; null: the panel did not report
 * it.
 */
function keptAt(facts: Facts, operation: Operation): Asked | null {
  const states = facts.witness.operations.get(operation.id)?.states;
  const kept = states?.find(({ state }) => state === 'kept');
  return kept === undefined ? null : reportedAt(facts, operation, kept.at);
}

/**
 * Returns the times from which an edit may be undone that the panel has reported as made.
 * @param from when the engine stored the report
 */
function reportedAt({ saved, settings }: Facts, { fingerprint, zone }: Operation, from: number): Asked {
  const own = saved.filter(({ event }) => event.fingerprint === fingerprint && event.zone === zone);
  const made = own.flatMap(({ keptAt: at }) => (at !== null && at <= from ? [at] : []));
  return { from, since: from + settings.visibilityWait, made: Math.max(0, ...made) };
}

/** Whether the request undoes an edit that the panel made before the agent heard of it. */
function undoes({ kind, record }: WriteRequest, operation: Operation): boolean {
  const { class: group, state } = operation;
  if (record === null || group !== 'compensate' || (state !== 'applied' && state !== 'kept')) return false;
  return itemsOf(operation).some((item) => {
    const one = kind === 'remove' ? item.add : item.remove;
    return one !== null && sameData(one, record) && !isTtlEdit(item);
  });
}

/**
 * The times from which an edit may be undone that the panel made first; null: the operation is still
 * `prepared`.
 */
function doneAt(facts: Facts, operation: Operation): Asked | null {
  const done = facts.witness.operations
    .get(operation.id)
    ?.states.find(({ state }) => state === 'applied' || state === 'kept');
  return done === undefined ? null : reportedAt(facts, operation, done.at);
}

/** Whether an earlier delete of the zone was refused because the zone is signed. */
function isAskedTwice(saved: readonly SavedEdit[], { zone }: Pick<Operation, 'zone'>): boolean {
  return saved.some(
    ({ event, answers }) =>
      event.kind === 'zone-delete' &&
      event.zone === zone &&
      answers.some(
        ({ verdict }) =>
          verdict.kind === 'refuse' && verdict.problems.some(({ code }) => code === 'zone.signed-delete'),
      ),
  );
}

/**
 * Whether the operation is an edit that the agent left to the panel and that the panel then reported as made.
 */
function isHeard({ kind, class: group, state, afterSeen }: Operation): boolean {
  return kind === 'records' && group === 'compensate' && state === 'prepared' && afterSeen;
}

/**
 * Checks that the delete of a signed zone is accepted only after an earlier one was refused for that reason
 * (docs/adoption.md, row 26).
 */
export function checkAsked(
  {
    edits,
    synced,
    signed,
    saved,
  }: {
    readonly edits: readonly EditEvent[];
    /**
     * When the call came: zones that were synced in the journal, and zones that were signed at the central.
     */
    readonly synced: ReadonlySet<DnsName>;
    readonly signed: ReadonlySet<DnsName>;
    readonly saved: readonly SavedEdit[];
  },
  verdict: Verdict,
  judgement: Judgement,
): void {
  if (verdict.kind === 'refuse') return;
  for (const { kind, stage, zone, actor } of edits) {
    const isDelete = kind === 'zone-delete' && stage === 'before' && actor.rank === 'administrator';
    if (isDelete && synced.has(zone) && signed.has(zone) && !isAskedTwice(saved, { zone }))
      judgement.violate('zones.unasked', `${zone} is signed, and its delete is accepted at once`);
  }
}

/** Whether a panel read shows that the edit was carried out. */
function isShown(operation: Operation, { ids }: PanelRead): boolean {
  if (ids === null) return false;
  if (operation.kind === 'zone-create') return true;
  return itemsOf(operation).every(
    ({ remove, add }) =>
      (remove === null || !ids.has(recordId(remove))) && (add === null || ids.has(recordId(add))),
  );
}

function isTtlEdit({ remove, add }: OperationItem): boolean {
  return remove !== null && add !== null && sameData(remove, add);
}

function say(operation: Operation, what: string): string {
  const { id, kind, zone } = operation;
  const records = itemsOf(operation).flatMap(({ remove, add }) => [remove, add]);
  const texts = records.flatMap((record) => (record === null ? [] : [formatRecord(record)]));
  return `${kind} ${id} in ${zone} ${texts.join(', ')}: ${what}`;
}
