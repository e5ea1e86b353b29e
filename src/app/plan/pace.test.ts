import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from '../../core/catalogue.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { AskFailed, NoAgent } from '../control/client.ts';
import { paced, type Worked } from './pace.ts';

const unreachable = new AskFailed('out of reach', [refusal('central.unreachable', {})]);
const refused = new AskFailed('refused', [refusal('central.refused', { text: 'no more than 5,000 zones' })]);

/** How long the work on one item takes, milliseconds. */
const takes = 100;

interface Played {
  readonly all: readonly Worked<number, string>[];
  /** Largest number of items that were worked on at the same time. */
  readonly most: number;
  /** Number of tries of all items, and milliseconds until the end. */
  readonly tries: number;
  readonly took: number;
}

/** Works on this many items, on a clock that moves by itself. @param work decides the result of one try */
async function play(
  count: number,
  work: (item: number, tries: number, now: number) => string,
  { stopAt = Infinity, isStrained = (): boolean => false } = {},
): Promise<Played> {
  const clock = new VirtualClock();
  const stop = new AbortController();
  if (stopAt < Infinity) void clock.sleep(stopAt).then(() => stop.abort(new Error('Ctrl-C')));
  const all: Worked<number, string>[] = [];
  const tried = new Map<number, number>();
  let [running, most, tries] = [0, 0, 0];
  const one = async (item: number): Promise<string> => {
    running += 1;
    most = Math.max(most, running);
    await clock.sleep(takes);
    running -= 1;
    tries += 1;
    const number = (tried.get(item) ?? 0) + 1;
    tried.set(item, number);
    return work(item, number, clock.now());
  };
  const items = Array.from({ length: count }, (_, at) => at);
  const run = async (): Promise<void> => {
    for await (const ended of paced(items, one, { stop: stop.signal, clock, isStrained })) all.push(ended);
  };
  await clock.runUntilSettled(run(), 3_600_000);
  return { all, most, tries, took: clock.now() };
}

function kinds({ all }: Played): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind } of all) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

test('issue 17, pace: while all goes well more is done at a time, up to 16', async () => {
  const few = await play(4, () => 'done');
  assert.deepEqual([few.most, few.took, kinds(few)], [4, takes, { worked: 4 }]);
  const many = await play(500, () => 'done');
  assert.deepEqual([many.most, many.tries, kinds(many)], [16, 500, { worked: 500 }]);
});

test('issue 17, pace: what may pass is tried four times, with longer pauses each time', async () => {
  const lost = await play(1, () => {
    throw unreachable;
  });
  assert.deepEqual([lost.tries, lost.took, kinds(lost)], [4, 4 * takes + 7_000, { failed: 1 }]);
  const late = await play(1, (_item, tries) => {
    if (tries < 4) throw unreachable;
    return 'done';
  });
  assert.deepEqual([late.tries, kinds(late)], [4, { worked: 1 }]);
});

test('issue 17, pace: what is refused is not tried again, and stops nothing', async () => {
  const played = await play(5_010, (item) => {
    if (item >= 5_000) throw refused;
    return 'done';
  });
  assert.deepEqual([played.tries, kinds(played)], [5_010, { worked: 5_000, failed: 10 }]);
  const failures = played.all.flatMap((one) => (one.kind === 'failed' ? one.problems : []));
  assert.equal(failures[0]?.code, 'central.refused');
});

test('issue 17, pace: a central that is overloaded gets less at a time, and all is done in the end', async () => {
  const played = await play(60, (_item, _tries, now) => {
    if (now < 3_000) throw unreachable;
    return 'done';
  });
  assert.deepEqual(kinds(played), { worked: 60 });
  const strained = await play(100, () => 'done', { isStrained: () => true });
  const calm = await play(100, () => 'done');
  assert.ok(strained.most === 4 && strained.took > 5 * calm.took, `${strained.took} ${calm.took}`);
});

test('issue 17, pace: after eight lost items in a row the rest is not tried', async () => {
  const played = await play(1_000, () => {
    throw unreachable;
  });
  const { failed = 0, skipped = 0 } = kinds(played);
  assert.ok(failed >= 8 && failed < 24, String(failed));
  assert.equal(failed + skipped, 1_000);
});

test('issue 17, pace: an interruption finishes what was begun, and tells of the rest', async () => {
  const played = await play(100, () => 'done', { stopAt: 250 });
  const { worked = 0, skipped = 0 } = kinds(played);
  assert.equal(worked + skipped, 100);
  assert.ok(worked >= 8 && worked <= 20, String(worked));
  const waiting = await play(
    1,
    () => {
      throw unreachable;
    },
    { stopAt: 300 },
  );
  assert.deepEqual([kinds(waiting), waiting.took], [{ skipped: 1 }, 300]);
});

test('issue 17, pace: an agent that has stopped ends all work', async () => {
  await assert.rejects(
    play(10, () => {
      throw new NoAgent();
    }),
    { name: 'NoAgent' },
  );
});
