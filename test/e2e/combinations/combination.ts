import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Stage } from '../../../src/testing/stage/stage.ts';
import { leaks } from '../../../src/testing/stage/secrets.ts';
import { holdsName } from '../../../src/testing/stage/panel-words.ts';
import { faultSteps } from './faults.ts';
import { recordSteps } from './records.ts';
import { openScene, settled, zone, type Combination } from './scene.ts';
import { centralSteps, panelSteps } from './ways.ts';

/** Registers the tests of one combination. They share one stage and run in the given order. */
export function testCombination(combination: Combination): void {
  const { panel, central } = combination;
  describe(`${panel} to ${central}`, () => {
    let stage: Stage;
    before(async () => {
      stage = await openScene(combination);
    });
    after(() => stage.stop());
    const current = (): Stage => stage;

    test('a new zone has the panel’s records, not the central’s defaults', () => {
      assert.ok(holdsName(stage.panel, zone, 'www') && holdsName(stage.central, zone, 'www'));
      assert.ok(!holdsName(stage.central, zone, 'parking'));
    });
    recordSteps(current);
    panelSteps(current, combination);
    centralSteps(current, combination);
    faultSteps(current);
    test('in the end nothing is open, and no secret was written anywhere', async () => {
      await settled(stage);
      assert.deepEqual(await leaks(stage), []);
    });
  });
}
