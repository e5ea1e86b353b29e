import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGatewayCentral, readGatewaySettings } from '../../centrals/gateway/index.ts';
import type { Central } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { Change } from '../../dns/zone.ts';
import { builtInSuffixes } from '../../gateway/names/public-suffixes.ts';
import type { ApiLimits } from '../../gateway/api/limits.ts';
import type { Rights } from '../../gateway/rights/decide.ts';
import { makeToken, readToken } from '../../gateway/rights/token.ts';
import { openStorage, startGateway, type RunningGateway } from '../../gateway/serve.ts';
import type { Backend } from '../../gateway/backend-settings.ts';
import type { GatewaySettings } from '../../gateway/settings.ts';
import {
  newTokenFacts,
  usualLimits,
  type CustomerState,
  type Limits,
  type StoredToken,
} from '../../gateway/storage/storage.ts';
import { toWire } from '../../net/gateway/wire.ts';
import type { ContractSubject } from '../contracts/central/zone-bench.ts';
import { auditFacts, sampleChange } from '../contracts/gateway-storage.ts';
import { patience } from '../patience.ts';
import { quietContext } from '../quiet-context.ts';
import { realClock } from '../real-clock.ts';
import type { NameServer, NameServerOptions, ServerKey } from '../servers/name-server.ts';
import { startPowerdns, type Powerdns, type PowerdnsOptions } from '../servers/powerdns.ts';
import { askGateway } from './ask-gateway.ts';
import { nameServerSubject } from './name-server.ts';
import { alice, powerdnsSubject } from './powerdns.ts';

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

/** A gateway in front of a name server, with customers. */
export interface GatewayBench<S = Powerdns> {
  readonly server: S;
  /** URL of the gateway. */
  url(): string;
  /** URL of health checks and metrics. */
  statusUrl(): string;
  /** Makes a token of the operator. @returns the token's text */
  operatorToken(): Promise<string>;
  readonly settings: GatewaySettings;
  /** Adds a customer, if there is none with the id, and makes a token for him. @returns the token's text */
  token(
    customer: string,
    rights?: Rights,
    networks?: readonly string[],
    facts?: Pick<StoredToken, 'makesTokens'>,
  ): Promise<string>;
  /** Gives the customer a zone that the name server has already. */
  assign(zone: DnsName, customer: string, backend?: string): Promise<void>;
  /** Says at which name server new zones of the customer are made. */
  setBackend(customer: string, backend: string): Promise<void>;
  /** A central for the customer, with a token of his. */
  central(customer: string, token: string): Central;
  revoke(token: string): Promise<void>;
  setState(customer: string, state: CustomerState): Promise<void>;
  setLimits(customer: string, limits: Partial<Limits>): Promise<void>;
  /** Stores a change that has no outcome, as a gateway leaves it that is killed before the write. */
  accept(customer: string, token: string, key: string, zone: DnsName): Promise<void>;
  transfer(zone: DnsName, customer: string): Promise<void>;
  /** Claims a zone, as a gateway leaves it that is killed during a create. */
  claim(zone: DnsName, customer: string): Promise<void>;
  /** Undoes {@link GatewayBench.claim}. */
  drop(zone: DnsName, customer: string): Promise<void>;
  /** Starts a second gateway in the same folder. */
  second(): Promise<RunningGateway>;
  /** Stops the gateway, and starts it again at the same port. @param meanwhile is done while it is stopped */
  restart(meanwhile?: () => void, changes?: Partial<GatewaySettings>): Promise<void>;
  stop(): Promise<void>;
}

/** Starts PowerDNS and a gateway in front of it, in this process, on free ports. */
export async function startGatewayBench(
  options: PowerdnsOptions = {},
  limits: Partial<ApiLimits> = {},
): Promise<GatewayBench> {
  const server = await startPowerdns({ account: alice, extra: 'dname-processing=yes', ...options });
  return await benchAt(server, powerdnsBackend(server.url, server.apiKey), () => server.dispose(), limits);
}

const unusedOptions = {
  passwordNext: '',
  timeout: patience,
  login: '',
  newZones: { nameServers: [], kind: 'native' },
  nativeSerials: false,
} as const;

/** The settings of a gateway for PowerDNS. */
export function powerdnsBackend(address: string, password: string): Backend {
  const dns = { algorithm: '', transport: 'tcp', axfr: false };
  return { ...unusedOptions, kind: 'powerdns', address, username: alice, password, dns };
}

/** The settings of a gateway for BIND or Knot. @param key may transfer the zones */
export function keyBackend(port: number, { name, algorithm, secret }: ServerKey): Backend {
  const dns = { algorithm, transport: 'tcp', axfr: true };
  const address = `dns://127.0.0.1:${port}`;
  return { ...unusedOptions, kind: 'rfc2136', address, username: name, password: secret, dns };
}

/**
 * Starts a gateway in front of a name server, in this process, on a free port.
 * @param dispose ends the name server
 */
export async function benchAt<S>(
  server: S,
  backend: Backend,
  dispose: () => Promise<void>,
  limits: Partial<ApiLimits> = {},
  furtherBackends: ReadonlyMap<string, Backend> = new Map(),
): Promise<GatewayBench<S>> {
  const state = mkdtempSync(join(tmpdir(), 'gateway-'));
  const settings: GatewaySettings = {
    listen: { host: '127.0.0.1', port: 0 },
    statusListen: { host: '127.0.0.1', port: 0 },
    certificate: null,
    limits: { ...wideLimits, ...limits },
    proxies: { networks: [], header: 'x-forwarded-for' },
    state,
    storage: { kind: 'sqlite' },
    names: { reserved: [], reservedNetworks: [], reverse: [], suffixes: builtInSuffixes },
    quarantine: 60_000,
    keepChanges: 60_000,
    keepAddresses: 86_400_000,
    auditHeads: join(state, 'audit-heads'),
    backend,
    furtherBackends,
  };
  const ports = { clock: realClock, log: () => undefined };
  let running: RunningGateway = await startGateway(settings, ports);
  const { port } = running;
  const storage = await openStorage(settings);
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
    token: async (customer, rights = everything, networks = [], facts = { makesTokens: false }) => {
      await storage.addCustomer({ id: customer, state: 'active', limits: usualLimits, createdAt: 0 }, audit);
      const { id, text, hash } = makeToken();
      const bare = { ...newTokenFacts, ...facts, id, customer, hash, rights, networks, createdAt: 0 };
      await storage.addToken(bare, audit);
      return text;
    },
    assign: async (zone, customer, name) => {
      const claim = { zone, customer, at: 0, quarantine: 0 };
      await storage.claimZone({ ...claim, backend: name }, audit, null);
      await storage.confirmClaim(zone, customer, audit, null);
    },
    central: (customer, token) =>
      createGatewayCentral(
        readGatewaySettings({ address: url(), username: customer, password: token, timeout: patience }),
      ),
    revoke: async (token) => {
      await storage.revokeToken(readToken(token)?.id ?? '', 1, audit);
    },
    setBackend: async (customer, name) => {
      await storage.setCustomer(customer, { state: null, limits: {}, backend: name }, audit);
    },
    setState: async (customer, customerState) => {
      await storage.setCustomer(customer, { state: customerState, limits: {} }, audit);
    },
    setLimits: async (customer, changed) => {
      await storage.setCustomer(customer, { state: null, limits: changed }, audit);
    },
    accept: async (customer, token, key, zone) => {
      const id = readToken(token)?.id ?? '';
      const lease = await storage.takeZone(zone, patience);
      assert.ok(lease !== 'busy');
      await storage.countRecords(zone, 0, lease);
      const change = { ...sampleChange(key), customer, token: id, zone };
      const earlier = await storage.acceptChange(change, audit, lease);
      assert.equal(earlier, null);
    },
    transfer: async (zone, customer) => {
      const moved = await storage.transferZone({ zone, to: customer, withBelow: false }, audit);
      assert.deepEqual(moved, { moved: [zone] });
    },
    claim: async (zone, customer) => {
      await storage.claimZone({ zone, customer, at: 0, quarantine: 0 }, audit, null);
    },
    drop: async (zone, customer) => {
      await storage.dropClaim(zone, customer, audit, null);
    },
    second: async () => await startGateway(settings, ports),
    restart: async (meanwhile, changes = {}) => {
      await running.close();
      meanwhile?.();
      running = await startGateway({ ...settings, ...changes, listen: { host: '127.0.0.1', port } }, ports);
    },
    stop: async () => {
      await storage.close();
      await running.close();
      await dispose();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** Makes a subject of the central contract: customer `shop` of a gateway in front of PowerDNS. */
export async function gatewaySubject(options: PowerdnsOptions = {}): Promise<ContractSubject> {
  const direct = await powerdnsSubject(options);
  return await behindGateway(direct, powerdnsBackend(direct.url, direct.server.apiKey));
}

/** Makes a subject of the central contract: customer `shop` of a gateway in front of BIND or Knot. */
export async function gatewayKeySubject(
  start: (options: NameServerOptions) => Promise<NameServer>,
): Promise<ContractSubject> {
  const direct = await nameServerSubject(start, { axfr: true });
  return await behindGateway(direct, keyBackend(direct.port, direct.key));
}

/**
 * Puts a gateway in front of the name server of a subject. The other writer still writes at the name server
 * itself.
 */
async function behindGateway(direct: ContractSubject, backend: Backend): Promise<ContractSubject> {
  const bench = await benchAt(null, backend, () => direct.stop());
  const central = bench.central('shop', await bench.token('shop'));
  await central.listZones([], quietContext());
  const [other, second] = [bench.central('other', await bench.token('other')), await bench.token('shop')];
  const writer = direct.otherWriter;
  const makesZones = writer.makeZone === undefined;
  const change = async (zone: DnsName, parts: Pick<Change, 'remove' | 'add'>): Promise<void> => {
    const [remove, add] = [parts.remove.map(toWire), parts.add.map(toWire)];
    const body = { key: randomUUID(), remove, add };
    const { status } = await askGateway(bench.url(), second, 'POST', `/v1/zones/${zone}/changes`, body);
    assert.equal(status, 200);
  };
  return {
    ...direct,
    central,
    otherWriter: {
      ...writer,
      ...(!makesZones && {
        makeZone: async (zone: DnsName) => {
          await writer.makeZone?.(zone);
          await bench.assign(zone, 'shop');
        },
      }),
      makeSignedZone: async (zone) => {
        await writer.makeSignedZone?.(zone);
        await bench.assign(zone, 'shop');
      },
      createZone: async (zone) => {
        const seed = { addresses: [], nameServers: ['ns1.example.net.'], mailServers: [] };
        if (makesZones) await other.createZone(zone, seed, quietContext());
        else await writer.makeZone?.(zone);
        await bench.assign(zone, 'other');
      },
    },
    guardedWriter: {
      add: async (zone, record) => await change(zone, { remove: [], add: [record] }),
      remove: async (zone, record) => await change(zone, { remove: [record], add: [] }),
    },
    wrongCredentials: () => bench.central('shop', makeToken().text),
    stop: async () => {
      await other.close();
      await bench.stop();
    },
  };
}
