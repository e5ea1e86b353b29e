import { ispmanager5Records } from '../../net/ispmanager/ispmanager5-records.ts';
import type { CentralDialect } from './dialect.ts';

/**
 * ISPmanager 5 and 6, DNSmanager 5 and 6 (reference sections 7, 8). Their differences are read from the
 * panel's own forms, so one dialect serves all.
 */
export const ispmanager5: CentralDialect = {
  ...ispmanager5Records,
  errorSpelling: 'type',
  // Full field lists are not documented (docs/protocol.md#zone-form-5): name and address, and what only
  // DNSmanager's form has (docs/protocol.md#dnsmanager).
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
