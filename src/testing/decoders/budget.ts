import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Something that reads text from outside. */
export interface Decoder {
  readonly name: string;
  /** May throw, or give a promise that rejects: an error is an answer too. */
  readonly decode: (text: string) => unknown;
  /** Texts to repeat: what its grammar has a meaning for. */
  readonly units: readonly string[];
}

/** What decoding may cost, by the length of the text. */
export interface Budget {
  /** Milliseconds of the thread's own processor time: a base, and for each 1,000 characters. */
  readonly base: number;
  readonly perThousand: number;
  /** Octets that what comes out may hold, for each character. */
  readonly octets: number;
}

/**
 * Measures are taken again this often when they are over the budget: garbage of others may have been
 * collected meanwhile.
 */
const attempts = 3;

/** So many times the budget is no chance any more. */
const hopeless = 4;

/** Processor time, milliseconds, of the fastest of several runs; one run where that is within `enough`. */
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

/** Octets on the heap that the outcomes of some work hold. */
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

/** A unit repeated to some length, with what often begins and ends such texts. */
export function textsOf(unit: string, length: number): readonly string[] {
  const body = unit.repeat(Math.ceil(length / unit.length));
  return [`${body}x`, `a${body}x`, `"${body}"`];
}

/** What is over the budget, in words; empty when nothing is. */
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
      // A longer one would take too long.
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
