import type { ExcuseId } from './excuses.ts';

/** A law that a history broke. */
export interface Violation {
  /** Which one: short and stable, so that stories and planted bugs can name it. */
  readonly law: LawId;
  /** What was seen, in one sentence. */
  readonly text: string;
}

export type LawId =
  /** No engine runs after the calm, or its first comparison never ended. */
  | 'engine.running'
  | 'engine.baseline'
  /** An engine met an error that none of its ports declares. */
  | 'engine.defect'
  /** An operation is neither final nor stuck, or stuck without a cause. */
  | 'agreement.open'
  | 'agreement.stuck'
  /** A zone is on one side only, or on both without being synchronised. */
  | 'agreement.zone'
  | 'agreement.state'
  /** A record is on one side only without a cause; or with one, and not listed; or its TTLs differ. */
  | 'agreement.record'
  | 'agreement.unlisted'
  | 'agreement.ttl'
  /**
   * A row of the ledger is not true, or a record on both sides is not synced. Or the journal returns
   * something else than it was given.
   */
  | 'ledger.synced'
  | 'ledger.sides'
  | 'ledger.unjoined'
  | 'ledger.journal'
  /** A zone that was made again and filled has rows of the one before. */
  | 'ledger.leftover'
  /**
   * An undo, or the delete of a zone, was decided without two reads of the panel that prove it, or too early.
   */
  | 'undo.unproven'
  /** An undo ended, and a TTL that the edit had written stands. */
  | 'undo.left'
  | 'zones.unproven'
  /** An edit that was left to the panel was written before a read of the panel showed it. */
  | 'heard.unseen'
  /** A comparison removed what no two reads showed to be gone. */
  | 'follow.unproven'
  /**
   * Something that is to be left alone was sent: a zone or record of the panel alone, or one that differs.
   */
  | 'alone.zone'
  | 'alone.record'
  /**
   * An edit wrote in the place of a value that somebody else has put there, or at a name of a stuck
   * operation.
   */
  | 'alone.foreign'
  | 'alone.stuck'
  /** An edit put an alias beside other records, or the other way round. */
  | 'alone.alias'
  /**
   * An undo changed what another open edit wants as it is; or an edit was done again of which both sides
   * agreed.
   */
  | 'alone.claimed'
  | 'alone.agreed'
  /** An edit was journalled for a write of our own into the panel. */
  | 'alone.own'
  /**
   * A comparison removed more than the safety limits allow, or deleted a zone that nobody named, or too many.
   */
  | 'limits.records'
  | 'limits.zones'
  /** An edit was accepted, and the journal does not say so. */
  | 'answers.journal'
  /** A signed zone was deleted without a second yes; or nobody was asked for it when he deleted the zone. */
  | 'zones.signed'
  | 'zones.unasked'
  /** A zone that was made again was filled with records that only the one before it had. */
  | 'zones.former'
  /** A zone was deleted for a former delete, though it was made again since. */
  | 'zones.cancelled'
  /** We deleted a zone in the panel that no user's edit had made, or that was edited since. */
  | 'panel.zone'
  /** A new zone took away a name that was answered before. */
  | 'live.emptied'
  /** An engine removed a record, or a zone, that was neither ours nor adopted; or wrote into such a zone. */
  | 'foreign.removed'
  | 'foreign.zone'
  | 'foreign.added'
  /** "Nothing was changed" was not true at that moment, or did not stay so. */
  | 'answers.nothing'
  | 'answers.nothing-later'
  /** The central was changed though the answer says that only the panel was. */
  | 'answers.panel'
  | 'answers.panel-later'
  /** Something is left at the central of an edit that we or the panel refused. */
  | 'answers.left'
  /**
   * An engine wrote a name, or a zone, at a central while another request of its own about it was on the way.
   */
  | 'locks.overlap'
  /** A request went out for an operation that the journal had not seen. */
  | 'journal.before-write'
  /** A commit went over what another had just written. */
  | 'journal.overwritten'
  /**
   * An engine read a zone of the panel twice at once; or did not read one in time that something happened to.
   */
  | 'turns.overlap'
  | 'turns.late'
  /** A request went out, and the journal did not say that. */
  | 'journal.unsaid'
  /** A request landed that nobody looked after any more. */
  | 'journal.unwatched'
  /** The central held what somebody without a right wanted. */
  | 'rights.held'
  /** Something was sent to the central for him; or an answer told him of another's records. */
  | 'rights.written'
  | 'rights.reported'
  /** In the end an engine does not know whose a zone is, though the panel's list tells. */
  | 'rights.unread';

/** What the laws found in one history: violations, and how often each excuse was used. */
export class Judgement {
  readonly violations: Violation[] = [];
  readonly excuses = new Map<ExcuseId, number>();
  /** How long (ms) a central held at most what was then undone. */
  longestSeen = 0;
  readonly #prefix: string;

  /** @param prefix what every text begins with */
  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  violate(law: LawId, text: string): void {
    this.violations.push({ law, text: `${this.#prefix}${text}` });
  }

  /** A central held something for so long that was then undone. */
  sawFor(ms: number): void {
    this.longestSeen = Math.max(this.longestSeen, ms);
  }

  /** Takes over what another one found. */
  add(other: Judgement): void {
    for (const { law, text } of other.violations) this.violate(law, text);
    this.sawFor(other.longestSeen);
    for (const [id, count] of other.excuses) this.excuses.set(id, (this.excuses.get(id) ?? 0) + count);
  }

  /** Counts the use of an excuse. @returns true, so that it can stand in a condition */
  excuse(id: ExcuseId): true {
    this.excuses.set(id, (this.excuses.get(id) ?? 0) + 1);
    return true;
  }
}
