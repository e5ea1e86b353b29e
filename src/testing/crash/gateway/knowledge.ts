/** What the clients of a story know from the answers to their requests. */

/** A value of one client: at most one record, in an RRset that other clients may share. */
export interface ClientValue {
  readonly zone: string;
  /** Absolute owner name. */
  readonly name: string;
  readonly type: 'A' | 'TXT';
  /** All data of this client in the RRset begin with this text. */
  readonly prefix: string;
  /** Data that may be there, by all answers so far. Null among them: perhaps there is nothing. */
  may: ReadonlySet<string | null>;
}

/** A zone that one client creates and deletes. */
export interface ClientZone {
  readonly zone: string;
  readonly customer: string;
  /** Data of the record `www` that the zone got in its last create. */
  content: string;
  /** The request whose outcome is not known yet. */
  asked: 'create' | 'delete' | 'nothing';
  may: ReadonlySet<boolean>;
}

/** What a gateway said about a change. */
export interface Said {
  /**
   * `done`: the name server has the change. `untouched`: nothing of it was or will be written. `unknown`:
   * nobody knows the outcome. `lost`: no answer came.
   */
  readonly kind: 'done' | 'untouched' | 'unknown' | 'lost';
  readonly text: string;
}

/** A change with its key, and what was said about it. */
export interface Attempt {
  /** Public id of the client's token. */
  readonly token: string;
  readonly key: string;
  readonly zone: string;
  readonly body: unknown;
  /** The last answer that was no `lost`; null: there was none yet. */
  last: Said | null;
}

/** Everything that all clients know. */
export interface Knowledge {
  readonly values: ClientValue[];
  readonly zones: ClientZone[];
  readonly attempts: Attempt[];
}
