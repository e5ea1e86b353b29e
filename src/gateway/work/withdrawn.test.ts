import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { askGateway } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench } from '../../testing/accounts/gateway.ts';
import { auditFacts, sampleChange } from '../../testing/contracts/gateway-storage.ts';
import { missingFor } from '../../testing/stage/server-registry.ts';
import { readToken } from '../rights/token.ts';
import { openStorage } from '../serve.ts';
import { withdrawnMark } from './stored-change.ts';

test(
  'a gateway that was killed within a withdrawal still says that nothing was written',
  { skip: missingFor('gateway') },
  async (t) => {
    const bench = await startGatewayBench();
    t.after(async () => {
      await bench.stop();
    });
    const zone = zoneName('example.org');
    await bench.server.addZones([{ zone }]);
    const token = await bench.token('shop');
    await bench.assign(zone, 'shop');
    const storage = await openStorage(bench.settings);
    const { id } = readToken(token) ?? { id: '' };
    const none = { fingerprint: withdrawnMark, remove: [], add: [], before: [] };
    const withdrawal = { ...sampleChange('key00001'), ...none, customer: 'shop', token: id, zone };
    const lease = await storage.takeZone(zone, 10_000);
    assert.ok(lease !== 'busy');
    assert.equal(await storage.acceptChange(withdrawal, auditFacts('withdrawn'), lease), null);
    await storage.leaveZone(lease);
    await storage.close();
    await bench.restart();
    const path = `/v1/zones/${zone}/changes`;
    const asked = await askGateway(bench.url(), token, 'POST', `${path}/withdraw`, { key: 'key00001' });
    const { outcome, state, params } = asked.body;
    assert.deepEqual([outcome, state, params], ['failed', 'untouched', { text: 'withdrawn' }]);
    const body = { key: 'key00001', remove: [], add: [] };
    const late = await askGateway(bench.url(), token, 'POST', path, body);
    assert.deepEqual([late.status, late.body['state']], [503, 'untouched']);
    assert.deepEqual(late.body['params'], { text: 'withdrawn' });
  },
);
