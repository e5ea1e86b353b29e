import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { counted, describeProblem } from '../core/describe.ts';
import { install, InstallRefused, removeOldReleases } from '../app/install/install.ts';
import { commandFile, layoutOf, type HandlerType } from '../app/install/panel-files.ts';
import { panelKindAt, usualRoots } from '../app/wiring/panel-kind.ts';
import type { PanelKind } from '../net/ispmanager/panel-kind.ts';
import type { Paths } from '../app/paths.ts';
import { endAgent } from '../app/install/replace-agent.ts';
import { restartCommand, restartPanel } from '../app/install/restart-panel.ts';
import { putSystemFiles, removeSystemFiles, type SystemOptions } from '../app/install/system-files.ts';
import { uninstall, withdraw } from '../app/install/uninstall.ts';
import { askAgent, AskFailed, NoAgent } from './ask.ts';
import { examples } from './help.ts';
import { complain, exitStatus, print } from './output.ts';
import type { Place } from './place.ts';

/** Longest time an agent may take to answer what it has begun and end, milliseconds: an edit's deadline and some more. */
const agentPatience = 20_000;

const systemOption = (): Option =>
  new Option('--system <dir>', 'where the operating system keeps its configuration, or "no"').default(
    'auto',
    '/etc for a usual root, else no',
  );

const handlersOption = (): Option =>
  new Option('--handlers <type>', 'how ISPmanager 5/6 and DNSmanager run our handlers')
    .choices(['cgi', 'xml'])
    .default(undefined, 'as installed before, else cgi');

interface InstallArguments {
  readonly config?: string;
  readonly from?: string;
  readonly handlers?: HandlerType;
  readonly system: string;
}

export function installCommand(place: () => Place): Command {
  return new Command('install')
    .description("put this release into the panel's root and in force; safe to run again, asks nothing")
    .option('--config <file>', 'settings file to put in force, "-" for standard input')
    .option('--from <dir>', 'directory of the release')
    .addOption(handlersOption())
    .addOption(systemOption())
    .addHelpText('after', examples.install)
    .action(async (options: InstallArguments) => {
      const { paths, socket, json } = place();
      const from = resolve(options.from ?? dirname(process.argv[1] ?? ''));
      const config = options.config === undefined ? undefined : readConfig(options.config);
      const { root } = paths;
      const { handlers } = options;
      // What is made is for everybody to read and for us to write, whatever the shell says.
      process.umask(0o022);
      const done = refusalsInWords(() => install({ root, from, socket, config, handlers }));
      const { version, kind, changed } = done;
      const etc = etcOf(options.system, root);
      const system = etc === null ? [] : await systemFiles({ root, socket, etc });
      const replaced = changed.some((path) => path.endsWith('/current') || path.includes('/lib/domainsync/'));
      // Soon after the files: until then the panel may call handlers of another type than it takes them for.
      const restarted = done.restart && (await restart(paths, kind));
      // An agent that goes on needs its files.
      if (!replaced || (await replaceAgent(paths))) removeOldReleases(root);
      const all = [...changed, ...system];
      const byHand = done.restart && !restarted ? restartCommand(root, kind) : null;
      print(json, { version, panel: kind, changed: all, restarted }, () =>
        installedText(version, all, restarted, byHand),
      );
    });
}

export function uninstallCommand(place: () => Place): Command {
  return new Command('uninstall')
    .description("end the agent and take domainsync out of the panel's root without trace")
    .option('--keep-data', 'leave settings, journal and log where they are')
    .addOption(systemOption())
    .addHelpText('after', examples.uninstall)
    .action(async (options: { keepData?: boolean; system: string }) => {
      const { paths, socket, json } = place();
      const { root } = paths;
      await warnOfOpen(paths);
      const etc = etcOf(options.system, root);
      const system = etc === null ? [] : await removeSystemFiles(root, etc);
      await stopAgent(paths);
      const keepData = options.keepData === true;
      const { withdrawn, restarted, byHand } = await letGo(paths);
      const removed = [...system, ...withdrawn, ...uninstall({ root, socket, keepData })];
      print(json, { removed, restarted }, () => removedText(root, removed, restartText(restarted, byHand)));
    });
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
 * Makes the panel forget our handlers before they go: until it has been restarted it calls them, and each call may start an agent.
 */
async function letGo(paths: Paths): Promise<LetGo> {
  const { root } = paths;
  const kind = panelKindAt(root);
  const installed = existsSync(join(root, commandFile));
  const withdrawn = withdraw(root);
  if (kind === null || !(installed || withdrawn.length > 0)) {
    return { withdrawn, restarted: false, byHand: null };
  }
  const restarted = await restart(paths, kind);
  await stopAgent(paths);
  return { withdrawn, restarted, byHand: restarted ? null : restartCommand(root, kind) };
}

/** @returns whether the panel was restarted; one that only a person can restart was not */
async function restart(paths: Paths, kind: PanelKind): Promise<boolean> {
  const failure = await restartPanel(paths, kind);
  if (failure === null) return layoutOf(kind).restart !== null;
  process.exitCode = exitStatus.attention;
  complain(`domainsync: the panel could not be restarted: ${failure}`);
  return false;
}

function restartText(restarted: boolean, byHand: string | null): string[] {
  if (restarted) return ['The panel was restarted.'];
  return byHand === null ? [] : [`Restart the panel so that it notices: ${byHand}`];
}

function etcOf(option: string, root: string): string | null {
  if (option === 'no') return null;
  if (option !== 'auto') return resolve(option);
  return usualRoots.some((usual) => usual === root) ? '/etc' : null;
}

/** What failed is said and left to a person: without a service the hook starts the agent. */
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
    throw new AskFailed(`The settings cannot be read (${error.message}).\nNothing was changed.`);
  }
}

function refusalsInWords<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw new AskFailed(unfinished(error));
    if (!(error instanceof InstallRefused)) throw error;
    const reasons = error.problems.map((one) => `${describeProblem(one, 'en')} [${one.code}]`);
    throw new AskFailed([...reasons, 'Nothing was changed.'].join('\n'));
  }
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

interface Status {
  readonly pid: number;
  readonly engine: { readonly open: number } | null;
}

/** @returns null when no agent runs @throws {AskFailed} when one does not answer */
async function status(paths: Paths): Promise<Status | null> {
  try {
    return (await askAgent(paths.socket, { do: 'status' })) as Status;
  } catch (error) {
    if (error instanceof NoAgent) return null;
    throw error;
  }
}

/**
 * The next edit, or the service, starts the agent of the new release; what is open is in the journal.
 * @returns whether the old one has ended; one that says nothing is there all the same
 */
async function replaceAgent(paths: Paths): Promise<boolean> {
  try {
    const running = await status(paths);
    if (await endAgent(running?.pid ?? null, agentPatience)) return true;
  } catch (error) {
    if (!(error instanceof AskFailed)) throw error;
    complain(`domainsync: ${error.message}`);
  }
  process.exitCode = exitStatus.attention;
  complain('domainsync: the agent of the earlier release has not ended yet; it goes on until it does.');
  return false;
}

async function stopAgent(paths: Paths): Promise<void> {
  const running = await status(paths);
  if (await endAgent(running?.pid ?? null, agentPatience)) return;
  throw new AskFailed('The agent does not end; domainsync was not removed. Try again in a minute.');
}

/** @throws {AskFailed} when the agent does not answer: before anything is removed */
async function warnOfOpen(paths: Paths): Promise<void> {
  try {
    const open = (await status(paths))?.engine?.open ?? 0;
    if (open > 0) complain(`domainsync: ${counted(open, 'operation')} still open, left as they are.`);
  } catch (error) {
    if (!(error instanceof AskFailed)) throw error;
    const way = `Nothing was removed. Should it hang, end it first; ps shows "agent.cjs --root ${paths.root}".`;
    throw new AskFailed(`${error.message}\n${way}`);
  }
}
