import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quietContext } from '../../testing/quiet-context.ts';
import { SettableServer } from '../../testing/asked-server.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import { Verifier } from './verifier.ts';

const zone = parseName('example.org.');

function a(name: string, last: number, of: DnsName = zone): ResourceRecord {
  return makeRecord({ name, type: 'A', rdata: `192.0.2.${last}` }, of);
}

interface Stage {
  readonly clock: VirtualClock;
  readonly servers: readonly [SettableServer, SettableServer];
  readonly verifier: Verifier;
  readonly log: string[];
}

function stage(strict: number | null = null, limit = 60_000): Stage {
  const clock = new VirtualClock();
  const servers = [new SettableServer('ns1', zone), new SettableServer('ns2', zone)] as const;
  const log: string[] = [];
  const verifier = new Verifier({
    servers,
    clock,
    limit,
    strict,
    log: (level, event) => log.push(`${level} ${event}`),
  });
  return { clock, servers, verifier, log };
}

const adds = (record: ResourceRecord) => ({ removed: [], added: [record] });

test('a write is live when every server answers it; asked at once, then ever less often', async () => {
  const { clock, servers, verifier, log } = stage();
  const [first, second] = servers;
  first.records = [a('www', 1)];
  verifier.written(zone, adds(a('www', 1)), 'op1');
  await clock.runUntil(10_000);
  assert.equal(first.asked.length, 1);
  const soon = second.asked.length;
  assert.ok(soon > 5 && soon < 20, String(soon));
  assert.deepEqual(verifier.outcome('op1'), {
    state: 'asking',
    servers: [
      { server: 'ns1', state: 'live', text: '' },
      { server: 'ns2', state: 'old', text: '' },
    ],
  });
  const { behind, underWay } = verifier.status();
  assert.deepEqual([underWay, behind.length, behind[0]?.asking], [1, 1, true]);
  assert.deepEqual([behind[0]?.zone, behind[0]?.names], [zone, [a('www', 1).name]]);
  second.records = [a('www', 1)];
  await clock.runUntil(20_000);
  assert.equal(verifier.outcome('op1')?.state, 'live');
  const status = verifier.status();
  assert.deepEqual([status.underWay, status.ended.live, status.behind], [0, 1, []]);
  assert.deepEqual(log, ['5 verify.live']);
  assert.equal(clock.pending, 0);
});

test('a server that lags until the limit is told, and looked at later until it is live', async () => {
  const { clock, servers, verifier, log } = stage();
  const [first, second] = servers;
  first.records = [a('www', 1)];
  second.rcode = rcodes.REFUSED;
  verifier.written(zone, adds(a('www', 1)), 'op1');
  await clock.runUntil(61_000);
  assert.deepEqual(verifier.outcome('op1')?.state, 'behind');
  assert.deepEqual(log, ['2 verify.behind']);
  const { behind, ended } = verifier.status();
  assert.deepEqual([ended.behind, behind.length, behind[0]?.asking], [1, 1, false]);
  assert.deepEqual(behind[0]?.servers[1], { server: 'ns2', state: 'unserved', text: '' });
  second.rcode = rcodes.NOERROR;
  second.records = [a('www', 1)];
  await clock.runUntil(200_000);
  assert.deepEqual(verifier.status().behind, []);
  assert.equal(verifier.outcome('op1')?.state, 'live');
  assert.equal(clock.pending, 0);
});

test('the limit cuts a question off: what the server said before counts', async () => {
  const { clock, servers, verifier } = stage(null, 1_000);
  const [first, second] = servers;
  first.records = [a('www', 1)];
  const answer = second.ask.bind(second);
  second.ask = async (name, type) => {
    if (second.asked.length > 3) await clock.sleep(5_000);
    if (second.asked.length > 3) second.rcode = null;
    return await answer(name, type);
  };
  verifier.written(zone, adds(a('www', 1)), 'op1');
  await clock.runUntil(20_000);
  assert.equal(verifier.outcome('op1')?.servers[1]?.state, 'old');
  verifier.close();
});

test('a later write of the same RRset ends the earlier check as superseded', async () => {
  const { clock, servers, verifier } = stage();
  verifier.written(zone, adds(a('www', 1)), 'op1');
  verifier.written(zone, { removed: [], added: [a('mail', 1), a('ftp', 1)] }, 'op2');
  await clock.runUntil(1_000);
  verifier.written(zone, { removed: [a('www', 1), a('ftp', 1)], added: [a('www', 2)] }, 'op3');
  for (const server of servers) server.records = [a('www', 2), a('mail', 1)];
  await clock.runUntil(10_000);
  assert.deepEqual(
    ['op1', 'op2', 'op3'].map((id) => verifier.outcome(id)?.state),
    ['superseded', 'live', 'live'],
  );
  const { ended } = verifier.status();
  assert.deepEqual(ended, { live: 2, hidden: 0, behind: 0, superseded: 1, dropped: 0 });
});

test('a later write takes an earlier one off the list of those that are behind', async () => {
  const { clock, servers, verifier } = stage();
  verifier.written(zone, adds(a('www', 1)), 'op1');
  await clock.runUntil(61_000);
  assert.equal(verifier.status().behind.length, 1);
  verifier.written(zone, { removed: [a('www', 1)], added: [] }, 'op2');
  await clock.runUntil(62_000);
  assert.deepEqual(verifier.status().behind, []);
  assert.equal(servers[0].closed, false);
  await clock.runUntil(200_000);
  assert.equal(clock.pending, 0);
});

test('nothing is expected of a zone that was deleted', async () => {
  const { clock, verifier } = stage();
  verifier.written(zone, adds(a('www', 1)), 'op1');
  await clock.runUntil(1_000);
  verifier.gone(zone);
  await clock.runUntil(2_000);
  assert.equal(verifier.outcome('op1')?.state, 'superseded');
  assert.equal(verifier.status().underWay, 0);
});

test('a first send of 10,000 zones to name servers that are down: bounded in questions and memory', async () => {
  const { clock, servers, verifier } = stage();
  for (const server of servers) server.rcode = null;
  const zones = Array.from({ length: 10_000 }, (_, at) => parseName(`zone${at}.example.`));
  for (const [at, one] of zones.entries()) {
    verifier.written(one, adds(a('www', 1, one)), `op${at}`);
    if (at % 100 === 0) await clock.runUntil(clock.now() + 10);
  }
  const { underWay, waiting, ended } = verifier.status();
  assert.deepEqual([underWay, waiting, ended.dropped], [50, 1_000, 8_950]);
  assert.ok(clock.pending <= 50 * 3, String(clock.pending));
  assert.equal(verifier.outcome('op0'), null);
  // A new edit is checked before all the checks that wait.
  for (const server of servers) {
    server.rcode = rcodes.NOERROR;
    server.records = [a('www', 2)];
  }
  verifier.written(zone, adds(a('www', 2)), 'edit');
  await clock.runUntil(clock.now() + 61_000);
  assert.equal(verifier.outcome('edit')?.state, 'live');
  verifier.close();
  await clock.runUntil(clock.now() + 1_000);
  assert.equal(clock.pending, 0);
  assert.ok(servers.every(({ closed }) => closed));
});

test('of a large write some RRsets stand for all', async () => {
  const { clock, servers, verifier } = stage();
  const added = Array.from({ length: 5_000 }, (_, at) => a(`host${at}`, 1));
  for (const server of servers) server.records = added;
  verifier.written(zone, { removed: [], added }, 'op1');
  await clock.runUntil(1_000);
  assert.equal(verifier.outcome('op1')?.state, 'live');
  const { asked } = servers[0];
  assert.deepEqual(
    [asked.length, asked[0], asked.at(-1)],
    [16, 'host0.example.org. A', 'host4999.example.org. A'],
  );
});

test('strict: waits for the servers, within its time and the caller’s', async () => {
  const { clock, servers, verifier } = stage(8_000);
  const [first, second] = servers;
  first.records = [a('www', 1)];
  const waiting = verifier.live(zone, adds(a('www', 1)), { ...quietContext(), operation: 'op1' });
  await clock.runUntil(3_000);
  second.records = [a('www', 1)];
  assert.deepEqual(await clock.runUntilSettled(waiting), []);
  assert.ok(clock.now() <= 3_600, String(clock.now()));
  const late = verifier.live(zone, adds(a('ftp', 1)), quietContext());
  const behind = await clock.runUntilSettled(late);
  assert.deepEqual(
    behind.map(({ server, state }) => [server, state]),
    [
      ['ns1', 'old'],
      ['ns2', 'old'],
    ],
  );
  const caller = new AbortController();
  const cut = verifier.live(zone, adds(a('smtp', 1)), { signal: caller.signal, operation: '-' });
  const began = clock.now();
  await clock.runUntil(began + 100);
  caller.abort(new Error('deadline'));
  assert.equal((await clock.runUntilSettled(cut)).length, 2);
  assert.equal(clock.now(), began + 100);
});
