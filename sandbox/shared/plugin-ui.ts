import { child, childrenOf } from './xml.ts';
import type { Field } from './page-views.ts';
import type { PluginDialect } from './dialects.ts';
import type { Level } from './types.ts';
import type { Element } from './xml.ts';

/** A menu entry of a plugin. */
export interface MenuNode {
  readonly func: string;
  /** Name of the menu group that contains the entry, for example `tool`. */
  readonly group: string;
  readonly level: Level;
  /**
   * Whether the entry belongs to the old menu, or to that of the newer pages
   * (docs/protocol.md#description-5).
   */
  readonly kind: 'main' | 'modern';
}

/** Forms, menu entries and texts in the description files (docs/protocol.md#description-4). */
export interface PluginUi {
  readonly forms: Map<string, readonly Field[]>;
  readonly menu: MenuNode[];
  /** Texts. The key is `language section name`. */
  readonly messages: Map<string, string>;
}

export function emptyUi(): PluginUi {
  return { forms: new Map(), menu: [], messages: new Map() };
}

const TYPES = ['text', 'password', 'checkbox', 'select', 'textarea', 'hidden'] as const;

const CONTROLS = ['input', 'select', 'textarea', 'textdata'];

function readField(node: Element): Field {
  const input = CONTROLS.map((name) => child(node, name)).find((one) => one !== undefined);
  const attributes = input?.attributes ?? {};
  const kind = input?.name === 'input' ? attributes['type'] : input?.name;
  const type = TYPES.find((one) => one === kind) ?? 'text';
  const { maxlength, default: fallback } = attributes;
  return {
    name: attributes['name'] ?? node.attributes['name'] ?? '',
    type,
    // Version 4 has the attribute `empty`, version 5/6 has `required` (docs/protocol.md#description-4,
    // #description-5).
    required: attributes['empty'] === 'no' || attributes['required'] === 'yes',
    readonly: attributes['readonly'] === 'yes' || input?.name === 'textdata',
    ...(maxlength === undefined ? {} : { maxlength }),
    ...(fallback === undefined ? {} : { fallback }),
  };
}

function readMenu(menu: Element, kind: MenuNode['kind'], level: Level, into: PluginUi): void {
  for (const group of childrenOf(menu, 'node')) {
    for (const node of childrenOf(group, 'node')) {
      const { name: func = '' } = node.attributes;
      into.menu.push({ func, group: group.attributes['name'] ?? '', level, kind });
    }
  }
}

/** All fields of a form, including those on its pages. */
function fieldsIn(form: Element): Field[] {
  return form.children.flatMap((one) => {
    if (one.name === 'page') return fieldsIn(one);
    return one.name === 'field' ? [readField(one)] : [];
  });
}

/** Reads forms, menus and texts from a description file. */
export function readUi(root: Element, into: PluginUi, levelOf: PluginDialect['levelOf']): void {
  for (const node of childrenOf(root, 'metadata')) {
    const form = child(node, 'form');
    if (node.attributes['type'] !== 'form' || form === undefined) continue;
    into.forms.set(node.attributes['name'] ?? '', fieldsIn(form));
  }
  for (const menu of childrenOf(root, 'mainmenu')) {
    const level = levelOf(menu.attributes['level']);
    readMenu(menu, 'main', level, into);
    for (const modern of childrenOf(menu, 'modernmenu'))
      readMenu(modern, 'modern', levelOf(modern.attributes['level'] ?? menu.attributes['level']), into);
  }
  for (const lang of childrenOf(root, 'lang')) {
    for (const section of childrenOf(lang, 'messages')) {
      for (const message of childrenOf(section, 'msg')) {
        const key = [lang, section, message].map((one) => one.attributes['name'] ?? '').join(' ');
        into.messages.set(key, message.text);
      }
    }
  }
}

/**
 * A text of a plugin in the given language or, if that is missing, in English; undefined: both are missing.
 */
export function uiText(ui: PluginUi, lang: string, section: string, name: string): string | undefined {
  return ui.messages.get(`${lang} ${section} ${name}`) ?? ui.messages.get(`en ${section} ${name}`);
}
