import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { internal } from '../shared/refusal.ts';
import { child, childrenOf, element, parseXml } from '../shared/xml.ts';
import type { Log } from '../shared/log.ts';
import type { Params } from '../shared/params.ts';
import type { FunctionGroup } from '../shared/function-group.ts';
import type { Element } from '../shared/xml.ts';

/**
 * The edition of this panel: `1` stands for Lite, Pro and Host, `3` for Business
 * (docs/protocol.md#modules-5).
 */
const EDITION = '1';

interface Settings {
  readonly root: string;
  readonly log: Log;
  readonly panel: string;
}

/** Whether a text or entry is for this edition, or for every edition. */
function isForUs(node: Element): boolean {
  const editions = [node.attributes['dist'], ...childrenOf(node, 'dist').map((one) => one.text.trim())];
  const named = editions.filter((one) => one !== undefined && one !== '');
  return named.length === 0 || named.includes(EDITION);
}

function textOf(plugin: Element, name: string, lang: string): string {
  const own = childrenOf(plugin, 'msg').filter((msg) => msg.attributes['name'] === name && isForUs(msg));
  const inLang = (one: string): Element | undefined => own.find((msg) => msg.attributes['lang'] === one);
  return (inLang(lang) ?? inLang('en') ?? own[0])?.text.trim() ?? '';
}

function entry(plugin: Element, lang: string): Element {
  const { name = '' } = plugin.attributes;
  const cells = {
    name,
    desc_short: textOf(plugin, 'desc_short', lang) || name,
    desc_full: textOf(plugin, 'desc_full', lang),
    weight: child(plugin, 'weight')?.text.trim() ?? '',
    settings: child(plugin, 'settings')?.text.trim() ?? '',
  };
  const free = child(plugin, 'free') === undefined ? [] : [element('free', 'on')];
  const action = element('setup_action', [element('button', 'delete')]);
  return element('elem', [
    ...Object.entries(cells).map(([key, value]) => element(key, value)),
    ...free,
    action,
  ]);
}

/**
 * The page Modules (docs/protocol.md#modules-5). It lists the plugins in `etc/plugins/<panel>/*.xml`, each
 * with the function that opens its settings.
 */
export class Modules implements FunctionGroup {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  handles(func: string): boolean {
    return func === 'plugin';
  }

  /** Lists the plugins. @throws Refusal for a function other than `plugin` */
  run(func: string, _params: Params, lang: string): Element {
    if (!this.handles(func)) throw internal(`unknown function '${func}'`);
    const entries = this.#plugins().map((plugin) => entry(plugin, lang));
    return element('doc', [element('list', entries, { name: 'pluginlist' })]);
  }

  #plugins(): Element[] {
    const folder = join(this.#settings.root, 'etc/plugins', this.#settings.panel);
    const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.xml')) : [];
    return files.sort().flatMap((file) => this.#read(join(folder, file)));
  }

  #read(path: string): readonly Element[] {
    try {
      return childrenOf(parseXml(readFileSync(path, 'utf8')), 'plugin').filter(isForUs);
    } catch (error) {
      this.#settings.log.write('ERROR', `Module file ${path} cannot be used: ${String(error)}`);
      return [];
    }
  }
}
