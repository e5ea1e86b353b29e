import { endHeldToken } from '../work/held-token.ts';
import {
  madeTokens,
  makeNarrowerToken,
  narrowMadeToken,
  revokeMadeToken,
  rotateMadeToken,
  withoutSecret,
} from '../work/tokens.ts';
import {
  customerRoute,
  demandNoKey,
  holderRoute,
  noInput,
  okAnswer,
  valueIn,
  zoneIn,
  type Route,
} from './route.ts';
import * as shapes from './shapes.ts';

const twice = { 'Idempotency-Key': 'is refused: a repetition makes another one' } as const;

/** Tokens that tokens make, the end of leaked ones, and zones that owners hand to each other. */
export const tokenRoutes: readonly Route[] = [
  holderRoute({
    ...noInput,
    method: 'DELETE',
    path: '/v1/token',
    about: 'Ends the token that is sent with it, from any address: it has leaked.',
    answers: { 200: { about: 'nobody can use it any more', body: shapes.doneBody } },
    refusals: [],
    answer: async (ports, { caller }) => {
      await endHeldToken(ports, caller);
      return okAnswer({ result: 'revoked' });
    },
  }),
  customerRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/tokens',
    about: 'Tokens that the token has made, also ended ones.',
    answers: { 200: { about: 'tokens, without their secrets', body: shapes.madeTokensBody } },
    refusals: [],
    answer: async (ports, { caller }) =>
      okAnswer({ tokens: (await madeTokens(ports, caller)).map(withoutSecret) }),
  }),
  customerRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/tokens',
    about: 'Makes a token that can do no more than the one that makes it, and that ends with it.',
    body: shapes.narrowerToken,
    headers: twice,
    answers: { 201: { about: 'the token, whose text is shown once', body: shapes.madeToken } },
    refusals: [403, 422],
    answer: async (ports, { caller, body, headers }) => {
      demandNoKey(headers);
      const { label = '', rights, networks = [], expiresAt = null, idle = null } = body;
      const asked = { label, rights, networks, expiresAt, idle };
      const { id, text } = await makeNarrowerToken(ports, caller, asked);
      return { status: 201, body: { id, token: text } };
    },
  }),
  customerRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/tokens/{token}/rotate',
    about: 'Gives a token that the token has made another text. The old one is accepted for a while too.',
    body: shapes.rotation,
    headers: twice,
    answers: { 200: { about: 'the token with its new text, which is shown once', body: shapes.madeToken } },
    refusals: [403, 404],
    answer: async (ports, { caller, values, body, headers }) => {
      demandNoKey(headers);
      const { id, text } = await rotateMadeToken(ports, caller, valueIn(values, 'token'), body.overlap);
      return okAnswer({ id, token: text });
    },
  }),
  customerRoute({
    ...noInput,
    method: 'PATCH',
    path: '/v1/tokens/{token}',
    about: 'Takes rights from a token that the token has made. More rights need another token.',
    body: shapes.fewerRights,
    headers: { 'Idempotency-Key': 'is not needed: a repetition changes nothing more' },
    answers: { 200: { about: 'the token after it', body: shapes.tokenBody } },
    refusals: [403, 404, 409, 422],
    answer: async (ports, { caller, values, body }) => {
      const token = await narrowMadeToken(ports, caller, valueIn(values, 'token'), body.rights);
      return okAnswer(withoutSecret(token));
    },
  }),
  customerRoute({
    ...noInput,
    method: 'DELETE',
    path: '/v1/tokens/{token}',
    about: 'Ends a token that the token has made.',
    answers: { 200: { about: 'it is refused from now on', body: shapes.doneBody } },
    refusals: [403, 404],
    answer: async (ports, { caller, values }) => {
      await revokeMadeToken(ports, caller, valueIn(values, 'token'));
      return okAnswer({ result: 'revoked' });
    },
  }),
  customerRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/zones/{zone}/offer',
    about: 'Makes a code with which another customer takes the zone. It replaces an earlier one.',
    body: shapes.zoneOffer,
    headers: twice,
    answers: { 200: { about: 'the code, which is shown once', body: shapes.offeredZone } },
    refusals: [403, 404],
    answer: async ({ gateway }, { caller, values, body, headers }) => {
      demandNoKey(headers);
      return okAnswer(await gateway.offerZone(caller, zoneIn(values), body.withBelow));
    },
  }),
  customerRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/zones/{zone}/take',
    about: 'Takes a zone of another customer with his code. Its records stay.',
    body: shapes.zoneTake,
    headers: { 'Idempotency-Key': 'is not needed: a repetition answers 404' },
    answers: { 200: { about: 'the zones that have moved', body: shapes.takenZones } },
    refusals: [403, 404, 409, 422],
    answer: async ({ gateway }, { caller, values, body }) =>
      okAnswer({ zones: await gateway.takeZone(caller, zoneIn(values), body.code) }),
  }),
];
