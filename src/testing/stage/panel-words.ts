/**
 * Actions of users in a panel, and the requests for them in each generation. This is written without the
 * product's code, so that a mistake in the product is not repeated here.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Generation, Row, Sandbox } from '../../../sandbox/index.ts';

/** A record as a user describes it, in the same form for every panel. */
export interface Wanted {
  /** Owner name, relative to the zone; empty for the zone itself. */
  readonly name: string;
  readonly type: string;
  /**
   * The address, host name (absolute with a final dot, else relative) or text. For CAA, DS and TLSA all
   * fields, in their order.
   */
  readonly value: string;
  /** Priority of an MX; priority, weight and port of an SRV. Absent for other types. */
  readonly numbers?: readonly number[];
  /** TTL in seconds; only for generations in which each record has a TTL. */
  readonly ttl?: number;
}

/** Makes an A record. */
export function address(name: string, ip: string): Wanted {
  return { name, type: 'A', value: ip };
}

/** A call of a panel function. */
export interface Click {
  readonly func: string;
  readonly params: Readonly<Record<string, string>>;
}

/** How the API of one generation is called. */
export interface Words {
  readonly title: string;
  /** Path of the API in its URL. */
  readonly path: string;
  /** Functions that list, save and remove records. */
  readonly list: string;
  readonly save: string;
  readonly remove: string;
  readonly types: ReadonlySet<string>;
  /** Whether every record of these panels has its own TTL. */
  readonly hasTtl: boolean;
  /** The form fields of a record, without the fields for the zone and the record's identifier. */
  readonly fields: (record: Wanted) => Record<string, string>;
  /** Reads the record of a call that saves it: the reverse of `fields`. */
  readonly saved: (params: URLSearchParams) => Wanted;
}

const oldTypes = ['A', 'AAAA', 'CNAME', 'DNAME', 'NS', 'MX', 'TXT', 'SRV', 'PTR'] as const;

function fieldsOf4({ name, type, value, numbers = [] }: Wanted): Record<string, string> {
  const [prio, wght, port] = numbers.map(String);
  return {
    name,
    sdtype: type,
    addr: value,
    ...(prio === undefined ? {} : { prio }),
    ...(wght === undefined ? {} : { wght }),
    ...(port === undefined ? {} : { port }),
  };
}

function savedIn4(params: URLSearchParams): Wanted {
  const numbers = numbersIn(params, ['prio', 'wght', 'port']);
  return {
    name: textIn(params, 'name'),
    type: textIn(params, 'sdtype'),
    value: textIn(params, 'addr'),
    numbers,
  };
}

function savedIn6(params: URLSearchParams): Wanted {
  const type = textIn(params, 'rtype').toUpperCase();
  const names = valueFields[type] ?? ['domain'];
  const value = names.map((field) => textIn(params, field)).join(' ');
  return {
    name: textIn(params, 'name'),
    type,
    value,
    numbers: numbersIn(params, ['priority', 'weight', 'port']),
  };
}

function textIn(params: URLSearchParams, name: string): string {
  return params.get(name) ?? '';
}

function numbersIn(params: URLSearchParams, names: readonly string[]): number[] {
  return names.filter((name) => textIn(params, name) !== '').map((name) => Number(params.get(name)));
}

/** Names of the form fields that hold a record's value, by type. */
const valueFields: Readonly<Record<string, readonly string[]>> = {
  A: ['ip'],
  AAAA: ['ip'],
  TXT: ['value'],
  SRV: ['srvdomain'],
  CAA: ['caa_flags', 'caa_tag', 'caa_value_domain'],
  DS: ['ds_key_tag', 'ds_algorithm', 'ds_digest_type', 'ds_digest'],
  TLSA: ['tlsa_cert_usage', 'tlsa_selector', 'tlsa_matching_type', 'tlsa_value'],
};

function fieldsOf6({ name, type, value, numbers = [], ttl }: Wanted): Record<string, string> {
  const [priority, weight, port] = numbers.map(String);
  const names = valueFields[type] ?? ['domain'];
  const parts = names.length === 1 ? [value] : value.split(' ');
  return {
    name,
    rtype: type.toLowerCase(),
    ...Object.fromEntries(names.map((field, at) => [field, parts[at] ?? ''])),
    ...(priority === undefined ? {} : { priority }),
    ...(weight === undefined ? {} : { weight }),
    ...(port === undefined ? {} : { port }),
    ...(ttl === undefined ? {} : { ttl: String(ttl) }),
  };
}

const words4: Words = {
  title: 'ISPmanager 4',
  path: '/manager/ispmgr',
  list: 'domain.sublist',
  save: 'domain.sublist.edit',
  remove: 'domain.sublist.delete',
  types: new Set(oldTypes),
  hasTtl: false,
  fields: fieldsOf4,
  saved: savedIn4,
};

const words6: Words = {
  title: 'ISPmanager 6',
  path: '/ispmgr',
  list: 'domain.record',
  save: 'domain.record.edit',
  remove: 'domain.record.delete',
  types: new Set([...oldTypes, 'CAA', 'DS', 'TLSA']),
  hasTtl: true,
  fields: fieldsOf6,
  saved: savedIn6,
};

const all: Readonly<Record<Generation, Words>> = {
  v4: words4,
  v5: { ...words6, title: 'ISPmanager 5' },
  v6: words6,
  dnsmgr: { ...words6, title: 'DNSmanager 6', path: '/dnsmgr' },
};

export function wordsOf(generation: Generation): Words {
  return all[generation];
}

/** The call that saves a new record, or that replaces the record with the identifier `key`. */
export function saveClick(words: Words, zone: string, record: Wanted, key = ''): Click {
  const fields = words.fields(record.name === '' ? { ...record, name: `${zone}.` } : record);
  return { func: words.save, params: { plid: zone, elid: key, ...fields, sok: 'ok' } };
}

const hosts: ReadonlySet<string> = new Set(['CNAME', 'DNAME', 'NS', 'MX', 'SRV', 'PTR']);

/** A name in lower case with its final dot. `@` and the empty name stand for the zone itself. */
export function absolute(name: string, zone: string): string {
  if (name === '' || name === '@') return `${zone}.`;
  return (name.endsWith('.') ? name : `${name}.${zone}.`).toLowerCase();
}

/** A record as text that is the same for every panel: `www.example.org. A 192.0.2.1`. */
export function meaning({ name, type, value, numbers = [] }: Wanted, zone: string): string {
  const said = hosts.has(type) ? absolute(value, zone) : value;
  const spelled = type === 'AAAA' ? new URL(`http://[${said}]`).hostname.slice(1, -1) : said;
  return [absolute(name, zone), type, ...numbers, spelled].join(' ');
}

/** A row of a panel's record list as text, in the form that `meaning` makes. */
export function meaningOf({ name, type, prio, wght, port, addr }: Row, zone: string): string {
  const numbers = [prio, wght, port].filter((number) => number !== '').map(Number);
  return meaning({ name, type, value: addr, numbers }, zone);
}

/**
 * The records of a zone in a panel as texts of `meaning`, sorted. Apex NS records are left out, because each
 * side has its own. Null: the panel does not have the zone.
 */
export function contents(panel: Sandbox, zone: string): string[] | null {
  const rows = panel.records(zone);
  if (rows === null) return null;
  return rows
    .filter(({ name, type }) => type !== 'NS' || name !== `${zone}.`)
    .map((row) => meaningOf(row, zone))
    .toSorted();
}

/** Whether two panels have the same records in a zone (by `contents`). */
export function agree(one: Sandbox, other: Sandbox, zone: string): boolean {
  return isDeepStrictEqual(contents(one, zone), contents(other, zone));
}

/** Whether a panel has a record. Also compares the TTL, if `record` has one. */
export function holds(panel: Sandbox, zone: string, record: Wanted): boolean {
  return rowOf(panel, zone, record) !== undefined;
}

function rowOf(panel: Sandbox, zone: string, record: Wanted): Row | undefined {
  const wanted = meaning(record, zone);
  const isIt = (row: Row): boolean =>
    meaningOf(row, zone) === wanted && (record.ttl === undefined || row.ttl === String(record.ttl));
  return panel.records(zone)?.find(isIt);
}

/** Whether a panel has any record at a name. */
export function holdsName(panel: Sandbox, zone: string, name: string): boolean {
  return panel.records(zone)?.some((row) => row.name === absolute(name, zone)) === true;
}

/** The identifier that the panel shows for a record. @throws Error if the panel does not have the record */
export function keyOf(panel: Sandbox, zone: string, record: Wanted): string {
  const row = rowOf(panel, zone, record);
  const at = row === undefined ? -1 : (panel.records(zone)?.indexOf(row) ?? -1);
  const key = panel.keys(zone)?.[at];
  if (key === undefined)
    throw new Error(`no ${meaning(record, zone)} in ${JSON.stringify(panel.keys(zone))}`);
  return key;
}
