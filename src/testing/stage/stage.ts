/**
 * A stage: a customer's panel with the plugin, and a provider's panel as central, both on this machine. Hook
 * script, agent and bundles between them are the real ones. The demo, the end-to-end tests and the benchmarks
 * use it. `server-stage.ts` makes stages with name servers as centrals.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  startSandbox,
  type Generation,
  type Sandbox,
  type SandboxOptions,
  type SandboxUser,
} from '../../../sandbox/index.ts';
import { pathsOf } from '../../app/paths.ts';
import { panelAt } from '../../app/wiring/panel-at.ts';
import { saveSettings } from '../../config/settings.ts';
import { removeUnlessFailed } from '../kept-folders.ts';
import { patience } from '../patience.ts';
import { panelSide, type CentralSide } from './central-side.ts';
import { commandLineOf, dist, type CommandLine } from './command-line.ts';
import { userAt, type Act, type PanelUser } from './panel-user.ts';
import { wordsOf } from './panel-words.ts';

export interface StageOptions {
  /** Generation of the customer's panel. Default: ISPmanager 6. */
  readonly panel?: Exclude<Generation, 'dnsmgr'>;
  /** Generation of the panel that is the central. Default: DNSmanager. */
  readonly central?: Generation;
  /** Options of the section `[sync]`. By default, waits take about a second, so that tests end soon. */
  readonly sync?: Readonly<Record<string, string>>;
}

/** What every stage offers, whatever its central is. */
export interface AnyStage extends CommandLine {
  /** The customer's panel. */
  readonly panel: Sandbox;
  /** Reads and writes the central directly, without the product. */
  readonly there: CentralSide;
  readonly directory: string;
  readonly socket: string;
  /** Passwords and keys that the product must never write or print. */
  readonly secrets: readonly string[];
  /** Acts as the customer in the panel. */
  readonly customer: Act;
  readonly atPanel: PanelUser;
  /** Installs the plugin into the customer's panel, without settings. */
  install(): Promise<void>;
  /**
   * Writes the settings file, as the settings form would.
   * @param changes options of the connection to the central
   * @param times options of `[sync]`
   */
  configure(changes?: Readonly<Record<string, string>>, times?: Readonly<Record<string, string>>): void;
  /** Stops both sides and the agent. All files are removed when the process ends, unless a test failed. */
  stop(): Promise<void>;
}

/** A stage whose central is a panel. */
export interface Stage extends AnyStage {
  /** The provider's panel. `centralUp` replaces this object by a new one. */
  readonly central: Sandbox;
  /** Stops the provider's panel; `centralUp` starts it again on the same port with the same data. */
  centralDown(): Promise<void>;
  centralUp(): Promise<void>;
  /** Acts as the provider's staff in the customer's account at the central. */
  readonly provider: Act;
  readonly atCentral: PanelUser;
}

export const customer = { name: 'kunde', password: 'k:&%+ 1' } as const;
export const account = { name: 'kunde42', password: 'pa;ss#wo=%rd' } as const;

/** Another customer with an account at the central. */
export const somebody = { name: 'somebody', password: 'somebody' } as const;

/** The administrator of the customer's panel. */
export const panelAdmin = { name: 'root', password: 'panel-root' } as const;

/** The administrator of the provider's panel. */
export const centralAdmin = { name: 'root', password: 'central-root' } as const;

/**
 * Other accounts in the customer's panel: the customer's reseller, another customer, and a reseller without
 * customers.
 */
export const reseller = { name: 'reseller', password: 'panel-reseller' } as const;
export const neighbour = { name: 'nachbar', password: 'panel-nachbar' } as const;
export const otherReseller = { name: 'other', password: 'panel-other' } as const;

const panelUsers: readonly SandboxUser[] = [
  { ...panelAdmin, level: 7 },
  { ...reseller, level: 6 },
  { ...otherReseller, level: 6 },
  { ...customer, level: 5, owner: reseller.name },
  { ...neighbour, level: 5 },
];
const centralUsers: readonly SandboxUser[] = [
  { ...centralAdmin, level: 7 },
  { ...account, level: 5 },
  { ...somebody, level: 5 },
];

const run = promisify(execFile);

interface Places {
  readonly directory: string;
  readonly root: string;
  readonly socket: string;
}

export async function makeStage(options: StageOptions = {}): Promise<Stage> {
  const { panel: own = 'v6', central: other = 'dnsmgr', sync = {} } = options;
  const side = await makePanelSide(own);
  const centralOptions: SandboxOptions = {
    root: join(side.directory, 'central'),
    generation: other,
    name: 'central',
    users: centralUsers,
    // These differ from the defaults of the customer's panel, so that a test can see which panel's records a
    // new zone has in the end.
    switches: { defaultHosts: ['@', 'parking'], defaultSpf: false },
  };
  let central = await startSandbox(centralOptions);
  const port = Number(new URL(central.url).port);
  const words = wordsOf(other);
  const person = userAt(() => central, words, account);
  const down = (): Promise<void> => central.stop();
  const up = async (): Promise<void> => {
    central = await startSandbox({ ...centralOptions, port });
  };
  return {
    ...side,
    secrets: [account.password, customer.password],
    get central() {
      return central;
    },
    there: panelSide({
      panel: () => central,
      person,
      somebody: userAt(() => central, words, somebody),
      down,
      up,
    }),
    centralDown: down,
    centralUp: up,
    provider: person.act,
    atCentral: person,
    configure: (changes = {}, more = {}) => {
      const { name: username, password } = account;
      const { url: host, fingerprint } = central;
      writeSettings(
        side.panel.root,
        { host, username, password, fingerprint, ...changes },
        { ...sync, ...more },
      );
    },
    stop: async () => {
      await side.stop();
      await central.stop();
      removeUnlessFailed(side.directory);
    },
  };
}

/** Checks that a folder has the programs that a stage installs. @throws Error when one is missing */
export function demandPrograms(folder: string): void {
  if (existsSync(join(folder, 'domainsync.cjs'))) return;
  throw new Error(`no programs in ${folder}: run "npm run -s bundle" first`);
}

/**
 * Runs `prepare` on a stage. If it fails, stops the stage, because its processes would keep the test from
 * ending.
 */
export async function prepared<S extends AnyStage>(
  stage: S,
  prepare: (stage: S) => Promise<void>,
): Promise<S> {
  try {
    await prepare(stage);
    return stage;
  } catch (error) {
    await stage.stop();
    throw error;
  }
}

/** Makes the customer's half of a stage. Its `stop` leaves the directory on disk. */
export async function makePanelSide(
  generation: Exclude<Generation, 'dnsmgr'>,
): Promise<Omit<AnyStage, 'there' | 'secrets' | 'configure'>> {
  // This check comes first, so that nothing has to be stopped if it fails.
  demandPrograms(dist);
  const directory = mkdtempSync(join(tmpdir(), 'domainsync-'));
  const places = { directory, root: join(directory, 'panel'), socket: join(directory, 'agent.sock') };
  const panel = await startSandbox({ root: places.root, generation, name: 'customer', users: panelUsers });
  const atPanel = userAt(() => panel, wordsOf(generation), customer);
  const commands = commandLineOf(places.root, places.socket);
  return {
    directory,
    socket: places.socket,
    ...commands,
    panel,
    customer: atPanel.act,
    atPanel,
    install: () => putPlugin(places, () => panel.restartPanel()),
    stop: async () => {
      const pid = await commands.agent();
      if (pid !== null) await endProcess(pid);
      await panel.stop();
    },
  };
}

/**
 * Installs the plugin with the product's own installer. For ISPmanager 5 and 6, the installer also restarts
 * the panel.
 * @param restart restarts an ISPmanager 4, which has no command for it, as an administrator would
 */
export async function putPlugin(
  { root, socket }: Pick<Places, 'root' | 'socket'>,
  restart: () => void | Promise<void>,
): Promise<void> {
  const place = ['--root', root, '--socket', socket];
  await run(process.execPath, [
    join(dist, 'domainsync.cjs'),
    ...place,
    'install',
    '--from',
    dist,
    '--system',
    'no',
  ]);
  if ('byHand' in panelAt(root).layout.restart) await restart();
}

/**
 * Writes the settings file.
 * @param root the panel's root directory
 * @param connection options of `[isp_master]`
 * @param sync options of `[sync]`
 */
export function writeSettings(
  root: string,
  connection: Readonly<Record<string, string>>,
  sync: Readonly<Record<string, string>>,
): void {
  mkdirSync(pathsOf(root).state, { recursive: true });
  saveSettings(root, {
    isp_master: connection,
    log: { level: '9' },
    sync: { after_wait: '1', read_gap: '1', read_lag: '3', grace: '1', ...sync },
  });
}

/** Ends a process that is not a child of this one, and waits until it has ended. */
export async function endProcess(pid: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  process.kill(pid, signal);
  await until('the process to end', () => !isAlive(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Repeats a test until it succeeds. Between two tests it waits 20 ms, or as long as the last test took. This
 * keeps tests that start processes from using a whole processor.
 * @param what the awaited event, for the error message
 * @param limit longest wait in milliseconds
 * @returns how many milliseconds the wait took
 * @throws Error when the limit is over
 */
export async function until(
  what: string,
  test: () => boolean | Promise<boolean>,
  limit = patience,
): Promise<number> {
  const started = performance.now();
  for (;;) {
    const asked = performance.now();
    if (await test()) return performance.now() - started;
    const now = performance.now();
    if (now - started > limit) throw new Error(`waited ${limit / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, Math.max(20, now - asked)));
  }
}
