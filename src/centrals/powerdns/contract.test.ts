import { centralContract } from '../../testing/contracts/central/index.ts';
import { powerdnsSubject } from '../../testing/accounts/powerdns.ts';

for (const backend of ['sqlite3', 'lmdb'] as const)
  centralContract(`PowerDNS, ${backend}`, async () => await powerdnsSubject({ backend }));
