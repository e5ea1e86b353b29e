/** Tests `[verify]` from the name servers in the settings file to the output of the command line. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { test } from 'node:test';
import { systemClock } from '../app/wiring/clock.ts';
import { pathsOf } from '../app/paths.ts';
import {
  envelope,
  parseAnswer,
  type Answers,
  type Question,
  type Requests,
  type StatusReport,
} from '../app/control/protocol.ts';
import { operationText } from '../cli/texts/operation.ts';
import { statusText } from '../cli/texts/status.ts';
import { saveSettings } from '../config/settings.ts';
import { parseName } from '../dns/name.ts';
import { makeRecord, recordId } from '../dns/record.ts';
import { makeKey } from '../testing/servers/name-server.ts';
import { startNamed } from '../testing/servers/named.ts';
import { freePort, missingPrograms, until } from '../testing/servers/process.ts';
import { Random } from '../testing/simulator/random.ts';
import { PanelStore, SimPanel } from '../testing/simulator/sim-panel.ts';
import { recordsEvent } from '../testing/simulator/edits.ts';
import { Agent } from './agent.ts';
import { answerControl } from './control.ts';
import { FileLog } from './log.ts';
import { patience } from '../testing/patience.ts';

const zone = parseName('example.org.');

test('an edit, and at how many name servers it is live', { skip: missingPrograms('named') }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'agent-verify-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const key = makeKey();
  const server = await startNamed({ keys: [key], zones: [{ zone }] });
  t.after(() => server.dispose());
  const paths = pathsOf(root, join(root, 'agent.sock'));
  for (const folder of [paths.state, join(root, 'etc')]) mkdirSync(folder, { recursive: true });
  const nobody = await freePort();
  saveSettings(root, {
    isp_master: {
      host: `127.0.0.1:${server.port}`,
      username: key.name,
      password: key.secret,
      kind: 'rfc2136',
    },
    verify: { servers: `127.0.0.1:${server.port}, 127.0.0.1:${nobody}`, limit: '5' },
  });
  const store = new PanelStore();
  const held = ['ns1', 'ns2'].map((host) =>
    makeRecord({ name: '@', type: 'NS', rdata: `${host}.example.net.` }, zone),
  );
  store.zones.set(zone, new Map(held.map((one) => [recordId(one), one])));
  const panel = new SimPanel(store, systemClock, new Random(1), { dead: false });
  const facts = (): never => {
    throw new Error('nothing is traced');
  };
  const agent = new Agent(paths, panel, facts, new FileLog(paths.log, 1));
  await agent.start();
  t.after(() => agent.stop());
  const ask = async <N extends Question>(question: N, parameters: Requests[N]): Promise<Answers[N]> => {
    const text = await answerControl(agent, JSON.stringify({ do: question, ...parameters }));
    const answer = v.parse(envelope, JSON.parse(text));
    assert.ok(answer.ok, text);
    return parseAnswer(question, answer.value);
  };
  const status = async (): Promise<StatusReport> => await ask('status', {});
  await until(async () => (await status()).engine?.baselineAt !== null);
  const add = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone);
  const { state } = agent;
  assert.ok(state.kind === 'running');
  const edits = [recordsEvent(zone, [{ remove: null, add }], 'before')];
  const verdict = await state.wired.engine.answer({ kind: 'edits', edits }, AbortSignal.timeout(patience));
  assert.deepEqual(verdict, { kind: 'accept' });
  await until(async () => (await status()).fromAgent?.verify?.behind[0]?.asking === false);
  const shown = statusText(await status());
  assert.match(shown, /^verify {5}2 name servers: 0 live, 1 not in time/mu);
  assert.match(
    shown,
    /behind www\.example\.org, written .*: live at 1 of 2 name servers\n +127\.0\.0\.1:\d+: no answer/u,
  );
  const {
    entries: [operation],
  } = await ask('history', { filter: {}, before: null, most: 1, central: null });
  assert.ok(operation !== undefined && operation.kind !== 'call');
  assert.match(operationText(operation), /^live {7}at 1 of 2 name servers; not in time\n/mu);
});
