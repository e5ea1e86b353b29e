import type { DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { sameData, type ResourceRecord } from '../../dns/record.ts';
import { opaqueRecord } from '../../net/ispmanager/opaque.ts';
import { recordFromRow, rowForm, rowTypes } from '../../net/ispmanager/rows.ts';
import type { Parameters } from './api.ts';
import type { Row } from './lists.ts';

/** What the generations of the panel do differently with records (reference section 15). */
export interface Dialect {
  readonly generation: 4;
  readonly recordList: string;
  readonly recordEdit: string;
  readonly recordDelete: string;
  /** Column of the record list that identifies a row. */
  readonly recordKey: string;
  readonly recordTypes: ReadonlySet<string>;
  readonly carriesTtl: boolean;
  /** @throws {DnsDataError} when not even name and type can be read */
  record(row: Row, zone: DnsName): ResourceRecord;
  /** The documented fields of the form. @throws {DnsDataError} when there is no form for the record */
  form(record: ResourceRecord): Parameters;
  /** Whether the form can carry the record so that the list shows the same one. */
  holds(record: ResourceRecord, zone: DnsName): boolean;
}

/** ISPmanager 4 (reference section 6): one TTL a zone, text without quotes, fields named as in the list but for the type. */
export const v4: Dialect = {
  generation: 4,
  recordList: 'domain.sublist',
  recordEdit: 'domain.sublist.edit',
  recordDelete: 'domain.sublist.delete',
  recordKey: 'key',
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
