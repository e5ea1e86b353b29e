import { heldBy, processorTime } from '../decoders/budget.ts';
import { Dice, hashOf } from './dice.ts';
import { makeInput } from './mutate.ts';
import { Unequal, type Target } from './target.ts';

/** What a decoder did wrong. */
export interface Finding {
  readonly target: string;
  /**
   * `exception`: an error of another kind than the decoder's own. `unequal`: a decoded value breaks a law of
   * the decoder. `slow`, `memory`: more than the budget. `hang`: no end.
   */
  readonly kind: 'exception' | 'unequal' | 'slow' | 'memory' | 'hang';
  readonly text: string;
  readonly input: string;
}

export type Played = 'decoded' | 'refused' | Finding;

/** The n-th input of a target and a seed. */
export function inputAt(target: Target, seed: number, at: number): string {
  return makeInput(target, new Dice(hashOf(`${seed} ${target.name} ${at}`)));
}

/** Plays one input, and measures its processor time. */
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
  // The garbage collector may have run meanwhile, so the input is played again.
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

/** Heap in octets that a short result may take: objects of the library, caches. */
const usualHeap = 1024 * 1024;

/**
 * Measures the heap that the results of some inputs use together.
 * @returns a finding for the longest of them, if that is more than the budget allows; else null
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
