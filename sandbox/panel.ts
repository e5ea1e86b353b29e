import { AuthFailure } from './access.ts';
import { errorOf } from './merge.ts';
import { Params } from './params.ts';
import { Refusal, badValue, denied, internal, refusalDocument } from './refusal.ts';
import { child, element } from './xml.ts';
import type { Identity } from './access.ts';
import type { Call, PanelFunction } from './functions/common.ts';
import type { Event, Events } from './events.ts';
import type { Log } from './log.ts';
import type { PluginManager } from './plugin-manager.ts';
import type { Profile } from './profile.ts';
import type { Undo } from './store.ts';
import type { RequestEntry } from './types.ts';
import type { Element } from './xml.ts';
import type { World } from './zones.ts';

/** A call as it came in. */
export interface Request {
  readonly params: Params;
  readonly method: string;
  readonly via: 'http' | 'mgrctl';
  readonly address: string;
  readonly cookie: string | undefined;
  readonly referer: string;
}

export interface Result {
  readonly doc: Element;
  /** A body to send as it is instead of the document. */
  readonly plain: string | null;
  /** A new session, for the cookie. */
  readonly session: string | null;
  /** Who called; empty: nobody. */
  readonly user: string;
}

/** Parameters that no log and no echo may show. */
export const SECRETS = ['authinfo', 'auth', 'password', 'passwd', 'confirm', 'key'];
const LOG_LIMIT = 100_000;

function answer(doc: Element): Result {
  return { doc, plain: null, session: null, user: '' };
}

function outcomeOf(result: Result): string {
  const error = child(result.doc, 'error');
  if (error !== undefined) return `error ${error.attributes['code'] ?? ''}`;
  return ['ok', 'authfail', 'redirect'].find((name) => child(result.doc, name) !== undefined) ?? 'data';
}

/** The panel behind its transports: login, functions, events around them. */
export class Panel {
  readonly requests: RequestEntry[] = [];
  readonly #world: World;
  readonly #events: Events;
  readonly #manager: PluginManager;
  readonly #log: Log;
  readonly #profile: Profile;
  #stopped = false;

  constructor(world: World, events: Events, manager: PluginManager, log: Log, profile: Profile) {
    this.#profile = profile;
    this.#world = world;
    this.#manager = manager;
    this.#events = events;
    this.#log = log;
  }

  /** From now on nothing is done any more. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Handles one call from login to answer; errors of any kind become documents.
   * @throws Error only when the panel is being stopped
   */
  async handle(request: Request): Promise<Result> {
    await this.#events.idle();
    if (this.#stopped) throw new Error('the panel is stopped');
    const func = request.params.get('func') ?? '';
    let caller = 'nobody';
    let result: Result;
    try {
      if (func === 'auth') result = this.#login(request);
      else {
        const identity = this.#identify(request);
        caller = identity.name;
        result = { ...answer(await this.#dispatch(func, request, identity)), user: identity.name };
      }
    } catch (error) {
      result = this.#failure(error);
    }
    this.note(request, func, caller, outcomeOf(result));
    return result;
  }

  /** Writes a call into the request list and the log, without its secrets. */
  note(request: Request, func: string, user: string, outcome: string): void {
    const params = request.params.without(...SECRETS);
    const { method, via, address } = request;
    this.requests.push({
      time: this.#world.now(),
      via,
      method,
      func,
      user,
      params: params.record(),
      outcome,
    });
    if (this.requests.length > LOG_LIMIT) this.requests.shift();
    this.#log.write('INFO', `Request [${address}][${user}] ${via} ${method} '${params.encode()}' ${outcome}`);
  }

  #identify(request: Request): Identity {
    const { access } = this.#world;
    const first =
      request.via === 'mgrctl' ? access.administrator() : access.identify(request.params, request.cookie);
    const su = request.params.get('su') ?? '';
    return su === '' ? first : access.become(first, su);
  }

  #login(request: Request): Result {
    const { params } = request;
    const id = this.#world.access.login(params.text('username'), params.get('password'), params.get('key'));
    const { level } = this.#world.access.identify(Params.of({ auth: id }), undefined);
    return {
      doc: this.#profile.loggedIn(id, level),
      plain: null,
      session: id,
      user: params.text('username'),
    };
  }

  #failure(error: unknown): Result {
    const { authRefusal, errorTexts } = this.#world.switches;
    if (error instanceof AuthFailure) {
      this.#log.write('WARN', error.message);
      const code100 = refusalDocument(new Refusal(100, {}, 'access deny'), true);
      if (authRefusal === 'authfail') return answer(this.#profile.loginFailed());
      return { ...answer(code100), plain: authRefusal === 'plain' ? 'access deny' : null };
    }
    if (error instanceof Refusal) {
      const plain = error.code === 100 ? 'access deny' : null;
      return { ...answer(refusalDocument(error, errorTexts)), plain };
    }
    this.#log.write('ERROR', error instanceof Error ? (error.stack ?? error.message) : String(error));
    return answer(refusalDocument(internal(String(error)), true));
  }

  async #dispatch(func: string, request: Request, caller: Identity): Promise<Element> {
    const { params, method } = request;
    const lang = this.#world.access.cookieLang(request.cookie);
    const event = { func, params, method, caller, ...(lang === undefined ? {} : { lang }) };
    const plugin = this.#events.pluginFunction(func);
    const builtIn = this.#profile.functions.get(func);
    if (this.#manager.handles(func)) {
      if (caller.level < 7) throw denied(func);
      return await this.#manager.run(func, params, lang ?? 'en');
    }
    this.#checkReferer(func, request);
    const minLevel = plugin?.minLevel ?? builtIn?.minLevel ?? 5;
    if (plugin === undefined && builtIn === undefined) throw internal(`unknown function '${func}'`);
    if (caller.level < minLevel) throw denied(func);
    if (plugin !== undefined) this.#demandFields(event);
    try {
      if (plugin === undefined && builtIn !== undefined) return await this.#runBuiltIn(builtIn, event);
      return await this.#around([event], async () => ({ doc: await this.#runPlugin(event), undo: null }));
    } finally {
      this.#events.final(event);
    }
  }

  /** Writes from elsewhere are asked to be confirmed; `sok=yes` is the confirmation (reference 3.3). */
  #checkReferer(func: string, { params, via, referer }: Request): void {
    const writes = params.saved || func.endsWith('.delete');
    if (!this.#world.switches.refererCheck || via !== 'http' || !writes) return;
    const own = URL.canParse(referer) && this.#profile.paths.has(new URL(referer).pathname);
    if (!own && params.text('sok') !== 'yes') throw new Refusal(200, { obj: func }, 'Confirm the operation');
  }

  /** Fields a plugin's form declares with `empty="no"` (reference 10.2). */
  #demandFields(event: Event): void {
    if (!event.params.saved) return;
    const fields = this.#events.ui.forms.get(event.func) ?? [];
    const missing = fields.find(({ name, required }) => required === true && event.params.text(name) === '');
    if (missing !== undefined) throw badValue(missing.name);
  }

  #runPlugin(event: Event): Promise<Element> {
    const plugin = this.#events.pluginFunction(event.func);
    if (plugin === undefined) throw internal(`unknown function '${event.func}'`);
    return this.#events.run(plugin.handler, event);
  }

  #runBuiltIn(builtIn: PanelFunction, event: Event): Promise<Element> {
    const call: Call = { ...this.#world, params: event.params, caller: event.caller };
    const fires = builtIn.alwaysNested === true || this.#world.switches.fireNested;
    const inner = fires ? (builtIn.nested?.(call) ?? []) : [];
    const nested = inner.map((params) => ({ ...event, func: params.text('func'), params, method: 'GET' }));
    return this.#around([event, ...nested], async () => this.#local(event.func, () => builtIn.run(call)));
  }

  /** `before` handlers, the function, `after` handlers (reference 10.4); `after` only when the function succeeded. */
  async #around(
    events: readonly Event[],
    work: () => Promise<{ readonly doc: Element; readonly undo: Undo | null }>,
  ): Promise<Element> {
    for (const event of events) {
      const refused = await this.#events.before(event);
      if (refused !== null) return refused;
    }
    if (this.#stopped) throw internal('the panel is stopped');
    const { doc, undo } = await work();
    if (errorOf(doc) !== null) return doc;
    let result = doc;
    for (const event of events.toReversed()) result = await this.#events.after(event, result);
    if (errorOf(result) !== null && this.#world.switches.undoAfterError) undo?.();
    return result;
  }

  #local(func: string, work: () => Element): { readonly doc: Element; readonly undo: Undo } {
    this.#failLocally(func);
    let doc = element('doc');
    const undo = this.#world.store.record(() => {
      doc = work();
    });
    return { doc, undo };
  }

  #failLocally(func: string): void {
    const { failLocal } = this.#world.switches;
    const failure = failLocal[func];
    if (failure === undefined || failure.count === 0) return;
    if (failure.count !== undefined) failure.count -= 1;
    throw new Refusal(failure.code, {}, failure.text ?? 'The operation failed');
  }
}
