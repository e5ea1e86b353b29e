/**
 * A customer's panel with the plugin and a provider's central, both on this machine, with the real shim,
 * agent and bundles in between. Here the central is a panel too; as a name server it is in `server-stage.ts`.
 * Used by the demo, the end-to-end tests and the benchmarks.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
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
import { parseAnswer, type StatusReport } from '../../app/control/protocol.ts';
import { pathsOf } from '../../app/paths.ts';
import { panelAt } from '../../app/wiring/panel-at.ts';
import { saveSettings } from '../../config/settings.ts';
import { patience } from '../patience.ts';
import { panelSide, type CentralSide } from './central-side.ts';
import { userAt, type Act, type PanelUser } from './panel-user.ts';
import { wordsOf } from './panel-words.ts';

export interface StageOptions {
  /** Default: ISPmanager 6. */
  readonly panel?: Exclude<Generation, 'dnsmgr'>;
  /** Default: DNSmanager. */
  readonly central?: Generation;
  /** Options of `[sync]` in seconds; short waits by default, so that a story is reported in seconds. */
  readonly sync?: Readonly<Record<string, string>>;
}

/** A stage, whatever its central is. */
export interface AnyStage {
  /** The customer's panel. */
  readonly panel: Sandbox;
  /** The central, past the product. */
  readonly there: CentralSide;
  readonly directory: string;
  readonly socket: string;
  /** What must never be found in anything the product writes or prints. */
  readonly secrets: readonly string[];
  /** What the customer does in his panel. */
  readonly customer: Act;
  readonly atPanel: PanelUser;
  /** Puts the plugin into the customer's panel; not configured yet. */
  install(): Promise<void>;
  /** Writes the settings, as the form would: those of the connection, and of the times. */
  configure(changes?: Readonly<Record<string, string>>, times?: Readonly<Record<string, string>>): void;
  /** The command line of the product; resolves to what it printed. */
  domainsync(...args: readonly string[]): Promise<string>;
  /** What `domainsync status` says; null where no agent runs. */
  status(): Promise<StatusReport | null>;
  /** Pid of the running agent, or null. */
  agent(): Promise<number | null>;
  /** Stops both sides and the agent, and removes every file. */
  stop(): Promise<void>;
}

/** A stage with a panel as central. */
export interface Stage extends AnyStage {
  /** The provider's panel; another object after `centralUp`. */
  readonly central: Sandbox;
  /** Really stops the provider's panel, and starts it again where it was. */
  centralDown(): Promise<void>;
  centralUp(): Promise<void>;
  /** What the provider's own people do at the central, in the customer's account there. */
  readonly provider: Act;
  readonly atCentral: PanelUser;
}

export const customer = { name: 'kunde', password: 'k:&%+ 1' } as const;
export const account = { name: 'kunde42', password: 'pa;ss#wo=%rd' } as const;

/** Another customer of the same provider. */
export const somebody = { name: 'somebody', password: 'somebody' } as const;

/** The customer's own administrator. */
export const panelAdmin = { name: 'root', password: 'panel-root' } as const;

/**
 * Others with an account in the customer's panel: the reseller above him, another customer, and one who
 * resells to nobody.
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
  { name: 'root', password: 'central-root', level: 7 },
  { ...account, level: 5 },
  { ...somebody, level: 5 },
];

const dist = join(import.meta.dirname, '../../../dist');
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
    // Not what the customer's panel puts into a new zone: whose records are there in the end is to be seen.
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
      rmSync(side.directory, { recursive: true, force: true });
    },
  };
}

/** @throws Error where a folder lacks the programs that a stage puts into the panel */
export function demandPrograms(folder: string): void {
  if (existsSync(join(folder, 'domainsync.cjs'))) return;
  throw new Error(`no programs in ${folder}: run "npm run -s bundle" first`);
}

/** Prepares a stage, or stops it: what goes on running would keep a test from ending. */
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

/** The customer's half of a stage; its `stop` leaves the directory. */
export async function makePanelSide(
  generation: Exclude<Generation, 'dnsmgr'>,
): Promise<Omit<AnyStage, 'there' | 'secrets' | 'configure'>> {
  // Before anything runs that would have to be stopped.
  demandPrograms(dist);
  const directory = mkdtempSync(join(tmpdir(), 'domainsync-'));
  const places = { directory, root: join(directory, 'panel'), socket: join(directory, 'agent.sock') };
  const panel = await startSandbox({ root: places.root, generation, name: 'customer', users: panelUsers });
  const atPanel = userAt(() => panel, wordsOf(generation), customer);
  return {
    directory,
    socket: places.socket,
    ...programs(places),
    panel,
    customer: atPanel.act,
    atPanel,
    install: () => putPlugin(places, panel),
    stop: async () => {
      const pid = await programs(places).agent();
      if (pid !== null) await endProcess(pid);
      await panel.stop();
    },
  };
}

/** The product's command line, and what it says of the agent. */
function programs({ root, socket }: Places): Pick<AnyStage, 'domainsync' | 'status' | 'agent'> {
  const domainsync = async (...args: readonly string[]): Promise<string> => {
    const words = [join(dist, 'domainsync.cjs'), '--root', root, '--socket', socket, ...args];
    return (await run(process.execPath, words).catch(needsAttention)).stdout;
  };
  const status = async (): Promise<StatusReport | null> => {
    const text = await domainsync('--json', 'status').catch(() => null);
    return text === null ? null : parseAnswer('status', JSON.parse(text));
  };
  return { domainsync, status, agent: async () => (await status())?.pid ?? null };
}

/** By the product's own installer, which restarts later panels itself. */
async function putPlugin({ root, socket }: Places, panel: Sandbox): Promise<void> {
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
  // An ISPmanager 4 has no command for it: a user does it.
  if ('byHand' in panelAt(root).layout.restart) panel.restartPanel();
}

/** @param connection options of `[isp_master]` */
export function writeSettings(
  root: string,
  connection: Readonly<Record<string, string>>,
  sync: Readonly<Record<string, string>>,
): void {
  mkdirSync(pathsOf(root).state, { recursive: true });
  saveSettings(root, {
    isp_master: connection,
    log: { level: '9' },
    sync: { after_wait: '1', read_gap: '1', grace: '1', ...sync },
  });
}

/** Status 3 of the command line is an answer as well: something needs an administrator. */
function needsAttention(error: unknown): { stdout: string } {
  if (error instanceof Error && 'code' in error && error.code === 3 && 'stdout' in error) {
    return { stdout: String(error.stdout) };
  }
  throw error;
}

/** Ends a process that is not our child and waits until it is gone. */
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

/** Waits until something is so, looking again and again; fails with what was waited for. */
export async function until(
  what: string,
  test: () => boolean | Promise<boolean>,
  limit = patience,
): Promise<number> {
  const started = performance.now();
  while (!(await test())) {
    if (performance.now() - started > limit) throw new Error(`waited ${limit / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - started;
}
