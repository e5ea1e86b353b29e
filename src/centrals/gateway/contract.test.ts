import { gatewaySubject } from '../../testing/accounts/gateway.ts';
import { centralContract } from '../../testing/contracts/central/index.ts';

centralContract('gateway, PowerDNS', async () => await gatewaySubject());
