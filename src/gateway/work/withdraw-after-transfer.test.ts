/** What a token hears of its own change in a zone that has gone to another customer since. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Central } from '../../core/central.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { presetRights } from '../rights/presets.ts';

describe('a change, and a zone that has moved since', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let token: string;
  let shop: Central;
  before(async () => {
    bench = await startGatewayBench();
    token = await bench.token('shop');
    await bench.token('other');
    shop = bench.central('shop', token);
  });
  after(async () => {
    await shop.close();
    await bench.stop();
  });

  const seed = { addresses: [], nameServers: ['ns1.example.net.'], mailServers: [] };
  const ask = async (by: string, path: string, body: unknown): Promise<Said> =>
    await askGateway(bench.url(), by, 'POST', path, body);

  /** Makes a zone, changes it with this key, and gives it away. @returns what the change has added */
  async function changedAndMoved(zone: DnsName, key: string): Promise<unknown> {
    await shop.createZone(zone, seed, quietContext());
    const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1', ttl: 300 }, zone);
    const names = new Set([record.name]);
    const condition = { key, expected: { names, types: new Set(['A', 'CNAME']), records: [] } };
    const change = { zone, remove: [], add: [record] };
    const done = await shop.conditional?.apply(change, condition, quietContext());
    assert.ok(done !== undefined && 'added' in done);
    await bench.transfer(zone, 'other');
    return { removed: [], added: [record] };
  }

  test('an agent hears what its change did, and not that nothing was written', async () => {
    const zone = zoneName('moved.example');
    const done = await changedAndMoved(zone, 'moved-key-1');
    assert.deepEqual(await shop.conditional?.outcome(zone, 'moved-key-1', quietContext()), done);
  });

  test('a change that was not accepted before the zone went is never carried out, also if it comes back', async () => {
    const zone = zoneName('back.example');
    await changedAndMoved(zone, 'back-key-01');
    const late = 'back-key-02';
    assert.equal(await shop.conditional?.outcome(zone, late, quietContext()), 'nothing');
    await bench.transfer(zone, 'shop');
    const add = [{ name: 'late.back.example.', type: 'A', ttl: 60, data: '192.0.2.9' }];
    const said = await ask(token, `/v1/zones/${zone}/changes`, { key: late, remove: [], add });
    assert.deepEqual([said.status, said.body['state']], [503, 'untouched']);
    const there = (await shop.readZone(zone, [], quietContext())) ?? [];
    assert.ok(!there.some(({ name }) => name.startsWith('late.')));
  });

  test('a change of a stopped gateway: nobody claims to know, also when the zone has moved', async () => {
    const zone = zoneName('cut.example');
    await shop.createZone(zone, seed, quietContext());
    await bench.accept('shop', token, 'cut-key-001', zone);
    await bench.transfer(zone, 'other');
    assert.equal(await shop.conditional?.outcome(zone, 'cut-key-001', quietContext()), 'unclear');
  });

  test('the answer is the same for zones of others, for names that nobody has, and for one’s own', async () => {
    await changedAndMoved(zoneName('away.example'), 'away-key-01');
    await shop.createZone(zoneName('kept.example'), seed, quietContext());
    const answers: string[] = [];
    for (const zone of ['away.example', 'kept.example', 'nowhere.example']) {
      const said = await ask(token, `/v1/zones/${zone}/changes/withdraw`, { key: `same-${zone}` });
      answers.push(JSON.stringify([said.status, said.body, Object.keys(said.headers)]));
    }
    const blind = await bench.token('shop', presetRights('acme', ['else.example'], []));
    const hidden = await ask(blind, '/v1/zones/kept.example/changes/withdraw', { key: 'blind-key-1' });
    answers.push(JSON.stringify([hidden.status, hidden.body, Object.keys(hidden.headers)]));
    assert.equal(new Set(answers).size, 1, answers.join('\n'));
    const stranger = await bench.token('other');
    const path = '/v1/zones/away.example/changes/withdraw';
    const own = await ask(stranger, path, { key: 'away-key-01' });
    assert.deepEqual([own.status, own.body['outcome']], [200, 'failed']);
    const reused = await ask(token, '/v1/zones/nowhere.example/changes/withdraw', { key: 'away-key-01' });
    assert.deepEqual([reused.status, reused.body['code']], [422, 'gateway.key-reused']);
  });
});
