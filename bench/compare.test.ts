import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchCompare, linearity } from './compare.ts';

test('issue 17, speed: the time of a zone among many is compared with that among few', () => {
  const few = { first_ms: 100, full_ms: 50, only_few_ms: 1 };
  const many = { first_ms: 1_000, full_ms: 1_000, in_step_ms: 3 };
  assert.deepEqual(linearity([10, 100], [few, many]), {
    first_linearity_ratio: 1,
    full_linearity_ratio: 2,
  });
});

test('issue 17, speed: each figure of a comparison is there, beside its control', async () => {
  const figures = await benchCompare({ centrals: ['sandbox'], zones: 2, records: 3, large: 20 });
  for (const name of [
    'bare_ms',
    'list_ms',
    'panel_list_ms',
    'first_zones_per_second',
    'first_to_bare_ratio',
    'full_to_bare_ratio',
    'zone_p50_ms',
    'zone_p95_ms',
    'zone_p99_ms',
    'in_step_to_limit_ratio',
    'bare_to_in_step_ratio',
    'first_linearity_ratio',
    'large_to_bare_ratio',
    'large_memory_to_bare_ratio',
  ])
    assert.ok((figures[`sandbox_${name}`] ?? 0) > 0, name);
});
