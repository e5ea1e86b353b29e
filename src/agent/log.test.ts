import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FileLog } from './log.ts';

function logIn(t: TestContext, level: number): { log: FileLog; path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'domainsync-log-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'log');
  return { log: new FileLog(path, level), path };
}

test('one line an event, whatever is in it; only what the level wants; for root only', (t) => {
  const { log, path } = logIn(t, 4);
  log.write(4, 'edit.accept', { zone: 'example.org.', text: 'two\nlines "quoted"' });
  log.write(5, 'too.much', {});
  const lines = readFileSync(path, 'utf8').split('\n');
  assert.equal(lines.length, 2);
  assert.match(
    lines[0] ?? '',
    /^\d{4}-\S+Z info edit\.accept zone=example\.org\. text="two\\nlines \\"quoted\\""$/,
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('issue 11.6: a line cannot control the terminal of who reads it', (t) => {
  const { log, path } = logIn(t, 9);
  const text = 'a\u001b[2J\u009b31m\u202e\u2028\u007f';
  log.write(1, 'central.call', { text });
  log.format = 'json';
  log.write(1, 'central.call', { text });
  const written = readFileSync(path, 'utf8');
  assert.doesNotMatch(written.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  const said: unknown = JSON.parse(written.split('\n')[1] ?? '');
  assert.partialDeepStrictEqual(said, { text });
});

test('JSON on request: one object a line, and no field can pose as another', (t) => {
  const { log, path } = logIn(t, 9);
  log.format = 'json';
  log.write(1, 'operation.stuck', { operation: '7', event: 'forged' });
  const said: unknown = JSON.parse(readFileSync(path, 'utf8'));
  assert.partialDeepStrictEqual(said, { level: 'error', event: 'operation.stuck', operation: '7' });
});

test('after a rotation by rename the new lines go to a new file, for root only as well', (t) => {
  const { log, path } = logIn(t, 4);
  log.write(4, 'before');
  renameSync(path, `${path}.1`);
  log.write(4, 'behind');
  assert.match(readFileSync(`${path}.1`, 'utf8'), /before\n$/);
  assert.match(readFileSync(path, 'utf8'), /behind\n$/);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('what could not be written is counted and told later', (t) => {
  const { log, path } = logIn(t, 4);
  const directory = dirname(path);
  renameSync(directory, `${directory}-away`);
  log.write(4, 'lost');
  log.write(4, 'lost');
  renameSync(`${directory}-away`, directory);
  log.write(4, 'back');
  assert.match(readFileSync(path, 'utf8'), /info back lostLines=2\n$/);
});
