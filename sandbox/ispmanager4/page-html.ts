import { fieldControl, hiddenHtml, type FormPage } from '../shared/page-form.ts';
import { escapeHtml, type Frame } from '../shared/page-html.ts';
import { text, type Lang } from '../shared/page-texts.ts';

const STYLE = `
:root { font: 15px/1.45 "DejaVu Sans", "Segoe UI", sans-serif; color: #1f2933; background: #eef1f4 }
body { margin: 0; display: grid; grid-template: 48px 1fr / 240px 1fr; min-height: 100vh }
header { grid-column: 1 / 3; background: #27496d; color: #fff; display: flex; align-items: center; gap: 24px; padding: 0 20px }
header b { flex: 1 } header a { color: #cfe0f3 }
nav { background: #fff; border-right: 1px solid #d5dce3; padding: 12px 0 }
nav h2 { font-size: 12px; text-transform: uppercase; color: #66788a; margin: 16px 20px 4px }
nav a { display: block; padding: 5px 20px; color: inherit; text-decoration: none }
nav a[aria-current] { background: #dfe9f4; font-weight: 600 }
main { padding: 20px 28px; min-width: 0 } h1 { font-size: 20px; margin: 0 0 16px }
table { border-collapse: collapse; background: #fff; width: 100% } th, td { text-align: left; padding: 7px 10px; border: 1px solid #d5dce3; overflow-wrap: break-word } td { max-width: 420px } td button { white-space: nowrap }
th { background: #f4f6f8 } td form { display: inline }
button, .button { font: inherit; padding: 5px 14px; border: 1px solid #9fb1c3; border-radius: 4px; background: #fff; color: inherit; cursor: pointer; text-decoration: none; display: inline-block }
button.main { background: #27496d; border-color: #27496d; color: #fff }
.form { background: #fff; border: 1px solid #d5dce3; padding: 18px; max-width: 860px }
.field { display: grid; grid-template-columns: 230px 1fr; gap: 4px 14px; margin-bottom: 12px; align-items: center }
.field small { grid-column: 2; color: #66788a } .field input:not([type=checkbox]), select, textarea { font: inherit; padding: 5px 8px; border: 1px solid #9fb1c3; border-radius: 4px; width: 100%; box-sizing: border-box }
.field input[type=checkbox] { justify-self: start } input[readonly] { background: #f4f6f8 }
.invalid input, .invalid select, .invalid textarea { border-color: #b3261e !important; outline: 1px solid #b3261e } .invalid label { color: #b3261e }
[role=alert] { background: #fdecea; border: 1px solid #d98a84; color: #7a1c15; padding: 10px 14px; margin-bottom: 16px; max-width: 832px; overflow-wrap: anywhere }
.bar { margin: 0 0 14px }
body.login { display: block } .login main { max-width: 460px; margin: 8vh auto }
`;

function shell(lang: Lang, title: string, bodyClass: string, body: string): string {
  const head = `<meta charset="UTF-8"><title>${escapeHtml(title)}</title><style>${STYLE}</style>`;
  const open = bodyClass === '' ? '<body>' : `<body class="${bodyClass}">`;
  return `<!DOCTYPE html>\n<html lang="${lang}"><head>${head}</head>${open}${body}</body></html>\n`;
}

/** Makes a page with the panel's menu and header. @param content HTML */
export function framed(frame: Frame, content: string): string {
  const { lang, panel, heading, user, func } = frame;
  const menu = frame.menu.map(({ label, entries }) => {
    const links = entries.map((entry) => {
      const current = entry.func === func ? ' aria-current="page"' : '';
      return `<a href="?func=${encodeURIComponent(entry.func)}"${current}>${escapeHtml(entry.label)}</a>`;
    });
    return `${label === '' ? '' : `<h2>${escapeHtml(label)}</h2>`}${links.join('')}`;
  });
  const header =
    `<header><b>${escapeHtml(panel)}</b><span>${escapeHtml(user)}</span>` +
    `<a href="?func=logout">${text('logout', lang)}</a></header>`;
  const body = `${header}<nav>${menu.join('')}</nav><main><h1>${escapeHtml(heading)}</h1>${content}</main>`;
  return shell(lang, `${heading} - ${panel}`, '', body);
}

/** Makes the login page. */
export function loginPage(panel: string, lang: Lang, wrong: boolean): string {
  const options = (['en', 'ru'] as const).map((one) => {
    const name = one === 'en' ? 'English' : 'Русский';
    return `<option value="${one}"${one === lang ? ' selected' : ''}>${name}</option>`;
  });
  const field = (name: string, input: string): string =>
    `<div class="field"><label for="${name}">${text(name, lang)}</label>${input}</div>`;
  const content =
    `<main><h1>${escapeHtml(panel)}</h1>${wrong ? alert(text('loginError', lang)) : ''}` +
    `<form class="form" method="post" action="/ispmgr"><input type="hidden" name="func" value="logon">` +
    field('username', '<input id="username" name="username" autocomplete="username" autofocus>') +
    field(
      'password',
      '<input id="password" name="password" type="password" autocomplete="current-password">',
    ) +
    field('lang', `<select id="lang" name="lang">${options.join('')}</select>`) +
    `<button class="main">${text('logon', lang)}</button></form></main>`;
  return shell(lang, panel, 'login', content);
}

/** Makes an error text for the top of a page. */
export function alert(message: string): string {
  return `<div role="alert">${escapeHtml(message)}</div>`;
}

/** Makes a button that calls a function by POST. @param fields hidden fields by name */
export function postButton(label: string, fields: Readonly<Record<string, string>>, extra = ''): string {
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return `<form method="post" action="/ispmgr">${hidden.join('')}<button${extra}>${escapeHtml(label)}</button></form>`;
}

/** Makes a form with OK and Cancel. The field with an error is marked. */
export function formHtml(page: FormPage): string {
  const { lang, error } = page;
  const rows = page.fields.map((field) => {
    const wrong = error?.field === field.name;
    if (field.type === 'hidden') return fieldControl(page, field, wrong);
    const hint = page.hint(field.name);
    const small = hint === '' ? '' : `<small>${escapeHtml(hint)}</small>`;
    const label = `<label for="${field.name}">${escapeHtml(page.label(field.name))}</label>`;
    return `<div class="field${wrong ? ' invalid' : ''}">${label}${fieldControl(page, field, wrong)}${small}</div>`;
  });
  const buttons =
    `<button class="main" name="clicked" value="ok">${text('ok', lang)}</button> ` +
    `<a class="button" href="${escapeHtml(page.back)}">${text('cancel', lang)}</a>`;
  const top = error === null ? '' : alert(error.text);
  return `${top}<form class="form" method="post" action="${page.action}">${hiddenHtml(page.hidden)}${rows.join('')}${buttons}</form>`;
}
