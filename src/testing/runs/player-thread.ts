/** The thread of a {@link Player}: plays one slice after the other, with the patch of `workerData` in the engine. */
import { parentPort, workerData } from 'node:worker_threads';
import { plant, type Patch } from '../mutants/patch.ts';
import type { Order } from './player.ts';

const patch = workerData as Patch | null;
if (patch !== null) plant(patch);
// Only now: what is imported before has no patch.
const { playSlice } = await import('./play.ts');

if (parentPort === null) throw new Error('this file is run as a thread');
const parent = parentPort;
parent.on('message', ({ slice, skip, stopAtFirst }: Order) => {
  void playSlice(slice, skip, stopAtFirst).then((report) => parent.postMessage(report));
});
