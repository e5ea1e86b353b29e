import { AssertionError } from 'node:assert';
import type { Budget } from '../decoders/budget.ts';

/**
 * How inputs of a target are built, so that changes keep most of their structure. `text`: words and
 * separators. `json`: a JSON value. `octets`: each character of the input stands for one octet.
 */
export type Shape = 'text' | 'json' | 'octets';

/** A decoder of outside input that the fuzzer feeds. */
export interface Target {
  readonly name: string;
  readonly shape: Shape;
  /** Real inputs, from which the fuzzer makes others. */
  readonly samples: readonly string[];
  /** Pieces that have a meaning in the grammar. The fuzzer inserts them. */
  readonly words: readonly string[];
  readonly budget: Budget;
  /**
   * Decodes an input and checks the result.
   * @returns whether the decoder accepted the input, or refused it by an error of its own
   * @throws whatever else the decoder throws; {@link Unequal} if the check of the result fails
   */
  readonly play: (input: string) => Promise<'decoded' | 'refused'>;
  /** Decodes an input without further checks. The fuzzer measures the memory of the returned value. */
  readonly decode: (input: string) => unknown;
}

/**
 * Thrown if encoding a decoded value does not give the input again, or if the value breaks another rule of
 * the target.
 */
export class Unequal extends Error {
  override readonly name = 'Unequal';
}

type ErrorClass = abstract new (...parameters: never[]) => Error;

interface Definition<T> extends Pick<Target, 'name' | 'shape' | 'samples'> {
  readonly words?: readonly string[];
  readonly budget?: Partial<Budget>;
  readonly decode: (input: string) => T | Promise<T>;
  /** The errors by which the decoder refuses an input. */
  readonly refusals: readonly ErrorClass[];
  /**
   * Checks a decoded value, for example by encoding and decoding it again.
   * @throws AssertionError if the value breaks a rule
   */
  readonly check?: (value: T, input: string) => void | Promise<void>;
}

/**
 * About twenty times the time and memory of a decoder on a slow computer. A quadratic decoder exceeds this
 * budget.
 */
const usualBudget: Budget = { base: 80, perThousand: 3, octets: 250 };

/** Makes a target from a decoder and a check of its results. */
export function defineTarget<T>({ decode, refusals, check, ...facts }: Definition<T>): Target {
  return {
    name: facts.name,
    shape: facts.shape,
    samples: facts.samples,
    words: facts.words ?? [],
    budget: { ...usualBudget, ...facts.budget },
    decode,
    play: async (input) => {
      let value: T;
      try {
        value = await decode(input);
      } catch (error) {
        if (refusals.some((one) => error instanceof one)) return 'refused';
        throw error;
      }
      try {
        await check?.(value, input);
      } catch (error) {
        if (error instanceof AssertionError) throw new Unequal(error.message, { cause: error });
        throw error;
      }
      return 'decoded';
    },
  };
}

/** The octets that an input of the shape `octets` stands for. */
export function octetsIn(input: string): Buffer {
  return Buffer.from(input, 'latin1');
}

/** The input, of the shape `octets`, that stands for these octets. */
export function inputOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1');
}

/** Parses a JSON input; undefined: the input is not JSON. */
export function jsonIn(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return undefined;
  }
}

/** Parses a JSON input that is an object, and returns its fields; null: the input is not an object. */
export function fieldsIn(input: string): Readonly<Record<string, unknown>> | null {
  const value = jsonIn(input);
  return typeof value === 'object' && value !== null ? { ...value } : null;
}

/** Converts a JSON value to a text, for a field that must be a text. */
export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
