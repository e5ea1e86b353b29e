import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnerKnowledge } from '../answers/owner-knowledge.ts';
import { checkOwners } from './owners.ts';

const known: OwnerKnowledge = { check: 'on', provedAt: null, way: 'column', zones: 12, unknown: 0 };

test('issue 11.1: the doctor says what follows from how owners are known, and the way out', () => {
  const provedAt = Date.UTC(2026, 10, 28);
  const cases: readonly (readonly [Partial<OwnerKnowledge>, string, RegExp, RegExp | null])[] = [
    [{}, 'ok', /^the panel reports whose each zone is: 12 zones$/, null],
    [
      { way: 'each-account', unknown: 2 },
      'ok',
      /as each account sees it .*: 12 zones, 2 of them of no owner that is known/,
      null,
    ],
    [
      { way: 'none', unknown: 12 },
      'warning',
      /users cannot be refused in time.*administrators are refused as usual/,
      /--self-test.*owner_check = off/,
    ],
    [{ way: null, zones: 0 }, 'note', /not asked yet/, /wait/],
    [
      { way: 'none', check: 'proved', provedAt },
      'ok',
      /checks access before .*self-test of 2026-11-28/,
      null,
    ],
    [{ check: 'off' }, 'note', /any user can write any other user's zone/, /--self-test/],
    [{ check: 'off', provedAt }, 'ok', /owner_check = off.*self-test of 2026-11-28/, null],
  ];
  for (const [more, state, text, wayOut] of cases) {
    const [found, ...others] = checkOwners({ ...known, ...more });
    assert.deepEqual([others, found?.check, found?.state], [[], 'owners', state]);
    assert.match(found?.text ?? '', text);
    if (wayOut === null) assert.equal(found?.wayOut, null);
    else assert.match(found?.wayOut ?? '', wayOut);
  }
});
