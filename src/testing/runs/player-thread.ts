/**
 * The thread of a {@link Player}: plays one slice, or some stories, after the other, with the patch of
 * `workerData` in the engine.
 */
import { enableCompileCache } from 'node:module';
import { resolve } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { plant, root, type Patch } from '../mutants/patch.ts';
import type { Order, StoryOrder } from './player.ts';

// Every abort makes an error, and nobody reads its stack.
Error.stackTraceLimit = 0;
// A thread for each mutant loads the same hundred files.
enableCompileCache(resolve(root, 'node_modules/.cache/simulator'));
const patch: Patch | null = workerData;
if (patch !== null) plant(patch);
// Only now: what is imported before has no patch.
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
