import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { FuzzOrder, FuzzSlice, ThreadData } from './fuzz-thread.ts';
import { inputAt, type Finding } from './play.ts';
import type { Target } from './target.ts';

/** The options of one run of the fuzzer. */
export interface FuzzRun {
  readonly targets: readonly Target[];
  /** URL of the module that exports all targets as `fuzzTargets`. */
  readonly module: string;
  /** Indexes in `targets` of the targets that this run uses. */
  readonly chosen: readonly number[];
  readonly seed: number;
  readonly seconds: number;
  /** Whether to end the run with the first finding. */
  readonly stopAtFirst?: boolean;
  /** Processor time in milliseconds after which one input counts as a hang. */
  readonly mostWork?: number;
}

/** How many inputs of a target were played, and how many of them its decoder accepted. */
export interface TargetCount {
  readonly target: string;
  readonly inputs: number;
  readonly decoded: number;
}

export interface FuzzReport {
  readonly seed: number;
  readonly seconds: number;
  readonly inputs: number;
  readonly targets: readonly TargetCount[];
  readonly findings: readonly Finding[];
}

/**
 * Length of one request to a thread, milliseconds. It is short, so that even a short run reaches all targets.
 */
const sliceTime = 200;
const usualWork = 30_000;
/** Time between two checks of the thread, milliseconds. */
const lookEvery = 1_000;
/** After this many findings a target is left out, because further findings would show the same mistake. */
const mostFindings = 5;
/** Most memory of a thread, MiB. A thread that needs more is ended by Node.js. */
const mostMemory = 768;

/** Decodes inputs of all chosen targets, in turn, until the time is over. */
export async function fuzz(run: FuzzRun): Promise<FuzzReport> {
  const began = performance.now();
  const counts = new Map(run.chosen.map((index) => [index, { inputs: 0, decoded: 0, findings: 0 }]));
  const findings: Finding[] = [];
  let thread = new FuzzThread(run);
  const isOver = (): boolean =>
    performance.now() - began >= run.seconds * 1_000 || (run.stopAtFirst === true && findings.length > 0);
  try {
    // Every target gets at least one request, even if the time is already over.
    for (let round = 0; round === 0 || !isOver(); round += 1) {
      for (const [index, count] of counts) {
        if (count.findings >= mostFindings) continue;
        if (round > 0 && isOver()) break;
        const played = await thread.play({
          target: index,
          seed: run.seed,
          from: count.inputs,
          ms: sliceTime,
        });
        count.inputs += played.inputs;
        count.decoded += played.decoded;
        count.findings += played.findings.length;
        findings.push(...played.findings);
        if (!thread.isDead) continue;
        await thread.close();
        thread = new FuzzThread(run);
      }
    }
  } finally {
    await thread.close();
  }
  const targets = [...counts].map(([index, { inputs, decoded }]) => {
    return { target: run.targets[index]?.name ?? '', inputs, decoded };
  });
  const seconds = Math.round(performance.now() - began) / 1_000;
  const inputs = targets.reduce((total, one) => total + one.inputs, 0);
  return { seed: run.seed, seconds, inputs, targets, findings };
}

/** A thread that plays inputs. It may hang, or end because its memory is used up. */
class FuzzThread {
  readonly #run: FuzzRun;
  readonly #worker: Worker;
  readonly #place = new Int32Array(new SharedArrayBuffer(8));
  readonly #ended: Promise<Error>;
  /** Whether this thread hangs or has ended, so that another one is needed. */
  isDead = false;

  constructor(run: FuzzRun) {
    this.#run = run;
    const data: ThreadData = { module: run.module, place: this.#place.buffer };
    this.#worker = new Worker(new URL('./fuzz-thread.ts', import.meta.url), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: mostMemory },
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.on('error', resolve);
      this.#worker.on('exit', (code) => resolve(new Error(`the thread ended with ${code}`)));
    });
  }

  /**
   * Sends one request to the thread and waits for its result. If the thread hangs or ends, the result has a
   * finding with the input that caused this.
   */
  async play(order: FuzzOrder): Promise<FuzzSlice> {
    const done = new AbortController();
    const played = new Promise<FuzzSlice>((resolve) => this.#worker.once('message', resolve));
    this.#worker.postMessage(order);
    try {
      return await Promise.race([played, this.#failure(order), this.#hang(order, done.signal)]);
    } finally {
      done.abort();
    }
  }

  async #failure(order: FuzzOrder): Promise<FuzzSlice> {
    const error = await this.#ended;
    const isFull = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    return this.#dead(order, isFull ? 'memory' : 'exception', `${error.name} ${error.message}`);
  }

  /**
   * Waits until the thread has used too much processor time for one input. Real time is not used, because
   * other programs may slow the machine down.
   */
  async #hang(order: FuzzOrder, signal: AbortSignal): Promise<FuzzSlice> {
    const most = this.#run.mostWork ?? usualWork;
    let since = { at: -1, work: 0 };
    for (;;) {
      await sleep(lookEvery, undefined, { signal });
      const { user, system } = await this.#worker.cpuUsage();
      const work = (user + system) / 1_000;
      const at = Atomics.load(this.#place, 1);
      if (at !== since.at) since = { at, work };
      else if (work - since.work >= most) return this.#dead(order, 'hang', `no end after ${most} ms`);
    }
  }

  #dead({ target: index, seed, from }: FuzzOrder, kind: Finding['kind'], text: string): FuzzSlice {
    this.isDead = true;
    const target = this.#run.targets[index];
    if (target === undefined) throw new Error(`no target ${index}`);
    const at = Atomics.load(this.#place, 0) === index ? Atomics.load(this.#place, 1) : from;
    const finding = { target: target.name, kind, text, input: inputAt(target, seed, at) };
    return { inputs: at - from + 1, decoded: 0, findings: [finding] };
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
