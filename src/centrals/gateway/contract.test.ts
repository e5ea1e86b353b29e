import { gatewayKeySubject, gatewaySubject } from '../../testing/accounts/gateway.ts';
import { centralContract } from '../../testing/contracts/central/index.ts';
import { startKnot } from '../../testing/servers/knot.ts';
import { startNamed } from '../../testing/servers/named.ts';

for (const backend of ['sqlite3', 'lmdb'] as const)
  centralContract(`gateway, PowerDNS, ${backend}`, async () => await gatewaySubject({ backend }));

centralContract('gateway, BIND', async () => await gatewayKeySubject(startNamed));

centralContract('gateway, Knot', async () => await gatewayKeySubject(startKnot));
