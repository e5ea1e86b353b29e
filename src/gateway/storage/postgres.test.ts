import { after, before, describe } from 'node:test';
import { storageContract } from '../../testing/contracts/gateway-storage.ts';
import { missingPostgres, startPostgres, type Postgres } from '../../testing/servers/postgres.ts';
import { openPostgres } from './postgres.ts';

describe('PostgreSQL', { skip: missingPostgres() }, () => {
  let server: Postgres;
  let databases = 0;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.dispose());

  storageContract('PostgreSQL', async () => {
    databases += 1;
    const settings = await server.database(`contract_${databases}`);
    const facts = { wall: () => 77, gateway: 'one' };
    return {
      open: async () => await openPostgres(settings, facts, () => undefined),
      stop: async () => {},
    };
  });
});
