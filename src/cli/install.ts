import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { describeProblem } from '../core/describe.ts';
import { install, InstallRefused, removeOldReleases } from '../app/install.ts';
import type { Paths } from '../app/paths.ts';
import { endAgent } from '../app/replace-agent.ts';
import { putSystemFiles, removeSystemFiles } from '../app/system-files.ts';
import { uninstall } from '../app/uninstall.ts';
import { askAgent, AskFailed } from './ask.ts';
import { examples } from './help.ts';
import { exitStatus, print } from './output.ts';
import type { Place } from './place.ts';

/** Longest time an agent may take to answer what it has begun and end, milliseconds: an edit's deadline and some more. */
const agentPatience = 20_000;

const systemOption = (): Option =>
  new Option('--system <dir>', 'where the operating system keeps its configuration, or "no"').default(
    'auto',
    '/etc for the usual root, else no',
  );

export function installCommand(place: () => Place): Command {
  return new Command('install')
    .description("put this release into the panel's root and in force; safe to run again, asks nothing")
    .option('--config <file>', 'settings file to put in force, "-" for standard input')
    .option('--from <dir>', 'directory of the release')
    .addOption(systemOption())
    .addHelpText('after', examples.install)
    .action(async (options: { config?: string; from?: string; system: string }) => {
      const { paths, socket, json } = place();
      const from = resolve(options.from ?? dirname(process.argv[1] ?? ''));
      const config = options.config === undefined ? undefined : readConfig(options.config);
      const { root } = paths;
      const { version, changed } = refusalsInWords(() => install({ root, from, socket, config }));
      const etc = etcOf(options.system, root);
      const system = etc === null ? [] : await putSystemFiles({ root, socket, etc });
      const replaced = changed.some((path) => path.endsWith('/current') || path.includes('/lib/domainsync/'));
      if (replaced) await replaceAgent(paths);
      removeOldReleases(root);
      const all = [...changed, ...system];
      print(json, { version, changed: all }, () => installedText(version, all));
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
      const system = etc === null ? [] : await removeSystemFiles(etc);
      await stopAgent(paths);
      const keepData = options.keepData === true;
      const removed = [...system, ...uninstall({ root, socket, keepData })];
      print(json, { removed }, () => [...removed.map((path) => `removed ${path}`), restart].join('\n'));
    });
}

const restart = 'Restart the panel so that it notices: killall ispmgr';

function etcOf(option: string, root: string): string | null {
  if (option === 'no') return null;
  if (option !== 'auto') return resolve(option);
  return root === '/usr/local/ispmgr' ? '/etc' : null;
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
    if (!(error instanceof InstallRefused)) throw error;
    const reasons = error.problems.map((one) => `${describeProblem(one, 'en')} [${one.code}]`);
    throw new AskFailed([...reasons, 'Nothing was changed.'].join('\n'));
  }
}

function installedText(version: string, changed: readonly string[]): string {
  if (changed.length === 0) return `domainsync ${version} is installed already; nothing was changed.`;
  return [...changed, `domainsync ${version} is installed.`, restart].join('\n');
}

interface Status {
  readonly pid: number;
  readonly engine: { readonly open: number } | null;
}

async function status(paths: Paths): Promise<Status | null> {
  try {
    return (await askAgent(paths.socket, { do: 'status' })) as Status;
  } catch (error) {
    if (error instanceof AskFailed) return null;
    throw error;
  }
}

/** The next edit, or the service, starts the agent of the new release; what is open is in the journal. */
async function replaceAgent(paths: Paths): Promise<void> {
  const running = await status(paths);
  if (await endAgent(running?.pid ?? null, agentPatience)) return;
  process.exitCode = exitStatus.attention;
  console.error('domainsync: the agent of the earlier release has not ended yet; it goes on until it does.');
}

async function stopAgent(paths: Paths): Promise<void> {
  const running = await status(paths);
  if (await endAgent(running?.pid ?? null, agentPatience)) return;
  throw new AskFailed('The agent does not end; nothing was removed. Try again in a minute.');
}

async function warnOfOpen(paths: Paths): Promise<void> {
  const open = (await status(paths))?.engine?.open ?? 0;
  if (open > 0) console.error(`domainsync: ${open} operations were still open; they are left as they are.`);
}
