/** The shapes of requests and answers of the gateway's API that only its own clients need. */
import * as v from 'valibot';
import { apiRecord } from '../../net/gateway/schemas.ts';
import { presets } from '../rights/presets.ts';
import { mostPatternText, ruleSchema, verbs } from '../rights/rule.ts';
import { rightsSchema } from '../storage/rights-schema.ts';

const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(1_024));
const type = v.pipe(v.string(), v.nonEmpty(), v.maxLength(20));
const someNames = v.optional(v.pipe(v.array(name), v.maxLength(500)));
const moment = v.pipe(v.number(), v.integer(), v.minValue(0));
const maybeMoment = v.nullable(moment);
const anyText = v.string();
/** Where a page of a list begins: `next` of the page before. */
const cursor = v.optional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(2_048)));
/** Most entries of a page. */
const limit = v.optional(v.pipe(v.string(), v.regex(/^[1-9]\d{0,3}$/u), v.transform(Number)));
const next = v.nullable(v.string());

/** A text that a database takes: it has no control characters. */
const plainText = (most: number) => v.pipe(v.string(), v.maxLength(most), v.regex(/^[^\p{Cc}]*$/u));
/** The id of a customer. An id that no customer can have is answered like one that no customer has. */
const customerId = v.pipe(v.string(), v.nonEmpty(), plainText(40));

/** The parameters of a list that is given in pages. */
export const pageQuery = v.strictObject({ limit, cursor });

export const zonesPage = v.strictObject({ zones: v.array(name), makesZones: v.boolean(), next });

/** `GET /v1/operator/customers/{customer}/zones` */
export const namesPage = v.strictObject({ zones: v.array(name), next });

/** `GET /v1/zones/{zone}/records`: only records at these names. */
export const recordsQuery = v.strictObject({ name: someNames });

/** `GET /v1/zones/{zone}/rrsets`: only those at these names and of these types. */
export const rrsetsQuery = v.strictObject({
  name: someNames,
  type: v.optional(v.pipe(v.array(type), v.maxLength(100))),
  limit,
  cursor,
});

const data = v.pipe(v.string(), v.maxLength(262_144));
const seconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2_147_483_647));

/** `PUT /v1/zones/{zone}/rrsets/{name}/{type}` */
export const rrsetBody = v.strictObject({
  ttl: seconds,
  data: v.pipe(v.array(data), v.minLength(1), v.maxLength(20_000)),
});

/** An RRset: TTL in seconds, data in master-file form, and its entity tag. */
export const rrset = v.strictObject({
  name,
  type,
  ttl: v.nullable(v.number()),
  data: v.array(anyText),
  etag: anyText,
});

export type ApiRRset = v.InferOutput<typeof rrset>;

export const rrsetsPage = v.strictObject({ rrsets: v.array(rrset), next });

/** What a change has removed and added. */
export const alteredAnswer = v.strictObject({ removed: v.array(apiRecord), added: v.array(apiRecord) });

export const accountBody = v.strictObject({ customer: anyText, token: anyText, label: anyText });

const problem = v.object({ code: anyText, params: v.record(v.string(), v.string()) });

/** Problem details (RFC 9457), as every refusal has them. */
export const problemBody = v.strictObject({
  type: anyText,
  title: anyText,
  status: v.number(),
  instance: anyText,
  code: anyText,
  params: v.record(v.string(), v.string()),
  state: v.picklist(['untouched', 'partial', 'unknown']),
  retry: v.picklist(['later', 'never']),
  problems: v.array(problem),
  /** Records that an expectation did not name. */
  found: v.optional(v.array(apiRecord)),
  'violated-policies': v.optional(v.array(anyText)),
});

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(999_999_999));

/** How much a customer may have and do. */
const limits = v.strictObject({
  zones: count,
  tokens: count,
  records: count,
  recordsInRrset: count,
  octetsInRrset: count,
  writesInMinute: count,
  writesInDay: count,
});
/** The name of a section `[backend NAME]`; `default` for `[backend]`. */
const someBackend = v.optional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(64)));
const someLimits = v.optional(v.partial(limits));

/** A customer of the gateway. */
export const customerBody = v.strictObject({
  id: anyText,
  state: v.picklist(['active', 'read-only', 'suspended']),
  limits,
  backend: anyText,
  createdAt: moment,
});

/** `POST /v1/operator/customers` */
export const newCustomer = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/u)),
  limits: someLimits,
  backend: someBackend,
});

/** `PATCH /v1/operator/customers/{customer}`: what is left out stays. */
export const customerChanges = v.strictObject({
  state: v.optional(v.picklist(['active', 'read-only', 'suspended'])),
  limits: someLimits,
  backend: someBackend,
});

export const customersPage = v.strictObject({ customers: v.array(customerBody), next });

const pattern = v.pipe(v.string(), v.nonEmpty(), v.maxLength(mostPatternText));
const patterns = v.pipe(v.array(pattern), v.maxLength(1_000));
const networks = v.pipe(v.array(v.pipe(v.string(), v.maxLength(50))), v.maxLength(100));

const days = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(99_999)));

/**
 * `POST /v1/operator/customers/{customer}/tokens`. The rights are either those of a preset, for zones and
 * names, or written out.
 */
export const newToken = v.strictObject({
  preset: v.optional(v.picklist(presets)),
  zones: v.optional(patterns),
  names: v.optional(patterns),
  rights: v.optional(rightsSchema),
  label: v.optional(plainText(200)),
  networks: v.optional(networks),
  days,
  idleDays: days,
  makesTokens: v.optional(v.boolean()),
});

/** A token that was made. Its text is shown once. */
export const madeToken = v.strictObject({ id: anyText, token: anyText });

const use = v.nullable(v.strictObject({ at: moment, from: anyText }));

/** A token without its secret. Times are milliseconds since 1970. */
export const tokenBody = v.strictObject({
  id: anyText,
  customer: anyText,
  label: anyText,
  rights: rightsSchema,
  networks: v.array(anyText),
  createdAt: moment,
  expiresAt: maybeMoment,
  revokedAt: maybeMoment,
  idle: maybeMoment,
  maker: v.nullable(anyText),
  makesTokens: v.boolean(),
  previousUntil: maybeMoment,
  lastUsed: use,
});

const milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(315_360_000_000));

/** `POST /v1/tokens`. Times are milliseconds, `expiresAt` since 1970. */
export const narrowerToken = v.strictObject({
  rights: rightsSchema,
  label: v.optional(plainText(200)),
  networks: v.optional(networks),
  expiresAt: v.optional(v.nullable(moment)),
  idle: v.optional(v.nullable(milliseconds)),
});

/** `PATCH /v1/tokens/{token}`: all the rights that it has from then on. */
export const fewerRights = v.strictObject({ rights: rightsSchema });

/** `POST /v1/tokens/{token}/rotate`: for how many milliseconds the old text is accepted too. */
export const rotation = v.strictObject({ overlap: milliseconds });

/** `GET /v1/tokens` */
export const madeTokensBody = v.strictObject({ tokens: v.array(tokenBody) });

/** `POST /v1/zones/{zone}/offer` */
export const zoneOffer = v.strictObject({ withBelow: v.boolean() });

/** The code of a zone, and until when it can be used, milliseconds since 1970. */
export const offeredZone = v.strictObject({ code: anyText, expiresAt: moment });

/** `POST /v1/zones/{zone}/take` */
export const zoneTake = v.strictObject({ code: v.pipe(v.string(), v.nonEmpty(), v.maxLength(100)) });

export const takenZones = v.strictObject({ zones: v.array(name) });

export const tokensPage = v.strictObject({ tokens: v.array(tokenBody), next });

export const explainQuery = v.strictObject({ zone: name, name, type, verb: v.picklist(verbs) });

export const explainedBody = v.strictObject({
  allowed: v.boolean(),
  rule: v.nullable(ruleSchema),
  reason: anyText,
});

/**
 * Who has a zone, or had it: `leftAt` says when it was deleted, milliseconds since 1970. `records`: how many
 * it has, if they were counted.
 */
export const ownerBody = v.strictObject({
  zone: name,
  customer: anyText,
  leftAt: maybeMoment,
  isPending: v.boolean(),
  backend: anyText,
  records: v.nullable(v.number()),
});

/** `POST /v1/operator/zones/{zone}/transfer` */
export const transferBody = v.strictObject({
  customer: customerId,
  withBelow: v.optional(v.boolean()),
});

export const movedBody = v.strictObject({ zones: v.array(name) });

/** `POST /v1/operator/zones/{zone}/assign` */
export const assignBody = v.strictObject({
  customer: customerId,
  backend: someBackend,
});

/** `GET /v1/operator/audit`: the cursor is the number of an entry. */
export const auditQuery = v.strictObject({
  limit,
  cursor: v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/u), v.transform(Number))),
});

export const auditEntry = v.strictObject({
  number: v.number(),
  at: moment,
  what: anyText,
  customer: anyText,
  token: anyText,
  from: anyText,
  zone: anyText,
  detail: v.unknown(),
  hash: anyText,
  isErased: v.boolean(),
  gateway: anyText,
});

export const auditPage = v.strictObject({ entries: v.array(auditEntry), next });

/** `POST /v1/operator/zones/{zone}/grants`: the customer may create the child, which is below the zone. */
export const newGrant = v.strictObject({ child: name, customer: customerId });

/** A grant. Times are milliseconds since 1970. */
const grantBody = v.strictObject({
  parent: name,
  child: name,
  customer: anyText,
  givenBy: anyText,
  createdAt: moment,
  revokedAt: maybeMoment,
});

export const grantsPage = v.strictObject({ grants: v.array(grantBody), next });

/**
 * Answer to `GET /v1/operator/audit/check`: numbers of entries that do not follow from the one before, and of
 * exported heads that the audit lacks or has otherwise.
 */
export const auditCheckBody = v.strictObject({
  entries: count,
  heads: count,
  broken: v.array(v.number()),
  missing: v.array(v.number()),
});

/**
 * `POST /v1/operator/audit/erase`: the address, or the name of whoever has given an order, as the audit shows
 * it. With a customer, only entries about him are meant.
 */
export const erasureBody = v.strictObject({
  client: v.pipe(plainText(200), v.nonEmpty()),
  customer: v.optional(customerId),
});

export const erasedBody = v.strictObject({ erased: count });

/** Answer to a request that has no other result to tell. */
export const doneBody = v.strictObject({
  result: v.picklist(['revoked', 'assigned', 'released', 'granted', 'accepted']),
});

const driftedRecords = v.nullable(v.array(v.strictObject({ ttl: v.nullable(v.number()), data: anyText })));

/**
 * What somebody else has changed in a zone. `before`: as the gateway left an RRset; null: not stored, because
 * there is too much of it. `missing`: the name server has no such zone. `no-soa`: it does not serve the zone.
 */
export const driftBody = v.strictObject({
  zone: name,
  customer: anyText,
  state: v.picklist(['records', 'missing', 'no-soa']),
  firstSeen: moment,
  lastSeen: moment,
  rrsets: v.array(v.strictObject({ name, type, before: driftedRecords, after: driftedRecords })),
  more: v.number(),
});

export const driftPage = v.strictObject({ zones: v.array(driftBody), next });

/** `later`: a write of the gateway may still arrive. `gone`: nobody has the zone any more. */
export const driftCheckBody = v.strictObject({
  result: v.picklist(['unchanged', 'first', 'same', 'drift', 'later', 'gone']),
});
