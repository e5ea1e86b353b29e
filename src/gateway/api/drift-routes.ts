import { CentralError } from '../../core/central.ts';
import { fromBackend } from '../api-refusal.ts';
import { listPage } from './paging.ts';
import { noInput, okAnswer, operatorRoute, zoneIn, type Route } from './route.ts';
import * as shapes from './shapes.ts';

/** Number of zones in a page, if the client does not say it. A zone may have 64 kB of changes. */
const usualPage = 100;

/** Changes that somebody else has made at the name servers, for the operator. */
export const driftRoutes: readonly Route[] = [
  operatorRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/operator/drift',
    about: 'Zones that somebody else has changed at the name server itself, in pages.',
    query: shapes.pageQuery,
    answers: { 200: { about: 'zones, with what was changed', body: shapes.driftPage } },
    refusals: [],
    answer: async ({ operator }, { query: { limit = usualPage, cursor } }) => {
      const asked = { limit, cursor };
      const { items, next } = await listPage(
        asked,
        async (part) => await operator.drifted(part),
        ({ zone }) => zone,
      );
      return okAnswer({ zones: items, next });
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/operator/zones/{zone}/drift',
    about: 'What somebody else has changed in a zone.',
    answers: { 200: { about: 'what was changed', body: shapes.driftBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { values }) => okAnswer(await operator.drift(zoneIn(values))),
  }),
  operatorRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/operator/zones/{zone}/drift/check',
    about: 'Compares a zone now with what the gateway left there. Changes nothing at the name server.',
    headers: { 'Idempotency-Key': 'is not needed: a repetition changes nothing more' },
    answers: { 200: { about: 'how the check has ended', body: shapes.driftCheckBody } },
    refusals: [404, 422],
    answer: async ({ operator, drift }, { values }) => {
      const zone = zoneIn(values);
      await operator.owner(zone);
      try {
        return okAnswer({ result: await drift.check(zone, false) });
      } catch (error) {
        throw error instanceof CentralError ? fromBackend(error) : error;
      }
    },
  }),
  operatorRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/operator/zones/{zone}/drift/accept',
    about: 'Takes what somebody else has changed in a zone for what is wanted.',
    headers: { 'Idempotency-Key': 'is not needed: a repetition answers 404' },
    answers: { 200: { about: 'it is accepted', body: shapes.doneBody } },
    refusals: [404, 422],
    answer: async ({ operator }, { caller: { by }, values }) => {
      await operator.acceptDrift(by, zoneIn(values));
      return okAnswer({ result: 'accepted' });
    },
  }),
];
