import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { Problem } from '../dns/problem.ts';
import { isSystemError } from '../net/system-error.ts';
import { centralModule } from '../centrals/registry.ts';
import { credentialsFolder } from './credentials.ts';
import { changeIni, parseIni, type IniChanges, type IniEntry } from './ini.ts';
import { notifyProblems, notifyValues } from './notify-options.ts';
import { objection, optionKey, readOptions, type Option } from './option-table.ts';
import { options, settingsSchema, type OptionValues } from './options.ts';
import { centralAddress } from './address.ts';
import { secretReader, type SecretReader } from './secret-file.ts';
import { numbersIn, sectionOf } from './sections.ts';
import { fileOption, fileSecrets } from './secret-options.ts';

/**
 * The settings of one central. Only the sections `[isp_master]` and `[verify]` can be given for each central;
 * all other settings are the same for all centrals.
 */
export interface Settings extends Readonly<ReturnType<typeof namedValues>> {
  /** Number of the central. `[isp_master]` has number 1; the section `[central_N]` has number N. */
  readonly number: number;
  /**
   * The settings of the further centrals (`[central_2]` ...), in the order of their numbers. Always empty in
   * the settings of a further central.
   */
  readonly further: readonly Settings[];
  /**
   * Base URL of the central: https, or http on this machine. It has a path only if the file names one. For a
   * name server: `dns://host:port`.
   */
  readonly address: string;
}

export type LoadedSettings =
  | {
      readonly kind: 'configured';
      readonly path: string;
      readonly settings: Settings;
      readonly warnings: readonly Problem[];
      readonly files: NamedFiles;
    }
  | { readonly kind: 'not-configured'; readonly path: string }
  | {
      readonly kind: 'broken';
      readonly path: string;
      readonly problems: readonly Problem[];
      /** The value of `[sync] mode`; null: the file does not name a valid mode, or cannot be read. */
      readonly mode: Settings['mode'] | null;
      readonly files: NamedFiles;
    };

/** Paths of the files that the settings name: files with secrets and files with certificate authorities. */
type NamedFiles = readonly string[];

/**
 * Path of the settings file: `etc/domainsync.ini` under the panel's root. If only the original plugin's file
 * exists, the path of that file (docs/protocol.md#original-plugin).
 */
export function settingsPath(root: string): string {
  const own = join(root, 'etc/domainsync.ini');
  const original = join(root, 'etc/domainssync.ini');
  return !fs.existsSync(own) && fs.existsSync(original) ? original : own;
}

/** Largest settings file that is read, octets. */
export const mostSettings = 256 * 1024;

/** Most mistakes in the lines of a file that are reported. */
const mostMistakes = 50;

/** Thrown when the settings file is larger than {@link mostSettings}. */
export class SettingsTooLarge extends Error {
  override readonly name = 'SettingsTooLarge';
  readonly code = 'settings.too-large';
}

/**
 * Reads the text of the settings file.
 * @throws {SettingsTooLarge} over 256 KiB
 * @throws {Error} errors of the file system, unchanged
 */
export function settingsText(path: string): string {
  const file = fs.openSync(path, 'r');
  try {
    if (fs.fstatSync(file).size > mostSettings) throw new SettingsTooLarge(path);
    return fs.readFileSync(file, 'utf8');
  } finally {
    fs.closeSync(file);
  }
}

/**
 * Reads the settings of a panel. Returns all mistakes together, each with its line, and does not throw
 * because of what the file contains.
 */
export function loadSettings(root: string): LoadedSettings {
  const path = settingsPath(root);
  let text: string;
  try {
    text = settingsText(path);
  } catch (error) {
    if (error instanceof SettingsTooLarge) return tooLarge(path);
    if (isSystemError(error, 'ENOENT')) return { kind: 'not-configured', path };
    const problems = [{ code: 'settings.unreadable', params: { path } }];
    return { kind: 'broken', path, problems, files: [], mode: null };
  }
  return readSettings(text, path, secretsOf(root));
}

/** Makes the reader of the secret files that a panel's settings name. */
export function secretsOf(root: string): SecretReader {
  return secretReader(() => credentialsFolder(root));
}

function tooLarge(path: string): LoadedSettings {
  const params = { path, most: String(mostSettings / 1024) };
  return { kind: 'broken', path, problems: [{ code: 'settings.too-large', params }], files: [], mode: null };
}

/**
 * Parses settings from the text of a file.
 * @param path the file's path, for messages only
 * @param readSecret reads the files with secrets that the text names; by default absolute paths only
 */
export function readSettings(
  text: string,
  path: string,
  readSecret: SecretReader = secretReader(() => null),
): LoadedSettings {
  if (text.length > mostSettings) return tooLarge(path);
  const { entries, mistakes } = parseIni(text);
  const files: string[] = [];
  const problems: Problem[] = mistakes.slice(0, mostMistakes).map(({ line, kind }) => ({
    code: `settings.${kind}`,
    params: { path, line: String(line) },
  }));
  const numbers = numbersIn(entries);
  const found = new Map(entries.map((entry) => [`${entry.section}.${entry.option}`, entry]));
  const all = numbers.map((number): Source => {
    return { number, path, entries: entriesOf(number, found), readSecret, problems, files };
  });
  const [first, ...others] = all;
  if (first === undefined) throw new Error('there is always a first central');
  const host = first.entries.get('isp_master.host')?.value ?? '';
  if (host === '' && others.length === 0 && problems.length === 0) return { kind: 'not-configured', path };
  const further = others.map((source) => readCentral(source, []));
  const settings = readCentral(first, further);
  problems.push(...sameTwice([settings, ...further], all));
  const named = found.get('sync.mode')?.value === settings.mode ? settings.mode : null;
  if (problems.length > 0) return { kind: 'broken', path, problems, files, mode: named };
  return { kind: 'configured', path, settings, warnings: unknownOptions(entries, numbers, path), files };
}

/**
 * Writes all settings of one central as text, secrets included. Two settings are the same if their texts are
 * equal.
 */
export function wholeText(settings: Settings): string {
  const secrets = [settings.password, settings.passwordNext].map((one) => one.reveal());
  return JSON.stringify({ ...settings, secrets });
}

/** The settings of all centrals, in order, with the first central at the beginning. */
export function everyCentral(settings: Settings): readonly Settings[] {
  return [settings, ...settings.further];
}

/**
 * The part of the settings file that concerns one central, and lists that collect problems and file names.
 */
interface Source {
  readonly number: number;
  readonly path: string;
  /** The entries by `section.option`. Their sections are renamed to those of the first central. */
  readonly entries: ReadonlyMap<string, IniEntry>;
  readonly readSecret: SecretReader;
  /** All centrals add their problems to this list. */
  readonly problems: Problem[];
  /** Each central adds to this list the files that its settings name. */
  readonly files: string[];
}

function entriesOf(number: number, found: ReadonlyMap<string, IniEntry>): ReadonlyMap<string, IniEntry> {
  return new Map(
    options.flatMap((option) => {
      const entry = found.get(`${sectionOf(option.section, number)}.${option.option}`);
      return entry === undefined ? [] : [[optionKey(option), entry]];
    }),
  );
}

function readCentral(source: Source, further: readonly Settings[]): Settings {
  const { number, path, entries, problems } = source;
  const found: Problem[] = [];
  const secrets = secretsIn(source, found);
  const values = valuesOf(source, secrets, found);
  const problemAt = (option: string, code: string): Problem => {
    const line = String(entries.get(`isp_master.${option}`)?.line ?? 0);
    return { code, params: { path, line, option } };
  };
  const { host, kind, transport } = values.isp_master;
  const address = host === '' ? { url: '' } : centralAddress(host, centralModule(kind).host, transport);
  if (typeof address === 'string') found.push(problemAt('host', address));
  const required = number === 1 && further.length === 0 ? [] : ['host'];
  const isMissing = (option: string): boolean =>
    (entries.get(`isp_master.${option}`)?.value ?? '') === '' && !secrets.has(`isp_master.${option}`);
  const missing = [...required, 'username', 'password'].filter(isMissing);
  found.push(...missing.map((option) => problemAt(option, 'settings.missing')));
  // All centrals share the section `[notify]`, so it is checked only once.
  if (number === 1) found.push(...notificationProblems(source, values, secrets));
  problems.push(...(number === 1 ? found : found.map((one) => withSection(one, number))));
  const caFile = values.isp_master.ca_file;
  if (caFile !== '') source.files.push(caFile);
  const url = typeof address === 'string' ? '' : address.url;
  return Object.freeze({ number, further, address: url, ...namedValues(values) });
}

/** The secrets by `section.option`. A text is empty if the file with the secret cannot be used. */
type Secrets = ReadonlyMap<string, string>;

/**
 * Reads the secrets of one central that are in files. For options that all centrals share, problems are
 * reported only once.
 */
function secretsIn({ number, path, entries, readSecret, files }: Source, problems: Problem[]): Secrets {
  const read = fileSecrets(options, entries, path, readSecret);
  files.push(...read.files);
  const own = read.problems.filter(({ section }) => number === 1 || sectionOf(section, number) !== section);
  problems.push(...own.map((one) => one.problem));
  return read.texts;
}

function notificationProblems(
  { path, entries }: Source,
  { notify }: OptionValues,
  secrets: Secrets,
): readonly Problem[] {
  // The secret is empty because its file cannot be used. That problem is reported already.
  if (secrets.get('notify.webhook_secret') === '') return [];
  const lineOf = (option: string): number =>
    (entries.get(`notify.${option}`) ?? entries.get(`notify.${fileOption(option)}`))?.line ?? 0;
  return notifyProblems(notify, path, lineOf);
}

/**
 * The values of all options of one central. A mistake is reported, and its option gets the default. A mistake
 * in an option that all centrals share is reported only for the first central.
 */
function valuesOf({ number, path, entries }: Source, secrets: Secrets, problems: Problem[]): OptionValues {
  const textOf = (option: Option): string => {
    const key = optionKey(option);
    return secrets.get(key) ?? entries.get(key)?.value ?? '';
  };
  return readOptions(settingsSchema, textOf, (option) => {
    if (number !== 1 && sectionOf(option.section, number) === option.section) return;
    const line = String(entries.get(optionKey(option))?.line ?? 0);
    problems.push(objection(option, { path, line, option: option.option }));
  });
}

/** Adds to a problem the name of the section in which the further central has the option. */
function withSection({ code, params }: Problem, number: number): Problem {
  const { option = '' } = params;
  const known = options.find((one) => one.option === option);
  const section = sectionOf(known?.section ?? 'isp_master', number);
  return { code, params: { ...params, option: `[${section}] ${option}` } };
}

/**
 * Finds centrals that use the same account as an earlier central. This is not allowed, because an account has
 * only one ledger.
 */
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

/** The values of options under the names used in code. All times are in milliseconds. */
function namedValues({
  isp_master: connection,
  verify,
  delegation,
  log,
  sync,
  limits,
  history,
  status,
  contact,
  notify,
}: OptionValues) {
  return {
    kind: connection.kind,
    username: connection.username,
    password: connection.password,
    /** The password to try if the central refuses `password`. Empty: there is none. */
    passwordNext: connection.password_next,
    /** The file that holds the password, as the settings name it. Empty: the password is in the settings. */
    passwordFile: connection.password_file,
    /**
     * SHA-256 of the only certificate to trust. Empty: any certificate of a trusted authority is accepted.
     */
    fingerprint: connection.fingerprint,
    /** Path of a file with the certificate authority to trust. Empty: the public authorities are trusted. */
    caFile: connection.ca_file,
    login: connection.login,
    /** Options for a central that is a name server (`kind = rfc2136`). */
    dns: {
      algorithm: connection.algorithm,
      transport: connection.transport,
      axfr: connection.axfr === 'yes',
    },
    /** Options for new zones. The names of name servers are as in the file. */
    newZones: { nameServers: connection.nameservers, kind: connection.zone_kind },
    /**
     * Whether the serial of a PowerDNS zone of kind `native` counts as a proof that nobody has changed the
     * zone.
     */
    nativeSerials: connection.native_serials === 'yes',
    verify: { servers: verify.servers, strict: verify.mode === 'strict', limit: verify.limit },
    /** Resolvers that are asked to which name servers zones are delegated; empty: none is asked. */
    resolvers: delegation.resolvers,
    logLevel: log.level,
    logFormat: log.format,
    /** `observe`: domainsync refuses nothing and writes nothing. */
    mode: sync.mode,
    deadline: sync.deadline,
    afterWait: sync.after_wait,
    readGap: sync.read_gap,
    readLag: sync.read_lag,
    grace: sync.grace,
    watch: sync.watch,
    compareEvery: sync.compare_every,
    serialsEvery: sync.serials_every,
    /** Address of the panel's own name server, at which serials are read. */
    serialServer: sync.serials_from,
    ownerCheck: sync.owner_check,
    limits: {
      records: limits.records,
      share: limits.share,
      largeZone: limits.large_zone,
      zoneShare: limits.zone_share,
      zones: limits.zones,
    },
    /**
     * How long the journal keeps ended operations (`keep`, milliseconds), and how much space they may take
     * together (`most`, octets).
     */
    history,
    /** Most records that may be in conflict before an administrator has to look at the panel. */
    conflicts: status.conflicts,
    /** Whom users should ask for help. Null: the settings name nobody. */
    contact: contact.support === '' ? null : contact.support,
    notify: notifyValues(notify),
  };
}

/**
 * Changes some settings, and leaves the rest of the file unchanged. Replaces the file by rename after its
 * content is safely on disk; the new file has mode 0600. If a symbolic link is at its path, writes nothing.
 * @throws {RangeError} for a value that the file cannot contain
 * @throws {NotOurFile} for a symbolic link
 * @throws {Error} errors of the file system, unchanged; the old file then stays
 */
export function saveSettings(root: string, changes: IniChanges): void {
  const path = settingsPath(root);
  const old = isThere(path) ? settingsText(path) : '';
  saveSettingsText(root, changeIni(old, changes));
}

/** Replaces the whole text of the settings file, in the same way as {@link saveSettings}. */
export function saveSettingsText(root: string, text: string): void {
  const path = settingsPath(root);
  isThere(path);
  const draft = `${path}.new`;
  // A file of an earlier failed write may still exist, with another mode or as a link to another file.
  fs.rmSync(draft, { force: true });
  fs.writeFileSync(draft, text, { flag: 'wx', mode: 0o600, flush: true });
  fs.renameSync(draft, path);
  syncDirectory(dirname(path));
}

/** Thrown when the path of the settings file is a symbolic link. Nothing was written. */
export class NotOurFile extends Error {
  override readonly name = 'NotOurFile';
}

/** Whether the settings file exists. @throws {NotOurFile} for a symbolic link */
function isThere(path: string): boolean {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() === true)
    throw new NotOurFile(`${path} is a symbolic link; replace it by a file`);
  return found !== undefined;
}

function syncDirectory(path: string): void {
  const directory = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}
