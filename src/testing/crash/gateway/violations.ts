/** The laws of stories about the gateway. */
export type GatewayLaw =
  /** The name server has something that the answers to a client do not allow. */
  | 'answers.left'
  /** Two answers about the change of one key say different things. */
  | 'answers.other'
  /** For a key the audit has more than one acceptance or end, one without the other, or another outcome. */
  | 'audit.once'
  /** An entry of the audit does not follow from the one before it. */
  | 'audit.chain'
  /** A zone of the gateway has no owner, or an owner has no zone, or a claim was left. */
  | 'owners.zone'
  /** A zone lacks records that it was created with. */
  | 'zones.content'
  /** The provider's zone has changed. */
  | 'foreign.zone'
  /** A token or the key of the name server stands in the gateway's log or database. */
  | 'stage.leaked'
  /** The gateway ended although nobody killed it, or its log reports a defect. */
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
