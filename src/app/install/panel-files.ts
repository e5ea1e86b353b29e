import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { panelName, type PanelKind } from '../../net/ispmanager/panel-kind.ts';
import { fill } from './fill.ts';
import { removeIfEmpty } from './put-file.ts';

/** How the panel hands its document to our handlers and takes theirs (docs/protocol.md#handlers-4, #handlers-5). */
export type HandlerType = 'cgi' | 'xml';

/** A file that is filled from a template and lies at a fixed place under the panel's root. */
export interface PanelFile {
  /** Under the root. */
  readonly path: string;
  readonly mode: number;
  /** Of the template, under `plugin/`. */
  readonly template: string;
  /** Of the text that takes the place of `@PART@`: what this generation of the panel does in its own way. */
  readonly part?: string;
  readonly values?: Readonly<Record<string, string>>;
  /** Whether the panel reads the file only when it starts, or keeps what it has read in a cache. */
  readonly readAtStart?: boolean;
  /** Whether the file is for a part of the panel that not every one has: it is put only where its folder is already. */
  readonly optional?: boolean;
  /** Lines of the template that do not concern this panel. */
  readonly without?: RegExp;
}

/** A handler, and one of the events it must be registered for. */
export interface EventHandler {
  /** In `addon/`. */
  readonly name: string;
  readonly event: string;
}

/** What is particular to the plugin files of one kind of panel. */
export interface PanelLayout {
  /** In the order they are put into place; the description file is the last one. */
  readonly files: readonly PanelFile[];
  readonly description: string;
  readonly handlerTypes: readonly HandlerType[];
  /** Handlers that must be registered for the events of the panel (docs/protocol.md#files-5). */
  readonly eventHandlers: readonly EventHandler[];
  /** Program under the root and its arguments that restart the panel; `null`: nobody does that but a person (docs/protocol.md#files-5). */
  readonly restart: readonly [program: string, ...args: string[]] | null;
}

const command: PanelFile = { path: 'sbin/domainsync', mode: 0o700, template: 'common/command' };
export const commandFile = command.path;

const settingsHandler = { path: 'addon/domainsync_settings', template: 'common/domainsync_settings' };

const hook4 = { mode: 0o700, template: 'common/domainsync', part: 'ispmanager4/hook' };

const ispmanager4: PanelLayout = {
  files: [
    { ...hook4, path: 'addon/domainsync', values: { VETO: 'yes' } },
    { ...hook4, path: 'addon/domainsync_owners', values: { VETO: 'no' } },
    { ...settingsHandler, mode: 0o700 },
    command,
    {
      path: 'etc/ispmgr_mod_domainsync.xml',
      mode: 0o644,
      template: 'ispmanager4/ispmgr_mod_domainsync.xml',
      readAtStart: true,
    },
  ],
  description: 'etc/ispmgr_mod_domainsync.xml',
  handlerTypes: ['cgi'],
  eventHandlers: [
    { name: 'domainsync', event: 'domain.sublist.edit' },
    { name: 'domainsync_owners', event: 'user.edit' },
  ],
  restart: null,
};

/** ISPmanager 5/6 and DNSmanager 5/6 (docs/protocol.md#files-5, #modules-5): modes as the vendor's own examples have them. */
function ispmanager5Layout(kind: 'ispmanager6' | 'dnsmanager'): PanelLayout {
  const panel = panelName(kind);
  const hook = { mode: 0o750, template: 'common/domainsync', part: 'ispmanager5/hook' };
  const description = `etc/xml/${panel}_mod_domainsync.xml`;
  return {
    files: [
      { ...hook, path: 'addon/domainsync', values: { STAGE: 'before', VETO: 'yes' } },
      { ...hook, path: 'addon/domainsync_after', values: { STAGE: 'after', VETO: 'no' } },
      { ...hook, path: 'addon/domainsync_owners', values: { STAGE: 'before', VETO: 'no' } },
      { ...settingsHandler, mode: 0o750 },
      command,
      {
        path: `etc/plugins/${panel}/domainsync.xml`,
        mode: 0o644,
        template: 'ispmanager5/module.xml',
        readAtStart: true,
        optional: true,
      },
      {
        path: description,
        mode: 0o644,
        template: 'ispmanager5/mod_domainsync.xml',
        readAtStart: true,
        // A DNSmanager has no sites and no mail (docs/protocol.md#dnsmanager).
        ...(kind === 'dnsmanager' ? { without: /<event name="(?:webdomain|site|emaildomain)\./ } : {}),
      },
    ],
    description,
    handlerTypes: ['cgi', 'xml'],
    eventHandlers: [
      { name: 'domainsync', event: 'domain.record.edit' },
      { name: 'domainsync_after', event: 'domain.record.edit' },
      { name: 'domainsync_owners', event: 'user.edit' },
    ],
    restart: ['sbin/mgrctl', '-m', panel, 'exit'],
  };
}

const layouts: Readonly<Record<PanelKind, PanelLayout>> = {
  ispmanager4,
  ispmanager6: ispmanager5Layout('ispmanager6'),
  dnsmanager: ispmanager5Layout('dnsmanager'),
};

export function layoutOf(kind: PanelKind): PanelLayout {
  return layouts[kind];
}

/** The files that belong into a root, in the order they are put into place. */
export function filesFor(root: string, kind: PanelKind): readonly PanelFile[] {
  const belongs = ({ path, optional }: PanelFile): boolean =>
    optional !== true || existsSync(dirname(join(root, path)));
  return layouts[kind].files.filter(belongs);
}

/** Paths under a root where any kind of panel has files of ours, description files first. */
export function everyPath(): string[] {
  const all = Object.values(layouts);
  const paths = all.flatMap(({ files }) => files.map(({ path }) => path));
  return [...new Set([...all.map(({ description }) => description), ...paths])];
}

/** @param templates the folder `plugin/` of a release */
export function textOf(file: PanelFile, templates: string, values: Readonly<Record<string, string>>): string {
  const read = (name: string, more: Readonly<Record<string, string>>): string =>
    fill(readFileSync(join(templates, name), 'utf8'), { ...values, ...file.values, ...more });
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

/** The type our handlers were installed with, as the description file has it; `null` when none is there. */
export function installedType(root: string, kind: PanelKind): HandlerType | null {
  const path = join(root, layouts[kind].description);
  if (!existsSync(path)) return null;
  const type = /<handler name="domainsync" type="(cgi|xml)"/.exec(readFileSync(path, 'utf8'))?.[1];
  return type === 'xml' || type === 'cgi' ? type : null;
}

/** Takes away what the panel keeps of description files, so that it reads them anew when it starts (docs/protocol.md#files-5). */
export function clearCaches(root: string, kind: PanelKind): void {
  if (kind === 'ispmanager4') return;
  const caches = named(join(root, 'var'), /^\.xmlcache$|^\.db\.cache/);
  for (const path of caches) rmSync(path, { recursive: true, force: true });
}

/**
 * Scripts for the plugin list of an ISPmanager 4 (docs/protocol.md#sources-4): every archive brings them, the later panels have no use for them.
 * @returns the paths removed
 */
export function removeForeignScripts(root: string, kind: PanelKind): string[] {
  if (kind === 'ispmanager4') return [];
  const folder = join(root, 'var/.plugin_scripts');
  const scripts = named(folder, /^domainsync(?:_arm64)?_(?:postinstall|predelete)$/);
  for (const path of scripts) rmSync(path);
  if (scripts.length > 0) removeIfEmpty(folder);
  return scripts;
}

function named(folder: string, pattern: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name));
}
