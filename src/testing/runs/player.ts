import { Worker } from 'node:worker_threads';
import type { Patch } from '../mutants/patch.ts';
import type { BrokenStory, NamedStory, Slice } from './play.ts';
import type { Report } from './report.ts';

/** What a {@link Player} asks of its thread. */
export interface Order {
  readonly slice: Slice;
  /** Seeds of the slice that are not played. */
  readonly skip: readonly number[];
  /** Whether the slice ends with the first broken history. */
  readonly stopAtFirst: boolean;
}

/** The same, of stories. */
export interface StoryOrder {
  readonly stories: readonly NamedStory[];
  /** Whether the first broken story is the last. */
  readonly stopAtFirst: boolean;
}

/** Memory (MiB) of one thread: a patched engine may ask for ever more. */
const mostMemory = 1_024;
/** The same of its young objects: with the usual size it takes twice the memory and is no faster. */
const youngMemory = 48;

/** A thread that plays histories with an engine of its own, which may have a patch. */
export class Player {
  readonly #worker: Worker;
  readonly #failed: Promise<never>;

  constructor(patch: Patch | null = null) {
    this.#worker = new Worker(new URL('./player-thread.ts', import.meta.url), {
      workerData: patch,
      resourceLimits: { maxOldGenerationSizeMb: mostMemory, maxYoungGenerationSizeMb: youngMemory },
    });
    this.#failed = new Promise((_resolve, reject) => {
      this.#worker.on('error', reject);
      this.#worker.on('exit', (code) => reject(new Error(`a thread of the simulator ended with ${code}`)));
    });
    // Whoever plays gets the failure.
    this.#failed.catch(() => undefined);
  }

  /** One slice, or one order of stories, at a time. @throws what ended the thread */
  async play(order: Order): Promise<Report> {
    return await this.#ask<Report>(order);
  }

  /** As `play`. @returns the first violation of each broken story */
  async tell(order: StoryOrder): Promise<readonly BrokenStory[]> {
    return await this.#ask<readonly BrokenStory[]>(order);
  }

  async #ask<T>(order: Order | StoryOrder): Promise<T> {
    const answer = new Promise<T>((resolve) => this.#worker.once('message', resolve));
    this.#worker.postMessage(order);
    return await Promise.race([answer, this.#failed]);
  }

  /** Ends the thread, whatever it does. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/**
 * Histories that a thread plays before it reports: short enough that all threads end at about the same time.
 */
const sliceRuns = 25;

/** The slice in parts, for several players. */
export function partsOf({ mode, seed, runs }: Slice, size = sliceRuns): Slice[] {
  const parts: Slice[] = [];
  for (let done = 0; done < runs; done += size)
    parts.push({ mode, seed: seed + done, runs: Math.min(size, runs - done) });
  return parts;
}

/**
 * Plays all slices on so many threads. A thread that fails is an error.
 * @param each gets the report of every part as it comes
 */
export async function playAll(
  slices: readonly Slice[],
  threads: number,
  each: (report: Report) => void,
): Promise<void> {
  const parts = slices.flatMap((slice) => partsOf(slice));
  const queue = parts.values();
  const work = async (): Promise<void> => {
    const player = new Player();
    try {
      for (const slice of queue) each(await player.play({ slice, skip: [], stopAtFirst: false }));
    } finally {
      await player.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, parts.length) }, work));
}
