import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { AuthFailure } from './access.ts';
import { readLang } from './page-texts.ts';
import { cells, fieldsOf, optionsOf, rowsOf, valuesOf, wrongOf } from './page-model.ts';
import { Params } from './params.ts';
import { uiText } from './plugin-ui.ts';
import { child, childrenOf } from './xml.ts';
import type { Access } from './access.ts';
import type { Identity } from './types.ts';
import type { Events } from './events.ts';
import type { MenuEntry, MenuGroup } from './page-html.ts';
import type { Skin } from './page-skin.ts';
import type { Wrong } from './page-model.ts';
import type { Lang } from './page-texts.ts';
import type { FormView, ListView, View } from './page-views.ts';
import type { Panel, Request } from './panel.ts';
import type { Profile } from './profile.ts';
import type { Switches } from './switches.ts';
import type { Element } from './xml.ts';

/** The HTTP answer to a browser: a page, or a redirect. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

interface Settings {
  readonly panel: Panel;
  readonly access: Access;
  readonly events: Events;
  readonly title: string;
  readonly profile: Profile;
  readonly switches: Switches;
}

/** One request of a user who is logged in. */
interface Visit {
  readonly request: Request;
  readonly identity: Identity;
  readonly lang: Lang;
  readonly func: string;
}

const HTML = { 'Content-Type': 'text/html; charset=UTF-8', 'Cache-Control': 'no-store' };
const FIRST = 'domain';
/** Parameters that only the pages use. They are not passed to functions. */
const OWN = ['page_token', 'clicked'];

function page(body: string): PageAnswer {
  return { status: 200, headers: HTML, body };
}

/**
 * The pages of the panel. They act only through calls of the API, so that the handlers of plugins run for
 * everything (docs/protocol.md#stages-4).
 */
export class Pages {
  readonly #settings: Settings;
  readonly #skin: Skin;
  readonly #secret = randomBytes(32);
  readonly #kept = new Map<string, readonly Element[]>();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#skin = settings.profile.skin;
  }

  /** Answers a browser. @throws Error only while the panel is stopping */
  async serve(request: Request): Promise<PageAnswer> {
    const func = request.params.text('func');
    if (func === 'logon' && request.method === 'POST') return await this.#logIn(request);
    const { access, title, profile } = this.#settings;
    const lang = readLang(access.cookieLang(request.cookie) ?? request.params.get('lang'));
    let identity: Identity;
    try {
      identity = access.identify(request.params, request.cookie, request.address);
    } catch (error) {
      if (!(error instanceof AuthFailure)) throw error;
      return page(this.#skin.login(title, lang, false));
    }
    if (func === 'logout') {
      access.endSession(identity.session);
      return this.#redirect({}, [`${profile.cookieName}=; path=/; Max-Age=0`]);
    }
    if (func === '' || func === 'logon') return this.#redirect({ func: FIRST });
    const visit: Visit = { request, identity, lang, func };
    return request.method === 'POST' ? await this.#post(visit) : await this.#get(visit, null);
  }

  #redirect(query: Readonly<Record<string, string>>, cookies: string[] = []): PageAnswer {
    const set = cookies.length === 0 ? {} : { 'Set-Cookie': cookies };
    const path = `/${this.#settings.profile.panel}`;
    const headers = { Location: `${path}?${new URLSearchParams(query).toString()}`, ...set };
    return { status: 303, headers, body: '' };
  }

  async #logIn(request: Request): Promise<PageAnswer> {
    const lang = readLang(request.params.get('lang'));
    const username = request.params.text('username');
    const password = request.params.get('password') ?? '';
    const params = Params.of({ func: 'auth', username, password }, 'body');
    const { session } = await this.#settings.panel.handle({ ...request, params });
    if (session === null) return page(this.#skin.login(this.#settings.title, lang, true));
    return this.#redirect({ func: FIRST }, this.#cookies(session, lang));
  }

  #cookies(session: string, lang: Lang): string[] {
    const { cookieName, cookieValue, langCookie } = this.#settings.profile;
    const own = `${cookieName}=${cookieValue(session, lang)}; path=/; HttpOnly; SameSite=Lax`;
    return langCookie === null ? [own] : [own, `${langCookie(lang)}; path=/; SameSite=Lax`];
  }

  #token(session: string): string {
    return createHmac('sha256', this.#secret).update(session).digest('hex');
  }

  #viewOf(func: string): View | undefined {
    const fields = this.#settings.events.ui.forms.get(func);
    return fields === undefined ? this.#skin.views[func] : { kind: 'form', back: FIRST, fields };
  }

  /** Shows a list or a form. A GET never saves, so that a link cannot change anything. */
  async #get(visit: Visit, wrong: Wrong | null): Promise<PageAnswer> {
    const view = this.#viewOf(visit.func);
    if (view === undefined) return this.#page(visit, visit.func, this.#skin.alert(`${visit.func}?`));
    const params = visit.request.params.without('sok', ...OWN);
    const { doc } = await this.#settings.panel.handle({ ...visit.request, params });
    const said = wrong ?? wrongOf(doc);
    if (view.kind === 'list') return this.#listPage(visit, view, doc, said);
    return this.#formPage(visit, view, doc, said, null);
  }

  #isGenuine({ request, identity }: Visit): boolean {
    const token = Buffer.from(request.params.get('page_token') ?? '');
    const right = Buffer.from(this.#token(identity.session));
    return token.length === right.length && timingSafeEqual(token, right);
  }

  async #post(visit: Visit): Promise<PageAnswer> {
    const { func, lang, request } = visit;
    if (!this.#isGenuine(visit)) {
      const back = this.#viewOf(func) === undefined ? FIRST : func;
      return await this.#get({ ...visit, func: back }, { text: this.#skin.text('expired', lang), field: '' });
    }
    if (request.params.get('act') !== undefined) return await this.#act(visit);
    const sent = request.params.without(...OWN).last();
    if (sent.text('sv_field') !== '') return await this.#again(visit, sent);
    return await this.#save(visit, sent.without('sv_field').and(Params.of(this.#skin.noise, 'body')));
  }

  /**
   * Shows a form again with other fields, because the field on which they depend has changed
   * (docs/protocol.md#parameters).
   */
  async #again(visit: Visit, sent: Params): Promise<PageAnswer> {
    const view = this.#viewOf(visit.func);
    if (view?.kind !== 'form') return await this.#get(visit, null);
    const params = sent.without('sok');
    const { doc } = await this.#settings.panel.handle({ ...visit.request, params });
    return this.#formPage(visit, view, doc, wrongOf(doc), params);
  }

  /**
   * Carries out a button of a list for the ticked rows. If the function has a form, shows the form; otherwise
   * runs the function at once.
   */
  async #act(visit: Visit): Promise<PageAnswer> {
    const { request, lang } = visit;
    const func = request.params.text('act');
    const all = request.params.entries.filter(({ name }) => name === 'row').map(({ value }) => value);
    const plid = request.params.get('plid');
    const parent: Record<string, string> = plid === undefined ? {} : { plid };
    if (all.length === 0)
      return await this.#get(
        { ...visit, request: { ...request, params: Params.of({ func: visit.func, elid: plid ?? '' }) } },
        { text: this.#skin.text('nothingChosen', lang), field: '' },
      );
    const elid = all.join(', ');
    if (this.#viewOf(func) !== undefined) return this.#redirect({ func, elid, ...parent });
    const elname = all.map((key) => request.params.get(`rowname ${key}`) ?? key).join(', ');
    const names = this.#skin.sendsNames ? { elname } : {};
    const fields = { func, elid, ...names, ...parent, ...this.#skin.noise };
    return await this.#save({ ...visit, func }, Params.of(fields, 'body'));
  }

  async #save(visit: Visit, params: Params): Promise<PageAnswer> {
    const { request, func } = visit;
    const { doc } = await this.#settings.panel.handle({ ...request, params });
    const wrong = wrongOf(doc);
    const view = this.#viewOf(func);
    const back = view?.kind === 'form' ? view.back : func.replace(/\.[^.]+$/u, '');
    if (wrong === null) return this.#redirect(this.#backQuery(back, params));
    if (view?.kind === 'form') return this.#formPage(visit, view, doc, wrong, params);
    const query = Params.of(this.#backQuery(back, params));
    return await this.#get(
      { ...visit, func: back, request: { ...request, method: 'GET', params: query } },
      wrong,
    );
  }

  #backQuery(back: string, params: Params): Record<string, string> {
    return this.#isInside(back) ? { func: back, elid: params.text('plid') } : { func: back };
  }

  /** Whether a list shows what belongs to one element of another list, as records belong to a zone. */
  #isInside(func: string): boolean {
    const view = this.#viewOf(func);
    return view?.kind === 'list' && view.inside === true;
  }

  #listPage(visit: Visit, view: ListView, doc: Element, wrong: Wrong | null): PageAnswer {
    const { lang, func, request, identity } = visit;
    const plid = request.params.text('elid');
    const heading = this.#skin.text(func, lang);
    const content = this.#skin.list({
      lang,
      func,
      view,
      rows: rowsOf(doc).map((elem) => {
        const row = cells(elem);
        return { key: row.get(view.key) ?? '', cells: row };
      }),
      parent: view.inside === true ? { plid } : {},
      token: this.#token(identity.session),
      error: wrong?.text ?? null,
    });
    return this.#page(visit, view.inside === true ? `${heading} ${plid}` : heading, content);
  }

  /**
   * Makes the page of a form.
   * @param posted what the user sent, if the form is shown again after an error; null: the form is new
   */
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
    const isLost = wrong !== null && !this.#settings.switches.valuesBesideError;
    const value = valuesOf(isLost ? null : doc, view, posted, wrong !== null);
    const choices = this.#choices(visit, doc);
    const own = (name: string): string | undefined => (isPlugin ? uiText(ui, lang, func, name) : undefined);
    const params = posted ?? request.params;
    const parent = this.#isInside(view.back) ? { plid: params.text('plid') } : {};
    const title = own('title') ?? this.#skin.text(func, lang);
    const content = this.#skin.form({
      lang,
      title,
      action: `/${this.#settings.profile.panel}`,
      fields: fieldsOf(view, value),
      ...(view.byType === undefined ? {} : { rerenders: view.byType.field }),
      hidden: {
        func,
        ...(isPlugin ? {} : { elid: params.get('elid') ?? '', ...parent }),
        sok: 'ok',
        page_token: this.#token(identity.session),
      },
      value,
      label: (name) => own(name) ?? this.#skin.text(name, lang, func),
      hint: (name) => own(`hint_${name}`) ?? '',
      options: (field) => optionsOf(choices, field, own),
      back: `?${new URLSearchParams(this.#backQuery(view.back, params)).toString()}`,
      error: wrong,
    });
    return this.#page(visit, title, content);
  }

  /**
   * The choices of the select fields. An error document has none, so the choices of the form's first answer
   * are kept, as in a browser.
   */
  #choices({ identity, func }: Visit, doc: Element): readonly Element[] {
    const key = `${identity.session} ${func}`;
    const brought = childrenOf(doc, 'slist');
    if (brought.length === 0 && child(doc, 'error') !== undefined) return this.#kept.get(key) ?? [];
    this.#kept.set(key, brought);
    return brought;
  }

  #page(visit: Visit, heading: string, content: string): PageAnswer {
    const { lang, identity, func } = visit;
    const { title } = this.#settings;
    const menu = this.#menu(identity, lang);
    return page(this.#skin.frame({ lang, panel: title, heading, user: identity.name, func, menu }, content));
  }

  #menu(identity: Identity, lang: Lang): MenuGroup[] {
    const { ui } = this.#settings.events;
    const { menu, pluginMenu, text } = this.#skin;
    const own = menu.filter(({ isAdmin }) => isAdmin !== true || identity.level === 7);
    const groups = new Map<string, MenuEntry[]>(
      own.map(({ label, funcs }) => [label, funcs.map((func) => ({ func, label: text(func, lang) }))]),
    );
    const nodes = ui.menu.filter(({ level, kind }) => identity.level >= level && kind === pluginMenu.kind);
    for (const { func, group } of nodes) {
      const labels = pluginMenu.texts.map((start) => uiText(ui, lang, 'desktop', `${start}${func}`));
      const label = labels.find((one) => one !== undefined) ?? func;
      groups.set(group, [...(groups.get(group) ?? []), { func, label }]);
    }
    return [...groups].map(([label, entries]) => ({ label: label === '' ? '' : text(label, lang), entries }));
  }
}
