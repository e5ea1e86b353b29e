import { existsSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { panels, type PanelKind } from '../../panels/registry.ts';
import { commandFile, type PanelFile, type PanelLayout } from '../../panels/layout.ts';
import { releases } from '../install/install.ts';
import { filesFor, installedType, textOf } from '../install/panel-files.ts';
import { panelKindAt } from '../wiring/panel-at.ts';
import type { Paths } from '../paths.ts';
import { restartCommand } from '../install/restart-panel.ts';
import { version } from '../version.ts';
import { note, ok, problemFound, warning, type Finding } from './finding.ts';
import { tailOf } from '../tail.ts';

const again = 'run "domainsync install" again';
const check = 'plugin files';

/**
 * Checks the files that the panel reads and starts: they must exist, be complete and belong to one release.
 */
export function checkFiles(paths: Paths): Finding[] {
  const { root } = paths;
  const kind = panelKindAt(root);
  if (kind === null) return [];
  const files = filesFor(root, kind);
  const absent = files.map(({ path }) => join(root, path)).filter((path) => !existsSync(path));
  if (absent.length > 0) return [problemFound(check, `missing: ${absent.join(', ')}`, again)];
  const current = join(root, releases, 'current');
  const target = existsSync(join(current, 'agent.cjs')) ? readlinkSync(current) : null;
  const found = [
    ...files.flatMap((file) => checkMode(root, file)),
    ...checkRelease(root, target),
    ...checkTexts(root, kind, target === null ? null : join(current, 'plugin')),
    ...checkRestart(paths, kind),
  ];
  return found.length > 0 ? found : [ok(check, `all there, release ${target ?? version}`)];
}

/**
 * Checks a file's mode and owner. The panel does not start a handler that it may not execute, or that other
 * users may write (docs/protocol.md#files-4, #files-5).
 */
function checkMode(root: string, file: PanelFile): Finding[] {
  const path = join(root, file.path);
  const { mode, uid } = statSync(path);
  if ((mode & 0o777) === file.mode && uid === process.getuid?.()) return [];
  const text = `${path} has mode ${octal(mode)} and owner ${uid}, should be ${octal(file.mode)} and ours`;
  return [problemFound(check, text, again)];
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8)}`;
}

function checkRelease(root: string, target: string | null): Finding[] {
  if (target === null) {
    return [problemFound(check, `${join(root, releases, 'current')} points to no release`, again)];
  }
  if (target === version) return [];
  const text = `${join(root, releases, 'current')} is ${target}, this program is ${version}`;
  return [warning(check, text, `use ${join(root, commandFile.path)}`)];
}

/**
 * Compares files with the templates of the release in use, whatever values are filled in. Finds files that
 * are cut off or belong to another release.
 */
function checkTexts(root: string, kind: PanelKind, templates: string | null): Finding[] {
  if (templates === null) return [];
  return filesFor(root, kind)
    .filter((file) => !isOf(readFileSync(join(root, file.path), 'utf8'), textOf(file, templates, {})))
    .map(({ path }) => problemFound(check, `${path} is cut off or not of the release in use`, again));
}

/** Whether a text is this template with any values filled in for its `@NAME@` places. */
function isOf(text: string, template: string): boolean {
  const pieces = template.split(/@[A-Z]+@/u).map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/gu, '\\$&'));
  return new RegExp(`^${pieces.join('[^\\n]*')}$`, 'u').test(text);
}

function checkRestart({ root, restartDue }: Paths, kind: PanelKind): Finding[] {
  if (!existsSync(restartDue)) return [];
  const text = 'the panel has perhaps not been restarted since its files were changed';
  return [note(check, text, restartCommand(root, kind))];
}

/** Number of octets at the end of the panel's log that are searched. */
const logTail = 4 * 1_048_576;

/**
 * Checks whether the panel's log says that our handlers are registered (docs/protocol.md#files-5). If it does
 * not, only a note is returned: logs are rotated, and the log level may be low.
 */
export function checkRegistration({ root }: Paths): Finding[] {
  const kind = panelKindAt(root);
  if (kind === null) return [];
  const { layout } = panels[kind];
  if (layout.log === null) return [];
  const log = join(root, layout.log);
  if (!existsSync(log)) return [];
  const tail = tailOf(log, logTail);
  const missing = unregistered(tail, layout);
  const type = installedType(root, kind) ?? 'cgi';
  if (missing.length === 0) return [ok('panel log', `${log} names our handlers (type ${type})`)];
  const text = `the end of ${log} does not name ${missing.join(', ')}: the log level may be low, or the panel started long ago`;
  return [note('panel log', text, `if edits are not mirrored: ${restartCommand(root, kind)}`)];
}

function unregistered(text: string, { eventHandlers }: PanelLayout): string[] {
  return eventHandlers
    .filter(({ name, event }) => !text.includes(`Register event '${name}' for action '${event}'`))
    .map(({ name }) => name);
}
