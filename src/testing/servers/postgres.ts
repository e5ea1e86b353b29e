import { spawnSync } from 'node:child_process';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { PostgresSettings } from '../../gateway/storage/postgres.ts';
import { makeCertificate } from './named.ts';
import { freePort, serverFolder, ServerProcess } from './process.ts';

/** A PostgreSQL server of a test, with databases. */
export interface Postgres {
  readonly folder: string;
  /** The certificate with which it answers over TLS, PEM. */
  readonly certificate: string;
  /** Makes an empty database. @returns how it is reached, as superuser */
  database(name: string): Promise<PostgresSettings>;
  /** Runs one statement in a database. @returns the rows */
  query(settings: PostgresSettings, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  start(): Promise<void>;
  /** Ends the server at once, with all its processes. What was committed stays. */
  stop(): Promise<void>;
  /** Suspends the server's first process, which accepts connections. */
  halt(): Promise<void>;
  resume(): void;
  dispose(): Promise<void>;
}

/** Where Debian puts the programs of the server, which PATH lacks. */
const debian = '/usr/lib/postgresql';

/** The reason why a test cannot run that needs PostgreSQL; false: it is installed. */
export function missingPostgres(): string | false {
  return programFolder() === null ? 'postgres not installed (script/servers)' : false;
}

/** The folder with the programs of the newest server; null: there is none. */
function programFolder(): string | null {
  const found = spawnSync('sh', ['-c', 'ls -d "$1"/*/bin/postgres | sort -V | tail -n 1', 'sh', debian]);
  const path = found.stdout.toString().trim();
  return path === '' ? null : join(path, '..');
}

/** The user as whom the server runs. It refuses to run as root. */
function owner(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** Starts a PostgreSQL server with a cluster of its own, on a free port of 127.0.0.1. */
export async function startPostgres(): Promise<Postgres> {
  const programs = programFolder() ?? '';
  const folder = serverFolder('pg');
  const user = owner();
  if (user !== null) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const words = ['-D', data, '-U', 'gateway', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  const made = spawnSync(join(programs, 'initdb'), words, { cwd: folder, ...user });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr.toString()}`);
  const port = await freePort();
  const settings = (database: string): PostgresSettings => ({
    host: '127.0.0.1',
    port,
    database,
    user: 'gateway',
    password: '',
    authorities: '',
    tls: false,
  });
  const query: Postgres['query'] = async ({ host, database, user: name }, sql) => {
    const client = new pg.Client({ host, port, database, user: name });
    await client.connect();
    try {
      const { rows } = await client.query<Readonly<Record<string, unknown>>>(sql);
      return rows;
    } finally {
      await client.end();
    }
  };
  // Only the superuser of the tests needs no password.
  const hosts = ['gateway 127.0.0.1/32 trust', 'all 127.0.0.1/32 scram-sha-256'];
  writeFileSync(join(data, 'pg_hba.conf'), hosts.map((line) => `host all ${line}\n`).join(''));
  makeCertificate(folder);
  const certificate = ['cert.pem', 'key.pem'].map((name) => join(folder, name));
  if (user !== null) for (const file of certificate) chownSync(file, user.uid, user.gid);
  const [cert, key] = certificate;
  const options = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
  // Only a power loss needs synced files, and no test cuts the power.
  options.push('-c', 'fsync=off', '-c', 'max_connections=60');
  options.push('-c', 'ssl=on', '-c', `ssl_cert_file=${cert}`, '-c', `ssl_key_file=${key}`);
  const ready = async (): Promise<boolean> =>
    await query(settings('postgres'), 'SELECT 1').then(
      () => true,
      () => false,
    );
  const server = new ServerProcess(folder, join(programs, 'postgres'), options, ready, user);
  await server.start();
  const stop = async (): Promise<void> => await server.stop('SIGQUIT');
  return {
    folder,
    certificate: readFileSync(join(folder, 'cert.pem'), 'utf8'),
    query,
    database: async (name) => {
      await query(settings('postgres'), `CREATE DATABASE ${name}`);
      return settings(name);
    },
    start: async () => await server.start(),
    stop,
    halt: async () => await server.halt(),
    resume: () => server.resume(),
    dispose: async () => {
      await stop();
      await server.dispose();
    },
  };
}
