/**
 * Issue 11.5: tests a request that a central never answers. It delays only its own edit, and not longer than
 * an edit may take.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../app/wiring/clock.ts';
import { pathsOf } from '../app/paths.ts';
import { saveSettings } from '../config/settings.ts';
import { baselineFact } from '../core/engine/before/unknown-zone.ts';
import type { Verdict } from '../core/panel.ts';
import { parseName, type DnsName } from '../dns/name.ts';
import { makeRecord, recordId } from '../dns/record.ts';
import { startProxy } from '../testing/proxies/http.ts';
import { alice, powerdnsCentral } from '../testing/accounts/powerdns.ts';
import { quietContext } from '../testing/quiet-context.ts';
import { missingPrograms, until } from '../testing/servers/process.ts';
import { startPowerdns } from '../testing/servers/powerdns.ts';
import { Random } from '../testing/simulator/random.ts';
import { PanelStore, SimPanel } from '../testing/simulator/sim-panel.ts';
import { recordsEvent } from '../testing/simulator/edits.ts';
import { Agent } from './agent.ts';
import { FileLog } from './log.ts';

const zones = ['one.example.', 'two.example.'].map((name) => parseName(name));
const seed = { addresses: [], nameServers: ['ns1.example.net'], mailServers: [] };

test('101 to a PATCH, and edits of every zone go on', { skip: missingPrograms('pdns_server') }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'agent-unanswered-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const server = await startPowerdns({ account: alice });
  t.after(() => server.dispose());
  const direct = powerdnsCentral(server);
  t.after(() => direct.close());
  const store = new PanelStore();
  for (const zone of zones) {
    await direct.createZone(zone, seed, quietContext());
    const held = makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, zone);
    store.zones.set(zone, new Map([[recordId(held), held]]));
  }
  const proxy = await startProxy(server.url);
  t.after(() => proxy.close());
  const paths = pathsOf(root, join(root, 'agent.sock'));
  for (const folder of [paths.state, join(root, 'etc')]) mkdirSync(folder, { recursive: true });
  saveSettings(root, {
    isp_master: { host: proxy.url, username: alice, password: server.apiKey, kind: 'powerdns' },
  });
  const panel = new SimPanel(store, systemClock, new Random(1), { dead: false });
  const facts = (): never => {
    throw new Error('nothing is traced');
  };
  const agent = new Agent(paths, panel, facts, new FileLog(paths.log, 1));
  await agent.start();
  t.after(() => agent.stop());
  const { state } = agent;
  assert.ok(state.kind === 'running');
  const { engine, journal } = state.wired;
  await until(async () => (await journal.fact(baselineFact)) !== null);
  const edit = async (zone: DnsName, name: string): Promise<Verdict> => {
    const add = makeRecord({ name, type: 'A', rdata: '192.0.2.1' }, zone);
    const edits = [recordsEvent(zone, [{ remove: null, add }], 'before')];
    return await engine.answer({ kind: 'edits', edits }, AbortSignal.timeout(60_000));
  };
  let switched = 0;
  proxy.behaviour = ({ method }) => {
    if (method !== 'PATCH' || switched > 0) return Promise.resolve(undefined);
    switched += 1;
    return Promise.resolve('switch');
  };
  const [first, second] = zones;
  assert.ok(first !== undefined && second !== undefined);
  const refused = await edit(first, 'www');
  assert.equal(switched, 1);
  assert.equal(refused.kind, 'refuse', JSON.stringify(refused));
  for (const zone of [second, first]) assert.deepEqual(await edit(zone, 'mail'), { kind: 'accept' });
});
