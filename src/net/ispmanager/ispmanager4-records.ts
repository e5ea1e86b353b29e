import type { Origin } from '../../dns/name.ts';
import { DnsDataError, problem, validOrElse } from '../../dns/problem.ts';
import { canonicalType } from '../../dns/rdata/rdata.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { opaqueRecord } from './opaque.ts';
import { comesBack, controlCharacters, type Cells, type RecordDialect } from './record-dialect.ts';
import { dataText, likelyKeys, recordFromRow, rowForm, rowFromKey, rowTypes } from './rows.ts';

/**
 * ISPmanager 4 (docs/protocol.md#record-keys-4, #record-form-4). A zone has one TTL for all records, and a
 * text has no quotes. The fields of the form have the same names as the columns of the list, except for the
 * type.
 */
export const ispmanager4Records: RecordDialect = {
  recordList: 'domain.sublist',
  recordEdit: 'domain.sublist.edit',
  recordDelete: 'domain.sublist.delete',
  recordTypes: rowTypes,
  ownTypes: new Set(),
  carriesTtl: false,
  formFields: ['name', 'sdtype', 'addr', 'prio', 'wght', 'port'],
  keyOf: (row) => row['key'] ?? '',
  record: (row, zone) =>
    validOrElse(
      () => recordFromRow(row, zone),
      () => opaqueRecord(row, zone),
    ),
  form: (record) => ({ ...rowForm(record) }),
  fromForm,
  overOld,
  fromKey: (key, zone) => {
    const row = rowFromKey(key);
    return row === null ? null : recordFromRow(row, zone);
  },
  typeOfKey: (key) => rowFromKey(key)?.type ?? null,
  likelyKeys,
  holds: (record, zone) => comesBack(record, () => fromForm({ ...rowForm(record) }, zone)),
};

function fromForm({ sdtype, ...form }: Cells, zone: Origin): ResourceRecord {
  const type = sdtype?.trim().toUpperCase() ?? '';
  const isText = ['TXT', 'SPF'].includes(type);
  const problems = controlCharacters(form, isText ? 'addr' : null);
  if (!isText && rowTypes.has(type) && (form['addr'] ?? '').trim() === '')
    problems.push(problem('rdata.missing-field', { type, field: 'addr' }));
  if (problems.length > 0) throw new DnsDataError(problems);
  return recordFromRow(sdtype === undefined ? form : { ...form, type: sdtype }, zone);
}

function overOld(old: ResourceRecord, given: Cells): Cells {
  return { ...oldForm(old, given), ...given };
}

function oldForm(old: ResourceRecord, given: Cells): Cells {
  if (!rowTypes.has(old.type)) {
    return { name: old.name, sdtype: old.type, addr: dataText(old) };
  }
  const form = { ...rowForm(old) };
  // If the type changes, the old values have no meaning, so only the name is kept.
  const type = given['sdtype'];
  return type === undefined || canonicalType(type) === old.type ? form : { name: form.name };
}
