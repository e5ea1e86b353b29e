/** Writes the state of a sandbox before it starts, so that it has many zones at once. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Filled } from './name-servers.ts';

/** The user of the panel who has all zones. */
export const account = { name: 'kunde', password: 'bench-password' };

/** Writes the panel's state in its own format (sandbox/shared/store.ts). */
export function writePanelState(root: string, zones: readonly Filled[]): void {
  mkdirSync(join(root, 'var'), { recursive: true });
  const soa = { primary: 'ns1.example.net.', email: 'hostmaster.example.net.', serial: '1' };
  const times = { refresh: '10800', retry: '3600', expire: '604800', ttl: '3600' };
  const lines = zones.map(({ zone, records }) => {
    const rows = records.map(({ name, type, rdata }) => ({
      name,
      type,
      prio: '',
      wght: '',
      port: '',
      addr: rdata,
      ttl: '3600',
    }));
    const name = zone.slice(0, -1);
    const value = {
      name,
      owner: account.name,
      ip: '192.0.2.1',
      ns: '',
      mx: '',
      soa: { ...soa, ...times },
      rows,
    };
    return `${JSON.stringify({ table: 'zone', name, value })}\n`;
  });
  writeFileSync(join(root, 'var/state.jsonl'), lines.join(''), { mode: 0o600 });
}
