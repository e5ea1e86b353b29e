import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { problem, type Problem } from '../dns/problem.ts';
import { readSettings, saveSettingsText, settingsPath } from '../config/settings.ts';
import { fill } from './fill.ts';
import { pathsOf } from './paths.ts';
import { version } from './version.ts';

export interface InstallOptions {
  /** The panel's root directory, absolute. */
  readonly root: string;
  /** Directory of a release: the bundles, `plugin/`, and `node` when it brings its own runtime. */
  readonly from: string;
  /** Another place for the socket. */
  readonly socket?: string | undefined;
  /** Text of a settings file to put in force; absent: settings stay as they are. */
  readonly config?: string | undefined;
}

/** What an installation has changed, as paths; nothing when it was the same before. */
export interface Installed {
  readonly version: string;
  readonly changed: readonly string[];
}

/** Where releases lie under the panel's root, each in a folder of its own; `current` points to the one in use. */
export const releases = 'lib/domainsync';

/** Programs the panel starts, under the root. */
export const handlers = ['addon/domainsync', 'addon/domainsync_settings'] as const;
export const descriptionFile = 'etc/ispmgr_mod_domainsync.xml';
export const commandFile = 'sbin/domainsync';

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
 * Puts a release into a panel's root and in force. Safe to run again: what is the same is left alone. Every file is replaced by
 * rename, so that a handler started meanwhile sees the old one or the new one; settings, journal and log stay. The panel has to
 * be restarted to read a changed description file (reference 10.1), and a running agent to be replaced.
 * @throws {InstallRefused} before anything is changed
 */
export function install(options: InstallOptions): Installed {
  const { root, from } = options;
  const problems = objections(options);
  if (problems.length > 0) throw new InstallRefused(problems);
  const paths = pathsOf(root, options.socket);
  const changed: string[] = [];
  const release = putRelease(root, from, changed);
  const node = existsSync(join(release, 'node')) ? join(root, releases, 'current/node') : process.execPath;
  const current = join(root, releases, 'current');
  const values = {
    ROOT: root,
    SOCKET: paths.socket,
    PAUSE: paths.pause,
    NODE: node,
    HOOK: join(current, 'hook.cjs'),
    FORM: join(current, 'form.cjs'),
    CLI: join(current, 'domainsync.cjs'),
    VERSION: version,
  };
  pointTo(current, basename(release), changed);
  mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  if (options.config !== undefined) putConfig(root, options.config, changed);
  // Paths were checked for single quotes, which cannot be escaped inside single quotes.
  const template = (name: string): string =>
    fill(readFileSync(join(from, 'plugin/ispmanager4', name), 'utf8'), values);
  // The description file comes last: from then on the panel may call the handlers.
  for (const path of handlers) put(join(root, path), 0o700, template(basename(path)), changed);
  put(join(root, commandFile), 0o700, template('command'), changed);
  put(join(root, descriptionFile), 0o644, template(basename(descriptionFile)), changed);
  return { version, changed };
}

/** Removes releases that are not in use any more; call it once the agent of the old one has ended. */
export function removeOldReleases(root: string): void {
  const folder = join(root, releases);
  const inUse = readlinkSync(join(folder, 'current'));
  for (const name of readdirSync(folder)) {
    if (name !== 'current' && name !== inUse) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function objections({ root, from, config }: InstallOptions): Problem[] {
  const problems: Problem[] = [];
  for (const folder of ['etc', 'addon', 'var']) {
    if (!existsSync(join(root, folder))) {
      problems.push(problem('install.no-panel', { path: root, folder }));
      break;
    }
  }
  for (const path of [root, process.execPath]) {
    if (path.includes("'")) problems.push(problem('install.quote-in-path', { path }));
  }
  for (const name of bundles) {
    if (!existsSync(join(from, name)))
      problems.push(problem('install.no-release', { path: join(from, name) }));
  }
  if (config !== undefined) {
    const read = readSettings(config, 'config');
    if (read.kind === 'broken') problems.push(...read.problems);
    // An empty file, from a fleet tool gone wrong, must not silently end the mirroring.
    if (read.kind === 'not-configured') problems.push(problem('install.empty-config'));
  }
  return problems;
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
  // An earlier copy of the same version is moved aside first; a program that runs from it keeps its open files.
  const old = `${release}.old`;
  rmSync(old, { recursive: true, force: true });
  if (existsSync(release)) renameSync(release, old);
  renameSync(draft, release);
  rmSync(old, { recursive: true, force: true });
  changed.push(release);
  return release;
}

function sameRelease(from: string, release: string): boolean {
  return bundles.every((name) => {
    const placed = join(release, name);
    return existsSync(placed) && readFileSync(placed).equals(readFileSync(join(from, name)));
  });
}

function pointTo(link: string, target: string, changed: string[]): void {
  try {
    if (readlinkSync(link) === target) return;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const draft = `${link}.new`;
  rmSync(draft, { force: true });
  symlinkSync(target, draft);
  renameSync(draft, link);
  changed.push(link);
}

function putConfig(root: string, config: string, changed: string[]): void {
  const path = settingsPath(root);
  if (existsSync(path) && readFileSync(path, 'utf8') === config) return;
  saveSettingsText(root, config);
  changed.push(path);
}

function put(path: string, mode: number, text: string, changed: string[]): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) {
    chmodSync(path, mode);
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode });
  chmodSync(draft, mode);
  renameSync(draft, path);
  changed.push(path);
}
