import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { completed, hostText, isOtherHost, parseHost, readHost } from './host-identity.ts';

const ids = ['3d1219c7c4c5404aaa1f6d2a48adfda4', '5a1219c7-c4c5-404a-aa1f-6d2a48adfda4'] as const;

function filesIn(
  t: TestContext,
  machine: string | null,
  board: string | null,
): Parameters<typeof readHost>[0] {
  const folder = mkdtempSync(join(tmpdir(), 'host-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = { machine: join(folder, 'machine-id'), board: join(folder, 'product_uuid') };
  if (machine !== null) writeFileSync(files.machine, machine);
  if (board !== null) writeFileSync(files.board, board);
  return files;
}

test('issue 17, host identity: both ids are hashed, however they are spelled, and read back from a fact', (t) => {
  const host = readHost(filesIn(t, `${ids[0]}\n`, `${ids[1].toUpperCase()}\n`));
  assert.match(hostText(host), /^[0-9a-f]{32}\/[0-9a-f]{32}$/);
  assert.ok(!hostText(host).includes(ids[0]));
  assert.notEqual(host.machine, host.board);
  assert.deepEqual(parseHost(hostText(host)), host);
  assert.deepEqual(readHost(filesIn(t, ids[0], ids[1].replaceAll('-', ''))), host);
});

test('issue 17, host identity: what is no id is unknown', (t) => {
  const none = { machine: null, board: null };
  for (const text of [
    null,
    '',
    'uninitialized\n',
    '0'.repeat(32),
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    `${ids[0]}0`,
  ])
    assert.deepEqual(readHost(filesIn(t, text, text)), none, String(text));
  const files = filesIn(t, null, null);
  mkdirSync(files.machine);
  assert.deepEqual(readHost(files), none);
  assert.equal(hostText(none), '-/-');
  for (const text of [null, '', '-/-', 'garbage', '/']) assert.deepEqual(parseHost(text), none, String(text));
});

test('issue 17, host identity: hosts differ only by an id that both show', () => {
  const [one, two] = ['a', 'b'].map((letter) => letter.repeat(32));
  assert.ok(one !== undefined && two !== undefined);
  const own = { machine: one, board: one };
  assert.equal(isOtherHost(own, own), false);
  assert.equal(isOtherHost(own, { machine: one, board: two }), true);
  assert.equal(isOtherHost(own, { machine: two, board: null }), true);
  assert.equal(isOtherHost(own, { machine: null, board: null }), false);
  assert.equal(isOtherHost({ machine: null, board: one }, { machine: two, board: null }), false);
  assert.deepEqual(completed({ machine: null, board: one }, { machine: two, board: two }), {
    machine: two,
    board: one,
  });
});
