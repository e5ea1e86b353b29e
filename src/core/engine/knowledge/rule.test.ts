/** Tests `goalOf` as a table with one line for each case. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordId } from '../../../dns/record.ts';
import { a, zone } from '../../../testing/simulator/given.ts';
import { changeTowards, goalOf, type Goal, type Known } from './rule.ts';

const www = { ...a('www', 1), ttl: 600 };
const nobody: Known = { record: www, isOurs: false, isTtlOurs: false, isLeftAlone: false, claimed: null };
const ours: Known = { ...nobody, isOurs: true };
const alone: Known = { ...ours, isLeftAlone: true };

/** TTL of the record on one side, in seconds; `-`: that side does not have the record. */
type Side = number | '-';

const table: readonly (readonly [string, Side, Side, Known, Goal])[] = [
  // Columns: what the row says, the panel's TTL, the central's TTL, what is known, the goal.
  ['Both sides have it.', 600, 600, ours, 'leave'],
  ['Neither has it.', '-', '-', ours, 'leave'],
  ['The panel has it, the central lacks it.', 600, '-', nobody, 'add'],
  ['... and another edit wants it away.', 600, '-', { ...nobody, claimed: 'absent' }, 'leave'],
  ['... and another edit wants it as well.', 600, '-', { ...nobody, claimed: 'present' }, 'add'],
  ['... and another edit looks after it.', 600, '-', { ...nobody, claimed: 'open' }, 'leave'],
  ['... and it is left alone.', 600, '-', alone, 'leave'],
  ['Only the central has it, and it is ours.', '-', 600, ours, 'remove'],
  ['... and it is not ours.', '-', 600, nobody, 'leave'],
  ['... and another edit wants it there.', '-', 600, { ...ours, claimed: 'present' }, 'leave'],
  ['... and another edit wants it away.', '-', 600, { ...ours, claimed: 'absent' }, 'remove'],
  ['... and another edit looks after it.', '-', 600, { ...ours, claimed: 'open' }, 'leave'],
  ['... and it is left alone.', '-', 600, alone, 'leave'],
  [
    'Both have it with different TTLs, of which an edit of ours is the cause.',
    600,
    60,
    { ...ours, isTtlOurs: true },
    'retime',
  ],
  ['... of which none of ours is the cause.', 600, 60, ours, 'leave'],
  [
    '... and another edit wants it there.',
    600,
    60,
    { ...ours, isTtlOurs: true, claimed: 'present' },
    'leave',
  ],
  ['... and another edit wants it away.', 600, 60, { ...ours, isTtlOurs: true, claimed: 'absent' }, 'retime'],
  ['... and it is left alone.', 600, 60, { ...alone, isTtlOurs: true }, 'leave'],
];

function sides(panel: Side, central: Side): Parameters<typeof goalOf>[1] {
  const map = (side: Side): Map<string, number> => new Map(side === '-' ? [] : [[recordId(www), side]]);
  return { panel: map(panel), central: map(central) };
}

for (const [what, panel, central, known, goal] of table) {
  test(`issue 14, one rule: ${what} (${panel}, ${central}): ${goal}`, () => {
    assert.equal(goalOf(known, sides(panel, central)), goal);
  });
}

test('issue 14, one rule: what is added has the TTL of the panel, what goes that of the central', () => {
  const { remove, add } = changeTowards(zone, [{ ...ours, isTtlOurs: true }], sides(300, 60));
  assert.deepEqual([remove, add], [[{ ...www, ttl: 60 }], [{ ...www, ttl: 300 }]]);
  assert.deepEqual(changeTowards(zone, [nobody], sides(300, '-')).add, [{ ...www, ttl: 300 }]);
  assert.deepEqual(changeTowards(zone, [ours], sides('-', 60)).remove, [{ ...www, ttl: 60 }]);
});
