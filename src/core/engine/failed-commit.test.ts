/** Tests a journal that fails while the engine handles a failed write (issue 12.6). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedCentral } from '../../testing/changed-central.ts';
import { a, given, engineOf, held, put, zone } from '../../testing/simulator/given.ts';
import { recordsEvent } from '../../testing/simulator/edits.ts';
import type { World } from '../../testing/simulator/world.ts';
import { CentralError, type Central } from '../central.ts';
import { JournalError } from '../journal.ts';
import type { Verdict } from '../panel.ts';

const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };
const www = a('www', 1);

/**
 * Makes an edit whose write takes effect although its answer is lost. From then on the journal refuses to
 * store every state except `prepared`.
 * @param undoFails whether the undo of the write fails too
 */
async function play(undoFails: boolean): Promise<{ world: World; verdict: Verdict }> {
  let writes = 0;
  const wrap = (central: Central): Central => {
    const apply: Central['apply'] = async (change, present, ctx) => {
      writes += 1;
      const lost = new CentralError('central.unreachable', { state: 'unknown', retry: 'later' });
      if (writes > 1 && undoFails) throw lost;
      const altered = await central.apply(change, present, ctx);
      if (writes === 1) throw lost;
      return altered;
    };
    return changedCentral(central, { apply });
  };
  const world = await given({ panel: [], central: [] }, (before) => {
    before.wrap = wrap;
  });
  const journal = world.sides[0]?.disk.file;
  assert.ok(journal !== undefined);
  const commit = journal.commit.bind(journal);
  journal.commit = async (batch) => {
    if (batch.operations?.some(({ state }) => state !== 'prepared') === true)
      throw new JournalError('journal.write-failed', { path: 'x' });
    await commit(batch);
  };
  const { verdict } = await world.clock.runUntilSettled(
    world.edit(
      (stage) => recordsEvent(zone, [{ remove: null, add: www }], stage),
      () => true,
      smoothly,
    ),
  );
  return { world, verdict };
}

test('a write whose answer was lost and that cannot be journalled is taken back before it is refused', async () => {
  const { world, verdict } = await play(false);
  assert.deepEqual(
    [verdict.kind, verdict.kind === 'refuse' && verdict.changed, held(world, 'central', www)],
    ['refuse', 'nothing', false],
  );
});

test('a refusal never says that nothing was changed while the central has the edit', async () => {
  const { world, verdict } = await play(true);
  assert.deepEqual(
    [verdict.kind, verdict.kind === 'refuse' && verdict.changed, held(world, 'central', www)],
    ['refuse', 'unknown', true],
  );
});

/**
 * Sends the `after` of an edit that replaces `ftp` by `www`.
 * @param applyFails whether the central removes `ftp` and then refuses the rest
 * @returns `changed` of the refusal; whether the central has `ftp`; whether it has `www`
 */
async function afterwards(applyFails: boolean, journalFails: boolean): Promise<[string, boolean, boolean]> {
  const ftp = a('ftp', 1);
  let writes = 0;
  const world = await given({ panel: [ftp], central: [ftp] }, (before) => {
    before.wrap = (central) =>
      changedCentral(central, {
        apply: async (change, present, ctx) => {
          if (!applyFails) return await central.apply(change, present, ctx);
          if ((writes += 1) > 1)
            throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
          await central.apply({ ...change, add: [] }, present, ctx);
          throw new CentralError('central.refused', { state: 'partial', retry: 'never' });
        },
      });
  });
  put(world, 'panel', [www]);
  const { signal } = new AbortController();
  const items = [{ remove: ftp, add: www }];
  const answer = async (stage: 'before' | 'after'): Promise<Verdict> =>
    await engineOf(world).answer({ kind: 'edits', edits: [recordsEvent(zone, items, stage)] }, signal);
  if (journalFails) {
    await world.clock.runUntilSettled(answer('before'));
    world.chooseJournalFault = () => 'read-error';
  }
  const verdict = await world.clock.runUntilSettled(answer('after'));
  assert.equal(verdict.kind, 'refuse');
  return [verdict.changed, held(world, 'central', ftp), held(world, 'central', www)];
}

test('issue 13: `after` does not say that the central is unchanged while it has part of the edit', async () => {
  assert.deepEqual(await afterwards(true, false), ['panel-unknown', false, false]);
});

test('issue 13: `after` that the journal cannot note does not say that the central is unchanged', async () => {
  assert.deepEqual(await afterwards(false, true), ['panel-unknown', false, true]);
});
