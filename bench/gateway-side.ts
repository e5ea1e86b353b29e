/** A PowerDNS with a gateway in front of it, and customers who have zones and tokens there. */
import { join } from 'node:path';
import type { DnsName } from '../src/dns/name.ts';
import type { Rights } from '../src/gateway/rights/decide.ts';
import { presetRights } from '../src/gateway/rights/presets.ts';
import { makeToken } from '../src/gateway/rights/token.ts';
import { openStorage } from '../src/gateway/serve.ts';
import { loadStorageSettings } from '../src/gateway/settings.ts';
import { newTokenFacts, usualLimits, type AuditFacts, type Storage } from '../src/gateway/storage/storage.ts';
import {
  GatewayProcess,
  powerdnsBackend,
  writeGatewaySettings,
} from '../src/testing/servers/gateway-process.ts';
import { startPowerdns, type Powerdns } from '../src/testing/servers/powerdns.ts';
import { rawCalls, type RawClient } from './raw.ts';
import { round } from './measure.ts';
import type { Filled } from './name-servers.ts';
import type { Spread } from './measure.ts';

/** The field `account` of all zones at PowerDNS. The gateway and the direct adapter share it. */
export const zoneAccount = 'bench';

/** A customer with one token. */
export interface BenchCustomer {
  readonly id: string;
  readonly token: string;
}

export interface GatewaySide {
  readonly server: Powerdns;
  readonly gateway: GatewayProcess;
  /** A client of the API of PowerDNS, without our adapter. */
  readonly raw: RawClient;
  /** Folder of the gateway's database. */
  readonly state: string;
  /** Section `[isp_master]` of an agent that reaches PowerDNS itself. @param port where it is reached */
  direct(port: number): Readonly<Record<string, string>>;
  /** Section `[isp_master]` of an agent that reaches the gateway. @param port where it is reached */
  through(port: number, customer: BenchCustomer): Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface SideOptions {
  readonly backend: 'sqlite3' | 'lmdb';
  /** Makes the address at which the gateway reaches PowerDNS; absent: its own address. */
  readonly reach?: (server: Powerdns) => Promise<string>;
}

/**
 * Starts PowerDNS and the gateway.
 * @param prepare fills PowerDNS and the gateway's database before the gateway starts
 */
export async function startGatewaySide<T>(
  { backend, reach }: SideOptions,
  prepare: (side: { server: Powerdns; raw: RawClient; storage: Storage; state: string }) => Promise<T>,
): Promise<GatewaySide & { readonly prepared: T }> {
  const server = await startPowerdns({ backend, account: zoneAccount });
  const raw = rawCalls(server, zoneAccount);
  const state = join(server.folder, 'gateway');
  const host = reach === undefined ? server.url : await reach(server);
  const options = { ...powerdnsBackend(server), username: zoneAccount, host };
  const gateway = new GatewayProcess(writeGatewaySettings(server.folder, options));
  const storage = await openStorage(loadStorageSettings(gateway.config));
  const prepared = await prepare({ server, raw, storage, state });
  await storage.close();
  await gateway.start();
  return {
    server,
    gateway,
    raw,
    state,
    prepared,
    direct: (port) => ({
      kind: 'powerdns',
      host: `http://127.0.0.1:${port}`,
      username: zoneAccount,
      password: server.apiKey,
    }),
    through: (port, { id, token }) => ({
      kind: 'gateway',
      host: `http://127.0.0.1:${port}`,
      username: id,
      password: token,
    }),
    stop: async () => {
      raw.close();
      await gateway.stop();
      await server.dispose();
    },
  };
}

const byBench: AuditFacts = { what: 'bench', customer: '', token: '', from: '', zone: '', detail: {} };

const rights: Rights = presetRights('panel', ['**'], []);

/** Adds a customer with one token, to whom these zones belong. PowerDNS has to have the zones. */
export async function addBenchCustomer(
  storage: Storage,
  id: string,
  zones: readonly DnsName[],
): Promise<BenchCustomer> {
  const limits = { ...usualLimits, zones: 1_000_000, writesInMinute: 1_000_000, writesInDay: 1_000_000 };
  await storage.addCustomer({ id, state: 'active', limits, createdAt: 0 }, byBench);
  const { id: token, text, hash } = makeToken();
  await storage.addToken({ ...newTokenFacts, id: token, customer: id, hash, rights, createdAt: 0 }, byBench);
  for (const zone of zones) {
    await storage.claimZone({ zone, customer: id, at: 0, quarantine: 0 }, byBench, null);
    await storage.confirmClaim(zone, id, byBench, null);
  }
  return { id, token: text };
}

/** Creates zones at PowerDNS with a bare client. */
export async function fillServer(raw: RawClient, zones: readonly Filled[]): Promise<void> {
  for (const { zone, records } of zones) await raw.create?.(zone, records);
}

/** The percentiles of a spread as figures, whose names begin with `name`. */
export function spreadFigures(name: string, { p50, p95, p99 }: Spread): Record<string, number> {
  return {
    [`${name}_p50_ms`]: round(p50),
    [`${name}_p95_ms`]: round(p95),
    [`${name}_p99_ms`]: round(p99),
  };
}
