import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { AuthFailure } from './access.ts';
import { formHtml } from './page-form.ts';
import { alert, escapeHtml, framed, loginPage, postButton } from './page-html.ts';
import { readLang, text } from './page-texts.ts';
import { VIEWS } from './page-views.ts';
import { Params } from './params.ts';
import { uiText } from './plugin-ui.ts';
import { child, childrenOf } from './xml.ts';
import type { Access, Identity } from './access.ts';
import type { Events } from './events.ts';
import type { MenuGroup } from './page-html.ts';
import type { Lang } from './page-texts.ts';
import type { Field, FormView, ListView, View } from './page-views.ts';
import type { Panel, Request } from './panel.ts';
import type { Profile } from './profile.ts';
import type { Element } from './xml.ts';

/** A page, or the way to another one. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Settings {
  readonly panel: Panel;
  readonly access: Access;
  readonly events: Events;
  readonly title: string;
  readonly profile: Profile;
}

/** One request of a person who is logged in. */
interface Visit {
  readonly request: Request;
  readonly identity: Identity;
  readonly lang: Lang;
  readonly func: string;
}

interface Wrong {
  readonly text: string;
  readonly field: string;
}

const HTML = { 'Content-Type': 'text/html; charset=UTF-8', 'Cache-Control': 'no-store' };
const FIRST = 'domain';
/** Parameters of the pages themselves, not of functions. */
const OWN = ['page_token', 'clicked'];

function page(body: string): PageAnswer {
  return { status: 200, headers: HTML, body };
}

function redirect(query: Readonly<Record<string, string>>, cookie?: string): PageAnswer {
  const set = cookie === undefined ? {} : { 'Set-Cookie': cookie };
  const headers = { Location: `/ispmgr?${new URLSearchParams(query).toString()}`, ...set };
  return { status: 303, headers, body: '' };
}

function cells(row: Element): ReadonlyMap<string, string> {
  return new Map(row.children.map((cell) => [cell.name, cell.text]));
}

function wrongOf(doc: Element): Wrong | null {
  const error = child(doc, 'error');
  if (error === undefined) return null;
  const { code = '', obj = '', val = '' } = error.attributes;
  return { text: error.text === '' ? `Error ${code} ${obj}${val}` : error.text, field: val };
}

/** The pages of the panel: everything they do goes the way of an API call, so that plugins see it (reference 10.4). */
export class Pages {
  readonly #settings: Settings;
  readonly #secret = randomBytes(32);

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Answers a browser. @throws Error only when the panel is being stopped */
  async serve(request: Request): Promise<PageAnswer> {
    const func = request.params.text('func');
    if (func === 'logon' && request.method === 'POST') return await this.#logIn(request);
    const lang = readLang(this.#settings.access.cookieLang(request.cookie) ?? request.params.get('lang'));
    let identity: Identity;
    try {
      identity = this.#settings.access.identify(request.params, request.cookie, request.address);
    } catch (error) {
      if (!(error instanceof AuthFailure)) throw error;
      return page(loginPage(this.#settings.title, lang, false));
    }
    if (func === 'logout') {
      this.#settings.access.endSession(identity.session);
      return redirect({}, `${this.#settings.profile.cookieName}=; path=/; Max-Age=0`);
    }
    if (func === '' || func === 'logon') return redirect({ func: FIRST });
    const visit: Visit = { request, identity, lang, func };
    return request.method === 'POST' ? await this.#post(visit) : await this.#get(visit, null);
  }

  async #logIn(request: Request): Promise<PageAnswer> {
    const lang = readLang(request.params.get('lang'));
    const { username, password } = {
      username: request.params.text('username'),
      password: request.params.get('password'),
    };
    const params = Params.of({ func: 'auth', username, password: password ?? '' }, 'body');
    const { session } = await this.#settings.panel.handle({ ...request, params });
    if (session === null) return page(loginPage(this.#settings.title, lang, true));
    return redirect({ func: FIRST }, this.#cookie(session, lang));
  }

  #cookie(session: string, lang: Lang): string {
    const { cookieName, cookieValue } = this.#settings.profile;
    return `${cookieName}=${cookieValue(session, lang)}; path=/; HttpOnly; SameSite=Lax`;
  }

  #token(session: string): string {
    return createHmac('sha256', this.#secret).update(session).digest('hex');
  }

  #viewOf(func: string): View | undefined {
    const fields = this.#settings.events.ui.forms.get(func);
    return fields === undefined ? VIEWS[func] : { kind: 'form', back: FIRST, fields };
  }

  /** A page that only looks: a link can never make a change. */
  async #get(visit: Visit, wrong: Wrong | null): Promise<PageAnswer> {
    const view = this.#viewOf(visit.func);
    if (view === undefined) return this.#page(visit, visit.func, alert(`${visit.func}?`));
    const params = visit.request.params.without('sok', ...OWN);
    const { doc } = await this.#settings.panel.handle({ ...visit.request, params });
    const said = wrong ?? wrongOf(doc);
    if (view.kind === 'list') return this.#listPage(visit, view, doc, said);
    return this.#formPage(visit, view, doc, said, null);
  }

  async #post(visit: Visit): Promise<PageAnswer> {
    const { request, identity, func, lang } = visit;
    const token = Buffer.from(request.params.get('page_token') ?? '');
    const right = Buffer.from(this.#token(identity.session));
    if (token.length !== right.length || !timingSafeEqual(token, right)) {
      return await this.#get(
        { ...visit, func: this.#viewOf(func) === undefined ? FIRST : func },
        {
          text: text('expired', lang),
          field: '',
        },
      );
    }
    const params = request.params.without(...OWN);
    const { doc } = await this.#settings.panel.handle({ ...request, params });
    const wrong = wrongOf(doc);
    const view = this.#viewOf(func);
    const back = view?.kind === 'form' ? view.back : func.replace(/\.[^.]+$/u, '');
    if (wrong === null) return redirect(this.#backQuery(back, params));
    if (view?.kind === 'form') return this.#formPage(visit, view, doc, wrong, params);
    const query = Params.of(this.#backQuery(back, params));
    return await this.#get(
      { ...visit, func: back, request: { ...request, method: 'GET', params: query } },
      wrong,
    );
  }

  #backQuery(back: string, params: Params): Record<string, string> {
    return back === 'domain.sublist' ? { func: back, elid: params.text('plid') } : { func: back };
  }

  #listPage(visit: Visit, view: ListView, doc: Element, wrong: Wrong | null): PageAnswer {
    const { lang, func, request, identity } = visit;
    const plid = request.params.text('elid');
    const parent: Record<string, string> = func === 'domain.sublist' ? { plid } : {};
    const token = this.#token(identity.session);
    const link = (name: string, query: Readonly<Record<string, string>>, label: string): string => {
      const href = `?${new URLSearchParams({ func: name, ...query }).toString()}`;
      return `<a class="button" href="${escapeHtml(href)}">${escapeHtml(label)}</a>`;
    };
    const rows = childrenOf(doc, 'elem').map((elem) => {
      const row = cells(elem);
      const elid = row.get(view.key) ?? '';
      const buttons: string[] = [];
      if (view.open !== undefined) buttons.push(link(view.open, { elid }, text('records', lang)));
      if (view.edit !== undefined && view.editRows === true)
        buttons.push(link(view.edit, { elid, ...parent }, text('edit', lang)));
      for (const { func: action, label, when } of view.actions) {
        if (when !== undefined && !row.has(when)) continue;
        const fields = { func: action, elid, ...parent, sok: 'ok', page_token: token };
        buttons.push(postButton(text(label, lang), fields, ` data-action="${action}"`));
      }
      const shown = view.columns.map((column) => `<td>${escapeHtml(row.get(column) ?? '')}</td>`);
      return `<tr data-key="${escapeHtml(elid)}">${shown.join('')}<td>${buttons.join(' ')}</td></tr>`;
    });
    const head = view.columns.map((column) => `<th>${escapeHtml(text(column, lang))}</th>`);
    const table =
      rows.length === 0
        ? `<p>${text('empty', lang)}</p>`
        : `<table><thead><tr>${head.join('')}<th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
    const add =
      view.edit === undefined
        ? ''
        : `<p class="bar">${link(view.edit, { elid: '', ...parent }, text('add', lang))}</p>`;
    const heading = func === 'domain.sublist' ? `${text(func, lang)} ${plid}` : text(func, lang);
    return this.#page(visit, heading, `${wrong === null ? '' : alert(wrong.text)}${add}${table}`);
  }

  /** @param posted what was sent when the form is shown again after an error */
  #formPage(
    visit: Visit,
    view: FormView,
    doc: Element,
    wrong: Wrong | null,
    posted: Params | null,
  ): PageAnswer {
    const { lang, func, request, identity } = visit;
    const { ui } = this.#settings.events;
    const isPlugin = ui.forms.has(func);
    const said = cells(doc);
    const hasValues = doc.children.some(({ name }) => name !== 'error' && name !== 'slist');
    const value = (name: string): string => {
      const field = view.fields.find((one) => one.name === name);
      if (posted !== null && !hasValues) return posted.get(name) ?? '';
      return said.get(name) ?? (wrong === null ? (field?.fallback ?? '') : '');
    };
    const own = (name: string): string | undefined => (isPlugin ? uiText(ui, lang, func, name) : undefined);
    const params = posted ?? request.params;
    const plid = params.text('plid');
    const parent = view.back === 'domain.sublist' ? { plid } : {};
    const elid = params.get('elid') ?? '';
    const content = formHtml({
      lang,
      fields: view.fields,
      hidden: {
        func,
        ...(isPlugin ? {} : { elid, ...parent }),
        sok: 'ok',
        page_token: this.#token(identity.session),
      },
      value,
      label: (name) => own(name) ?? text(name, lang),
      hint: (name) => own(`hint_${name}`) ?? '',
      options: (field) => optionsOf(doc, field),
      back: `?${new URLSearchParams(this.#backQuery(view.back, params)).toString()}`,
      error: wrong,
    });
    return this.#page(visit, own('title') ?? text(func, lang), content);
  }

  #page(visit: Visit, heading: string, content: string): PageAnswer {
    const { lang, identity, func } = visit;
    const { title } = this.#settings;
    const frame = {
      lang,
      panel: title,
      heading,
      user: identity.name,
      func,
      menu: this.#menu(identity, lang),
    };
    return page(framed(frame, content));
  }

  #menu(identity: Identity, lang: Lang): MenuGroup[] {
    const { ui } = this.#settings.events;
    const entry = (func: string): { func: string; label: string } => ({ func, label: text(func, lang) });
    const groups: MenuGroup[] = [{ label: '', entries: ['domain', 'wwwdomain', 'emaildomain'].map(entry) }];
    if (identity.level === 7) {
      groups.push({ label: text('srvset', lang), entries: ['user', 'plugin', 'pluginsrc'].map(entry) });
    }
    const nodes = ui.menu.filter(({ level }) => identity.level >= level);
    for (const group of new Set(nodes.map((node) => node.group))) {
      const entries = nodes
        .filter((node) => node.group === group)
        .map(({ func }) => ({ func, label: uiText(ui, lang, 'desktop', `menu_${func}`) ?? func }));
      groups.push({ label: text(group, lang), entries });
    }
    return groups;
  }
}

/** The document's own list of values (reference 4.2), else the view's. */
function optionsOf(doc: Element, field: Field): (readonly [string, string])[] {
  const list = childrenOf(doc, 'slist').find((one) => one.attributes['name'] === field.name);
  if (list === undefined) return (field.values ?? []).map((value) => [value, value] as const);
  return list.children.map((one) => [one.attributes['key'] ?? one.text, one.text] as const);
}
