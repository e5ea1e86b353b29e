/**
 * A module for `node --import`. Applies the patch in the environment variable `DOMAINSYNC_PATCH` (JSON). Also
 * kills this process group when the process `DOMAINSYNC_RUNNER` has ended.
 */
import { Worker } from 'node:worker_threads';
import { plant, type Patch } from './patch.ts';

const patch: Patch = JSON.parse(process.env['DOMAINSYNC_PATCH'] ?? 'null');
plant(patch);

/** Milliseconds between two checks whether the runner still exists. */
const pause = 500;

// The checks run in a thread of their own, because a patched file may keep this thread busy for ever.
const watch = `setInterval(() => {
  if (String(process.ppid) !== process.env.DOMAINSYNC_RUNNER) process.kill(-process.pid, 'SIGKILL');
}, ${pause});`;
new Worker(watch, { eval: true, execArgv: [] }).unref();
