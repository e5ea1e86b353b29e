/** Centrals that come, change and go while the agent runs. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../app/wiring/clock.ts';
import { pathsOf } from '../app/paths.ts';
import type { IniChanges } from '../config/ini.ts';
import { saveSettings } from '../config/settings.ts';
import type { Engine } from '../core/engine/engine.ts';
import { parseName } from '../dns/name.ts';
import { makeKey, type ServerKey } from '../testing/servers/name-server.ts';
import { startNamed } from '../testing/servers/named.ts';
import { freePort, missingPrograms, until } from '../testing/servers/process.ts';
import { Random } from '../testing/simulator/random.ts';
import { PanelStore, SimPanel } from '../testing/simulator/sim-panel.ts';
import { Agent } from './agent.ts';
import { answerControl } from './control.ts';
import { FileLog } from './log.ts';

interface Scene {
  readonly agent: Agent;
  /** Writes settings and lets the agent notice them. */
  readonly change: (changes: IniChanges) => Promise<void>;
  readonly engines: () => readonly Engine[];
}

async function startAgent(t: TestContext, first: Readonly<Record<string, string>>): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), 'agent-several-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const paths = pathsOf(root, join(root, 'agent.sock'));
  for (const folder of [paths.state, join(root, 'etc')]) mkdirSync(folder, { recursive: true });
  saveSettings(root, { isp_master: first });
  const panel = new SimPanel(new PanelStore(), systemClock, new Random(1), { dead: false });
  const actor = { name: '', rank: 'nobody' } as const;
  panel.decode = () => ({ kind: 'hint', zones: [], source: 'test', fingerprint: '', actor });
  const facts = (): never => {
    throw new Error('nothing is traced');
  };
  const agent = new Agent(paths, panel, facts, new FileLog(paths.log, 1));
  await agent.start();
  t.after(() => agent.stop());
  return {
    agent,
    change: async (changes) => {
      saveSettings(root, changes);
      await agent.answer({ environment: {}, body: new Uint8Array() });
    },
    engines: () => (agent.state.kind === 'running' ? agent.state.centrals.map(({ engine }) => engine) : []),
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

  // A central that cannot be reached does not come into force.
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
