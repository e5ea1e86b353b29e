/** Issue 11.1: tests that the settings form shows how owners are found, even if no agent runs. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadSettings, saveSettings } from '../config/settings.ts';
import { pathsOf, journalPath } from '../app/paths.ts';
import { wireCentral } from '../app/wiring/wire.ts';
import { ownerFacts } from '../core/engine/owners/read-owners.ts';
import { SqliteJournal } from '../journal/sqlite.ts';
import { childText } from '../net/xml.ts';
import { parseXml } from '../testing/parse-xml.ts';
import { answerForm } from './answer.ts';

const connection = { host: 'https://dns.example.net/manager/ispmgr', username: 'kunde42', password: 'pw' };

/** Makes a panel's root with settings. @returns the root, and the path of its journal */
async function given(
  t: TestContext,
  sync: Readonly<Record<string, string>> = {},
): Promise<{ root: string; path: string }> {
  const root = mkdtempSync(join(tmpdir(), 'form-owners-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ['etc', 'addon', 'var']) mkdirSync(join(root, folder));
  mkdirSync(pathsOf(root).state, { recursive: true });
  saveSettings(root, { isp_master: connection, sync });
  const loaded = loadSettings(root);
  assert.ok(loaded.kind === 'configured');
  const central = await wireCentral(loaded.settings, root);
  await central.close();
  return { root, path: journalPath(pathsOf(root), central.id) };
}

async function remember(path: string, facts: Readonly<Record<string, string>>): Promise<void> {
  const journal = new SqliteJournal({ path, writer: true });
  await journal.commit({ facts });
  await journal.close();
}

async function shown(root: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const call = {
    environment: { SESSION_LEVEL: '7', ...environment },
    body: Buffer.from('func=domainsync'),
  };
  return childText(parseXml(await answerForm(root, call)), 'owners') ?? 'no field';
}

test('issue 11.1: each way, in both languages', async (t) => {
  const cases = [
    [{}, {}, /^Not known yet$/, /^Пока неизвестны$/],
    [{ [ownerFacts.way]: 'column' }, {}, /^Known: /, /^Известны: /],
    [{ [ownerFacts.way]: 'each-account' }, {}, /^Known: /, /^Известны: /],
    [{ [ownerFacts.way]: 'none' }, {}, /not refused.*--self-test/, /не отклоняются.*--self-test/],
    [{ [ownerFacts.way]: 'none', [ownerFacts.proved]: '1' }, {}, /^Not needed: /, /^Не требуются: /],
    [{ [ownerFacts.proved]: '1' }, { owner_check: 'off' }, /owner_check = off/, /owner_check = off/],
  ] as const;
  for (const [facts, sync, english, russian] of cases) {
    const { root, path } = await given(t, sync);
    await remember(path, facts);
    assert.match(await shown(root), english);
    assert.match(await shown(root, { SESSION_LANG: 'ru' }), russian);
  }
});

test('issue 11.1: no journal, a damaged one, no settings: the form opens; users are told nothing', async (t) => {
  const { root, path } = await given(t);
  assert.equal(await shown(root), 'Not known yet');
  writeFileSync(path, 'no database at all, and long enough to be looked at as one'.repeat(100));
  assert.equal(await shown(root), 'Not known yet');
  rmSync(path);
  await remember(path, { [ownerFacts.way]: 'none' });
  assert.equal(await shown(root, { SESSION_LEVEL: '5' }), 'Not known yet');
  assert.match(await shown(root), /not refused/);
  rmSync(join(root, 'etc/domainsync.ini'));
  assert.equal(await shown(root), 'Not known yet');
});
