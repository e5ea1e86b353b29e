import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { counted } from '../../core/describe.ts';
import { CommandFailed } from '../../app/command-failed.ts';
import { AskFailed, runningAgent } from '../../app/control/client.ts';
import { commandFile } from '../../panels/layout.ts';
import { endAgent } from '../../app/install/replace-agent.ts';
import { restartCommand } from '../../app/install/restart-panel.ts';
import { setLedgersAside } from '../../app/install/set-aside.ts';
import { removeSystemFiles } from '../../app/install/system-files.ts';
import { uninstall, withdraw } from '../../app/install/uninstall.ts';
import type { Paths } from '../../app/paths.ts';
import { settingsPath } from '../../config/settings.ts';
import { panelKindAt } from '../../app/wiring/panel-at.ts';
import { complain, print } from '../output.ts';
import { agentPatience, etcOf, restart, restartText, systemOption } from '../install-parts.ts';
import type { GlobalOptions } from '../global-options.ts';

const examples = `
Examples:
  domainsync uninstall                 the programs; settings, history and log stay
  domainsync uninstall --purge         everything, without trace
  domainsync uninstall --keep-data     for a short break: a later "install" goes on where this one ended

After a plain "uninstall" a later "install" takes nothing for granted: it compares both sides as on the first day, changes
neither, and lists what differs. What is at the central stays there as it is; it is only not kept in step any more.
Exit status: 0 removed, 1 the agent did not end (run it again), 3 removed, but the panel could not be restarted.
`;

export function uninstallCommand(globals: () => GlobalOptions): Command {
  return new Command('uninstall')
    .description("end the agent and take domainsync out of the panel's root")
    .option('--purge', 'remove settings, history and log as well')
    .addOption(new Option('--keep-data', 'keep what the journal knows in force, too').conflicts('purge'))
    .addOption(systemOption())
    .addHelpText('after', examples)
    .action(async (options: { keepData?: boolean; purge?: boolean; system: string }) => {
      const { paths, socket, json } = globals();
      const { root } = paths;
      await warnOfOpen(paths);
      const etc = etcOf(options.system, root);
      const system = etc === null ? [] : await removeSystemFiles(root, etc);
      await stopAgent(paths);
      const keepData = options.purge !== true;
      const { withdrawn, restarted, byHand } = await letGo(paths);
      const aside = keepData && options.keepData !== true ? await setLedgersAside(paths) : [];
      for (const path of aside) complain(`domainsync: the journal cannot be written; it is now ${path}.`);
      const removed = [...system, ...withdrawn, ...uninstall({ root, socket, keepData })];
      const kept = keepData ? keptFiles(paths) : [];
      const told = [...kept.map((path) => `kept ${path}`), ...restartText(restarted, byHand)];
      print(json, { removed, kept, restarted }, () => removedText(root, removed, told));
    });
}

/**
 * The files that stay for a later installation: the settings (with the password), the journals and the log.
 */
function keptFiles({ root, state, log }: Paths): string[] {
  return [settingsPath(root), state, log].filter((path) => existsSync(path));
}

function removedText(root: string, removed: readonly string[], told: readonly string[]): string {
  if (removed.length === 0) return `Nothing of domainsync is under ${root}; nothing was removed.`;
  return [...removed.map((path) => `removed ${path}`), ...told].join('\n');
}

interface LetGo {
  readonly withdrawn: readonly string[];
  readonly restarted: boolean;
  readonly byHand: string | null;
}

/**
 * Makes the panel stop calling our handlers, before they are removed. It calls them until it is restarted,
 * and each call may start an agent. So the agent is ended again after the restart.
 */
async function letGo(paths: Paths): Promise<LetGo> {
  const { root } = paths;
  const kind = panelKindAt(root);
  const installed = existsSync(join(root, commandFile.path));
  const withdrawn = withdraw(root);
  if (kind === null || !(installed || withdrawn.length > 0)) {
    return { withdrawn, restarted: false, byHand: null };
  }
  const restarted = await restart(paths, kind);
  await stopAgent(paths);
  return { withdrawn, restarted, byHand: restarted ? null : restartCommand(root, kind) };
}

async function stopAgent(paths: Paths): Promise<void> {
  const running = await runningAgent(paths.socket);
  if (await endAgent(running?.pid ?? null, agentPatience)) return;
  throw new CommandFailed('The agent does not end; domainsync was not removed. Try again in a minute.');
}

/**
 * Warns if operations are still open.
 * @throws {CommandFailed} when the agent does not answer; nothing is removed then
 */
async function warnOfOpen(paths: Paths): Promise<void> {
  try {
    const open = (await runningAgent(paths.socket))?.engine?.open ?? 0;
    if (open > 0) complain(`domainsync: ${counted(open, 'operation')} still open, left as they are.`);
  } catch (error) {
    if (!(error instanceof AskFailed)) throw error;
    const way = `Nothing was removed. Should it hang, end it first; ps shows "agent.cjs --root ${paths.root}".`;
    throw new CommandFailed(`${error.message}\n${way}`);
  }
}
