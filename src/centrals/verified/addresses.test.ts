/** Tests that an edit in strict mode succeeds although one address of a name server does not answer. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { systemClock } from '../../app/wiring/clock.ts';
import { checkNameServers } from '../../app/doctor/name-servers.ts';
import { parseName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { centralAt } from '../../testing/accounts/name-server.ts';
import { makeKey } from '../../testing/servers/name-server.ts';
import { startNamed } from '../../testing/servers/named.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { withVerification } from './index.ts';
import { askedServer } from './server.ts';
import { Verifier } from './verifier.ts';

const zone = parseName('example.org.');

test(
  'issue 11.10: a strict edit is live though the first address of a name server is dead',
  { skip: missingPrograms('named') },
  async (t) => {
    const key = makeKey();
    const server = await startNamed({ keys: [key], zones: [{ zone }] });
    t.after(() => server.dispose());
    // Receives queries and answers none.
    const dead = createSocket('udp4');
    dead.bind(server.port, '127.0.0.2');
    await once(dead, 'listening');
    t.after(() => dead.close());
    const peer = {
      host: 'ns1.example.net',
      port: server.port,
      resolve: async () => await Promise.resolve(['127.0.0.2', '127.0.0.1']),
    };
    const asked = askedServer('ns1.example.net', peer);
    const verifier = new Verifier({
      servers: [asked],
      clock: systemClock,
      log: () => undefined,
      limit: 60_000,
      strict: 60_000,
    });
    const central = withVerification(centralAt(server, key), verifier);
    t.after(() => central.close());
    const www = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1', ttl: 60 }, zone);
    const ctx = { ...quietContext(), vetoable: true };
    const { added } = await central.apply({ zone, remove: [], add: [www] }, [], ctx);
    assert.equal(added.length, 1);
    const [finding] = await checkNameServers([askedServer('ns1.example.net', peer)], zone, true);
    assert.deepEqual([finding?.state, finding?.text], ['ok', 'ns1.example.net serves example.org']);
  },
);
