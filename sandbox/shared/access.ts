import { Refusal, denied, missing } from './refusal.ts';
import type { Params } from './params.ts';
import type { AccountDialect } from './dialects.ts';
import type { Store } from './store.ts';
import type { Switches } from './switches.ts';
import type { Identity, Level, SandboxUser } from './types.ts';

/**
 * The login failed. How the panel answers that depends on its generation (docs/protocol.md#login-answers).
 */
export class AuthFailure extends Error {
  override readonly name = 'AuthFailure';
}

interface Session {
  user: string;
  last: number;
  /** Address of the client that opened the session. */
  readonly address: string;
}

interface Settings {
  readonly store: Store;
  readonly switches: Switches;
  readonly now: () => number;
  readonly profile: AccountDialect;
}

/** Accounts, sessions and one-time keys (docs/protocol.md#login, #accounts). */
export class Access {
  readonly #store: Store;
  readonly #switches: Switches;
  readonly #now: () => number;
  readonly #profile: AccountDialect;
  readonly #sessions = new Map<string, Session>();
  readonly #keys = new Map<string, string>();

  constructor(settings: Settings) {
    this.#store = settings.store;
    this.#switches = settings.switches;
    this.#now = settings.now;
    this.#profile = settings.profile;
  }

  levelOf(user: SandboxUser): Level {
    return user.level ?? 5;
  }

  /** The name of the account above a user; null: the user is an administrator. */
  ownerOf(user: SandboxUser): string | null {
    if (this.levelOf(user) === 7) return null;
    return user.owner ?? this.administrator().name;
  }

  /** The administrator as whom local calls (mgrctl) run. */
  administrator(): Identity {
    const found = this.#store.users().find((user) => user.level === 7);
    const name = this.#profile.localUser ?? found?.name ?? 'root';
    return { name, level: 7, session: 'local', isHost: true };
  }

  /** Whether the caller may see and change what belongs to the account `owner`. */
  mayManage(caller: Identity, owner: string): boolean {
    if (caller.level === 7 || caller.name === owner) return true;
    const user = this.#store.user(owner);
    return user !== undefined && caller.level === 6 && this.ownerOf(user) === caller.name;
  }

  /**
   * The identity that the caller takes on by `su=name`.
   * @throws Refusal code 3 when there is no such account, 6 when the account is not below the caller
   */
  become(caller: Identity, name: string): Identity {
    const user = this.#store.user(name);
    if (user === undefined) throw missing('user', name);
    const level = this.levelOf(user);
    const target: Identity = { name, level, session: caller.session };
    const shown = (one: Identity): number => Number(this.#profile.levelShown(one));
    const below = shown(target) < shown(caller) && this.mayManage(caller, name);
    if (!below && name !== caller.name) throw denied('user');
    return target;
  }

  #identity(name: string, session: string): Identity {
    const user = this.#store.user(name);
    if (user === undefined) throw new AuthFailure(`no account ${name}`);
    return { name, level: this.levelOf(user), session };
  }

  #check(name: string, password: string): void {
    const user = this.#store.user(name);
    if (user === undefined || user.password !== password) throw new AuthFailure(`wrong login of ${name}`);
    // It is not known how panels answer a suspended account (docs/protocol.md#other-answers).
    if (user.suspended === true) throw new AuthFailure(`${name} is suspended`);
  }

  /**
   * Finds the caller from `authinfo`, else from `auth`, else from the cookie.
   * @throws AuthFailure when the call has no credentials or wrong ones
   */
  identify(params: Params, cookie: string | undefined, address: string): Identity {
    const pair = params.get('authinfo');
    if (pair !== undefined) return this.#byPassword(pair);
    const parts = cookieParts(cookie, this.#profile.cookieName);
    const id = params.get('auth') ?? this.#profile.cookieSession(parts ?? []);
    if (id === undefined) throw new AuthFailure('no credentials');
    return this.#bySession(id, address);
  }

  #byPassword(pair: string): Identity {
    if (this.#switches.restrictAuthinfo) throw new Refusal(100, {}, 'access deny');
    const cut = pair.indexOf(':');
    const name = cut < 0 ? pair : pair.slice(0, cut);
    this.#check(name, cut < 0 ? '' : pair.slice(cut + 1));
    return this.#identity(name, this.#profile.newSession());
  }

  #bySession(id: string, address: string): Identity {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new AuthFailure('no such session');
    if (this.#switches.bindSessions && session.address !== address)
      throw new AuthFailure(`a session of ${session.address} used from ${address}`);
    if (this.#now() - session.last > this.#switches.sessionIdleMs) {
      this.#sessions.delete(id);
      throw new AuthFailure('the session ended');
    }
    session.last = this.#now();
    return this.#identity(session.user, id);
  }

  /**
   * Opens a session by a password, or by a key of {@link newKey}. The session may be valid only for this
   * address (docs/protocol.md#login).
   * @returns the session's id
   * @throws AuthFailure when the password or the key is wrong
   */
  login(name: string, password: string | undefined, key: string | undefined, address: string): string {
    if (key === undefined) this.#check(name, password ?? '');
    else if (this.#keys.get(key) !== name) throw new AuthFailure('wrong key');
    else this.#keys.delete(key);
    const id = this.#profile.newSession();
    this.#sessions.set(id, { user: name, last: this.#now(), address });
    return id;
  }

  /** Registers a key with which the account `name` can log in once (docs/protocol.md#login). */
  newKey(caller: Identity, name: string, key: string): void {
    this.become(caller, name);
    this.#keys.set(key, name);
  }

  /** Makes the caller's session one of another account, as `user.su` does. */
  switchSession(caller: Identity, name: string): void {
    const target = this.become(caller, name);
    const session = this.#sessions.get(caller.session);
    if (session !== undefined) session.user = target.name;
  }

  /** Gives an account another password, and ends its sessions. @throws Error if there is no such account */
  changePassword(name: string, password: string): void {
    const user = this.#store.user(name);
    if (user === undefined) throw new Error(`${name}: no such account`);
    this.#store.putUser({ ...user, password });
    for (const [id, session] of this.#sessions) if (session.user === name) this.#sessions.delete(id);
  }

  endSession(id: string): void {
    this.#sessions.delete(id);
  }

  endAllSessions(): void {
    this.#sessions.clear();
  }

  /** The language in the caller's cookies; undefined: they contain none (docs/protocol.md#login). */
  cookieLang(cookie: string | undefined): string | undefined {
    return this.#profile.cookieLang((name) => cookieParts(cookie, name));
  }
}

/** The parts of a cookie's value, which colons separate; undefined: there is no such cookie. */
function cookieParts(cookie: string | undefined, name: string): readonly string[] | undefined {
  const found = (cookie ?? '').split(/;\s*/u).find((one) => one.startsWith(`${name}=`));
  return found === undefined ? undefined : decodeURIComponent(found.slice(name.length + 1)).split(':');
}
