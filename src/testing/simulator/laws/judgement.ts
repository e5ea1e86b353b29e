import type { ExcuseId } from './excuses.ts';

/** A law that a history broke. */
export interface Violation {
  /** The id of the law. It is short and does not change, since stories and planted bugs name it. */
  readonly law: LawId;
  /** What broke it, in one sentence. */
  readonly text: string;
}

export type LawId =
  /** At the end of a history no engine runs, or its first comparison never ended. */
  | 'engine.running'
  | 'engine.baseline'
  /** An engine caught an error that no interface declares. */
  | 'engine.defect'
  /** At the end an operation is neither final nor stuck, or it is stuck without a cause. */
  | 'agreement.open'
  | 'agreement.stuck'
  /** At the end a zone is on one side only without a cause, or on both sides and not synced. */
  | 'agreement.zone'
  | 'agreement.state'
  /**
   * At the end a record is on one side only without a cause, or with a cause but not listed; or its TTLs
   * differ.
   */
  | 'agreement.record'
  | 'agreement.unlisted'
  | 'agreement.ttl'
  /**
   * A ledger row is wrong, or a record on both sides is not synced; or the journal returns other data than it
   * stored.
   */
  | 'ledger.synced'
  | 'ledger.sides'
  | 'ledger.unjoined'
  | 'ledger.journal'
  /** A zone that was created again and filled still has ledger rows of the former zone. */
  | 'ledger.leftover'
  /** An undo, or the delete of a zone, was decided too early or without two panel reads that prove it. */
  | 'undo.unproven'
  /** After an undo the central still has a TTL that the edit wrote. */
  | 'undo.left'
  | 'zones.unproven'
  /** An edit that was left to the panel was written at the central before a panel read showed it. */
  | 'heard.unseen'
  /** A comparison removed a record that no two panel reads showed to be gone. */
  | 'follow.unproven'
  /** A zone or record was sent that must be left alone, such as a `panel-only` one or a conflict. */
  | 'alone.zone'
  | 'alone.record'
  /** An edit replaced a foreign value, or wrote at a name of a stuck operation. */
  | 'alone.foreign'
  | 'alone.stuck'
  /** An edit added a CNAME beside other records, or another record beside a CNAME. */
  | 'alone.alias'
  /**
   * An undo changed a record that another open edit claims, or an edit was repeated though both sides agreed.
   */
  | 'alone.claimed'
  | 'alone.agreed'
  /** The engine journalled an edit for its own write into the panel. */
  | 'alone.own'
  /**
   * A comparison removed more records than the safety limits allow, or deleted too many zones or one that no
   * panel function named.
   */
  | 'limits.records'
  | 'limits.zones'
  /** An edit was accepted that the journal does not hold. */
  | 'answers.journal'
  /** A signed zone was deleted without the second confirmation, or its first delete was accepted at once. */
  | 'zones.signed'
  | 'zones.unasked'
  /** A zone that was created again was filled with records that only the former zone had. */
  | 'zones.former'
  /** A zone that was created again was deleted because of the former zone's delete. */
  | 'zones.cancelled'
  /** The engine deleted a panel zone that no refused create had made, or that was edited since. */
  | 'panel.zone'
  /** A new zone at the central hid a name that was answered before. */
  | 'live.emptied'
  /** An engine removed a record or a zone that is neither ours nor adopted, or wrote into such a zone. */
  | 'foreign.removed'
  | 'foreign.zone'
  | 'foreign.added'
  /** An answer said that nothing was changed, which was not true then or did not stay true. */
  | 'answers.nothing'
  | 'answers.nothing-later'
  /** An answer said that only the panel was changed, but the central was changed too. */
  | 'answers.panel'
  | 'answers.panel-later'
  /** The history calls an edit done on both sides, and one of them never had it. */
  | 'history.both-sides'
  /** The central still holds something of an edit that we or the panel refused. */
  | 'answers.left'
  /** An engine wrote a name or a zone while another request of its own about it was under way. */
  | 'locks.overlap'
  /** A request was sent for an operation that the journal did not hold. */
  | 'journal.before-write'
  /** A commit replaced what another commit had just written. */
  | 'journal.overwritten'
  /** An engine read a panel zone twice at once, or did not read one soon enough after an event. */
  | 'turns.overlap'
  | 'turns.late'
  /** A request was sent that the operation in the journal does not mention. */
  | 'journal.unsaid'
  /** A request landed after its operation was final and no longer watched. */
  | 'journal.unwatched'
  /** The central held what a user without a right had asked for. */
  | 'rights.held'
  /** A request was sent for a user without a right, or an answer to him mentions other users' records. */
  | 'rights.written'
  | 'rights.reported'
  /** At the end an engine does not know the owner of a zone that the panel's list shows. */
  | 'rights.unread';

/** What the laws found in one history: violations, and how often each excuse was used. */
export class Judgement {
  readonly violations: Violation[] = [];
  readonly excuses = new Map<ExcuseId, number>();
  /** The longest time (ms) for which a central held something that was undone later. */
  longestSeen = 0;
  readonly #prefix: string;

  /** @param prefix text at the beginning of every violation */
  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  violate(law: LawId, text: string): void {
    this.violations.push({ law, text: `${this.#prefix}${text}` });
  }

  /** Notes that a central held something for so many milliseconds that was undone later. */
  sawFor(ms: number): void {
    this.longestSeen = Math.max(this.longestSeen, ms);
  }

  /** Adds the findings of another judgement. */
  add(other: Judgement): void {
    for (const { law, text } of other.violations) this.violate(law, text);
    this.sawFor(other.longestSeen);
    for (const [id, count] of other.excuses) this.excuses.set(id, (this.excuses.get(id) ?? 0) + count);
  }

  /** Counts the use of an excuse. @returns true, for use in a condition */
  excuse(id: ExcuseId): true {
    this.excuses.set(id, (this.excuses.get(id) ?? 0) + 1);
    return true;
  }
}
