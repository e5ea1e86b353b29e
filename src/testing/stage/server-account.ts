import type { NameServer, ServedZone } from '../servers/name-server.ts';
import { meaning, type Wanted } from './panel-words.ts';

/** How a server is run for the customer and asked for the truth. */
export interface ServerAccount {
  readonly server: NameServer;
  readonly secrets: readonly string[];
  /** Where the plugin's requests go, and which of them are writes. */
  readonly port: number;
  readonly isWrite: (request: Buffer) => boolean;
  /** Options of `[isp_master]` for a server on this port. */
  readonly connection: (port: number) => Readonly<Record<string, string>>;
  /** File with the key that may transfer zones; null: none is needed. */
  readonly keyFile: string | null;
  readonly makesZones: boolean;
  readonly ours: (zones: readonly ServedZone[]) => Promise<void>;
  readonly foreign: (zone: ServedZone) => Promise<void>;
  readonly zones: () => Promise<readonly string[]>;
  readonly edit: (zone: string, record: Wanted, what: 'add' | 'delete') => Promise<void>;
}

/** The data of a record in a master file. */
export function dataOf(record: Wanted, zone: string): string {
  const data = meaning(record, zone).split(' ').slice(2).join(' ');
  return record.type === 'TXT' ? JSON.stringify(data) : data;
}
