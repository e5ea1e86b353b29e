import * as v from 'valibot';
import type { DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';
import { JournalError } from '../core/journal.ts';
import { keyFields, type LedgerRow, type ZoneEntry } from '../core/ledger.ts';
import type { Operation } from '../core/operation.ts';

/** Names were canonical when they were written; damage shows in the shape of the whole. */
const name = v.custom<DnsName>(isStoredName);

/** Whether a column holds a name. */
export function isStoredName(value: unknown): value is DnsName {
  return typeof value === 'string' && value.endsWith('.');
}

const record = v.object({ name, type: v.string(), ttl: v.nullable(v.number()), rdata: v.string() });

const problem = v.object({ code: v.string(), params: v.record(v.string(), v.string()) });

const item = v.object({
  remove: v.nullable(record),
  add: v.nullable(record),
  mirrored: v.boolean(),
  note: v.nullable(v.string()),
});

const seed = v.object({
  addresses: v.array(v.string()),
  nameServers: v.array(v.string()),
  mailServers: v.array(v.string()),
});

const operation = v.object({
  id: v.string(),
  kind: v.picklist(['records', 'zone-create', 'zone-delete']),
  class: v.picklist(['veto', 'compensate', 'follow']),
  zone: name,
  incarnation: v.number(),
  state: v.picklist([
    'prepared',
    'applied',
    'kept',
    'confirmed',
    'refused',
    'reverting',
    'reverted',
    'stuck',
  ]),
  fingerprint: v.string(),
  actor: v.string(),
  // Journals of the first releases do not have it.
  source: v.optional(v.string(), ''),
  items: v.array(item),
  removed: v.array(record),
  added: v.array(record),
  seed: v.nullable(seed),
  created: v.boolean(),
  // Earlier journals do not have it.
  requested: v.optional(v.boolean()),
  snapshot: v.array(record),
  cancels: v.nullable(v.string()),
  afterSeen: v.boolean(),
  createdAt: v.number(),
  changedAt: v.number(),
  watchUntil: v.number(),
  attempts: v.number(),
  problems: v.array(problem),
});

const zoneRow = v.object({
  name,
  standing: v.picklist(['joined', 'panel-only', 'foreign', 'released', 'creating', 'deleting']),
  incarnation: v.number(),
  baseline_at: v.number(),
  note: v.nullable(v.string()),
});

const ledgerRow = v.object({
  name,
  type: v.string(),
  rdata: v.string(),
  ttl: v.nullable(v.number()),
  standing: v.picklist(['joined', 'panel-only', 'central-only', 'differs', 'released']),
  on_panel: v.number(),
  on_central: v.number(),
  panel_key: v.nullable(v.string()),
  other_keys: v.nullable(v.string()),
  note: v.nullable(v.string()),
});

function checked<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new JournalError('journal.unreadable', { path: 'contents' }, new Error(result.issues[0].message));
}

function parsed<T>(schema: v.GenericSchema<unknown, T>, body: unknown): T {
  if (typeof body !== 'string') throw new JournalError('journal.unreadable', { path: 'contents' });
  try {
    return checked(schema, JSON.parse(body));
  } catch (error) {
    if (error instanceof JournalError) throw error;
    throw new JournalError('journal.unreadable', { path: 'contents' }, error);
  }
}

/**
 * In earlier journals `created` said of a create without a snapshot that it was about to be sent: that is no proof.
 * @throws {JournalError} `journal.unreadable` when the stored text is not an operation
 */
export function readOperation(body: unknown): Operation {
  const { requested, ...stored } = parsed(operation, body);
  if (requested !== undefined) return { ...stored, requested };
  const isUnproven = stored.kind === 'zone-create' && stored.created && stored.snapshot.length === 0;
  return { ...stored, created: stored.created && !isUnproven, requested: isUnproven };
}

const ownerRow = v.object({ zone: name, accounts: v.nullable(v.string()) });

/** A zone and the accounts that may change it. @throws {JournalError} `journal.unreadable` */
export function readOwner(row: unknown): [DnsName, readonly string[] | null] {
  const { zone, accounts } = checked(ownerRow, row);
  return [zone, accounts === null ? null : parsed(v.array(v.string()), accounts)];
}

/** @throws {JournalError} */
export function readZoneEntry(row: unknown): ZoneEntry {
  const { name: zone, baseline_at: baselineAt, ...rest } = checked(zoneRow, row);
  return { zone, baselineAt, ...rest };
}

/** Further keys of a row, as SQLite tells them. @throws {JournalError} `journal.unreadable` */
export function readKeys(keys: unknown): readonly string[] {
  return keys === null ? [] : parsed(v.array(v.string()), keys);
}

/** @throws {JournalError} */
export function readLedgerRow(row: unknown): LedgerRow {
  const { name: owner, type, rdata, ttl, ...rest } = checked(ledgerRow, row);
  const data: ResourceRecord = { name: owner, type, ttl, rdata };
  return {
    record: data,
    standing: rest.standing,
    onPanel: rest.on_panel === 1,
    onCentral: rest.on_central === 1,
    ...keyFields([...(rest.panel_key === null ? [] : [rest.panel_key]), ...readKeys(rest.other_keys)]),
    note: rest.note,
  };
}
