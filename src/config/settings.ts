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
import * as v from 'valibot';
import type { Problem } from '../dns/problem.ts';
import { centralModule } from '../centrals/registry.ts';
import { changeIni, parseIni, type IniChanges, type IniEntry } from './ini.ts';
import { options, settingsSchema, type Option, type OptionValues } from './options.ts';
import { baseAddress, serverAddress, serverText } from './address.ts';

/** The settings of one central. What has no section of its own there is the same for all of them. */
export interface Settings extends Readonly<ReturnType<typeof namedValues>> {
  /**
   * Which of the panel's centrals it is about: 1 is `[isp_master]`, others have the number of their section.
   */
  readonly number: number;
  /** The settings of further centrals (`[central_2]` ...), by number; empty in those. */
  readonly further: readonly Settings[];
  /**
   * Base URL of the central, https (or http on this machine), with a path only where one was written; of a
   * name server `dns://host:port`.
   */
  readonly address: string;
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

/**
 * `etc/domainsync.ini` under the panel's root; the original's own name is found too
 * (docs/protocol.md#original-plugin).
 */
export function settingsPath(root: string): string {
  const own = join(root, 'etc/domainsync.ini');
  const original = join(root, 'etc/domainssync.ini');
  return !existsSync(own) && existsSync(original) ? original : own;
}

/** Largest settings file read, octets. */
export const mostSettings = 256 * 1024;

/** Mistakes of a file that are reported. */
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

/**
 * Reads the settings of a panel; every mistake is reported at once, with its line. Never throws for what is
 * in the file.
 */
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

/**
 * Where the options of a section of the first central stand for another one; what all share stands with the
 * first.
 */
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
  const values = valuesOf(source, found);
  const written = entries.get('isp_master.host');
  const host = written?.value ?? '';
  const required = number === 1 && further.length === 0 ? [] : ['host'];
  const address = host === '' ? '' : addressFor(values, { path, line: written?.line ?? 0 }, found);
  for (const option of [...required, 'username', 'password']) requireValue(option, entries, path, found);
  problems.push(...(number === 1 ? found : found.map((one) => withSection(one, number))));
  return Object.freeze({ number, further, address, ...namedValues(values) });
}

/**
 * The values of all options. A mistake is reported, and the option then has its default; one in what all
 * share is reported with the first.
 */
function valuesOf({ number, path, entries }: Source, problems: Problem[]): OptionValues {
  const mistaken = new Set<string>();
  const texts = (): unknown => {
    const text = (option: Option): string =>
      mistaken.has(keyOf(option)) ? '' : (entries.get(keyOf(option))?.value ?? '');
    const bySection = Map.groupBy(options, ({ section }) => section);
    return Object.fromEntries(
      [...bySection].map(([section, own]) => [
        section,
        Object.fromEntries(own.map((option) => [option.option, text(option)])),
      ]),
    );
  };
  const read = v.safeParse(settingsSchema, texts(), { abortPipeEarly: true });
  if (read.success) return read.output;
  for (const issue of read.issues) {
    const [section, name] = (v.getDotPath(issue) ?? '').split('.');
    const option = options.find((one) => one.section === section && one.option === name);
    if (option === undefined) throw new Error(`no option ${section}.${name}`);
    mistaken.add(keyOf(option));
    const line = String(entries.get(keyOf(option))?.line ?? 0);
    if (number === 1 || sectionOf(option.section, number) !== option.section)
      problems.push(objection(option, { path, line, option: option.option }));
  }
  return v.parse(settingsSchema, texts());
}

/** What is wrong with a value that is none for this option. @param params where it stands */
function objection({ values }: Option, params: Readonly<Record<string, string>>): Problem {
  if (values.kind === 'number') {
    const { least, most } = values;
    return { code: 'settings.bad-number', params: { ...params, least: String(least), most: String(most) } };
  }
  if (values.kind === 'choice') {
    return { code: 'settings.bad-choice', params: { ...params, choices: values.choices.join(', ') } };
  }
  return { code: 'settings.bad-address', params };
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

/** @param values with an address */
function addressFor(
  { isp_master: { host, kind, transport } }: OptionValues,
  where: Position,
  problems: Problem[],
): string {
  const { host: form } = centralModule(kind);
  if (form !== 'name-server')
    return baseAddress(host, { ...where, plainHere: form === 'web-or-local' }, problems);
  const server = serverAddress(host.replace(/^dns:\/\//i, ''), transport === 'tls' ? 853 : 53);
  if (server !== null) return `dns://${serverText(server)}`;
  const { path, line } = where;
  problems.push({ code: 'settings.bad-address', params: { path, line: String(line), option: 'host' } });
  return '';
}

/** Where something stands. */
interface Position {
  readonly path: string;
  readonly line: number;
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

/** The values of options by the names that the product has for them; all times in milliseconds. */
function namedValues({ isp_master: connection, verify, log, sync, history, contact }: OptionValues) {
  return {
    kind: connection.kind,
    username: connection.username,
    password: connection.password,
    /** Empty = not pinned. */
    fingerprint: connection.fingerprint,
    /** Absolute path; empty = the public authorities. */
    caFile: connection.ca_file,
    login: connection.login,
    /** What only a name server needs (`kind` rfc2136). */
    dns: {
      algorithm: connection.algorithm,
      transport: connection.transport,
      axfr: connection.axfr === 'yes',
    },
    /** How new zones are made (`kind` powerdns); name servers as they were written. */
    newZones: { nameServers: connection.nameservers, kind: connection.zone_kind },
    verify: { servers: verify.servers, strict: verify.mode === 'strict', limit: verify.limit },
    logLevel: log.level,
    logFormat: log.format,
    deadline: sync.deadline,
    afterWait: sync.after_wait,
    readGap: sync.read_gap,
    grace: sync.grace,
    watch: sync.watch,
    compareEvery: sync.compare_every,
    ownerCheck: sync.owner_check,
    /** What is kept of ended operations: for how long, and octets of all operations. */
    history,
    /** Null = nobody named. */
    contact: contact.support === '' ? null : contact.support,
  };
}

/**
 * Writes some settings, everything else in the file stays; the file is 0600 and replaced in one step, synced
 * to disk. A symbolic link in its place is refused, not followed.
 * @throws {RangeError | NotOurFile} for a value the file cannot hold; file system errors as they are, with
 *   the old file in place
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
