import { centralContract } from '../../testing/contracts/central/index.ts';
import { nameServerSubject } from '../../testing/accounts/name-server.ts';
import { startKnot } from '../../testing/servers/knot.ts';
import { startNamed } from '../../testing/servers/named.ts';

centralContract('BIND, TCP', async () => await nameServerSubject(startNamed));

centralContract('BIND, TLS, hmac-sha512', async () => {
  return await nameServerSubject(startNamed, { transport: 'tls', algorithm: 'hmac-sha512' });
});

centralContract('BIND, UDP, hmac-sha384, whole zones by AXFR', async () => {
  return await nameServerSubject(startNamed, { transport: 'udp', algorithm: 'hmac-sha384', axfr: true });
});

centralContract('Knot, TCP', async () => await nameServerSubject(startKnot));

centralContract('Knot, UDP, hmac-sha512', async () => {
  return await nameServerSubject(startKnot, { transport: 'udp', algorithm: 'hmac-sha512' });
});
