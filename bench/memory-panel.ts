import type { Panel, PanelRecord } from '../src/core/panel.ts';
import type { DnsName } from '../src/dns/name.ts';
import type { Filled } from './name-servers.ts';
import type { Rec } from './raw.ts';

/** The zones of a panel in memory. The benchmark changes this map to change the panel. */
export type Held = Map<DnsName, readonly PanelRecord[]>;

export function heldBy(zones: readonly Filled[]): Held {
  return new Map(zones.map(({ zone, records }) => [zone, records.map(shown)]));
}

/** A record as the panel shows it. */
export function shown(record: Rec): PanelRecord {
  return { ...record, key: `${record.name} ${record.type}  ${record.rdata}` };
}

/** Makes a panel that has these zones and answers reads at once. Nothing can be written to it. */
export function memoryPanel(held: Held): Panel {
  return {
    id: 'bench',
    traits: { readDuringHandler: true, carriesTtl: true },
    decode: () => ({ kind: 'ignore' }),
    language: () => 'en',
    isAdmin: () => true,
    encode: () => ({ output: '' }),
    listZones: async () => await Promise.resolve({ zones: [...held.keys()], unreadable: [] }),
    remember: () => undefined,
    readOwners: async () =>
      await Promise.resolve({ way: 'none', zones: new Map([...held.keys()].map((zone) => [zone, null])) }),
    readZone: async (zone) => await Promise.resolve(held.get(zone) ?? null),
    write: async () => await Promise.reject(new Error('nothing is written here')),
    deleteZone: async () => await Promise.reject(new Error('nothing is written here')),
  };
}
