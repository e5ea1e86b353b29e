/** The laws of stories about the gateway. */
export type GatewayLaw =
  /** The name server has not what the answers to a client allow. */
  | 'answers.left'
  /** Two answers about the change of one key say different things. */
  | 'answers.other'
  /** The audit has not exactly one acceptance and one end for a key, or none for a change that was done. */
  | 'audit.once'
  /** An entry of the audit does not follow from the one before it. */
  | 'audit.chain'
  /** A zone of the gateway has no owner, or an owner has no zone, or a claim was left. */
  | 'owners.zone'
  /** A zone that was created has not the records that it was created with. */
  | 'zones.content'
  /** The provider's zone has changed. */
  | 'foreign.zone'
  /** A token or the key of the name server stands in the gateway's log or database. */
  | 'stage.leaked'
  /** The gateway ended by itself, or reports a defect of its own. */
  | 'stage.died'
  /** The story did not come to its end. */
  | 'stage.restless';

export interface GatewayViolation {
  readonly law: GatewayLaw;
  /** How the law was broken, in one sentence. */
  readonly text: string;
}

/** The laws that a story has broken so far. */
export class Violations {
  readonly all: GatewayViolation[] = [];
  readonly #tell: (text: string) => void;

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  add(law: GatewayLaw, text: string): void {
    this.#tell(`VIOLATION ${law}: ${text}`);
    this.all.push({ law, text });
  }
}
