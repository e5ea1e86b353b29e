import { isIPv4, isIPv6 } from 'node:net';
import { absoluteHost, readHost, readOwner } from '../shared/names.ts';
import { badValue } from '../shared/refusal.ts';
import { element } from '../shared/xml.ts';
import type { Params } from '../shared/params.ts';
import type { Row, Zone } from '../shared/types.ts';
import type { Element } from '../shared/xml.ts';

const DEFAULT_TTL = '3600';
const MOST_TTL = 2_147_483_647;
const TEXT_LIMIT = 4096;

/**
 * The form fields of each type. Their order is that of the values in the record's data
 * (docs/protocol.md#record-form-5).
 */
export const FIELDS: Readonly<Record<string, readonly string[]>> = {
  A: ['ip'],
  AAAA: ['ip'],
  CNAME: ['domain'],
  DNAME: ['domain'],
  NS: ['domain'],
  PTR: ['domain'],
  MX: ['priority', 'domain'],
  TXT: ['value'],
  SRV: ['priority', 'weight', 'port', 'srvdomain'],
  CAA: ['caa_flags', 'caa_tag', 'caa_value_domain', 'caa_value_email'],
  DS: ['ds_key_tag', 'ds_algorithm', 'ds_digest_type', 'ds_digest'],
  TLSA: ['tlsa_cert_usage', 'tlsa_selector', 'tlsa_matching_type', 'tlsa_value'],
};

const HOSTS: ReadonlySet<string> = new Set(['CNAME', 'DNAME', 'NS', 'PTR', 'MX', 'SRV']);

/** The record's value in the form in which lists and keys show it. */
function shownValue(row: Row, zone: string): string {
  return HOSTS.has(row.type) ? absoluteHost(row.addr, zone) : row.addr;
}

/**
 * The record's identifier: `name. TYPE [numbers] value`. If there are no numbers, two spaces stand in their
 * place (docs/protocol.md#record-list-5).
 */
export function ispmanager5Key(row: Row, zone: string): string {
  const numbers = [row.prio, row.wght, row.port].filter((number) => number !== '').join(' ');
  return `${row.name} ${row.type} ${numbers} ${shownValue(row, zone)}`;
}

function info(row: Row): string {
  const parts = [
    ['priority', row.prio],
    ['weight', row.wght],
    ['port', row.port],
  ].filter(([, number]) => number !== '');
  return parts.map(([name, number]) => `${name}= ${number}`).join(', ');
}

/** The columns of one row of `domain.record` (docs/protocol.md#record-list-5). */
export function recordCells(row: Row, zone: string, keyColumn: 'rkey' | 'rtype_hidden'): Element[] {
  const key = ispmanager5Key(row, zone);
  return [
    element(keyColumn, key),
    element('rkey_name', key),
    element('name', row.name),
    element('ttl', row.ttl ?? DEFAULT_TTL),
    element('rtype', row.type),
    element('value', shownValue(row, zone)),
    element('info', info(row)),
  ];
}

/**
 * The zone's SOA as a row of the list. Users can neither create nor delete it
 * (docs/protocol.md#record-form-5).
 */
export function soaRow(zone: Zone): Row {
  const { primary, email, serial, refresh, retry, expire, ttl } = zone.soa;
  const addr = [primary, email, serial, refresh, retry, expire, ttl].join(' ');
  return { name: `${zone.name}.`, type: 'SOA', prio: '', wght: '', port: '', addr, ttl: DEFAULT_TTL };
}

/**
 * Rows that the list of a signed zone has in addition to the zone's own rows (docs/protocol.md#signed-zones).
 * Users cannot edit them.
 */
export function dnssecRows(zone: Zone): Row[] {
  const apex = `${zone.name}.`;
  const until = '20300101000000 20290101000000';
  const texts = [
    ['DNSKEY', '257 3 13 bWFkZSB1cCBieSB0aGUgc2FuZGJveCBmb3IgdGVzdHM='],
    ['CDS', '4711 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
    ['NSEC', `${apex} NS SOA RRSIG NSEC DNSKEY CDS`],
    ['RRSIG', `SOA 13 2 3600 ${until} 4711 ${apex} c2lnbmVkIGJ5IHRoZSBzYW5kYm94`],
  ] as const;
  return texts.map(([type, addr]) => ({ ...soaRow(zone), type, addr }));
}

function readNumber(text: string, field: string, most: number): string {
  if (!/^\d{1,10}$/u.test(text) || Number(text) > most) throw badValue(field);
  return String(Number(text));
}

/**
 * Returns the value of a form field. If the call does not contain the field, that is the record's old value
 * (docs/protocol.md#partial-forms).
 */
type Given = (field: string) => string;

function givenFields(params: Params, old: Row | null, zone: string): Given {
  const before = old === null ? {} : formValues(old, zone);
  return (field) => params.get(field) ?? before[field] ?? '';
}

/** The values of the form fields for a record. */
export function formValues(row: Row, zone: string): Record<string, string> {
  const values: Record<string, string> = {
    name: row.name,
    ttl: row.ttl ?? DEFAULT_TTL,
    rtype: row.type.toLowerCase(),
  };
  const fields = FIELDS[row.type] ?? [];
  if (row.type === 'CAA') {
    const [flags = '', tag = '', ...rest] = row.addr.split(' ');
    const value = rest.join(' ');
    const isMail = tag === 'iodef';
    values['caa_flags'] = flags;
    values['caa_tag'] = tag;
    values[isMail ? 'caa_value_email' : 'caa_value_domain'] = isMail ? value.replace(/^mailto:/u, '') : value;
  } else if (row.type === 'DS' || row.type === 'TLSA') {
    row.addr.split(' ').forEach((part, at) => (values[fields[at] ?? ''] = part));
  } else {
    const numbers: Record<string, string> = { priority: row.prio, weight: row.wght, port: row.port };
    for (const field of fields) values[field] = numbers[field] ?? shownValue(row, zone);
  }
  return values;
}

function readValue(type: string, given: Given, zone: string): string {
  switch (type) {
    case 'A':
    case 'AAAA': {
      const ip = given('ip').trim();
      if (type === 'A' ? !isIPv4(ip) : !isIPv6(ip) || ip.includes('%')) throw badValue('ip');
      return ip;
    }
    case 'TXT': {
      const value = given('value');
      if (value === '' || /\p{Cc}/u.test(value) || Buffer.byteLength(value) > TEXT_LIMIT)
        throw badValue('value');
      return value;
    }
    case 'SRV':
      return readHost(given('srvdomain').trim(), zone, 'srvdomain');
    case 'CAA':
      return readCaa(given);
    case 'DS':
    case 'TLSA':
      return readDigest(type, given);
    default:
      return readHost(given('domain').trim(), zone, 'domain');
  }
}

function readCaa(given: Given): string {
  const flags = readNumber(given('caa_flags').trim() || '0', 'caa_flags', 255);
  const tag = given('caa_tag').trim().toLowerCase();
  if (!/^[a-z0-9]{1,15}$/u.test(tag)) throw badValue('caa_tag');
  if (tag !== 'iodef') return `${flags} ${tag} ${given('caa_value_domain').trim() || ';'}`;
  const mail = given('caa_value_email').trim();
  if (!/^[^\s@]+@[^\s@]+$/u.test(mail)) throw badValue('caa_value_email');
  return `${flags} iodef mailto:${mail}`;
}

function readDigest(type: 'DS' | 'TLSA', given: Given): string {
  const [first = '', second = '', third = '', digest = ''] = FIELDS[type] ?? [];
  const hex = given(digest).trim();
  if (!/^(?:[0-9a-f]{2})+$/iu.test(hex)) throw badValue(digest);
  const numbers = [first, second, third].map((field, at) =>
    readNumber(given(field).trim(), field, type === 'DS' && at === 0 ? 65_535 : 255),
  );
  return [...numbers, hex].join(' ');
}

/**
 * Reads a record from the form of `domain.record.edit` (docs/protocol.md#record-form-5).
 * @param old the record that is changed; null: a new record is added
 * @throws Refusal with the name of the wrong field
 */
export function readIspmanager5Row(params: Params, old: Row | null, zone: string): Row {
  const given = givenFields(params, old, zone);
  const type = given('rtype').trim().toUpperCase();
  const fields = FIELDS[type];
  if (fields === undefined) throw badValue('rtype');
  const number = (field: string): string =>
    fields.includes(field) ? readNumber(given(field).trim() || '0', field, 65_535) : '';
  const name = given('name').trim();
  if (name.endsWith('..')) throw badValue('name', 'Invalid domain name');
  return {
    name: readOwner(name, zone),
    type,
    addr: readValue(type, given, zone),
    prio: number('priority'),
    wght: number('weight'),
    port: number('port'),
    ttl: readNumber(given('ttl').trim() || DEFAULT_TTL, 'ttl', MOST_TTL),
  };
}
