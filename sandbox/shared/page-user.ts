import type { Sandbox } from './sandbox.ts';

/** The answer that a browser gets. */
export interface Seen {
  readonly status: number;
  readonly body: string;
  readonly location: string;
}

/** A user whose browser runs no scripts, for tests of the pages. */
export class PageUser {
  readonly #sandbox: Sandbox;
  cookie = '';
  /** All `Set-Cookie` headers so far. */
  readonly set: string[] = [];

  readonly #panel: string;

  constructor(sandbox: Sandbox, panel = 'ispmgr') {
    this.#sandbox = sandbox;
    this.#panel = panel;
  }

  async see(query: Readonly<Record<string, string>>): Promise<Seen> {
    return await this.#fetch(`?${new URLSearchParams(query).toString()}`, {});
  }

  async send(fields: Readonly<Record<string, string>> | [string, string][]): Promise<Seen> {
    return await this.#fetch('', { method: 'POST', body: new URLSearchParams(fields) });
  }

  async logIn(username: string, password: string, lang = 'en'): Promise<Seen> {
    return await this.send({ func: 'logon', username, password, lang });
  }

  async #fetch(query: string, init: RequestInit): Promise<Seen> {
    const headers = {
      Accept: 'text/html,*/*',
      'Accept-Language': 'ru-RU,ru;q=0.9,en;q=0.5',
      Cookie: this.cookie,
    };
    const answer = await fetch(`${this.#sandbox.url}/${this.#panel}${query}`, {
      ...init,
      headers,
      redirect: 'manual',
    });
    const set = answer.headers.getSetCookie();
    this.set.push(...set);
    if (set.length > 0) this.cookie = set.map((one) => one.split(';')[0] ?? '').join('; ');
    return {
      status: answer.status,
      body: await answer.text(),
      location: answer.headers.get('location') ?? '',
    };
  }
}

/** The token in the forms of a page. Every POST has to repeat it. */
export function tokenIn(body: string): string {
  return /name="page_token" value="([0-9a-f]+)"/u.exec(body)?.[1] ?? '';
}
