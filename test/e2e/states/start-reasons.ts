/**
 * Steps about reasons that an agent finds at its start: settings that it cannot use, and a login that is
 * refused.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saveSettings } from '../../../src/config/settings.ts';
import { address, holdsName } from '../../../src/testing/stage/panel-words.ts';
import type { AnyStage } from '../../../src/testing/stage/stage.ts';
import { settled } from '../combinations/scene.ts';
import { both, endAgent, isWell, tells } from './told.ts';

/** Registers the steps. Each one leaves the stage as it was. */
export function startReasonSteps(stage: () => AnyStage): void {
  test('issue 16, states: settings that an agent cannot use at its start', async () => {
    const { panel } = stage();
    await settled(stage());
    await endAgent(stage());
    saveSettings(panel.root, { sync: { deadline: 'soon' } });
    await refuses(stage(), 'unusable');
    const { central, params } = await tells(stage(), 'attention.problem');
    assert.deepEqual([central, params['code'], params['option']], [null, 'settings.bad-number', 'deadline']);
    saveSettings(panel.root, { sync: { deadline: null } });
    await isWell(stage());
  });

  test('issue 16, states: the central refuses the login of a running agent', async () => {
    await settled(stage());
    await endAgent(stage());
    // The first settings of an agent come into force without a test, so this is as if the provider had
    // changed the password.
    stage().configure({ password: Buffer.from('wrong').toString('base64') });
    await refuses(stage(), 'locked');
    const { central, since, params } = await tells(stage(), 'attention.login-blocked');
    assert.ok(central === 1 && since !== null && params['lastSuccess'] !== undefined);
    assert.equal(params['code'], 'central.login');
    assert.ok(Date.parse(params['lastSuccess']) <= since);
    stage().configure();
    await isWell(stage());
  });
}

/** Asserts that an edit is refused, and that the panel does not have it. */
async function refuses({ atPanel, panel }: AnyStage, name: string): Promise<void> {
  assert.equal((await atPanel.save(both, address(name, '192.0.2.52'))).ok, false);
  assert.equal(holdsName(panel, both, name), false);
}
