import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CountFile } from './count-file.ts';

function fileIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'count-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'count');
}

test('issue 13, older journals: the number is read back, and each write has the same length', (t) => {
  const path = fileIn(t);
  const second = new CountFile(path);
  assert.equal(second.read(), 0);
  writeFileSync(path, '12\n and something that an earlier program left behind');
  assert.equal(second.read(), 0);
  second.begin(9);
  assert.equal(readFileSync(path, 'utf8'), '000000000000009\n');
  second.follow(123_456);
  assert.equal(second.read(), 123_456);
  assert.equal(readFileSync(path, 'utf8').length, 16);
  second.close();
  rmSync(path);
  const fresh = new CountFile(path);
  fresh.begin(1);
  fresh.close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('issue 13, older journals: the number of an earlier release is read', (t) => {
  const path = fileIn(t);
  writeFileSync(path, '12\n');
  assert.equal(new CountFile(path).read(), 12);
});

test('issue 13, older journals: a file that cannot be written stops an opening, but no commit', (t) => {
  const path = fileIn(t);
  mkdirSync(path);
  const second = new CountFile(path);
  assert.throws(() => second.begin(1), /EISDIR/);
  second.follow(2);
  second.close();
});
