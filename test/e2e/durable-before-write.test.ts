/**
 * Issue 19: tests that the operation is in the journal on disk before the first octet of its write request is
 * sent to the central. The agent's system calls prove it.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as v from 'valibot';
import { attachStrace, systemCalls, withoutStrace, type SystemCall } from '../../src/testing/strace.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../src/testing/stage/server-stage.ts';
import { until } from '../../src/testing/stage/stage.ts';
import { settled, succeeded, zone } from './combinations/scene.ts';

const running = v.object({ pid: v.number() });

/** A label that occurs only in this edit, so that the edit can be found in the data of system calls. */
const label = 'durable-first';

/** Whether a call begins to send a write request: a PATCH over HTTP, or an update over DNS (opcode 5). */
const writes = {
  powerdns: ({ data }: SystemCall): boolean => data.subarray(0, 6).toString('latin1') === 'PATCH ',
  // On a stream, two octets of length and two of the id precede the opcode.
  bind: ({ data }: SystemCall): boolean => data.length > 5 && ((data[4] ?? 0) & 0x78) === 0x28,
} as const;

const sending = ['write', 'writev', 'sendto', 'sendmsg'];
const traced = [...sending, 'pwrite64', 'fdatasync', 'fsync'];

for (const central of ['powerdns', 'bind'] as const)
  describe(`issue 19: ${central}`, { skip: missingFor(central) || withoutStrace() }, () => {
    test('the journal is synced before the first octet of a write request', async (t) => {
      const stage = await makeServerStage({ panel: 'v6', central });
      t.after(async () => await stage.stop());
      await stage.install();
      stage.configure();
      if (!stage.there.makesZones) await stage.there.makeZones([{ name: zone, records: [] }]);
      await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
      await until(
        'a first edit',
        async () => (await stage.atPanel.save(zone, address('first', '192.0.2.1'))).ok,
      );
      await settled(stage);
      const { pid } = v.parse(running, JSON.parse(await stage.domainsync('status', '--json')));
      const output = join(stage.directory, 'strace');
      const detach = await attachStrace(pid, traced, output);
      succeeded(await stage.atPanel.save(zone, address(label, '192.0.2.2')));
      await detach();
      const order: string[] = [];
      for await (const call of systemCalls(output)) order.push(...stepOf(call, writes[central]));
      const first = order.indexOf('request');
      assert.ok(first >= 0, `no write request: ${order.join(' ')}`);
      const before = order.slice(0, first);
      const journalled = before.indexOf('journal');
      assert.ok(journalled >= 0, `the request comes before the journal: ${order.join(' ')}`);
      assert.ok(
        before.indexOf('synced', journalled) > 0,
        `the request comes before the sync: ${order.join(' ')}`,
      );
    });
  });

/** The meaning of a call for this test: the operation is written, the log is synced, or a request begins. */
function stepOf(call: SystemCall, isWrite: (call: SystemCall) => boolean): readonly string[] {
  const { name, at, file, data, result } = call;
  const isLog = file.endsWith('.db-wal');
  if (name === 'pwrite64' && at === 'begin' && isLog && data.includes(label)) return ['journal'];
  if ((name === 'fdatasync' || name === 'fsync') && at === 'end' && isLog && result === 0) return ['synced'];
  const isStream = sending.includes(name) && at === 'begin' && file.startsWith('TCP:');
  return isStream && isWrite(call) ? ['request'] : [];
}
