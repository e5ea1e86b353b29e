import { AuthFailure } from './access.ts';
import { Params } from './params.ts';
import { Refusal, denied, internal, refusalDocument } from './refusal.ts';
import { Runner } from './runner.ts';
import { child, element } from './xml.ts';
import type { Events } from './events.ts';
import type { Log } from './log.ts';
import type { FunctionGroup } from './function-group.ts';
import type { Profile } from './profile.ts';
import type { Identity, RequestEntry } from './types.ts';
import type { Element } from './xml.ts';
import type { World } from './zones.ts';

/** A call of a function, as HTTP or mgrctl delivered it. */
export interface Request {
  readonly params: Params;
  readonly method: string;
  readonly via: 'http' | 'mgrctl';
  readonly address: string;
  readonly cookie: string | undefined;
  readonly referer: string;
  /** Headers of the HTTP request, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Result {
  readonly doc: Element;
  /** A plain body to send instead of the document; null: the document is sent. */
  readonly plain: string | null;
  /** The id of a new session, for the cookie; null: there is no new session. */
  readonly session: string | null;
  /** The caller's name; empty: nobody is logged in. */
  readonly user: string;
  /** The caller's access level, in the panel's own numbers. */
  readonly level: string;
}

/** Parameters that logs and documents leave out. */
export const SECRETS = ['authinfo', 'auth', 'password', 'passwd', 'confirm', 'key'];
const LOG_LIMIT = 100_000;

function answer(doc: Element): Result {
  return { doc, plain: null, session: null, user: '', level: '0' };
}

function outcomeOf(result: Result): string {
  const error = child(result.doc, 'error');
  if (error !== undefined) return `error ${error.attributes['code'] ?? ''}`;
  return ['ok', 'authfail', 'redirect'].find((name) => child(result.doc, name) !== undefined) ?? 'data';
}

/** The panel without HTTP and mgrctl: login, functions, and the handlers around them. */
export class Panel {
  readonly requests: RequestEntry[] = [];
  readonly #world: World;
  readonly #events: Events;
  readonly #groups: readonly FunctionGroup[];
  readonly #log: Log;
  readonly #profile: Profile;
  readonly #runner: Runner;
  #stopped = false;

  constructor(world: World, events: Events, groups: readonly FunctionGroup[], log: Log, profile: Profile) {
    this.#profile = profile;
    this.#world = world;
    this.#groups = groups;
    this.#events = events;
    this.#log = log;
    this.#runner = new Runner(world, events, profile.functions);
  }

  /** Refuses every further call. */
  stop(): void {
    this.#stopped = true;
    this.#runner.stop();
  }

  /**
   * Handles one call from login to answer. Errors become documents.
   * @throws Error only while the panel is stopping
   */
  async handle(request: Request): Promise<Result> {
    await this.#events.idle();
    if (this.#stopped) throw new Error('the panel is stopped');
    const func = request.params.get('func') ?? '';
    let caller = { user: '', level: '0' };
    let result: Result;
    try {
      if (func === 'auth') result = this.#login(request);
      else {
        const identity = this.#identify(request);
        caller = { user: identity.name, level: this.#profile.levelShown(identity) };
        result = { ...answer(await this.#dispatch(func, request, identity)), ...caller };
      }
    } catch (error) {
      result = { ...this.#failure(error, func), ...caller };
    }
    this.note(request, func, caller.user === '' ? 'nobody' : caller.user, outcomeOf(result));
    return result;
  }

  /** Adds a call to the list of requests and to the log, without its secrets. */
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
      request.via === 'mgrctl'
        ? access.administrator()
        : access.identify(request.params, request.cookie, request.address);
    const su = request.params.get('su') ?? '';
    return su === '' || this.#world.switches.ignoreSu ? first : access.become(first, su);
  }

  #login(request: Request): Result {
    const { params, address } = request;
    const { access } = this.#world;
    const id = access.login(params.text('username'), params.get('password'), params.get('key'), address);
    const level = this.#profile.levelShown(access.identify(Params.of({ auth: id }), undefined, address));
    const doc = this.#profile.loggedIn(id, level);
    return { doc, plain: null, session: id, user: params.text('username'), level };
  }

  #failure(error: unknown, func: string): Result {
    const { authRefusal, errorTexts } = this.#world.switches;
    if (error instanceof AuthFailure) {
      this.#log.write('WARN', error.message);
      if (authRefusal === 'authfail' || (authRefusal === 'own' && func === 'auth'))
        return answer(this.#profile.loginFailed());
      if (authRefusal === 'own') return answer(this.#profile.credentialsRefused());
      const code100 = refusalDocument(new Refusal(100, {}, 'access deny'), true);
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
    const { params, method, headers } = request;
    const lang = this.#world.access.cookieLang(request.cookie);
    const event = { func, params, method, caller, headers, ...(lang === undefined ? {} : { lang }) };
    const plugin = this.#events.pluginFunction(func);
    const builtIn = this.#profile.functions.get(func);
    const group = this.#groups.find((one) => one.handles(func));
    if (group !== undefined) {
      if (caller.level < 7) throw denied(func);
      return await group.run(func, params, lang ?? 'en');
    }
    if (this.#isDoubtful(func, request)) return this.#question(func);
    const minLevel = plugin?.minLevel ?? builtIn?.minLevel ?? 5;
    if (plugin === undefined && builtIn === undefined) throw internal(`unknown function '${func}'`);
    if (caller.level < minLevel) throw denied(func);
    try {
      if (plugin === undefined && builtIn !== undefined) return await this.#runner.run(event, builtIn);
      return await this.#runner.runPlugin(event);
    } finally {
      this.#events.final(event);
    }
  }

  /**
   * Whether a write does not come from the panel's own pages, and still needs the confirmation `sok=yes`
   * (docs/protocol.md#confirmation).
   */
  #isDoubtful(func: string, { params, via, referer, headers }: Request): boolean {
    const { refererCheck, confirmWrites, confirmWhom } = this.#world.switches;
    const writes = params.saved || func.endsWith('.delete');
    if (!(refererCheck || confirmWrites) || via !== 'http' || !writes) return false;
    if (confirmWhom === 'sessions' && params.get('authinfo') !== undefined) return false;
    const from = URL.canParse(referer) ? new URL(referer) : null;
    const isOwn = from !== null && from.host === headers['host'] && this.#profile.paths.has(from.pathname);
    return !isOwn && params.text('sok') !== 'yes';
  }

  /** Makes the document that asks for the confirmation. @throws Refusal when the panel asks by an error */
  #question(func: string): Element {
    if (!this.#world.switches.confirmWrites) throw new Refusal(200, { obj: func }, 'Confirm the operation');
    return element('doc', [element('msg', 'Confirm the operation')], { func: 'confirm' });
  }
}
