/**
 * The hook's last program for reaching the agent. The hook's shell script starts it if neither `nc` nor
 * `socat` reached the agent. It starts an agent if none runs, sends it the request from standard input, and
 * prints the answer. If no answer comes, it prints nothing, and the script refuses the edit.
 *
 * Usage: node hook.cjs SOCKET <request
 */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { agentEnvironment, agentOptions } from '../app/control/agent-environment.ts';
import { mostBody, mostHead } from '../app/control/socket.ts';

const socketPath = process.argv[2] ?? '';
/** How long this program may run, milliseconds. The hook's shell script waits a little longer. */
const patience = 14_000;
const retryEvery = 25;
const deadline = performance.now() + patience;

function readRequest(): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    process.stdin.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      // The agent does not accept such a large request. This program ends without an answer, so the script
      // refuses the edit.
      if (size > mostBody + mostHead) process.exit(0);
    });
    process.stdin.on('end', () => resolve(Buffer.concat(chunks)));
    process.stdin.on('error', reject);
  });
}

/**
 * Starts an agent that keeps running after this program has ended. If another agent is already running, the
 * new one exits with status 0, and `ended` is called. The other agent may be about to end, for example for an
 * update, so the caller then starts one again. After any other failure this program ends.
 */
function startAgent(ended: () => void): void {
  const program = join(dirname(process.argv[1] ?? ''), 'agent.cjs');
  const agent = spawn(process.execPath, [...agentOptions, program, '--socket', socketPath], {
    detached: true,
    stdio: 'ignore',
    cwd: '/',
    env: agentEnvironment,
  });
  // Any status other than 0 means that the agent could not start.
  agent.on('exit', (status) => {
    if (status === 0) ended();
    else process.exit(0);
  });
  agent.on('error', () => process.exit(0));
  agent.unref();
}

/** Sends the request and prints the answer. Resolves to false if no agent listens. */
function pass(request: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let connected = false;
    socket.on('connect', () => {
      connected = true;
      socket.end(request);
    });
    socket.on('data', (chunk: Buffer) => process.stdout.write(chunk));
    socket.on('close', () => resolve(connected));
    socket.on('error', () => resolve(connected));
    socket.setTimeout(Math.max(1, deadline - performance.now()), () => socket.destroy());
  });
}

async function main(): Promise<void> {
  const request = await readRequest();
  let starting = false;
  while (performance.now() < deadline && !(await pass(request))) {
    if (!starting) startAgent(() => (starting = false));
    starting = true;
    await new Promise((resolve) => setTimeout(resolve, retryEvery));
  }
}

void main();
