import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { everyCentral, loadSettings, type Settings } from '../../config/settings.ts';
import type { Paths } from '../paths.ts';
import { isSystemError } from '../../net/system-error.ts';
import { ownerKnowledge } from '../answers/owner-knowledge.ts';
import { journalPath } from '../paths.ts';
import { askedServers } from '../wiring/verifier.ts';
import { SettingsRefused } from '../../centrals/connection.ts';
import { accountOf } from '../wiring/in-journal.ts';
import { wirePanelHand } from '../wiring/wire.ts';
import { checkAgent, checkLog } from './agent.ts';
import { checkConnection } from './central.ts';
import { problemFound, type Finding } from './finding.ts';
import { checkFiles, checkRegistration } from './files.ts';
import { checkHost, checkSystem, checkWays } from './host.ts';
import { syncedZone, checkNameServers } from './name-servers.ts';
import { checkNotify } from './notify.ts';
import { checkOwners } from './owners.ts';
import { checkJournal, checkPanel } from './records.ts';
import { checkMode, checkPause, checkSettings } from './settings.ts';

export interface DoctorOptions {
  readonly paths: Paths;
  /** The present time: wall clock, milliseconds since 1970. */
  readonly wall: number;
}

type CheckBody = () => Promise<readonly Finding[]> | readonly Finding[];

/** Runs all checks of this host, one after the other. Changes nothing. */
export async function* examine({ paths, wall }: DoctorOptions): AsyncGenerator<Finding> {
  const closed = [paths.root, paths.state, dirname(paths.socket)].find(isClosed);
  if (closed !== undefined) {
    yield problemFound('user', `you may not read ${closed}`, 'run this as root');
    return;
  }
  const loaded = loadSettings(paths.root);
  const centrals = loaded.kind === 'configured' ? everyCentral(loaded.settings) : [];
  const [first] = centrals;
  const checks: readonly (readonly [string, CheckBody])[] = [
    ['host', () => checkHost(paths)],
    ['plugin files', () => checkFiles(paths)],
    ['settings', () => checkSettings(loaded, paths)],
    ['mode', () => checkMode(loaded)],
    ['pause', () => checkPause(paths, wall)],
    ['agent', () => checkAgent(paths)],
    ['hook', () => checkWays(paths)],
    ['system', () => checkSystem(paths)],
    ['panel', async () => await checkPanel(paths, await wirePanelHand(paths.root))],
    ['panel log', () => checkRegistration(paths)],
    ['owners', async () => (first === undefined ? [] : checkOwners(await ownerKnowledge(paths, first)))],
    ...centrals.flatMap((one) => checksOf(one, { paths, wall, several: centrals.length > 1 })),
    ...centrals
      .slice(0, 1)
      .map(({ notify }): readonly [string, CheckBody] => ['notify', () => checkNotify(notify, paths, wall)]),
    ['log', () => checkLog(paths, wall)],
  ];
  for (const [check, body] of checks) yield* await findingsOf(check, body);
}

/**
 * The checks of one central. If the panel has several centrals, the central's number is part of each check's
 * name.
 */
function checksOf(
  settings: Settings,
  { paths, wall, several }: Pick<DoctorOptions, 'paths' | 'wall'> & { readonly several: boolean },
): readonly (readonly [string, CheckBody])[] {
  const named = (name: string): string => (several ? `${name} ${settings.number}` : name);
  const part = (name: string, body: () => Promise<readonly Finding[]>): readonly [string, CheckBody] => [
    named(name),
    async () => (await body()).map((one) => ({ ...one, check: named(one.check) })),
  ];
  return [
    part('central', async () => await checkConnection(settings, paths.root, wall)),
    part('journal', async () => {
      const account = await accountOf(paths, settings);
      return await checkJournal(journalPath(paths, account), wall);
    }),
    part('name servers', async () => {
      if (settings.verify.servers.length === 0) return [];
      const zone = await syncedZone(paths, settings);
      return await checkNameServers(askedServers(settings), zone, settings.verify.strict);
    }),
  ];
}

/** Runs one check. If it throws, the error becomes a finding, so that the other checks still run. */
async function findingsOf(check: string, body: CheckBody): Promise<readonly Finding[]> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof SettingsRefused) return [];
    const text = `could not be checked: ${error instanceof Error ? error.message : String(error)}`;
    return [problemFound(check, text, 'run as root; if that does not help, this is a defect: report it')];
  }
}

/** Whether this user may not read a folder; false if the folder does not exist. */
function isClosed(path: string): boolean {
  try {
    readdirSync(path);
    return false;
  } catch (error) {
    if (isSystemError(error)) return error.code === 'EACCES';
    throw error;
  }
}
