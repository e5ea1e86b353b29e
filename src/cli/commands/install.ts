import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { inWords } from '../../app/problems.ts';
import { CommandFailed } from '../../app/command-failed.ts';
import { AskFailed, runningAgent } from '../../app/control/client.ts';
import { install, InstallRefused, removeOldReleases } from '../../app/install/install.ts';
import type { Problem } from '../../dns/problem.ts';
import type { HandlerType } from '../../panels/layout.ts';
import { loadSettings } from '../../config/settings.ts';
import { endAgent } from '../../app/install/replace-agent.ts';
import { restartCommand } from '../../app/install/restart-panel.ts';
import { objectionToUsualRoot } from '../../app/install/usual-root.ts';
import { putSystemFiles, type SystemOptions } from '../../app/install/system-files.ts';
import type { Paths } from '../../app/paths.ts';
import { complain, exitStatus, print } from '../output.ts';
import { agentPatience, etcOf, restart, restartText, systemOption } from '../install-parts.ts';
import type { GlobalOptions } from '../global-options.ts';

const examples = `
Examples:
  domainsync install                                     again with the same release: nothing changes
  domainsync install --config /root/domainsync.ini       with settings, as a fleet tool would
  printf '...' | domainsync install --config -           settings from standard input
  domainsync install --key /root/provider.pub            from now on, only releases signed with this key
  domainsync install --handlers xml                      ISPmanager 5/6 that does not take what our handlers print
  domainsync --root /opt/ispsystem/dnsmanager6 install   another panel on the same host
  domainsync --root /srv/panel install --system no       another root, no service file

The root decides which panel it is: ISPmanager 4, ISPmanager 5/6, DNSmanager 5/6. When something changes that the panel reads only
at its start, ISPmanager 5/6 and DNSmanager are restarted; an ISPmanager 4 by you: "killall ispmgr".
Exit status: 0 installed (or already so), 1 refused, nothing was changed, or not finished (it is said which), 3 installed, but
the panel could not be restarted, the service could not be set up, or the old agent has not ended yet.
`;

const handlersOption = (): Option =>
  new Option('--handlers <type>', 'how ISPmanager 5/6 and DNSmanager run our handlers')
    .choices(['cgi', 'xml'])
    .default(undefined, 'as installed before, else cgi');

interface InstallArguments {
  readonly config?: string;
  readonly from?: string;
  readonly handlers?: HandlerType;
  readonly key?: string;
  readonly system: string;
}

export function installCommand(globals: () => GlobalOptions): Command {
  return new Command('install')
    .description("put this release into the panel's root and in force; safe to run again, asks nothing")
    .option('--config <file>', 'settings file to put in force, "-" for standard input')
    .option('--from <dir>', 'directory of the release')
    .option(
      '--key <key>',
      'public key of minisign, or a file with it: this and later releases must be signed',
    )
    .addOption(handlersOption())
    .addOption(systemOption())
    .addHelpText('after', examples)
    .action(async (options: InstallArguments) => {
      const { paths, isRootGiven, socket, json } = globals();
      const unclear = isRootGiven ? null : objectionToUsualRoot();
      if (unclear !== null) throw refused([unclear]);
      const from = resolve(options.from ?? dirname(process.argv[1] ?? ''));
      const config = options.config === undefined ? undefined : readConfig(options.config);
      const { root } = paths;
      const { handlers, key } = options;
      // The shell may have any umask. Everybody must be able to read installed files, and only this user may
      // write them.
      process.umask(0o022);
      const modeBefore = modeUnder(root);
      const done = refusalsInWords(() => install({ root, from, socket, config, handlers, key }));
      const { version, kind, changed } = done;
      const etc = etcOf(options.system, root);
      const system = etc === null ? [] : await systemFiles({ root, socket, etc });
      const replaced = changed.some((path) => path.endsWith('/current') || path.includes('/lib/domainsync/'));
      // The panel is restarted as soon as the files are written. Until then, it may still call the new
      // handlers in the way of the old handler type.
      const restarted = done.restart && (await restart(paths, kind));
      // An old agent that still runs needs the files of its own release.
      if (!replaced || (await replaceAgent(paths))) removeOldReleases(root);
      const all = [...changed, ...system];
      const byHand = done.restart && !restarted ? restartCommand(root, kind) : null;
      if (modeBefore === 'strict' && modeUnder(root) === 'observe') complain(observesAgain);
      const configured = loadSettings(root).kind !== 'not-configured';
      print(json, { version, panel: kind, changed: all, restarted, configured }, () =>
        [installedText(version, all, restarted, byHand), ...(configured ? [] : [nextStep])].join('\n'),
      );
    });
}

const observesAgain =
  'domainsync: the given settings switch from strict to observe: nothing is refused or written from now on.';

/** The value of `mode` in the settings; null: there are no usable settings. */
function modeUnder(root: string): string | null {
  const loaded = loadSettings(root);
  return loaded.kind === 'configured' ? loaded.settings.mode : null;
}

const nextStep = `
No central is set yet: every edit passes in the panel only. Next, one of these:
  in the panel, as its administrator: Settings > DNS sync (ISPmanager 4 and 5: Tools > DNS sync)
  domainsync install --config FILE: a settings file, as docs/settings.md describes it`;

/**
 * Writes the system files. A failure is only reported, because without a service the hook starts the agent.
 */
async function systemFiles(options: SystemOptions): Promise<string[]> {
  try {
    return await putSystemFiles(options);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    process.exitCode = exitStatus.attention;
    complain(`domainsync: the service or the log rotation could not be set up: ${error.message.trim()}`);
    return [];
  }
}

function readConfig(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new CommandFailed(`The settings cannot be read (${error.message}).\nNothing was changed.`);
  }
}

function refusalsInWords<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw new CommandFailed(unfinished(error));
    if (!(error instanceof InstallRefused)) throw error;
    throw refused(error.problems);
  }
}

function refused(problems: readonly Problem[]): CommandFailed {
  return new CommandFailed(`${inWords(problems)}\nNothing was changed.`, problems);
}

function unfinished(error: Error): string {
  return `${error.message}\nThe installation is not finished. Once that is put right, run it again: it goes on where it ended.`;
}

function installedText(
  version: string,
  changed: readonly string[],
  restarted: boolean,
  byHand: string | null,
): string {
  const told = restartText(restarted, byHand);
  if (changed.length > 0) return [...changed, `domainsync ${version} is installed.`, ...told].join('\n');
  return [`domainsync ${version} is installed already; nothing was changed.`, ...told].join('\n');
}

/**
 * Ends the running agent. The service, or the next edit, starts the agent of the new release. Open operations
 * stay in the journal.
 * @returns whether the old agent has ended; false if it does not answer
 */
async function replaceAgent(paths: Paths): Promise<boolean> {
  try {
    const running = await runningAgent(paths.socket);
    if (await endAgent(running?.pid ?? null, agentPatience)) return true;
  } catch (error) {
    if (!(error instanceof AskFailed)) throw error;
    complain(`domainsync: ${error.message}`);
  }
  process.exitCode = exitStatus.attention;
  complain('domainsync: the agent of the earlier release has not ended yet; it goes on until it does.');
  return false;
}
