/**
 * Runs the hook script as a panel would, with a PATH of its own. A fake agent records the calls that it gets.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { HookCall } from '../core/panel.ts';
import { textOf } from '../app/install/panel-files.ts';
import type { HandlerType } from '../panels/layout.ts';
import { panels, type PanelKind } from '../panels/registry.ts';
import { listen } from '../agent/server.ts';

export const accepted = '<?xml version="1.0" encoding="UTF-8"?>\n<doc/>';

export interface Shim {
  readonly directory: string;
  readonly socket: string;
  readonly pause: string;
  readonly observing: string;
  /**
   * Runs the script as the panel would. Only the programs in `tools` are in its PATH.
   * @param input standard input; null: it stays open and empty
   */
  run(environment: Readonly<Record<string, string>>, input?: Buffer | null): Promise<Ran>;
  /** Programs in the script's PATH that can reach the socket: `nc`, `socat`, or none. */
  tools: readonly string[];
}

export interface Ran {
  /** Standard output without the line breaks at its end. */
  readonly output: string;
  readonly octets: Buffer;
  readonly ms: number;
}

export interface ShimOptions {
  readonly kind: PanelKind;
  /** Name of the handler's file in `addon/`. */
  readonly handler: string;
  readonly type: HandlerType;
}

const basics = ['cat', 'head', 'date', 'dd', 'env', 'timeout', 'sh', 'tr'];

export function makeShim(
  t: TestContext,
  { kind, handler, type }: ShimOptions = { kind: 'ispmanager4', handler: 'domainsync', type: 'cgi' },
): Shim {
  const directory = mkdtempSync(join(tmpdir(), 'shim-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const socket = join(directory, 'agent.sock');
  const pause = join(directory, 'pause');
  const observing = join(directory, 'observing');
  const path = join(directory, handler);
  const file = panels[kind].layout.files.find((one) => one.path === `addon/${handler}`);
  if (file === undefined) throw new Error(`${kind} has no handler ${handler}`);
  // The script expects the agent's program in the folder of the hook.
  const hook = join(directory, 'hook.ts');
  symlinkSync(join(import.meta.dirname, '../hook/main.ts'), hook);
  const text = textOf(file, join(import.meta.dirname, '../../plugin'), {
    SOCKET: socket,
    PAUSE: pause,
    OBSERVING: observing,
    NODE: process.execPath,
    HOOK: hook,
    TYPE: type,
  });
  writeFileSync(path, text);
  chmodSync(path, 0o700);
  // ISPmanager 4 starts a handler like a CGI program, and announces the length of the body
  // (docs/protocol.md#handlers-4).
  const announced = kind === 'ispmanager4';
  const shim: Shim = {
    directory,
    socket,
    pause,
    observing,
    tools: ['nc'],
    run: (environment, input = null) => {
      const post = { REQUEST_METHOD: 'POST', CONTENT_LENGTH: String(input?.length ?? 0) };
      const env = { ...(announced && input !== null ? post : {}), ...environment };
      return runShim(path, toolPath(directory, shim.tools), env, input);
    },
  };
  return shim;
}

/** Makes a folder with links to only these programs. @returns the folder, for PATH */
function toolPath(directory: string, tools: readonly string[]): string {
  const bin = join(directory, `bin-${tools.join('-')}`);
  if (existsSync(bin)) return bin;
  mkdirSync(bin);
  for (const tool of [...basics, ...tools]) symlinkSync(which(tool), join(bin, tool));
  return bin;
}

function which(tool: string): string {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    if (existsSync(join(directory, tool))) return join(directory, tool);
  }
  throw new Error(`${tool} is not installed`);
}

export function missing(tool: string): string | false {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0 ? false : `${tool} is not installed`;
}

function runShim(
  path: string,
  tools: string,
  environment: Readonly<Record<string, string>>,
  input: Buffer | null,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(path, [], { env: { PATH: tools, ...environment } });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    // The test fails if the script does not read all of its input, because a panel would get a broken pipe.
    child.stdin.on('error', reject);
    child.on('close', () => {
      const octets = Buffer.concat(chunks);
      resolve({ output: octets.toString('utf8').trimEnd(), octets, ms: performance.now() - started });
    });
    // On a GET the panel may leave standard input open, so the script must not wait for its end.
    if (input !== null) child.stdin.end(input);
  });
}

/** Starts a fake agent that gives every hook call this answer. @returns the calls, as they come */
export async function answering(t: TestContext, shim: Shim, answer: string): Promise<HookCall[]> {
  const calls: HookCall[] = [];
  const server = await listen(shim.socket, {
    hook: (call) => {
      calls.push(call);
      return Promise.resolve(answer);
    },
    control: () => Promise.resolve(''),
  });
  t.after(() => server.close());
  return calls;
}

/** Listens where the shim searches for the agent. */
export async function listening(
  t: TestContext,
  { socket }: Shim,
  answer: (socket: Socket) => void,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((one) => {
    sockets.add(one);
    one.on('error', () => one.destroy());
    answer(one);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => {
    for (const one of sockets) one.destroy();
    server.close();
  });
}
