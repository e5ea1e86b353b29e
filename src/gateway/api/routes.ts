import * as v from 'valibot';
import { displayName, type DnsName } from '../../dns/name.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { StoredChange } from '../storage/storage.ts';
import type { Caller } from '../work/caller.ts';
import type { Gateway } from '../work/gateway.ts';
import { changeBody, withdrawBody, zoneBody, type withdrawAnswer } from '../../net/gateway/schemas.ts';
import { absoluteName, allFromWire, expectationFromWire, toWire } from '../../net/gateway/wire.ts';

/** A request whose sender is known. */
export interface ApiRequest {
  readonly caller: Caller;
  /** Parts of the path that stand for a value, decoded. */
  readonly values: readonly string[];
  readonly query: URLSearchParams;
  /** The JSON of the body; null: the request has none. */
  readonly body: unknown;
}

/** Status code and JSON of an answer. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface Route {
  readonly method: string;
  /** The path. `*` stands for a value. It is also the route's name in the log. */
  readonly path: string;
  readonly answer: (gateway: Gateway, request: ApiRequest) => Promise<ApiAnswer>;
}

/** All requests that the API knows. */
const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/account',
    answer: async (_gateway, { caller }) =>
      await ok({ customer: caller.customer.id, token: caller.token.id, label: caller.token.label }),
  },
  {
    method: 'GET',
    path: '/v1/zones',
    answer: async (gateway, { caller }) => await ok({ zones: await gateway.zones(caller) }),
  },
  {
    method: 'POST',
    path: '/v1/zones',
    answer: async (gateway, { caller, body }) => {
      const asked = checkedBody(zoneBody, body);
      const zone = absoluteName(asked.zone);
      const seed = { addresses: [], mailServers: [], nameServers: asked.nameServers };
      const made = { zone, seed, content: allFromWire(asked.records) };
      const result = await (asked.check ? gateway.mayCreate(caller, made) : gateway.createZone(caller, made));
      return { status: result === 'created' ? 201 : 200, body: { result } };
    },
  },
  {
    method: 'DELETE',
    path: '/v1/zones/*',
    answer: async (gateway, request) =>
      await ok({ result: await gateway.deleteZone(request.caller, zoneIn(request)) }),
  },
  {
    method: 'GET',
    path: '/v1/zones/*/records',
    answer: async (gateway, request) => {
      const asked = request.query.getAll('name').map(absoluteName);
      const names = asked.length === 0 ? null : asked;
      const records = await gateway.records(request.caller, zoneIn(request), names);
      return await ok({ records: records.map(toWire) });
    },
  },
  {
    method: 'GET',
    path: '/v1/zones/*/signing',
    answer: async (gateway, request) => await ok(await gateway.signing(request.caller, zoneIn(request))),
  },
  {
    method: 'POST',
    path: '/v1/zones/*/changes',
    answer: async (gateway, request) => {
      const { key, remove, add, expect } = checkedBody(changeBody, request.body);
      const change = {
        key,
        remove: allFromWire(remove),
        add: allFromWire(add),
        expect: expect === null ? null : expectationFromWire(expect),
      };
      return outcomeOf(await gateway.change(request.caller, zoneIn(request), change));
    },
  },
  {
    method: 'POST',
    path: '/v1/zones/*/changes/withdraw',
    answer: async (gateway, request) => {
      const { key } = checkedBody(withdrawBody, request.body);
      return await ok(toldOutcome(await gateway.withdraw(request.caller, zoneIn(request), key)));
    },
  },
];

/** A route, and the values in the path that it was found by. */
export interface FoundRoute {
  readonly route: Route;
  readonly values: readonly string[];
}

/**
 * Finds the route of a request.
 * @param path as sent. Each part is decoded once, after the path was split
 * @throws {ApiRefusal} 404 for an unknown path, 405 for another method, 400 for a wrong escape
 */
export function findRoute(method: string, path: string): FoundRoute {
  const parts = path.split('/');
  const found = routes.filter((route) => matches(route.path.split('/'), parts));
  if (found.length === 0) throw new ApiRefusal(404, 'gateway.no-such-path');
  const route = found.find((one) => one.method === method);
  if (route === undefined) throw new ApiRefusal(405, 'gateway.no-such-path');
  const pattern = route.path.split('/');
  return { route, values: parts.filter((_, at) => pattern[at] === '*').map(decoded) };
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  return pattern.length === parts.length && pattern.every((part, at) => part === '*' || part === parts[at]);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'path' }, cause: error });
  }
}

function zoneIn({ values: [zone = ''] }: ApiRequest): DnsName {
  return absoluteName(zone);
}

function checkedBody<T>(schema: v.GenericSchema<unknown, T>, body: unknown): T {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => ({
    code: 'gateway.bad-request',
    params: { text: `${v.getDotPath(issue) ?? 'body'}: expected ${issue.expected ?? 'another value'}` },
  }));
  throw new ApiRefusal(400, 'gateway.bad-request', { problems });
}

async function ok(body: unknown): Promise<ApiAnswer> {
  return await Promise.resolve({ status: 200, body });
}

/** @throws {ApiRefusal} if the change has failed */
function outcomeOf({ outcome, zone }: StoredChange): ApiAnswer {
  if (outcome?.kind === 'done') {
    const { removed, added } = outcome;
    return { status: 200, body: { removed: removed.map(toWire), added: added.map(toWire) } };
  }
  if (outcome?.kind === 'failed') {
    const { code, params, state, retry } = outcome;
    throw new ApiRefusal(code === 'central.unreachable' ? 503 : 422, code, { params, state, retry });
  }
  const params = { text: `interrupted: ${displayName(zone)}` };
  throw new ApiRefusal(503, 'central.unreachable', { params, state: 'unknown', retry: 'later' });
}

/** The outcome of a change as an answer to its withdrawal. */
function toldOutcome({ outcome }: StoredChange): v.InferOutput<typeof withdrawAnswer> {
  if (outcome?.kind === 'done') {
    const { removed, added } = outcome;
    return { outcome: 'done', removed: removed.map(toWire), added: added.map(toWire) };
  }
  if (outcome?.kind !== 'failed') return { outcome: 'interrupted' };
  const { code, params, state, retry } = outcome;
  return { outcome: 'failed', code, params, state, retry };
}
