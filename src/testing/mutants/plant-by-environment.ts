/**
 * For `node --import`: plants the patch in the environment variable `DOMAINSYNC_PATCH` (JSON), and kills this
 * process group when the process `DOMAINSYNC_RUNNER` has ended.
 */
import { Worker } from 'node:worker_threads';
import { plant, type Patch } from './patch.ts';

const patch: Patch = JSON.parse(process.env['DOMAINSYNC_PATCH'] ?? 'null');
plant(patch);

/** How often (ms) it looks whether the runner is there. */
const pause = 500;

// A thread of its own, because a patched file may keep this one busy for ever.
const watch = `setInterval(() => {
  if (String(process.ppid) !== process.env.DOMAINSYNC_RUNNER) process.kill(-process.pid, 'SIGKILL');
}, ${pause});`;
new Worker(watch, { eval: true, execArgv: [] }).unref();
