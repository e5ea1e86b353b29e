import { mkdirSync, mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journalPath, pathsOf, type Paths } from '../../app/paths.ts';
import { accountOf } from '../../app/wiring/in-journal.ts';
import { loadSettings, saveSettings } from '../../config/settings.ts';
import { removeUnlessFailed } from '../kept-folders.ts';
import { commandLineOf, type CommandLine } from '../stage/command-line.ts';
import { putPlugin } from '../stage/stage.ts';
import { address, type Wanted } from '../stage/panel-words.ts';
import { panelCentral, seedPanel, serverCentral, type CrashCentral } from './crash-central.ts';
import { fakeClockLibrary, plantFakeClock } from './fake-clock.ts';
import { crashPairs, isServer } from './pairs.ts';
import type { CrashPlan, KillTarget, Sort } from './plan.ts';
import { ProxyProcess } from './proxy-process.ts';
import { SandboxProcess, type Account } from './sandbox-process.ts';

/** The zone that all users edit, and a zone of another customer at the provider. */
export const sharedZone = 'story.example';
export const othersZone = 'others-story.example';

export const crashCustomer: Account = { name: 'kunde', password: 'k&%+ 1' };
/** Another user of the panel, who owns none of the zones. */
export const crashNeighbour: Account = { name: 'nachbar', password: 'panel-nachbar' };

const common: readonly Wanted[] = [
  address('www', '192.0.2.1'),
  { name: '', type: 'MX', value: 'www', numbers: [10] },
  { name: 'old', type: 'TXT', value: 'before the plugin' },
];

/** Records that only one side has before the plugin is installed. No process may change them. */
export const panelOnly: Wanted = { name: 'only-panel', type: 'TXT', value: 'the panel alone has this' };
export const centralOnly: Wanted = { name: 'only-central', type: 'TXT', value: 'the provider made this' };

/** All processes of one story, and what the story has done and counted so far. */
export interface Scene {
  readonly plan: CrashPlan;
  readonly directory: string;
  readonly paths: Paths;
  readonly commands: CommandLine;
  readonly panel: SandboxProcess;
  readonly central: CrashCentral;
  readonly proxy: ProxyProcess;
  /** Number of edits by the sort of their answer. */
  readonly heard: Map<Sort, number>;
  /** Number of killed processes, by the target of the kill. */
  readonly kills: Map<KillTarget, number>;
  /** Process ids of the agents that were killed. */
  readonly killedAgents: Set<number>;
  /** All records of the other customer's zone at the begin of the story, as text. */
  others: string;
  /** Whether the journal was deleted or damaged. */
  journalLost: boolean;
  /** Everything that happened, one line each, with the milliseconds since the begin of the story. */
  readonly told: string[];
  readonly tell: (text: string) => void;
}

const short: Readonly<Record<string, string>> = {
  after_wait: '1',
  read_gap: '1',
  read_lag: '3',
  grace: '1',
  watch: '5',
};

/** Starts all processes, creates zones on both sides, and installs the plugin with its settings. */
export async function openCrashScene(plan: CrashPlan): Promise<Scene> {
  const { panel: generation, central: kind } = crashPairs[plan.pair];
  const directory = mkdtempSync(join(tmpdir(), 'domainsync-crash-'));
  const [root, socket] = [join(directory, 'panel'), join(directory, 'agent.sock')];
  const users = [
    'root:panel-root:7',
    ...[crashCustomer, crashNeighbour].map(({ name, password }) => `${name}:${password}:5`),
  ];
  const panel = new SandboxProcess({ root, generation, users });
  await panel.start();
  const central = isServer(kind) ? await serverCentral(kind) : await panelCentral(directory, kind);
  await central.seed({ zone: sharedZone, records: [...common, centralOnly] }, 'ours');
  await central.seed({ zone: othersZone, records: [...common, address('bank', '192.0.2.77')] }, 'others');
  await seedPanel(panel, { zone: sharedZone, records: [...common, panelOnly] }, crashCustomer);
  const proxy = new ProxyProcess(central.port, central.tls);
  await proxy.start();
  const began = performance.now();
  const told: string[] = [];
  const scene: Scene = {
    plan,
    directory,
    paths: pathsOf(root, socket),
    commands: commandLineOf(root, socket),
    panel,
    central,
    proxy,
    heard: new Map(),
    kills: new Map(),
    killedAgents: new Set(),
    others: await central.octets(othersZone),
    journalLost: false,
    told,
    tell: (text) => told.push(`${Math.round(performance.now() - began)} ms: ${text}`),
  };
  mkdirSync(scene.paths.state, { recursive: true });
  if (plan.journal === 'disk-full' || plan.journal === 'read-only') mountState(scene);
  await putPlugin({ root, socket }, async () => void (await panel.control('restartPanel')));
  if (plan.clock && fakeClockLibrary !== null) plantFakeClock(root, fakeClockLibrary);
  configure(scene);
  return scene;
}

function configure({ plan, central, proxy, paths }: Scene): void {
  saveSettings(paths.root, {
    isp_master: central.connection(proxy.port),
    log: { level: '9' },
    sync: plan.waits === 'short' ? short : {},
  });
}

/** Mounts a small disk at the journal's folder, so that it can be filled or made read-only. */
function mountState({ paths, tell }: Scene): void {
  const words = ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', paths.state];
  if (spawnSync('mount', words).status !== 0) tell('only root may mount a small disk: the journal has none');
}

/** Path of the journal that belongs to the story's central. */
export async function journalOf({ paths }: Scene): Promise<string> {
  const loaded = loadSettings(paths.root);
  if (loaded.kind !== 'configured') throw new Error(`the settings are ${loaded.kind}`);
  return journalPath(paths, await accountOf(paths, loaded.settings));
}

/** Ends all processes. @param keep whether to keep all files, so that a failure can be examined */
export async function closeCrashScene(scene: Scene, keep: boolean): Promise<void> {
  const { panel, central, proxy, paths, directory } = scene;
  await panel.kill();
  await proxy.kill();
  await central.dispose(keep);
  if (!keep) {
    spawnSync('umount', ['-l', paths.state]);
    rmSync(directory, { recursive: true, force: true });
    return;
  }
  // The small disk is unmounted with the other resources, so the log is written outside of it.
  writeFileSync(join(directory, 'story.txt'), `${scene.told.join('\n')}\n`);
  removeUnlessFailed(directory);
}

/** The lines of the agent's log. */
export function logOf({ paths }: Scene): string {
  return readFileSync(paths.log, 'utf8');
}
