import * as v from 'valibot';
import type { DnsName } from '../../dns/name.ts';
import { rightsSchema } from './rights-schema.ts';
import {
  StorageError,
  type AuditEntry,
  type Customer,
  type StoredChange,
  type StoredToken,
  type ZoneOwner,
} from './storage.ts';

/** A stored DNS name. Only canonical names are stored, so it is enough to check the final dot. */
const name = v.custom<DnsName>((value) => typeof value === 'string' && value.endsWith('.'));

const record = v.object({ name, type: v.string(), ttl: v.nullable(v.number()), rdata: v.string() });
const records = v.array(record);

const outcome = v.variant('kind', [
  v.object({ kind: v.literal('done'), removed: records, added: records }),
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
  created_at: v.number(),
});

const tokenRow = v.object({
  id: v.string(),
  customer: v.string(),
  hash: v.string(),
  label: v.string(),
  rights: v.pipe(v.string(), v.parseJson(), rightsSchema),
  networks: v.pipe(v.string(), v.parseJson(), v.array(v.string())),
  created_at: v.number(),
  expires_at: v.nullable(v.number()),
  revoked_at: v.nullable(v.number()),
  used_at: v.nullable(v.number()),
  used_from: v.nullable(v.string()),
});

const zoneRow = v.object({
  name,
  customer: v.string(),
  left_at: v.nullable(v.number()),
  pending: v.number(),
});

const changeBody = v.object({
  from: v.string(),
  zone: name,
  remove: records,
  add: records,
  before: records,
});

const changeRow = v.object({
  customer: v.string(),
  token: v.string(),
  key: v.string(),
  fingerprint: v.string(),
  body: v.pipe(v.string(), v.parseJson(), changeBody),
  outcome: v.nullable(v.pipe(v.string(), v.parseJson(), outcome)),
  accepted_at: v.number(),
});

const auditBody = v.object({
  what: v.string(),
  customer: v.string(),
  token: v.string(),
  from: v.string(),
  zone: v.string(),
  detail: v.unknown(),
});

const auditRow = v.object({
  number: v.number(),
  gateway: v.string(),
  at: v.number(),
  body: v.pipe(v.string(), v.parseJson(), auditBody),
  hash: v.string(),
});

/** Checks a value of the database. @throws {StorageError} the file is damaged, or somebody changed it */
function checked<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new StorageError('storage.failed', new Error(`unreadable row: ${result.issues[0].message}`));
}

/** Reads a customer from a row. @throws {StorageError} */
export function readCustomer(row: unknown): Customer {
  const { id, state, most_zones: mostZones, created_at: createdAt } = checked(customerRow, row);
  return { id, state, mostZones, createdAt };
}

/** Reads a token from a row. @throws {StorageError} */
export function readStoredToken(row: unknown): StoredToken {
  const { used_at: at, used_from: from, ...read } = checked(tokenRow, row);
  return {
    id: read.id,
    customer: read.customer,
    hash: read.hash,
    label: read.label,
    rights: read.rights,
    networks: read.networks,
    createdAt: read.created_at,
    expiresAt: read.expires_at,
    revokedAt: read.revoked_at,
    lastUsed: at === null ? null : { at, from: from ?? '' },
  };
}

/** Reads the owner of a zone from a row. @throws {StorageError} */
export function readZoneOwner(row: unknown): ZoneOwner {
  const { name: zone, customer, left_at: leftAt, pending } = checked(zoneRow, row);
  return { zone, customer, leftAt, isPending: pending === 1 };
}

/** Reads a change from a row. @throws {StorageError} */
export function readStoredChange(row: unknown): StoredChange {
  const { body, accepted_at: acceptedAt, ...read } = checked(changeRow, row);
  return { ...read, ...body, acceptedAt };
}

/** Reads an entry of the audit from a row. @throws {StorageError} */
export function readAuditEntry(row: unknown): AuditEntry {
  const { body, ...read } = checked(auditRow, row);
  return { ...read, ...body };
}
