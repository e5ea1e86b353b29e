/** What an ISPmanager 6 does where its documentation is silent, on record; and that a doctor finds nothing wrong with a sound one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeStage, type Stage } from '../../demo/stage.ts';
import type { SelfTestReport } from '../../src/app/self-test.ts';

let stage: Stage;

before(async () => {
  stage = await makeStage({ panel: 'v6', central: 'dnsmgr' });
  await stage.install();
  stage.configure();
});

after(() => stage.stop());

test('every assumption that can be tested holds, and nothing is left behind', async () => {
  const text = await stage.domainsync('--json', 'doctor', '--self-test');
  const { selfTest } = JSON.parse(text) as { selfTest: SelfTestReport };
  const holds = Object.fromEntries(selfTest.assumptions.map(({ id, holds: so }) => [id, so]));
  assert.deepEqual(holds, { A1: 'yes', A2: 'yes', A3: 'yes', A4: 'yes', A5: 'yes', A8: 'yes' });
  assert.equal(selfTest.clean, true);
  assert.deepEqual([stage.panel.zones(), stage.central.zones()], [[], []]);
});

test('for people: each assumption by its number, and the doctor says what the central was found to be', async () => {
  const text = await stage.domainsync('doctor', '--self-test');
  assert.match(text, /A1 {2}holds/);
  assert.doesNotMatch(text, /FAILED/);
  assert.match(text, /ok +central +DNSmanager 5\/6 at https:\/\/127\.0\.0\.1:\d+\/dnsmgr/);
});
