import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { problem, type Problem } from '../../dns/problem.ts';
import { readSettings, saveSettingsText, settingsPath } from '../../config/settings.ts';
import type { HandlerType } from '../../panels/layout.ts';
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
import { panelKindAt } from '../wiring/panel-at.ts';
import { pathsOf, type Paths } from '../paths.ts';
import { holds, pointTo, put } from './put-file.ts';
import { version } from '../version.ts';

export interface InstallOptions {
  /** The panel's root directory, absolute. */
  readonly root: string;
  /** Directory of a release: the bundles, `plugin/`, and `node` when it brings its own runtime. */
  readonly from: string;
  /** Another place for the socket. */
  readonly socket?: string | undefined;
  /** Text of a settings file to put in force; absent: settings stay as they are. */
  readonly config?: string | undefined;
  /** Absent: as installed before, else `cgi`. */
  readonly handlers?: HandlerType | undefined;
}

/** What an installation has changed, as paths; nothing when it was the same before. */
export interface Installed {
  readonly version: string;
  readonly kind: PanelKind;
  readonly changed: readonly string[];
  /**
   * Whether the panel has to be restarted to read what was changed, now or in an earlier run; its caches are
   * cleared already.
   */
  readonly restart: boolean;
}

/**
 * Where releases lie under the panel's root, each in a folder of its own; `current` points to the one in use.
 */
export const releases = 'lib/domainsync';

/** Folders without which no panel is there (docs/protocol.md#files-4, #files-5). */
const panelFolders = ['etc', 'addon', 'var'] as const;

const bundles = ['agent.cjs', 'hook.cjs', 'form.cjs', 'domainsync.cjs'] as const;

/** Nothing was changed; carries every reason. */
export class InstallRefused extends Error {
  override readonly name = 'InstallRefused';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ code }) => code).join(', '));
    this.problems = problems;
  }
}

/**
 * Puts a release into a panel's root and in force. Safe to run again: what is the same is left alone. Every
 * file is replaced by rename, so that a handler started meanwhile sees the old one or the new one; settings,
 * journal and log stay. What the panel reads only at its start (docs/protocol.md#files-4, #files-5) is
 * changed last; then it has to be restarted, and a running agent to be replaced.
 * @throws {InstallRefused} before anything is changed
 */
export function install(options: InstallOptions): Installed {
  const { root, from } = options;
  const kind = panelKindAt(root);
  const problems = objections(options, kind);
  if (kind === null || problems.length > 0) throw new InstallRefused(problems);
  const paths = pathsOf(root, options.socket);
  const changed: string[] = [];
  const release = putRelease(root, from, changed);
  pointTo(join(root, releases, 'current'), basename(release), changed);
  mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  if (options.config !== undefined) putConfig(root, options.config, changed);
  const type = options.handlers ?? installedType(root, kind) ?? 'cgi';
  const values = templateValues(paths, existsSync(join(release, 'node')), type);
  const restart = putPanelFiles({ paths, kind, templates: join(from, 'plugin'), values }, changed);
  removeForeignScripts(root, kind);
  return { version, kind, changed, restart };
}

/** Paths were checked for single quotes, which cannot be escaped inside single quotes. */
function templateValues(paths: Paths, ownNode: boolean, type: HandlerType): Readonly<Record<string, string>> {
  const current = join(paths.root, releases, 'current');
  return {
    ROOT: paths.root,
    SOCKET: paths.socket,
    PAUSE: paths.pause,
    NODE: ownNode ? join(current, 'node') : process.execPath,
    HOOK: join(current, 'hook.cjs'),
    FORM: join(current, 'form.cjs'),
    CLI: join(current, 'domainsync.cjs'),
    VERSION: version,
    TYPE: type,
  };
}

interface Placing {
  readonly paths: Paths;
  readonly kind: PanelKind;
  /** The folder `plugin/` of the release. */
  readonly templates: string;
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Puts what the panel reads and starts into place, the description file last: from then on the panel may call
 * the handlers. What another kind of panel had at this root goes.
 * @returns whether the panel has to be restarted, now or still from an earlier time
 */
function putPanelFiles({ paths, kind, templates, values }: Placing, changed: string[]): boolean {
  const { root, restartDue } = paths;
  const { restart } = panels[kind].layout;
  const placed = filesFor(root, kind).map((file) => ({
    file,
    path: join(root, file.path),
    text: textOf(file, templates, values),
  }));
  const own = new Set(placed.map(({ path }) => path));
  const stale = everyPath()
    .map((path) => join(root, path))
    .filter((path) => !own.has(path) && existsSync(path));
  const differs = placed.some(({ file, path, text }) => file.readAtStart === true && !holds(path, text));
  const changes = differs || stale.length > 0;
  // Written first: killed in between, the next run knows that a restart is still due.
  if (changes && !('byHand' in restart)) writeFileSync(restartDue, '', { mode: 0o600 });
  for (const path of stale) {
    rmSync(path);
    changed.push(path);
  }
  for (const { file, path, text } of placed) put(path, file.mode, text, changed);
  const due = changes || existsSync(restartDue);
  if (due) clearCaches(root, kind);
  return due;
}

/** Removes releases that are not in use any more; call it once the agent of the old one has ended. */
export function removeOldReleases(root: string): void {
  const folder = join(root, releases);
  const inUse = readlinkSync(join(folder, 'current'));
  for (const name of readdirSync(folder)) {
    if (name !== 'current' && name !== inUse) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function objections({ root, from, config, handlers }: InstallOptions, kind: PanelKind | null): Problem[] {
  const problems: Problem[] = [];
  if (kind === null) {
    const folder = panelFolders.find((name) => !existsSync(join(root, name))) ?? panelFolders[0];
    problems.push(problem('install.no-panel', { path: root, folder }));
  } else if (handlers !== undefined && !panels[kind].layout.handlerTypes.includes(handlers)) {
    problems.push(problem('install.no-handler-type', { type: handlers }));
  }
  for (const path of [root, process.execPath]) {
    if (path.includes("'")) problems.push(problem('install.quote-in-path', { path }));
  }
  for (const name of [...bundles, 'plugin']) {
    if (!existsSync(join(from, name)))
      problems.push(problem('install.no-release', { path: join(from, name) }));
  }
  if (config !== undefined) problems.push(...objectionsToConfig(config));
  return problems.length > 0 || kind === null
    ? problems
    : placementProblems(root, kind, config !== undefined);
}

function placementProblems(root: string, kind: PanelKind, withConfig: boolean): Problem[] {
  const settings = settingsPath(root);
  const isLink = lstatSync(settings, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  const linked = withConfig && isLink ? [problem('install.in-the-way', { path: settings })] : [];
  const files = filesFor(root, kind).map(({ path }) => join(root, path));
  const placement = {
    files: withConfig ? [...files, settings] : files,
    folders: [join(root, releases), pathsOf(root).state],
    link: join(root, releases, 'current'),
  };
  return [...linked, ...obstacles(placement)];
}

function objectionsToConfig(config: string): readonly Problem[] {
  const read = readSettings(config, 'config');
  if (read.kind === 'broken') return read.problems;
  // An empty file, from a fleet tool gone wrong, must not silently end the mirroring.
  return read.kind === 'not-configured' ? [problem('install.empty-config')] : [];
}

/** The release's folder under the root; copied there unless it was unpacked there. */
function putRelease(root: string, from: string, changed: string[]): string {
  const release = join(root, releases, version);
  if (from === release || sameRelease(from, release)) return release;
  const draft = `${release}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o755 });
  for (const name of [...bundles, 'plugin', 'install', 'node']) {
    if (existsSync(join(from, name))) cpSync(join(from, name), join(draft, name), { recursive: true });
  }
  // An earlier copy of the same version is moved aside first; a program that runs from it keeps its open
  // files.
  const old = `${release}.old`;
  rmSync(old, { recursive: true, force: true });
  if (existsSync(release)) renameSync(release, old);
  renameSync(draft, release);
  rmSync(old, { recursive: true, force: true });
  changed.push(release);
  return release;
}

function sameRelease(from: string, release: string): boolean {
  const templates = readdirSync(join(from, 'plugin'), { recursive: true, encoding: 'utf8' });
  return [...bundles, ...templates.map((name) => join('plugin', name))].every((name) => {
    const placed = join(release, name);
    if (!existsSync(placed)) return false;
    return statSync(placed).isDirectory() || readFileSync(placed).equals(readFileSync(join(from, name)));
  });
}

function putConfig(root: string, config: string, changed: string[]): void {
  const path = settingsPath(root);
  if (existsSync(path) && readFileSync(path, 'utf8') === config) return;
  saveSettingsText(root, config);
  changed.push(path);
}
