/** Records the system calls of a process with strace, in the order in which they begin and end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { missingPrograms, until } from './servers/process.ts';

/** The beginning or the end of a system call. If no other call comes between, the two follow each other. */
export interface SystemCall {
  readonly name: string;
  readonly at: 'begin' | 'end';
  /** File or connection in the first argument, as `strace -yy` prints it; empty: the call has none. */
  readonly file: string;
  /** Octets of the first text argument; empty: the call has none. */
  readonly data: Buffer;
  /**
   * The arguments as strace prints them. If strace printed another call between beginning and end, the end
   * has the arguments of the beginning too.
   */
  readonly text: string;
  /** The return value; null at the beginning of a call. */
  readonly result: number | null;
}

/** Value for the option `skip` of a test that needs strace; false: strace is installed. */
export function withoutStrace(): string | false {
  return missingPrograms('strace');
}

/** Options of strace: follow all threads, print files by name, and print all data in hexadecimal. */
export function straceWords(calls: readonly string[], output: string, most = 70_000): readonly string[] {
  return ['-f', '-yy', '-xx', '-s', String(most), '-e', `trace=${calls.join(',')}`, '-o', output];
}

/**
 * Attaches strace to a running process. @returns a function that detaches strace and completes the output
 * file
 */
export async function attachStrace(
  pid: number,
  calls: readonly string[],
  output: string,
): Promise<() => Promise<void>> {
  const words = [...straceWords(calls, output), '-p', String(pid)];
  const child = spawn('strace', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  await attached(child);
  return async () => {
    child.kill('SIGINT');
    await once(child, 'exit');
  };
}

/** Waits until strace reports that it is attached. @throws {Error} if strace ends before */
async function attached(child: ChildProcess): Promise<void> {
  let said = '';
  child.stderr?.on('data', (part: Buffer) => {
    said += part.toString('utf8');
  });
  await until(async () => await Promise.resolve(said.includes('attached') || child.exitCode !== null));
  if (child.exitCode !== null) throw new Error(`strace ended: ${said}`);
}

const line = /^(\d+) +(.*)$/u;
const resumed = /^<\.\.\. (\w+) resumed>(.*)$/u;
const called = /^(\w+)\((.*)$/u;
const returned = /^(.*)\) += (-?\d+)/u;
const unfinished = /^(.*?),? *<unfinished \.\.\.>$/u;

/** Reads the output file of strace. Signals and exits are skipped. */
export async function* systemCalls(output: string): AsyncGenerator<SystemCall> {
  /** For each thread, the arguments of the call that it began last. */
  const open = new Map<string, string>();
  for await (const raw of createInterface({ input: createReadStream(output, 'latin1') })) {
    const [, thread = '', rest = ''] = line.exec(raw) ?? [];
    const back = resumed.exec(rest);
    if (back === null) yield* begun(rest, (text) => open.set(thread, text));
    else yield* ended(back[1] ?? '', `${open.get(thread) ?? ''}${back[2] ?? ''}`);
  }
}

/**
 * Reads a line with the beginning of a call. @param wait gets the arguments if the end comes in a later line
 */
function* begun(rest: string, wait: (text: string) => void): Generator<SystemCall> {
  const [, name, after = ''] = called.exec(rest) ?? [];
  if (name === undefined) return;
  const waiting = unfinished.exec(after)?.[1];
  if (waiting !== undefined) wait(waiting);
  yield callOf(name, 'begin', waiting ?? after, null);
  if (waiting === undefined) yield* ended(name, after);
}

function* ended(name: string, rest: string): Generator<SystemCall> {
  const [, text = '', result] = returned.exec(rest) ?? [];
  if (result !== undefined) yield callOf(name, 'end', text, Number(result));
}

function callOf(name: string, at: SystemCall['at'], text: string, result: number | null): SystemCall {
  const file = /^(?:AT_FDCWD|\d+)<((?:[^<>]|->|<[^<>]*>)*)>/u.exec(text)?.[1] ?? '';
  const hex = /"((?:\\x[0-9a-f]{2})*)"/u.exec(text)?.[1] ?? '';
  return { name, at, file: decoded(file), data: Buffer.from(hex.replaceAll('\\x', ''), 'hex'), text, result };
}

/** With `-xx`, names of files are in hexadecimal too. */
function decoded(file: string): string {
  return file.replaceAll(/\\x([0-9a-f]{2})/gu, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
