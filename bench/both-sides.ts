/** Starts a panel and a central that have the same zones, for the comparisons of `compare.ts`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseName, type DnsName } from '../src/dns/name.ts';
import { makeRecord } from '../src/dns/record.ts';
import type { Peer } from '../src/net/connect.ts';
import { missingFor } from '../src/testing/stage/server-registry.ts';
import type { Reach } from './bare-sides.ts';
import { startSubject, type Filled } from './name-servers.ts';
import { account, writePanelState } from './panel-state.ts';
import { startPanel } from './panels.ts';

/** The kinds of centrals. The name of each figure begins with one of these names. */
export const comparedCentrals = ['sandbox', 'powerdns_sqlite', 'bind'] as const;
export type ComparedCentral = (typeof comparedCentrals)[number];

export interface BothSides {
  readonly reach: Reach;
  /** Section `[isp_master]` of the product's settings. */
  readonly settings: Readonly<Record<string, string>>;
  /** Root of the panel. */
  readonly root: string;
  /** Address of the panel's own name server; null: BIND is not installed here. */
  readonly serialServer: Peer | null;
  stop(): Promise<void>;
}

/** Names the programs that are missing to start this central; false: none is missing. */
export function missingCentral(central: ComparedCentral): string | false {
  if (central === 'sandbox') return false;
  return missingFor(central === 'bind' ? 'bind' : 'powerdns');
}

/** Makes a zone of A records, each with its own name. */
export function filledZone(zone: DnsName, count: number): Filled {
  const records = Array.from({ length: count }, (_, at) => {
    const rdata = `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
    return makeRecord({ name: `h${at}`, type: 'A', ttl: 3_600, rdata }, zone);
  });
  return { zone, records };
}

export function filledZones(count: number, records: number): readonly Filled[] {
  return Array.from({ length: count }, (_, at) => filledZone(parseName(`z${at}.example.`), records));
}

/** Starts both sides. @param axfr whether the product reads whole zones of BIND by AXFR */
export async function startBothSides(
  central: ComparedCentral,
  zones: readonly Filled[],
  axfr = false,
): Promise<BothSides> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  const root = join(directory, 'panel');
  writePanelState(root, zones);
  const panel = await startPanel(root, account, 'v6');
  const other =
    central === 'sandbox'
      ? await startAccount(join(directory, 'central'), zones)
      : await startServer(central, zones, axfr);
  const own = missingFor('bind') === false ? await startSubject('bind', zones, { serial: 7 }) : null;
  return {
    ...other,
    root,
    serialServer: own === null ? null : { host: '127.0.0.1', port: own.server.port },
    stop: async () => {
      await own?.stop();
      await other.stop();
      await panel.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

type Other = Omit<BothSides, 'root' | 'serialServer'>;

async function startAccount(root: string, zones: readonly Filled[]): Promise<Other> {
  writePanelState(root, zones);
  const central = await startPanel(root, account, 'dnsmgr');
  const { name: username, password } = account;
  const url = `${central.url}${central.words.path}`;
  return {
    reach: { kind: 'sandbox', url, user: username, password },
    settings: { host: central.url, username, password, fingerprint: central.fingerprint },
    stop: async () => await central.stop(),
  };
}

async function startServer(
  software: Exclude<ComparedCentral, 'sandbox'>,
  zones: readonly Filled[],
  axfr: boolean,
): Promise<Other> {
  const { server, settings, stop } = await startSubject(software, zones, { isCopied: true });
  const { username = '', password = '', host = '' } = settings;
  if (software === 'powerdns_sqlite')
    return { reach: { kind: 'powerdns', url: host, apiKey: password }, settings, stop };
  const key = { name: username, algorithm: 'hmac-sha256', secret: password } as const;
  const reach = { kind: 'bind', port: server.port, key, axfr } as const;
  return { reach, settings: { ...settings, axfr: axfr ? 'yes' : 'no' }, stop };
}
