/** The result of a random draw: a number, one of several values, or yes or no. */
export type Drawn = number | string | boolean | null;

/**
 * Makes all random draws of a history: how long a call takes, which call fails, which edit a user makes. Each
 * draw has a name, so that a history can be described and replayed.
 */
export interface Chances {
  /** Draws a number from 0 up to but not including 1. */
  next(name: string): number;
  /** Draws true with this probability (0 to 1). */
  chance(name: string, probability: number): boolean;
  /** Draws a whole number from `least` to `most`, both included. */
  between(name: string, least: number, most: number): number;
  pick<T extends Drawn>(name: string, values: readonly [T, ...T[]]): T;
  /** Draws one of the values with this probability (0 to 1), else null. */
  maybe<T extends Drawn>(name: string, probability: number, values: readonly [T, ...T[]]): T | null;
}

/**
 * The draws of a history, by name, then by number within the name (from 1). A missing draw has the quiet
 * value, for example "no fault" (`TapeChances`).
 */
export type Tape = Readonly<Record<string, Readonly<Record<string, Drawn>>>>;

const yes: readonly Drawn[] = [true];

/** Passes draws on to other chances, and records their results. */
export class RecordedChances implements Chances {
  readonly #chances: Chances;
  readonly #drawn = new Map<string, Drawn[]>();
  /** For the name of each draw, the results that would mean a fault. */
  readonly troubles = new Map<string, readonly Drawn[]>();
  /** Called with the name and the result of each draw. */
  onDrawn: (name: string, drawn: Drawn) => void = () => undefined;

  constructor(chances: Chances) {
    this.#chances = chances;
  }

  next(name: string): number {
    return this.#keep(name, this.#chances.next(name));
  }

  chance(name: string, probability: number): boolean {
    this.troubles.set(name, yes);
    return this.#keep(name, this.#chances.chance(name, probability));
  }

  between(name: string, least: number, most: number): number {
    return this.#keep(name, this.#chances.between(name, least, most));
  }

  pick<T extends Drawn>(name: string, values: readonly [T, ...T[]]): T {
    return this.#keep(name, this.#chances.pick(name, values));
  }

  maybe<T extends Drawn>(name: string, probability: number, values: readonly [T, ...T[]]): T | null {
    this.troubles.set(name, values);
    return this.#keep(name, this.#chances.maybe(name, probability, values));
  }

  /** All draws so far, as a tape. */
  tape(): Tape {
    const numbered = (values: readonly Drawn[]): Record<string, Drawn> =>
      Object.fromEntries(values.map((value, at) => [String(at + 1), value]));
    return Object.fromEntries([...this.#drawn].map(([name, values]) => [name, numbered(values)]));
  }

  #keep<T extends Drawn>(name: string, value: T): T {
    const before = this.#drawn.get(name);
    if (before === undefined) this.#drawn.set(name, [value]);
    else before.push(value);
    this.onDrawn(name, value);
    return value;
  }
}

/** Passes draws on to other chances, under names that begin with a prefix. */
export class PrefixedChances implements Chances {
  readonly #prefix: string;
  readonly #chances: Chances;

  constructor(prefix: string, chances: Chances) {
    this.#prefix = prefix;
    this.#chances = chances;
  }

  next(name: string): number {
    return this.#chances.next(`${this.#prefix}${name}`);
  }

  chance(name: string, probability: number): boolean {
    return this.#chances.chance(`${this.#prefix}${name}`, probability);
  }

  between(name: string, least: number, most: number): number {
    return this.#chances.between(`${this.#prefix}${name}`, least, most);
  }

  pick<T extends Drawn>(name: string, values: readonly [T, ...T[]]): T {
    return this.#chances.pick(`${this.#prefix}${name}`, values);
  }

  maybe<T extends Drawn>(name: string, probability: number, values: readonly [T, ...T[]]): T | null {
    return this.#chances.maybe(`${this.#prefix}${name}`, probability, values);
  }
}

/**
 * Takes draws from a tape. A draw that the tape lacks gets the quiet value: no fault, the middle of a range,
 * the first of several values, no.
 */
export class TapeChances implements Chances {
  readonly #tape: Tape;
  readonly #counts = new Map<string, number>();

  constructor(tape: Tape) {
    this.#tape = tape;
  }

  next(name: string): number {
    const drawn = this.#take(name);
    return typeof drawn === 'number' ? drawn : 0.5;
  }

  chance(name: string, _probability: number): boolean {
    return this.#take(name) === true;
  }

  between(name: string, least: number, most: number): number {
    const drawn = this.#take(name);
    return typeof drawn === 'number' ? drawn : Math.floor((least + most) / 2);
  }

  pick<T extends Drawn>(name: string, values: readonly [T, ...T[]]): T {
    const drawn = this.#take(name);
    return values.find((value) => value === drawn) ?? values[0];
  }

  maybe<T extends Drawn>(name: string, _probability: number, values: readonly [T, ...T[]]): T | null {
    const drawn = this.#take(name);
    return values.find((value) => value === drawn) ?? null;
  }

  #take(name: string): Drawn | undefined {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return this.#tape[name]?.[String(count)];
  }
}
