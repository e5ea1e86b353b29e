import { ApiRefusal } from '../api-refusal.ts';
import { plainBackendName } from '../backend-settings.ts';
import type { OperatorCaller } from '../operator/login.ts';
import { presetRights } from '../rights/presets.ts';
import type { Rights } from '../rights/decide.ts';
import { checkRights } from '../rights/decide.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { absoluteName } from '../../net/gateway/wire.ts';
import type { Limits, StoredToken } from '../storage/storage.ts';
import { withoutSecret } from '../work/tokens.ts';
import { pageOf } from './paging.ts';
import { noBody, noQuery, okAnswer, operatorRoute, valueIn, zoneIn, type Route } from './route.ts';
import * as shapes from './shapes.ts';
import type * as v from 'valibot';

const day = 86_400_000;

/** Number of entries in a page, if the client does not say it. */
const usualPage = 1_000;

const noKey = { 'Idempotency-Key': 'is not needed: a repetition changes nothing more' } as const;

const customerRoutes: readonly Route[] = [
  operatorRoute({
    method: 'GET',
    path: '/v1/operator/customers',
    about: 'All customers, in pages.',
    query: shapes.pageQuery,
    body: noBody,
    answers: { 200: { about: 'customers', body: shapes.customersPage } },
    refusals: [],
    answer: async ({ operator }, { query }) => {
      const { items, next } = pageOf(await operator.customers(), ({ id }) => id, query, usualPage);
      return okAnswer({ customers: items.map(shownPlace), next });
    },
  }),
  operatorRoute({
    method: 'POST',
    path: '/v1/operator/customers',
    about: 'Adds a customer.',
    query: noQuery,
    body: shapes.newCustomer,
    headers: { 'Idempotency-Key': 'is not needed: a repetition answers 409' },
    answers: { 201: { about: 'the customer', body: shapes.customerBody } },
    refusals: [409, 422],
    answer: async ({ operator }, { caller, body }) => {
      const made = await operator.addCustomer(
        sourceOf(caller),
        body.id,
        definedOnly(body.limits),
        body.backend,
      );
      return { status: 201, body: shownPlace(made) };
    },
  }),
  operatorRoute({
    method: 'GET',
    path: '/v1/operator/customers/{customer}',
    about: 'One customer.',
    query: noQuery,
    body: noBody,
    answers: { 200: { about: 'the customer', body: shapes.customerBody } },
    refusals: [404],
    answer: async ({ operator }, { values }) =>
      okAnswer(shownPlace(await operator.customer(valueIn(values, 'customer')))),
  }),
  operatorRoute({
    method: 'PATCH',
    path: '/v1/operator/customers/{customer}',
    about: 'Changes what a customer may do. A suspended customer can do nothing.',
    query: noQuery,
    body: shapes.customerChanges,
    headers: noKey,
    answers: { 200: { about: 'the customer after it', body: shapes.customerBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { caller, values, body: { state, limits, backend } }) => {
      const changes = { state: state ?? null, limits: definedOnly(limits), backend };
      return okAnswer(
        shownPlace(await operator.setCustomer(sourceOf(caller), valueIn(values, 'customer'), changes)),
      );
    },
  }),
];

const tokenRoutes: readonly Route[] = [
  operatorRoute({
    method: 'GET',
    path: '/v1/operator/customers/{customer}/tokens',
    about: 'Tokens of a customer, without their secrets, in pages.',
    query: shapes.pageQuery,
    body: noBody,
    answers: { 200: { about: 'tokens', body: shapes.tokensPage } },
    refusals: [404],
    answer: async ({ operator }, { values, query }) => {
      const all = await operator.tokens(valueIn(values, 'customer'));
      const { items, next } = pageOf(all, orderOf, query, usualPage);
      return okAnswer({ tokens: items.map(withoutSecret), next });
    },
  }),
  operatorRoute({
    method: 'POST',
    path: '/v1/operator/customers/{customer}/tokens',
    about: 'Makes a token. Its text is in this answer and nowhere else, so a repetition makes another one.',
    query: noQuery,
    body: shapes.newToken,
    answers: { 201: { about: 'the token', body: shapes.madeToken } },
    refusals: [404, 422],
    answer: async ({ operator }, { caller, values, body, headers }) => {
      if (headers.key !== null)
        throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'header Idempotency-Key' } });
      const { label = '', networks = [], days = null, idleDays = null, makesTokens = false } = body;
      const idle = idleDays === null ? null : idleDays * day;
      const order = { rights: rightsIn(body), label, networks, days, idle, makesTokens };
      const { id, text } = await operator.addToken(sourceOf(caller), valueIn(values, 'customer'), order);
      return { status: 201, body: { id, token: text } };
    },
  }),
  operatorRoute({
    method: 'DELETE',
    path: '/v1/operator/tokens/{token}',
    about: 'Refuses a token of a customer from now on.',
    query: noQuery,
    body: noBody,
    headers: noKey,
    answers: { 200: { about: 'it is refused', body: shapes.doneBody } },
    refusals: [404],
    answer: async ({ operator }, { caller, values }) => {
      await operator.revokeToken(sourceOf(caller), valueIn(values, 'token'));
      return okAnswer({ result: 'revoked' });
    },
  }),
  operatorRoute({
    method: 'GET',
    path: '/v1/operator/tokens/{token}/explain',
    about: 'Whether a token may do something to an RRset, and which rule says so.',
    query: shapes.explainQuery,
    body: noBody,
    answers: { 200: { about: 'what the rules say', body: shapes.explainedBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { values, query: { zone, name, type, verb } }) => {
      const set = { name: absoluteName(name), type };
      return okAnswer(await operator.explain(valueIn(values, 'token'), absoluteName(zone), set, verb));
    },
  }),
];

const zoneOwnerRoutes: readonly Route[] = [
  operatorRoute({
    method: 'GET',
    path: '/v1/operator/customers/{customer}/zones',
    about: 'Zones of a customer, in pages.',
    query: shapes.pageQuery,
    body: noBody,
    answers: { 200: { about: 'names of zones', body: shapes.namesPage } },
    refusals: [404],
    answer: async ({ operator }, { values, query }) => {
      const all = await operator.zonesOf(valueIn(values, 'customer'));
      const { items, next } = pageOf(all, String, query, usualPage);
      return okAnswer({ zones: items, next });
    },
  }),
  operatorRoute({
    method: 'GET',
    path: '/v1/operator/zones/{zone}',
    about: 'Who has a zone, or had it last.',
    query: noQuery,
    body: noBody,
    answers: { 200: { about: 'the owner', body: shapes.ownerBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { values }) => okAnswer(shownPlace(await operator.owner(zoneIn(values)))),
  }),
  operatorRoute({
    method: 'POST',
    path: '/v1/operator/zones/{zone}/assign',
    about: 'Gives a zone that the name server has, and that nobody owns, to a customer.',
    query: noQuery,
    body: shapes.assignBody,
    headers: noKey,
    answers: { 200: { about: 'the customer has it', body: shapes.doneBody } },
    refusals: [404, 409, 422],
    answer: async ({ operator }, { caller, values, body }) => {
      await operator.assign(sourceOf(caller), zoneIn(values), body.customer, body.backend);
      return okAnswer({ result: 'assigned' });
    },
  }),
  operatorRoute({
    method: 'POST',
    path: '/v1/operator/zones/{zone}/transfer',
    about: 'Gives a zone to another customer. Its records stay as they are.',
    query: noQuery,
    body: shapes.transferBody,
    headers: noKey,
    answers: { 200: { about: 'zones that have moved', body: shapes.movedBody } },
    refusals: [404, 409, 422],
    answer: async ({ operator }, { caller, values, body: { customer, withBelow = false } }) => {
      const zones = await operator.transfer(sourceOf(caller), zoneIn(values), customer, withBelow);
      return okAnswer({ zones });
    },
  }),
  operatorRoute({
    method: 'POST',
    path: '/v1/operator/zones/{zone}/release',
    about: 'Makes that nobody owns a zone any more. The name server keeps it.',
    query: noQuery,
    body: noBody,
    headers: noKey,
    answers: { 200: { about: 'nobody owns it', body: shapes.doneBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { caller, values }) => {
      await operator.release(sourceOf(caller), zoneIn(values));
      return okAnswer({ result: 'released' });
    },
  }),
];

const auditRoute = operatorRoute({
  method: 'GET',
  path: '/v1/operator/audit',
  about:
    'What was done, by whom and from where, oldest first. `cursor` is the number of the last entry seen.',
  query: shapes.auditQuery,
  body: noBody,
  headers: { Accept: '`application/jsonl`: an entry a line, without `next`' },
  answers: { 200: { about: 'entries', body: shapes.auditPage, line: shapes.auditEntry } },
  refusals: [],
  answer: async ({ operator }, { query: { limit = usualPage, cursor = 0 }, headers }) => {
    const entries = await operator.audit(cursor, limit);
    if (headers.wantsLines) return { status: 200, lines: entries };
    const last = entries.length < limit ? undefined : entries.at(-1);
    return okAnswer({ entries, next: last === undefined ? null : String(last.number) });
  },
});

/** Customers, tokens, owners of zones and the audit, for the operator. */
export const operatorRoutes: readonly Route[] = [
  ...customerRoutes,
  ...tokenRoutes,
  ...zoneOwnerRoutes,
  auditRoute,
];

/** Who gives an order, as the audit shows it. */
export function sourceOf({ token, from }: OperatorCaller): string {
  return `operator ${token.id}, ${from}`;
}

/** Shows a name server as requests name it: the section `[backend]` is stored without a name. */
function shownPlace<T extends { readonly backend: string }>(stored: T): T {
  return { ...stored, backend: stored.backend || plainBackendName };
}

/** Leaves out limits that the request does not name. */
function definedOnly(limits: v.InferOutput<typeof shapes.newCustomer>['limits'] = {}): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

/** Tokens are listed in the order in which they were made. */
function orderOf({ createdAt, id }: StoredToken): string {
  return `${String(createdAt).padStart(16, '0')} ${id}`;
}

/**
 * The rights that a token is to have.
 * @throws {ApiRefusal} 400 if the body has both, or neither, of preset and rights
 * @throws {DnsDataError} with every problem of the rights
 */
function rightsIn({ preset, rights, zones, names }: v.InferOutput<typeof shapes.newToken>): Rights {
  const isEither = (preset === undefined) !== (rights === undefined);
  const isPlain = rights === undefined || (zones === undefined && names === undefined);
  if (!isEither || !isPlain)
    throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'preset or rights' } });
  if (rights === undefined) return presetRights(preset ?? 'read', zones ?? ['**'], names ?? []);
  const problems = checkRights(rights);
  if (problems.length > 0) throw new DnsDataError(problems);
  return rights;
}
