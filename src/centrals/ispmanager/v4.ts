import type { DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { sameData, type ResourceRecord } from '../../dns/record.ts';
import { opaqueRecord } from '../../net/ispmanager/opaque.ts';
import { recordFromRow, rowForm, rowTypes } from '../../net/ispmanager/rows.ts';
import type { Dialect } from './dialect.ts';

/** ISPmanager 4 (reference section 6): one TTL a zone, text without quotes, fields named as in the list but for the type. */
export const v4: Dialect = {
  recordList: 'domain.sublist',
  recordEdit: 'domain.sublist.edit',
  recordDelete: 'domain.sublist.delete',
  keyOf: (row) => row['key'] ?? '',
  ownTypes: new Set(),
  recordTypes: rowTypes,
  carriesTtl: false,
  record: (row, zone) => {
    try {
      return recordFromRow(row, zone);
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
      return opaqueRecord(row, zone);
    }
  },
  form: (record) => ({ ...rowForm(record) }),
  holds: survives,
  newZone: ({ name, seed, proposed }) => ({
    ip: seed.addresses[0] ?? proposed('ip') ?? '',
    ns: (proposed('ns') ?? '') || seed.nameServers.join(' '),
    mx: (proposed('mx') ?? '') || seed.mailServers.join(' '),
    name,
  }),
};

/** Whether the record's form, read again, is the same record. */
function survives(record: ResourceRecord, zone: DnsName): boolean {
  try {
    const { sdtype, ...form } = rowForm(record);
    return sameData(recordFromRow({ ...form, type: sdtype }, zone), record) && !/\p{Cc}/u.test(form.addr);
  } catch (error) {
    if (error instanceof DnsDataError) return false;
    throw error;
  }
}
