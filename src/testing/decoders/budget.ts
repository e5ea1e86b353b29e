import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A function under test that parses text from outside. */
export interface Decoder {
  readonly name: string;
  /** Parses the text. It may also throw, or return a promise that rejects. */
  readonly decode: (text: string) => unknown;
  /** Pieces of text that have a meaning in the grammar. The test repeats each of them. */
  readonly units: readonly string[];
}

/** The processor time and memory that the decoding of a text may take. */
export interface Budget {
  /**
   * Allowed processor time in milliseconds: `base`, and `perThousand` for every 1,000 characters of the text.
   */
  readonly base: number;
  readonly perThousand: number;
  /** How many octets of heap the result may use for each character of the text. */
  readonly octets: number;
}

/**
 * A measurement over the budget is repeated up to this many times, because the garbage collector may have run
 * during it.
 */
const attempts = 3;

/** A measurement of more than this many times the budget is not repeated. */
const hopeless = 4;

/**
 * Measures the processor time of the work in milliseconds. Returns the least of several runs, and stops early
 * once a run takes at most `enough`.
 */
export async function processorTime(work: () => unknown, enough: number): Promise<number> {
  let least = Infinity;
  for (
    let attempt = 0;
    attempt < attempts && least > enough && (attempt === 0 || least < hopeless * enough);
    attempt += 1
  ) {
    const before = process.threadCpuUsage();
    await outcome(work);
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

/** Octets of heap that the results of all the work use together. */
export async function heldBy(works: readonly (() => unknown)[]): Promise<number> {
  collect();
  const before = process.memoryUsage();
  const outcomes: unknown[] = [];
  for (const work of works) outcomes.push(await outcome(work));
  collect();
  const after = process.memoryUsage();
  outcomes.length = 0;
  return after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
}

async function outcome(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return error;
  }
}

setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');

function collect(): void {
  if (typeof gc === 'function') gc();
}

/**
 * Texts that repeat a unit, with and without a usual beginning and end. @param length least length in
 * characters
 */
export function textsOf(unit: string, length: number): readonly string[] {
  const body = unit.repeat(Math.ceil(length / unit.length));
  return [`${body}x`, `a${body}x`, `"${body}"`];
}

/** Measures a decoder. @returns a line for each measurement over the budget; empty: there is none */
export async function overBudget(
  decoder: Decoder,
  lengths: readonly number[],
  budget: Budget,
): Promise<string[]> {
  const over: string[] = [];
  for (const unit of decoder.units) {
    for (const length of lengths) {
      const allowed = budget.base + (budget.perThousand * length) / 1_000;
      const slow = await slowestOf(decoder, textsOf(unit, length), allowed);
      if (slow === null) continue;
      over.push(`${JSON.stringify(unit)} x ${length}: ${Math.round(slow)} ms of ${allowed}`);
      // Longer texts of this unit would take even longer, so they are left out.
      break;
    }
  }
  const [shortest = 0] = lengths;
  const works = decoder.units.map((unit) => () => decoder.decode(textsOf(unit, shortest)[0] ?? ''));
  const octets = (await heldBy(works)) / (shortest * works.length);
  if (octets > budget.octets) over.push(`${Math.round(octets)} octets a character of ${budget.octets}`);
  return over;
}

async function slowestOf(
  decoder: Decoder,
  texts: readonly string[],
  allowed: number,
): Promise<number | null> {
  for (const text of texts) {
    const time = await processorTime(() => decoder.decode(text), allowed);
    if (time > allowed) return time;
  }
  return null;
}
