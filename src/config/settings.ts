import {
  closeSync,
  existsSync,
  fstatSync,
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
  /** Which of the panel's centrals it is about: 1 is `[isp_master]`, others have the number of their section. */
  readonly number: number;
  /** The settings of further centrals (`[central_2]` ...), by number; empty in those. What has no section there is the same. */
  readonly further: readonly Settings[];
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
  readonly ownerCheck: 'on' | 'off';
  /** What is kept of ended operations: for how long (milliseconds), and octets of all operations. */
  readonly history: { readonly keep: number; readonly most: number };
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

/** `etc/domainsync.ini` under the panel's root; the original's own name is found too (docs/protocol.md#original-plugin). */
export function settingsPath(root: string): string {
  const own = join(root, 'etc/domainsync.ini');
  const original = join(root, 'etc/domainssync.ini');
  return !existsSync(own) && existsSync(original) ? original : own;
}

/** Largest settings file read, octets. */
export const mostSettings = 256 * 1024;

/** Mistakes of a file that are told. */
const mostMistakes = 50;

/** The settings file is too large to be one. */
export class SettingsTooLarge extends Error {
  override readonly name = 'SettingsTooLarge';
  readonly code = 'settings.too-large';
}

/**
 * The text of the settings file.
 * @throws {SettingsTooLarge} over 256 KiB; file system errors as they are
 */
export function settingsText(path: string): string {
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).size > mostSettings) throw new SettingsTooLarge(path);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Reads the settings of a panel; every mistake is reported at once, with its line. Never throws for what is in the file. */
export function loadSettings(root: string): LoadedSettings {
  const path = settingsPath(root);
  let text: string;
  try {
    text = settingsText(path);
  } catch (error) {
    if (error instanceof SettingsTooLarge) return tooLarge(path);
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { kind: 'not-configured', path };
    return { kind: 'broken', path, problems: [{ code: 'settings.unreadable', params: { path } }] };
  }
  return readSettings(text, path);
}

function tooLarge(path: string): LoadedSettings {
  const params = { path, most: String(mostSettings / 1024) };
  return { kind: 'broken', path, problems: [{ code: 'settings.too-large', params }] };
}

/** @param path for messages only */
export function readSettings(text: string, path: string): LoadedSettings {
  if (text.length > mostSettings) return tooLarge(path);
  const { entries, mistakes } = parseIni(text);
  const problems: Problem[] = mistakes.slice(0, mostMistakes).map(({ line, kind }) => ({
    code: `settings.${kind}`,
    params: { path, line: String(line) },
  }));
  const numbers = numbersIn(entries);
  const found = new Map(entries.map((entry) => [`${entry.section}.${entry.option}`, entry]));
  const all = numbers.map((number): Source => ({ number, path, entries: entriesOf(number, found) }));
  const [first = { number: 1, path, entries: new Map<string, IniEntry>() }, ...others] = all;
  const host = first.entries.get('isp_master.host')?.value ?? '';
  if (host === '' && others.length === 0 && problems.length === 0) return { kind: 'not-configured', path };
  const further = others.map((source) => readCentral(source, [], problems));
  const settings = readCentral(first, further, problems);
  problems.push(...sameTwice([settings, ...further], all));
  if (problems.length > 0) return { kind: 'broken', path, problems };
  return { kind: 'configured', path, settings, warnings: unknownOptions(entries, numbers, path) };
}

/** All centrals of the settings, the first one first. */
export function everyCentral(settings: Settings): readonly Settings[] {
  return [settings, ...settings.further];
}

/** What stands in the file for one central. */
interface Source {
  readonly number: number;
  readonly path: string;
  /** By section and option as the first central has them. */
  readonly entries: ReadonlyMap<string, IniEntry>;
}

const furtherSection = /^central_([2-9]|[1-9]\d{1,2})$/u;

/** 1, and the numbers of the sections of further centrals. */
function numbersIn(entries: readonly IniEntry[]): readonly number[] {
  const further = entries.flatMap(({ section }) => furtherSection.exec(section)?.[1] ?? []).map(Number);
  return [1, ...[...new Set(further)].toSorted((a, b) => a - b)];
}

/** Where the options of a section of the first central stand for another one; what all share stands with the first. */
function sectionOf(section: string, number: number): string {
  if (number === 1) return section;
  if (section === 'isp_master') return `central_${number}`;
  return section === 'verify' ? `verify_${number}` : section;
}

function entriesOf(number: number, found: ReadonlyMap<string, IniEntry>): ReadonlyMap<string, IniEntry> {
  return new Map(
    options.flatMap((option) => {
      const entry = found.get(`${sectionOf(option.section, number)}.${option.option}`);
      return entry === undefined ? [] : [[keyOf(option), entry]];
    }),
  );
}

function readCentral(source: Source, further: readonly Settings[], problems: Problem[]): Settings {
  const { number, path, entries } = source;
  const found: Problem[] = [];
  const own = options.filter(({ section }) => number === 1 || sectionOf(section, number) !== section);
  const get = (option: Option): string => readOption(option, entries.get(keyOf(option)), path, found);
  const read = Object.fromEntries(own.map((option) => [keyOf(option), get(option)]));
  // A mistake in what all share is told with the first.
  const ignored: Problem[] = [];
  for (const option of options) {
    read[keyOf(option)] ??= readOption(option, entries.get(keyOf(option)), path, ignored);
  }
  const place = (key: string): { line: number; path: string } => ({
    line: entries.get(key)?.line ?? 0,
    path,
  });
  const host = entries.get('isp_master.host')?.value ?? '';
  const required = number === 1 && further.length === 0 ? [] : ['host'];
  const address = host === '' ? '' : addressFor(host, read, place('isp_master.host'), found);
  const servers = listOf(read['verify.servers']).flatMap((one) => {
    const server = serverAddress(one, 53);
    const { line } = place('verify.servers');
    if (server === null) found.push(badAddress('servers', path, line));
    return server ?? [];
  });
  for (const option of [...required, 'username', 'password']) requireValue(option, entries, path, found);
  problems.push(...(number === 1 ? found : found.map((one) => withSection(one, number))));
  return freeze({ number, address, servers, read, further });
}

/** A problem of a further central names its section. */
function withSection({ code, params }: Problem, number: number): Problem {
  const { option = '' } = params;
  const known = options.find((one) => one.option === option);
  const section = sectionOf(known?.section ?? 'isp_master', number);
  return { code, params: { ...params, option: `[${section}] ${option}` } };
}

/** An account has one ledger, and may be named once. */
function sameTwice(all: readonly Settings[], sources: readonly Source[]): Problem[] {
  return all.flatMap(({ number, address, username }, at) => {
    const earlier = all.slice(0, at).find((one) => one.address === address && one.username === username);
    if (earlier === undefined || address === '') return [];
    const entry = sources[at]?.entries.get('isp_master.host');
    const section = sectionOf('isp_master', number);
    const other = sectionOf('isp_master', earlier.number);
    const params = { path: sources[at]?.path ?? '', line: String(entry?.line ?? 0), section, other };
    return [{ code: 'settings.same-central', params }];
  });
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
  if (kind === 'seconds' || kind === 'level' || kind === 'count') {
    const fits = /^\d+$/.test(value) && Number(value) >= least && Number(value) <= most;
    const params = { least: String(least), most: String(most) };
    return fits ? null : { code: 'settings.bad-number', params };
  }
  if (kind === 'choice' && !choices.includes(value)) {
    return { code: 'settings.bad-choice', params: { choices: choices.join(', ') } };
  }
  return null;
}

function unknownOptions(entries: readonly IniEntry[], numbers: readonly number[], path: string): Problem[] {
  const known = new Set(
    numbers.flatMap((number) =>
      options.map(({ section, option }) => `${sectionOf(section, number)}.${option}`),
    ),
  );
  return entries
    .filter(({ section, option }) => !known.has(`${section}.${option}`))
    .map(({ option, line }) => ({
      code: 'settings.unknown-option',
      params: { path, line: String(line), option },
    }));
}

function freeze({
  number,
  address,
  servers,
  read,
  further,
}: Pick<Settings, 'number' | 'address' | 'further'> & {
  readonly servers: readonly ServerAddress[];
  readonly read: Readonly<Record<string, string>>;
}): Settings {
  const text = (key: string): string => read[key] ?? '';
  const time = (key: string): number => Number(text(`sync.${key}`)) * 1_000;
  const settings: Settings = {
    number,
    further,
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
    ownerCheck: text('sync.owner_check') === 'off' ? 'off' : 'on',
    history: {
      keep: Number(text('history.keep')) * 86_400_000,
      most: Number(text('history.most')) * 1_048_576,
    },
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
  const old = isThere(path) ? settingsText(path) : '';
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
