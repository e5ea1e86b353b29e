import { ispmanager4Records } from '../../net/ispmanager/ispmanager4-records.ts';
import type { CentralDialect } from './dialect.ts';

/** How ISPmanager 4 behaves as a central (docs/protocol.md#zone-form-4, #errors-4). */
export const ispmanager4: CentralDialect = {
  ...ispmanager4Records,
  errorSpelling: 'code',
  newZone: ({ name, seed, proposed }) => ({
    ip: seed.addresses[0] ?? proposed('ip') ?? '',
    ns: (proposed('ns') ?? '') || seed.nameServers.join(' '),
    mx: (proposed('mx') ?? '') || seed.mailServers.join(' '),
    name,
  }),
};
