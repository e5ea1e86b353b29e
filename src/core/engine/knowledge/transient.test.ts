/** Tests that transient failures do not count as refusals of the central (issues 12.4 and 12.7). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordId } from '../../../dns/record.ts';
import { changedCentral } from '../../../testing/changed-central.ts';
import { MemoryJournal } from '../../../testing/memory-journal.ts';
import { a, engineOf, given, held, put, viewOf, zone } from '../../../testing/simulator/given.ts';
import { administrator, recordsEvent } from '../../../testing/simulator/edits.ts';
import type { World } from '../../../testing/simulator/world.ts';
import { CentralError, type Central } from '../../central.ts';
import { JournalError, type Batch } from '../../journal.ts';
import type { Actor, EditEvent, Verdict } from '../../panel.ts';

const minute = 60_000;
const alice: Actor = { name: 'alice', rank: 'user' };
const add = [{ remove: null, add: a('new', 9) }];
const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

/** A central whose reads of names, or whose writes, fail while `error` returns an error. */
function failing(central: Central, call: 'readNames' | 'apply', error: () => CentralError | null): Central {
  const fail = (): void => {
    const now = error();
    if (now !== null) throw now;
  };
  return changedCentral(central, {
    readNames: async (...read) => {
      if (call === 'readNames') fail();
      return await central.readNames(...read);
    },
    apply: async (change, present, ctx) => {
      if (call === 'apply') fail();
      return await central.apply(change, present, ctx);
    },
  });
}

const failures = [
  { call: 'readNames', code: 'central.clock', state: 'untouched', retry: 'later' },
  { call: 'apply', code: 'central.clock', state: 'untouched', retry: 'later' },
  { call: 'apply', code: 'central.contended', state: 'untouched', retry: 'later' },
  { call: 'apply', code: 'central.no-effect', state: 'unknown', retry: 'later' },
  { call: 'apply', code: 'central.no-effect', state: 'unknown', retry: 'never' },
] as const;

async function failingWorld(
  { call, code, state, retry }: (typeof failures)[number],
  owners: readonly string[] | null,
): Promise<{ world: World; mend: () => void }> {
  let broken = true;
  const params = { seconds: '400' };
  const error = (): CentralError | null => (broken ? new CentralError(code, { state, retry, params }) : null);
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] }, (made) => {
    made.panel.owners.set(zone, owners);
    made.wrap = (central) => failing(central, call, error);
  });
  return { world, mend: () => (broken = false) };
}

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

function keep(world: World): boolean {
  world.panel.zones.get(zone)?.set(recordId(a('new', 9)), a('new', 9));
  return true;
}

for (const failure of failures) {
  const { call, code, retry } = failure;
  it(`${code} in ${call} (again: ${retry}): an edit left to the panel waits, it is not put back`, async () => {
    const { world, mend } = await failingWorld(failure, null);
    const event = (stage: 'before' | 'after'): EditEvent => recordsEvent(zone, add, stage, alice);
    await world.clock.runUntilSettled(world.edit(event, () => keep(world), smoothly));
    await wait(world, 30_000);
    assert.ok(held(world, 'panel', a('new', 9)));
    mend();
    await wait(world, 5 * minute);
    assert.ok(held(world, 'panel', a('new', 9)) && held(world, 'central', a('new', 9)));
  });
}

it('central.no-effect that stays is a refusal in the end: the panel is put back', async () => {
  const { world } = await failingWorld(failures[4], null);
  const event = (stage: 'before' | 'after'): EditEvent => recordsEvent(zone, add, stage, alice);
  await world.clock.runUntilSettled(world.edit(event, () => keep(world), smoothly));
  await wait(world, 60 * minute);
  assert.ok(!held(world, 'panel', a('new', 9)) && !held(world, 'central', a('new', 9)));
});

it('a clock skew while the panel keeps an edit late: the edit gets to the central, it does not end as panel-only', async () => {
  let broken = false;
  const error = (): CentralError | null =>
    broken
      ? new CentralError('central.clock', { state: 'untouched', retry: 'later', params: { seconds: '400' } })
      : null;
  const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] }, (made) => {
    made.wrap = (central) => failing(central, 'readNames', error);
  });
  const local = { refuses: true, takes: 10, afterLost: true, visibleAfter: 0 };
  const event = (stage: 'before' | 'after'): EditEvent => recordsEvent(zone, add, stage, administrator);
  await world.clock.runUntilSettled(world.edit(event, () => false, local));
  await wait(world, minute);
  assert.ok(!held(world, 'central', a('new', 9)));
  broken = true;
  put(world, 'panel', [a('www', 1), a('new', 9)]);
  await wait(world, 2 * minute);
  broken = false;
  await wait(world, 10 * minute);
  assert.ok(held(world, 'central', a('new', 9)));
  const { rows } = await viewOf(world, zone);
  const row = rows.find(({ record }) => recordId(record) === recordId(a('new', 9)));
  assert.equal(row?.state, 'synced');
});

describe('issue 12.4: a journal that refused before anything was sent', () => {
  const disk = (): never => {
    throw new JournalError('journal.disk-full', { path: '/journal' });
  };

  class FullJournal extends MemoryJournal {
    isFull = false;
    override async commit(batch: Batch): Promise<void> {
      if (this.isFull) disk();
      await super.commit(batch);
    }
  }

  class UnreadableJournal extends MemoryJournal {
    isBroken = false;
    override async zone(...args: Parameters<MemoryJournal['zone']>): ReturnType<MemoryJournal['zone']> {
      if (this.isBroken) throw new JournalError('journal.unreadable', { path: '/journal' });
      return await super.zone(...args);
    }
  }

  const ask = async (world: World, event: EditEvent): Promise<Verdict> =>
    await world.clock.runUntilSettled(
      engineOf(world).answer({ kind: 'edits', edits: [event] }, new AbortController().signal),
    );
  const create: EditEvent = {
    kind: 'zone-create',
    stage: 'before',
    zone,
    seed: { addresses: [], nameServers: [], mailServers: [] },
    fingerprint: 'create',
    actor: administrator,
    echo: null,
  };

  it('a create says that nothing was changed', async () => {
    const journal = new FullJournal();
    const world = await given({ panel: null, central: null }, undefined, journal);
    journal.isFull = true;
    const verdict = await ask(world, create);
    assert.ok(verdict.kind === 'refuse');
    assert.deepEqual([verdict.problems[0]?.code, verdict.changed], ['journal.disk-full', 'nothing']);
    assert.equal(world.central.zones.has(zone), false);
  });

  it('an edit, a create and a delete whose zone cannot be looked up say so too', async () => {
    const journal = new UnreadableJournal();
    const world = await given({ panel: [a('www', 1)], central: [a('www', 1)] }, undefined, journal);
    journal.isBroken = true;
    const base = { stage: 'before', zone, fingerprint: 'delete', actor: administrator, echo: null } as const;
    const edits = [recordsEvent(zone, add, 'before', administrator), create];
    for (const event of [...edits, { ...base, kind: 'zone-delete' } as const]) {
      const verdict = await ask(world, event);
      assert.ok(verdict.kind === 'refuse');
      assert.deepEqual([verdict.problems[0]?.code, verdict.changed], ['journal.unreadable', 'nothing']);
    }
  });
});
