import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Problem } from '../dns/problem.ts';
import { centralKindOf, type CentralKind } from '../net/central-kind.ts';
import { changeIni, parseIni, type IniChanges, type IniEntry } from './ini.ts';
import { options, type Option } from './options.ts';
import { Secret } from './secret.ts';
import { baseAddress, serverAddress, serverText, type ServerAddress } from './address.ts';

export interface Settings {
  /**
   * Base URL of the central, https (or http on this machine), with a path only where one was written; of a name server
   * `dns://host:port`.
   */
  readonly address: string;
  readonly kind: CentralKind | 'auto';
  readonly username: string;
  readonly password: Secret;
  /** Empty = not pinned. */
  readonly fingerprint: string;
  /** Absolute path; empty = the public authorities. */
  readonly caFile: string;
  readonly login: 'authinfo' | 'session';
  /** What only a name server needs (`kind` rfc2136). */
  readonly dns: {
    readonly algorithm: string;
    readonly transport: 'tcp' | 'tls' | 'udp';
    readonly axfr: boolean;
  };
  /** How new zones are made (`kind` powerdns). */
  readonly newZones: {
    /** As they were written. */
    readonly nameServers: readonly string[];
    readonly kind: 'native' | 'master';
  };
  readonly verify: {
    readonly servers: readonly ServerAddress[];
    readonly strict: boolean;
    /** Milliseconds. */
    readonly limit: number;
  };
  readonly logLevel: number;
  readonly logFormat: 'text' | 'json';
  /** All in milliseconds. */
  readonly deadline: number;
  readonly afterWait: number;
  readonly readGap: number;
  readonly grace: number;
  readonly watch: number;
  readonly compareEvery: number;
  /** Null = nobody named. */
  readonly contact: string | null;
}

export type LoadedSettings =
  | {
      readonly kind: 'configured';
      readonly path: string;
      readonly settings: Settings;
      readonly warnings: readonly Problem[];
    }
  | { readonly kind: 'not-configured'; readonly path: string }
  | { readonly kind: 'broken'; readonly path: string; readonly problems: readonly Problem[] };

/** `etc/domainsync.ini` under the panel's root; the original's own name is found too (reference 10.5). */
export function settingsPath(root: string): string {
  const own = join(root, 'etc/domainsync.ini');
  const original = join(root, 'etc/domainssync.ini');
  return !existsSync(own) && existsSync(original) ? original : own;
}

/** Reads the settings of a panel; every mistake is reported at once, with its line. Never throws for what is in the file. */
export function loadSettings(root: string): LoadedSettings {
  const path = settingsPath(root);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { kind: 'not-configured', path };
    return { kind: 'broken', path, problems: [{ code: 'settings.unreadable', params: { path } }] };
  }
  return readSettings(text, path);
}

/** @param path for messages only */
export function readSettings(text: string, path: string): LoadedSettings {
  const { entries, mistakes } = parseIni(text);
  const problems: Problem[] = mistakes.map(({ line, kind }) => ({
    code: `settings.${kind}`,
    params: { path, line: String(line) },
  }));
  const values = new Map(entries.map((entry) => [`${entry.section}.${entry.option}`, entry]));
  const host = values.get('isp_master.host')?.value ?? '';
  if (host === '' && problems.length === 0) return { kind: 'not-configured', path };
  const get = (option: Option): string => readOption(option, values.get(keyOf(option)), path, problems);
  const read = Object.fromEntries(options.map((option) => [keyOf(option), get(option)]));
  const place = (key: string): { line: number; path: string } => ({ line: values.get(key)?.line ?? 0, path });
  const address = addressFor(host, read, place('isp_master.host'), problems);
  const servers = listOf(read['verify.servers']).flatMap((one) => {
    const server = serverAddress(one, 53);
    const { line } = place('verify.servers');
    if (server === null) problems.push(badAddress('servers', path, line));
    return server ?? [];
  });
  for (const option of ['username', 'password']) requireValue(option, values, path, problems);
  if (problems.length > 0) return { kind: 'broken', path, problems };
  return {
    kind: 'configured',
    path,
    settings: freeze(address, servers, read),
    warnings: unknownOptions(entries, path),
  };
}

function addressFor(
  host: string,
  read: Readonly<Record<string, string>>,
  place: { readonly line: number; readonly path: string },
  problems: Problem[],
): string {
  const kind = read['isp_master.kind'];
  if (kind !== 'rfc2136') return baseAddress(host, { ...place, plainHere: kind === 'powerdns' }, problems);
  const server = serverAddress(
    host.replace(/^dns:\/\//i, ''),
    read['isp_master.transport'] === 'tls' ? 853 : 53,
  );
  if (server !== null) return `dns://${serverText(server)}`;
  problems.push(badAddress('host', place.path, place.line));
  return '';
}

function badAddress(option: string, path: string, line: number): Problem {
  return { code: 'settings.bad-address', params: { path, line: String(line), option } };
}

/** Words with commas or spaces between. */
function listOf(text = ''): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

function keyOf({ section, option }: Option): string {
  return `${section}.${option}`;
}

function requireValue(
  option: string,
  values: ReadonlyMap<string, IniEntry>,
  path: string,
  problems: Problem[],
): void {
  const entry = values.get(`isp_master.${option}`);
  if ((entry?.value ?? '') !== '') return;
  problems.push({ code: 'settings.missing', params: { path, line: String(entry?.line ?? 0), option } });
}

function readOption(option: Option, entry: IniEntry | undefined, path: string, problems: Problem[]): string {
  const value = entry === undefined || entry.value === '' ? option.fallback : entry.value;
  const wrong = objection(option, value);
  if (wrong !== null) {
    const params = { path, line: String(entry?.line ?? 0), option: option.option, ...wrong.params };
    problems.push({ code: wrong.code, params });
  }
  return value;
}

/** What is wrong with a value of this kind of option; `null` = nothing. */
function objection(
  { kind, least = 0, most = Infinity, choices = [] }: Option,
  value: string,
): Problem | null {
  if (kind === 'seconds' || kind === 'level') {
    const fits = /^\d+$/.test(value) && Number(value) >= least && Number(value) <= most;
    const params = { least: String(least), most: String(most) };
    return fits ? null : { code: 'settings.bad-number', params };
  }
  if (kind === 'choice' && !choices.includes(value)) {
    return { code: 'settings.bad-choice', params: { choices: choices.join(', ') } };
  }
  return null;
}

function unknownOptions(entries: readonly IniEntry[], path: string): Problem[] {
  const known = new Set(options.map(keyOf));
  return entries
    .filter(({ section, option }) => !known.has(`${section}.${option}`))
    .map(({ option, line }) => ({
      code: 'settings.unknown-option',
      params: { path, line: String(line), option },
    }));
}

function freeze(
  address: string,
  servers: readonly ServerAddress[],
  read: Readonly<Record<string, string>>,
): Settings {
  const text = (key: string): string => read[key] ?? '';
  const time = (key: string): number => Number(text(`sync.${key}`)) * 1_000;
  const settings: Settings = {
    address,
    kind: centralKindOf(text('isp_master.kind')),
    username: text('isp_master.username'),
    password: new Secret(text('isp_master.password')),
    fingerprint: text('isp_master.fingerprint'),
    caFile: text('isp_master.ca_file'),
    login: text('isp_master.login') === 'session' ? 'session' : 'authinfo',
    dns: {
      algorithm: text('isp_master.algorithm'),
      transport: transports.find((one) => one === text('isp_master.transport')) ?? 'tcp',
      axfr: text('isp_master.axfr') === 'yes',
    },
    newZones: {
      nameServers: listOf(text('isp_master.nameservers')),
      kind: text('isp_master.zone_kind') === 'master' ? 'master' : 'native',
    },
    verify: {
      servers,
      strict: text('verify.mode') === 'strict',
      limit: Number(text('verify.limit')) * 1_000,
    },
    logLevel: Number(text('log.level')),
    logFormat: text('log.format') === 'json' ? 'json' : 'text',
    deadline: time('deadline'),
    afterWait: time('after_wait'),
    readGap: time('read_gap'),
    grace: time('grace'),
    watch: time('watch'),
    compareEvery: time('compare_every'),
    contact: text('contact.support') === '' ? null : text('contact.support'),
  };
  return Object.freeze(settings);
}

const transports = ['tcp', 'tls', 'udp'] as const;

/**
 * Writes some settings, everything else in the file stays; the file is 0600 and replaced in one step, synced to disk. A symbolic
 * link in its place is refused, not followed.
 * @throws {RangeError | NotOurFile} for a value the file cannot hold; file system errors as they are, with the old file in place
 */
export function saveSettings(root: string, changes: IniChanges): void {
  const path = settingsPath(root);
  const old = isThere(path) ? readFileSync(path, 'utf8') : '';
  saveSettingsText(root, changeIni(old, changes));
}

/** Replaces the whole settings file, in the same way. */
export function saveSettingsText(root: string, text: string): void {
  const path = settingsPath(root);
  isThere(path);
  const draft = `${path}.new`;
  writeSynced(draft, text);
  renameSync(draft, path);
  syncDirectory(dirname(path));
}

/** Something else is where the settings file belongs; nothing was written. */
export class NotOurFile extends Error {
  override readonly name = 'NotOurFile';
}

/** @throws {NotOurFile} when a symbolic link is in its place */
function isThere(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() === true)
    throw new NotOurFile(`${path} is a symbolic link; replace it by a file`);
  return found !== undefined;
}

/** Always a file of its own: one that was left there, or a link, may have another mode or lead elsewhere. */
function writeSynced(path: string, text: string): void {
  rmSync(path, { force: true });
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
