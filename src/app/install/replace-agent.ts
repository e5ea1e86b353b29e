import { systemOr } from '../../net/system-error.ts';
import { systemClock } from '../wiring/clock.ts';

/** Milliseconds between two checks whether the agent has ended. */
const look = 50;

/**
 * Asks a running agent to end, and waits until it has. The agent first answers the edits in progress. Open
 * operations stay in the journal for the next agent.
 * @param pid process id of the agent; `null`: none runs
 * @param patience how long to wait, milliseconds
 * @returns whether the process no longer runs
 */
export async function endAgent(pid: number | null, patience: number): Promise<boolean> {
  if (pid === null || !signal(pid, 'SIGTERM')) return true;
  const deadline = systemClock.now() + patience;
  while (signal(pid, 0)) {
    if (systemClock.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, look));
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  return systemOr(() => process.kill(pid, name), false, 'ESRCH');
}
