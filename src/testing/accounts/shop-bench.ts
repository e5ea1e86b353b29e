import assert from 'node:assert/strict';
import type { ApiLimits } from '../../gateway/api/limits.ts';
import { askGateway, type Said } from './ask-gateway.ts';
import { startGatewayBench, type GatewayBench } from './gateway.ts';

/** The body of a request that creates a zone without records of its own. */
export function emptyZone(zone: string, check = false): Readonly<Record<string, unknown>> {
  return { zone, check, nameServers: ['ns1.example.net'], records: [] };
}

/** A gateway in front of PowerDNS, with a customer `shop` who has the zone `shop.example`. */
export interface ShopBench {
  readonly bench: GatewayBench;
  /** A token of the customer, which may do everything. */
  readonly token: string;
  /** Sends a request to the gateway. @param by the token; default: that of the customer */
  readonly ask: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
    by?: string,
  ) => Promise<Said>;
}

/** Starts it. `bench.stop` ends it. */
export async function startShopBench(limits: Partial<ApiLimits> = {}): Promise<ShopBench> {
  const bench = await startGatewayBench({}, limits);
  const token = await bench.token('shop');
  const ask: ShopBench['ask'] = async (method, path, body, headers = {}, by = token) =>
    await askGateway(bench.url(), by, method, path, body, headers);
  assert.equal((await ask('POST', '/v1/zones', emptyZone('shop.example'))).status, 201);
  return { bench, token, ask };
}
