import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnerStatus } from '../../core/engine/owners/read-owners.ts';
import { localTime } from '../output.ts';
import { ownerLines } from './owners.ts';

const quiet: OwnerStatus = {
  way: 'column',
  check: 'on',
  readAt: 0,
  zones: 12,
  unknown: 0,
  undecided: 0,
  undecidedAt: null,
  foreign: 0,
  foreignAt: null,
};

const shown = (changes: Partial<OwnerStatus>): string[] => {
  const owners = { ...quiet, ...changes };
  return ownerLines(owners, owners);
};

test('issue 11.1: the status tells how owners are known, and what that means for edits', () => {
  const cases: readonly (readonly [Partial<OwnerStatus>, string])[] = [
    [{}, 'owners     reported by a column of the list: 12 zones, 0 of unknown owner'],
    [
      { way: 'each-account', unknown: 2 },
      'owners     reported by the list as each account sees it: 12 zones, 2 of unknown owner',
    ],
    [
      { way: 'none', unknown: 12 },
      'owners     not reported by the panel: 12 zones, 12 of unknown owner; edits of users are followed, not refused',
    ],
    [{ way: null, zones: 0 }, 'owners     not read yet; edits of users are refused until then'],
    [
      { check: 'proved' },
      'owners     reported by a column of the list: 12 zones, 0 of unknown owner; not needed: the panel checks access first',
    ],
    [
      { check: 'off', way: 'none', unknown: 12 },
      'owners     not reported by the panel: 12 zones, 12 of unknown owner; not checked (owner_check = off)',
    ],
  ];
  for (const [status, expected] of cases) assert.deepEqual(shown(status), [expected]);
});

test('issue 11.1: edits left to the panel are told, with the time of the last', () => {
  const some = { undecided: 1, undecidedAt: 1_000, foreign: 3, foreignAt: 90_000_000 };
  const [, left] = shown(some);
  assert.equal(
    left,
    `  left to the panel: 1 edit in zones of unknown owner (the last ${localTime(1_000)}), 3 edits in zones of another account (the last ${localTime(90_000_000)})`,
  );
});
