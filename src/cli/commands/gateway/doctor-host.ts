/** Checks of the gateway's machine: files, certificate, the program that listens, the database. */
import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import { existsSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { note, ok, problemFound, warning, type Finding } from '../../../app/doctor/finding.ts';
import type { GatewaySettings } from '../../../gateway/settings.ts';
import { storageMigrations } from '../../../gateway/storage/migrations.ts';
import { HttpError } from '../../../net/http-error.ts';
import { HttpClient } from '../../../net/http.ts';

const day = 86_400_000;
/** A certificate that ends within so many days is reported. */
const soon = 14;
/** How long a request to the gateway itself may take, milliseconds. */
const answering = 5_000;
/** Least free space at the database, octets. A million entries of the audit take about 500 MB. */
const littleSpace = 512 * 1024 * 1024;

/** Reports that the settings could be read, and whether other users of this machine can read them too. */
export function checkSettingsFile(path: string, { backend, listen }: GatewaySettings): Finding[] {
  const found = ok(
    'settings',
    `${path}: ${backend.kind} at ${backend.address}, listens at ${asText(listen)}`,
  );
  const { mode } = statSync(path);
  if ((mode & 0o007) === 0) return [found];
  const text = `${path} can be read by every user of this machine (mode ${octal(mode)})`;
  return [found, warning('settings', text, `chmod o= ${path}`)];
}

function asText({ host, port }: GatewaySettings['listen']): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8)}`;
}

/** Whether the certificate is valid now, and belongs to the key. */
export function checkCertificate({ certificate }: GatewaySettings, wall: number): Finding[] {
  const check = 'certificate';
  if (certificate === null) return [note(check, 'none: only this machine can reach the gateway')];
  const found = readPair(certificate);
  if (found === null)
    return [problemFound(check, 'certificate or key is not PEM', 'correct "certificate" and "key"')];
  const { chain, key } = found;
  if (!chain.checkPrivateKey(key))
    return [problemFound(check, 'the key does not belong to the certificate', 'name the files of one pair')];
  const [from, to] = [Date.parse(chain.validFrom), Date.parse(chain.validTo)];
  const left = Math.floor((to - wall) / day);
  const names = chain.subjectAltName ?? chain.subject;
  const text = `${names}, valid until ${chain.validTo} (${left} days)`;
  if (from > wall)
    return [problemFound(check, `${text}, but not before ${chain.validFrom}`, 'set the clock')];
  if (to <= wall) return [problemFound(check, text, 'renew it, and restart the gateway')];
  return [left > soon ? ok(check, text) : warning(check, text, 'renew it, and restart the gateway')];
}

function readPair({
  cert,
  key,
}: NonNullable<GatewaySettings['certificate']>): { chain: X509Certificate; key: KeyObject } | null {
  try {
    return { chain: new X509Certificate(cert), key: createPrivateKey(key) };
  } catch (error) {
    // OpenSSL's errors have no class of their own.
    if (error instanceof Error) return null;
    throw error;
  }
}

/** Whether the gateway answers at its address, with the certificate of the settings. */
export async function checkListener({ listen, certificate }: GatewaySettings): Promise<Finding[]> {
  const check = 'listener';
  if (listen.port === 0) return [note(check, 'the port is chosen anew at each start')];
  const host = everyAddress.get(listen.host) ?? listen.host;
  const scheme = certificate === null ? 'http' : 'https';
  const address = `${scheme}://${asText({ host, port: listen.port })}`;
  const sha256 = certificate === null ? '' : new X509Certificate(certificate.cert).fingerprint256;
  const client = new HttpClient({
    base: new URL(address),
    trust: { kind: 'fingerprint', sha256: sha256.replaceAll(':', '').toLowerCase() },
    timeout: answering,
  });
  const asked = { method: 'GET', path: '/v1/account', headers: {}, body: '', repeatable: true } as const;
  try {
    const { status, contentType } = await client.send(asked, AbortSignal.timeout(answering));
    if (status === 401 && contentType.startsWith('application/problem+json'))
      return [ok(check, `the gateway answers at ${address}`)];
    const text = `something else answers at ${address}: status ${status}, ${contentType}`;
    return [problemFound(check, text, 'give the gateway a port of its own')];
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    if (error.kind === 'certificate') {
      const text = `what runs at ${address} has another certificate than that of the settings`;
      return [warning(check, text, 'restart the gateway: systemctl restart domainsync-gateway')];
    }
    const text = `nothing answers at ${address}: ${error.message}`;
    return [problemFound(check, text, 'start the gateway: systemctl start domainsync-gateway')];
  } finally {
    client.close();
  }
}

/** For each address that stands for all addresses of this machine: one at which the gateway can be asked. */
const everyAddress: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** The folder of the SQLite database, its free space, and whether the file is whole. */
export function checkDatabase({ state }: Pick<GatewaySettings, 'state'>): Finding[] {
  const check = 'database';
  const path = join(state, 'gateway.db');
  if (!existsSync(path)) {
    const text = `there is no ${path}: the gateway was never started`;
    return [problemFound(check, text, 'start it, or correct "state"; or put back a copy of the database')];
  }
  const found: Finding[] = [];
  const { mode, uid } = statSync(state);
  if (uid !== process.getuid?.()) {
    const text = `${state} belongs to user ${uid}`;
    return [problemFound(check, text, 'run this as the user of the gateway')];
  }
  if ((mode & 0o077) !== 0)
    found.push(warning(check, `${state} is open to other users (mode ${octal(mode)})`, `chmod 700 ${state}`));
  const { bavail, bsize } = statfsSync(state);
  const text = `${Math.round((bavail * bsize) / 1_048_576)} MiB free at ${state}`;
  found.push(
    bavail * bsize >= littleSpace
      ? ok('disk', text)
      : warning('disk', text, 'free some space: on a full disk every change is refused'),
  );
  return [...found, checkFile(path)];
}

function checkFile(path: string): Finding {
  const check = 'database';
  const restore = 'put back a copy of it (docs/gateway.md, Backup)';
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
      const newest = storageMigrations.length;
      if (version > newest)
        return problemFound(check, `${path} was made by a later release`, 'install that release again');
      const said = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
      if (said !== 'ok') return problemFound(check, `${path} is damaged: ${String(said)}`, restore);
      const older = version < newest ? ', which the gateway brings up to date when it starts' : '';
      return ok(check, `${path} is whole, version ${version} of ${newest}${older}`);
    } finally {
      database.close();
    }
  } catch (error) {
    // The errors of SQLite have no class of their own.
    if (!(error instanceof Error)) throw error;
    return problemFound(check, `${path} cannot be read: ${error.message}`, restore);
  }
}
