import { collect, DnsDataError, problem, validOrElse, type Problem } from '../../dns/problem.ts';
import { parentTypes, signerTypes } from '../../dns/dnssec.ts';
import type { Origin } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { canonicalType, parseRdata, rdataFields, rdataFromFields } from '../../dns/rdata/rdata.ts';
import { quote, tokens } from '../../dns/rdata/text.ts';
import { opaqueRecord } from './opaque.ts';
import { comesBack, controlCharacters, type Cells, type RecordDialect } from './record-dialect.ts';
import { dataText, ownerName, rowFromKey } from './rows.ts';
import { own } from '../../dns/own.ts';

/**
 * A row of the list `domain.record` or the fields of its form, by name (docs/protocol.md#record-list-5,
 * #record-form-5).
 */
type Ispmanager5Row = Readonly<Record<string, string | undefined>>;

/**
 * The form fields of each type, in the order of the rdata (docs/protocol.md#record-form-5). The value of a
 * CAA is in one of two fields, depending on the tag.
 */
const formFields: Readonly<Record<string, readonly string[]>> = {
  A: ['ip'],
  AAAA: ['ip'],
  CNAME: ['domain'],
  DNAME: ['domain'],
  NS: ['domain'],
  PTR: ['domain'],
  MX: ['priority', 'domain'],
  TXT: ['value'],
  SRV: ['priority', 'weight', 'port', 'srvdomain'],
  CAA: ['caa_flags', 'caa_tag', 'caa_value_domain'],
  DS: ['ds_key_tag', 'ds_algorithm', 'ds_digest_type', 'ds_digest'],
  TLSA: ['tlsa_cert_usage', 'tlsa_selector', 'tlsa_matching_type', 'tlsa_value'],
};

/** All fields of the form, for all types together. */
const ispmanager5FormFields: readonly string[] = [
  'name',
  'rtype',
  'ttl',
  ...new Set(Object.values(formFields).flat()),
  'caa_value_email',
];

/** Types for which these panels have a form (docs/protocol.md#record-form-5). */
const ispmanager5Types: ReadonlySet<string> = new Set(Object.keys(formFields));

/**
 * Types that the panel or its DNSSEC engine makes by itself. They are neither compared nor written
 * (docs/protocol.md#signed-zones).
 */
const ownTypes: ReadonlySet<string> = new Set(['SOA', ...signerTypes, ...parentTypes]);

const numbered: ReadonlySet<string> = new Set(['MX', 'SRV']);
const mailto = 'mailto:';

/**
 * Makes a record from a row of the list. The numbers of MX and SRV come from the column `info`, or else from
 * the identifier.
 * @param key the identifier of the row
 * @throws {DnsDataError} with every problem
 */
export function recordFromIspmanager5Row(row: Ispmanager5Row, key: string, zone: Origin): ResourceRecord {
  const problems: Problem[] = [];
  const name = collect(problems, () => ownerName(row['name'] ?? '', zone));
  const type = collect(problems, () => canonicalType(row['rtype'] ?? ''));
  const rdata = type === null ? null : collect(problems, () => listedRdata(type, row, key, zone));
  if (name === null || type === null || rdata === null) throw new DnsDataError(problems);
  return { name, type, ttl: readTtl(row['ttl']), rdata };
}

function listedRdata(type: string, row: Ispmanager5Row, key: string, zone: Origin): string {
  const value = row['value'] ?? '';
  if (isText(type)) return fieldsRdata(type, [value], zone);
  const rest = value.trim();
  if (numbered.has(type)) {
    const numbers = numbersOf(type, row['info'] ?? '') ?? numbersOfKey(type, key);
    return fieldsRdata(type, [...numbers, rest], zone);
  }
  const caa = type === 'CAA' && !rest.startsWith(generic) ? splitCaa(rest) : null;
  return caa === null ? masterFile(type, rest, zone) : fieldsRdata(type, caa, zone);
}

/** The beginning of data in the generic form of RFC 3597 section 5. */
const generic = String.raw`\#`;

/**
 * Makes rdata from the fields of a form; lists and identifiers contain the same texts. A text (TXT, SPF) is
 * taken unchanged. Other fields are words of a master file, in which quotation marks are syntax.
 * @throws {DnsDataError}
 */
function fieldsRdata(type: string, fields: readonly string[], zone: Origin): string {
  const [first = '', , third = ''] = fields;
  if (isText(type)) return textRdata(type, first);
  // The value of a CAA may have parameters (RFC 8659 section 4.2), and panels usually show it without quotes.
  const isBare = type === 'CAA' && !third.startsWith('"');
  return isBare || first.startsWith(generic)
    ? rdataFromFields(type, fields, zone)
    : masterFile(type, fields.join(' '), zone);
}

function masterFile(type: string, rdata: string, zone: Origin): string {
  return makeRecord({ name: '@', type, rdata }, zone).rdata;
}

function isText(type: string): boolean {
  return type === 'TXT' || type === 'SPF';
}

/**
 * Parses a text, which lists and forms show without quotes (docs/protocol.md#record-keys-4, #record-form-5).
 * Several quoted strings are parsed as master-file text, because users paste texts in this form
 * (docs/protocol.md#record-list-5). Quotes around a single string are part of the text.
 */
function textRdata(type: string, value: string): string {
  return isQuotedStrings(value.trim()) ? parseRdata(type, value) : rdataFromFields(type, [value]);
}

/** Whether a text consists of two or more quoted strings, separated by white space. */
function isQuotedStrings(text: string): boolean {
  const problems: Problem[] = [];
  const words = tokens(text, problems);
  const isQuoted = words.every(({ quoted, glued }) => quoted && glued !== true);
  return isQuoted && words.length > 1 && problems.length === 0;
}

function splitCaa(value: string): readonly string[] | null {
  const [, ...fields] = /^(\S+)\s+(\S+)\s+(.+)$/su.exec(value) ?? [];
  return fields.length === 0 ? null : fields;
}

const numberNames: Readonly<Record<string, readonly string[]>> = {
  MX: ['priority'],
  SRV: ['priority', 'weight', 'port'],
};

/**
 * Reads numbers such as `priority= 10` from the column `info`; `null`: one is missing
 * (docs/protocol.md#record-list-5). How the panel spells the numbers of SRV is not documented.
 */
function numbersOf(type: string, info: string): readonly string[] | null {
  const found = (own(numberNames, type) ?? []).map(
    (name) => new RegExp(String.raw`\b${name}\s*[=:]\s*(\d+)`, 'iu').exec(info)?.[1],
  );
  return found.every((number) => number !== undefined) ? found : null;
}

function numbersOfKey(type: string, key: string): readonly string[] {
  const { prio = '', wght = '', port = '' } = rowFromKey(key) ?? {};
  return type === 'MX' ? [prio] : [prio, wght, port];
}

/** Largest TTL in seconds (RFC 2181 section 8). */
const mostTtl = 2_147_483_647;

/**
 * Parses the TTL that a user has entered, in seconds. `null`: the field is empty, and the panel fills it in.
 * If the text is not a TTL, adds a problem to `problems`.
 */
function formTtl(text: string | undefined, problems: Problem[]): number | null {
  const written = (text ?? '').trim();
  const ttl = readTtl(written);
  if (written !== '' && (ttl === null || ttl > mostTtl))
    problems.push(problem('record.bad-ttl', { ttl: written }));
  return ttl;
}

/** Parses whole seconds; `null`: the text is not a number. */
function readTtl(text: string | undefined): number | null {
  const trimmed = (text ?? '').trim();
  return /^\d{1,10}$/.test(trimmed) ? Number(trimmed) : null;
}

/**
 * Returns the fields of the form `domain.record.edit` for a record (docs/protocol.md#record-form-5). The
 * owner name is absolute, the type in lower case. The TTL is absent if the record has none.
 * @throws {DnsDataError} if the panel has no form for the record
 */
export function ispmanager5Form(record: ResourceRecord): Readonly<Record<string, string>> {
  const fields = own(formFields, record.type);
  if (fields === undefined) throw new DnsDataError([problem('type.unknown', { type: record.type })]);
  const values = rdataFields(record.type, record.rdata);
  const form: Record<string, string> = { name: record.name, rtype: record.type.toLowerCase() };
  if (record.ttl !== null) form['ttl'] = String(record.ttl);
  fields.forEach((field, at) => (form[field] = values[at] ?? ''));
  return record.type === 'CAA' ? caaForm(form) : form;
}

/**
 * Puts the value of a CAA into the field for its tag. A mail address has its own field, without `mailto:`
 * (docs/protocol.md#record-form-5). It is not known whether the panel adds `mailto:`; the list shows it after
 * the save.
 */
function caaForm(form: Record<string, string>): Record<string, string> {
  const { caa_value_domain: value = '', ...rest } = form;
  if (rest['caa_tag'] !== 'iodef') return { ...form, caa_value_domain: caaText(value) };
  return { ...rest, caa_value_email: value.startsWith(mailto) ? value.slice(mailto.length) : value };
}

/** Quotes a value if the panel could otherwise read another value from it. */
function caaText(value: string): string {
  const isPlain = value === value.trim() && value !== '' && !value.startsWith('"');
  return isPlain ? value : quote(Buffer.from(value, 'utf8'));
}

/**
 * Makes a record from the fields of a form, as a hook call sends them (docs/protocol.md#record-form-5,
 * #handlers-5).
 * @throws {DnsDataError} with every problem
 */
function recordFromIspmanager5Form(form: Ispmanager5Row, zone: Origin): ResourceRecord {
  const problems = controlCharacters(form, 'value');
  const name = collect(problems, () => ownerName(form['name'] ?? '', zone));
  const type = collect(problems, () => canonicalType(form['rtype'] ?? ''));
  const rdata = type === null ? null : collect(problems, () => formRdata(type, form, zone));
  const ttl = formTtl(form['ttl'], problems);
  if (name === null || type === null || rdata === null || problems.length > 0)
    throw new DnsDataError(problems);
  return { name, type, ttl, rdata };
}

function formRdata(type: string, form: Ispmanager5Row, zone: Origin): string {
  const fields = own(formFields, type);
  // For types without documented fields, `value` is parsed as master-file text, so that no data are lost.
  if (fields === undefined) return masterFile(type, (form['value'] ?? '').trim(), zone);
  // Some programs put the host into the field `value` (docs/protocol.md#record-form-5). It is not known
  // whether a panel accepts it there, so the host counts as missing.
  const missing = fields.filter((field) => targets.has(field) && fieldOf(form, field) === '');
  if (missing.length > 0)
    throw new DnsDataError(missing.map((field) => problem('rdata.missing-field', { type, field })));
  const values = fields.map((field) => (isText(type) ? (form[field] ?? '') : fieldOf(form, field)));
  return fieldsRdata(type, type === 'CAA' ? caaFields(values, form) : values, zone);
}

/**
 * Completes the value of a CAA. An empty value is refused, because the panel might fill it in by itself or
 * refuse it.
 */
function caaFields(
  [flags = '', tag = '', value = '']: readonly string[],
  form: Ispmanager5Row,
): readonly string[] {
  const mail = fieldOf(form, 'caa_value_email');
  const isMail = tag.toLowerCase() === 'iodef';
  const given = isMail ? mail : value;
  if (given === '') throw new DnsDataError([problem('rdata.missing-field', { type: 'CAA', field: 'value' })]);
  return [flags, tag, isMail && !mail.includes(':') ? `${mailto}${mail}` : given];
}

const numbers: ReadonlySet<string> = new Set(['priority', 'weight', 'port', 'caa_flags']);

/** Fields with a host or an address. A panel cannot fill in these fields by itself. */
const targets: ReadonlySet<string> = new Set(['ip', 'domain', 'srvdomain']);

const digests: ReadonlySet<string> = new Set(['ds_digest', 'tlsa_value']);

function fieldOf(form: Ispmanager5Row, field: string): string {
  const text = (form[field] ?? '').trim();
  // Digests are often copied with white space inside (RFC 4034 section 5.3).
  if (digests.has(field)) return text.replaceAll(/\s+/gu, '');
  return text === '' && numbers.has(field) ? '0' : text;
}

/**
 * The identifier of a row: the column `rkey`. If `rkey` is empty, the column `rtype_hidden` counts, provided
 * that its text looks like an identifier (docs/protocol.md#record-list-5).
 */
function ispmanager5KeyOf(row: Ispmanager5Row): string {
  const { rkey = '', rtype_hidden: hidden = '' } = row;
  return rkey === '' && rowFromKey(hidden) !== null ? hidden : rkey;
}

/**
 * Makes a record from an identifier. Identifiers have the same form as in version 4, with an absolute name
 * (docs/protocol.md#record-list-5).
 * @returns `null` if the text is not an identifier
 * @throws {DnsDataError} if the identifier does not describe a valid record
 */
function recordFromIspmanager5Key(key: string, zone: Origin): ResourceRecord | null {
  const row = rowFromKey(key);
  if (row === null) return null;
  const { name = '', type = '', addr = '' } = row;
  return recordFromIspmanager5Row({ name, rtype: type, value: addr }, key, zone);
}

/**
 * The identifiers that such a panel may show for a record. They are compared with identifiers in lists and
 * never sent (docs/protocol.md#record-list-5).
 */
function likelyIspmanager5Keys(record: ResourceRecord): readonly string[] {
  const fields = rdataFields(record.type, record.rdata);
  const count = own(numberNames, record.type)?.length ?? 0;
  return [
    `${record.name} ${record.type} ${fields.slice(0, count).join(' ')} ${fields.slice(count).join(' ')}`,
  ];
}

/**
 * ISPmanager 5 and 6, DNSmanager 5 and 6 (docs/protocol.md#record-list-5, #record-form-5). Each record has
 * its own TTL, and each type has its own form fields.
 */
export const ispmanager5Records: RecordDialect = {
  recordList: 'domain.record',
  recordEdit: 'domain.record.edit',
  recordDelete: 'domain.record.delete',
  recordTypes: ispmanager5Types,
  ownTypes,
  carriesTtl: true,
  formFields: ispmanager5FormFields,
  keyOf: ispmanager5KeyOf,
  record: (row, zone) =>
    validOrElse(
      () => recordFromIspmanager5Row(row, ispmanager5KeyOf(row), zone),
      () => {
        const { name = '', rtype = '', value = '', info = '' } = row;
        return opaqueRecord({ name, type: rtype, prio: info, addr: value }, zone);
      },
    ),
  form: ispmanager5Form,
  fromForm: recordFromIspmanager5Form,
  overOld,
  fromKey: recordFromIspmanager5Key,
  typeOfKey: (key) => rowFromKey(key)?.type ?? null,
  likelyKeys: likelyIspmanager5Keys,
  holds: (record, zone) => comesBack(record, () => recordFromIspmanager5Form(ispmanager5Form(record), zone)),
};

function overOld(old: ResourceRecord, given: Cells): Cells {
  const type = given['rtype'];
  const ttl = old.ttl === null ? {} : { ttl: String(old.ttl) };
  if (type !== undefined && canonicalType(type) !== old.type) return { name: old.name, ...ttl, ...given };
  const form = ispmanager5Types.has(old.type)
    ? ispmanager5Form(old)
    : { name: old.name, rtype: old.type, ...ttl, value: dataText(old) };
  return { ...form, ...given };
}
