import { systemClock } from '../wiring/clock.ts';

/** How often (ms) it is looked whether an agent has ended. */
const look = 50;

/**
 * Asks a running agent to end. It first answers the edits in progress; what is open stays in the journal for
 * the next one.
 * @param pid of the agent, `null` when none runs
 * @param patience milliseconds
 * @returns whether no agent of that pid runs any more
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
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
