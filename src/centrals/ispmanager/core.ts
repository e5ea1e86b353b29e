import { DnsDataError } from '../../dns/problem.ts';
import {
  coreForm,
  coreHolds,
  coreKeyOf,
  coreTypes,
  ownTypes,
  recordFromCoreRow,
} from '../../net/ispmanager/core-rows.ts';
import { opaqueRecord } from '../../net/ispmanager/opaque.ts';
import type { Dialect } from './dialect.ts';

/**
 * ISPmanager 5 and 6, DNSmanager 5 and 6 (reference sections 7, 8): TTLs, fields by type. Their differences are read from the
 * panel's own forms, so one dialect serves all.
 */
export const core: Dialect = {
  recordList: 'domain.record',
  recordEdit: 'domain.record.edit',
  recordDelete: 'domain.record.delete',
  keyOf: coreKeyOf,
  ownTypes,
  recordTypes: coreTypes,
  carriesTtl: true,
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
  holds: coreHolds,
  // Full field lists are not documented (reference 21.11): name and address, and what only DNSmanager's form has (8.2).
  newZone: ({ name, seed, proposed }) => {
    const ip = seed.addresses[0] ?? proposed('ip') ?? '';
    const email = proposed('email') ?? '';
    return {
      name,
      ...(ip === '' ? {} : { ip }),
      ...(proposed('dtype') === undefined ? {} : { dtype: 'master' }),
      ...(email === '' ? {} : { email }),
    };
  },
};
