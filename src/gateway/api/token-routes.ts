import { endHeldToken } from '../work/held-token.ts';
import {
  madeTokens,
  makeNarrowerToken,
  revokeMadeToken,
  rotateMadeToken,
  withoutSecret,
} from '../work/tokens.ts';
import {
  customerRoute,
  holderRoute,
  noBody,
  noQuery,
  okAnswer,
  valueIn,
  zoneIn,
  type Route,
} from './route.ts';
import * as shapes from './shapes.ts';

const twice = { 'Idempotency-Key': 'is not needed: a repetition makes another one' } as const;

/** Tokens that tokens make, the end of leaked ones, and zones that owners hand to each other. */
export const tokenRoutes: readonly Route[] = [
  holderRoute({
    method: 'DELETE',
    path: '/v1/token',
    about: 'Ends the token that is sent with it, from any address: it has leaked.',
    query: noQuery,
    body: noBody,
    answers: { 200: { about: 'nobody can use it any more', body: shapes.doneBody } },
    refusals: [],
    answer: async (ports, { caller }) => {
      await endHeldToken(ports, caller);
      return okAnswer({ result: 'revoked' });
    },
  }),
  customerRoute({
    method: 'GET',
    path: '/v1/tokens',
    about: 'Tokens that the token has made, also ended ones.',
    query: noQuery,
    body: noBody,
    answers: { 200: { about: 'tokens, without their secrets', body: shapes.madeTokensBody } },
    refusals: [],
    answer: async (ports, { caller }) =>
      okAnswer({ tokens: (await madeTokens(ports, caller)).map(withoutSecret) }),
  }),
  customerRoute({
    method: 'POST',
    path: '/v1/tokens',
    about: 'Makes a token that can do no more than the one that makes it, and that ends with it.',
    query: noQuery,
    body: shapes.narrowerToken,
    headers: twice,
    answers: { 201: { about: 'the token, whose text is shown once', body: shapes.madeToken } },
    refusals: [403, 422],
    answer: async (ports, { caller, body }) => {
      const { label = '', rights, networks = [], expiresAt = null, idle = null } = body;
      const asked = { label, rights, networks, expiresAt, idle };
      const { id, text } = await makeNarrowerToken(ports, caller, asked);
      return { status: 201, body: { id, token: text } };
    },
  }),
  customerRoute({
    method: 'POST',
    path: '/v1/tokens/{token}/rotate',
    about: 'Gives a token that the token has made another text. The old one is accepted for a while too.',
    query: noQuery,
    body: shapes.rotation,
    headers: twice,
    answers: { 200: { about: 'the token with its new text, which is shown once', body: shapes.madeToken } },
    refusals: [403, 404],
    answer: async (ports, { caller, values, body }) => {
      const { id, text } = await rotateMadeToken(ports, caller, valueIn(values, 'token'), body.overlap);
      return okAnswer({ id, token: text });
    },
  }),
  customerRoute({
    method: 'DELETE',
    path: '/v1/tokens/{token}',
    about: 'Ends a token that the token has made.',
    query: noQuery,
    body: noBody,
    answers: { 200: { about: 'it is refused from now on', body: shapes.doneBody } },
    refusals: [403, 404],
    answer: async (ports, { caller, values }) => {
      await revokeMadeToken(ports, caller, valueIn(values, 'token'));
      return okAnswer({ result: 'revoked' });
    },
  }),
  customerRoute({
    method: 'POST',
    path: '/v1/zones/{zone}/offer',
    about: 'Makes a code with which another customer takes the zone. It replaces an earlier one.',
    query: noQuery,
    body: shapes.zoneOffer,
    headers: twice,
    answers: { 200: { about: 'the code, which is shown once', body: shapes.offeredZone } },
    refusals: [403, 404],
    answer: async ({ gateway }, { caller, values, body }) =>
      okAnswer(await gateway.offerZone(caller, zoneIn(values), body.withBelow)),
  }),
  customerRoute({
    method: 'POST',
    path: '/v1/zones/{zone}/take',
    about: 'Takes a zone of another customer with his code. Its records stay.',
    query: noQuery,
    body: shapes.zoneTake,
    headers: { 'Idempotency-Key': 'is not needed: a repetition answers 404' },
    answers: { 200: { about: 'the zones that have moved', body: shapes.takenZones } },
    refusals: [403, 404, 409, 422],
    answer: async ({ gateway }, { caller, values, body }) =>
      okAnswer({ zones: await gateway.takeZone(caller, zoneIn(values), body.code) }),
  }),
];
