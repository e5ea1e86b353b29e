import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { journalPath, pathsOf } from '../app/paths.ts';
import { wireCentral, wirePanel } from '../app/wiring/wire.ts';
import { loadSettings, saveSettings } from '../config/settings.ts';
import { SqliteJournal } from '../journal/sqlite.ts';
import { until } from '../testing/servers/process.ts';
import { Agent } from './agent.ts';
import { FileLog } from './log.ts';

test('a journal that cannot be had at the start is tried again by itself', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'agent-test-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const paths = pathsOf(root, join(root, 'agent.sock'));
  for (const folder of [paths.state, join(root, 'etc')]) mkdirSync(folder, { recursive: true });
  // No central listens at this address; these tests do not need one.
  const isp_master = { host: 'https://127.0.0.1:1/dnsmgr', username: 'u', password: 'p', kind: 'dnsmanager' };
  saveSettings(root, { isp_master });
  const loaded = loadSettings(root);
  assert.ok(loaded.kind === 'configured');
  const central = await wireCentral(loaded.settings, root);
  const held = new SqliteJournal({ path: journalPath(paths, central.id), writer: true });
  const facts = (): never => {
    throw new Error('nothing is traced');
  };
  const agent = new Agent(paths, await wirePanel(root), facts, new FileLog(paths.log, 1));
  await agent.start();
  t.after(() => agent.stop());
  assert.deepEqual(agent.state, {
    kind: 'broken',
    problems: [{ code: 'journal.in-use', params: { path: journalPath(paths, central.id) } }],
  });
  await held.close();
  await until(async () => await Promise.resolve(agent.state.kind === 'running'));
  assert.equal(agent.pending, null);
});
