import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { asideFact } from '../../core/journal-doubts.ts';
import { SqliteJournal } from '../../journal/sqlite.ts';
import { pathsOf, type Paths } from '../paths.ts';
import { setLedgersAside } from './set-aside.ts';

function pathsHere(t: TestContext): Paths {
  const root = mkdtempSync(join(tmpdir(), 'set-aside-'));
  t.after(() => rmSync(root, { recursive: true }));
  return pathsOf(root, join(root, 'agent.sock'));
}

test('issue 17, uninstall: the ledger of each journal is set aside, and its history stays', async (t) => {
  const paths = pathsHere(t);
  assert.deepEqual(await setLedgersAside(paths), []);
  mkdirSync(paths.state, { recursive: true });
  const path = join(paths.state, 'one.db');
  const written = new SqliteJournal({ path, writer: true });
  await written.commit({ facts: { mine: 'kept' } });
  await written.close();
  assert.deepEqual(await setLedgersAside(paths), []);
  const read = new SqliteJournal({ path, writer: false });
  assert.notEqual(await read.fact(asideFact), null);
  assert.equal(await read.fact('mine'), 'kept');
  await read.close();
});

test('issue 17, uninstall: a journal that cannot be written is renamed, not lost', async (t) => {
  const paths = pathsHere(t);
  mkdirSync(paths.state, { recursive: true });
  writeFileSync(
    join(paths.state, 'bad.db'),
    'no database at all, but long enough to look like a file of one',
  );
  const [renamed = ''] = await setLedgersAside(paths);
  assert.match(renamed, /bad\.db\.aside-\d+$/u);
  assert.match(readFileSync(renamed, 'utf8'), /^no database/u);
  assert.equal(existsSync(join(paths.state, 'bad.db')), false);
  assert.deepEqual(
    readdirSync(paths.state).filter((name) => name.endsWith('.db')),
    [],
  );
});
