import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { Paths } from '../paths.ts';
import { agentEnvironment, agentOptions } from './agent-environment.ts';

/**
 * The words after Node.js that start the agent: options of Node.js, a program and its arguments. The program
 * lies in the same folder as the one that runs now.
 */
export function agentProgram({ root, socket }: Paths): readonly string[] {
  const program = join(dirname(process.argv[1] ?? ''), 'agent.cjs');
  return [...agentOptions, program, '--root', root, '--socket', socket];
}

/**
 * Starts an agent that keeps running after this process has ended. If another agent is already running, the
 * new one ends at once.
 */
export function startAgent(paths: Paths): void {
  const options = { detached: true, stdio: 'ignore', cwd: '/', env: agentEnvironment } as const;
  spawn(process.execPath, agentProgram(paths), options).unref();
}
