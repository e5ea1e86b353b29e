import { validOrElse } from '../../dns/problem.ts';
import { canonicalType } from '../../dns/rdata/rdata.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import {
  ispmanager5Form,
  ispmanager5FormFields,
  ispmanager5KeyOf,
  ispmanager5Types,
  likelyIspmanager5Keys,
  ownTypes,
  recordFromIspmanager5Form,
  recordFromIspmanager5Key,
  recordFromIspmanager5Row,
} from './ispmanager5-rows.ts';
import { opaqueRecord } from './opaque.ts';
import { comesBack, type Cells, type RecordDialect } from './record-dialect.ts';
import { dataText, rowFromKey } from './rows.ts';

/**
 * ISPmanager 5 and 6, DNSmanager 5 and 6 (docs/protocol.md#record-list-5, #record-form-5). Each record has
 * a TTL, and each type has its own fields.
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
