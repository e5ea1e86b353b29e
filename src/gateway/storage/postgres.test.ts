import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { driftStorageContract } from '../../testing/contracts/gateway-drift-storage.ts';
import { storageContract, type StorageSubject } from '../../testing/contracts/gateway-storage.ts';
import { missingPostgres, startPostgres, type Postgres } from '../../testing/servers/postgres.ts';
import { openPostgres, type PostgresSettings } from './postgres.ts';

describe('PostgreSQL', { skip: missingPostgres() }, () => {
  let server: Postgres;
  let databases = 0;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.dispose());

  test('a password, and a certificate that is checked', async () => {
    const database = await server.database('login');
    await server.query(database, "CREATE ROLE reader LOGIN PASSWORD 'sesame'");
    await server.query(database, 'ALTER DATABASE login OWNER TO reader');
    const facts = { wall: () => 77, gateway: 'one' };
    const own = { ...database, user: 'reader', password: 'sesame', tls: true };
    const open = async (settings: PostgresSettings): Promise<void> => {
      const storage = await openPostgres(settings, facts, () => undefined);
      await storage.close();
    };
    const failed = { name: 'StorageError', code: 'storage.failed' };
    await open({ ...own, authorities: server.certificate });
    await assert.rejects(open(own), failed);
    await assert.rejects(open({ ...own, authorities: server.certificate, password: 'wrong' }), failed);
    await assert.rejects(open({ ...own, tls: false, password: '' }), failed);
  });

  const subject = async (): Promise<StorageSubject> => {
    databases += 1;
    const settings = await server.database(`contract_${databases}`);
    const facts = { wall: () => 77, gateway: 'one' };
    return {
      open: async () => await openPostgres(settings, facts, () => undefined),
      stop: async () => {},
    };
  };
  storageContract('PostgreSQL', subject);
  driftStorageContract('PostgreSQL', subject);
});
