/**
 * The program of a fuzzing thread. On request it decodes inputs of one target for some time. Before each
 * input it stores the input's number, so that the main thread can name the input of a hang.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { heapFinding, inputAt, playInput, type Finding } from './play.ts';
import type { Target } from './target.ts';

/** The data that a new thread gets. */
export interface ThreadData {
  /** URL of the module that exports the targets, as `fuzzTargets`. */
  readonly module: string;
  /** Two numbers that the thread writes: index of the target, and number of the input. */
  readonly place: SharedArrayBuffer;
}

/** A request to a thread: decode inputs of one target, from number `from` on, for about `ms` milliseconds. */
export interface FuzzOrder {
  readonly target: number;
  readonly seed: number;
  readonly from: number;
  readonly ms: number;
}

/** The result of one request. `inputs`: how many inputs were decoded. */
export interface FuzzSlice {
  readonly inputs: number;
  readonly decoded: number;
  readonly findings: readonly Finding[];
}

/** Once in each request, the heap that this many inputs use is measured. */
const measured = 12;

const { module, place }: ThreadData = workerData;
const { fuzzTargets }: { readonly fuzzTargets: readonly Target[] } = await import(module);
const at = new Int32Array(place);

if (parentPort === null) throw new Error('this file is run as a thread');
const parent = parentPort;
parent.on('message', (order: FuzzOrder) => {
  void playSlice(order).then((slice) => parent.postMessage(slice));
});

async function playSlice({ target: index, seed, from, ms }: FuzzOrder): Promise<FuzzSlice> {
  const target = fuzzTargets[index];
  if (target === undefined) throw new Error(`no target ${index}`);
  Atomics.store(at, 0, index);
  const until = performance.now() + ms;
  const findings: Finding[] = [];
  const recent: string[] = [];
  let [inputs, decoded] = [0, 0];
  while (inputs === 0 || (performance.now() < until && findings.length < 3)) {
    Atomics.store(at, 1, from + inputs);
    const input = inputAt(target, seed, from + inputs);
    const played = await playInput(target, input);
    inputs += 1;
    if (played === 'decoded') decoded += 1;
    else if (played !== 'refused') findings.push(played);
    if (recent.length < measured || input.length > 10_000) recent.push(input);
  }
  const heavy = findings.length > 0 ? null : await heapFinding(target, recent.slice(-measured));
  return { inputs, decoded, findings: heavy === null ? findings : [...findings, heavy] };
}
