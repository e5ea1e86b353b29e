import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { HookCall } from '../core/panel.ts';
import { listen } from '../agent/server.ts';
import { readCgiParameters } from '../panels/ispmanager/parameters.ts';

const accepted = '<?xml version="1.0" encoding="UTF-8"?>\n<doc/>';

interface Shim {
  readonly directory: string;
  readonly socket: string;
  readonly pause: string;
  /** Runs the shim as the panel would; the programs it may use are those named. */
  run(
    environment: Readonly<Record<string, string>>,
    body?: Buffer | null,
  ): Promise<{ output: string; ms: number }>;
  /** Programs the shim finds: `nc`, `socat`, or none. */
  tools: readonly string[];
}

const basics = ['cat', 'head', 'date', 'sh'];

function makeShim(t: TestContext): Shim {
  const directory = mkdtempSync(join(tmpdir(), 'shim-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const socket = join(directory, 'agent.sock');
  const pause = join(directory, 'pause');
  const path = join(directory, 'domainsync');
  const template = readFileSync(join(import.meta.dirname, '../../plugin/ispmanager4/domainsync'), 'utf8');
  const values: Record<string, string> = {
    SOCKET: socket,
    PAUSE: pause,
    NODE: process.execPath,
    HOOK: join(import.meta.dirname, 'main.ts'),
  };
  writeFileSync(
    path,
    template.replaceAll(/@([A-Z]+)@/g, (whole, name: string) => values[name] ?? whole),
  );
  chmodSync(path, 0o700);
  const shim: Shim = {
    directory,
    socket,
    pause,
    tools: ['nc'],
    run: (environment, body = null) => runShim(path, toolPath(directory, shim.tools), environment, body),
  };
  return shim;
}

/** A PATH with just these programs. */
function toolPath(directory: string, tools: readonly string[]): string {
  const bin = join(directory, `bin-${tools.join('-')}`);
  if (existsSync(bin)) return bin;
  mkdirSync(bin);
  for (const tool of [...basics, ...tools]) symlinkSync(which(tool), join(bin, tool));
  return bin;
}

function which(tool: string): string {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    if (existsSync(join(directory, tool))) return join(directory, tool);
  }
  throw new Error(`${tool} is not installed`);
}

function missing(tool: string): string | false {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0 ? false : `${tool} is not installed`;
}

function runShim(
  path: string,
  tools: string,
  environment: Readonly<Record<string, string>>,
  body: Buffer | null,
): Promise<{ output: string; ms: number }> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const length = body === null ? {} : { REQUEST_METHOD: 'POST', CONTENT_LENGTH: String(body.length) };
    const agent = { DOMAINSYNC_AGENT: process.env['TEST_AGENT'] ?? '/nonexistent' };
    const child = spawn(path, [], { env: { PATH: tools, ...agent, ...length, ...environment } });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', () => {
      resolve({ output: Buffer.concat(chunks).toString('utf8').trimEnd(), ms: performance.now() - started });
    });
    // The panel may leave standard input open on a GET: the shim must not wait for its end.
    if (body !== null) child.stdin.end(body);
  });
}

/** An agent that remembers what it was asked. */
async function answering(t: TestContext, shim: Shim, answer: string): Promise<HookCall[]> {
  const calls: HookCall[] = [];
  const server = await listen(shim.socket, {
    hook: (call) => {
      calls.push(call);
      return Promise.resolve(answer);
    },
    control: () => Promise.resolve(''),
  });
  t.after(() => server.close());
  return calls;
}

const save = { HANDLER_STAGE: 'before', QUERY_STRING: 'func=domain.edit&elid=&name=example.org&sok=ok' };

for (const tool of ['nc', 'socat']) {
  test(
    `${tool}: environment and body arrive octet for octet, the answer is printed`,
    { skip: missing(tool) },
    async (t) => {
      const shim = makeShim(t);
      shim.tools = [tool];
      const calls = await answering(t, shim, '<doc>\n<ok/>ä</doc>\n');
      const body = Buffer.from('func=domain.sublist.edit&addr=%22a%2Cb%22&x=a%0Ab&sok=ok');
      const { output } = await shim.run({ ...save, ODD: 'two\nlines=1\ttab', UMLAUT: 'ä' }, body);
      assert.equal(output, '<doc>\n<ok/>ä</doc>');
      assert.equal(calls.length, 1);
      assert.equal(calls[0]?.environment['ODD'], 'two\nlines=1\ttab');
      assert.equal(Buffer.from(calls[0]?.environment['UMLAUT'] ?? '', 'latin1').toString('utf8'), 'ä');
      assert.deepEqual(Buffer.from(calls[0]?.body ?? []), body);
    },
  );
}

test('a newline in a value forges no parameter', { skip: missing('nc') }, async (t) => {
  const shim = makeShim(t);
  const calls = await answering(t, shim, accepted);
  const query = 'func=domain.sublist.edit&addr=x\nHANDLER_STAGE=after\nQUERY_STRING=func=evil&sok=ok';
  await shim.run({ HANDLER_STAGE: 'before', QUERY_STRING: query });
  const call = calls[0];
  assert.ok(call !== undefined);
  assert.equal(call.environment['HANDLER_STAGE'], 'before');
  assert.equal(call.environment['QUERY_STRING'], query);
  assert.equal(readCgiParameters(call).get('func'), 'domain.sublist.edit');
});

test('a megabyte of body', { skip: missing('nc') }, async (t) => {
  const shim = makeShim(t);
  const calls = await answering(t, shim, accepted);
  const body = Buffer.from(`func=x&sok=ok&addr=${'a'.repeat(1_000_000)}`);
  assert.equal((await shim.run(save, body)).output, accepted);
  assert.equal(calls[0]?.body.length, body.length);
});

test('opening a form asks nobody; a disguised name does', { skip: missing('nc') }, async (t) => {
  const shim = makeShim(t);
  const calls = await answering(t, shim, accepted);
  await shim.run({
    HANDLER_STAGE: 'before',
    QUERY_STRING: 'func=domain.sublist.edit&plid=example.org&elid=',
  });
  assert.equal(calls.length, 0);
  for (const query of [
    'func=domain.sublist.edit&%73ok=ok',
    'func=domain.delete&elid=a.b',
    'func=domain.edit&sok=1',
    '',
  ]) {
    await shim.run({ HANDLER_STAGE: 'before', QUERY_STRING: query });
  }
  assert.equal(calls.length, 4);
});

test('no agent and none to be had: a refusal in both languages, an after is let be', async (t) => {
  const shim = makeShim(t);
  // A program that ends at once stands for an agent that cannot start.
  const english = await shim.run(save);
  assert.match(english.output, /<error code="9">domainsync does not answer\. Nothing was changed/);
  const russian = await shim.run({ ...save, SESSION_LANG: 'ru' });
  assert.match(russian.output, /ничего не изменено/i);
  assert.equal((await shim.run({ ...save, HANDLER_STAGE: 'after' })).output, accepted);
});

test(
  'an answer without its end mark is a refusal, and is not asked for again',
  { skip: missing('nc') },
  async (t) => {
    const shim = makeShim(t);
    shim.tools = ['nc', 'socat'];
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.end('domainsync hello\n<doc><ok/></doc>');
    });
    await new Promise<void>((resolve) => server.listen(shim.socket, resolve));
    t.after(() => server.close());
    assert.match((await shim.run(save)).output, /does not answer/);
    assert.equal(connections, 1);
  },
);

test('an agent that hangs: a refusal in time, one way only', { skip: missing('nc') }, async (t) => {
  const shim = makeShim(t);
  shim.tools = ['nc', 'socat'];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(shim.socket, resolve));
  t.after(() => server.close());
  const { output, ms } = await shim.run(save);
  assert.match(output, /does not answer/);
  assert.ok(ms < 20_000, `${ms} ms`);
  assert.equal(connections, 1);
});

test(
  'a socket nobody listens on leads to the next way, with the body',
  { skip: missing('nc') },
  async (t) => {
    const shim = makeShim(t);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(shim.socket, resolve));
    // A process that dies leaves its socket behind.
    const leftover = `${shim.socket}.copy`;
    spawnSync('ln', [shim.socket, leftover]);
    await new Promise((resolve) => server.close(resolve));
    spawnSync('mv', [leftover, shim.socket]);
    const started = performance.now();
    assert.match((await shim.run(save, Buffer.from('func=domain.edit&sok=ok'))).output, /does not answer/);
    assert.ok(performance.now() - started < 20_000);
  },
);

test('paused: accepted without anybody, until the pause ends', async (t) => {
  const shim = makeShim(t);
  shim.tools = [];
  writeFileSync(shim.pause, '');
  assert.equal((await shim.run(save)).output, accepted);
  writeFileSync(shim.pause, `${Math.floor(Date.now() / 1_000) + 60}\n`);
  assert.equal((await shim.run(save)).output, accepted);
  writeFileSync(shim.pause, `${Math.floor(Date.now() / 1_000) - 1}\n`);
  assert.match((await shim.run(save)).output, /does not answer/);
});
