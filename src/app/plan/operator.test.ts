import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operatorName } from './operator.ts';

function named(uid: number, own: string | null, caller?: string): string {
  const nameOf = (): string => {
    if (own === null) throw new Error('no such user');
    return own;
  };
  return operatorName({ environment: caller === undefined ? {} : { SUDO_USER: caller }, uid, nameOf });
}

test('issue 17, operator: is who called sudo, else the user who runs the command', () => {
  assert.equal(named(0, 'root', 'anna'), 'anna');
  assert.equal(named(0, 'root'), 'root');
  assert.equal(named(1_000, 'boris', 'anna'), 'boris');
  assert.equal(named(0, 'root', 'anna.k@corp.example'), 'anna.k@corp.example');
});

test('issue 17, operator: a name that is none is not taken over', () => {
  for (const odd of ['', 'a\nb', '\u001b[31mred', 'a b', 'x'.repeat(66), '\u202Eanna', '-x'])
    assert.equal(named(0, 'root', odd), 'root', JSON.stringify(odd));
  assert.equal(named(4_711, null), 'uid 4711');
  assert.equal(named(4_711, 'odd name'), 'uid 4711');
});
