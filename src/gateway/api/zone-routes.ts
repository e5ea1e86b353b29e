import * as v from 'valibot';
import type { DnsName } from '../../dns/name.ts';
import {
  apiRecord,
  changeBody,
  signingAnswer,
  withdrawAnswer,
  withdrawBody,
  zoneAnswer,
  zoneBody,
} from '../../net/gateway/schemas.ts';
import { absoluteName, allFromWire, expectationFromWire, toWire } from '../../net/gateway/wire.ts';
import { ApiRefusal } from '../api-refusal.ts';
import { mayRead } from '../rights/decide.ts';
import type { StoredChange } from '../storage/storage.ts';
import type { Caller } from '../work/caller.ts';
import { outcomeRefusal } from '../work/stored-change.ts';
import { listPage } from './paging.ts';
import { customerRoute, noInput, okAnswer, zoneIn, type ApiAnswer, type Route } from './route.ts';
import { accountBody, alteredAnswer, pageQuery, recordsQuery, zonesPage } from './shapes.ts';

const recordsBody = v.strictObject({ records: v.array(apiRecord) });

/** The body of a change. Its key may be left out if the header has it. */
const keyedChange = v.strictObject({ ...changeBody.entries, key: v.optional(changeBody.entries.key) });

/** What the header `Idempotency-Key` is for. */
export const keyHeader = {
  'Idempotency-Key': 'identifies the request; it is carried out once, and a repetition answers the same',
} as const;

/** What the key of a request about a whole zone does. */
const onceKey = 'a repetition answers the same and does nothing, once the request is done';

/** Zones of a customer, their records, and changes of records. */
export const zoneRoutes: readonly Route[] = [
  customerRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/account',
    about: 'The customer and the token.',
    answers: { 200: { about: 'whose the token is', body: accountBody } },
    refusals: [],
    answer: async (_work, { caller }) =>
      await Promise.resolve(
        okAnswer({ customer: caller.customer.id, token: caller.token.id, label: caller.token.label }),
      ),
  }),
  customerRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/zones',
    about: 'Zones that the token may read. Without `limit` all of them.',
    query: pageQuery,
    answers: { 200: { about: 'names of zones', body: zonesPage } },
    refusals: [],
    answer: async ({ gateway }, { caller, query }) => {
      const makesZones = gateway.makesZones(caller);
      // Agents ask for all zones at once, and compare them with those of the panel.
      if (query.limit === undefined && query.cursor === undefined)
        return okAnswer({ zones: await gateway.zones(caller), makesZones, next: null });
      const { items, next } = await listPage(query, async (part) => gateway.zones(caller, part), String);
      return okAnswer({ zones: items, makesZones, next });
    },
  }),
  customerRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/zones',
    about: 'Creates a zone, with records. With `check` it only says whether that would work.',
    body: zoneBody,
    headers: { 'Idempotency-Key': `${onceKey}; without it a repetition answers \`exists\`` },
    answers: {
      200: { about: 'the customer has the zone already, or `check` was asked for', body: zoneAnswer },
      201: { about: 'created, perhaps with a part of the records', body: zoneAnswer },
    },
    refusals: [403, 409, 422],
    answer: async ({ gateway }, { caller, body, headers: { key } }) => {
      const zone = absoluteName(body.zone);
      const seed = { addresses: [], mailServers: [], nameServers: body.nameServers };
      const made = { zone, seed, content: allFromWire(body.records) };
      const result = await (body.check
        ? gateway.mayCreate(caller, made)
        : gateway.createZone(caller, made, key));
      return { status: result === 'created' ? 201 : 200, body: { result } };
    },
  }),
  customerRoute({
    ...noInput,
    method: 'DELETE',
    path: '/v1/zones/{zone}',
    about: 'Deletes a zone. Its name stays reserved for the customer for a while.',
    headers: { 'Idempotency-Key': `${onceKey}; without it a repetition answers 404` },
    answers: { 200: { about: 'it is gone', body: zoneAnswer } },
    refusals: [403, 404, 422],
    answer: async ({ gateway }, { caller, values, headers: { key } }) =>
      okAnswer({ result: await gateway.deleteZone(caller, zoneIn(values), key) }),
  }),
  customerRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/zones/{zone}/records',
    about: 'Records of a zone, all or those at some names.',
    query: recordsQuery,
    answers: { 200: { about: 'records that the token may read', body: recordsBody } },
    refusals: [404],
    answer: async ({ gateway }, { caller, values, query }) => {
      const records = await gateway.records(caller, zoneIn(values), askedNames(query.name));
      return okAnswer({ records: records.map(toWire) });
    },
  }),
  customerRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/zones/{zone}/signing',
    about: 'Whether the name server signs the zone, and the DS records for its parent.',
    answers: { 200: { about: 'how the zone is signed', body: signingAnswer } },
    refusals: [404],
    answer: async ({ gateway }, { caller, values }) =>
      okAnswer(await gateway.signing(caller, zoneIn(values))),
  }),
  customerRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/zones/{zone}/changes',
    about: 'Removes and adds records, all of them or none.',
    body: keyedChange,
    headers: keyHeader,
    answers: { 200: { about: 'what was removed and added', body: alteredAnswer } },
    refusals: [403, 404, 409, 412, 422],
    answer: async ({ gateway }, { caller, values, body, headers }) => {
      const key = keyOf(body.key, headers.key);
      const { expect } = body;
      const change = {
        key,
        remove: allFromWire(body.remove),
        add: allFromWire(body.add),
        expect: expect === null ? null : expectationFromWire(expect),
      };
      return changeOutcome(await gateway.change(caller, zoneIn(values), change));
    },
  }),
  customerRoute({
    ...noInput,
    method: 'POST',
    path: '/v1/zones/{zone}/changes/withdraw',
    about: 'The outcome of a change, or the end of its key: a change that was not accepted never will be.',
    body: withdrawBody,
    answers: { 200: { about: 'the outcome of the change', body: withdrawAnswer } },
    refusals: [404, 422],
    answer: async ({ gateway }, { caller, values, body }) =>
      okAnswer(toldOutcome(caller, await gateway.withdraw(caller, zoneIn(values), body.key))),
  }),
];

/** Reads the names of a query; null: it has none. @throws {DnsDataError} */
export function askedNames(names: readonly string[] | undefined): readonly DnsName[] | null {
  return names === undefined || names.length === 0 ? null : names.map(absoluteName);
}

/** The key of a change, which the body or the header has. @throws {ApiRefusal} 400 */
function keyOf(inBody: string | undefined, inHeader: string | null): string {
  const key = inBody ?? inHeader;
  const isOne = key !== null && (inHeader === null || inHeader === key);
  if (isOne) return key;
  const text = key === null ? 'key: is missing' : 'key: header and body differ';
  throw new ApiRefusal(400, 'gateway.bad-request', { params: { text } });
}

/**
 * The answer that tells the outcome of a change.
 * @throws {ApiRefusal} if the change has failed
 */
export function changeOutcome(change: StoredChange): ApiAnswer {
  const { outcome } = change;
  if (outcome?.kind !== 'done') throw outcomeRefusal(change);
  const { removed, added } = outcome;
  return okAnswer({ removed: removed.map(toWire), added: added.map(toWire) });
}

/**
 * The change, without removed records that the caller may not read. A token may be allowed to replace an
 * RRset that it may not read. Else the answer would show it the records that were there.
 */
export function readableOutcome({ token: { rights } }: Caller, change: StoredChange): StoredChange {
  const { zone, outcome } = change;
  if (outcome?.kind !== 'done') return change;
  const removed = outcome.removed.filter((record) => mayRead(rights, zone, record));
  return { ...change, outcome: { ...outcome, removed } };
}

/** The outcome of a change as an answer to its withdrawal. */
function toldOutcome(caller: Caller, change: StoredChange): v.InferOutput<typeof withdrawAnswer> {
  const { outcome } = readableOutcome(caller, change);
  if (outcome?.kind === 'done') {
    const { removed, added } = outcome;
    return { outcome: 'done', removed: removed.map(toWire), added: added.map(toWire) };
  }
  if (outcome?.kind !== 'failed') return { outcome: 'interrupted' };
  const { code, params, state, retry } = outcome;
  return { outcome: 'failed', code, params, state, retry };
}
