/** The processes of a story about the gateway: name server, gateways, and who may use them. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeUnlessFailed } from '../../kept-folders.ts';
import { askGateway } from '../../accounts/ask-gateway.ts';
import { GatewayProcess, writeGatewaySettings, type GatewayToken } from '../../servers/gateway-process.ts';
import { startPostgres, type Postgres } from '../../servers/postgres.ts';
import { freePort } from '../../servers/process.ts';
import { startStoryServer, type StoryServer } from './name-server.ts';
import type { GatewayKill, GatewayPlan } from './plan.ts';

/** The customers of a story. Each has one zone that all his clients write. */
export const customers = ['shop', 'other'] as const;
export type CustomerId = (typeof customers)[number];

/** The zone of a customer that exists from the begin. */
export function zoneOf(customer: CustomerId): string {
  return `story-${customer}.example.`;
}

/** A zone of the provider, which nobody owns. Nobody may change it. */
export const ofProvider = 'provider-story.example.';

export interface GatewayScene {
  readonly plan: GatewayPlan;
  readonly server: StoryServer;
  /** One gateway, or two that share a database. */
  readonly gateways: readonly [GatewayProcess, ...GatewayProcess[]];
  /** The database that two gateways share; null: one gateway has its own. */
  readonly postgres: Postgres | null;
  /** The token and the customer of each client. */
  readonly clients: readonly { readonly customer: CustomerId; readonly token: GatewayToken }[];
  /** All records of the provider's zone at the begin, as text. */
  readonly provider: string;
  /** Number of processes killed while they ran, by the target of the kill. */
  readonly kills: Map<Exclude<GatewayKill, 'both'>, number>;
  /** Number of requests by the kind of their answer. */
  readonly heard: Map<string, number>;
  /** Keys of changes that a killed gateway left without an outcome, by the audit at the end. */
  readonly interrupted: Set<string>;
  /** Zones without SOA at the end, which PowerDNS has left when it was killed within a create. */
  readonly halfMade: string[];
  /** Everything that happened, one line each, with the milliseconds since the begin. */
  readonly told: string[];
  readonly tell: (text: string) => void;
  /** Called when a client sends a write. */
  onWrite: () => void;
}

/** Starts the name server and the gateways, and makes customers, tokens and their zones. */
export async function openGatewayScene(plan: GatewayPlan): Promise<GatewayScene> {
  const server = await startStoryServer(plan.backend, ofProvider);
  const postgres = plan.gateways === 2 ? await startPostgres() : null;
  const began = performance.now();
  const told: string[] = [];
  const gateways = await configured(plan, server, postgres);
  try {
    const clients = await admitClients(plan, gateways[0]);
    for (const gateway of gateways) await gateway.start();
    for (const { customer, token } of clients.slice(0, customers.length))
      await makeStoryZone(server, gateways[0], customer, token.token);
    return {
      plan,
      server,
      gateways,
      postgres,
      clients,
      provider: await server.octets(ofProvider),
      kills: new Map(),
      heard: new Map(),
      interrupted: new Set(),
      halfMade: [],
      told,
      tell: (text) => told.push(`${Math.round(performance.now() - began)} ms: ${text}`),
      onWrite: () => undefined,
    };
  } catch (error) {
    for (const gateway of gateways) await gateway.stop('SIGKILL');
    await postgres?.dispose();
    await server.server.dispose();
    throw error;
  }
}

/** Writes the settings of the gateways. They are not started yet. */
async function configured(
  plan: GatewayPlan,
  { server, backend }: StoryServer,
  postgres: Postgres | null,
): Promise<GatewayScene['gateways']> {
  const settings = { ...backend, timeout: '3' };
  const one = async (name: string, storage: Readonly<Record<string, string>>): Promise<GatewayProcess> => {
    const folder = join(server.folder, name);
    mkdirSync(folder);
    return new GatewayProcess(
      writeGatewaySettings(folder, settings, `127.0.0.1:${await freePort()}`, storage),
    );
  };
  if (postgres === null) return [await one('one', {})];
  const { host, port, database, user } = await postgres.database(`story${plan.seed}`);
  const shared = { kind: 'postgresql', host: `${host}:${port}`, database, user };
  return [await one('one', { ...shared, name: 'one' }), await one('two', { ...shared, name: 'two' })];
}

/** Makes the customers, and a token for each client. */
async function admitClients(plan: GatewayPlan, gateway: GatewayProcess): Promise<GatewayScene['clients']> {
  for (const id of customers) await gateway.operator('customer', 'add', id);
  const clients: GatewayScene['clients'][number][] = [];
  for (let at = 0; at < plan.clients; at += 1) {
    const customer = customers[at % customers.length] ?? 'shop';
    clients.push({ customer, token: await gateway.makeToken(customer, '--from', '127.0.0.0/8') });
  }
  return clients;
}

/** Makes the zone of a customer: by his own request, or as the provider, who then assigns it to him. */
async function makeStoryZone(
  { makesZones, makeZone }: StoryServer,
  gateway: GatewayProcess,
  customer: CustomerId,
  token: string,
): Promise<void> {
  const zone = zoneOf(customer);
  if (!makesZones) {
    await makeZone(zone, '');
    await gateway.operator('zone', 'assign', zone, customer);
    return;
  }
  const body = { zone, check: false, nameServers: [], records: [] };
  const { status } = await askGateway(gateway.url, token, 'POST', '/v1/zones', body);
  if (status !== 201) throw new Error(`${zone} was not created: ${status}`);
}

/** Ends all processes. @param keep whether to keep all files, so that a failure can be examined */
export async function closeGatewayScene(scene: GatewayScene, keep: boolean): Promise<void> {
  const { gateways, postgres, told } = scene;
  const { server } = scene.server;
  for (const gateway of gateways) await gateway.stop('SIGKILL');
  await postgres?.dispose();
  if (keep) {
    writeFileSync(join(server.folder, 'story.txt'), `${told.join('\n')}\n`);
    const lines = gateways.map((gateway) =>
      gateway.lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    writeFileSync(join(server.folder, 'gateway.log'), lines.join('\n'));
    await server.stop('SIGKILL');
    removeUnlessFailed(server.folder);
    return;
  }
  await server.dispose();
  rmSync(server.folder, { recursive: true, force: true });
}
