import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Params } from './params.ts';
import { child } from './xml.ts';
import type { Service, Wire } from './serve.ts';
import type { Switches } from './switches.ts';

/** A unix socket's path may be no longer. */
const SOCKET_LIMIT = 100;

/** The program as it runs: plain CommonJS that loads nothing but `net`, because its start is part of every call. */
const PROGRAM = `'use strict';
const socket = require('net').connect(process.argv[2]);
socket.on('error', (error) => {
  process.stderr.write('mgrctl: the panel cannot be reached: ' + error.message + '\\n');
  process.exitCode = 1;
});
const pieces = [];
socket.on('data', (piece) => pieces.push(piece));
socket.on('end', () => {
  const all = Buffer.concat(pieces);
  const cut = all.indexOf(10);
  if (cut < 0) {
    process.stderr.write('mgrctl: the panel gave no answer\\n');
    process.exitCode = 1;
    return;
  }
  process.exitCode = Number(all.subarray(0, cut).toString());
  process.stdout.write(all.subarray(cut + 1));
});
socket.end(JSON.stringify(process.argv.slice(3)));
`;

interface Command {
  readonly func: string;
  readonly params: Params;
}

const USAGE = 'usage: mgrctl [-m panel] [-o xml|text|json] func [name=value ...]\n';

function readCommand(args: readonly string[], panel: string): Command | null {
  let out = 'text';
  let index = 0;
  for (; args[index]?.startsWith('-') === true; index += 2) {
    const value = args[index + 1];
    if (value === undefined) return null;
    if (args[index] === '-o') out = value;
    else if (args[index] !== '-m' || value !== panel) return null;
  }
  const func = args[index];
  if (func === undefined || func.includes('=')) return null;
  const values = args.slice(index + 1).map((arg) => {
    const cut = arg.indexOf('=');
    return cut < 0 ? { name: arg, value: '' } : { name: arg.slice(0, cut), value: arg.slice(cut + 1) };
  });
  const all = [{ name: 'func', value: func }, { name: 'out', value: out }, ...values];
  return { func, params: new Params(all.map((param) => ({ ...param, source: 'query' as const }))) };
}

function reply(wire: Wire, switches: Switches): string | Buffer {
  if (wire.kind === 'cut') return '';
  const failed = wire.result !== null && child(wire.result.doc, 'error') !== undefined;
  return Buffer.concat([Buffer.from(`${failed ? switches.mgrctlErrorExit : 0}\n`), wire.body]);
}

async function answer(
  text: string,
  service: Service,
  switches: Switches,
  panel: string,
): Promise<string | Buffer> {
  const args: unknown = JSON.parse(text);
  const command = Array.isArray(args) ? readCommand(args.map(String), panel) : null;
  if (command === null) return `1\n${USAGE}`;
  const request = {
    params: command.params,
    method: 'GET',
    via: 'mgrctl',
    address: 'local',
    cookie: undefined,
    referer: '',
  } as const;
  return reply(await service.serve(request), switches);
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function install(root: string, socket: string): void {
  const program = join(root, 'var', 'mgrctl.cjs');
  const path = join(root, 'sbin', 'mgrctl');
  writeFileSync(program, PROGRAM, { mode: 0o600 });
  const command = [process.execPath, program, socket].map(quote).join(' ');
  writeFileSync(path, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o700 });
  chmodSync(path, 0o700);
}

/** What `sbin/mgrctl` talks to. */
export interface LocalServer {
  close(): Promise<void>;
}

/**
 * Writes `sbin/mgrctl` (reference section 12) and answers it on a unix socket in `var/`, or in the temporary directory
 * when that path would be too long. Calls are made as the administrator, with `out=text` unless `-o` says otherwise.
 */
export async function startLocal(
  root: string,
  service: Service,
  switches: Switches,
  panel: string,
): Promise<LocalServer> {
  const near = join(root, 'var', 'mgrctl.sock');
  const away = near.length > SOCKET_LIMIT ? mkdtempSync(join(tmpdir(), 'mgrctl-')) : null;
  const path = away === null ? near : join(away, 'mgrctl.sock');
  rmSync(path, { force: true });
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    const pieces: Buffer[] = [];
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('end', () => {
      answer(Buffer.concat(pieces).toString(), service, switches, panel).then(
        (said) => socket.end(said),
        // Stopped in mid-call: mgrctl says that there was no answer.
        () => socket.destroy(),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  install(root, path);
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      if (away !== null) rmSync(away, { recursive: true, force: true });
    },
  };
}
