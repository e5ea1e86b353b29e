import * as v from 'valibot';
import type { DnsName } from '../../dns/name.ts';
import { rightsSchema } from './rights-schema.ts';
import {
  StorageError,
  type AuditEntry,
  type AuditHead,
  type AuditLink,
  type Customer,
  type OperatorToken,
  type StorageCounts,
  type StoredChange,
  type StoredToken,
  type TransferCode,
  type ZoneGrant,
  type ZoneOwner,
} from './storage.ts';

/** A stored DNS name. Only canonical names are stored, so it is enough to check the final dot. */
export const storedName = v.custom<DnsName>((value) => typeof value === 'string' && value.endsWith('.'));

const record = v.object({
  name: storedName,
  type: v.string(),
  ttl: v.nullable(v.number()),
  rdata: v.string(),
});
const records = v.array(record);

const outcome = v.variant('kind', [
  v.object({
    kind: v.literal('done'),
    result: v.optional(v.picklist(['created', 'exists', 'deleted', 'missing'])),
    removed: records,
    added: records,
  }),
  v.object({
    kind: v.literal('failed'),
    code: v.string(),
    params: v.record(v.string(), v.string()),
    state: v.picklist(['untouched', 'partial', 'unknown']),
    retry: v.picklist(['later', 'never']),
  }),
  v.object({ kind: v.literal('interrupted') }),
]);

const customerRow = v.object({
  id: v.string(),
  state: v.picklist(['active', 'read-only', 'suspended']),
  most_zones: v.number(),
  most_tokens: v.number(),
  most_records: v.number(),
  most_rrset_records: v.number(),
  most_rrset_octets: v.number(),
  most_writes_minute: v.number(),
  most_writes_day: v.number(),
  backend: v.string(),
  created_at: v.number(),
});

const operatorRow = v.object({
  id: v.string(),
  hash: v.string(),
  label: v.string(),
  networks: v.pipe(v.string(), v.parseJson(), v.array(v.string())),
  created_at: v.number(),
  expires_at: v.nullable(v.number()),
  revoked_at: v.nullable(v.number()),
  used_at: v.nullable(v.number()),
  used_from: v.nullable(v.string()),
});

const tokenRow = v.object({
  ...operatorRow.entries,
  customer: v.string(),
  rights: v.pipe(v.string(), v.parseJson(), rightsSchema),
  previous_hash: v.nullable(v.string()),
  previous_until: v.nullable(v.number()),
  idle: v.nullable(v.number()),
  maker: v.nullable(v.string()),
  makes_tokens: v.number(),
});

const countsRow = v.object({
  customers: v.number(),
  zones: v.number(),
  claims: v.number(),
  open_changes: v.number(),
  oldest_change: v.nullable(v.number()),
  drifted_zones: v.number(),
  next_check: v.nullable(v.number()),
});

const zoneRow = v.object({
  name: storedName,
  customer: v.string(),
  backend: v.string(),
  created_at: v.number(),
  left_at: v.nullable(v.number()),
  pending: v.number(),
  records: v.nullable(v.number()),
});

const grantRow = v.object({
  parent: storedName,
  child: storedName,
  customer: v.string(),
  given_by: v.string(),
  created_at: v.number(),
  revoked_at: v.nullable(v.number()),
});

const codeRow = v.object({
  hash: v.string(),
  zone: storedName,
  customer: v.string(),
  with_below: v.number(),
  expires_at: v.number(),
});

const changeBody = v.object({
  zone: storedName,
  remove: records,
  add: records,
  before: records,
});

const changeRow = v.object({
  customer: v.string(),
  token: v.string(),
  key: v.string(),
  client: v.string(),
  fingerprint: v.string(),
  body: v.pipe(v.string(), v.parseJson(), changeBody),
  outcome: v.nullable(v.pipe(v.string(), v.parseJson(), outcome)),
  accepted_at: v.number(),
});

const auditBody = v.object({
  what: v.string(),
  customer: v.string(),
  token: v.string(),
  /** Entries of release 0.2.0 have it. */
  from: v.optional(v.string()),
  zone: v.string(),
  detail: v.unknown(),
});

const auditRow = v.object({
  number: v.number(),
  gateway: v.string(),
  at: v.number(),
  body: v.string(),
  client: v.nullable(v.string()),
  salt: v.nullable(v.string()),
  client_hash: v.nullable(v.string()),
  hash: v.string(),
});

const factsText = v.pipe(v.string(), v.parseJson(), auditBody);

const headRow = v.object({ number: v.number(), hash: v.string() });

/** Checks a value of the database. @throws {StorageError} the file is damaged, or somebody changed it */
export function checkedRow<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new StorageError('storage.failed', new Error(`unreadable row: ${result.issues[0].message}`));
}

/** Reads a customer from a row. @throws {StorageError} */
export function readCustomer(row: unknown): Customer {
  const read = checkedRow(customerRow, row);
  const limits = {
    zones: read.most_zones,
    tokens: read.most_tokens,
    records: read.most_records,
    recordsInRrset: read.most_rrset_records,
    octetsInRrset: read.most_rrset_octets,
    writesInMinute: read.most_writes_minute,
    writesInDay: read.most_writes_day,
  };
  return { id: read.id, state: read.state, limits, backend: read.backend, createdAt: read.created_at };
}

/** Reads a token of a customer from a row. @throws {StorageError} */
export function readStoredToken(row: unknown): StoredToken {
  const read = checkedRow(tokenRow, row);
  const { previous_hash: hash, previous_until: until } = read;
  return {
    ...operatorToken(read),
    customer: read.customer,
    previous: hash === null || until === null ? null : { hash, until },
    rights: read.rights,
    idle: read.idle,
    maker: read.maker,
    makesTokens: read.makes_tokens === 1,
  };
}

/** Reads a token of the operator from a row. @throws {StorageError} */
export function readOperatorToken(row: unknown): OperatorToken {
  return operatorToken(checkedRow(operatorRow, row));
}

function operatorToken({
  used_at: at,
  used_from: from,
  ...read
}: v.InferOutput<typeof operatorRow>): OperatorToken {
  return {
    id: read.id,
    hash: read.hash,
    label: read.label,
    networks: read.networks,
    createdAt: read.created_at,
    expiresAt: read.expires_at,
    revokedAt: read.revoked_at,
    lastUsed: at === null ? null : { at, from: from ?? '' },
  };
}

/** Reads the numbers of rows from a row. @throws {StorageError} */
export function readCounts(row: unknown): StorageCounts {
  const {
    open_changes: openChanges,
    oldest_change: oldestChange,
    drifted_zones: driftedZones,
    next_check: nextCheck,
    ...read
  } = checkedRow(countsRow, row);
  return { ...read, openChanges, oldestChange, driftedZones, nextCheck };
}

/** Reads the owner of a zone from a row. @throws {StorageError} */
export function readZoneOwner(row: unknown): ZoneOwner {
  const { name: zone, created_at: createdAt, left_at: leftAt, pending, ...read } = checkedRow(zoneRow, row);
  // A name that is claimed again keeps the time of its delete, in case its create fails.
  const isPending = pending === 1;
  return { zone, ...read, createdAt, leftAt: isPending ? null : leftAt, isPending };
}

/** Reads a grant from a row. @throws {StorageError} */
export function readZoneGrant(row: unknown): ZoneGrant {
  const {
    given_by: givenBy,
    created_at: createdAt,
    revoked_at: revokedAt,
    ...read
  } = checkedRow(grantRow, row);
  return { ...read, givenBy, createdAt, revokedAt };
}

/** Reads a code from a row. @throws {StorageError} */
export function readTransferCode(row: unknown): TransferCode {
  const { with_below: withBelow, expires_at: expiresAt, ...read } = checkedRow(codeRow, row);
  return { ...read, withBelow: withBelow === 1, expiresAt };
}

/** Reads a change from a row. @throws {StorageError} */
export function readStoredChange(row: unknown): StoredChange {
  const { body, client: from, accepted_at: acceptedAt, ...read } = checkedRow(changeRow, row);
  return { ...read, ...body, from, acceptedAt };
}

/** Reads an entry of the audit as it is stored. @throws {StorageError} */
export function readAuditLink(row: unknown): AuditLink {
  const { client_hash: clientHash, ...read } = checkedRow(auditRow, row);
  return { ...read, clientHash };
}

/** Reads an entry of the audit from a row. @throws {StorageError} */
export function readAuditEntry(row: unknown): AuditEntry {
  const { number, gateway, at, body, client, clientHash, hash } = readAuditLink(row);
  const { from, ...facts } = checkedRow(factsText, body);
  const isErased = clientHash !== null && client === null;
  return { number, gateway, at, ...facts, from: from ?? client ?? '', hash, isErased };
}

/** Reads the number and the hash of an entry from a row. @throws {StorageError} */
export function readAuditHead(row: unknown): AuditHead {
  return checkedRow(headRow, row);
}
