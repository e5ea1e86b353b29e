import { heldBy, processorTime } from '../decoders/budget.ts';
import { Dice, hashOf } from './dice.ts';
import { makeInput } from './mutate.ts';
import { Unequal, type Target } from './target.ts';

/** A mistake of a decoder, with the input that shows it. */
export interface Finding {
  readonly target: string;
  /**
   * `exception`: the decoder threw an error that is not one of its own. `unequal`: a decoded value breaks a
   * rule of the target. `slow`, `memory`: the decoder used more than its budget. `hang`: it did not end.
   */
  readonly kind: 'exception' | 'unequal' | 'slow' | 'memory' | 'hang';
  readonly text: string;
  readonly input: string;
}

export type Played = 'decoded' | 'refused' | Finding;

/** Makes the input with number `at` of a target, from the seed. */
export function inputAt(target: Target, seed: number, at: number): string {
  return makeInput(target, new Dice(hashOf(`${seed} ${target.name} ${at}`)));
}

/** Decodes one input and measures the processor time. */
export async function playInput(target: Target, input: string): Promise<Played> {
  const before = process.threadCpuUsage();
  let played: Played;
  try {
    played = await target.play(input);
  } catch (error) {
    const kind = error instanceof Unequal ? 'unequal' : 'exception';
    return { target: target.name, kind, text: textOf(error), input };
  }
  const { user, system } = process.threadCpuUsage(before);
  const allowed = allowedTime(target, input);
  if ((user + system) / 1_000 <= allowed) return played;
  // The garbage collector may have run during the measurement, so the input is decoded and measured again.
  const time = await processorTime(() => target.play(input), allowed);
  if (time <= allowed) return played;
  return {
    target: target.name,
    kind: 'slow',
    text: `${Math.round(time)} ms of ${Math.round(allowed)}`,
    input,
  };
}

function allowedTime({ budget }: Target, { length }: string): number {
  return budget.base + (budget.perThousand * length) / 1_000;
}

/** Heap in octets that even a short result may need, for objects of the library and caches. */
const usualHeap = 1024 * 1024;

/**
 * Measures how much heap the results of some inputs use together.
 * @returns a finding with the longest input if they use more than the budget allows; else null
 */
export async function heapFinding(target: Target, inputs: readonly string[]): Promise<Finding | null> {
  const length = inputs.reduce((total, input) => total + input.length, 0);
  const allowed = usualHeap + target.budget.octets * length;
  const measure = async (): Promise<number> =>
    await heldBy(inputs.map((input) => () => target.decode(input)));
  // The first measurement includes what is allocated once and kept, such as compiled code.
  if ((await measure()) <= allowed || (await measure()) <= allowed) return null;
  const octets = await measure();
  if (octets <= allowed) return null;
  const [input = ''] = inputs.toSorted((a, b) => b.length - a.length);
  return { target: target.name, kind: 'memory', text: `${octets} octets of ${allowed}`, input };
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.name, error.message, ...(error.stack ?? '').split('\n').slice(1, 6)]
    .join('\n')
    .slice(0, 2_000);
}
