import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsDataError } from '../../dns/problem.ts';
import { allFromWire } from './wire.ts';

function problemsOf(name: string, records: number): number {
  const all = Array.from({ length: records }, () => ({ name, type: 'A', ttl: 60, data: '192.0.2.1' }));
  try {
    allFromWire(all);
  } catch (error) {
    if (error instanceof DnsDataError) return error.problems.length;
    throw error;
  }
  return 0;
}

test('records with a thousand problems each are not read to the end', () => {
  const one = problemsOf('.'.repeat(1_000), 1);
  assert.ok(one > 900);
  assert.equal(problemsOf('.'.repeat(1_000), 4_000), one);
});

test('a few mistakes are all told', () => {
  assert.equal(problemsOf('relative', 20), 20);
});
