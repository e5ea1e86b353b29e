import type { DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { canonicalType } from '../../dns/rdata/rdata.ts';
import { sameData, type ResourceRecord } from '../../dns/record.ts';
import {
  coreForm,
  coreFormFields,
  coreKeyOf,
  coreTypes,
  likelyCoreKeys,
  ownTypes,
  recordFromCoreForm,
  recordFromCoreKey,
  recordFromCoreRow,
} from './core-rows.ts';
import { opaqueRecord } from './opaque.ts';
import type { Cells, RecordDialect } from './record-dialect.ts';
import { dataText, rowFromKey } from './rows.ts';

/** ISPmanager 5 and 6, DNSmanager 5 and 6 (reference sections 7, 8): a TTL for each record, fields by type. */
export const coreRecords: RecordDialect = {
  recordList: 'domain.record',
  recordEdit: 'domain.record.edit',
  recordDelete: 'domain.record.delete',
  recordTypes: coreTypes,
  ownTypes,
  carriesTtl: true,
  formFields: coreFormFields,
  keyOf: coreKeyOf,
  record: (row, zone) => {
    try {
      return recordFromCoreRow(row, coreKeyOf(row), zone);
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
      const { name = '', rtype = '', value = '', info = '' } = row;
      return opaqueRecord({ name, type: rtype, prio: info, addr: value }, zone);
    }
  },
  form: coreForm,
  fromForm: recordFromCoreForm,
  overOld,
  fromKey: recordFromCoreKey,
  typeOfKey: (key) => rowFromKey(key)?.type ?? null,
  likelyKeys: likelyCoreKeys,
  holds,
};

function overOld(old: ResourceRecord, given: Cells): Cells {
  const type = given['rtype'];
  const ttl = old.ttl === null ? {} : { ttl: String(old.ttl) };
  if (type !== undefined && canonicalType(type) !== old.type) return { name: old.name, ...ttl, ...given };
  const form = coreTypes.has(old.type)
    ? coreForm(old)
    : { name: old.name, rtype: old.type, ...ttl, value: dataText(old) };
  return { ...form, ...given };
}

/** Whether the panel's form can carry the record so that its list shows the same one. */
function holds(record: ResourceRecord, zone: DnsName): boolean {
  try {
    const form = coreForm(record);
    return sameData(recordFromCoreForm(form, zone), record);
  } catch (error) {
    if (error instanceof DnsDataError) return false;
    throw error;
  }
}
