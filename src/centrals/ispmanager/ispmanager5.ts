import { ispmanager5Records } from '../../net/ispmanager/ispmanager5-records.ts';
import type { CentralDialect } from './dialect.ts';

/**
 * How ISPmanager 5 and 6 and DNSmanager 5 and 6 behave as a central (docs/protocol.md#zone-form-5,
 * #dnsmanager). One dialect is enough for all of them, because the form of each panel shows how it differs.
 */
export const ispmanager5: CentralDialect = {
  ...ispmanager5Records,
  errorSpelling: 'type',
  // Sends name and address, and the fields that only DNSmanager's form has (docs/protocol.md#dnsmanager).
  // Other fields are not documented (docs/protocol.md#zone-form-5).
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
