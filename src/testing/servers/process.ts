/** Name servers as child processes of a test. Each has its own folder, and uses free ports of 127.0.0.1. */
import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeUnlessFailed } from '../kept-folders.ts';
import { patience } from '../patience.ts';

/**
 * The option `skip` of a test that needs these programs: the reason why it cannot run; false: all of them are
 * installed.
 */
export function missingPrograms(...programs: readonly string[]): string | false {
  const lacking = programs.filter((program) => pathOf(program) === null);
  return lacking.length === 0 ? false : `${lacking.join(', ')} not installed (script/servers)`;
}

/** The program's path; null: it is not installed. Name servers are in sbin, which PATH may lack. */
function pathOf(program: string): string | null {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const found = spawnSync('sh', ['-c', `command -v ${program}`], { env: { PATH: path }, encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : null;
}

/** Makes a folder for one server. Its path is short, because the length of a socket's path is limited. */
export function serverFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `ds-${name}-`));
}

/**
 * Returns a port of 127.0.0.1 that is free for UDP and TCP at this moment. Linux gives no socket a port below
 * 32768 by itself, so no client takes it until its server starts, or while the server is stopped.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_240, 32_768);
    if ((await isFreeForStreams(port)) && (await isFreeForDatagrams(port))) return port;
  }
}

async function isFreeForStreams(port: number): Promise<boolean> {
  const stream = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    stream.once('error', () => resolve(false));
    stream.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (isFree) await new Promise((resolve) => stream.close(resolve));
  return isFree;
}

async function isFreeForDatagrams(port: number): Promise<boolean> {
  const datagram = createSocket('udp4');
  const isFree = await new Promise<boolean>((resolve) => {
    datagram.once('error', () => resolve(false));
    datagram.bind(port, '127.0.0.1', () => resolve(true));
  });
  if (isFree) await new Promise<void>((resolve) => datagram.close(() => resolve()));
  return isFree;
}

/** A user of the system. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** A server program that a test can start, stop, kill and start again in the same folder. */
export class ServerProcess {
  readonly folder: string;
  readonly #program: string;
  readonly #words: readonly string[];
  readonly #ready: () => Promise<boolean>;
  readonly #user: User | null;
  #child: ChildProcess | null = null;

  /**
   * @param folder gets the program's output in `server.log`; removed after `dispose`, unless a test fails
   * @param ready whether the server answers; called again and again after a start
   * @param user as whom the program runs; null: as the user of the test
   */
  constructor(
    folder: string,
    program: string,
    words: readonly string[],
    ready: () => Promise<boolean>,
    user: User | null = null,
  ) {
    this.folder = folder;
    this.#program = pathOf(program) ?? program;
    this.#words = words;
    this.#ready = ready;
    this.#user = user;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /**
   * Starts the program and waits until it is ready.
   * @throws {Error} with the log when the program ends or is not ready in time
   */
  async start(): Promise<void> {
    const log = openSync(join(this.folder, 'server.log'), 'a');
    const options: SpawnOptions = { stdio: ['ignore', log, log], cwd: this.folder, ...this.#user };
    const child = spawn(this.#program, this.#words, options);
    this.#child = child;
    await until(async () => (await this.#ready()) || child.exitCode !== null).catch(() =>
      child.kill('SIGKILL'),
    );
    if (child.exitCode !== null || child.killed)
      throw new Error(`${this.#program} did not start:\n${this.log()}`);
  }

  /** The output of the program so far. */
  log(): string {
    return readFileSync(join(this.folder, 'server.log'), 'utf8');
  }

  /** Ends the program and waits until it has ended. Its files stay. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'close');
  }

  /**
   * Suspends the program: it still accepts connections, but does not answer. Resolves once all its threads
   * have stopped, which is later than `kill` returns.
   */
  async halt(): Promise<void> {
    const { pid } = this;
    this.#child?.kill('SIGSTOP');
    await until(async () => await Promise.resolve(isHalted(pid)));
  }

  /** Lets a suspended program continue. */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async dispose(): Promise<void> {
    await this.stop('SIGKILL');
    removeUnlessFailed(this.folder);
  }
}

/**
 * Whether every thread of a process is suspended. In a thread's `stat` file, the state follows the program's
 * name in parentheses (`proc_pid_stat(5)`).
 */
export function isHalted(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) => /\) T [^)]*$/.test(statusOf(`${pid}/task/${thread}`) ?? ''));
}

/** Whether a process has ended, also if its parent has not noticed yet and it stays as a zombie. */
export function hasEnded(pid: number): boolean {
  const status = statusOf(String(pid));
  return status === null || /\) [ZX] [^)]*$/u.test(status);
}

/** The text of a `stat` file below `/proc`; null: the process or thread has ended, perhaps just now. */
function statusOf(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}/stat`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null;
    throw error;
  }
}

/** Calls `test` again and again until it returns true. @throws {Error} when that takes too long */
export async function until(test: () => Promise<boolean>): Promise<void> {
  const started = performance.now();
  while (!(await test())) {
    if (performance.now() - started > patience) throw new Error(`waited ${patience / 1_000} s in vain`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a server accepts TCP connections at this port of 127.0.0.1. */
export async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Runs a program and waits for its end.
 * @returns its output
 * @throws {Error} with the output when its status is not 0
 */
export async function runProgram(program: string, words: readonly string[]): Promise<string> {
  const child = spawn(pathOf(program) ?? program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (part: Buffer) => (said += part.toString('utf8')));
  child.stderr.on('data', (part: Buffer) => (said += part.toString('utf8')));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${said}`);
  return said;
}
