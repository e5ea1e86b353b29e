/** Tests that an edit through a gateway is one request to it (docs/decisions/026-one-request.md). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { stands } from '../../src/testing/stage/central-side.ts';
import { address, holds, type Wanted } from '../../src/testing/stage/panel-words.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { makeServerStage, type ServerStage } from '../../src/testing/stage/server-stage.ts';
import { prepared, until } from '../../src/testing/stage/stage.ts';
import { settled, succeeded, zone } from './combinations/scene.ts';

const changes = `POST /v1/zones/${zone}./changes`;

describe('the requests of an edit to a gateway', { skip: missingFor('gateway') }, () => {
  let stage: ServerStage;
  before(async () => {
    stage = await prepared(await makeServerStage({ panel: 'v6', central: 'gateway' }), async (made) => {
      await made.install();
      made.configure();
      await until('the first zone', async () => (await made.atPanel.makeZone(zone)).ok);
      await settled(made);
    });
  });
  after(() => stage.stop());

  /**
   * The requests of the agent to the gateway while `act` runs, up to the last change if there is one. Reads
   * after it do not belong to the edit: the agent looks in the background whether the panel keeps it.
   */
  const requestsOf = async (act: () => Promise<void>): Promise<readonly string[]> => {
    await settled(stage);
    const seen: string[] = [];
    stage.relay.onRequest = (octets) => {
      const [line] = /^(?:GET|POST|DELETE) \S+/u.exec(octets.toString('latin1', 0, 300)) ?? [];
      // A comparison of the zone may run at any time. It reads the whole zone.
      if (line !== undefined && !line.endsWith('/records')) seen.push(line);
    };
    await act();
    stage.relay.onRequest = () => undefined;
    const last = seen.lastIndexOf(changes);
    return last < 0 ? seen : seen.slice(0, last + 1);
  };

  const onBoth = async (record: Wanted): Promise<void> => {
    assert.ok(holds(stage.panel, zone, record) && (await stands(stage.there, zone, record)));
  };

  test('a record that is new, and one beside it: one request each', async () => {
    for (const record of [address('one', '192.0.2.31'), address('one', '192.0.2.32')]) {
      const seen = await requestsOf(async () => succeeded(await stage.atPanel.save(zone, record)));
      assert.deepEqual(seen, [changes]);
      await onBoth(record);
    }
  });

  test('somebody has written at the name: a second request, and their record stays', async () => {
    const theirs = address('one', '192.0.2.99');
    const record = address('one', '192.0.2.33');
    await settled(stage);
    await stage.there.add(zone, theirs);
    const seen = await requestsOf(async () => succeeded(await stage.atPanel.save(zone, record)));
    // If a comparison has listed their record meanwhile, the edit begins with a read of the name instead.
    const read = `GET /v1/zones/${zone}./records?name=one.${zone}.`;
    assert.ok([changes, read].includes(seen[0] ?? ''), seen.join());
    assert.deepEqual(seen.slice(1), [changes]);
    await onBoth(record);
    assert.ok(await stands(stage.there, zone, theirs));
  });

  test('an alias has been put there: refused for what is there, and nothing is written', async () => {
    await settled(stage);
    await stage.there.add(zone, { name: 'two', type: 'CNAME', value: 'elsewhere.example.net.', numbers: [] });
    const record = address('two', '192.0.2.34');
    let said = '';
    const seen = await requestsOf(async () => {
      said = JSON.stringify(await stage.atPanel.save(zone, record));
    });
    // If a comparison has listed the alias meanwhile, the edit is read first. Either way it is refused by
    // what this one request has shown.
    assert.equal(seen.length, 1, seen.join());
    assert.match(said, /elsewhere\.example\.net/u);
    assert.ok(!holds(stage.panel, zone, record) && !(await stands(stage.there, zone, record)));
  });
});
