import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal, refusalDocument } from './refusal.ts';
import type { Access } from './access.ts';
import type { Fault, Faults } from './faults.ts';
import type { Log } from './log.ts';
import type { Profile } from './profile.ts';
import type { Switches } from './switches.ts';
import { SECRETS } from './panel.ts';
import type { Panel, Request, Result } from './panel.ts';

/** What the client gets over its connection: an answer, or the end of the connection (`cut`). */
export type Wire =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly type: string;
      readonly body: Buffer;
      readonly result: Result | null;
    }
  | { readonly kind: 'cut' };

interface Settings {
  readonly panel: Panel;
  readonly access: Access;
  readonly faults: Faults;
  readonly log: Log;
  /** Name of the panel in its pages. */
  readonly title: string;
  readonly profile: Profile;
  readonly switches: Switches;
}

const CUT: Wire = { kind: 'cut' };
const BAD_GATEWAY =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n';

/** Faults whose call is not handled, or not before the answer. */
type Unhandled = 'refuse' | 'drop' | 'bad-gateway' | 'access-deny' | 'late';

const UNHANDLED: ReadonlySet<string> = new Set<Unhandled>([
  'refuse',
  'drop',
  'bad-gateway',
  'access-deny',
  'late',
]);

function isUnhandled(effect: Fault['effect']): effect is Unhandled {
  return UNHANDLED.has(effect);
}

function plainAnswer(status: number, type: string, body: string): Wire {
  return { kind: 'answer', status, type, body: Buffer.from(body), result: null };
}

/** Stands between HTTP or mgrctl and the panel. Passes a call on, with the fault that is set for it. */
export class Service {
  readonly #settings: Settings;
  readonly #ending = new AbortController();
  readonly #pending = new Set<Promise<unknown>>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * Handles a call.
   * @returns its answer as octets, or the end of the connection
   * @throws Error only while the panel is stopping
   */
  serve(request: Request): Promise<Wire> {
    const work = this.#serve(request);
    this.#track(work);
    return work;
  }

  /** Ends all delays of faults at once, and waits for the calls that are being handled. */
  async stop(): Promise<void> {
    this.#ending.abort();
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  async #serve(request: Request): Promise<Wire> {
    const { faults } = this.#settings;
    const func = request.params.get('func') ?? '';
    const fault = faults.take(func, request.via, (name) => request.params.get(name));
    if (fault === null) return this.#do(request);
    this.#settings.log.write('WARN', `Fault ${fault.effect} on ${func}`);
    return this.#withFault(fault, request, func);
  }

  async #do(request: Request): Promise<Wire> {
    return this.#wire(request, await this.#settings.panel.handle(request));
  }

  #wire(request: Request, result: Result): Wire {
    const plain = result.plain;
    const { profile, switches, title, access } = this.#settings;
    const { params } = request;
    const occasion = {
      out: params.get('out'),
      via: request.via,
      title,
      func: params.get('func') ?? '',
      user: result.user,
      level: result.level,
      lang: params.get('lang') ?? access.cookieLang(request.cookie) ?? 'en',
      params: params.without(...SECRETS).record(),
    };
    const { type, body } =
      plain === null ? profile.render(result.doc, occasion, switches) : { type: 'text/plain', body: plain };
    return { kind: 'answer', status: 200, type, body: Buffer.from(body), result };
  }

  async #withFault(fault: Fault, request: Request, func: string): Promise<Wire> {
    const { effect } = fault;
    if (isUnhandled(effect)) {
      this.#settings.panel.note(request, func, 'nobody', `fault ${effect}`);
      return this.#unhandled(effect, fault, request);
    }
    switch (effect) {
      case 'delay-before':
        await this.#wait(fault.ms ?? 0);
        return this.#do(request);
      case 'expire':
      case 'new-password':
        this.#changeAccess(fault);
        return this.#do(request);
      case 'delay-after':
      case 'lost':
      case 'cut':
      case 'non-utf8':
      case 'empty':
        return this.#spoil(fault, await this.#do(request));
    }
  }

  #unhandled(effect: Unhandled, fault: Fault, request: Request): Wire {
    switch (effect) {
      case 'refuse':
        return this.#refuse(fault, request);
      case 'drop':
        return CUT;
      case 'bad-gateway':
        return plainAnswer(502, 'text/html', BAD_GATEWAY);
      case 'access-deny':
        return plainAnswer(200, 'text/plain', 'access deny');
      case 'late':
        this.#later(request, fault.ms ?? 0);
        return CUT;
    }
  }

  #changeAccess({ effect, val = '', text = '' }: Fault): void {
    const { access } = this.#settings;
    if (effect === 'expire') access.endAllSessions();
    else access.changePassword(val, text);
  }

  #refuse(fault: Fault, request: Request): Wire {
    const about = {
      ...(fault.obj === undefined ? {} : { obj: fault.obj }),
      ...(fault.val === undefined ? {} : { val: fault.val }),
    };
    const refusal = new Refusal(fault.code ?? 1, about, fault.text ?? 'Refused');
    const doc = refusalDocument(refusal, true);
    return this.#wire(request, { doc, plain: null, session: null, user: '', level: '0' });
  }

  async #spoil(fault: Fault, wire: Wire): Promise<Wire> {
    if (wire.kind === 'cut' || fault.effect === 'lost') return CUT;
    if (fault.effect === 'delay-after') {
      await this.#wait(fault.ms ?? 0);
      return wire;
    }
    const { body } = wire;
    if (fault.effect === 'empty') return { ...wire, body: Buffer.alloc(0) };
    if (fault.effect === 'non-utf8')
      return { ...wire, body: Buffer.concat([body, Buffer.from([0xff, 0xfe, 0xc0, 0x0a])]) };
    const at = fault.at ?? 0.5;
    return { ...wire, body: body.subarray(0, at < 1 ? Math.floor(body.length * at) : at) };
  }

  #wait(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#ending.signal });
  }

  #later(request: Request, ms: number): void {
    this.#track(this.#land(request, ms));
  }

  async #land(request: Request, ms: number): Promise<void> {
    try {
      await this.#wait(ms);
      await this.#settings.panel.handle(request);
    } catch (error) {
      this.#settings.log.write('WARN', `A late call was not made: ${String(error)}`);
    }
  }

  #track(work: Promise<unknown>): void {
    this.#pending.add(work);
    const forget = (): void => {
      this.#pending.delete(work);
    };
    work.then(forget, forget);
  }
}
