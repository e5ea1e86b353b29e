import { randomBytes } from 'node:crypto';
import { zoneName } from '../../dns/name.ts';
import { CentralError } from '../../core/central.ts';
import { isFinal } from '../../core/operation.ts';
import { PanelError } from '../../core/panel.ts';
import { loadSettings } from '../../config/settings.ts';
import { ask, NoAgent } from '../control/client.ts';
import { startAgent } from '../control/start-agent.ts';
import { baselineOf } from '../doctor/agent.ts';
import type { Paths } from '../paths.ts';
import { isPaused } from '../pause.ts';
import { CommandFailed } from '../command-failed.ts';
import { wireCentral, wirePanel, wirePanelHand } from '../wiring/wire.ts';
import { selfTest, ZoneTaken, type SelfTestReport } from './self-test.ts';
import type { SelfTestPorts } from './step.ts';

/** How long the self-test waits for the agent to start and complete its first comparison, milliseconds. */
const startPatience = 15_000;

/**
 * Runs the self-test with the panel on this host, its first central and its agent. If no agent runs, starts
 * one.
 * @param name name of the scratch zone; absent: a new name under `.invalid`
 * @param progress called with the name of each step
 * @throws {CommandFailed} with a sentence for the user at the terminal
 */
export async function selfTestHere(
  paths: Paths,
  name: string | undefined,
  progress: (step: string) => void,
): Promise<SelfTestReport> {
  const loaded = loadSettings(paths.root);
  if (loaded.kind !== 'configured') throw new CommandFailed('The self-test needs settings without mistakes.');
  if (isPaused(paths.pause, Date.now())) {
    throw new CommandFailed('The self-test needs a domainsync that is not paused: "domainsync resume".');
  }
  const zone = zoneName(name ?? `domainsync-test-${randomBytes(4).toString('hex')}.invalid`);
  await ensureAgent(paths, progress);
  const central = await wireCentral(loaded.settings, paths.root);
  try {
    const [panel, hand] = [await wirePanel(paths.root), await wirePanelHand(paths.root)];
    const observes = loaded.settings.mode === 'observe';
    return await selfTest({ panel, hand, central, observes, progress, ...agentPorts(paths) }, zone);
  } catch (error) {
    if (error instanceof ZoneTaken) throw new CommandFailed(error.message);
    if (!(error instanceof PanelError || error instanceof CentralError)) throw error;
    throw new CommandFailed(
      `The self-test cannot go on (${error.message}). Look whether the zone ${zone} is left, and delete it in the panel.`,
    );
  } finally {
    await central.close();
  }
}

function agentPorts({ socket }: Paths): Pick<SelfTestPorts, 'turn' | 'busy' | 'reportAccessCheck'> {
  return {
    turn: async (zone, refuse) => await ask(socket, 'trace', { zone, refuse }),
    reportAccessCheck: async (checksFirst) => {
      await ask(socket, 'access-check', { checksFirst });
    },
    busy: async (zone) => {
      const view = await ask(socket, 'zone', { zone, central: null });
      // An operation in a final state may stay on watch for minutes, so the self-test does not wait for it.
      return (view.centrals ?? [view]).some(({ open }) => open.some(({ state }) => !isFinal(state)));
    },
  };
}

/**
 * If no agent runs, starts one. Waits until its first comparison is complete, because edits in a new zone are
 * refused before.
 */
async function ensureAgent(paths: Paths, progress: (step: string) => void): Promise<void> {
  const until = performance.now() + startPatience;
  let started = false;
  for (;;) {
    try {
      if (baselineOf(await ask(paths.socket, 'status', {})) !== null) return;
      if (performance.now() > until)
        throw new CommandFailed('The first comparison is not complete; try again later.');
      progress('waiting for the first comparison');
    } catch (error) {
      if (!(error instanceof NoAgent) || performance.now() > until) throw error;
      if (!started) {
        progress('starting the agent');
        startAgent(paths);
      }
      started = true;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
