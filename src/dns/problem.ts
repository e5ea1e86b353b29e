/**
 * One mistake in DNS data: a stable code, and values for the text that users see. The texts (English,
 * Russian) are in `src/core/catalogue.ts`.
 */
export interface Problem {
  /** A stable word in lower case with dots, for example `name.label-too-long`. */
  readonly code: string;
  /** Values for the placeholders of the text. They never hold a secret. */
  readonly params: Readonly<Record<string, string>>;
}

/** Maximum length of a value in characters. Values come from outside, and texts for users repeat them. */
const mostValue = 500;

/** Maximum number of problems in the message of one error. */
const mostShown = 20;

/** Cuts a text after 500 characters and adds an ellipsis. A shorter text stays as it is. */
export function shortened(text: string): string {
  return text.length <= mostValue ? text : `${text.slice(0, mostValue)}…`;
}

/** DNS data with mistakes. `problems` holds all of them, not only the first. */
export class DnsDataError extends Error {
  override readonly name = 'DnsDataError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const told = problems.slice(0, mostShown).map((p) => `${p.code} ${JSON.stringify(p.params)}`);
    super([...told, ...(problems.length > mostShown ? ['...'] : [])].join('; '));
    this.problems = problems;
  }
}

/** Makes a problem. Long values are cut by {@link shortened}. */
export function problem(code: string, params: Readonly<Record<string, string>> = {}): Problem {
  const short = Object.entries(params).map(([name, value]) => [name, shortened(value)] as const);
  return { code, params: Object.fromEntries(short) };
}

/** Returns the result of `make`; if it throws {@link DnsDataError}, returns `fallback`. */
export function validOr<T, R>(make: () => T, fallback: R): T | R {
  return validOrElse(make, () => fallback);
}

/** Returns the result of `make`. If it throws {@link DnsDataError}, returns the result of `otherwise`. */
export function validOrElse<T, R>(make: () => T, otherwise: (error: DnsDataError) => R): T | R {
  try {
    return make();
  } catch (error) {
    if (error instanceof DnsDataError) return otherwise(error);
    throw error;
  }
}

/**
 * Calls `make` and returns its result. If it throws {@link DnsDataError}, adds its problems to `problems` and
 * returns `null`.
 */
export function collect<T>(problems: Problem[], make: () => T): T | null {
  return validOrElse(make, (error) => {
    problems.push(...error.problems);
    return null;
  });
}
