import type { NameServer, ServedZone } from '../servers/name-server.ts';
import { meaning, type Wanted } from './panel-words.ts';

/** The customer's account at a name server of a test, and the provider's access to its zones. */
export interface ServerAccount {
  readonly server: NameServer;
  readonly secrets: readonly string[];
  /** Port on which the server takes the plugin's requests. */
  readonly port: number;
  /** Whether a request of the plugin changes data. */
  readonly isWrite: (request: Buffer) => boolean;
  /**
   * Makes the options of `[isp_master]` for the account. @param port the port at which the plugin reaches the
   * server
   */
  readonly connection: (port: number) => Readonly<Record<string, string>>;
  /** A file with a key that may transfer the zones; null: no key is needed. */
  readonly keyFile: string | null;
  readonly makesZones: boolean;
  readonly ours: (zones: readonly ServedZone[]) => Promise<void>;
  readonly foreign: (zone: ServedZone) => Promise<void>;
  readonly zones: () => Promise<readonly string[]>;
  readonly edit: (zone: string, record: Wanted, what: 'add' | 'delete') => Promise<void>;
}

/** The data of a record, written as in master files. */
export function dataOf(record: Wanted, zone: string): string {
  const data = meaning(record, zone).split(' ').slice(2).join(' ');
  return record.type === 'TXT' ? JSON.stringify(data) : data;
}
