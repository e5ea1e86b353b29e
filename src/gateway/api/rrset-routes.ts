import { canonicalType } from '../../dns/rdata/rdata.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { rrsetId, type RRsetKey } from '../../dns/zone.ts';
import { absoluteName, allFromWire } from '../../net/gateway/wire.ts';
import { ApiRefusal } from '../api-refusal.ts';
import { isKnown, tagOf } from '../work/precondition.ts';
import { recordsOfSet } from '../work/rrset.ts';
import { pageOf } from './paging.ts';
import {
  customerRoute,
  noInput,
  okAnswer,
  valueIn,
  zoneIn,
  type PathValues,
  type RequestHeaders,
  type Route,
} from './route.ts';
import { alteredAnswer, rrset, rrsetBody, rrsetsPage, rrsetsQuery, type ApiRRset } from './shapes.ts';
import { keyHeader, askedNames, changeOutcome, readableOutcome } from './zone-routes.ts';

const path = '/v1/zones/{zone}/rrsets/{name}/{type}';

const conditions = {
  'If-Match': 'entity tags, one of which the RRset has to have; `*`: it has to exist',
  'If-None-Match': 'entity tags, none of which the RRset may have; `*`: it must not exist',
} as const;

const tagHeader = { ETag: 'entity tag of the RRset' } as const;

/** RRsets as resources of their own. */
export const rrsetRoutes: readonly Route[] = [
  customerRoute({
    ...noInput,
    method: 'GET',
    path: '/v1/zones/{zone}/rrsets',
    about: 'RRsets of a zone, with their entity tags, in pages.',
    query: rrsetsQuery,
    answers: { 200: { about: 'RRsets that the token may read', body: rrsetsPage } },
    refusals: [404, 422],
    answer: async ({ gateway }, { caller, values, query }) => {
      const types = query.type === undefined ? null : new Set(query.type.map(canonicalType));
      const records = await gateway.records(caller, zoneIn(values), askedNames(query.name));
      const sets = Map.groupBy(
        records.filter(({ type }) => types?.has(type) ?? true),
        rrsetId,
      );
      const sorted = [...sets].sort(([one], [other]) => (one < other ? -1 : 1));
      const { items, next } = pageOf(sorted, ([id]) => id, query);
      return okAnswer({ rrsets: items.map(([, own]) => shown(own)), next });
    },
  }),
  customerRoute({
    ...noInput,
    method: 'GET',
    path,
    about: 'One RRset.',
    headers: { 'If-None-Match': 'entity tags that the client has; with the present one the answer is 304' },
    answers: {
      200: { about: 'the RRset', body: rrset, headers: tagHeader },
      304: { about: 'the client has it already', body: null, headers: tagHeader },
    },
    refusals: [404, 422],
    answer: async ({ gateway }, { caller, values, headers: { precondition } }) => {
      const key = keyIn(values);
      const own = recordsOfSet(key, await gateway.records(caller, zoneIn(values), [key.name]));
      if (own.length === 0) throw new ApiRefusal(404, 'central.missing', { params: { text: 'rrset' } });
      const ETag = tagOf(own);
      if (isKnown(precondition, ETag)) return { status: 304, headers: { ETag } };
      return okAnswer(shown(own), { ETag });
    },
  }),
  customerRoute({
    ...noInput,
    method: 'PUT',
    path,
    about: 'Makes an RRset as the body says. Records of it that the body does not have are removed.',
    body: rrsetBody,
    headers: { ...conditions, ...keyHeader },
    answers: { 200: { about: 'what was removed and added', body: alteredAnswer, headers: tagHeader } },
    refusals: [403, 404, 409, 412, 422],
    answer: async ({ gateway }, { caller, values, body: { ttl, data }, headers }) => {
      const key = keyIn(values);
      const sent = allFromWire(data.map((one) => ({ ...key, ttl, data: one })));
      const records = [...new Map(sent.map((record) => [recordId(record), record])).values()];
      const done = await gateway.writeRRset(caller, zoneIn(values), wanted(key, records, headers));
      return { ...changeOutcome(readableOutcome(caller, done)), headers: { ETag: tagOf(records) } };
    },
  }),
  customerRoute({
    ...noInput,
    method: 'DELETE',
    path,
    about: 'Deletes an RRset. One that is not there is no mistake.',
    headers: { ...conditions, ...keyHeader },
    answers: { 200: { about: 'what was removed', body: alteredAnswer } },
    refusals: [403, 404, 409, 412, 422],
    answer: async ({ gateway }, { caller, values, headers }) => {
      const done = await gateway.writeRRset(caller, zoneIn(values), wanted(keyIn(values), [], headers));
      return changeOutcome(readableOutcome(caller, done));
    },
  }),
];

function keyIn(values: PathValues): RRsetKey {
  return { name: absoluteName(valueIn(values, 'name')), type: canonicalType(valueIn(values, 'type')) };
}

function wanted(
  key: RRsetKey,
  records: readonly ResourceRecord[],
  headers: RequestHeaders,
): RRsetKey & Pick<RequestHeaders, 'key' | 'precondition'> & { readonly records: readonly ResourceRecord[] } {
  return { ...key, records, key: headers.key, precondition: headers.precondition };
}

/** @param records records of one RRset; at least one */
function shown(records: readonly ResourceRecord[]): ApiRRset {
  const [first] = records;
  if (first === undefined) throw new RangeError('an RRset without records');
  const { name, type, ttl } = first;
  return { name, type, ttl, data: records.map(({ rdata }) => rdata).sort(), etag: tagOf(records) };
}
