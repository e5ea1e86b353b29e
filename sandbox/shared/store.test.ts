import assert from 'node:assert/strict';
import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Store } from './store.ts';
import { tempRoot } from '../testing.ts';

function open(path: string): Store {
  return new Store(
    path,
    () => 0,
    () => 0,
  );
}

test('state survives without a proper end; a torn last line is dropped; the file is private and compacted', (t) => {
  const path = join(tempRoot(t), 'state.jsonl');
  const first = open(path);
  for (let number = 0; number < 50; number += 1) first.putMail({ name: 'a.example', owner: `o${number}` });
  first.putMail({ name: 'b.example', owner: 'x' });
  first.dropMail('b.example');
  appendFileSync(path, '{"table":"mail","name":"c.exam');
  const grown = statSync(path).size;
  const second = open(path);
  assert.deepEqual(second.mails(), [{ name: 'a.example', owner: 'o49' }]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.ok(statSync(path).size < grown / 10);
  first.close();
  second.close();
});

test('recorded work is undone in reverse order, and at once when it throws', (t) => {
  const path = join(tempRoot(t), 'state.jsonl');
  const store = open(path);
  store.putMail({ name: 'a.example', owner: 'old' });
  const undo = store.record(() => {
    store.putMail({ name: 'a.example', owner: 'new' });
    store.dropMail('a.example');
  });
  assert.equal(store.mail('a.example'), undefined);
  undo();
  assert.equal(store.mail('a.example')?.owner, 'old');
  const broken = (): unknown =>
    store.record(() => {
      store.putMail({ name: 'b.example', owner: 'x' });
      throw new Error('half-way');
    });
  assert.throws(broken, /half-way/u);
  assert.deepEqual(
    store.mails().map((mail) => mail.name),
    ['a.example'],
  );
  const again = open(path);
  assert.deepEqual(again.mails(), store.mails());
  store.close();
  again.close();
});
