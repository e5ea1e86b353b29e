import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingFor } from '../src/testing/stage/server-registry.ts';
import { benchGateway } from './gateway.ts';

test(
  'issue 20, gateway: each part is measured, with small numbers',
  { skip: missingFor('gateway') },
  async () => {
    const figures = await benchGateway({
      edits: 4,
      lineEdits: 3,
      customers: 4,
      writes: 3,
      serverDelay: 1,
      zones: 700,
      auditRows: 500,
      repetitions: 3,
    });
    const of = (name: string): number => figures[name] ?? NaN;
    for (const part of ['edit', 'line', 'load', 'lists']) assert.ok(!(`${part}_failed` in figures), part);
    // Each edit crosses the long line at least once, however slow or busy the machine is.
    assert.ok(of('line_through_round_trips') >= 1);
    assert.ok(of('line_direct_round_trips') >= 1);
    assert.ok(of('edit_through_requests') >= 1);
    assert.ok(of('load_server_requests_each') >= 1);
    assert.equal(of('load_refused'), 0);
    for (const name of ['edit_through_to_direct_p50_ratio', 'load_to_bare_ratio', 'lists_audit_page_p95_ms'])
      assert.ok(of(name) > 0, name);
  },
);
