import { v4Records } from '../../net/ispmanager/v4-records.ts';
import type { Dialect } from './dialect.ts';

/** ISPmanager 4 (reference section 6). */
export const v4: Dialect = {
  ...v4Records,
  errorSpelling: 'code',
  newZone: ({ name, seed, proposed }) => ({
    ip: seed.addresses[0] ?? proposed('ip') ?? '',
    ns: (proposed('ns') ?? '') || seed.nameServers.join(' '),
    mx: (proposed('mx') ?? '') || seed.mailServers.join(' '),
    name,
  }),
};
