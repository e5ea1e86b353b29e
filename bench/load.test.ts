import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingFor } from '../src/testing/stage/server-registry.ts';
import { benchLoad } from './load.ts';

test(
  'issue 19, load: nothing is lost at a rate that few seconds allow',
  { skip: missingFor('bind') },
  async () => {
    const plan = { softwares: ['bind'], zones: 4, names: 5, seconds: 4, rate: 10 } as const;
    const figures = await benchLoad(plan);
    const of = (name: string): number => figures[`bind_${name}`] ?? NaN;
    // The central has every accepted edit and nothing of a refused edit, so panel and central are equal.
    assert.equal(of('differing'), 0);
    assert.equal(of('unanswered'), 0);
    assert.equal(of('done') + of('refused') + of('held_back'), 40);
    assert.ok(of('done') > 0);
    for (const name of ['done_a_second', 'before_p99_ms', 'agent_processor_ms_each', 'memory_idle_mib'])
      assert.ok(of(name) > 0, name);
  },
);
