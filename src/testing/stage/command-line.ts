import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ask, AskFailed } from '../../app/control/client.ts';
import type { StatusReport } from '../../app/control/protocol.ts';

/** The folder with the bundled programs. */
export const dist = join(import.meta.dirname, '../../../dist');

/** How a command ended, and what it wrote to its standard output and error output. */
export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** The product's command line for one panel. */
export interface CommandLine {
  /** The words before a command's own: `node domainsync.cjs --root ... --socket ...`. */
  readonly words: readonly string[];
  /** Runs the command `domainsync` with these arguments; resolves whatever its exit status is. */
  ended(...args: readonly string[]): Promise<Ended>;
  /**
   * Runs `domainsync` and resolves to its standard output. @throws {Error} unless the exit status is 0, or 3:
   * the command worked, and an administrator has to act
   */
  domainsync(...args: readonly string[]): Promise<string>;
  /**
   * The agent's status, as `domainsync status` shows it; null: no agent runs. Asked over the agent's socket,
   * because each process of the command line takes a fifth of a second of processor time.
   */
  status(): Promise<StatusReport | null>;
  /** Process id of the agent; null: none runs. */
  agent(): Promise<number | null>;
}

/** Makes the command line of the panel under `root`, whose agent has this socket. */
export function commandLineOf(root: string, socket: string): CommandLine {
  const words = [process.execPath, join(dist, 'domainsync.cjs'), '--root', root, '--socket', socket];
  const ended = (...args: readonly string[]): Promise<Ended> => runToEnd([...words, ...args]);
  const domainsync = async (...args: readonly string[]): Promise<string> => {
    const { status, out, err } = await ended(...args);
    if (status !== 0 && status !== 3)
      throw new Error(`domainsync ${args.join(' ')}: ${status}\n${out}${err}`);
    return out;
  };
  const status = async (): Promise<StatusReport | null> => {
    try {
      return await ask(socket, 'status', {});
    } catch (error) {
      if (error instanceof AskFailed) return null;
      throw error;
    }
  };
  return { words, ended, domainsync, status, agent: async () => (await status())?.pid ?? null };
}

/** Runs a program to its end. @throws {Error} when it cannot be started, or a signal ended it */
function runToEnd([program = '', ...args]: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, out, err) => {
      const status = error === null ? 0 : error.code;
      if (typeof status === 'number') resolve({ status, out, err });
      else reject(error ?? new Error('no exit status'));
    });
  });
}
