/** Carries out the troubles of a story: kills, network failures, faults of the journal and clock steps. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as after } from 'node:timers/promises';
import { fillDisk } from '../small-disk.ts';
import { until } from '../stage/stage.ts';
import { fakeClockLibrary, setFakeClock } from './fake-clock.ts';
import type { JournalTrouble, KillTarget, Trouble } from './plan.ts';
import { killNow, productProcesses } from './processes.ts';
import { journalOf, type Scene } from './scene.ts';

/** How long a kill waits for a process that lives only during an edit, milliseconds. */
const hunt = 2_000;

/** Bugs that a test plants, to show that the laws detect them. */
export type Plant =
  /** Whenever the agent is killed, its journal is deleted. */
  | 'forgetful'
  /** While no agent runs, the hook accepts every edit. */
  | 'yes-man';

/** Carries out one trouble. Resolves when the trouble is over and everything runs again. */
export async function bring(scene: Scene, trouble: Trouble, plant: Plant | null): Promise<void> {
  const { what, lasts, when } = trouble;
  if (when !== undefined) {
    const before = scene.heard.get(when) ?? 0;
    await until(`an edit that is ${when}`, () => (scene.heard.get(when) ?? 0) > before);
  }
  await after(trouble.after);
  switch (what.kind) {
    case 'kill':
      await kill(scene, what.target, lasts, plant);
      return;
    case 'network':
      scene.tell(`the network: ${what.mode}, ${what.count} times`);
      scene.proxy.order(what.mode, what.count);
      return;
    case 'journal':
      await spoil(scene, what.trouble, lasts);
      return;
    case 'clock':
      scene.tell(fakeClockLibrary === null ? 'the clock stays' : `the agent's clock: ${what.seconds} s`);
      setFakeClock(scene.paths.root, what.seconds);
  }
}

async function kill(scene: Scene, target: KillTarget, away: number, plant: Plant | null): Promise<void> {
  switch (target) {
    case 'agent':
      await killAgent(scene, plant);
      return;
    case 'handler':
    case 'client':
      await killShortLived(scene, target);
      return;
    case 'panel':
    case 'central':
    case 'proxy': {
      const process = scene[target];
      if (!(await process.kill())) return;
      count(scene, target, `away for ${away} ms`);
      await after(away);
      await process.start();
      scene.tell(`${target} runs again`);
    }
  }
}

async function killAgent(scene: Scene, plant: Plant | null): Promise<void> {
  const pid = await found(scene, 'agent');
  if (pid === null || !killNow(pid)) return;
  scene.killedAgents.add(pid);
  count(scene, 'agent', `process ${pid}`);
  if (plant === 'forgetful') await loseJournal(scene, ['.generation', '.reserve']);
}

/** Kills a process that lives only for milliseconds. The kill comes as soon as the process is found. */
async function killShortLived(scene: Scene, target: 'handler' | 'client'): Promise<void> {
  const pid = await found(scene, target);
  if (pid !== null && killNow(pid)) count(scene, target, `process ${pid}`);
}

async function found({ directory }: Scene, role: 'agent' | 'handler' | 'client'): Promise<number | null> {
  const began = performance.now();
  for (;;) {
    const [pid] = productProcesses(directory, role);
    if (pid !== undefined) return pid;
    if (performance.now() - began > hunt) return null;
    await after(3);
  }
}

function count({ kills, tell }: Scene, target: KillTarget, how: string): void {
  kills.set(target, (kills.get(target) ?? 0) + 1);
  tell(`kill -9 of ${target} (${how})`);
}

async function spoil(scene: Scene, trouble: JournalTrouble, lasts: number): Promise<void> {
  const { paths, tell } = scene;
  const path = await journalOf(scene);
  if (!existsSync(path)) return;
  tell(`the journal: ${trouble} for ${lasts} ms`);
  switch (trouble) {
    case 'disk-full': {
      if (!isMounted(paths.state)) return;
      const filler = join(paths.state, 'somebody-elses-file');
      fillDisk(filler);
      await after(lasts);
      rmSync(filler, { force: true });
      break;
    }
    case 'read-only': {
      if (!isMounted(paths.state)) return;
      // The agent must end first: Linux makes a disk read-only only if no file on it is open for writing.
      await killAgent(scene, null);
      const isDone = remount(paths.state, 'ro');
      tell(`the disk is ${isDone ? 'read-only' : 'busy, and stays writable'}`);
      await after(lasts);
      remount(paths.state, 'rw');
      break;
    }
    case 'locked':
      await lock(path, lasts, tell);
      break;
    case 'deleted':
      scene.journalLost = true;
      await loseJournal(scene);
      break;
    case 'truncated':
      scene.journalLost = true;
      truncateSync(path, Math.floor(statSync(path).size / 2));
  }
  tell(`the journal: ${trouble} is over`);
}

function remount(path: string, how: 'ro' | 'rw'): boolean {
  return spawnSync('mount', ['-o', `remount,${how}`, path]).status === 0;
}

function isMounted(path: string): boolean {
  return readFileSync('/proc/mounts', 'utf8').includes(` ${path} tmpfs `);
}

async function lock(path: string, lasts: number, tell: Scene['tell']): Promise<void> {
  const database = new DatabaseSync(path, { timeout: 2_000 });
  try {
    database.exec('BEGIN IMMEDIATE');
    await after(lasts);
    database.exec('ROLLBACK');
  } catch (error) {
    tell(`the journal could not be locked: ${String(error)}`);
  } finally {
    database.close();
  }
}

async function loseJournal(scene: Scene, more: readonly string[] = []): Promise<void> {
  const path = await journalOf(scene);
  for (const end of ['', '-wal', '-shm', ...more]) rmSync(`${path}${end}`, { force: true });
}

/** Changes the hook script so that it accepts an edit instead of starting an agent (`yes-man`). */
export function plantYesMan({ paths }: Scene): void {
  for (const name of ['domainsync', 'domainsync_after']) {
    const path = join(paths.root, 'addon', name);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    const planted = text.replace(/failed_late \|\| ask \$limit env -i .*$/mu, 'accept');
    if (planted === text) throw new Error(`${path} has no line that starts an agent`);
    writeFileSync(path, planted);
  }
}
