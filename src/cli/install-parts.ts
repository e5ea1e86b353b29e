/** Functions that the commands `install` and `uninstall` share. */
import { resolve } from 'node:path';
import { Option } from 'commander';
import { restartPanel } from '../app/install/restart-panel.ts';
import type { Paths } from '../app/paths.ts';
import { panels, usualRoots, type PanelKind } from '../panels/registry.ts';
import { complain, exitStatus } from './output.ts';

/**
 * How long an agent may take to answer its calls and end, milliseconds. This is somewhat more than the
 * default deadline of an edit.
 */
export const agentPatience = 20_000;

export function systemOption(): Option {
  return new Option('--system <dir>', 'where the operating system keeps its configuration, or "no"').default(
    'auto',
    '/etc for a usual root, else no',
  );
}

/**
 * Restarts the panel. A failure is printed and sets the exit status.
 * @returns whether the panel was restarted; false also if only an administrator can restart it
 */
export async function restart(paths: Paths, kind: PanelKind): Promise<boolean> {
  const failure = await restartPanel(paths, kind);
  if (failure === null) return !('byHand' in panels[kind].layout.restart);
  process.exitCode = exitStatus.attention;
  complain(`domainsync: the panel could not be restarted: ${failure}`);
  return false;
}

export function restartText(restarted: boolean, byHand: string | null): string[] {
  if (restarted) return ['The panel was restarted.'];
  return byHand === null ? [] : [`Restart the panel so that it notices: ${byHand}`];
}

export function etcOf(option: string, root: string): string | null {
  if (option === 'no') return null;
  if (option !== 'auto') return resolve(option);
  return usualRoots.some((usual) => usual === root) ? '/etc' : null;
}
