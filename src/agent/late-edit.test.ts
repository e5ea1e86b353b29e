/** Issue 19: tests that the time for an edit begins when the panel starts the hook. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathsOf } from '../app/paths.ts';
import { systemClock } from '../app/wiring/clock.ts';
import { wirePanel } from '../app/wiring/wire.ts';
import { saveSettings } from '../config/settings.ts';
import { cgiCall } from '../testing/decoders/hook-calls.ts';
import { Agent } from './agent.ts';
import { FileLog } from './log.ts';

const save = {
  func: 'domain.sublist.edit',
  plid: 'example.org',
  name: 'www',
  sdtype: 'A',
  addr: '192.0.2.1',
};

async function startAgent(t: TestContext, sync: Readonly<Record<string, string>> = {}): Promise<Agent> {
  const root = mkdtempSync(join(tmpdir(), 'late-edit-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const paths = pathsOf(root, join(root, 'agent.sock'));
  for (const folder of [paths.state, join(root, 'etc')]) mkdirSync(folder, { recursive: true });
  // No central listens at this address, so every edit is refused. The tests look at the reason of the
  // refusal.
  const isp_master = {
    host: 'https://127.0.0.1:1/ispmgr',
    username: 'u',
    password: 'p',
    kind: 'ispmanager4',
  };
  saveSettings(root, { isp_master, sync });
  // This timer keeps the process running. The agent's own timers do not, and its socket, which would, is not
  // opened here.
  const awake = setInterval(() => undefined, 1_000);
  const facts = (): never => {
    throw new Error('nothing is traced');
  };
  const agent = new Agent(paths, await wirePanel(root), facts, new FileLog(paths.log, 1));
  await agent.start();
  t.after(async () => {
    await agent.stop();
    clearInterval(awake);
  });
  assert.equal(agent.state.kind, 'running');
  return agent;
}

/**
 * Answers a save whose hook was started this many milliseconds ago; null: the call does not contain the time.
 */
async function answerTo(agent: Agent, waited: number | null, stage = 'before'): Promise<string> {
  const call = cgiCall(save, stage);
  if (waited === null) return await agent.answer(call);
  return await agent.answer({ ...call, waitsSince: systemClock.now() - waited });
}

test('issue 19, late edit: it is refused with its own code, and the user is told to try again', async (t) => {
  const agent = await startAgent(t);
  const late = await answerTo(agent, 9_900);
  assert.match(late, /too late to answer it in time.*Nothing was changed/su);
  assert.doesNotMatch(await answerTo(agent, 0), /too late/u);
});

test('issue 19, late edit: a hook that does not say when it was started has all its time', async (t) => {
  const agent = await startAgent(t);
  const answer = await answerTo(agent, null);
  assert.doesNotMatch(answer, /too late/u);
});

test('issue 19, late edit: the hook gives up first if the settings allow an edit more time', async (t) => {
  const agent = await startAgent(t, { deadline: '60' });
  assert.match(await answerTo(agent, 13_900), /too late/u);
  assert.doesNotMatch(await answerTo(agent, 11_000), /too late/u);
});

test('issue 19, late edit: what the panel has made already is never too late', async (t) => {
  const agent = await startAgent(t);
  assert.doesNotMatch(await answerTo(agent, 60_000, 'after'), /too late/u);
});

test('issue 19, late edit: it passes if domainsync only observes', async (t) => {
  const agent = await startAgent(t, { mode: 'observe' });
  assert.doesNotMatch(await answerTo(agent, 60_000), /<error/u);
});
