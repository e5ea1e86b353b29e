import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { agentEnvironment } from '../control/agent-environment.ts';
import { plainText } from '../../core/plain-text.ts';
import { NotDelivered } from './channel.ts';

/** Most octets that are kept of what the program writes to standard error. */
const mostErrors = 4 * 1024;

/** After the program has ended, its standard error is still read for this long, milliseconds. */
const pipeWait = 500;

/** How to start the mail program. */
export interface MailProgram {
  readonly path: string;
  /** How long the program may take, milliseconds. */
  readonly deadline: number;
  /**
   * The commands by which systemd starts the program, see {@link asService}; null: this process starts it.
   */
  readonly manager: ServiceManager | null;
}

/** Commands by which systemd starts and ends a program. The caller appends further words to each command. */
interface ServiceManager {
  /** Starts the program whose path and words are appended. Ends when that program ends. */
  readonly start: readonly [program: string, ...words: string[]];
  /** Kills the started program and all processes that it has started. */
  readonly end: readonly [program: string, ...words: string[]];
}

/** If this process could not end the program, systemd ends it this long (ms) after the deadline. */
const lastEnd = 5_000;

/**
 * Makes the commands by which systemd starts the mail program as its own service, without the limits of our
 * unit. A mail program must write its queue, and may run as another user
 * (docs/decisions/011-confined-agent.md).
 * @param deadline how long the program may take, milliseconds
 */
export function asService(deadline: number): ServiceManager {
  const unit = `domainsync-mail-${randomUUID()}.service`;
  const settings = [
    // The program may leave a process behind that delivers the mail. That process must not be killed when the
    // program ends.
    '--property=KillMode=process',
    `--property=RuntimeMaxSec=${Math.ceil((deadline + lastEnd) / 1_000)}`,
  ];
  return {
    start: ['systemd-run', '--quiet', '--collect', '--wait', '--pipe', `--unit=${unit}`, ...settings, '--'],
    end: ['systemctl', 'kill', '--signal=SIGKILL', unit],
  };
}

/**
 * Passes a mail to the mail program, without a shell. The program takes the recipients from the headers.
 * @param signal aborts the attempt and ends the program
 * @throws {NotDelivered} if the program cannot be started, fails, or takes too long. A program that takes too
 *   long is killed, with every process that it has started
 */
export async function runSendmail(
  { path, deadline, manager }: MailProgram,
  mail: string,
  signal: AbortSignal,
): Promise<void> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(deadline)]);
  let kill = (): void => undefined;
  try {
    const child = started(path, manager);
    kill = () => {
      if (manager !== null) startQuietly(manager.end);
      killGroup(child);
    };
    late.addEventListener('abort', kill, { once: true });
    if (late.aborted) kill();
    const { status, errors } = await ended(child, mail);
    // If the program ended with status 0, it has taken the mail, even if the time ran out a moment later.
    if (status === 0) return;
    if (late.aborted)
      throw new NotDelivered('notify.program-late', { program: path, seconds: String(deadline / 1_000) });
    throw new NotDelivered('notify.program-failed', { program: path, status: String(status), text: errors });
  } catch (error) {
    if (error instanceof NotDelivered) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new NotDelivered('notify.program-missing', { program: path, text: plainText(text) }, error);
  } finally {
    late.removeEventListener('abort', kill);
  }
}

/**
 * Starts the program in its own process group, so that every process it has started can be killed with it.
 * @throws {Error} if there is no memory for another process
 */
function started(path: string, manager: ServiceManager | null): ChildProcess {
  const [program, ...words] = [...(manager?.start ?? []), path, '-t', '-i'] as const;
  return spawn(program, words, {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    cwd: '/',
    env: agentEnvironment,
  });
}

interface Ended {
  /** The program's exit status, or the name of the signal that ended it. */
  readonly status: number | string;
  /** The beginning of what the program wrote to standard error, as one line. */
  readonly errors: string;
}

/**
 * Writes the mail to the program and waits until the program ends.
 * @throws {Error} if the program could not be started
 */
async function ended(child: ChildProcess, mail: string): Promise<Ended> {
  let errors = '';
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stderr?.on('data', (part: Buffer) => {
    errors += part.toString('utf8').slice(0, mostErrors - errors.length);
  });
  // The program may end without reading the whole mail. Its exit status then gives the reason.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(mail);
  const status = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    // The event `close` may never come, because a process that the program left behind may hold the pipe
    // open.
    child.once('exit', (code, name) => resolve(code ?? name ?? 'unknown'));
  });
  // Wait for the rest of the standard error. A process that the program left behind may never close it, so
  // the wait is limited.
  await Promise.race([closed, wait(pipeWait, undefined, { ref: false })]);
  child.stderr?.destroy();
  child.stdin?.destroy();
  return { status, errors: plainText(errors).trim() };
}

/**
 * Starts a command without waiting for its end. If the command fails, systemd still ends the mail program
 * when its own time limit is over.
 */
function startQuietly([program, ...words]: ServiceManager['end']): void {
  const child = spawn(program, words, { stdio: 'ignore', cwd: '/', env: agentEnvironment });
  child.once('error', () => undefined);
  child.unref();
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // The process has just ended, so it need not be killed.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
