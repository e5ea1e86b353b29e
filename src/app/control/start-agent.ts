import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { Paths } from '../paths.ts';
import { agentEnvironment } from './agent-environment.ts';

/** Path of the agent's program, beside the program that runs now, and its arguments. */
export function agentProgram({ root, socket }: Paths): readonly string[] {
  return [join(dirname(process.argv[1] ?? ''), 'agent.cjs'), '--root', root, '--socket', socket];
}

/** Starts the agent in its own session. An agent that finds another one running ends at once. */
export function startAgent(paths: Paths): void {
  const options = { detached: true, stdio: 'ignore', cwd: '/', env: agentEnvironment } as const;
  spawn(process.execPath, agentProgram(paths), options).unref();
}
