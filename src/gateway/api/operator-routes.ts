import type * as v from 'valibot';
import { DnsDataError } from '../../dns/problem.ts';
import { absoluteName } from '../../net/gateway/wire.ts';
import { ApiRefusal } from '../api-refusal.ts';
import { checkRights, type Rights } from '../rights/decide.ts';
import { presetRights } from '../rights/presets.ts';
import type { Limits } from '../storage/storage.ts';
import { withoutSecret } from '../work/tokens.ts';
import { operatorAuditRoutes } from './operator-audit-routes.ts';
import { operatorZoneRoutes } from './operator-zone-routes.ts';
import { listPage, pageOfTokens } from './paging.ts';
import { demandNoKey, noInput, okAnswer, operatorRoute, shownPlace, valueIn, type Route } from './route.ts';
import * as shapes from './shapes.ts';

const day = 86_400_000;

const noKey = { 'Idempotency-Key': 'is not needed: a repetition changes nothing more' } as const;

const customerRoutes: readonly Route[] = [
  operatorRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/operator/customers',
    about: 'All customers, in pages.',
    query: shapes.pageQuery,
    answers: { 200: { about: 'customers', body: shapes.customersPage } },
    refusals: [],
    answer: async ({ operator }, { query }) => {
      const { items, next } = await listPage(
        query,
        async (part) => operator.customers(part),
        ({ id }) => id,
      );
      return okAnswer({ customers: items.map(shownPlace), next });
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/operator/customers',
    about: 'Adds a customer.',
    body: shapes.newCustomer,
    headers: { 'Idempotency-Key': 'is not needed: a repetition answers 409' },
    answers: { 201: { about: 'the customer', body: shapes.customerBody } },
    refusals: [409, 422],
    answer: async ({ operator }, { caller: { by }, body: { id, limits, backend } }) => {
      const made = await operator.addCustomer(by, id, definedOnly(limits), backend);
      return { status: 201, body: shownPlace(made) };
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/operator/customers/{customer}',
    about: 'One customer.',
    answers: { 200: { about: 'the customer', body: shapes.customerBody } },
    refusals: [404],
    answer: async ({ operator }, { values }) =>
      okAnswer(shownPlace(await operator.customer(valueIn(values, 'customer')))),
  }),
  operatorRoute({
    ...noInput,
    method: 'PATCH',
    path: '/v1/operator/customers/{customer}',
    about: 'Changes what a customer may do. A suspended customer can do nothing.',
    body: shapes.customerChanges,
    headers: noKey,
    answers: { 200: { about: 'the customer after it', body: shapes.customerBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { caller: { by }, values, body: { state, limits, backend } }) => {
      const changes = { state: state ?? null, limits: definedOnly(limits), backend };
      return okAnswer(shownPlace(await operator.setCustomer(by, valueIn(values, 'customer'), changes)));
    },
  }),
];

const tokenRoutes: readonly Route[] = [
  operatorRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/operator/customers/{customer}/tokens',
    about: 'Tokens of a customer, without their secrets, in pages.',
    query: shapes.pageQuery,
    answers: { 200: { about: 'tokens', body: shapes.tokensPage } },
    refusals: [404],
    answer: async ({ operator }, { values, query }) => {
      const customer = valueIn(values, 'customer');
      const { items, next } = await pageOfTokens(query, async (part) => operator.tokens(customer, part));
      return okAnswer({ tokens: items.map(withoutSecret), next });
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/operator/customers/{customer}/tokens',
    about: 'Makes a token. Its text is in this answer and nowhere else, so a repetition makes another one.',
    body: shapes.newToken,
    answers: { 201: { about: 'the token', body: shapes.madeToken } },
    refusals: [404, 422],
    answer: async ({ operator }, { caller: { by }, values, body, headers }) => {
      demandNoKey(headers);
      const { label = '', networks = [], days = null, idleDays = null, makesTokens = false } = body;
      const idle = idleDays === null ? null : idleDays * day;
      const order = { rights: rightsIn(body), label, networks, days, idle, makesTokens };
      const { id, text } = await operator.addToken(by, valueIn(values, 'customer'), order);
      return { status: 201, body: { id, token: text } };
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/operator/tokens/{token}/rotate',
    about:
      'Gives a token of a customer another text. The old one is accepted for a while too. A repetition makes another text.',
    body: shapes.rotation,
    answers: { 200: { about: 'the token with its new text, which is shown once', body: shapes.madeToken } },
    refusals: [404],
    answer: async ({ operator }, { caller: { by }, values, body: { overlap }, headers }) => {
      demandNoKey(headers);
      const { id, text } = await operator.rotateToken(by, valueIn(values, 'token'), overlap);
      return okAnswer({ id, token: text });
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'DELETE',
    path: '/v1/operator/tokens/{token}',
    about: 'Refuses a token of a customer from now on.',
    headers: noKey,
    answers: { 200: { about: 'it is refused', body: shapes.doneBody } },
    refusals: [404],
    answer: async ({ operator }, { caller: { by }, values }) => {
      await operator.revokeToken(by, valueIn(values, 'token'));
      return okAnswer({ result: 'revoked' });
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/operator/tokens/{token}/explain',
    about: 'Whether a token may do something to an RRset, and which rule says so.',
    query: shapes.explainQuery,
    answers: { 200: { about: 'what the rules say', body: shapes.explainedBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { values, query: { zone, name, type, verb } }) => {
      const set = { name: absoluteName(name), type };
      return okAnswer(await operator.explain(valueIn(values, 'token'), absoluteName(zone), set, verb));
    },
  }),
];

/** Customers, tokens, owners of zones and the audit, for the operator. */
export const operatorRoutes: readonly Route[] = [
  ...customerRoutes,
  ...tokenRoutes,
  ...operatorZoneRoutes,
  ...operatorAuditRoutes,
];

/** Leaves out limits that the request does not name. */
function definedOnly(limits: v.InferOutput<typeof shapes.newCustomer>['limits'] = {}): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
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
