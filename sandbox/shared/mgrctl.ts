import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCommand } from './mgrctl-command.ts';
import { installProgram } from './mgrctl-program.ts';
import { Params } from './params.ts';
import { child } from './xml.ts';
import type { Request } from './panel.ts';

import type { Profile } from './profile.ts';
import type { Service, Wire } from './serve.ts';
import type { Switches } from './switches.ts';

/** Longest path of a unix socket, in octets. The system's own limit is a little higher. */
const SOCKET_LIMIT = 100;

/** The parts of the panel that the server for mgrctl needs. */
interface Local {
  readonly root: string;
  readonly service: Service;
  readonly switches: Switches;
  readonly profile: Profile;
  /** Restarts the panel, so that it reads its plugin files again. */
  readonly restart: () => void;
  /** Names of the panel's functions. */
  readonly functions: () => readonly string[];
}

function reply(wire: Wire, switches: Switches): string | Buffer {
  if (wire.kind === 'cut') return '';
  const failed = wire.result !== null && child(wire.result.doc, 'error') !== undefined;
  return Buffer.concat([Buffer.from(`${failed ? switches.mgrctlErrorExit : 0}\n`), wire.body]);
}

async function answer(text: string, local: Local): Promise<string | Buffer> {
  const { service, switches, profile, restart } = local;
  const words = text.split('\0').slice(0, -1);
  const command = readCommand(words, profile.panel, profile.mgrctl);
  if (command === null) return `1\n${profile.mgrctl.usage}`;
  switch (command.kind) {
    case 'describe':
      if (command.func === null) return `0\n${local.functions().join('\n')}\n`;
      return reply(await service.serve(request(Params.of({ func: command.func, out: 'text' }))), switches);
    case 'suspend':
    case 'resume':
      return '0\nOK\n';
    case 'exit':
      restart();
      return '0\nOK\n';
    case 'call':
      if (command.restart) restart();
      return reply(await service.serve(request(command.params)), switches);
  }
}

function request(params: Params): Request {
  const nobody = { cookie: undefined, referer: '', headers: {} };
  return { params, method: 'GET', via: 'mgrctl', address: 'local', ...nobody };
}

/** The server that the program `sbin/mgrctl` connects to. */
export interface LocalServer {
  close(): Promise<void>;
}

/**
 * Writes the program `sbin/mgrctl`, and serves it on a unix socket (docs/protocol.md#mgrctl). The socket is
 * in `var/`; if that path is too long, in the temporary directory. Calls run as the administrator, and with
 * `out=text` unless `-o` is given.
 */
export async function startLocal(local: Local): Promise<LocalServer> {
  const { root } = local;
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
      answer(Buffer.concat(pieces).toString(), local).then(
        (said) => socket.end(said),
        // The panel was stopped during the call. mgrctl then reports that it got no answer.
        () => socket.destroy(),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  installProgram(root, path);
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      if (away !== null) rmSync(away, { recursive: true, force: true });
    },
  };
}
