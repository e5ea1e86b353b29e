import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import { problem, type Problem } from '../../dns/problem.ts';
import { readSettings, saveSettingsText, settingsPath } from '../../config/settings.ts';
import type { HandlerType, PanelFile } from '../../panels/layout.ts';
import { panels, type PanelKind } from '../../panels/registry.ts';
import { obstacles } from './obstacles.ts';
import {
  clearCaches,
  everyPath,
  filesFor,
  installedType,
  removeForeignScripts,
  textOf,
} from './panel-files.ts';
import { missingFolders, panelKindAt } from '../wiring/panel-at.ts';
import { pathsOf, type Paths } from '../paths.ts';
import { holds, pointTo, put } from './put-file.ts';
import { isUsableKey, keyPath, signingKey, verifyRelease, type KeptKey } from './signature.ts';
import { releaseVersion } from './release-version.ts';
import { isFromSources, version as ownVersion } from '../version.ts';

export interface InstallOptions {
  /** Absolute path of the panel's root directory. */
  readonly root: string;
  /**
   * Directory of an unpacked release: the bundles, `plugin/`, and `node` if the release brings its own
   * Node.js.
   */
  readonly from: string;
  /** Path of the agent's socket; absent: the default path. */
  readonly socket?: string | undefined;
  /** Text of the settings file to write; absent: the settings stay as they are. */
  readonly config?: string | undefined;
  /** The type of the handlers; absent: the type of the installed ones, or else `cgi`. */
  readonly handlers?: HandlerType | undefined;
  /**
   * Public key with which the release must be signed, or a file with the key. It is kept for later releases.
   * Absent: the kept key is used, if there is one.
   */
  readonly key?: string | undefined;
}

/**
 * Folder under the panel's root that holds a folder for each release. The link `current` in it points to the
 * release in use.
 */
export const releases = 'lib/domainsync';

const bundles = ['agent.cjs', 'hook.cjs', 'form.cjs', 'domainsync.cjs'] as const;

/** Everything else that a release archive may contain. A folder of bundles need not have these files. */
const further = [
  'plugin',
  'VERSION',
  'install',
  'node',
  'docs',
  'contrib',
  'licenses',
  'LICENSE',
  'README.md',
  'README.ru.md',
  'CHANGELOG.md',
  'sbom.cdx.json',
  'SHA256SUMS',
  'SHA256SUMS.minisig',
] as const;

/** Thrown when the installation was refused before it changed anything. `problems` holds every reason. */
export class InstallRefused extends Error {
  override readonly name = 'InstallRefused';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ code }) => code).join(', '));
    this.problems = problems;
  }
}

/**
 * Installs a release under a panel's root and makes it the one in use. Files with the same content, settings,
 * journal and log stay. Each file is replaced by a rename, so a handler that starts at the same time finds
 * either the old or the new file. Files that the panel reads only at its start (docs/protocol.md#files-4,
 * #files-5) are written last. Afterwards the caller must restart the panel, if `restart` is set, and replace
 * a running agent.
 * @returns what was done. `restart`: whether the panel must be restarted because this run or an earlier one
 * changed files that the panel reads only at its start. The panel's caches are already cleared then
 * @throws {InstallRefused} before anything is changed
 */
export function install(options: InstallOptions) {
  const { root, from } = options;
  const kind = panelKindAt(root);
  const problems = objections(options, kind);
  if (kind === null || problems.length > 0) throw new InstallRefused(problems);
  const paths = pathsOf(root, options.socket);
  const changed: string[] = [];
  const version = releaseVersion(from) ?? ownVersion;
  const release = putRelease(root, from, version, changed);
  pointTo(join(root, releases, 'current'), basename(release), changed);
  fs.mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  if (options.config !== undefined) putConfig(root, options.config, changed);
  const key = signingKey(root, options.key);
  if (isUsableKey(key)) put(keyPath(root), 0o644, `${key.line}\n`, changed);
  const type = options.handlers ?? installedType(root, kind) ?? 'cgi';
  const values = templateValues(paths, version, fs.existsSync(join(release, 'node')), type);
  const filled = (file: PanelFile): string => textOf(file, join(from, 'plugin'), values);
  const restart = putPanelFiles(paths, kind, filled, changed);
  removeForeignScripts(root, kind);
  return { version, kind, changed, restart };
}

/**
 * Values for the templates. The templates put paths in single quotes, so `objections` refuses a path that
 * contains a single quote.
 */
function templateValues(
  paths: Paths,
  version: string,
  ownNode: boolean,
  type: HandlerType,
): Readonly<Record<string, string>> {
  const current = join(paths.root, releases, 'current');
  return {
    ROOT: paths.root,
    SOCKET: paths.socket,
    PAUSE: paths.pause,
    OBSERVING: paths.observing,
    NODE: ownNode ? join(current, 'node') : process.execPath,
    HOOK: join(current, 'hook.cjs'),
    FORM: join(current, 'form.cjs'),
    CLI: join(current, 'domainsync.cjs'),
    VERSION: version,
    TYPE: type,
  };
}

/**
 * Writes the files that the panel reads and starts, and removes files for other kinds of panels. The
 * description file is written last, because once it exists, the panel calls the handlers.
 * @returns whether the panel must be restarted, because of this run or an earlier one
 */
function putPanelFiles(
  paths: Paths,
  kind: PanelKind,
  textFor: (file: PanelFile) => string,
  changed: string[],
): boolean {
  const { root, restartDue } = paths;
  const { restart } = panels[kind].layout;
  const placed = filesFor(root, kind).map((file) => ({
    file,
    path: join(root, file.path),
    text: textFor(file),
  }));
  const own = new Set(placed.map(({ path }) => path));
  const stale = everyPath()
    .map((path) => join(root, path))
    .filter((path) => !own.has(path) && fs.existsSync(path));
  const differs = placed.some(({ file, path, text }) => file.readAtStart === true && !holds(path, text));
  const changes = differs || stale.length > 0;
  // This file is written before all others. If this run is killed, the next run still knows that the panel
  // needs a restart.
  if (changes && !('byHand' in restart)) fs.writeFileSync(restartDue, '', { mode: 0o600 });
  for (const path of stale) {
    fs.rmSync(path);
    changed.push(path);
  }
  for (const { file, path, text } of placed) put(path, file.mode, text, changed);
  const due = changes || fs.existsSync(restartDue);
  if (due) clearCaches(root, kind);
  return due;
}

/** Removes all releases except the one in use. Call this only after an agent of another release has ended. */
export function removeOldReleases(root: string): void {
  const folder = join(root, releases);
  const inUse = fs.readlinkSync(join(folder, 'current'));
  for (const name of fs.readdirSync(folder)) {
    if (name !== 'current' && name !== inUse) fs.rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function objections(
  { root, from, config, handlers, key }: InstallOptions,
  kind: PanelKind | null,
): Problem[] {
  const problems: Problem[] = [];
  if (kind === null) {
    const [folder = 'etc'] = missingFolders(root);
    problems.push(problem('install.no-panel', { path: root, folder }));
  } else if (handlers !== undefined && !panels[kind].layout.handlerTypes.includes(handlers)) {
    problems.push(problem('install.no-handler-type', { type: handlers }));
  }
  for (const path of [root, process.execPath]) {
    if (path.includes("'")) problems.push(problem('install.quote-in-path', { path }));
  }
  for (const name of [...bundles, 'plugin']) {
    if (!fs.existsSync(join(from, name)))
      problems.push(problem('install.no-release', { path: join(from, name) }));
  }
  problems.push(...objectionsToVersion(from));
  if (config !== undefined) problems.push(...objectionsToConfig(config));
  problems.push(...objectionsToOrigin(from, signingKey(root, key)));
  return problems.length > 0 || kind === null
    ? problems
    : placementProblems(root, kind, config !== undefined);
}

/** A release knows only its own files, so the program of another release must not install it. */
function objectionsToVersion(from: string): Problem[] {
  const version = releaseVersion(from) ?? ownVersion;
  return version === ownVersion || isFromSources
    ? []
    : [problem('install.other-release', { path: from, version, own: ownVersion })];
}

/**
 * Checks the signature of a release. If no key is given or kept from an earlier installation, no signature is
 * needed.
 */
function objectionsToOrigin(from: string, key: KeptKey): Problem[] {
  if (key === null) return [];
  if (!isUsableKey(key)) return [key];
  const verified = verifyRelease(from, key);
  return 'comment' in verified ? [] : [verified];
}

function placementProblems(root: string, kind: PanelKind, withConfig: boolean): Problem[] {
  const settings = settingsPath(root);
  const isLink = fs.lstatSync(settings, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  const linked = withConfig && isLink ? [problem('install.in-the-way', { path: settings })] : [];
  const files = filesFor(root, kind).map(({ path }) => join(root, path));
  const placement = {
    files: [...files, keyPath(root), ...(withConfig ? [settings] : [])],
    folders: [join(root, releases), pathsOf(root).state],
    link: join(root, releases, 'current'),
  };
  return [...linked, ...obstacles(placement)];
}

function objectionsToConfig(config: string): readonly Problem[] {
  const read = readSettings(config, 'config');
  // A password may be in a credential of systemd, which exists only while the agent's unit runs. So a missing
  // credential does not stop the installation.
  if (read.kind === 'broken') return read.problems.filter(({ code }) => code !== 'settings.no-credential');
  // A faulty deployment tool may pass an empty file. This must not silently stop the synchronisation.
  return read.kind === 'not-configured' ? [problem('install.empty-config')] : [];
}

/**
 * Copies the release into the panel's root, unless the same copy is already there.
 * @returns the release's folder
 */
function putRelease(root: string, from: string, version: string, changed: string[]): string {
  const release = join(root, releases, version);
  if (from === release || sameRelease(from, release)) return release;
  const draft = `${release}.new`;
  fs.rmSync(draft, { recursive: true, force: true });
  fs.mkdirSync(draft, { recursive: true, mode: 0o755 });
  for (const name of [...bundles, ...further]) {
    if (fs.existsSync(join(from, name))) fs.cpSync(join(from, name), join(draft, name), { recursive: true });
  }
  // Another copy of this version is moved aside, not removed. Programs that run from that copy can still read
  // their files.
  const old = `${release}.old`;
  fs.rmSync(old, { recursive: true, force: true });
  if (fs.existsSync(release)) fs.renameSync(release, old);
  fs.renameSync(draft, release);
  fs.rmSync(old, { recursive: true, force: true });
  changed.push(release);
  return release;
}

function sameRelease(from: string, release: string): boolean {
  const templates = fs.readdirSync(join(from, 'plugin'), { recursive: true, encoding: 'utf8' });
  const sums = further.filter((name) => name.startsWith('SHA256SUMS') && fs.existsSync(join(from, name)));
  return [...bundles, ...sums, ...templates.map((name) => join('plugin', name))].every((name) => {
    const placed = join(release, name);
    if (!fs.existsSync(placed)) return false;
    return (
      fs.statSync(placed).isDirectory() || fs.readFileSync(placed).equals(fs.readFileSync(join(from, name)))
    );
  });
}

function putConfig(root: string, config: string, changed: string[]): void {
  const path = settingsPath(root);
  if (fs.existsSync(path) && fs.readFileSync(path, 'utf8') === config) return;
  saveSettingsText(root, config);
  changed.push(path);
}
