import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { Paths } from '../paths.ts';
import { agentEnvironment } from './agent-environment.ts';

/**
 * The command that starts the agent: a program in the same folder as the program that runs now, and its
 * arguments.
 */
export function agentProgram({ root, socket }: Paths): readonly string[] {
  return [join(dirname(process.argv[1] ?? ''), 'agent.cjs'), '--root', root, '--socket', socket];
}

/**
 * Starts an agent that goes on after this process ends. If another agent runs already, the new one ends at
 * once.
 */
export function startAgent(paths: Paths): void {
  const options = { detached: true, stdio: 'ignore', cwd: '/', env: agentEnvironment } as const;
  spawn(process.execPath, agentProgram(paths), options).unref();
}
