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
  /** An operation is neither final nor stuck, or stuck without a cause. */
  | 'agreement.open'
  | 'agreement.stuck'
  /** A zone is on one side only, or on both without being synchronised. */
  | 'agreement.zone'
  | 'agreement.standing'
  /** A record is on one side only without a cause; or with one, and not listed; or its TTLs differ. */
  | 'agreement.record'
  | 'agreement.unlisted'
  | 'agreement.ttl'
  /** A new zone took away a name that was answered before. */
  | 'live.emptied'
  /** An engine removed a record, or a zone, that was neither ours nor adopted; or wrote into such a zone. */
  | 'strangers.removed'
  | 'strangers.zone'
  | 'strangers.added'
  /** The central held what somebody without a right wanted. */
  | 'rights.held';

/** What the laws found in one history: violations, and how often each excuse was used. */
export class Judgement {
  readonly violations: Violation[] = [];
  readonly excuses = new Map<ExcuseId, number>();
  readonly #prefix: string;

  /** @param prefix what every text begins with */
  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  violate(law: LawId, text: string): void {
    this.violations.push({ law, text: `${this.#prefix}${text}` });
  }

  /** Takes over what another one found. */
  add(other: Judgement): void {
    for (const { law, text } of other.violations) this.violate(law, text);
    for (const [id, count] of other.excuses) this.excuses.set(id, (this.excuses.get(id) ?? 0) + count);
  }

  /** Counts the use of an excuse. @returns true, so that it can stand in a condition */
  excuse(id: ExcuseId): true {
    this.excuses.set(id, (this.excuses.get(id) ?? 0) + 1);
    return true;
  }
}
