import type { Batch } from '../../../core/journal.ts';
import { isFinal, type Operation } from '../../../core/operation.ts';
import { lateWriteSource } from '../../../core/engine/background/unsent.ts';
import type { DnsName } from '../../../dns/name.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Pauses } from '../pauses.ts';
import type { WriteRequest } from '../provenance.ts';
import type { Judgement } from './judgement.ts';
import { itemsOf } from './operation-parts.ts';

/** The state of the journal when the present pause began. */
interface Began {
  /** Ids of the operations that existed before the pause. */
  readonly operations: ReadonlySet<string>;
  /**
   * Ids of the operations among these that create or delete a zone because of a comparison, and had sent
   * nothing when the pause began.
   */
  readonly unsent: ReadonlySet<string>;
}

interface Facts {
  readonly pauses: Pauses;
  readonly witness: JournalWitness;
  /** Zones with a hook call that came before the pause and is still being answered. */
  readonly answering: () => ReadonlySet<DnsName>;
}

/**
 * Checks an engine during a pause: it must begin nothing new, and complete the operations that are under way.
 */
export class PausingLaws {
  readonly #judgement: Judgement;
  readonly #facts: Facts;
  #began: Began | null = null;
  /** Ids of operations that began in this pause and may continue, because earlier work caused them. */
  readonly #allowed = new Set<string>();

  constructor(facts: Facts, judgement: Judgement) {
    this.#facts = facts;
    this.#judgement = judgement;
    facts.pauses.onBegun.push(() => {
      this.#allowed.clear();
      this.#began = this.#beganNow([]);
    });
  }

  /** Checks the operations of a commit. Call this after the witness has seen the commit. */
  committed({ operations = [] }: Batch): void {
    const began = this.#look(operations);
    if (began === null) return;
    for (const operation of operations) {
      const { id, zone, kind, class: group } = operation;
      if (began.operations.has(id) || this.#allowed.has(id)) continue;
      if (this.#isUnderWay(operation, began) || this.#isTakenUp(operation, operations, began))
        this.#allowed.add(id);
      else this.#judgement.violate('pause.begun', `${group} ${kind} ${id} begins in ${zone} in a pause`);
    }
  }

  /**
   * Whether the operation carries on a user's create or delete of a zone that began before the pause. The
   * undo of a create takes up the delete that it had cancelled. A delete that is given up takes up the create
   * before it. The old operation ends in the commit of the new one.
   */
  #isTakenUp({ zone, kind }: Operation, batch: readonly Operation[], { operations }: Began): boolean {
    const other = kind === 'zone-delete' ? 'zone-create' : 'zone-delete';
    return (
      kind !== 'records' &&
      batch.some(
        (one) =>
          one.zone === zone &&
          one.kind === other &&
          one.state === 'reverted' &&
          this.#facts.witness.operations.get(one.id)?.states.at(-2)?.state !== 'reverted' &&
          one.class === 'veto' &&
          (operations.has(one.id) || this.#allowed.has(one.id)),
      )
    );
  }

  /** Checks a request of the engine to one of the two sides, when it is sent. */
  sent({ kind, zone, operation }: WriteRequest): void {
    const began = this.#look([]);
    if (began === null) return;
    const isKnown =
      began.operations.has(operation) || this.#allowed.has(operation) || this.#isRepair(operation, zone);
    if (!isKnown || began.unsent.has(operation))
      this.#judgement.violate('pause.written', `${kind} in ${zone} for ${operation} in a pause`);
  }

  /** @param fresh operations of a commit that was just seen */
  #look(fresh: readonly Operation[]): Began | null {
    if (!this.#facts.pauses.isPaused) {
      this.#began = null;
      this.#allowed.clear();
      return null;
    }
    // A pause may have run out and return, because the wall clock was set back.
    this.#began ??= this.#beganNow(fresh);
    return this.#began;
  }

  #beganNow(fresh: readonly Operation[]): Began {
    const { operations } = this.#facts.witness;
    const isNew = new Set(
      fresh.filter(({ id }) => operations.get(id)?.states.length === 1).map(({ id }) => id),
    );
    const known = [...operations.values()].filter(({ operation }) => !isNew.has(operation.id));
    return {
      operations: new Set(known.map(({ operation }) => operation.id)),
      unsent: new Set(
        known.filter(({ operation }) => isUnsent(operation)).map(({ operation }) => operation.id),
      ),
    };
  }

  /** Whether a request without an operation removes something that an earlier operation wrote late. */
  #isRepair(operation: string, zone: DnsName): boolean {
    if (operation !== '-') return false;
    return [...this.#facts.witness.operations.values()].some(
      (one) => one.operation.zone === zone && (one.operation.watch !== null || !isFinal(one.operation.state)),
    );
  }

  /** Whether an edit from before the pause, or its late write, caused the operation. */
  #isUnderWay(operation: Operation, { operations }: Began): boolean {
    const { zone, fingerprint, class: group } = operation;
    if (this.#facts.answering().has(zone) || itemsOf(operation).some(({ note }) => note === lateNote))
      return true;
    // A zone that a late request has created or deleted is put back, in a pause too.
    if (operation.kind === 'zone-create' && operation.source === lateWriteSource) return true;
    // A stuck operation sends nothing: it only lists what a comparison found.
    if (group !== 'compensate') return operation.state === 'stuck';
    return [...operations, ...this.#allowed].some((id) => {
      const known = this.#facts.witness.operations.get(id)?.operation;
      return known?.zone === zone && known.fingerprint === fingerprint;
    });
  }
}

/** The note on the items of an operation that removes another operation's late write. */
const lateNote = 'note.late-write';

/** Whether the operation comes from a comparison, and none of its requests was sent. */
function isUnsent(operation: Operation): boolean {
  const { kind, state, source, actor } = operation;
  if (operation.class !== 'follow' || state !== 'kept' || actor !== '') return false;
  if (kind === 'zone-create') return source !== lateWriteSource && !operation.requested && !operation.created;
  return kind === 'zone-delete';
}

/**
 * Longest time (ms) until an agent has stored a decision. The agent stores the decisions of each second
 * together.
 */
const storedWithin = 5_000;

/**
 * Checks that the history has each edit that was accepted during a pause, with the user who made it. An agent
 * that is killed soon afterwards may lose the entry.
 * @param stops when agents were killed, monotonic milliseconds
 */
export function checkPausedCalls(
  { calls, decisions }: Pauses,
  stops: readonly number[],
  judgement: Judgement,
): void {
  const left = [...decisions.values()].filter(({ why }) => why.includes('note.left-pause'));
  for (const { event, at } of calls) {
    if (event.kind !== 'edits' || stops.some((stop) => stop >= at && stop <= at + storedWithin)) continue;
    for (const { stage, zone, actor, kind } of event.edits) {
      if (stage !== 'before') continue;
      const own = left.findIndex(
        (one) =>
          one.zone === zone && one.actor === actor.name && one.edit === kind && one.outcome === 'panel-only',
      );
      if (own === -1)
        judgement.violate('pause.untold', `the history lacks ${kind} in ${zone} by ${actor.name}`);
      else left.splice(own, 1);
    }
  }
}
