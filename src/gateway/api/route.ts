import type { OutgoingHttpHeaders } from 'node:http';
import * as v from 'valibot';
import type { DnsName } from '../../dns/name.ts';
import { absoluteName } from '../../net/gateway/wire.ts';
import { ApiRefusal } from '../api-refusal.ts';
import { plainBackendName } from '../backend-settings.ts';
import type { DriftChecker } from '../drift/checker.ts';
import type { OperatorCaller } from '../operator/login.ts';
import type { OperatorWork } from '../operator/work.ts';
import type { Storage } from '../storage/storage.ts';
import type { Caller } from '../work/caller.ts';
import type { Gateway } from '../work/gateway.ts';
import type { HeldToken } from '../work/held-token.ts';
import type { Precondition } from '../work/precondition.ts';

/** What the requests work with. */
export interface ApiWork {
  readonly gateway: Gateway;
  readonly operator: OperatorWork;
  readonly drift: Pick<DriftChecker, 'check'>;
  readonly storage: Storage;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
}

/** Values of a path, by the names that its pattern has for them; decoded. */
export type PathValues = Readonly<Record<string, string>>;

/** Headers that some requests have. */
export interface RequestHeaders {
  /** The value of `Idempotency-Key`; null: the request has none. */
  readonly key: string | null;
  readonly precondition: Precondition;
  /** Whether the client wants a list as lines of JSON. */
  readonly wantsLines: boolean;
}

/** A request whose sender is known, and whose query and body have the right form. */
export interface ApiRequest<C, Q, B> {
  readonly caller: C;
  readonly values: PathValues;
  readonly query: Q;
  readonly body: B;
  readonly headers: RequestHeaders;
}

/** An answer. */
export interface ApiAnswer {
  readonly status: number;
  /** Sent as JSON; undefined: the answer has no body. */
  readonly body?: unknown;
  /** Sent instead of `body`, as one line of JSON for each. */
  readonly lines?: readonly unknown[];
  readonly headers?: OutgoingHttpHeaders;
}

/** The description of an answer, for the OpenAPI document. */
export interface DescribedAnswer {
  readonly about: string;
  /** The form of its body; null: it has none. */
  readonly body: v.GenericSchema | null;
  /** Its headers, and what they say. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the client can have it as lines of JSON, with the schema of one line. */
  readonly line?: v.GenericSchema;
}

/**
 * Whose token a request needs. `anyone`: none. `holder`: any token in use, sent from any address, also one of
 * a suspended customer.
 */
export type Audience = 'anyone' | 'holder' | 'customer' | 'operator';

/** Who may send a request. */
export type RequestSender = Caller | OperatorCaller | HeldToken;

type ObjectSchema<T> = v.GenericSchema<unknown, T> & { readonly entries: v.ObjectEntries };

interface RouteFacts {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path. A part in braces stands for a value. It is also the route's name in log and metrics. */
  readonly path: string;
  readonly about: string;
  /** Headers of requests, and what they are for. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, DescribedAnswer>>;
  /** Codes of status with which this route refuses, beside those that every route has. */
  readonly refusals: readonly number[];
}

interface RouteDefinition<C, Q, B> extends RouteFacts {
  /** {@link noQuery}: requests have none. */
  readonly query: ObjectSchema<Q>;
  /** {@link noBody}: requests have none. */
  readonly body: v.GenericSchema<unknown, B>;
  readonly answer: (work: ApiWork, request: ApiRequest<C, Q, B>) => Promise<ApiAnswer>;
}

/** A function of the API. */
export interface Route extends RouteFacts {
  readonly audience: Audience;
  readonly query: ObjectSchema<unknown>;
  readonly body: v.GenericSchema;
  readonly parts: readonly string[];
  /** Whether requests count as writes. */
  readonly isWrite: boolean;
  /** Checks query and body of a request, and carries it out. */
  readonly answer: (work: ApiWork, request: UncheckedRequest) => Promise<ApiAnswer>;
}

/** A request as it was sent. Its sender is known. */
export interface UncheckedRequest {
  /** Null: the route needs no token. */
  readonly caller: RequestSender | null;
  readonly values: PathValues;
  readonly query: URLSearchParams;
  /** The JSON of the body; null: the request has none. */
  readonly body: unknown;
  readonly headers: RequestHeaders;
}

/** The query of a route that has no parameters. */
export const noQuery = v.strictObject({});
/** The body of a route whose requests have none. */
export const noBody = v.null();
/** Query and body of a route whose requests have neither. */
export const noInput = { query: noQuery, body: noBody } as const;

/** Makes a route for tokens of customers. */
export function customerRoute<Q, B>(facts: RouteDefinition<Caller, Q, B>): Route {
  return routeOf('customer', facts, ({ caller }) => {
    if (caller === null || !('customer' in caller)) throw new ApiRefusal(401, 'central.login');
    return caller;
  });
}

/** Makes a route for tokens of the operator. */
export function operatorRoute<Q, B>(facts: RouteDefinition<OperatorCaller, Q, B>): Route {
  return routeOf('operator', facts, ({ caller }) => {
    if (caller === null || 'customer' in caller || 'owner' in caller)
      throw new ApiRefusal(401, 'central.login');
    return caller;
  });
}

/** Makes a route for whoever holds the text of a token. */
export function holderRoute<Q, B>(facts: RouteDefinition<HeldToken, Q, B>): Route {
  return routeOf('holder', facts, ({ caller }) => {
    if (caller === null || !('owner' in caller)) throw new ApiRefusal(401, 'central.login');
    return caller;
  });
}

/** Makes a route that needs no token. */
export function openRoute<Q, B>(facts: RouteDefinition<null, Q, B>): Route {
  return routeOf('anyone', facts, () => null);
}

function routeOf<C, Q, B>(
  audience: Audience,
  definition: RouteDefinition<C, Q, B>,
  callerOf: (request: UncheckedRequest) => C,
): Route {
  const { query, body, answer } = definition;
  return {
    ...definition,
    audience,
    parts: definition.path.split('/'),
    isWrite: definition.method !== 'GET',
    answer: async (work, request) => {
      const { values, headers } = request;
      const caller = callerOf(request);
      const asked = checkQueryAndBody({ query, body }, request.query, request.body);
      return await answer(work, { caller, values, headers, ...asked });
    },
  };
}

/**
 * Checks query and body of a request.
 * @throws {ApiRefusal} 400 with the mistakes
 */
export function checkQueryAndBody<Q, B>(
  route: { readonly query: ObjectSchema<Q>; readonly body: v.GenericSchema<unknown, B> },
  query: URLSearchParams,
  body: unknown,
): { readonly query: Q; readonly body: B } {
  return { query: queryOf(route.query, query), body: checked(route.body, body, 'body') };
}

/** Reads a query. Only parameters whose schema is a list may be given more than once. */
function queryOf<Q>(schema: ObjectSchema<Q>, query: URLSearchParams): Q {
  const names = new Set(query.keys());
  const values = [...names].map((name): [string, unknown] => {
    const all = query.getAll(name);
    return [name, isList(schema.entries[name]) || all.length > 1 ? all : all[0]];
  });
  return checked(schema, Object.fromEntries(values), 'query');
}

/** Whether a schema is that of a list, perhaps of an optional one. */
export function isList(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  if ('type' in schema && schema.type === 'array') return true;
  return 'wrapped' in schema && isList(schema.wrapped);
}

/**
 * Checks a value. A large value is checked only as far as its first mistake, because it could have a million
 * mistakes.
 * @throws {ApiRefusal} 400 with the mistakes
 */
function checked<T>(schema: v.GenericSchema<unknown, T>, value: unknown, place: string): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const { issues = result.issues } = hasFewValues(value) ? v.safeParse(schema, value) : result;
  const problems = issues.map((issue) => ({
    code: 'gateway.bad-request',
    params: { text: `${v.getDotPath(issue) ?? place}: expected ${issue.expected ?? 'another value'}` },
  }));
  throw new ApiRefusal(400, 'gateway.bad-request', { problems });
}

/** Number of values up to which all mistakes of a body are searched. */
const fewValues = 1_000;

/** Whether a JSON value has at most {@link fewValues} values, all levels together. */
function hasFewValues(value: unknown): boolean {
  const open = [value];
  for (let seen = 0; open.length > 0; seen += 1) {
    const one = open.pop();
    if (typeof one !== 'object' || one === null) continue;
    const inside: unknown[] = Object.values(one);
    if (seen + open.length + inside.length > fewValues) return false;
    open.push(...inside);
  }
  return true;
}

/** A route, and the values in the path that it was found by. */
export interface FoundRoute {
  readonly route: Route;
  readonly values: PathValues;
}

/**
 * Finds the route of a request.
 * @param path as sent. Each part is decoded once, after the path was split
 * @throws {ApiRefusal} 404 for an unknown path, 405 for another method, 400 for a wrong escape
 */
export function findRoute(routes: readonly Route[], method: string, path: string): FoundRoute {
  const parts = path.split('/', mostParts);
  const found = routesAt(routes, path);
  if (found.length === 0) throw new ApiRefusal(404, 'gateway.no-such-path');
  const route = found.find((one) => one.method === method);
  if (route === undefined) throw new ApiRefusal(405, 'gateway.no-such-path');
  const values = route.parts.flatMap((part, at): [string, string][] =>
    isValue(part) ? [[part.slice(1, -1), decoded(parts[at] ?? '')]] : [],
  );
  return { route, values: Object.fromEntries(values) };
}

/** A path with so many parts belongs to no route. */
const mostParts = 12;

/** All routes of a path, one for each method. */
export function routesAt(routes: readonly Route[], path: string): readonly Route[] {
  const parts = path.split('/', mostParts);
  return routes.filter((route) => matches(route.parts, parts));
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  return (
    pattern.length === parts.length &&
    pattern.every((part, at) => (isValue(part) ? parts[at] !== '' : part === parts[at]))
  );
}

function isValue(part: string): boolean {
  return part.startsWith('{');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'path' }, cause: error });
  }
}

/** A zone, as the path names it. @throws {DnsDataError} */
export function zoneIn({ zone = '' }: PathValues): DnsName {
  return absoluteName(zone);
}

/**
 * Accepts any value in the path.
 * @throws {ApiRefusal} 400 if it contains a NUL octet, which databases cannot store
 */
export function valueIn(values: PathValues, name: string): string {
  const value = values[name] ?? '';
  if (value.includes('\0')) throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'path' } });
  return value;
}

/** Refuses a request with a key, because its repetition makes another secret. @throws {ApiRefusal} 400 */
export function demandNoKey({ key }: RequestHeaders): void {
  if (key === null) return;
  throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'header Idempotency-Key' } });
}

/** Shows a name server as requests name it: the section `[backend]` is stored without a name. */
export function shownPlace<T extends { readonly backend: string }>(stored: T): T {
  return { ...stored, backend: stored.backend || plainBackendName };
}

/** Makes an answer with status 200. */
export function okAnswer(body: unknown, headers: OutgoingHttpHeaders = {}): ApiAnswer {
  return { status: 200, body, headers };
}
