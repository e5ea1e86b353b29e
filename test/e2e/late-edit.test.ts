/**
 * Issue 19: tests that an edit which the agent takes up too late is refused before it is written. The agent
 * is stopped for some time here, as on a machine that is too busy.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as v from 'valibot';
import { makeStage, until, type Stage } from '../../src/testing/stage/stage.ts';
import { address, holds } from '../../src/testing/stage/panel-words.ts';
import { settled, succeeded, zone } from './combinations/scene.ts';

/** Time for one edit, seconds. The hook gives up after 15 s. */
const deadline = 4;

const running = v.object({ pid: v.number() });

async function agentOf(stage: Stage): Promise<number> {
  return v.parse(running, JSON.parse(await stage.domainsync('status', '--json'))).pid;
}

for (const [panel, central] of [
  ['v4', 'v4'],
  ['v6', 'dnsmgr'],
] as const)
  describe(`issue 19, late edit: panel ${panel}, central ${central}`, () => {
    test('it is refused, the central never has it, and the next one passes', async (t) => {
      const stage = await makeStage({ panel, central });
      t.after(async () => await stage.stop());
      await stage.install();
      stage.configure({}, { deadline: String(deadline) });
      await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
      await until(
        'an edit that passes',
        async () => (await stage.atPanel.save(zone, address('first', '192.0.2.1'))).ok,
      );
      await settled(stage);
      const pid = await agentOf(stage);
      const late = address('late', '192.0.2.2');
      process.kill(pid, 'SIGSTOP');
      const began = performance.now();
      const answer = stage.atPanel.save(zone, late);
      try {
        // Meanwhile the hook has connected, because connecting needs no answer of the agent. Its own time
        // begins when it starts, which a busy machine may delay.
        const over = (deadline + 5) * 1_000;
        await until('the time of the edit to be over', () => performance.now() - began > over);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      const { ok, body } = await answer;
      assert.equal(ok, false, body);
      assert.match(body, /agent\.late/u);
      assert.ok(!holds(stage.panel, zone, late));
      assert.ok(!holds(stage.central, zone, late));
      await until('its trace in the history', async () =>
        (await stage.domainsync('history', '--outcome', 'refused', '--json')).includes('agent.late'),
      );
      const next = address('next', '192.0.2.3');
      await until('the next edit', async () => (await stage.atPanel.save(zone, next)).ok);
      assert.ok(holds(stage.central, zone, next));
      succeeded(await stage.atPanel.remove(zone, next));
    });
  });
