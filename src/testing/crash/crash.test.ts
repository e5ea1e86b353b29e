/**
 * Plays two short crash stories: one with a panel as central, one with a name server. It also checks that the
 * laws find two bugs which the tests plant.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeClockLibrary } from './fake-clock.ts';
import { missingForPair, type PairName } from './pairs.ts';
import { planOf, type CrashPlan, type Sort } from './plan.ts';
import { tellCrash } from './report.ts';
import { playCrash } from './story.ts';

function story(seed: number, pair: PairName, kills: number): CrashPlan {
  return planOf(seed, pair, kills, 'short');
}

/**
 * Makes a story in which only the agent is killed, once for each of these sorts. A kill waits for the next
 * answer of its sort.
 */
function agentStory(seed: number, ...sorts: readonly Sort[]): CrashPlan {
  const what = { kind: 'kill', target: 'agent' } as const;
  const troubles = sorts.map((when) => ({ what, after: 0, lasts: 0, when }));
  return { ...story(seed, 'v6-dnsmgr', 4), users: 4, journal: null, troubles };
}

/** Makes a story in which the clock is set by an hour and more while users edit. */
function clockStory(seed: number): CrashPlan {
  const troubles = [3_600, -7_200, 100_000].map((seconds) => {
    const what = { kind: 'clock', seconds } as const;
    return { what, after: 1_500, lasts: 0, when: 'accepted' } as const;
  });
  return { ...story(seed, 'v6-dnsmgr', 4), journal: null, clock: true, troubles };
}

describe('real processes', { concurrency: true }, () => {
  for (const [pair, seed] of [
    ['v6-dnsmgr', 11],
    ['v6-bind', 12],
  ] as const) {
    test(`killed at random: both or neither (${pair})`, { skip: missingForPair(pair) }, async () => {
      const result = await playCrash(story(seed, pair, 10));
      assert.deepEqual(result.violations, [], tellCrash(result));
      assert.ok(Object.keys(result.kills).length >= 3, tellCrash(result));
    });
  }

  test('the clock of the agent is set', { skip: fakeClockLibrary === null && 'faketime' }, async () => {
    const result = await playCrash(clockStory(15));
    assert.deepEqual(result.violations, [], tellCrash(result));
    assert.ok(result.clockSteps > 0, tellCrash(result));
  });

  test('a hook that accepts once the agent is dead is found', async () => {
    const result = await playCrash(agentStory(13, 'accepted', 'accepted'), 'yes-man');
    assert.ok(
      result.violations.some(({ law }) => law === 'answers.journal'),
      tellCrash(result),
    );
  });

  test('an agent that forgets its journal when it is killed is found', async () => {
    // With the default waits the agent is killed before it has undone an edit that the panel refused.
    const plan = { ...agentStory(14, 'refused by the panel'), refusals: 0.5, waits: 'default' } as const;
    const result = await playCrash(plan, 'forgetful');
    assert.ok(result.violations.length > 0, tellCrash(result));
  });
});
