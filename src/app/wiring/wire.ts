import { randomInt } from 'node:crypto';
import { withBreaker, type GuardedCentral } from '../../core/breaker.ts';
import type { Central } from '../../core/central.ts';
import type { Decision } from '../../core/decision.ts';
import type { HistorySource } from '../../core/history.ts';
import { pinOf } from '../../centrals/connection.ts';
import { centralModule } from '../../centrals/registry.ts';
import type { SecretChanged } from '../../centrals/secrets.ts';
import { withVerification } from '../../centrals/verified/index.ts';
import type { Verifier } from '../../centrals/verified/verifier.ts';
import { Engine } from '../../core/engine/engine.ts';
import { defaultEngineSettings, type EngineSettings } from '../../core/engine/settings.ts';
import type { Journal } from '../../core/journal.ts';
import type { Log } from '../../core/log.ts';
import type { Panel } from '../../core/panel.ts';
import type { PanelHand } from '../../core/panel-hand.ts';
import type { Settings } from '../../config/settings.ts';
import { hostFiles, readHost } from '../../journal/host-identity.ts';
import { SqliteJournal } from '../../journal/sqlite.ts';
import { Upkeep } from '../../journal/upkeep.ts';
import { systemClock } from './clock.ts';
import { foundMemory } from './found-central.ts';
import { localSerials } from './local-serials.ts';
import { loggedCentral, loggedPanel } from './logged.ts';
import { eraseUser, historySource } from './history-source.ts';
import { panelAt } from './panel-at.ts';
import { passwordInUse } from './password-in-use.ts';
import { makeDelegations } from './resolvers.ts';
import { makeVerifier } from './verifier.ts';
import type { Health } from '../answers/health.ts';
import type { Delegations } from '../plan/delegation.ts';
import { checkFiles } from '../doctor/files.ts';
import { isPaused } from '../pause.ts';
import { HealthKeeper, type HealthParts } from './health-keeper.ts';
import { journalPath, type Paths } from '../paths.ts';

/**
 * Shortest time (ms) for which an ended operation is kept, because the safety limits count the operations of
 * the last hour. The longest time for which records are watched is added.
 */
const leastKept = 3_600_000;

/** Writes the parts of the journal that only the history shows. The engine does not read them. */
export interface HistoryWriter {
  /** Stores edits that were decided without an operation. @throws {JournalError} */
  readonly note: (decisions: readonly Decision[]) => void;
  /**
   * Removes a user's name and addresses from ended operations and decisions.
   * @returns how many entries were changed
   * @throws {JournalError}
   */
  readonly erase: (user: string) => Promise<number>;
}

/** A running engine and its parts. `close` stops and closes all of them. */
export interface Wired {
  readonly engine: Engine;
  /** The engine's journal, for reading. Only the engine may write to it. */
  readonly journal: Omit<Journal, 'commit' | 'close'>;
  /** Reads the history, and writes the entries that the agent adds to it without the engine. */
  readonly history: HistoryWriter & HistorySource;
  readonly central: WiredCentral;
  readonly settings: Settings;
  /** Asks the name servers after each write; null: the settings name no name servers. */
  readonly verifier: Verifier | null;
  /** Asks to which name servers the public DNS delegates zones; null: the settings name no resolver. */
  readonly delegations: Delegations | null;
  /** The health of engine and central. @throws {JournalError} */
  readonly health: () => Promise<Health>;
  close(): Promise<void>;
}

/** A central as its settings describe it. */
export interface WiredCentral extends GuardedCentral {
  /** Whether the central refused the password of the settings, and accepted the next one. */
  readonly usesNextPassword: () => boolean;
}

/**
 * Makes the central that the settings describe, with a circuit breaker. Does not contact it. The first login
 * uses the password that was in use last.
 * @param root the panel's root, where facts about the central are stored
 * @param log gets lines about events that are no errors; absent: these are not logged
 * @throws {SettingsRefused}
 */
export async function wireCentral(
  settings: Settings,
  root: string,
  log: Log = () => undefined,
): Promise<WiredCentral> {
  const remembered = await passwordInUse(root, settings);
  const isSwapped = remembered.isNext;
  let isNextInUse = isSwapped;
  const { password, passwordNext } = settings;
  const inOrder = isSwapped ? { password: passwordNext, passwordNext: password } : {};
  const central = await makeCentral({ ...settings, ...inOrder }, root, log, (isOther) => {
    isNextInUse = isOther !== isSwapped;
    remembered.put(isNextInUse);
    log(2, 'central.other-password', { next: isNextInUse ? 1 : 0 });
  });
  return Object.assign(withBreaker(central, systemClock), { usesNextPassword: () => isNextInUse });
}

async function makeCentral(
  settings: Settings,
  root: string,
  log: Log,
  secretChanged: SecretChanged,
): Promise<Central> {
  const connection = {
    ...settings,
    password: settings.password.reveal(),
    passwordNext: settings.passwordNext.reveal(),
    timeout: settings.deadline,
    ...pinOf(settings),
  };
  const memory = foundMemory(root, settings);
  return await centralModule(settings.kind).open(connection, {
    clock: systemClock,
    log,
    memory,
    secretChanged,
  });
}

/** Makes the object with which the self-test edits records in the panel on this host, as a user would. */
export async function wirePanelHand(root: string): Promise<PanelHand> {
  return await panelAt(root).openHand(root);
}

/**
 * Makes the adapter of the panel on this host.
 * @param service whether systemd confines this process
 * @param log gets a line about domains that cannot be used and are left out of the list of zones
 */
export async function wirePanel(root: string, service = false, log?: Log): Promise<Panel> {
  return await panelAt(root).open(root, { service, ...(log && { log }) });
}

/**
 * Makes the log of one central, whose lines have the central's number. Lines of the first central have none.
 */
function numbered(log: Log, { number }: Settings): Log {
  if (number === 1) return log;
  return (level, event, fields) => log(level, event, { central: number, ...fields });
}

function engineSettings(settings: Settings): EngineSettings {
  const { mode, afterWait, readGap, readLag, grace, watch, compareEvery, serialsEvery } = settings;
  const { ownerCheck, limits } = settings;
  const times = { afterWait, readGap, readLag, grace, watch, compareEvery, serialsEvery };
  return { ...defaultEngineSettings, mode, ...times, ownerCheck, limits, visibilityWait: afterWait * 3 };
}

/** Facts about the files under the panel's root that the health report uses. */
function onHost(paths: Paths): Pick<HealthParts, 'files' | 'isPaused'> {
  return {
    files: () => checkFiles(paths).find(({ state }) => state === 'problem')?.text ?? null,
    isPaused: () => isPaused(paths.pause, systemClock.wall()),
  };
}

interface PanelSide {
  readonly panel: Panel;
  readonly centrals: number;
  readonly isHolding: () => boolean;
}

/**
 * Opens the journal of the central and starts an engine on it.
 * @param panel `panel`: the panel's adapter; `centrals`: how many centrals the panel has; `isHolding`:
 *   whether comparisons wait for the end of a pause
 * @param settings the settings of this central
 * @throws {JournalError} when the journal cannot be used
 */
export async function wireEngine(
  paths: Paths,
  { panel, centrals, isHolding }: PanelSide,
  central: WiredCentral,
  settings: Settings,
  plainLog: Log,
): Promise<Wired> {
  const log = numbered(plainLog, settings);
  const journal = new SqliteJournal({
    path: journalPath(paths, central.id),
    writer: true,
    host: readHost(hostFiles),
  });
  const verifier = makeVerifier(settings, log, centrals);
  const logged = loggedCentral(central, log);
  const serials = localSerials(settings);
  const delegations = makeDelegations(settings);
  const host = onHost(paths);
  const engine = new Engine({
    panel: loggedPanel(panel, log),
    central: verifier === null ? logged : withVerification(logged, verifier),
    journal,
    clock: systemClock,
    log,
    random: () => randomInt(2 ** 47) / 2 ** 47,
    serials,
    settings: engineSettings(settings),
    isPaused: isHolding,
  });
  const clock = systemClock;
  const keeper = new HealthKeeper({ engine, central, journal, verifier, clock, log, settings, ...host });
  try {
    panel.remember((await journal.zones()).map(({ zone }) => zone));
    await engine.start();
    await keeper.start();
  } catch (error) {
    await engine.stop();
    verifier?.close();
    serials.close();
    delegations?.close();
    await journal.close();
    throw error;
  }
  const { history, watch } = settings;
  const upkeep = new Upkeep(journal, systemClock, log, { ...history, recent: leastKept + watch });
  return {
    engine,
    journal,
    history: {
      ...historySource(journal),
      note: (decisions) => journal.note(decisions),
      erase: async (user) => await eraseUser(journal, user),
    },
    central,
    settings,
    verifier,
    delegations,
    health: () => keeper.health(),
    close: async () => {
      await keeper.stop();
      await engine.stop();
      await upkeep.stop();
      verifier?.close();
      serials.close();
      delegations?.close();
      await central.close();
      await journal.close();
    },
  };
}
