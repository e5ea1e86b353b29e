/**
 * Tests strict verification with the engine: if a name server does not serve an edit in time, the edit is
 * undone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettableServer } from '../../testing/asked-server.ts';
import { a, given, held, historyOf, zone } from '../../testing/simulator/given.ts';
import { recordsEvent } from '../../testing/simulator/edits.ts';
import type { World } from '../../testing/simulator/world.ts';
import type { EditItem, Verdict } from '../../core/panel.ts';
import { recordId } from '../../dns/record.ts';
import { withVerification } from './index.ts';
import { Verifier } from './verifier.ts';

const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

/**
 * An account, and a name server that serves the zone's present data while `follows` returns true.
 * @param conditional whether the account's central takes expectations
 */
async function world(
  follows: () => boolean,
  conditional = false,
): Promise<{ made: World; server: SettableServer; verifier: Verifier }> {
  const server = new SettableServer('ns1', zone, [a('www', 1)]);
  const ask = server.ask.bind(server);
  const made = await given({ panel: [a('www', 1)], central: [a('www', 1)] }, (one) => {
    const verifier = new Verifier({
      servers: [server],
      clock: one.clock,
      log: () => undefined,
      limit: 60_000,
      strict: 8_000,
    });
    verifiers.push(verifier);
    one.conditional = conditional;
    one.wrap = (central) => withVerification(central, verifier);
    server.ask = async (name, type) => {
      if (follows()) server.records = [...(one.central.zones.get(zone)?.values() ?? [])];
      return await ask(name, type);
    };
  });
  const verifier = verifiers.pop();
  assert.ok(verifier !== undefined);
  return { made, server, verifier };
}

const verifiers: Verifier[] = [];

async function edit(made: World, item: EditItem): Promise<Verdict> {
  const records = made.panel.zones.get(zone);
  const carryOut = (): boolean => {
    if (item.remove !== null) records?.delete(recordId(item.remove));
    if (item.add !== null) records?.set(recordId(item.add), item.add);
    return true;
  };
  const { verdict } = await made.clock.runUntilSettled(
    made.edit((stage) => recordsEvent(zone, [item], stage), carryOut, smoothly),
  );
  return verdict;
}

for (const conditional of [false, true]) {
  const how = conditional ? ', sent on an expectation' : '';
  test(`an edit that becomes live in time is kept${how}`, async () => {
    const { made } = await world(() => true, conditional);
    assert.equal((await edit(made, { remove: a('www', 1), add: a('www', 2) })).kind, 'accept');
    await made.clock.runUntil(made.clock.now() + 60_000);
    const [operation] = await historyOf(made, 1);
    assert.equal(operation?.state, 'confirmed');
    assert.ok(held(made, 'central', a('www', 2)) && held(made, 'panel', a('www', 2)));
  });

  test(`one that does not is refused within the deadline and taken back, though the central has it${how}`, async () => {
    const { made, verifier } = await world(() => false, conditional);
    const began = made.clock.now();
    const verdict = await edit(made, { remove: a('www', 1), add: a('www', 2) });
    assert.ok(made.clock.now() - began < 10_000, String(made.clock.now() - began));
    assert.ok(verdict.kind === 'refuse');
    assert.deepEqual([verdict.problems[0]?.code, verdict.changed], ['central.not-live', 'nothing']);
    assert.deepEqual(verdict.problems[0]?.params, { servers: 'ns1', text: 'ns1: other data' });
    assert.ok(held(made, 'central', a('www', 1)) && !held(made, 'central', a('www', 2)));
    const [operation] = await historyOf(made, 1);
    assert.equal(operation?.state, 'refused');
    // The undo has a check of its own, which replaces the check of the refused edit.
    await made.clock.runUntil(made.clock.now() + 1_000);
    assert.deepEqual(verifier.status().behind, []);
    assert.equal((await edit(made, { remove: a('www', 1), add: a('www', 3) })).kind, 'refuse');
  });

  test(`an agent killed while it waits: the edit is on neither side afterwards${how}`, async () => {
    const { made } = await world(() => false, conditional);
    const answer = edit(made, { remove: null, add: a('ftp', 1) });
    await made.clock.runUntil(made.clock.now() + 4_000);
    assert.ok(held(made, 'central', a('ftp', 1)));
    made.kill();
    assert.equal((await made.clock.runUntilSettled(answer)).kind, 'refuse');
    await made.start();
    await made.clock.runUntil(made.clock.now() + 300_000);
    assert.equal(held(made, 'central', a('ftp', 1)), false);
  });
}

test('an undo that cannot be written now is carried out later', async () => {
  const { made } = await world(() => false);
  const answer = edit(made, { remove: null, add: a('ftp', 1) });
  await made.clock.runUntil(made.clock.now() + 7_000);
  assert.ok(held(made, 'central', a('ftp', 1)));
  made.centralDown = true;
  made.applyOutages();
  const verdict = await made.clock.runUntilSettled(answer);
  assert.ok(verdict.kind === 'refuse');
  assert.deepEqual([verdict.problems[0]?.code, verdict.changed], ['central.not-live', 'unknown']);
  made.centralDown = false;
  made.applyOutages();
  await made.clock.runUntil(made.clock.now() + 300_000);
  assert.equal(held(made, 'central', a('ftp', 1)), false);
  const [operation] = await historyOf(made, 1);
  assert.equal(operation?.state, 'reverted');
});

test('what is not an edit in the panel does not wait: an undo of what the panel refused', async () => {
  let follows = true;
  const { made } = await world(() => follows);
  const { clock } = made;
  const item = { remove: null, add: a('ftp', 1) };
  const refusing = { ...smoothly, refuses: true };
  const played = made.edit(
    (stage) => recordsEvent(zone, [item], stage),
    () => false,
    refusing,
  );
  const { verdict } = await clock.runUntilSettled(played);
  assert.equal(verdict.kind, 'accept');
  follows = false;
  await clock.runUntil(clock.now() + 120_000);
  assert.equal(held(made, 'central', a('ftp', 1)), false);
  const [operation] = await historyOf(made, 1);
  assert.equal(operation?.state, 'reverted');
});
