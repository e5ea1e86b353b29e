/**
 * Tests operations that go on after they are answered, and changes that reads show late
 * (docs/protocol.md#handlers-5, #delays).
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { asAlice, testSandbox } from '../testing.ts';

const run = promisify(execFile);
const NEW = { name: 'slow.example', ip: '192.0.2.1', sok: 'ok' };

test('a zone is being made and deleted for a while: status in the list, no records', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v6', switches: { slowOperationsMs: 60_000 } });
  assert.ok((await asAlice(sandbox, 'domain.edit', NEW)).ok);
  assert.equal((await asAlice(sandbox, 'domain')).elems[0]?.['status'], 'creating');
  assert.equal((await asAlice(sandbox, 'domain.record', { elid: 'slow.example' })).error?.obj, 'domain');
  sandbox.switches.slowRecords = 'empty';
  assert.deepEqual((await asAlice(sandbox, 'domain.record', { elid: 'slow.example' })).elems, []);
  const add = { plid: 'slow.example', name: 'x', rtype: 'a', ip: '192.0.2.2', sok: 'ok' };
  assert.match((await asAlice(sandbox, 'domain.record.edit', add)).error?.text ?? '', /not finished/);
  assert.match(
    (await asAlice(sandbox, 'domain.delete', { elid: 'slow.example' })).error?.text ?? '',
    /not fin/,
  );
  sandbox.switches.clockOffsetMs = 60_000;
  assert.ok((await asAlice(sandbox, 'domain.record.edit', add)).ok);
  assert.equal((await asAlice(sandbox, 'domain')).elems[0]?.['status'], undefined);
  assert.ok((await asAlice(sandbox, 'domain.delete', { elid: 'slow.example' })).ok);
  assert.equal((await asAlice(sandbox, 'domain')).elems[0]?.['status'], 'deleting');
  assert.equal((await asAlice(sandbox, 'domain.edit', NEW)).error?.code, 'exists');
  sandbox.switches.clockOffsetMs = 120_000;
  assert.deepEqual((await asAlice(sandbox, 'domain')).elems, []);
  assert.ok((await asAlice(sandbox, 'domain.edit', NEW)).ok);
});

test('an undone creation is not going on', async (t) => {
  const sandbox = await testSandbox(t, {
    generation: 'dnsmgr',
    switches: {
      slowOperationsMs: 60_000,
      slowClock: 'real',
      failOuter: { 'domain.edit': { code: 1, count: 1 } },
    },
  });
  assert.equal((await asAlice(sandbox, 'domain.edit', NEW)).ok, false);
  assert.deepEqual((await asAlice(sandbox, 'domain')).elems, []);
  assert.ok((await asAlice(sandbox, 'domain.edit', NEW)).ok);
  sandbox.switches.clockOffsetMs = 120_000;
  assert.equal((await asAlice(sandbox, 'domain')).elems[0]?.['status'], 'creating', 'real time decides');
});

test('late changes: hidden from everyone, or from mgrctl only', async (t) => {
  const sandbox = await testSandbox(t, { generation: 'v5', switches: { lateVisibilityMs: 60_000 } });
  const mgrctl = async (): Promise<string> =>
    (await run(join(sandbox.root, 'sbin/mgrctl'), ['-m', 'ispmgr', 'domain'])).stdout;
  assert.ok((await asAlice(sandbox, 'domain.edit', NEW)).ok);
  assert.deepEqual((await asAlice(sandbox, 'domain')).elems, []);
  assert.doesNotMatch(await mgrctl(), /slow\.example/);
  sandbox.switches.lateFor = 'mgrctl';
  assert.equal((await asAlice(sandbox, 'domain')).elems[0]?.['name'], 'slow.example');
  assert.doesNotMatch(await mgrctl(), /slow\.example/);
  sandbox.switches.clockOffsetMs = 60_000;
  assert.match(await mgrctl(), /^name=slow\.example displayname=slow\.example /m);
});
