/** The shapes of requests and answers of the gateway's API, which the gateway and its central adapter use. */
import * as v from 'valibot';

/** Maximum number of records in one list of a request. */
const mostRecords = 20_000;
/** Maximum length of a name in any spelling: 255 octets, each perhaps written as `\DDD`. */
const longestName = 1_024;
/** Maximum length of a record's data in master-file form: 65,535 octets, each perhaps written as `\DDD`. */
const longestData = 262_144;

const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(longestName));
const ttl = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2_147_483_647)));

/**
 * A record: absolute owner name, type, TTL in seconds (null: the server chooses), data in master-file form.
 */
export const apiRecord = v.strictObject({
  name,
  type: v.pipe(v.string(), v.maxLength(20)),
  ttl,
  data: v.pipe(v.string(), v.maxLength(longestData)),
});

export type ApiRecord = v.InferOutput<typeof apiRecord>;

const records = v.pipe(v.array(apiRecord), v.maxLength(mostRecords));

const state = v.picklist(['untouched', 'partial', 'unknown']);
const retry = v.picklist(['later', 'never']);

/** What identifies a change: chosen by the client, unique for the customer. */
const changeKey = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.:-]{8,100}$/u));

const type = v.pipe(v.string(), v.nonEmpty(), v.maxLength(20));

/**
 * What the client expects: at these names, and of these types (null: all), the zone has exactly these
 * records. A record with `ttl: null` may have any TTL. Records that only a signing server makes are left out.
 */
const expectation = v.strictObject({
  names: v.pipe(v.array(name), v.nonEmpty(), v.maxLength(mostRecords)),
  types: v.nullable(v.pipe(v.array(type), v.nonEmpty(), v.maxLength(100))),
  records,
});

export type ApiExpectation = v.InferOutput<typeof expectation>;

/**
 * `POST /v1/zones/ZONE/changes`. With `expect`, the change is carried out only if a read with the token shows
 * what the client expects; else the answer is a {@link foundAnswer}.
 */
export const changeBody = v.strictObject({
  key: changeKey,
  remove: records,
  add: records,
  expect: v.optional(v.nullable(expectation), null),
});

/** `POST /v1/zones/ZONE/changes/withdraw` */
export const withdrawBody = v.strictObject({ key: changeKey });

const names = v.pipe(v.array(name), v.maxLength(100));

/** `POST /v1/zones`. `check`: only says whether the zone could be created. */
export const zoneBody = v.strictObject({
  zone: name,
  check: v.boolean(),
  nameServers: names,
  records,
});

/** Answer to a change: what it removed and added. */
export const changeAnswer = v.object({ removed: v.array(apiRecord), added: v.array(apiRecord) });

/** Answer (412) to a change whose expectation is wrong: the records that are there. Nothing was changed. */
export const foundAnswer = v.object({
  code: v.literal('gateway.found-otherwise'),
  found: v.array(apiRecord),
});

/**
 * Answer to a withdrawal. `done`: the change was carried out. `failed`: it was never written, or the write
 * failed; `state` says whether a failed write has changed something. `interrupted`: nobody knows the outcome.
 */
export const withdrawAnswer = v.variant('outcome', [
  v.object({ outcome: v.literal('done'), removed: v.array(apiRecord), added: v.array(apiRecord) }),
  v.object({
    outcome: v.literal('failed'),
    code: v.string(),
    params: v.record(v.string(), v.string()),
    state,
    retry,
  }),
  v.object({ outcome: v.literal('interrupted') }),
]);

export const recordsAnswer = v.object({ records: v.array(apiRecord) });

/** `makesZones`: whether the customer can create and delete zones. Else only the provider can. */
export const zonesAnswer = v.object({ zones: v.array(name), makesZones: v.boolean() });

export const zoneAnswer = v.object({
  result: v.picklist(['free', 'created', 'exists', 'deleted', 'missing']),
});

export const signingAnswer = v.object({
  signed: v.nullable(v.boolean()),
  ds: v.array(v.string()),
  cds: v.array(v.string()),
});

/** Answer to `GET /v1/account`: whose the token is. */
export const accountAnswer = v.object({ customer: v.string(), token: v.string() });

/** Problem details (RFC 9457) with the members that a client needs to know what its request has changed. */
export const problemAnswer = v.object({
  title: v.string(),
  status: v.number(),
  code: v.string(),
  params: v.record(v.string(), v.string()),
  state,
  retry,
});
