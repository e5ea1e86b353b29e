/** The processes of a story about the gateway: PowerDNS, the gateway, and who may use it. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zoneName } from '../../../dns/name.ts';
import { removeUnlessFailed } from '../../kept-folders.ts';
import { askGateway } from '../../accounts/ask-gateway.ts';
import {
  GatewayProcess,
  gatewayAccountName,
  powerdnsBackend,
  writeGatewaySettings,
  type GatewayToken,
} from '../../servers/gateway-process.ts';
import { startPowerdns, type Powerdns } from '../../servers/powerdns.ts';
import { freePort, runProgram } from '../../servers/process.ts';
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
  readonly server: Powerdns;
  readonly gateway: GatewayProcess;
  /** The token and the customer of each client. */
  readonly clients: readonly { readonly customer: CustomerId; readonly token: GatewayToken }[];
  /** All records of the provider's zone at the begin, as text. */
  readonly provider: string;
  /** Number of processes killed while they ran, by the target of the kill. */
  readonly kills: Map<Exclude<GatewayKill, 'both'>, number>;
  /** Number of requests by the kind of their answer. */
  readonly heard: Map<string, number>;
  /** Zones without SOA at the end, which PowerDNS has left when it was killed within a create. */
  readonly halfMade: string[];
  /** Everything that happened, one line each, with the milliseconds since the begin. */
  readonly told: string[];
  readonly tell: (text: string) => void;
  /** Called when a client sends a write. */
  onWrite: () => void;
}

/** Starts PowerDNS and the gateway, and makes customers, tokens and their zones. */
export async function openGatewayScene(plan: GatewayPlan): Promise<GatewayScene> {
  const server = await startPowerdns({ account: gatewayAccountName });
  const records = 'www A 192.0.2.1\nmail A 192.0.2.2';
  await server.addZones([{ zone: zoneName(ofProvider), records }]);
  const listen = `127.0.0.1:${await freePort()}`;
  const settings = { ...powerdnsBackend(server), timeout: '3' };
  const gateway = new GatewayProcess(writeGatewaySettings(server.folder, settings, listen));
  const began = performance.now();
  const told: string[] = [];
  try {
    for (const id of customers) await gateway.operator('customer', 'add', id);
    const clients: GatewayScene['clients'][number][] = [];
    for (let at = 0; at < plan.clients; at += 1) {
      const customer = customers[at % customers.length] ?? 'shop';
      clients.push({ customer, token: await gateway.makeToken(customer, '--from', '127.0.0.0/8') });
    }
    await gateway.start();
    for (const { customer, token } of clients.slice(0, customers.length)) {
      const body = { zone: zoneOf(customer), check: false, nameServers: [], records: [] };
      const { status } = await askGateway(gateway.url, token.token, 'POST', '/v1/zones', body);
      if (status !== 201) throw new Error(`${zoneOf(customer)} was not created: ${status}`);
    }
    return {
      plan,
      server,
      gateway,
      clients,
      provider: await octets(server, ofProvider),
      kills: new Map(),
      heard: new Map(),
      halfMade: [],
      told,
      tell: (text) => told.push(`${Math.round(performance.now() - began)} ms: ${text}`),
      onWrite: () => undefined,
    };
  } catch (error) {
    await gateway.stop('SIGKILL');
    await server.dispose();
    throw error;
  }
}

/** All records of a zone, as the name server transfers them. */
export async function octets({ port }: Powerdns, zone: string): Promise<string> {
  const place = ['@127.0.0.1', '-p', String(port)];
  return await runProgram('dig', [...place, '+noall', '+answer', '+tries=1', zone, 'AXFR']);
}

/** Ends all processes. @param keep whether to keep all files, so that a failure can be examined */
export async function closeGatewayScene(scene: GatewayScene, keep: boolean): Promise<void> {
  const { gateway, server, told } = scene;
  await gateway.stop('SIGKILL');
  if (keep) {
    writeFileSync(join(server.folder, 'story.txt'), `${told.join('\n')}\n`);
    writeFileSync(
      join(server.folder, 'gateway.log'),
      gateway.lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    await server.stop('SIGKILL');
    removeUnlessFailed(server.folder);
    return;
  }
  await server.dispose();
  rmSync(server.folder, { recursive: true, force: true });
}
