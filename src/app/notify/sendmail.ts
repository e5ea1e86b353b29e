import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { agentEnvironment } from '../control/agent-environment.ts';
import { plainText } from '../../core/plain-text.ts';
import { NotDelivered } from './channel.ts';

/** Most octets of the program's errors that are kept. */
const mostErrors = 4 * 1024;

/** Milliseconds to wait for the end of the pipe after the program has ended. */
const pipeWait = 500;

/** How to start the mail program. */
export interface MailProgram {
  readonly path: string;
  /** Milliseconds it may take. */
  readonly deadline: number;
  /** What starts it, as {@link asService} does; null: we do. */
  readonly manager: ServiceManager | null;
}

/** Programs with their first words. */
interface ServiceManager {
  /** Starts the program whose words follow, and lives as long as it. */
  readonly start: readonly [program: string, ...words: string[]];
  /** Kills that program and everything it has started. */
  readonly end: readonly [program: string, ...words: string[]];
}

/** Time (ms) after the deadline at which systemd ends the program, if we could not. */
const lastEnd = 5_000;

/**
 * Has systemd start the program as a service of its own, outside the limits of our unit. A mail program
 * writes its queue, and may run as another user (docs/decisions/011-confined-agent.md).
 * @param deadline milliseconds
 */
export function asService(deadline: number): ServiceManager {
  const unit = `domainsync-mail-${randomUUID()}.service`;
  const settings = [
    // A process that goes on delivering must outlive the program.
    '--property=KillMode=process',
    `--property=RuntimeMaxSec=${Math.ceil((deadline + lastEnd) / 1_000)}`,
  ];
  return {
    start: ['systemd-run', '--quiet', '--collect', '--wait', '--pipe', `--unit=${unit}`, ...settings, '--'],
    end: ['systemctl', 'kill', '--signal=SIGKILL', unit],
  };
}

/**
 * Hands a mail to the mail program, without a shell; recipients are read from the headers.
 * @param signal ends the program
 * @throws {NotDelivered} if it cannot be started, fails, or takes too long: then it is killed, with all it
 * has started
 */
export async function runSendmail(
  { path, deadline, manager }: MailProgram,
  mail: string,
  signal: AbortSignal,
): Promise<void> {
  const [program, ...words] = [...(manager?.start ?? []), path, '-t', '-i'] as const;
  // A group of its own, so that nothing of it is left when it is killed.
  const child = spawn(program, words, {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    cwd: '/',
    env: agentEnvironment,
  });
  const late = AbortSignal.any([signal, AbortSignal.timeout(deadline)]);
  const kill = (): void => {
    if (manager !== null) startQuietly(manager.end);
    killGroup(child);
  };
  late.addEventListener('abort', kill, { once: true });
  if (late.aborted) kill();
  try {
    const { status, errors } = await ended(child, mail);
    if (late.aborted)
      throw new NotDelivered('notify.program-late', { program: path, seconds: String(deadline / 1_000) });
    if (status !== 0)
      throw new NotDelivered('notify.program-failed', {
        program: path,
        status: String(status),
        text: errors,
      });
  } catch (error) {
    if (error instanceof NotDelivered) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new NotDelivered('notify.program-missing', { program: path, text }, error);
  } finally {
    late.removeEventListener('abort', kill);
  }
}

interface Ended {
  /** The exit status, or the name of the signal that ended it. */
  readonly status: number | string;
  /** The beginning of what it wrote to standard error, as one line. */
  readonly errors: string;
}

/** Writes the mail and waits for the end of the program. @throws {Error} if it could not be started */
async function ended(child: ChildProcess, mail: string): Promise<Ended> {
  let errors = '';
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stderr?.on('data', (part: Buffer) => {
    errors += part.toString('utf8').slice(0, mostErrors - errors.length);
  });
  // A program that ends before it has read everything has an exit status that says why.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(mail);
  const status = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    // Not `close`: a process that it left behind may hold the pipe open.
    child.once('exit', (code, name) => resolve(code ?? name ?? 'unknown'));
  });
  // What is still in the pipe is read first; a process that was left behind may never close it.
  await Promise.race([closed, wait(pipeWait, undefined, { ref: false })]);
  child.stderr?.destroy();
  child.stdin?.destroy();
  return { status, errors: plainText(errors).trim() };
}

/** Starts a program whose end nobody waits for. If that fails, systemd ends the other by its own limit. */
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
    // It has just ended.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
