import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { safeJson, terminalText } from '../../core/plain-text.ts';
import { secretsOf, settingsPath, settingsText } from '../../config/settings.ts';
import { options } from '../../config/options.ts';
import { parseIni } from '../../config/ini.ts';
import { historyEntries, type ShownEntry } from '../answers/history-entries.ts';
import { statusAnyway } from '../answers/status-anyway.ts';
import type { StatusReport } from '../control/protocol.ts';
import { examine } from '../doctor/index.ts';
import type { Finding } from '../doctor/finding.ts';
import type { Paths } from '../paths.ts';
import { version } from '../version.ts';
import { panelAt } from '../wiring/panel-at.ts';
import { Anonymiser } from './anonymiser.ts';
import { knownSecrets } from './known-secrets.ts';
import { anonymousLine, logTail, usersIn } from './log-lines.ts';
import { Scrubber } from './scrub.ts';
import { shownSettings } from './settings-shown.ts';

/** Most operations that are in the report. */
const mostOperations = 50;

/** Longest entry of the history that is in the report unshortened, characters. */
const longestEntry = 16_384;

/** The data that was collected on this host for the report. Null: it could not be collected. */
interface Collected {
  readonly settings: string;
  readonly findings: readonly Finding[] | null;
  readonly status: StatusReport | null;
  readonly history: readonly ShownEntry[] | null;
  readonly log: readonly string[] | null;
  /** For each section that could not be collected, by name: the reason. */
  readonly failures: ReadonlyMap<string, string>;
}

export interface ReportOptions {
  readonly paths: Paths;
  /** Whether zones, names, addresses and accounts are replaced by pseudonyms. */
  readonly anonymous: boolean;
  /** The present time: wall clock, milliseconds since 1970. */
  readonly wall: number;
}

/**
 * Makes a text that helps people to find a fault on this host. It contains no secret. If a section cannot be
 * collected, the report contains the reason and all other sections. Changes nothing.
 */
export async function makeReport({ paths, anonymous, wall }: ReportOptions): Promise<string> {
  const collected = await collect(paths, wall);
  const scrub = new Scrubber(knownSecrets(collected.settings, secretsOf(paths.root)));
  const names = anonymous ? anonymiserFor(collected) : null;
  const head = [
    `domainsync report of ${new Date(wall).toISOString()}`,
    `names: ${anonymous ? 'replaced by pseudonyms' : 'shown'}; secrets: left out`,
  ].join('\n');
  const clean = (of: string): string => (names === null ? scrub.text(of) : names.text(scrub.text(of)));
  const sections = Object.entries(sectionsOf(paths, collected, names, scrub));
  const texts = sections.map(([name, text]) => {
    const failure = collected.failures.get(name);
    return `== ${name}\n${failure === undefined ? text() : `could not be found out: ${clean(failure)}`}`;
  });
  // Known secrets are replaced once more in the whole text, even if the sections have replaced them already.
  return terminalText(`${scrub.known([head, ...texts, '== end'].join('\n\n'))}\n`);
}

/** Collects all sections. If one fails, the others are still collected. */
async function collect(paths: Paths, wall: number): Promise<Collected> {
  const failures = new Map<string, string>();
  const or = async <T>(name: string, work: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      failures.set(name, error instanceof Error ? error.message : String(error));
      return null;
    }
  };
  const wanted = { filter: {}, latest: mostOperations, central: null };
  const path = settingsPath(paths.root);
  return {
    settings: (await or('settings', () => (existsSync(path) ? settingsText(path) : ''))) ?? '',
    findings: await or('doctor', () => Array.fromAsync(examine({ paths, wall }))),
    status: await or('status', () => statusAnyway(paths)),
    history: await or('history', () => Array.fromAsync(historyEntries(paths, wanted))),
    log: await or('log', () => logTail(paths.log)),
    failures,
  };
}

/** Makes the anonymiser, and gives it the accounts and operations that the report mentions. */
function anonymiserFor({ settings, history, log, status }: Collected): Anonymiser {
  const names = new Anonymiser();
  const configured = parseIni(settings).entries.filter(({ option }) => option === 'username');
  names.learnUsers([
    ...configured.map(({ value }) => value),
    ...(history ?? []).map(({ actor }) => actor),
    ...(status?.centrals ?? []).map(({ central }) => central.account),
    ...usersIn(log ?? []),
  ]);
  const stuck = (status?.centrals ?? []).flatMap(({ engine }) => engine?.stuck ?? []);
  names.learnIds([...(history ?? []), ...stuck].map(({ id }) => id));
  return names;
}

type Sections = Readonly<Record<string, () => string>>;

function sectionsOf(paths: Paths, found: Collected, names: Anonymiser | null, scrub: Scrubber): Sections {
  const text = (of: string): string => (names === null ? scrub.text(of) : names.text(scrub.text(of)));
  const json = (value: unknown): unknown => {
    const clean = scrubbed(value, scrub);
    return names === null ? clean : names.json(clean);
  };
  return {
    versions: () => versions(paths),
    settings: () => shownSettings(found.settings, names),
    doctor: () => (found.findings ?? []).map((one) => findingText(one, text)).join('\n'),
    status: () => safeJson(json(found.status), 2),
    history: () => (found.history ?? []).map((one) => entryText(json(withoutHint(one)))).join('\n'),
    log: () =>
      (found.log ?? [])
        .map((line) => (names === null ? scrub.text(line) : anonymousLine(scrub.text(line), names)))
        .join('\n'),
  };
}

/**
 * Removes the fingerprint from an entry. A fingerprint shows which calls belong together, and is made from
 * the whole content of a call.
 */
function withoutHint(entry: ShownEntry): unknown {
  return { ...entry, fingerprint: undefined };
}

function entryText(entry: unknown): string {
  const whole = safeJson(entry);
  return whole.length <= longestEntry ? whole : `${whole.slice(0, longestEntry)} (cut)`;
}

function findingText({ check, state, text, wayOut }: Finding, clean: (text: string) => string): string {
  const way = wayOut === null ? '' : `\n  -> ${clean(wayOut)}`;
  return `${state.padEnd(8)} ${check.padEnd(12)} ${clean(text)}${way}`;
}

function versions({ root }: Paths): string {
  return [
    `domainsync ${version}`,
    `Node.js ${process.version}, ${process.arch}`,
    `Linux ${release()}, ${systemName()}`,
    `panel: ${panelAt(root).title}`,
    `options known: ${options.length}`,
  ].join('\n');
}

/** Name and version of the operating system (os-release(5)). */
function systemName(): string {
  const path = '/etc/os-release';
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return /^PRETTY_NAME="?([^"\n]*)/mu.exec(text)?.[1] ?? 'unknown';
}

/** Removes secrets from every text in a JSON value. */
function scrubbed(value: unknown, scrub: Scrubber): unknown {
  if (typeof value === 'string') return scrub.text(value);
  if (Array.isArray(value)) return value.map((one) => scrubbed(one, scrub));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, scrubbed(one, scrub)]));
}
