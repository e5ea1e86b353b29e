import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGatewayCentral, readGatewaySettings } from '../../centrals/gateway/index.ts';
import type { Central } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import { builtInSuffixes } from '../../gateway/names/public-suffixes.ts';
import type { ApiLimits } from '../../gateway/api/limits.ts';
import type { Rights } from '../../gateway/rights/decide.ts';
import { makeToken, readToken } from '../../gateway/rights/token.ts';
import { openStorage, startGateway, type RunningGateway } from '../../gateway/serve.ts';
import type { GatewaySettings } from '../../gateway/settings.ts';
import { newTokenFacts, usualLimits, type CustomerState } from '../../gateway/storage/storage.ts';
import type { ContractSubject } from '../contracts/central/zone-bench.ts';
import { auditFacts, sampleChange } from '../contracts/gateway-storage.ts';
import { patience } from '../patience.ts';
import { quietContext } from '../quiet-context.ts';
import { realClock } from '../real-clock.ts';
import { startPowerdns, type Powerdns, type PowerdnsOptions } from '../servers/powerdns.ts';
import { alice, otherWriter } from './powerdns.ts';

/** All rights, in all zones. */
const everything: Rights = {
  rules: ['@', '**'].map((name) => ({
    zone: '**',
    name,
    types: '*',
    allow: ['read', 'add', 'change', 'remove'],
  })),
  createZones: ['**'],
  deleteZones: ['**'],
  protectedTypes: ['NS@', 'SOA', 'DS', 'CAA', 'TLSA', 'LUA', 'ALIAS', 'DNSKEY', 'CDS', 'CDNSKEY', 'DNAME'],
};

/** Limits that tests do not reach by chance. */
const wideLimits: ApiLimits = {
  requests: 1_000_000,
  writes: 1_000_000,
  atOnce: 1_000,
  logins: 1_000_000,
  connections: 2_000,
  connectionsByAddress: 2_000,
  sending: patience,
  idle: 5_000,
};

/** A gateway in front of a PowerDNS, with customers. */
export interface GatewayBench {
  readonly server: Powerdns;
  /** URL of the gateway. */
  url(): string;
  /** URL of health checks and metrics. */
  statusUrl(): string;
  /** Makes a token of the operator. @returns the token's text */
  operatorToken(): Promise<string>;
  readonly settings: GatewaySettings;
  /** Adds a customer, if there is none with the id, and makes a token for him. @returns the token's text */
  token(customer: string, rights?: Rights, networks?: readonly string[]): Promise<string>;
  /** Gives the customer a zone that PowerDNS has already. */
  assign(zone: DnsName, customer: string): Promise<void>;
  /** A central for the customer, with a token of his. */
  central(customer: string, token: string): Central;
  revoke(token: string): Promise<void>;
  setState(customer: string, state: CustomerState): Promise<void>;
  /** Stores a change that has no outcome, as a gateway leaves it that is killed before the write. */
  accept(customer: string, token: string, key: string, zone: DnsName): Promise<void>;
  transfer(zone: DnsName, customer: string): Promise<void>;
  /** Claims a zone, as a gateway leaves it that is killed during a create. */
  claim(zone: DnsName, customer: string): Promise<void>;
  /** Undoes {@link GatewayBench.claim}. */
  drop(zone: DnsName, customer: string): Promise<void>;
  /** Starts a second gateway in the same folder. */
  second(): Promise<RunningGateway>;
  /** Stops the gateway, and starts it again at the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts PowerDNS and a gateway in front of it, in this process, on free ports. */
export async function startGatewayBench(
  options: PowerdnsOptions = {},
  limits: Partial<ApiLimits> = {},
): Promise<GatewayBench> {
  const server = await startPowerdns({ account: alice, extra: 'dname-processing=yes', ...options });
  const state = mkdtempSync(join(tmpdir(), 'gateway-'));
  const settings: GatewaySettings = {
    listen: { host: '127.0.0.1', port: 0 },
    statusListen: { host: '127.0.0.1', port: 0 },
    certificate: null,
    limits: { ...wideLimits, ...limits },
    state,
    names: { reserved: [], reservedNetworks: [], reverse: [], suffixes: builtInSuffixes },
    quarantine: 60_000,
    keepChanges: 60_000,
    backend: {
      kind: 'powerdns',
      address: server.url,
      username: alice,
      password: server.apiKey,
      passwordNext: '',
      timeout: patience,
      login: '',
      dns: { algorithm: '', transport: 'tcp', axfr: false },
      newZones: { nameServers: [], kind: 'native' },
      nativeSerials: false,
    },
  };
  const ports = { clock: realClock, log: () => undefined };
  let running: RunningGateway = await startGateway(settings, ports);
  const { port } = running;
  const storage = openStorage(settings);
  const audit = auditFacts('test');
  const url = (): string => `http://127.0.0.1:${port}`;
  return {
    server,
    url,
    statusUrl: () => `http://127.0.0.1:${running.statusPort}`,
    operatorToken: async () => {
      const { id, text, hash } = makeToken();
      const times = { createdAt: 0, expiresAt: null, revokedAt: null, lastUsed: null };
      await storage.addOperator({ id, hash, label: '', networks: [], ...times }, audit);
      return text;
    },
    settings,
    token: async (customer, rights = everything, networks = []) => {
      await storage.addCustomer({ id: customer, state: 'active', limits: usualLimits, createdAt: 0 }, audit);
      const { id, text, hash } = makeToken();
      const bare = { ...newTokenFacts, id, customer, hash, rights, networks, createdAt: 0 };
      await storage.addToken(bare, audit);
      return text;
    },
    assign: async (zone, customer) => {
      await storage.claimZone({ zone, customer, at: 0, quarantine: 0 }, audit);
      await storage.confirmClaim(zone, customer, audit);
    },
    central: (customer, token) =>
      createGatewayCentral(
        readGatewaySettings({ address: url(), username: customer, password: token, timeout: patience }),
      ),
    revoke: async (token) => {
      await storage.revokeToken(readToken(token)?.id ?? '', 1, audit);
    },
    setState: async (customer, customerState) => {
      await storage.setCustomer(customer, { state: customerState, limits: {} }, audit);
    },
    accept: async (customer, token, key, zone) => {
      const id = readToken(token)?.id ?? '';
      await storage.countRecords(zone, 0);
      const earlier = await storage.acceptChange({ ...sampleChange(key), customer, token: id, zone }, audit);
      assert.equal(earlier, null);
    },
    transfer: async (zone, customer) => {
      const moved = await storage.transferZone({ zone, to: customer, withBelow: false }, audit);
      assert.deepEqual(moved, { moved: [zone] });
    },
    claim: async (zone, customer) => {
      await storage.claimZone({ zone, customer, at: 0, quarantine: 0 }, audit);
    },
    drop: async (zone, customer) => {
      await storage.dropClaim(zone, customer, audit);
    },
    second: async () => await startGateway(settings, ports),
    restart: async () => {
      await running.close();
      running = await startGateway({ ...settings, listen: { host: '127.0.0.1', port } }, ports);
    },
    stop: async () => {
      await storage.close();
      await running.close();
      await server.dispose();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** Makes a subject of the central contract: customer `shop`, and somebody who writes at PowerDNS itself. */
export async function gatewaySubject(options: PowerdnsOptions = {}): Promise<ContractSubject> {
  const bench = await startGatewayBench(options);
  const central = bench.central('shop', await bench.token('shop'));
  const other = bench.central('other', await bench.token('other'));
  const writer = otherWriter(bench.server);
  return {
    central,
    otherWriter: {
      ...writer,
      ...(writer.makeSignedZone && {
        makeSignedZone: async (zone: DnsName) => {
          await writer.makeSignedZone?.(zone);
          await bench.assign(zone, 'shop');
        },
      }),
      createZone: async (zone: DnsName) => {
        const seed = { addresses: [], nameServers: ['ns1.example.net.'], mailServers: [] };
        await other.createZone(zone, seed, quietContext());
      },
    },
    wrongCredentials: () => bench.central('shop', makeToken().text),
    stop: async () => {
      await other.close();
      await bench.stop();
    },
  };
}
