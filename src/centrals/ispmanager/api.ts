import { CentralError, type CallContext } from '../../core/central.ts';
import { HttpError } from '../../net/http-error.ts';
import { HttpClient } from '../../net/http.ts';
import { child, escapeXml, type XmlElement } from '../../net/xml.ts';
import { shared } from '../shared.ts';
import { garbled, unanswered, type Effect, type Redact } from '../http-answer.ts';
import { deniedThere, demandAnswerTo, demandOk, looksLikeLogin, readAnswer, refusedLogin } from './answer.ts';
import type { CentralSettings } from './settings.ts';

/** CallParameters of a function, without those of the API itself. */
export type CallParameters = Readonly<Record<string, string>>;

/** Panels were seen to refuse clients that do not look like a browser (docs/protocol.md#transport). */
const userAgent = 'Mozilla/5.0 (compatible; domainsync)';

/** Largest list or form accepted, octets: 100,000 records are some 20 MB. */
const mostListOctets = 32 * 1024 * 1024;

/**
 * Calls to one panel under one account (reference sections 2 to 5). Secrets travel in the body only and stay
 * out of errors.
 */
export class PanelApi {
  readonly #settings: Omit<CentralSettings, 'kind'>;
  readonly #http: HttpClient;
  #session: string | null = null;
  #loggingIn: Promise<string> | null = null;
  #closed = false;

  constructor(settings: Omit<CentralSettings, 'kind'>) {
    this.#settings = settings;
    const { trust, timeout } = settings;
    this.#http = new HttpClient({ base: new URL(settings.address), trust, timeout });
  }

  /** A list or a form. @throws {CentralError} always `untouched` */
  async read(func: string, parameters: CallParameters, ctx: CallContext): Promise<XmlElement> {
    const doc = await this.#call(func, parameters, 'read', ctx);
    try {
      demandAnswerTo(func, doc, this.#redact);
    } catch (error) {
      // A session that has ended may be answered so: the next call logs in.
      this.#session = null;
      throw error;
    }
    return doc;
  }

  /** A save or a group function that answered `ok`. @throws {CentralError} */
  async write(func: string, parameters: CallParameters, ctx: CallContext): Promise<void> {
    demandOk(await this.#call(func, parameters, 'write', ctx), func);
  }

  close(): void {
    this.#closed = true;
    this.#http.close();
  }

  async #call(
    func: string,
    parameters: CallParameters,
    effect: Effect,
    ctx: CallContext,
  ): Promise<XmlElement> {
    const form = { func, out: 'xml', ...parameters };
    return await this.#confirmed(form, effect, async (sent) => await this.#asUser(sent, effect, ctx));
  }

  /**
   * Some panels ask once whether a write is meant, in two ways (docs/protocol.md#confirmation); nothing was
   * done then, and the answer is the same call with `sok=yes`.
   */
  async #confirmed(
    form: CallParameters,
    effect: Effect,
    send: (form: CallParameters) => Promise<XmlElement>,
  ): Promise<XmlElement> {
    try {
      const doc = await send(form);
      const asks = effect === 'write' && doc.attributes['func'] === 'confirm';
      return asks ? await send({ ...form, sok: 'yes' }) : doc;
    } catch (error) {
      if (!(error instanceof CentralError) || error.params['kind'] !== 'confirm') throw error;
      return await send({ ...form, sok: 'yes' });
    }
  }

  async #asUser(form: CallParameters, effect: Effect, ctx: CallContext): Promise<XmlElement> {
    if (this.#settings.login === 'authinfo') {
      const { username, password } = this.#settings;
      try {
        return await this.#send({ ...form, authinfo: `${username}:${password}` }, effect, ctx);
      } catch (error) {
        // Such a type comes from anything a panel may say to a record; the login alone shows whether the
        // login is meant.
        if (looksLikeLogin(error) && error.code !== 'central.login') await this.#demandLogin(ctx);
        throw error;
      }
    }
    const held = this.#session;
    if (held !== null) {
      try {
        return await this.#send({ ...form, auth: held }, effect, ctx);
      } catch (error) {
        // A session ends by itself (docs/protocol.md#login); the refused call was not carried out, so it may
        // go out again.
        if (!(error instanceof CentralError) || error.code !== 'central.login') throw error;
        if (this.#session === held) this.#session = null;
      }
    }
    // Another call may have logged in meanwhile; a second login could end that session.
    const auth = this.#session ?? (await this.#logIn(ctx));
    try {
      return await this.#send({ ...form, auth }, effect, ctx);
    } catch (error) {
      throw error instanceof CentralError && error.code === 'central.login' ? deniedThere(error) : error;
    }
  }

  /**
   * @throws {CentralError} `central.login` if the panel refuses the login itself; whatever else becomes of it
   *   shows nothing
   */
  async #demandLogin(ctx: CallContext): Promise<void> {
    try {
      await this.#logIn(ctx);
    } catch (error) {
      if (error instanceof CentralError && error.code === 'central.login') throw error;
    }
  }

  /** One login for all that wait for it; it has the time of a request, whoever of them gives up. */
  async #logIn(ctx: CallContext): Promise<string> {
    const unhurried = { ...ctx, signal: new AbortController().signal };
    this.#loggingIn ??= this.#freshSession(unhurried).finally(() => (this.#loggingIn = null));
    return await shared(this.#loggingIn, ctx.signal);
  }

  async #freshSession(ctx: CallContext): Promise<string> {
    const { username, password } = this.#settings;
    const doc = await this.#send({ func: 'auth', out: 'xml', username, password }, 'read', ctx).catch(
      (error: unknown) => {
        // By whatever name: no password is tried again (docs/protocol.md#login).
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
    if (this.#closed) {
      throw new CentralError('central.unreachable', {
        state: 'untouched',
        retry: 'never',
        params: { text: 'closed' },
      });
    }
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

  /** Panels repeat what they were sent; the password and the session leave every text, encoded or not. */
  readonly #redact: Redact = (text) => {
    const secrets = [this.#settings.password, this.#session ?? ''].flatMap((one) => [
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

/** Spaces as `%20`: every panel reads that, `+` is merely accepted (docs/protocol.md#transport). */
function encodeForm(form: CallParameters): string {
  return new URLSearchParams(form).toString().replaceAll('+', '%20');
}
