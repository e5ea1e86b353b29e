import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Entries, HandlerType, PanelFile } from '../../panels/layout.ts';
import { panelKinds, panels, type PanelKind } from '../../panels/registry.ts';
import { fill } from './fill.ts';
import { formDescription } from './form-description.ts';
import { removeIfEmpty } from './put-file.ts';

/**
 * The files to install under a root, in the order in which they are written. Files marked optional are
 * installed only if their folder exists.
 */
export function filesFor(root: string, kind: PanelKind): readonly PanelFile[] {
  const belongs = ({ path, optional }: PanelFile): boolean =>
    optional !== true || existsSync(dirname(join(root, path)));
  return panels[kind].layout.files.filter(belongs);
}

/**
 * Paths, relative to a root, of all files that we install for any kind of panel. Description files come
 * first.
 */
export function everyPath(): string[] {
  const all = panelKinds.map((kind) => panels[kind].layout);
  const paths = all.flatMap(({ files }) => files.map(({ path }) => path));
  return [...new Set([...all.map(({ description }) => description), ...paths])];
}

/**
 * Makes the text of a file from its template.
 * @param templates the folder `plugin/` of a release
 * @param values the values to fill in, by name
 */
export function textOf(file: PanelFile, templates: string, values: Readonly<Record<string, string>>): string {
  const form = file.fields === undefined ? {} : formDescription(file.fields);
  const read = (name: string, more: Readonly<Record<string, string>>): string =>
    fill(readFileSync(join(templates, name), 'utf8'), { ...values, ...file.values, ...form, ...more });
  const part = file.part === undefined ? {} : { PART: read(file.part, {}) };
  const text = read(file.template, part);
  const { without } = file;
  return without === undefined
    ? text
    : text
        .split('\n')
        .filter((line) => !without.test(line))
        .join('\n');
}

/**
 * The type of the installed handlers, read from the description file; `null`: the file is missing or names no
 * type.
 */
export function installedType(root: string, kind: PanelKind): HandlerType | null {
  const path = join(root, panels[kind].layout.description);
  if (!existsSync(path)) return null;
  const type = /<handler name="domainsync" type="(cgi|xml)"/.exec(readFileSync(path, 'utf8'))?.[1];
  return type === 'xml' || type === 'cgi' ? type : null;
}

/** Deletes the panel's cache of description files, so that the panel reads them again when it starts. */
export function clearCaches(root: string, kind: PanelKind): void {
  const { caches } = panels[kind].layout;
  for (const path of found(root, caches)) rmSync(path, { recursive: true, force: true });
}

/** Removes scripts of the release archive that are for another kind of panel. @returns the removed paths */
export function removeForeignScripts(root: string, kind: PanelKind): string[] {
  const { foreign } = panels[kind].layout;
  const scripts = found(root, foreign);
  for (const path of scripts) rmSync(path);
  if (foreign !== null && scripts.length > 0) removeIfEmpty(join(root, foreign.folder));
  return scripts;
}

function found(root: string, entries: Entries | null): string[] {
  const folder = join(root, entries?.folder ?? '');
  if (entries === null || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => entries.names.test(name))
    .map((name) => join(folder, name));
}
