/** Tests centrals that are added, changed and removed while the agent runs. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { journalStatus } from '../app/answers/journal-status.ts';
import { systemClock } from '../app/wiring/clock.ts';
import { journalPath, pathsOf } from '../app/paths.ts';
import type { IniChanges } from '../config/ini.ts';
import { saveSettings } from '../config/settings.ts';
import type { Engine } from '../core/engine/engine.ts';
import { JournalError } from '../core/journal.ts';
import { parseName } from '../dns/name.ts';
import { makeRecord, recordId } from '../dns/record.ts';
import { SqliteJournal } from '../journal/sqlite.ts';
import { makeKey, type ServerKey } from '../testing/servers/name-server.ts';
import { startNamed } from '../testing/servers/named.ts';
import { freePort, missingPrograms, until } from '../testing/servers/process.ts';
import { recordsEvent } from '../testing/simulator/edits.ts';
import { Random } from '../testing/simulator/random.ts';
import { PanelStore, SimPanel } from '../testing/simulator/sim-panel.ts';
import { Agent } from './agent.ts';
import { answerControl } from './control.ts';
import type { Wired } from '../app/wiring/wire.ts';
import { baselineFact } from '../core/engine/before/unknown-zone.ts';
import { FileLog } from './log.ts';

interface Scene {
  readonly agent: Agent;
  /** Writes settings and makes the agent notice them. */
  readonly change: (changes: IniChanges) => Promise<void>;
  readonly engines: () => readonly Engine[];
  /** The journals of the engines, in the order of the engines. */
  readonly journals: () => readonly Wired['journal'][];
}

async function startAgent(
  t: TestContext,
  first: Readonly<Record<string, string>>,
  store = new PanelStore(),
): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), 'agent-several-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const paths = pathsOf(root, join(root, 'agent.sock'));
  for (const folder of [paths.state, join(root, 'etc')]) mkdirSync(folder, { recursive: true });
  saveSettings(root, { isp_master: first });
  const panel = new SimPanel(store, systemClock, new Random(1), { dead: false });
  const actor = { name: '', rank: 'nobody' } as const;
  panel.decode = () => ({ kind: 'hint', zones: [], source: 'test', fingerprint: '', actor });
  const facts = (): never => {
    throw new Error('nothing is traced');
  };
  const agent = new Agent(paths, panel, facts, new FileLog(paths.log, 1));
  await agent.start();
  t.after(() => agent.stop());
  const centrals = (): readonly Wired[] => (agent.state.kind === 'running' ? agent.state.centrals : []);
  return {
    agent,
    change: async (changes) => {
      saveSettings(root, changes);
      await agent.answer({ environment: {}, body: new Uint8Array() });
    },
    engines: () => centrals().map(({ engine }) => engine),
    journals: () => centrals().map(({ journal }) => journal),
  };
}

function account(port: number, { name, secret }: ServerKey): Readonly<Record<string, string>> {
  return { kind: 'rfc2136', host: `127.0.0.1:${port}`, username: name, password: secret };
}

const gone = { kind: null, host: null, username: null, password: null };

test('the engines of the others go on undisturbed', { skip: missingPrograms('named') }, async (t) => {
  const [alice, bob] = [makeKey('alice'), makeKey('bob')];
  const keys = [alice, bob];
  const zone = parseName('example.org.');
  const server = await startNamed({ keys, zones: [{ zone, keys: ['alice', 'bob'] }] });
  t.after(() => server.dispose());
  const { agent, change, engines } = await startAgent(t, account(server.port, alice));
  const [first] = engines();
  assert.ok(first !== undefined);

  await change({ central_2: account(server.port, bob) });
  await until(async () => engines().length === 2);
  assert.equal(engines()[0], first);

  // Settings do not come into force if one of their centrals cannot be reached.
  await change({ central_3: account(await freePort(), bob) });
  await until(async () => agent.pending !== null);
  assert.deepEqual(
    agent.pending?.map(({ code, params }) => [code, params['central']]),
    [['central.unreachable', '3']],
  );
  assert.equal(engines().length, 2);

  await change({ central_3: gone });
  await until(async () => agent.pending === null);
  const [kept, second] = engines();
  await change({ central_2: { ...account(server.port, bob), axfr: 'yes' } });
  await until(async () => engines().length === 2 && engines()[1] !== second);
  assert.equal(engines()[0], kept);

  const missing = JSON.parse(await answerControl(agent, '{"do":"zones","central":7}')) as object;
  assert.deepEqual(missing, {
    ok: false,
    problems: [{ code: 'agent.no-such-central', params: { number: '7' } }],
  });

  await change({ central_2: { ...gone, axfr: null } });
  await until(async () => engines().length === 1);
  assert.equal(engines()[0], kept);
});

/**
 * Sets up a panel with `example.org`, in which a user has begun an edit.
 * @returns also the engine that waits for the panel's `after`
 */
async function editBegun(t: TestContext, port: number, key: ServerKey): Promise<Scene & { engine: Engine }> {
  const zone = parseName('example.org.');
  const store = new PanelStore();
  const held = makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, zone);
  store.zones.set(zone, new Map([[recordId(held), held]]));
  const scene = await startAgent(t, account(port, key), store);
  const [[engine], [journal]] = [scene.engines(), scene.journals()];
  assert.ok(engine !== undefined && journal !== undefined);
  await until(async () => (await journal.fact(baselineFact)) !== null);
  const add = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone);
  const edits = [recordsEvent(zone, [{ remove: null, add }], 'before')];
  const verdict = await engine.answer({ kind: 'edits', edits }, AbortSignal.timeout(60_000));
  assert.equal(verdict.kind, 'accept', JSON.stringify(verdict));
  return { ...scene, engine };
}

async function twoAccounts(t: TestContext): Promise<{ port: number; alice: ServerKey; bob: ServerKey }> {
  const [alice, bob] = [makeKey('alice'), makeKey('bob')];
  const zones = [{ zone: parseName('example.org.'), keys: ['alice', 'bob'] }];
  const server = await startNamed({ keys: [alice, bob], zones });
  t.after(() => server.dispose());
  return { port: server.port, alice, bob };
}

/** Makes a function that checks whether the journal of the first engine has no writer any more. */
function journalOf({ agent }: Scene): () => Promise<boolean> {
  assert.ok(agent.state.kind === 'running');
  const path = journalPath(agent.paths, agent.state.wired.central.id);
  return async () => {
    try {
      await new SqliteJournal({ path, writer: true }).close();
      return true;
    } catch (error) {
      if (error instanceof JournalError && error.code === 'journal.in-use') return false;
      throw error;
    }
  };
}

const named = { skip: missingPrograms('named') };

test('issue 13: an account that comes back with an open edit is in force at once', named, async (t) => {
  const { port, alice, bob } = await twoAccounts(t);
  const { agent, change, engines, journals, engine } = await editBegun(t, port, alice);
  await change({ isp_master: account(port, bob) });
  await until(async () => engines().length === 1 && engines()[0] !== engine);
  const [between] = engines();
  await change({ isp_master: account(port, alice) });
  await until(async () => engines().length === 1 && engines()[0] !== between);
  assert.equal(agent.pending, null);
  // The new engine has taken over the edit, which still waits for the panel.
  const [journal] = journals();
  assert.ok(journal !== undefined);
  assert.equal((await journalStatus(journal, systemClock.wall())).open, 1);
});

test('issue 13: a failed read of its journal does not keep an engine from ending', named, async (t) => {
  const { port, alice, bob } = await twoAccounts(t);
  const scene = await startAgent(t, account(port, alice));
  const [journal] = scene.journals();
  assert.ok(journal !== undefined);
  const isFree = journalOf(scene);
  assert.equal(await isFree(), false);
  const operations = journal.operations.bind(journal);
  let reads = 0;
  journal.operations = async (filter) => {
    // Only the count of open operations asks for the open operations of all zones, so its first read fails
    // here.
    if (filter.zone !== undefined || filter.openAt === undefined) return await operations(filter);
    reads += 1;
    if (reads === 1) throw new JournalError('journal.write-failed', { path: 'journal.db' });
    return await operations(filter);
  };
  await scene.change({ isp_master: account(port, bob) });
  await until(isFree);
  assert.equal(reads, 2);
});
