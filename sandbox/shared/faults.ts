/** What goes wrong in one call (sandbox/README.md). */
export type FaultEffect =
  /** Waits `ms` milliseconds, then handles the call, even if the client has gone meanwhile. */
  | 'delay-before'
  /** Handles the call, then waits `ms` milliseconds before answering. */
  | 'delay-after'
  /** Answers with an error made from `code`, `obj`, `val` and `text`. The call is not handled. */
  | 'refuse'
  /** Closes the connection. The call is not handled. */
  | 'drop'
  /** Handles the call, then closes the connection without an answer. */
  | 'lost'
  /** Closes the connection at once, and handles the call `ms` milliseconds later. */
  | 'late'
  /** Answers HTTP 502 with a page. The call is not handled. */
  | 'bad-gateway'
  /**
   * Handles the call, but sends only the beginning of the document, as if it were complete. `at`: number of
   * octets; if it is below 1, that part of all octets.
   */
  | 'cut'
  /** Handles the call. The answer ends with octets that are not UTF-8. */
  | 'non-utf8'
  /** Handles the call. The answer has no body. */
  | 'empty'
  /** Answers with the plain text `access deny`. The call is not handled. */
  | 'access-deny'
  /** Ends every session, then handles the call. A call with `auth` is therefore refused. */
  | 'expire'
  /** Gives the account `val` the password `text`, then handles the call. */
  | 'new-password';

export interface Fault {
  /** Name of the function whose calls fail; absent: calls of every function fail. */
  readonly func?: string;
  /** Only calls with these values of these parameters fail. */
  readonly params?: Readonly<Record<string, string>>;
  /** Only calls over this transport fail. Default: `http`. */
  readonly via?: 'http' | 'mgrctl' | 'any';
  /** How many calls fail. Default: 1; null: all of them. */
  readonly count?: number | null;
  readonly effect: FaultEffect;
  readonly ms?: number;
  readonly at?: number;
  readonly code?: number;
  readonly obj?: string;
  readonly val?: string;
  readonly text?: string;
}

interface Armed {
  readonly fault: Fault;
  left: number;
}

/** The faults that are set for the next calls. */
export class Faults {
  #armed: Armed[] = [];

  /** Adds a fault. If several faults fit a call, the one that was added first is used. */
  add(fault: Fault): void {
    this.#armed.push({ fault, left: fault.count === null ? Infinity : (fault.count ?? 1) });
  }

  clear(): void {
    this.#armed = [];
  }

  /** Faults that are not used up yet. */
  get waiting(): readonly Fault[] {
    return this.#armed.map((armed) => armed.fault);
  }

  /** Takes the first fault that fits the call, and counts that it was used; null: no fault fits. */
  take(func: string, via: 'http' | 'mgrctl', get: (name: string) => string | undefined): Fault | null {
    const armed = this.#armed.find(({ fault }) => fits(fault, func, via, get));
    if (armed === undefined) return null;
    armed.left -= 1;
    if (armed.left <= 0) this.#armed = this.#armed.filter((other) => other !== armed);
    return armed.fault;
  }
}

function fits(fault: Fault, func: string, via: string, get: (name: string) => string | undefined): boolean {
  const wanted = fault.via ?? 'http';
  if (wanted !== 'any' && wanted !== via) return false;
  if (fault.func !== undefined && fault.func !== func) return false;
  return Object.entries(fault.params ?? {}).every(([name, value]) => get(name) === value);
}

const EFFECTS: ReadonlySet<unknown> = new Set<FaultEffect>([
  'delay-before',
  'delay-after',
  'refuse',
  'drop',
  'lost',
  'late',
  'bad-gateway',
  'cut',
  'non-utf8',
  'empty',
  'access-deny',
  'expire',
  'new-password',
]);
const KINDS: Readonly<Record<string, string>> = {
  func: 'string',
  via: 'string',
  ms: 'number',
  at: 'number',
  code: 'number',
  obj: 'string',
  val: 'string',
  text: 'string',
};

/** Whether a value from JSON describes a fault. */
export function isFault(value: unknown): value is Fault {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const { effect, params, count, via } = fields;
  if (!EFFECTS.has(effect)) return false;
  if (via !== undefined && via !== 'http' && via !== 'mgrctl' && via !== 'any') return false;
  if (params !== undefined && (typeof params !== 'object' || params === null)) return false;
  if (count !== undefined && count !== null && typeof count !== 'number') return false;
  return Object.entries(KINDS).every(
    ([name, kind]) => fields[name] === undefined || typeof fields[name] === kind,
  );
}
