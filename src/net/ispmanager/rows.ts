import { collect, DnsDataError, problem, type Problem } from '../../dns/problem.ts';
import { parseName, relativeName, type DnsName, type Origin } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { canonicalType, rdataFields, rdataFromFields } from '../../dns/rdata/rdata.ts';

/**
 * A record as ISPmanager 4 lists it and as its form takes it (reference sections 6.4 and 6.5). Absent = not
 * given.
 */
export interface RowFields {
  readonly name?: string;
  readonly type?: string;
  readonly addr?: string;
  readonly prio?: string;
  readonly wght?: string;
  readonly port?: string;
}

/** Types an ISPmanager 4 can hold (docs/protocol.md#record-form-4, `sdtype`). */
export const rowTypes: ReadonlySet<string> = new Set([
  'A',
  'AAAA',
  'CNAME',
  'DNAME',
  'NS',
  'MX',
  'TXT',
  'SRV',
  'PTR',
]);

/**
 * The record that a row of a list or the fields of a form mean. Owner and target names may be relative or
 * absolute, Unicode or punycode; TXT is the text itself, unquoted (docs/protocol.md#record-keys-4,
 * #record-form-4).
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

/** `@`, the empty name and the zone's own name are the apex (docs/protocol.md#names). */
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
      // Types beyond the documented ones are taken in master-file text, so that they pass through unharmed.
      return makeRecord({ name: '@', type, rdata: addr.trim() }, zone).rdata;
  }
}

/**
 * The data in one field, as {@link recordFromRow} reads those of a type without fields of its own: an SPF's
 * text itself, else master-file text.
 */
export function dataText({ type, rdata }: ResourceRecord): string {
  return type === 'TXT' || type === 'SPF' ? rdataFields(type, rdata).join(' ') : rdata;
}

function number(text: string | undefined): string {
  const trimmed = (text ?? '').trim();
  return trimmed === '' ? '0' : trimmed;
}

export interface RowForm {
  readonly name: string;
  readonly sdtype: string;
  readonly addr: string;
  readonly prio: string;
  readonly wght: string;
  readonly port: string;
}

/**
 * The documented fields of `domain.sublist.edit` for a record (docs/protocol.md#record-form-4): absolute
 * owner name, `prio` and friends empty where they are not allowed.
 * @throws {DnsDataError} when ISPmanager 4 has no form for the record
 */
export function rowForm(record: ResourceRecord): RowForm {
  const fields = rdataFields(record.type, record.rdata);
  const base = {
    name: record.name,
    sdtype: record.type,
    addr: fields.at(-1) ?? '',
    prio: '',
    wght: '',
    port: '',
  };
  if (!rowTypes.has(record.type)) {
    throw new DnsDataError([problem('type.unknown', { type: record.type })]);
  }
  switch (record.type) {
    case 'MX':
      return { ...base, prio: fields[0] ?? '' };
    case 'SRV':
      return { ...base, prio: fields[0] ?? '', wght: fields[1] ?? '', port: fields[2] ?? '' };
    default:
      return base;
  }
}

/**
 * The parts of a key `name TYPE [prio [wght port]] addr` (docs/protocol.md#record-keys-4), or `null` when the
 * text cannot be a key.
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
 * The key ISPmanager 4 would show for a record, with a relative and with an absolute owner name. It is for
 * matching only; keys are never sent unless a list showed them (docs/protocol.md#record-keys-4).
 */
export function likelyKeys(record: ResourceRecord, zone: DnsName): readonly string[] {
  if (!rowTypes.has(record.type)) return [];
  const form = rowForm(record);
  const value = [form.prio, form.wght, form.port].filter((part, at) => at === 0 || part !== '').join(' ');
  const owners = new Set([record.name, relativeName(record.name, zone)]);
  return [...owners].map((owner) => `${owner} ${record.type} ${value} ${form.addr}`);
}
