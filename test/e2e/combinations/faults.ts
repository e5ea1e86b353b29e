/** Tests of faults at the central, in the panel, or between them. Both sides change, or neither does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { userAt } from '../../../src/testing/stage/panel-user.ts';
import { endProcess, neighbour, somebody, until, type Stage } from '../../../src/testing/stage/stage.ts';
import { address, holds, holdsName } from '../../../src/testing/stage/panel-words.ts';
import { mirrored, onBoth, onNeither, refused, settled, succeeded, whileIts, zone } from './scene.ts';

export function faultSteps(stage: () => Stage): void {
  test('refused by the central: its reason, nothing changed', async () => {
    const { atPanel, atCentral, central } = stage();
    central.faults.add({
      func: atCentral.words.save,
      effect: 'refuse',
      code: 9,
      text: 'blocked by the provider',
    });
    await refused(stage(), () => atPanel.save(zone, address('bad', '192.0.2.9')), /blocked by the provider/);
  });

  test('issue 11.1: another user of the panel: it says no, nothing is written at the central', async () => {
    const { panel, central, atPanel } = stage();
    await settled(stage());
    const intruder = userAt(() => panel, atPanel.words, neighbour);
    const written = (): unknown[] => central.requests.filter(({ func }) => /edit|delete/u.test(func));
    const asked = written().length;
    const tries = [
      () => intruder.save(zone, address('_forged', '192.0.2.66')),
      () => intruder.makeZone(`below.${zone}`),
      () => intruder.dropZone(zone),
    ];
    for (const act of tries) assert.match((await act()).error?.text ?? '', /access/iu);
    // Reads are not counted, because comparisons may read at any time. Tests of the engine show that such a
    // call causes no read.
    assert.deepEqual(written().slice(asked), []);
  });

  test("somebody else's zone: refused", async () => {
    const { atPanel, central } = stage();
    const { name: user, password } = somebody;
    const form = { elid: '', name: 'taken.example', ip: '192.0.2.66', sok: 'ok' };
    succeeded(await central.call('domain.edit', form, { user, password }));
    await refused(stage(), () => atPanel.makeZone('taken.example'), /another account/);
  });

  test('an answer lost after the change: it counts', async () => {
    const { atCentral, central } = stage();
    central.faults.add({ func: atCentral.words.save, effect: 'lost' });
    await mirrored(stage(), address('lost', '192.0.2.10'));
  });

  test('the central answers ok and does nothing: refused', async () => {
    const { atPanel, atCentral, central } = stage();
    await whileIts(central, { noEffect: [atCentral.words.save] }, async () => {
      await refused(
        stage(),
        () => atPanel.save(zone, address('idle', '192.0.2.11')),
        /does not show the change/,
      );
    });
  });

  test('the panel refuses its own part: undone at the central', async () => {
    const { atPanel, panel, central } = stage();
    const record = address('half', '192.0.2.12');
    panel.switches.failLocal = { [atPanel.words.save]: { code: 1, text: 'disk quota exceeded', count: 1 } };
    const answer = await atPanel.save(zone, record);
    assert.match(answer.error?.text ?? '', /quota/);
    assert.ok(holds(central, zone, record));
    await until('the undo', () => !holds(central, zone, record));
    onNeither(stage(), record);
  });

  test('the panel answers ok and does nothing: undone at the central', async () => {
    const { atPanel, panel, central } = stage();
    const record = address('empty', '192.0.2.13');
    await whileIts(panel, { noEffect: [atPanel.words.save] }, async () => {
      succeeded(await atPanel.save(zone, record));
    });
    await until('the undo', () => !holds(central, zone, record));
    onNeither(stage(), record);
  });

  test('the agent killed in mid-edit: on neither side in the end', async () => {
    const { atPanel, atCentral, panel, central } = stage();
    const record = address('cut', '192.0.2.14');
    const pid = await stage().agent();
    assert.ok(pid !== null);
    central.faults.add({ func: atCentral.words.save, effect: 'delay-after', ms: 8_000 });
    const editing = atPanel.save(zone, record);
    await until('the central to carry it out', () => holds(central, zone, record));
    await endProcess(pid, 'SIGKILL');
    const answer = await editing;
    assert.equal(answer.ok, false);
    assert.ok(!holdsName(panel, zone, 'cut'));
    central.faults.clear();
    succeeded(await atPanel.save(zone, address('after', '192.0.2.14')));
    await until('the recovery', () => !holds(central, zone, record));
    await settled(stage());
    onBoth(stage(), address('after', '192.0.2.14'));
  });

  test('a deleted zone goes at the central, once it is proved gone', async () => {
    const { atPanel, central } = stage();
    const name = 'leaving.example';
    succeeded(await atPanel.makeZone(name));
    assert.ok(central.zones().includes(name));
    succeeded(await atPanel.dropZone(name));
    await until('the delete', () => !central.zones().includes(name));
  });

  test('the central is down: refused in time; edits go on once it is there', async () => {
    const { atPanel } = stage();
    await stage().centralDown();
    const started = performance.now();
    const answer = await atPanel.save(zone, address('down', '192.0.2.15'));
    assert.equal(answer.ok, false, answer.body);
    // If background calls have failed twice before, the breaker refuses this edit with its own message.
    assert.match(answer.error?.text ?? '', /central\.(?:unreachable|breaker-open)/);
    assert.ok(performance.now() - started < 10_000);
    assert.ok(!holdsName(stage().panel, zone, 'down'));
    await stage().centralUp();
    const up = address('up', '192.0.2.16');
    await until('edits again', async () => (await atPanel.save(zone, up)).ok);
    onBoth(stage(), up);
  });
}
