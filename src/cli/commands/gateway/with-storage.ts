import { userInfo } from 'node:os';
import { CommandFailed } from '../../../app/command-failed.ts';
import { describeProblem } from '../../../core/describe.ts';
import { openStorage } from '../../../gateway/serve.ts';
import {
  backendNames,
  GatewaySettingsRefused,
  loadGatewaySettings,
  loadStorageSettings,
  type GatewaySettings,
} from '../../../gateway/settings.ts';
import { StorageError, type AuditFacts, type Storage } from '../../../gateway/storage/storage.ts';
import type { GlobalOptions } from '../../global-options.ts';

/** What the commands of a gateway need: the global options, and the path of the gateway's settings file. */
export interface GatewayGlobals {
  readonly globals: () => GlobalOptions;
  readonly config: () => string;
}

/** Reads the settings of the gateway. @throws {CommandFailed} with every mistake */
export function settingsAt(path: string): GatewaySettings {
  return asCommand(() => loadGatewaySettings(path));
}

/** Names of the sections `[backend NAME]` of the settings. @throws {CommandFailed} with every mistake */
export function backendsAt(path: string): readonly string[] {
  return asCommand(() => backendNames(path));
}

/** Reads where the gateway's data are stored. @throws {CommandFailed} with every mistake */
export function storageSettingsAt(path: string): ReturnType<typeof loadStorageSettings> {
  return asCommand(() => loadStorageSettings(path));
}

/** Turns mistakes in the settings into the error of a command. @throws {CommandFailed} */
function asCommand<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GatewaySettingsRefused)) throw error;
    const text = error.problems.map((one) => describeProblem(one, 'en')).join('\n');
    throw new CommandFailed(text, error.problems);
  }
}

/** Opens the gateway's storage for one command. @throws {CommandFailed} if it cannot be read or written */
export async function withStorage<T>(path: string, work: (storage: Storage) => Promise<T>): Promise<T> {
  try {
    const storage = await openStorage(storageSettingsAt(path));
    try {
      return await work(storage);
    } finally {
      await storage.close();
    }
  } catch (error) {
    if (error instanceof StorageError) throw new CommandFailed(describeProblem(storageProblem(error), 'en'));
    throw error;
  }
}

/** The problem that the operator reads about a failure of the storage. */
export function storageProblem({ code, cause }: StorageError): {
  readonly code: string;
  readonly params: Readonly<Record<string, string>>;
} {
  return { code: `gateway.${code}`, params: { text: cause instanceof Error ? cause.message : '' } };
}

/** What the audit stores about a command of the operator. */
export function byOperator(what: string, facts: Partial<AuditFacts>): AuditFacts {
  const from = `command line, ${userInfo().username}`;
  return { what, customer: '', token: '', zone: '', detail: {}, ...facts, from };
}
