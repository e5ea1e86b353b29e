import type { ExcuseId } from './excuses.ts';

/** A law that a history broke. */
export interface Violation {
  /** The short id of the law. It never changes, because recorded stories and planted bugs refer to it. */
  readonly law: LawId;
  /** How the law was broken, in one sentence. */
  readonly text: string;
}

export type LawId =
  /** At the end of a history, no engine runs, or its first comparison never ended. */
  | 'engine.running'
  | 'engine.baseline'
  /** An engine caught an error that no interface declares. */
  | 'engine.defect'
  /** At the end, an operation is neither final nor stuck, or it is stuck without a cause. */
  | 'agreement.open'
  | 'agreement.stuck'
  /** At the end, a zone is on one side only without a cause, or it is on both sides and not synced. */
  | 'agreement.zone'
  | 'agreement.state'
  /**
   * At the end, a record is on one side only without a cause, or with a cause but not listed; or its TTLs
   * differ.
   */
  | 'agreement.record'
  | 'agreement.unlisted'
  | 'agreement.ttl'
  /**
   * A ledger row is wrong, a record on both sides is not synced, or the journal returns other data than was
   * stored.
   */
  | 'ledger.synced'
  | 'ledger.sides'
  | 'ledger.unjoined'
  | 'ledger.journal'
  /** A zone that was created again and filled still has ledger rows of the old zone. */
  | 'ledger.leftover'
  /** An undo, or the delete of a zone, was decided too early, or without two panel reads that prove it. */
  | 'undo.unproven'
  /** After an undo, the central still has a TTL that the undone edit wrote. */
  | 'undo.left'
  | 'zones.unproven'
  /** An edit that was left to the panel was written at the central before a panel read showed it. */
  | 'heard.unseen'
  /** A comparison removed a record without two panel reads that show it to be gone. */
  | 'follow.unproven'
  /** A zone or record was sent that must be left alone, for example a `panel-only` record or a conflict. */
  | 'alone.zone'
  | 'alone.record'
  /** An edit replaced a foreign value, or wrote to a name that a stuck operation holds. */
  | 'alone.foreign'
  | 'alone.stuck'
  /** An edit added a CNAME beside other records, or another record beside a CNAME. */
  | 'alone.alias'
  /**
   * An undo changed a record that another open edit claims, or an edit was repeated although both sides
   * agreed.
   */
  | 'alone.claimed'
  | 'alone.agreed'
  /** The engine treated its own write into the panel as an edit of a user, and journalled it. */
  | 'alone.own'
  /**
   * A comparison removed more records than the safety limits allow, or deleted too many zones. Or it deleted
   * a zone that no panel function named.
   */
  | 'limits.records'
  | 'limits.zones'
  /** An edit was accepted, but the journal does not have it. */
  | 'answers.journal'
  /** A signed zone was deleted without the second confirmation, or its first delete was accepted at once. */
  | 'zones.signed'
  | 'zones.unasked'
  /** A zone that was created again was filled with records that only the old zone had. */
  | 'zones.former'
  /** A zone that was created again was deleted because of the old zone's delete. */
  | 'zones.cancelled'
  /** The engine deleted a zone in the panel that no refused create had made, or that was edited since. */
  | 'panel.zone'
  /** A write was carried out although the central had other records than the engine expected. */
  | 'expected.wrong'
  /** An edit was written without a read and without an expectation. */
  | 'expected.unread'
  /** An operation wrote again before the engine knew what became of its write with an expectation. */
  | 'expected.unanswered'
  /** An edit was refused because of a record that the central did not have. */
  | 'expected.refused'
  /** Because of a new zone at the central, a name no longer had an answer that it had before. */
  | 'live.emptied'
  /** An engine removed a record or a zone that is neither ours nor adopted, or wrote into such a zone. */
  | 'foreign.removed'
  | 'foreign.zone'
  | 'foreign.added'
  /** An answer said that nothing was changed. This was not true then, or did not stay true. */
  | 'answers.nothing'
  | 'answers.nothing-later'
  /** An answer said that only the panel was changed, but the central was changed too. */
  | 'answers.panel'
  | 'answers.panel-later'
  /** The history says that an edit is on both sides, but one side never had it. */
  | 'history.both-sides'
  /** The central still holds something of an edit that we or the panel refused. */
  | 'answers.left'
  /**
   * An engine wrote a name or a zone while another request of its own for the same name or zone was running.
   */
  | 'locks.overlap'
  /** A request was sent for an operation that the journal did not have yet. */
  | 'journal.before-write'
  /** A commit replaced what another commit had just written. */
  | 'journal.overwritten'
  /**
   * An engine read a zone of the panel twice at the same time, or did not read it soon enough after an event.
   */
  | 'turns.overlap'
  | 'turns.late'
  /**
   * A comparison skipped a zone because of its serials, although the zone had changed since its last full
   * comparison.
   */
  | 'serials.changed'
  /** A request was sent for something that the journal's entry of its operation does not name. */
  | 'journal.unsaid'
  /** A request landed after its operation had ended and its watch was over. */
  | 'journal.unwatched'
  /** The central had data that a user without a right had asked for. */
  | 'rights.held'
  /**
   * A request was sent for a user without a right. Or an answer to such a user contains other users' records.
   */
  | 'rights.written'
  | 'rights.reported'
  /** A plan's operation or request does something that the operator did not approve. */
  | 'plans.unapproved'
  /** The application of a plan reported that nothing was done, although it had journalled an operation. */
  | 'plans.sent'
  /**
   * The application of a plan reported a step as done that was not done, or whose result did not last to the
   * end.
   */
  | 'plans.done'
  | 'plans.held'
  /** The engine sent a record or zone that an operator excluded, or ended the exclusion by itself. */
  | 'plans.excluded'
  /** An engine that only observes wrote something, or began an operation. */
  | 'observe.written'
  /** A change that was made while an engine only observed was later sent or removed by a comparison. */
  | 'observe.followed'
  /** After the engine had stopped observing, an edit was decided before its zone had a new baseline. */
  | 'observe.baseline'
  /** A call was refused while the engine only observed. */
  | 'observe.refused'
  /** During a pause, an engine began new work, or wrote for work that it had not begun before the pause. */
  | 'pause.begun'
  | 'pause.written'
  /** The history lacks an edit that was accepted during a pause, or does not name the user who made it. */
  | 'pause.untold'
  /** An engine wrote something, or decided about an edit, with the journal of another host. */
  | 'doubt.read-only'
  | 'doubt.accepted'
  /** An engine whose journal was in doubt wrote in a zone before it had compared the zone again. */
  | 'doubt.early'
  /**
   * The engine treats the journal as another host's, although it never was, or although an operator had
   * accepted it.
   */
  | 'doubt.left'
  /**
   * Only in crash stories: a process ended by itself, a secret was written somewhere, or operations did not
   * end.
   */
  | 'stage.died'
  | 'stage.leaked'
  | 'stage.restless'
  /** At the end, an engine does not know the owner of a zone although the panel's list shows the owner. */
  | 'rights.unread';

/** The findings of the laws in one history: violations, and how often each excuse was used. */
export class Judgement {
  readonly violations: Violation[] = [];
  readonly excuses = new Map<ExcuseId, number>();
  /** The longest time (ms) for which a central had a record that was undone later. */
  longestSeen = 0;
  readonly #prefix: string;

  /** @param prefix text at the beginning of every violation */
  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  violate(law: LawId, text: string): void {
    this.violations.push({ law, text: `${this.#prefix}${text}` });
  }

  /** Records for how many milliseconds a central had something that was undone later. */
  sawFor(ms: number): void {
    this.longestSeen = Math.max(this.longestSeen, ms);
  }

  /** Adds the findings of another judgement to this one. */
  add(other: Judgement): void {
    for (const { law, text } of other.violations) this.violate(law, text);
    this.sawFor(other.longestSeen);
    for (const [id, count] of other.excuses) this.excuses.set(id, (this.excuses.get(id) ?? 0) + count);
  }

  /** Counts the use of an excuse. @returns true, so that the call can be part of a condition */
  excuse(id: ExcuseId): true {
    this.excuses.set(id, (this.excuses.get(id) ?? 0) + 1);
    return true;
  }
}
