import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { emptyUi, readUi } from './plugin-ui.ts';
import { childrenOf, parseXml } from './xml.ts';
import type { Log } from './log.ts';
import type { PluginUi } from './plugin-ui.ts';
import type { PluginDialect } from './dialects.ts';
import type { Level, Stage } from './types.ts';
import type { Element } from './xml.ts';

/** The program of a handler, in the folder `addon/`. */
export interface Handler {
  readonly name: string;
  readonly type: 'cgi' | 'xml';
}

/** Says that a handler is registered for a function. */
export interface EventHook {
  readonly handler: Handler;
  readonly func: string;
  readonly stages: readonly Stage[];
  readonly first: boolean;
  /** Whether the handler gets the request's body (docs/protocol.md#description-5). */
  readonly postdata: boolean;
}

/** A plugin's function: its handler, and the lowest level that may call it. */
export interface PluginFunction {
  readonly handler: Handler;
  readonly minLevel: Level;
  readonly postdata: boolean;
}

/**
 * Everything that the description files register (docs/protocol.md#description-4). Events with
 * `priority="hi"` come first, then all others. Within both groups, the order is that of the files.
 */
export interface Plugins {
  readonly events: readonly EventHook[];
  readonly functions: ReadonlyMap<string, PluginFunction>;
  readonly ui: PluginUi;
}

function readHandler(node: Element): Handler {
  const { name = '', type } = node.attributes;
  if (name === '' || name.includes('/')) throw new Error(`handler name "${name}"`);
  if (type !== 'cgi' && type !== 'xml') throw new Error(`handler ${name}: type "${type ?? ''}"`);
  return { name, type };
}

function readEvent(node: Element, handler: Handler, dialect: PluginDialect): EventHook {
  const stages = (['before', 'after', 'final'] as const).filter((stage) => node.attributes[stage] === 'yes');
  const func = dialect.funcOf(node);
  if (func === '' || stages.length === 0)
    throw new Error(`handler ${handler.name}: an event without function or stage`);
  const first = node.attributes['priority'] === 'hi';
  return { handler, func, stages, first, postdata: wantsBody(node) };
}

function wantsBody(node: Element): boolean {
  return node.attributes['postdata'] === 'yes';
}

/** The level, from the attribute of either generation (docs/protocol.md#description-4, #description-5). */
function levelText(node: Element): string | undefined {
  return node.attributes['minlevel'] ?? node.attributes['level'];
}

interface Collected {
  readonly events: EventHook[];
  readonly functions: Map<string, PluginFunction>;
}

function collect(root: Element, into: Collected, dialect: PluginDialect): void {
  if (root.name !== 'mgrdata') throw new Error(`root element ${root.name}, mgrdata is wanted`);
  for (const node of childrenOf(root, 'handler')) {
    const handler = readHandler(node);
    into.events.push(...childrenOf(node, 'event').map((event) => readEvent(event, handler, dialect)));
    for (const func of childrenOf(node, 'func')) {
      const minLevel = dialect.levelOf(levelText(func) ?? levelText(node));
      into.functions.set(dialect.funcOf(func), { handler, minLevel, postdata: wantsBody(func) });
    }
  }
}

/**
 * Folder with copies of the description files. If it is missing, a restart makes it
 * (docs/protocol.md#files-5).
 */
export function cacheFolder(root: string): string {
  return join(root, 'var/.xmlcache');
}

function cachedCopies(root: string, dialect: PluginDialect): string {
  const cache = cacheFolder(root);
  if (existsSync(cache)) return cache;
  mkdirSync(cache);
  const folder = join(root, dialect.folder);
  for (const file of readdirSync(folder))
    if (dialect.pattern.test(file)) copyFileSync(join(folder, file), join(cache, file));
  return cache;
}

/**
 * Reads all description files under a root, sorted by name (version 4: `etc/ispmgr_mod_*.xml`). If a file
 * cannot be used, that is logged and the file is left out.
 * @param cached whether to read the copies of an earlier start, if they exist (docs/protocol.md#files-5)
 */
export function readPlugins(root: string, log: Log, dialect: PluginDialect, cached: boolean): Plugins {
  const into: Collected = { events: [], functions: new Map() };
  const ui = emptyUi();
  const folder = cached ? cachedCopies(root, dialect) : join(root, dialect.folder);
  const files = readdirSync(folder).filter((name) => dialect.pattern.test(name));
  for (const file of files.sort()) {
    const own: Collected = { events: [], functions: new Map() };
    try {
      const description = parseXml(readFileSync(join(folder, file), 'utf8'));
      collect(description, own, dialect);
      readUi(description, ui, dialect.levelOf);
    } catch (error) {
      log.write('ERROR', `Plugin file ${file} cannot be used: ${String(error)}`);
      continue;
    }
    into.events.push(...own.events);
    for (const [name, func] of own.functions) into.functions.set(name, func);
    const { registered } = dialect;
    if (registered !== null)
      for (const one of own.events) log.write('EXTINFO', registered(one.handler.name, one.func));
    log.write('INFO', `Plugin file ${file}: ${own.events.length} events, ${own.functions.size} functions`);
  }
  const events = [...into.events.filter((one) => one.first), ...into.events.filter((one) => !one.first)];
  return { events, functions: into.functions, ui };
}

/** The handlers that are registered for a function and a stage, in the order in which they run. */
export function hooksFor(plugins: Plugins, func: string, stage: Stage): readonly EventHook[] {
  return plugins.events.filter((hook) => hook.func === func && hook.stages.includes(stage));
}
