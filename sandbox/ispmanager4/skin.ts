import { escapeHtml } from '../shared/page-html.ts';
import { text } from '../shared/page-texts.ts';
import { alert, formHtml, framed, loginPage, postButton } from './page-html.ts';
import { VIEWS } from './page-views.ts';
import type { ListPage, ListRow, Skin } from '../shared/page-skin.ts';

function link(func: string, query: Readonly<Record<string, string>>, label: string): string {
  const href = `?${new URLSearchParams({ func, ...query }).toString()}`;
  return `<a class="button" href="${escapeHtml(href)}">${escapeHtml(label)}</a>`;
}

function rowHtml({ lang, view, parent, token }: ListPage, { key: elid, cells }: ListRow): string {
  const buttons: string[] = [];
  if (view.open !== undefined) buttons.push(link(view.open, { elid }, text('records', lang)));
  if (view.edit !== undefined && view.editRows === true)
    buttons.push(link(view.edit, { elid, ...parent }, text('edit', lang)));
  for (const { func, label, when } of view.actions) {
    if (when !== undefined && !cells.has(when)) continue;
    const fields = { func, elid, ...parent, sok: 'ok', page_token: token };
    buttons.push(postButton(text(label, lang), fields, ` data-action="${func}"`));
  }
  const shown = view.columns.map((column) => `<td>${escapeHtml(cells.get(column) ?? '')}</td>`);
  return `<tr data-key="${escapeHtml(elid)}">${shown.join('')}<td>${buttons.join(' ')}</td></tr>`;
}

/** Makes a list with buttons in every row. */
function listHtml(page: ListPage): string {
  const { lang, view, rows, parent, error } = page;
  const head = view.columns.map((column) => `<th>${escapeHtml(text(column, lang))}</th>`);
  const body = rows.map((row) => rowHtml(page, row)).join('');
  const table =
    rows.length === 0
      ? `<p>${text('empty', lang)}</p>`
      : `<table><thead><tr>${head.join('')}<th></th></tr></thead><tbody>${body}</tbody></table>`;
  const add =
    view.edit === undefined
      ? ''
      : `<p class="bar">${link(view.edit, { elid: '', ...parent }, text('add', lang))}</p>`;
  return `${error === null ? '' : alert(error)}${add}${table}`;
}

/** The pages of ISPmanager 4. */
export const ISPMANAGER4_SKIN: Skin = {
  views: VIEWS,
  menu: [
    { label: '', funcs: ['domain', 'wwwdomain', 'emaildomain'] },
    { label: 'srvset', funcs: ['user', 'plugin', 'pluginsrc'], isAdmin: true },
  ],
  pluginMenu: { kind: 'main', texts: ['menu_'] },
  noise: {},
  sendsNames: false,
  text,
  list: listHtml,
  form: formHtml,
  frame: framed,
  login: loginPage,
  alert,
};
