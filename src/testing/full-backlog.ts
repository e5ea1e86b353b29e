import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import type { TestContext } from 'node:test';
import { isHalted, until } from './servers/process.ts';

/**
 * A program that listens on a free port and prints it. The test suspends it before it accepts a connection.
 */
const program = `
const server = require('net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.stdout.write(server.address().port + '\\n'));
`;
/** This is more connections than fit into the queue of a listener with a backlog of 1. */
const enough = 8;

/**
 * Returns a port of this machine where new connections never complete, because the listener's queue is full.
 */
export async function fullBacklog(t: TestContext): Promise<number> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [told]: unknown[] = await once(child.stdout.setEncoding('utf8'), 'data');
  const port = Number(told);
  const { pid } = child;
  assert.ok(pid !== undefined);
  child.kill('SIGSTOP');
  await until(async () => await Promise.resolve(isHalted(pid)));
  const fillers = Array.from({ length: enough }, () =>
    net.connect(port, '127.0.0.1').on('error', () => undefined),
  );
  t.after(() => {
    for (const filler of fillers) filler.destroy();
  });
  // Two connections fit into the queue. Once they are made, all further connections wait for ever.
  await Promise.all(fillers.slice(0, 2).map(async (filler) => await once(filler, 'connect')));
  return port;
}
