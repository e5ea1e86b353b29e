/** Records the system calls of a process with strace, in the order in which they begin and end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { patience } from './patience.ts';
import { missingPrograms } from './servers/process.ts';

/** A system call, at its beginning or at its end. A call that is not interrupted has both right after each other. */
export interface SystemCall {
  readonly name: string;
  readonly at: 'begin' | 'end';
  /** The file or connection of the first argument, as `strace -yy` prints it; empty: it has none. */
  readonly file: string;
  /** The octets of the first text among the arguments; empty: there is none. */
  readonly data: Buffer;
  /** The arguments as strace prints them. Of an end that was interrupted, they are those of the beginning. */
  readonly text: string;
  /** What it returned; null at its beginning. */
  readonly result: number | null;
}

/** The option `skip` of a test that needs strace. */
export function withoutStrace(): string | false {
  return missingPrograms('strace');
}

/** Arguments of strace: threads too, files by name, all data in hexadecimal. */
export function straceWords(calls: readonly string[], output: string, most = 70_000): readonly string[] {
  return ['-f', '-yy', '-xx', '-s', String(most), '-e', `trace=${calls.join(',')}`, '-o', output];
}

/** Attaches strace to a running process. @returns a function that detaches it; then the output is complete */
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

/** Waits until strace says that it is attached. */
async function attached(child: ChildProcess): Promise<void> {
  let said = '';
  const timeout = AbortSignal.timeout(patience);
  while (!said.includes('attached')) {
    const [part]: unknown[] = await Promise.race([
      once(child.stderr ?? child, 'data', { signal: timeout }),
      once(child, 'exit').then(() => [null]),
    ]);
    if (part === null) throw new Error(`strace ended: ${said}`);
    said += String(part);
  }
}

const line = /^(\d+) +(.*)$/u;
const resumed = /^<\.\.\. (\w+) resumed>(.*)$/u;
const called = /^(\w+)\((.*)$/u;
const returned = /^(.*)\) += (-?\d+)/u;
const unfinished = /^(.*?),? *<unfinished \.\.\.>$/u;

/** Reads the output of strace. Signals and exits are left out. */
export async function* systemCalls(output: string): AsyncGenerator<SystemCall> {
  const open = new Map<string, string>();
  for await (const raw of createInterface({ input: createReadStream(output, 'latin1') })) {
    const [, thread = '', rest = ''] = line.exec(raw) ?? [];
    const back = resumed.exec(rest);
    const begun = called.exec(rest);
    if (back !== null) {
      const before = open.get(thread) ?? '';
      const [, more = '', result] = returned.exec(back[2] ?? '') ?? [];
      if (result !== undefined) yield callOf(back[1] ?? '', 'end', before + more, Number(result));
    } else if (begun !== null) {
      const [, name = '', after = ''] = begun;
      const waits = unfinished.exec(after);
      const [, text = '', result] = returned.exec(after) ?? [];
      open.set(thread, waits?.[1] ?? text);
      yield callOf(name, 'begin', waits?.[1] ?? text, null);
      if (result !== undefined) yield callOf(name, 'end', text, Number(result));
    }
  }
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
