/**
 * The program of a {@link Player}'s thread. Plays slices and stories as it is asked to. The patch in
 * `workerData` changes its engine.
 */
import { enableCompileCache } from 'node:module';
import { resolve } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { plant, root, type Patch } from '../mutants/patch.ts';
import type { Order, StoryOrder } from './player.ts';

// Every abort creates an error whose stack nobody reads, so no stack is recorded.
Error.stackTraceLimit = 0;
// Each mutant has a thread of its own, and all threads load the same hundred files. So their compiled code is
// kept on disk.
enableCompileCache(resolve(root, 'node_modules/.cache/simulator'));
const patch: Patch | null = workerData;
if (patch !== null) plant(patch);
// These files are imported only after `plant`, because files that are imported earlier are not patched.
const { playSlice, playStories } = await import('./play.ts');

if (parentPort === null) throw new Error('this file is run as a thread');
const parent = parentPort;
parent.on('message', (order: Order | StoryOrder) => {
  void carryOut(order).then((result) => parent.postMessage(result));
});

async function carryOut(order: Order | StoryOrder): Promise<unknown> {
  const { stopAtFirst } = order;
  return 'stories' in order
    ? await playStories(order.stories, stopAtFirst)
    : await playSlice(order.slice, order.skip, stopAtFirst);
}
