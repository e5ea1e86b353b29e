/**
 * What is wrong with a piece of DNS data, in a form that can be translated: a stable code and the values its text needs.
 * The texts (en, ru) stand in one catalogue, `src/core/catalogue.ts`.
 */
export interface Problem {
  /** Stable, dotted, lower case, e.g. `name.label-too-long`. */
  readonly code: string;
  /** Values for the placeholders of the text. Never a secret. */
  readonly params: Readonly<Record<string, string>>;
}

/** Bad DNS data. Carries every problem found, not only the first. */
export class DnsDataError extends Error {
  override readonly name = 'DnsDataError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((p) => `${p.code} ${JSON.stringify(p.params)}`).join('; '));
    this.problems = problems;
  }
}

export function problem(code: string, params: Readonly<Record<string, string>> = {}): Problem {
  return { code, params };
}

/** What `make` gives, or `null` after adding its problems to those found so far, so that all are told at once. */
export function collect<T>(problems: Problem[], make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    problems.push(...error.problems);
    return null;
  }
}
