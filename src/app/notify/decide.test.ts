/** Tests which changes of the reasons for attention are reported to an administrator, and when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attention } from '../answers/attention.ts';
import { decide, nothingTold, type ReasonChange, type Memory } from './decide.ts';

function reason(code: Attention['code'], central: number | null = 1, count = '1'): Attention {
  return { code, central, since: null, params: { count } };
}

const down = reason('attention.central-unreachable');
const stuck = reason('attention.stuck');

const minute = 60_000;

/** Checks the given reasons once a minute, and stores which were reported. */
class Watch {
  memory: Memory = nothingTold;
  before: readonly Attention[] | null = null;
  wall = 1_700_000_000_000;
  readonly most: number;

  constructor(most = 10) {
    this.most = most;
  }

  look(found: readonly Attention[], mayEnd = true): ReasonChange | null {
    this.wall += minute;
    const { memory, change } = decide(
      this.memory,
      { found, before: this.before, mayEnd, wall: this.wall },
      this.most,
    );
    this.before = found;
    this.memory = memory;
    return change;
  }

  /** Acts like a restart of the agent: only the stored memory stays. */
  restart(): void {
    this.before = null;
  }
}

const codes = (change: ReasonChange | null): object | null =>
  change && {
    began: change.began.map(({ code }) => code),
    ended: change.ended.map(({ code }) => code),
    standing: change.standing.map(({ code }) => code),
  };

test('a reason is told once when two looks have seen it, and its end once', () => {
  const watch = new Watch();
  assert.equal(watch.look([]), null);
  assert.equal(watch.look([down]), null);
  assert.deepEqual(codes(watch.look([down])), { began: [down.code], ended: [], standing: [] });
  assert.equal(watch.look([down]), null);
  assert.equal(watch.look([]), null);
  assert.deepEqual(codes(watch.look([])), { began: [], ended: [down.code], standing: [] });
  assert.equal(watch.look([]), null);
});

test('a reason that flickers is not told, neither its begin nor its end', () => {
  const watch = new Watch();
  for (const found of [[down], [], [down], [], []]) assert.equal(watch.look(found), null);
  watch.look([down]);
  assert.ok(watch.look([down]) !== null);
  for (const found of [[], [down], [], [down], [down]]) assert.equal(watch.look(found), null);
});

test('several changes at once are one notice; what stands is said; a new value is no change', () => {
  const watch = new Watch();
  watch.look([down]);
  watch.look([down]);
  const two = reason('attention.central-unreachable', 2);
  watch.look([reason(down.code, 1, '7'), two, stuck]);
  const change = watch.look([reason(down.code, 1, '9'), two, stuck]);
  assert.deepEqual(change?.began, [two, stuck]);
  // Reasons that still stand are reported with their newest values.
  assert.deepEqual(change?.standing, [reason(down.code, 1, '9')]);
  assert.equal(watch.look([reason(down.code, 1, '99'), two, stuck]), null);
  watch.look([two]);
  assert.deepEqual(codes(watch.look([two])), {
    began: [],
    ended: [down.code, stuck.code],
    standing: [two.code],
  });
});

test('the same reason twice in one look is one reason', () => {
  const watch = new Watch();
  watch.look([stuck, reason('attention.stuck', 1, '5')]);
  assert.deepEqual(watch.look([stuck, reason('attention.stuck', 1, '5')])?.began, [stuck]);
  assert.equal(watch.look([reason('attention.stuck', 1, '5')]), null);
});

test('a restart tells nothing again, and ends nothing before it is settled', () => {
  const watch = new Watch();
  watch.look([down]);
  watch.look([down]);
  watch.restart();
  for (let looks = 0; looks < 4; looks += 1) assert.equal(watch.look([], false), null);
  assert.equal(watch.look([down], false), null);
  assert.equal(watch.look([down]), null);
  watch.restart();
  watch.look([]);
  assert.deepEqual(codes(watch.look([])), { began: [], ended: [down.code], standing: [] });
});

test('a storm: no more than so many an hour, the rest in one summary', () => {
  const watch = new Watch(3);
  let found: readonly Attention[] = [];
  const told: ReasonChange[] = [];
  // For three hours, a reason begins or ends every two minutes.
  for (let at = 0; at < 180; at += 1) {
    if (at % 2 === 0) found = found.length === 0 ? [down] : [];
    const change = watch.look(found);
    if (change !== null) told.push(change);
  }
  assert.equal(told.length, 9);
  assert.deepEqual(told[0]?.heldBack, 0);
  assert.equal(told[2]?.quietUntil === null, false);
  assert.equal(told[1]?.quietUntil, null);
  const held = told.reduce((sum, { heldBack }) => sum + heldBack, 0);
  assert.ok(held > 40, String(held));
  // When the changes have ended, all changes that were held back are reported. This includes a reason that
  // both began and ended in that time.
  const all: ReasonChange[] = [];
  for (let at = 0; at < 70; at += 1) {
    const change = watch.look([]);
    if (change !== null) all.push(change);
  }
  assert.ok(all.length >= 1);
  assert.deepEqual(watch.memory.told, []);
  assert.equal(watch.memory.heldBack, 0);
});

test('what comes and goes while notices are held back is counted, not lost', () => {
  const watch = new Watch(1);
  watch.look([down]);
  assert.ok(watch.look([down]) !== null);
  watch.look([down, stuck]);
  assert.equal(watch.look([down, stuck]), null);
  watch.look([down]);
  assert.equal(watch.look([down]), null);
  let change: ReasonChange | null = null;
  for (let at = 0; at < 60 && change === null; at += 1) change = watch.look([down]);
  assert.deepEqual(codes(change), { began: [], ended: [], standing: [down.code] });
  assert.equal(change?.heldBack, 2);
});

test('a clock that is set back does not silence it', () => {
  const watch = new Watch(1);
  watch.look([down]);
  assert.ok(watch.look([down]) !== null);
  watch.wall -= 24 * 3_600_000;
  watch.look([]);
  assert.ok(watch.look([]) !== null);
});
