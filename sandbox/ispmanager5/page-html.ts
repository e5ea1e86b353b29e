import { fieldControl, hiddenHtml, type FormPage } from '../shared/page-form.ts';
import { escapeHtml, type Frame } from '../shared/page-html.ts';
import { style, type Palette } from './page-style.ts';
import { ispmanager5Text } from './page-texts.ts';
import type { ListPage, ListRow, Skin } from '../shared/page-skin.ts';
import type { Lang } from '../shared/page-texts.ts';
import type { Field } from '../shared/page-views.ts';

function alert(message: string): string {
  return `<div role="alert">${escapeHtml(message)}</div>`;
}

function shell(lang: Lang, title: string, bodyClass: string, palette: Palette, body: string): string {
  const head = `<meta charset="UTF-8"><title>${escapeHtml(title)}</title><style>${style(palette)}</style>`;
  const open = bodyClass === '' ? '<body>' : `<body class="${bodyClass}">`;
  return `<!DOCTYPE html>\n<html lang="${lang}"><head>${head}</head>${open}${body}</body></html>\n`;
}

function link(query: Readonly<Record<string, string>>, label: string, extra = ''): string {
  const href = `?${new URLSearchParams(query).toString()}`;
  return `<a${extra} href="${escapeHtml(href)}">${escapeHtml(label)}</a>`;
}

/** Makes a page with the panel's menu and header. */
function frameHtml(
  { lang, panel, heading, user, func, menu }: Frame,
  content: string,
  palette: Palette,
): string {
  const groups = menu.map(({ label, entries }) => {
    const links = entries.map((entry) =>
      link({ func: entry.func }, entry.label, entry.func === func ? ' aria-current="page"' : ''),
    );
    return `${label === '' ? '' : `<h2>${escapeHtml(label)}</h2>`}${links.join('')}`;
  });
  const header = `<header><span>${escapeHtml(user)}</span>${link({ func: 'logout' }, ispmanager5Text('logout', lang))}</header>`;
  const isModal = content.includes('role="dialog"');
  const title = isModal ? '' : `<h1>${escapeHtml(heading)}</h1>`;
  const body = `<nav><b>${escapeHtml(panel)}</b>${groups.join('')}</nav>${header}<main>${title}${content}</main>`;
  return shell(lang, `${heading} - ${panel}`, '', palette, body);
}

function hasToolbar({ view }: ListPage): boolean {
  return view.edit !== undefined || view.actions.length > 0;
}

/** Makes the buttons above a list. Buttons with the name `act` act on the ticked rows. */
function toolbar({ lang, view, parent }: ListPage): string {
  const button = (func: string, label: string): string =>
    `<button name="act" value="${func}">${escapeHtml(ispmanager5Text(label, lang))}</button>`;
  const parts: string[] = [];
  if (view.edit !== undefined)
    parts.push(
      link({ func: view.edit, elid: '', ...parent }, ispmanager5Text('add', lang), ' class="button main"'),
    );
  if (view.edit !== undefined && view.editRows === true) parts.push(button(view.edit, 'edit'));
  for (const { func, label } of view.actions) parts.push(button(func, label));
  if (view.open !== undefined) parts.push(button(view.open, 'records'));
  return parts.length === 0 ? '' : `<div class="toolbar">${parts.join('')}</div>`;
}

function rowHtml(page: ListPage, { key, cells }: ListRow): string {
  const { view, parent, lang } = page;
  const target = view.open ?? (view.editRows === true ? view.edit : undefined);
  const shown = view.columns.map((column) => {
    const value = cells.get(column) ?? '';
    const opens = column === view.name && target !== undefined && value !== '';
    const own = view.open === undefined ? parent : {};
    return `<td>${opens ? link({ func: target, elid: key, ...own }, value) : escapeHtml(value)}</td>`;
  });
  const settings = view.settings === undefined ? '' : (cells.get(view.settings) ?? '');
  const more =
    view.settings === undefined
      ? ''
      : `<td>${settings === '' ? '' : link({ func: settings }, ispmanager5Text('settings', lang), ' class="button"')}</td>`;
  const name = cells.get(view.name ?? view.key) ?? key;
  const input = `<input type="checkbox" name="row" value="${escapeHtml(key)}" aria-label="${escapeHtml(name)}">`;
  const box = `<td class="short">${hasToolbar(page) ? `${input}${hiddenHtml({ [`rowname ${key}`]: name })}` : ''}</td>`;
  return `<tr data-key="${escapeHtml(key)}">${box}${shown.join('')}${more}</tr>`;
}

/** Makes a list with buttons above it and a check box in every row. */
function listHtml(page: ListPage): string {
  const { lang, view, rows, parent, func, token, error } = page;
  const head = view.columns.map((column) => `<th>${escapeHtml(ispmanager5Text(column, lang, func))}</th>`);
  const more = view.settings === undefined ? '' : '<th></th>';
  const body = rows.map((row) => rowHtml(page, row)).join('');
  const table =
    rows.length === 0
      ? `<p>${ispmanager5Text('empty', lang)}</p>`
      : `<table><thead><tr><th class="short"></th>${head.join('')}${more}</tr></thead><tbody>${body}</tbody></table>`;
  const hidden = hiddenHtml({ func, ...parent, page_token: token });
  const top = error === null ? '' : alert(error);
  return `${top}<form method="post">${hidden}${toolbar(page)}${table}</form>`;
}

function fieldHtml(page: FormPage, field: Field): string {
  const wrong = page.error?.field === field.name;
  // A browser does not send a check box that is not ticked, but the pages of this panel send `off` for it.
  const off = field.type === 'checkbox' ? hiddenHtml({ [field.name]: 'off' }) : '';
  const again = ` onchange="this.form.sv_field.value='${field.name}';this.form.submit()"`;
  const input = fieldControl(page, field, wrong, page.rerenders === field.name ? again : '');
  if (field.type === 'hidden') return input;
  const hint = page.hint(field.name);
  const small = hint === '' ? '' : `<small>${escapeHtml(hint)}</small>`;
  const needed = field.required === true ? ' class="need"' : '';
  const label = `<label for="${field.name}"${needed}>${escapeHtml(page.label(field.name))}</label>`;
  return `<div class="field${wrong ? ' invalid' : ''}">${label}${off}${input}${small}</div>`;
}

/**
 * Makes a form in a window of its own. When the record type changes, the form is redrawn
 * (docs/protocol.md#parameters).
 */
function formHtml(page: FormPage): string {
  const { lang, error, title } = page;
  const hidden = { ...page.hidden, sv_field: '' };
  const fields = page.fields.map((field) => fieldHtml(page, field)).join('');
  const buttons =
    `<button class="main" name="clicked" value="ok">${ispmanager5Text('ok', lang)}</button>` +
    `<a class="button" href="${escapeHtml(page.back)}">${ispmanager5Text('cancel', lang)}</a>`;
  const head = `<h1>${escapeHtml(title)}</h1>${error === null ? '' : alert(error.text)}`;
  const body = `<div class="fields">${fields}</div><footer>${buttons}</footer>`;
  const form = `<form method="post" action="${page.action}">${hiddenHtml(hidden)}${head}${body}</form>`;
  return `<div class="veil"><div class="modal" role="dialog" aria-label="${escapeHtml(title)}">${form}</div></div>`;
}

function loginHtml(panel: string, lang: Lang, wrong: boolean, path: string, palette: Palette): string {
  const options = (['en', 'ru'] as const).map((one) => {
    const name = one === 'en' ? 'English' : 'Русский';
    return `<option value="${one}"${one === lang ? ' selected' : ''}>${name}</option>`;
  });
  const field = (name: string, input: string): string =>
    `<div class="field"><label for="${name}">${ispmanager5Text(name, lang)}</label>${input}</div>`;
  const fields =
    field('username', '<input id="username" name="username" autocomplete="username" autofocus>') +
    field(
      'password',
      '<input id="password" name="password" type="password" autocomplete="current-password">',
    ) +
    field('lang', `<select id="lang" name="lang">${options.join('')}</select>`);
  const top = `<h1>${escapeHtml(panel)}</h1>${wrong ? alert(ispmanager5Text('loginError', lang)) : ''}`;
  const footer = `<footer><button class="main">${ispmanager5Text('logon', lang)}</button></footer>`;
  const form = `<form method="post" action="${path}">${hiddenHtml({ func: 'logon' })}${top}<div class="fields">${fields}</div>${footer}</form>`;
  return shell(lang, panel, 'login', palette, `<main><div class="modal">${form}</div></main>`);
}

/**
 * Makes the functions that draw these pages, in a generation's colours.
 * @param path path of the pages in the URL
 */
export function drawing(
  palette: Palette,
  path: string,
): Pick<Skin, 'list' | 'form' | 'frame' | 'login' | 'alert'> {
  return {
    list: listHtml,
    form: formHtml,
    frame: (frame, content) => frameHtml(frame, content, palette),
    login: (panel, lang, wrong) => loginHtml(panel, lang, wrong, path, palette),
    alert,
  };
}
