import { collect, DnsDataError, problem, type Problem } from '../../dns/problem.ts';
import { parseName, relativeName, type DnsName, type Origin } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { canonicalType, rdataFields, rdataFromFields } from '../../dns/rdata/rdata.ts';

/**
 * A record in the form in which ISPmanager 4 lists it and its form accepts it
 * (docs/protocol.md#record-keys-4, #record-form-4). Absent fields were not sent.
 */
export type RowFields = Readonly<
  Partial<Record<'name' | 'type' | 'addr' | 'prio' | 'wght' | 'port', string>>
>;

/** Types of records that ISPmanager 4 can hold (docs/protocol.md#record-form-4, `sdtype`). */
export const rowTypes: ReadonlySet<string> = new Set('A AAAA CNAME DNAME NS MX TXT SRV PTR'.split(' '));

/**
 * Makes a record from a row of the list or from the fields of the form. Owner and target names may be
 * relative or absolute, in Unicode or punycode. The data of TXT are the text itself, without quotes
 * (docs/protocol.md#record-keys-4, #record-form-4).
 * @throws {DnsDataError} with every problem of the row
 */
export function recordFromRow(row: RowFields, zone: Origin): ResourceRecord {
  const problems: Problem[] = [];
  const name = collect(problems, () => ownerName(row.name ?? '', zone));
  const type = collect(problems, () => canonicalType(row.type ?? ''));
  const rdata = type === null ? null : collect(problems, () => rowRdata(type, row, zone));
  if (name === null || type === null || rdata === null) throw new DnsDataError(problems);
  return { name, type, ttl: null, rdata };
}

/**
 * Parses an owner name. `@`, the empty name and the zone's own name mean the apex (docs/protocol.md#names).
 */
export function ownerName(text: string, zone: Origin): DnsName {
  const trimmed = text.trim();
  return parseName(trimmed === '' ? '@' : trimmed, zone);
}

function rowRdata(type: string, row: RowFields, zone: Origin): string {
  const addr = row.addr ?? '';
  switch (type) {
    case 'MX':
      return rdataFromFields(type, [number(row.prio), addr.trim()], zone);
    case 'SRV':
      return rdataFromFields(type, [number(row.prio), number(row.wght), number(row.port), addr.trim()], zone);
    case 'TXT':
    case 'SPF':
      return rdataFromFields(type, [addr], zone);
    default:
      // For types without documented fields, the value is parsed as master-file text, so that no data are
      // lost.
      return makeRecord({ name: '@', type, rdata: addr.trim() }, zone).rdata;
  }
}

/**
 * The data of a record as one field: for TXT and SPF the text itself, otherwise master-file text.
 * {@link recordFromRow} makes the same data from it.
 */
export function dataText({ type, rdata }: ResourceRecord): string {
  return type === 'TXT' || type === 'SPF' ? rdataFields(type, rdata).join(' ') : rdata;
}

function number(text: string | undefined): string {
  const trimmed = (text ?? '').trim();
  return trimmed === '' ? '0' : trimmed;
}

export type RowForm = Readonly<Record<'name' | 'sdtype' | 'addr' | 'prio' | 'wght' | 'port', string>>;

/**
 * Returns the fields of the form `domain.sublist.edit` for a record (docs/protocol.md#record-form-4). The
 * owner name is absolute; `prio`, `wght` and `port` are empty if the type does not have them.
 * @throws {DnsDataError} if ISPmanager 4 has no form for the record
 */
export function rowForm(record: ResourceRecord): RowForm {
  const fields = rdataFields(record.type, record.rdata);
  if (!rowTypes.has(record.type)) {
    throw new DnsDataError([problem('type.unknown', { type: record.type })]);
  }
  // The numbers of MX and SRV come before the last field.
  const [prio = '', wght = '', port = ''] = fields.slice(0, -1);
  return { name: record.name, sdtype: record.type, addr: fields.at(-1) ?? '', prio, wght, port };
}

/**
 * Splits a key `name TYPE [prio [wght port]] addr` into its parts (docs/protocol.md#record-keys-4); `null`:
 * the text is not a key.
 */
export function rowFromKey(key: string): RowFields | null {
  const parts = /^(\S*) ([A-Za-z0-9-]+) (\S*) (.*)$/su.exec(key);
  if (parts === null) return null;
  const [, name = '', type = '', prio = '', rest = ''] = parts;
  if (type.toUpperCase() !== 'SRV') return { name, type, prio, addr: rest };
  const service = /^(\S+) (\S+) (\S+)$/u.exec(rest);
  if (service === null) return null;
  const [, wght = '', port = '', addr = ''] = service;
  return { name, type, prio, wght, port, addr };
}

/**
 * The keys that ISPmanager 4 may show for a record, with a relative and an absolute owner name. They are only
 * compared with keys in lists. Only keys from a list are sent (docs/protocol.md#record-keys-4).
 */
export function likelyKeys(record: ResourceRecord, zone: DnsName): readonly string[] {
  if (!rowTypes.has(record.type)) return [];
  const form = rowForm(record);
  const value = [form.prio, form.wght, form.port].filter((part, at) => at === 0 || part !== '').join(' ');
  const owners = new Set([record.name, relativeName(record.name, zone)]);
  return [...owners].map((owner) => `${owner} ${record.type} ${value} ${form.addr}`);
}
