/** What goes wrong with one call; see README.md. */
export type FaultEffect =
  /** Waits `ms`, then does the call (a client that gave up meanwhile does not stop it). */
  | 'delay-before'
  /** Does the call, then waits `ms` before answering. */
  | 'delay-after'
  /** Answers with the error `code`, `obj`, `val`, `text`; nothing is done. */
  | 'refuse'
  /** Cuts the connection; nothing is done. */
  | 'drop'
  /** Does the call, then cuts the connection. */
  | 'lost'
  /** Cuts the connection at once and does the call `ms` later. */
  | 'late'
  /** Answers HTTP 502 with a page; nothing is done. */
  | 'bad-gateway'
  /**
   * Does the call and answers only the first `at` bytes (below 1: that part) of the document, as a complete
   * body.
   */
  | 'cut'
  /** Does the call; the answer has bytes that are not UTF-8. */
  | 'non-utf8'
  /** Does the call; the answer has no body. */
  | 'empty'
  /** Answers the bare text `access deny`; nothing is done. */
  | 'access-deny'
  /** Ends every session first, so that a call with `auth` is refused. */
  | 'expire';

export interface Fault {
  /** Function name; absent: every function. */
  readonly func?: string;
  /** Only calls that have these parameters with these values. */
  readonly params?: Readonly<Record<string, string>>;
  /** Only calls that came this way; default `http`. */
  readonly via?: 'http' | 'mgrctl' | 'any';
  /** How many calls it hits; default 1; `null`: every one. */
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

/** The faults waiting for a call. */
export class Faults {
  #armed: Armed[] = [];

  /** Arms a fault; faults added earlier are met first. */
  add(fault: Fault): void {
    this.#armed.push({ fault, left: fault.count === null ? Infinity : (fault.count ?? 1) });
  }

  clear(): void {
    this.#armed = [];
  }

  /** Faults that still wait for a call. */
  get waiting(): readonly Fault[] {
    return this.#armed.map((armed) => armed.fault);
  }

  /** The first fault that fits the call, used up by one; null: none fits. */
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

/** Whether a value from outside is a fault. */
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
