import assert from 'node:assert/strict';
import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { HookCall } from '../core/panel.ts';
import { missingPrograms } from '../testing/servers/process.ts';
import { systemClock } from '../app/wiring/clock.ts';
import { listen, type Responders } from './server.ts';

async function start(t: TestContext): Promise<{ path: string; asked: string[]; calls: HookCall[] }> {
  const calls: HookCall[] = [];
  const asked: string[] = [];
  const hook = (call: HookCall): Promise<string> => {
    calls.push(call);
    asked.push(`hook ${Buffer.from(call.body).toString('utf8')}`);
    return Promise.resolve('<doc/>');
  };
  const control = (request: string): Promise<string> => {
    asked.push(`control ${request}`);
    return Promise.resolve('{}');
  };
  return { path: await startWith(t, hook, control), asked, calls };
}

async function startWith(
  t: TestContext,
  hook: Responders['hook'],
  control: Responders['control'] = () => Promise.resolve('{}'),
): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'server-'));
  const path = join(directory, 'run', 'agent.sock');
  const server = await listen(path, { hook, control });
  t.after(() => {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return path;
}

/**
 * Sends the pieces of a request one after the other, then closes the sending side.
 * @returns everything that was received
 */
function exchange(path: string, ...pieces: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', () => undefined);
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece);
      socket.end();
    });
  });
}

test('only root reaches the socket', async (t) => {
  const { path } = await start(t);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
});

/** A Python program that runs `cat` with one variable twice in its environment. A shell cannot do this. */
const doubled = `
import os
class Environment(dict):
    def __len__(self): return 2
    def keys(self): return [b'PARAM_sok', b'PARAM_sok']
    def values(self): return [b'ok', b'']
os.execve('/bin/cat', ['cat'], Environment())`;

test(
  'issue 11.2: a variable that stands twice in the environment, and a body that is cut, are told',
  { skip: missingPrograms('python3') },
  async (t) => {
    const { path, calls } = await start(t);
    const child = spawn('python3', ['-c', doubled], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => child.kill());
    // An answer of `cat` proves that `cat` has replaced Python in this process.
    child.stdin.write('x');
    await once(child.stdout, 'data');
    await exchange(path, `domainsync 1 ${child.pid} 3 before cut\n`, 'a=b');
    const [call] = calls;
    assert.equal(call?.isCut, true);
    assert.equal(call?.stage, 'before');
    assert.deepEqual([call?.environment, call?.repeated], [{ PARAM_sok: '' }, [['PARAM_sok', 'ok']]]);
  },
);

test('hello comes first, the end mark last', async (t) => {
  const { path, asked } = await start(t);
  const text = await exchange(path, `domainsync 1 ${process.pid} 5\n`, 'a=b', '&c');
  assert.equal(text, 'domainsync hello\n<doc/>\ndomainsync end\n');
  assert.deepEqual(asked, ['hook a=b&c']);
});

/**
 * Sends a hook call that names its own start.
 * @param since the end of the request's first line, with the start
 * @returns since when, as the agent counts it, the panel waits: monotonic milliseconds
 */
async function startedAt(path: string, calls: readonly HookCall[], since: string): Promise<number> {
  await exchange(path, `domainsync 1 ${process.pid} 0${since}\n`);
  const { waitsSince } = calls.at(-1) ?? {};
  assert.ok(waitsSince !== undefined, since);
  return waitsSince;
}

test('issue 19: a hook says when it was started; it cannot get more time by a start in the future', async (t) => {
  const { path, calls } = await start(t);
  const ago = (seconds: number): string => ` before since ${(uptime() - seconds).toFixed(2)}`;
  // The uptime has a resolution of 0.01 s.
  const exact = 30;
  const begin = systemClock.now();
  const said = ago(7);
  const end = systemClock.now();
  const earlier = await startedAt(path, calls, said);
  assert.ok(earlier > begin - 7_000 - exact && earlier < end - 7_000 + exact, `${earlier} ${begin} ${end}`);
  assert.ok((await startedAt(path, calls, ' since 0')) < begin - 7_000);
  for (const since of [ago(-60), ' before since 9999999999.99', ' before', '']) {
    const asked = systemClock.now();
    const taken = await startedAt(path, calls, since);
    assert.ok(taken > asked - exact && taken < systemClock.now() + exact, `${since}: ${taken} ${asked}`);
  }
});

test('issue 19: what no hook says when it was started is no request', async (t) => {
  const { path, asked } = await start(t);
  for (const since of [
    'since',
    ' since',
    ' since -1',
    ' since 1.234',
    ' since 1e3',
    ' since 1 before',
    ' since  1',
  ])
    assert.equal(
      await exchange(path, `domainsync 1 ${process.pid} 0${since}\n`),
      'domainsync hello\n',
      since,
    );
  assert.deepEqual(asked, []);
});

test('control requests', async (t) => {
  const { path, asked } = await start(t);
  const text = await exchange(path, 'domainsync-control 1 0 2\n{}');
  assert.equal(text, 'domainsync hello\n{}\ndomainsync end\n');
  assert.deepEqual(asked, ['control {}']);
});

test('a request that is cut off, garbled, too long or from a dead process is not carried out', async (t) => {
  const { path, asked } = await start(t);
  const requests = [
    'domainsync 1 1 ',
    `domainsync 1 ${process.pid} 10\nshort`,
    'GET / HTTP/1.1\n\n',
    'x'.repeat(1_000),
    `domainsync 2 ${process.pid} 0\n`,
    `domainsync 1 ${process.pid} 99999999\n`,
    'domainsync 1 4194305 0\n',
  ];
  for (const request of requests)
    assert.equal(await exchange(path, request), 'domainsync hello\n', request.slice(0, 40));
  assert.deepEqual(asked, []);
});

/**
 * Starts a process that only waits, with the environment of a hook.
 * @param options for example its user
 * @returns its pid
 */
function waiting(t: TestContext, options: SpawnOptions): number {
  const env = { HANDLER_STAGE: 'before', QUERY_STRING: 'func=domain.delete&elid=example.org' };
  const child = spawn('/bin/sleep', ['600'], { env, stdio: 'ignore', ...options });
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.pid !== undefined);
  return child.pid;
}

test('issue 11.6: a hook call is root’s: a process of anybody else is not looked at', async (t) => {
  if (process.getuid?.() !== 0) {
    t.skip('only root can start a process of somebody else');
    return;
  }
  const { path, asked } = await start(t);
  const nobody = waiting(t, { uid: 65_534, gid: 65_534 });
  assert.equal(await exchange(path, `domainsync 1 ${nobody} 1\nx`), 'domainsync hello\n');
  assert.deepEqual(asked, []);
  const root = waiting(t, {});
  assert.match(await exchange(path, `domainsync 1 ${root} 1\nx`), /domainsync end\n$/u);
  assert.deepEqual(asked, ['hook x']);
});

test('issue 11.6: a process that came after the connection that names it is another one', async (t) => {
  const { path, asked } = await start(t);
  const socket = connect(path);
  t.after(() => socket.destroy());
  await once(socket, 'data');
  const began = uptime();
  // Start times of processes are exact to 0.01 s. After 0.05 s, the next process certainly has a later one.
  while (uptime() < began + 0.05) await new Promise((resolve) => setImmediate(resolve));
  const late = waiting(t, {});
  socket.end(`domainsync 1 ${late} 1\nx`);
  const [text = '']: unknown[] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  assert.notEqual(typeof text, 'object');
  assert.deepEqual(asked, []);
});

/** Sends a hook call whose body is `length` octets `x`. @returns everything that was received */
function large(path: string, length: number): Promise<string> {
  return exchange(path, `domainsync 1 ${process.pid} ${length}\n`, 'x'.repeat(length));
}

const mebibyte = 1024 * 1024;

test('issue 11.3: of a body that is too long to be read nothing is kept', async (t) => {
  const calls: HookCall[] = [];
  const path = await startWith(t, (call) => {
    calls.push(call);
    return Promise.resolve('<doc/>');
  });
  assert.match(await large(path, 8 * mebibyte), /<doc\/>/);
  assert.deepEqual(
    calls.map(({ body, isCut }) => [body.length, isCut]),
    [[0, true]],
  );
});

test('issue 11.3: large bodies together take bounded memory, small ones never wait', async (t) => {
  let most = 0;
  let held = 0;
  const gates: (() => void)[] = [];
  const path = await startWith(t, async ({ body }) => {
    held += body.length;
    most = Math.max(most, held);
    if (body.length > 100) await new Promise<void>((open) => gates.push(open));
    held -= body.length;
    return '<doc/>';
  });
  const answers = Promise.all(Array.from({ length: 20 }, () => large(path, 2 * mebibyte)));
  while (gates.length < 8) await new Promise((resolve) => setImmediate(resolve));
  assert.match(await large(path, 10), /<doc\/>/);
  let answered = 0;
  while (answered < 20) {
    for (const open of gates.splice(0)) {
      answered += 1;
      open();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const answer of await answers) assert.match(answer, /<doc\/>/);
  assert.ok(most <= 17 * mebibyte, `${most} octets at once`);
});
