import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { examine } from '../doctor/index.ts';
import type { Finding } from '../doctor/finding.ts';
import { pathsOf, type Paths } from '../paths.ts';
import { checkAgent } from '../doctor/agent.ts';
import { inWords } from '../problems.ts';
import { ask, NoAgent, OtherRelease, runningAgent } from './client.ts';
import { end, hello } from './socket.ts';

/** Runs `body` as a user who may not enter the folders of the panel and of the agent's socket. */
async function outside(t: TestContext, body: (paths: Paths) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'closed-'));
  const paths = pathsOf(join(folder, 'panel'), join(folder, 'run/agent.sock'));
  for (const path of [paths.state, join(folder, 'run')]) mkdirSync(path, { recursive: true });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(paths.socket, resolve));
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const root = process.geteuid?.() === 0;
  chmodSync(folder, root ? 0o700 : 0);
  if (root) process.seteuid?.(65_534);
  try {
    await body(paths);
  } finally {
    if (root) process.seteuid?.(0);
    chmodSync(folder, 0o700);
  }
}

test('who may not talk to the agent is told so, not that there is none', async (t) => {
  await outside(t, async ({ socket }) => {
    await assert.rejects(ask(socket, 'status', {}), (error) => {
      return error instanceof Error && !(error instanceof NoAgent) && /run this as root/.test(error.message);
    });
  });
});

test('who may not look gets one finding, not a dozen wrong ones', async (t) => {
  await outside(t, async (paths) => {
    const found: Finding[] = [];
    for await (const one of examine({ paths, wall: 0 })) found.push(one);
    assert.deepEqual(
      found.map(({ check, state }) => [check, state]),
      [['user', 'problem']],
    );
  });
});

test('what is wrong is said in words, each once', () => {
  const empty = { code: 'name.empty-label', params: { name: 'a..b' } };
  assert.equal(
    inWords([empty, empty]),
    'The name a..b has an empty part (two dots in a row). [name.empty-label]',
  );
});

test('issue 15: an agent of another release is told apart from none, and its pid is known', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'other-release-'));
  const paths = pathsOf(folder, join(folder, 'agent.sock'));
  const status = { pid: 4_242, version: '0.0.1', engine: { open: 2 }, more: true };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.resume();
    socket.end(`${hello}${JSON.stringify({ ok: true, value: status })}${end}`);
  });
  await new Promise<void>((resolve) => server.listen(paths.socket, resolve));
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  await assert.rejects(ask(paths.socket, 'status', {}), OtherRelease);
  const running = await runningAgent(paths.socket);
  assert.deepEqual(running, { pid: 4_242, version: '0.0.1', engine: { open: 2 } });
  const [found] = await checkAgent(paths);
  assert.equal(found?.state, 'warning');
  assert.match(`${found?.text} ${found?.wayOut}`, /release 0\.0\.1, .* kill 4242/);
});
