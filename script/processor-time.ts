/**
 * Is loaded before a test file (`node --import`). When the process ends, it writes its processor time in
 * seconds to the file that `?to=` names. The time of the programs that the process waited for is included.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** Units of time in `/proc` in a second (`USER_HZ`), the same on every Linux. */
const perSecond = 100;

/** Indexes of `utime` and `cstime` among the fields after the name in parentheses (`proc_pid_stat(5)`). */
const [first, last] = [11, 14];

function processorSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(first, last + 1).reduce((sum, ticks) => sum + Number(ticks), 0) / perSecond;
}

const to = new URL(import.meta.url).searchParams.get('to');
if (isMainThread && to !== null) process.on('exit', () => writeFileSync(to, String(processorSeconds())));
