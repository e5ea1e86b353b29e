/** Tests a slave zone in our own account, whose records come by transfer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CentralError } from '../../core/central.ts';
import { zoneName } from '../../dns/name.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { alice, startPanel } from '../../testing/accounts/ispmanager.ts';

const zone = zoneName('copy.example');
const seed = { addresses: ['192.0.2.1'], nameServers: ['ns1.example.net.'], mailServers: [] };

test('is neither gone nor another account’s', async (t) => {
  const panel = await startPanel({}, 'dnsmgr');
  const central = panel.central();
  t.after(async () => {
    await central.close();
    await panel.stop();
  });
  const form = { elid: '', name: 'copy.example', dtype: 'slave', masterip: '192.0.2.2', sok: 'ok' };
  const made = await panel.sandbox.call('domain.edit', form, { user: alice.name, password: alice.password });
  assert.ok(made.ok, made.body);
  assert.deepEqual(await central.listZones([], quietContext()), []);
  for (const call of [
    async () => await central.readZone(zone, [], quietContext()),
    async () => await central.mayCreateZone(zone, seed, quietContext()),
    async () => await central.createZone(zone, seed, quietContext()),
    async () => await central.deleteZone(zone, quietContext()),
  ])
    await assert.rejects(
      call(),
      (error) => error instanceof CentralError && error.code === 'zone.copy' && error.state === 'untouched',
    );
});
