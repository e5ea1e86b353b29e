import * as v from 'valibot';
import type { DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';
import { JournalError } from '../core/journal.ts';
import { keyFields, type LedgerRow, type ZoneEntry } from '../core/ledger.ts';
import type { Row } from './database.ts';
import { presentRow } from './earlier-words.ts';

/** A stored DNS name. The journal writes only canonical names, so it is enough to check the final dot. */
export const name = v.custom<DnsName>(isStoredName);

/** Whether a column's value looks like a DNS name that the journal has written. */
export function isStoredName(value: unknown): value is DnsName {
  return typeof value === 'string' && value.endsWith('.');
}

const zoneRow = v.object({
  name,
  state: v.picklist(['synced', 'panel-only', 'foreign', 'excluded', 'creating', 'deleting']),
  incarnation: v.number(),
  baseline_at: v.number(),
  note: v.nullable(v.string()),
});

const ledgerRow = v.object({
  name,
  type: v.string(),
  rdata: v.string(),
  ttl: v.nullable(v.number()),
  state: v.picklist(['synced', 'panel-only', 'central-only', 'conflict', 'excluded']),
  on_panel: v.number(),
  on_central: v.number(),
  panel_key: v.nullable(v.string()),
  other_keys: v.nullable(v.string()),
  note: v.nullable(v.string()),
});

/** Checks a value against a schema. @throws {JournalError} `journal.unreadable` */
export function checked<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new JournalError('journal.unreadable', { path: 'contents' }, new Error(result.issues[0].message));
}

/** Parses a JSON text and checks it against a schema. @throws {JournalError} `journal.unreadable` */
export function parsed<T>(schema: v.GenericSchema<unknown, T>, body: unknown): T {
  if (typeof body !== 'string') throw new JournalError('journal.unreadable', { path: 'contents' });
  try {
    return checked(schema, JSON.parse(body));
  } catch (error) {
    if (error instanceof JournalError) throw error;
    throw new JournalError('journal.unreadable', { path: 'contents' }, error);
  }
}

const ownerRow = v.object({ zone: name, accounts: v.nullable(v.string()) });

/**
 * Reads a zone and the accounts that may change it; null: the accounts are not known.
 * @throws {JournalError} `journal.unreadable`
 */
export function readOwner(row: unknown): [DnsName, readonly string[] | null] {
  const { zone, accounts } = checked(ownerRow, row);
  return [zone, accounts === null ? null : parsed(v.array(v.string()), accounts)];
}

/** Reads a zone entry from a row. @throws {JournalError} `journal.unreadable` */
export function readZoneEntry(row: Row): ZoneEntry {
  const { name: zone, baseline_at: baselineAt, ...rest } = checked(zoneRow, presentRow(row));
  return { zone, baselineAt, ...rest };
}

/**
 * Parses `otherKeys` of a ledger row from the JSON list that SQLite returns; null means that there are none.
 * They are keys of further rows in the panel that hold the same record.
 * @throws {JournalError} `journal.unreadable`
 */
export function readKeys(keys: unknown): readonly string[] {
  return keys === null ? [] : parsed(v.array(v.string()), keys);
}

/** Reads a ledger row from a row of the table. @throws {JournalError} `journal.unreadable` */
export function readLedgerRow(row: Row): LedgerRow {
  const { name: owner, type, rdata, ttl, ...rest } = checked(ledgerRow, presentRow(row));
  const data: ResourceRecord = { name: owner, type, ttl, rdata };
  return {
    record: data,
    state: rest.state,
    onPanel: rest.on_panel === 1,
    onCentral: rest.on_central === 1,
    ...keyFields([...(rest.panel_key === null ? [] : [rest.panel_key]), ...readKeys(rest.other_keys)]),
    note: rest.note,
  };
}
