import { CentralError, type CallContext } from '../../core/central.ts';
import { HttpError } from '../../net/http-error.ts';
import { HttpClient } from '../../net/http.ts';
import { child, escapeXml, type XmlElement } from '../../net/xml.ts';
import { hasCode, centralRefusal } from '../errors.ts';
import type { Secrets } from '../secrets.ts';
import { shared } from '../shared.ts';
import { garbled, unanswered, type Effect, type Redact } from '../http-answer.ts';
import { deniedThere, demandAnswerTo, demandOk, looksLikeLogin, readAnswer, refusedLogin } from './answer.ts';
import type { CentralSettings } from './settings.ts';

/** Parameters of a function. The parameters that every call has are left out. */
export type CallParameters = Readonly<Record<string, string>>;

/** Some panels refuse clients that do not look like a browser (docs/protocol.md#transport). */
const userAgent = 'Mozilla/5.0 (compatible; domainsync)';

/** Largest list or form that is read, in octets. A list of 100,000 records has about 20 MB. */
const mostListOctets = 32 * 1024 * 1024;

/**
 * Calls the API of one panel with one account (docs/protocol.md#transport, #login). Sends secrets only in the
 * body, and keeps them out of errors.
 */
export class PanelApi {
  readonly #settings: Omit<CentralSettings, 'kind'>;
  readonly #passwords: Secrets<string>;
  readonly #http: HttpClient;
  #session: string | null = null;
  /** Running logins, by password. */
  readonly #loggingIn = new Map<string, Promise<string>>();
  #closed = false;

  constructor(settings: Omit<CentralSettings, 'kind'>, passwords: Secrets<string>) {
    this.#settings = settings;
    this.#passwords = passwords;
    const { trust, timeout } = settings;
    this.#http = new HttpClient({ base: new URL(settings.address), trust, timeout });
  }

  /** Reads a list or a form. @throws {CentralError} whose state is always `untouched` */
  async read(func: string, parameters: CallParameters, ctx: CallContext): Promise<XmlElement> {
    const doc = await this.#call({ func, out: 'xml', ...parameters }, 'read', ctx);
    try {
      demandAnswerTo(func, doc, this.#redact);
    } catch (error) {
      // The session may have ended, so the next call logs in again.
      this.#session = null;
      throw error;
    }
    return doc;
  }

  /** Calls a function that saves or deletes, and checks that the answer is `ok`. @throws {CentralError} */
  async write(func: string, parameters: CallParameters, ctx: CallContext): Promise<void> {
    demandOk(await this.#call({ func, out: 'xml', ...parameters }, 'write', ctx), func);
  }

  close(): void {
    this.#closed = true;
    this.#http.close();
  }

  /**
   * Makes a call. If the panel asks for a confirmation of a write, sends the same call again with `sok=yes`.
   * Panels ask in two ways, and write nothing before the confirmation (docs/protocol.md#confirmation).
   */
  async #call(form: CallParameters, effect: Effect, ctx: CallContext): Promise<XmlElement> {
    const confirmed = { ...form, sok: 'yes' };
    try {
      const doc = await this.#asUser(form, effect, ctx);
      const asks = effect === 'write' && doc.attributes['func'] === 'confirm';
      return asks ? await this.#asUser(confirmed, effect, ctx) : doc;
    } catch (error) {
      if (!(error instanceof CentralError) || error.params['kind'] !== 'confirm') throw error;
      return await this.#asUser(confirmed, effect, ctx);
    }
  }

  async #asUser(form: CallParameters, effect: Effect, ctx: CallContext): Promise<XmlElement> {
    if (this.#settings.login === 'authinfo')
      return await this.#passwords.use(
        ctx.signal,
        async (password) => await this.#withPassword(password, form, effect, ctx),
      );
    const held = this.#session;
    if (held !== null) {
      try {
        return await this.#send({ ...form, auth: held }, effect, ctx);
      } catch (error) {
        // Sessions expire (docs/protocol.md#login). The refused call was not carried out, so it may be sent
        // again.
        if (!hasCode(error, 'central.login')) throw error;
        if (this.#session === held) this.#session = null;
      }
    }
    // Another call may have logged in meanwhile. A second login could end that session, so the session is
    // reused.
    const auth = await this.#passwords.use(
      ctx.signal,
      async (password) => this.#session ?? (await this.#logIn(password, ctx)),
    );
    try {
      return await this.#send({ ...form, auth }, effect, ctx);
    } catch (error) {
      throw hasCode(error, 'central.login') ? deniedThere(error) : error;
    }
  }

  async #withPassword(
    password: string,
    form: CallParameters,
    effect: Effect,
    ctx: CallContext,
  ): Promise<XmlElement> {
    const { username } = this.#settings;
    try {
      return await this.#send({ ...form, authinfo: `${username}:${password}` }, effect, ctx);
    } catch (error) {
      // An error of this type may concern the login or, for example, a record. A separate login shows which
      // of them it is.
      if (looksLikeLogin(error) && error.code !== 'central.login') await this.#demandLogin(password, ctx);
      throw error;
    }
  }

  /**
   * Logs in, to find out whether the panel refuses the login. If the login fails for another reason, that
   * proves nothing and is ignored.
   * @throws {CentralError} `central.login`
   */
  async #demandLogin(password: string, ctx: CallContext): Promise<void> {
    try {
      await this.#logIn(password, ctx);
    } catch (error) {
      if (hasCode(error, 'central.login')) throw error;
    }
  }

  /**
   * Logs in once for all callers that wait for a session. The login may take as long as a whole request, even
   * if some callers give up earlier.
   */
  async #logIn(password: string, ctx: CallContext): Promise<string> {
    const unhurried = { ...ctx, signal: new AbortController().signal };
    const running =
      this.#loggingIn.get(password) ??
      this.#freshSession(password, unhurried).finally(() => this.#loggingIn.delete(password));
    this.#loggingIn.set(password, running);
    return await shared(running, ctx.signal);
  }

  async #freshSession(password: string, ctx: CallContext): Promise<string> {
    const { username } = this.#settings;
    const doc = await this.#send({ func: 'auth', out: 'xml', username, password }, 'read', ctx).catch(
      (error: unknown) => {
        // The password is not tried again after any error that may mean a refused login
        // (docs/protocol.md#login).
        throw looksLikeLogin(error) ? refusedLogin(error) : error;
      },
    );
    const auth = child(doc, 'auth');
    const id = auth?.attributes['id'] ?? auth?.text.trim() ?? '';
    if (id === '') throw garbled('a login without a session', 'read');
    this.#session = id;
    return id;
  }

  async #send(form: CallParameters, effect: Effect, ctx: CallContext): Promise<XmlElement> {
    if (this.#closed) throw centralRefusal('central.unreachable', { text: 'closed' });
    const { address } = this.#settings;
    const headers = {
      'Content-Type': 'application/x-www-form-urlencoded',
      'User-Agent': userAgent,
      Referer: address,
    };
    const body = encodeForm(form);
    try {
      const isRead = effect === 'read';
      const most = isRead ? { mostOctets: mostListOctets } : {};
      const request = { method: 'POST', headers, body, repeatable: isRead, ...most } as const;
      return await readAnswer(await this.#http.send(request, ctx.signal), effect, this.#redact);
    } catch (error) {
      throw error instanceof HttpError ? unanswered(error, effect) : error;
    }
  }

  /**
   * Removes passwords and the session from a text, encoded or not, because panels repeat what they were
   * sent.
   */
  readonly #redact: Redact = (text) => {
    const secrets = [...this.#passwords.all, this.#session ?? ''].flatMap((one) => [
      one,
      encodeURIComponent(one),
      encodeForm({ '': one }).slice(1),
      encodeForm({ '': one }).slice(1).replaceAll('%20', '+'),
      escapeXml(one),
    ]);
    return secrets
      .filter((secret) => secret !== '')
      .reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
  };
}

/** Encodes a form. Spaces become `%20`, because not every panel decodes `+` (docs/protocol.md#transport). */
function encodeForm(form: CallParameters): string {
  return new URLSearchParams(form).toString().replaceAll('+', '%20');
}
