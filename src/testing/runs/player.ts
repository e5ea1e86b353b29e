import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Patch } from '../mutants/patch.ts';
import type { BrokenStory, NamedStory, Slice } from './play.ts';
import type { Report } from './report.ts';

/** A request to the thread of a {@link Player}: play some histories of one mode (a slice). */
export interface Order {
  readonly slice: Slice;
  /** Seeds of the slice that are left out. */
  readonly skip: readonly number[];
  /** Whether to stop after the first history that breaks a law. */
  readonly stopAtFirst: boolean;
}

/** A request to the thread of a {@link Player}: play stories. */
export interface StoryOrder {
  readonly stories: readonly NamedStory[];
  /** Whether to stop after the first story that breaks a law. */
  readonly stopAtFirst: boolean;
}

/** Most memory of one thread, in MiB. It is limited, because a patched engine may use memory without end. */
const mostMemory = 1_024;
/**
 * Memory of one thread for young objects, in MiB. With the usual size, a thread takes twice the memory and is
 * no faster.
 */
const youngMemory = 48;

/** Limits after which a thread counts as hanging, in milliseconds. */
interface Limits {
  /** Processor time of one call: fifty times the usual time of a call. */
  readonly mostWork: number;
  /** If a thread works less than `leastWork` in the time `idle`, it waits for something that never comes. */
  readonly idle: number;
  readonly leastWork: number;
  /** Time between two checks of the thread. */
  readonly lookEvery: number;
}

const usual: Limits = { mostWork: 60_000, idle: 60_000, leastWork: 100, lookEvery: 1_000 };

/** A thread that plays histories with its own copy of the engine, which a patch may change. */
export class Player {
  readonly #worker: Worker;
  readonly #failed: Promise<never>;
  readonly #online: Promise<void>;

  constructor(patch: Patch | null = null) {
    this.#worker = new Worker(new URL('./player-thread.ts', import.meta.url), {
      workerData: patch,
      resourceLimits: { maxOldGenerationSizeMb: mostMemory, maxYoungGenerationSizeMb: youngMemory },
    });
    this.#failed = new Promise((_resolve, reject) => {
      this.#worker.on('error', reject);
      this.#worker.on('exit', (code) => reject(new Error(`a thread of the simulator ended with ${code}`)));
    });
    this.#online = new Promise((resolve) => this.#worker.once('online', resolve));
    // The call of `play` or `tell` gets the failure. It is also caught here, so that it does not end the
    // process.
    this.#failed.catch(() => undefined);
  }

  /**
   * Plays a slice. Call this only after the previous call has settled.
   * @throws the error that ended the thread
   */
  async play(order: Order): Promise<Report> {
    return await this.#ask<Report>(order);
  }

  /** Like `play`, for stories. @returns the first violation of each story that breaks a law */
  async tell(order: StoryOrder): Promise<readonly BrokenStory[]> {
    return await this.#ask<readonly BrokenStory[]>(order);
  }

  async #ask<T>(order: Order | StoryOrder): Promise<T> {
    const answer = new Promise<T>((resolve) => this.#worker.once('message', resolve));
    this.#worker.postMessage(order);
    return await Promise.race([answer, this.#failed]);
  }

  /**
   * Waits until the thread hangs: it has worked far too long since this call, or it does not work at all.
   * Only the thread's own processor time counts, because a busy machine delays every thread.
   * @param signal ends the waiting
   * @returns true: the thread hangs; false: `signal` came first
   */
  async hung(signal: AbortSignal, limits = usual): Promise<boolean> {
    await Promise.race([this.#online, this.#failed]);
    const start = await this.#worked();
    let last = { work: start, at: performance.now() };
    for (;;) {
      await sleep(limits.lookEvery, undefined, { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (signal.aborted) return false;
      const work = await this.#worked();
      if (work - start >= limits.mostWork) return true;
      if (work - last.work >= limits.leastWork) last = { work, at: performance.now() };
      else if (performance.now() - last.at >= limits.idle) return true;
    }
  }

  /** Reads how much processor time the thread has used so far, milliseconds. */
  async #worked(): Promise<number> {
    const { user, system } = await Promise.race([this.#worker.cpuUsage(), this.#failed]);
    return (user + system) / 1_000;
  }

  /** Ends the thread at once, even in the middle of a history. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Number of histories in one part. It is small, so that all threads end at about the same time. */
const sliceRuns = 25;

/** Splits each slice into parts, so that several threads can share its histories. */
export function partsOf({ mode, seed, runs }: Slice, size = sliceRuns): Slice[] {
  const parts: Slice[] = [];
  for (let done = 0; done < runs; done += size)
    parts.push({ mode, seed: seed + done, runs: Math.min(size, runs - done) });
  return parts;
}

/**
 * Plays all slices on `threads` threads.
 * @throws the error that ended a thread
 * @param each called with the report of each part as soon as it is there
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
