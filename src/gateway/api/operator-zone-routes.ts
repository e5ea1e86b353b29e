import { absoluteName } from '../../net/gateway/wire.ts';
import { listPage, pageOf } from './paging.ts';
import { noInput, okAnswer, operatorRoute, shownPlace, valueIn, zoneIn, type Route } from './route.ts';
import * as shapes from './shapes.ts';

const noKey = { 'Idempotency-Key': 'is not needed: a repetition changes nothing more' } as const;

const ownerRoutes: readonly Route[] = [
  operatorRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/operator/customers/{customer}/zones',
    about: 'Zones of a customer, in pages.',
    query: shapes.pageQuery,
    answers: { 200: { about: 'names of zones', body: shapes.namesPage } },
    refusals: [404],
    answer: async ({ operator }, { values, query }) => {
      const customer = valueIn(values, 'customer');
      const { items, next } = await listPage(query, async (part) => operator.zonesOf(customer, part), String);
      return okAnswer({ zones: items, next });
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/operator/zones/{zone}',
    about: 'Who has a zone, or had it last.',
    answers: { 200: { about: 'the owner', body: shapes.ownerBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { values }) => {
      const { createdAt: _createdAt, ...owner } = await operator.owner(zoneIn(values));
      return okAnswer(shownPlace(owner));
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/operator/zones/{zone}/assign',
    about: 'Gives a zone that the name server has, and that nobody owns, to a customer.',
    body: shapes.assignBody,
    headers: noKey,
    answers: { 200: { about: 'the customer has it', body: shapes.doneBody } },
    refusals: [404, 409, 422],
    answer: async ({ operator }, { caller: { by }, values, body: { customer, backend } }) => {
      await operator.assign(by, zoneIn(values), customer, backend);
      return okAnswer({ result: 'assigned' });
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/operator/zones/{zone}/transfer',
    about: 'Gives a zone to another customer. Its records stay as they are.',
    body: shapes.transferBody,
    headers: noKey,
    answers: { 200: { about: 'zones that have moved', body: shapes.movedBody } },
    refusals: [404, 409, 422],
    answer: async ({ operator }, { caller: { by }, values, body: { customer, withBelow = false } }) =>
      okAnswer({ zones: await operator.transfer(by, zoneIn(values), customer, withBelow) }),
  }),
  operatorRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/operator/zones/{zone}/release',
    about: 'Makes that nobody owns a zone any more. The name server keeps it.',
    headers: noKey,
    answers: { 200: { about: 'nobody owns it', body: shapes.doneBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { caller: { by }, values }) => {
      await operator.release(by, zoneIn(values));
      return okAnswer({ result: 'released' });
    },
  }),
];

const grantRoutes: readonly Route[] = [
  operatorRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/operator/zones/{zone}/grants',
    about: 'Grants for zones below a zone, also revoked ones, in pages.',
    query: shapes.pageQuery,
    answers: { 200: { about: 'grants', body: shapes.grantsPage } },
    refusals: [422],
    answer: async ({ operator }, { values, query }) => {
      const grants = await operator.grants(zoneIn(values));
      const { items, next } = pageOf(grants, ({ child, customer }) => `${child} ${customer}`, query);
      return okAnswer({ grants: items, next });
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/operator/zones/{zone}/grants',
    about: 'Lets another customer create a zone below a zone, and zones below that. Its owner has to agree.',
    body: shapes.newGrant,
    headers: noKey,
    answers: { 200: { about: 'he may', body: shapes.doneBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { caller: { by }, values, body: { child, customer } }) => {
      await operator.grant(by, { parent: zoneIn(values), child: absoluteName(child), customer });
      return okAnswer({ result: 'granted' });
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'DELETE',
    path: '/v1/operator/zones/{zone}/grants/{child}/{customer}',
    about: 'Ends a grant. Zones that exist by it stay as they are.',
    headers: { 'Idempotency-Key': 'is not needed: a repetition answers 404' },
    answers: { 200: { about: 'he may no longer', body: shapes.doneBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { caller: { by }, values }) => {
      const child = absoluteName(valueIn(values, 'child'));
      await operator.revokeGrant(by, {
        parent: zoneIn(values),
        child,
        customer: valueIn(values, 'customer'),
      });
      return okAnswer({ result: 'revoked' });
    },
  }),
];

/** Owners of zones, and grants for zones below them, for the operator. */
export const operatorZoneRoutes: readonly Route[] = [...ownerRoutes, ...grantRoutes];
