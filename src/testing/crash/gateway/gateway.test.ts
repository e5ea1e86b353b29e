/**
 * Plays short stories in which gateways and name servers are killed, and checks that the laws find faults
 * which the tests plant.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { missingPostgres } from '../../servers/postgres.ts';
import { missingFor } from '../../stage/server-registry.ts';
import { gatewayPlan, type GatewayPlan } from './plan.ts';
import { tellGateway } from './report.ts';
import { playGateway } from './story.ts';

/** A story in which only the gateway is killed, each time after so many writes. */
function gatewayOnly(seed: number, kills: number, writes: number): GatewayPlan {
  const troubles = Array.from({ length: kills }, (_, at) => {
    return { target: 'gateway', which: 0, writes, after: 3 * at, lasts: 0 } as const;
  });
  return { ...gatewayPlan(seed, kills), clients: 4, troubles };
}

describe('the gateway, killed at random', { skip: missingFor('gateway') }, () => {
  test('every answered change is there, every refused one is not, none twice', async () => {
    const result = await playGateway(gatewayPlan(21, 10));
    assert.deepEqual(result.violations, [], tellGateway(result));
    assert.ok((result.answers['done'] ?? 0) > 20, tellGateway(result));
    assert.ok((result.kills['gateway'] ?? 0) > 2 && (result.kills['server'] ?? 0) > 0, tellGateway(result));
  });

  test('a gateway that forgets what it was about to write is found', async () => {
    const result = await playGateway(gatewayOnly(22, 12, 16), 'forgetful');
    assert.ok(
      result.violations.some(({ law }) => law === 'audit.once'),
      tellGateway(result),
    );
  });

  test('a name server that lost a record is found', async () => {
    const result = await playGateway(gatewayOnly(23, 1, 40), 'lost-record');
    assert.ok(
      result.violations.some(({ law }) => law === 'answers.left'),
      tellGateway(result),
    );
  });
});

const otherForms = [
  { backend: 'bind', gateways: 1, skip: missingFor('gateway-bind') },
  { backend: 'powerdns', gateways: 2, skip: missingFor('gateway') || missingPostgres() },
] as const;

for (const { backend, gateways, skip } of otherForms)
  test(`${gateways} gateway(s) at ${backend}, killed at random: the same laws`, { skip }, async () => {
    const result = await playGateway(gatewayPlan(24, 4, { backend, gateways }));
    assert.deepEqual(result.violations, [], tellGateway(result));
    assert.ok((result.answers['done'] ?? 0) > 10, tellGateway(result));
  });
