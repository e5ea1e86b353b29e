import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Access } from './access.ts';
import { fingerprintOf, loadCertificate, makeCertificate } from './certificate.ts';
import { callPanel } from './client.ts';
import { control } from './control.ts';
import { EventList } from './core/event-list.ts';
import { Modules } from './core/modules.ts';
import { Events } from './events.ts';
import { Faults } from './faults.ts';
import { startHttp } from './http.ts';
import { Log } from './log.ts';
import { startLocal } from './mgrctl.ts';
import { zoneIdentifier } from './names.ts';
import { Pages } from './pages.ts';
import { Panel } from './panel.ts';
import { Pending } from './pending.ts';
import { PluginManager } from './plugin-manager.ts';
import { PROFILES } from './profiles.ts';
import { Service } from './serve.ts';
import { Store } from './store.ts';
import { defaultSwitches, setSwitches } from './switches.ts';
import type { Answer, CallOptions } from './client.ts';
import type { HttpServer } from './http.ts';
import type { LocalServer } from './mgrctl.ts';
import type { Generation, Profile } from './profile.ts';
import type { Switches } from './switches.ts';
import type { RequestEntry, Row, SandboxUser } from './types.ts';
import type { World } from './zones.ts';

export type { Answer, CallOptions } from './client.ts';
export type { Generation } from './profile.ts';
export type { FaultEffect } from './faults.ts';
export type { Switches } from './switches.ts';
export type { RequestEntry, Row, SandboxUser } from './types.ts';

export interface SandboxOptions {
  /** Directory laid out like `/usr/local/ispmgr` (etc/ addon/ sbin/mgrctl var/); created when missing, kept otherwise. */
  readonly root: string;
  /** Which panel it is; default ISPmanager 4. */
  readonly generation?: Generation;
  /** Default 0: any free port of 127.0.0.1. */
  readonly port?: number;
  /** Default true: HTTPS with a self-signed certificate kept in the root. */
  readonly tls?: boolean;
  /** Added to the accounts the root already has; default {@link DEFAULT_USERS}. */
  readonly users?: readonly SandboxUser[];
  readonly switches?: Partial<Switches>;
  /** Shown in pages and certificates. */
  readonly name?: string;
  /** Milliseconds; default `Date.now`. Sessions end and late changes appear by it. */
  readonly clock?: () => number;
  /** Added to the environment of handlers. */
  readonly handlerEnv?: Readonly<Record<string, string>>;
}

export interface Sandbox {
  /** `https://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  /** Address of the API, with the panel's usual path. */
  readonly address: string;
  readonly root: string;
  /** PEM of the certificate, usable as a CA; empty without TLS. */
  readonly certificate: string;
  /** SHA-256 of the certificate, upper-case hex with colons; empty without TLS. */
  readonly fingerprint: string;
  /** Token of the control address `POST /sandbox/control`. */
  readonly controlToken: string;
  readonly switches: Switches;
  readonly faults: Faults;
  /** Calls handled so far, oldest first. */
  readonly requests: readonly RequestEntry[];
  /** Names of all zones, without trailing dots, sorted: the truth, whatever reads may see. */
  zones(): string[];
  /** The zone's records in their order; null: no such zone. */
  records(zone: string): Row[] | null;
  /** The key the panel shows for a record now. */
  keys(zone: string): string[] | null;
  /** Makes a real HTTP request and reads the answer. */
  call(func: string, params?: Readonly<Record<string, string>>, options?: CallOptions): Promise<Answer>;
  /**
   * Forgets the plugin files read so far, as `killall ispmgr` does (10.1). Copies in `var/.xmlcache` are removed first, unless
   * they are to be kept (11.1).
   */
  restartPanel(options?: { readonly keepCache: boolean }): void;
  /** Makes a new certificate and key, used from the next connection on. */
  changeCertificate(): Promise<void>;
  /** Closes every connection, kills handlers still running, leaves the root as it is. */
  stop(): Promise<void>;
}

/** Accounts of a sandbox that was given none. */
export const DEFAULT_USERS: readonly SandboxUser[] = [
  { name: 'root', password: 'root-password', level: 7 },
  { name: 'reseller', password: 'reseller-password', level: 6, owner: 'root' },
  { name: 'alice', password: 'alice-password', level: 5, owner: 'root' },
  { name: 'bob', password: 'bob-password', level: 5, owner: 'reseller' },
];

interface Parts {
  readonly options: SandboxOptions;
  readonly name: string;
  readonly profile: Profile;
  readonly world: World;
  readonly log: Log;
  readonly events: Events;
  readonly panel: Panel;
  readonly faults: Faults;
  readonly service: Service;
  readonly pages: Pages;
  readonly controlToken: string;
}

function makeRoot(root: string, profile: Profile): void {
  for (const folder of ['etc', profile.plugins.folder, 'addon', 'sbin', 'var', ...profile.folders])
    mkdirSync(join(root, folder), { recursive: true });
  for (const [path, content] of Object.entries(profile.files)) {
    const file = join(root, path);
    if (!existsSync(file)) writeFileSync(file, content, { mode: content.startsWith('#!') ? 0o755 : 0o600 });
  }
}

function addUsers(store: Store, users: readonly SandboxUser[]): void {
  for (const user of users) if (!isDeepStrictEqual(store.user(user.name), user)) store.putUser(user);
}

function build(options: SandboxOptions): Parts {
  const { root, name = '127.0.0.1' } = options;
  const profile = PROFILES[options.generation ?? 'v4'];
  makeRoot(root, profile);
  const switches = defaultSwitches();
  setSwitches(switches, { ...profile.switches, ...options.switches });
  const clock = options.clock ?? Date.now;
  const now = (): number => clock() + switches.clockOffsetMs;
  const store = new Store(join(root, 'var', 'state.jsonl'), now, () => switches.lateVisibilityMs);
  addUsers(store, options.users ?? DEFAULT_USERS);
  const access = new Access({ store, switches, now, profile });
  const log = new Log(join(root, 'var', `${profile.panel}.log`), now);
  const pending = new Pending(switches, now);
  const world = { store, access, switches, now, profile, pending };
  const events = new Events({ root, switches, log, env: options.handlerEnv ?? {}, profile });
  const manager = profile.hasModules
    ? new Modules({ root, log, panel: profile.panel })
    : new PluginManager({ root, log, reload: () => events.restart() });
  const groups = profile.hasEventList ? [manager, new EventList(() => events.registered)] : [manager];
  const panel = new Panel(world, events, groups, log, profile);
  const pages = new Pages({ panel, access, events, title: name, profile, switches });
  const faults = new Faults();
  const service = new Service({ panel, access, faults, log, title: name, profile, switches });
  return {
    options,
    name,
    profile,
    world,
    log,
    events,
    panel,
    faults,
    service,
    pages,
    controlToken: randomBytes(16).toString('hex'),
  };
}

/** The sandbox as its user sees it, over the parts. */
class RunningSandbox implements Sandbox {
  readonly #parts: Parts;
  readonly #http: HttpServer;
  readonly #local: LocalServer;
  #certificate: string;
  #stopping: Promise<void> | null = null;

  constructor(parts: Parts, server: HttpServer, local: LocalServer, certificate: string) {
    this.#parts = parts;
    this.#http = server;
    this.#local = local;
    this.#certificate = certificate;
  }

  get url(): string {
    return this.#http.url;
  }

  get address(): string {
    return `${this.#http.url}${this.#parts.profile.path}`;
  }

  get root(): string {
    return this.#parts.options.root;
  }

  get certificate(): string {
    return this.#certificate;
  }

  get fingerprint(): string {
    return this.#certificate === '' ? '' : fingerprintOf(this.#certificate);
  }

  get controlToken(): string {
    return this.#parts.controlToken;
  }

  get switches(): Switches {
    return this.#parts.world.switches;
  }

  get faults(): Faults {
    return this.#parts.faults;
  }

  get requests(): readonly RequestEntry[] {
    return this.#parts.panel.requests;
  }

  zones(): string[] {
    return this.#parts.world.store.zones().map((zone) => zone.name);
  }

  records(zone: string): Row[] | null {
    const found = this.#parts.world.store.zone(zoneIdentifier(zone));
    return found === undefined ? null : [...found.rows];
  }

  keys(zone: string): string[] | null {
    const name = zoneIdentifier(zone);
    return this.records(zone)?.map((row) => this.#parts.profile.recordKey(row, name, this.switches)) ?? null;
  }

  call(
    func: string,
    params: Readonly<Record<string, string>> = {},
    options: CallOptions = {},
  ): Promise<Answer> {
    return callPanel(this.url, func, params, { path: this.#parts.profile.path, ...options });
  }

  restartPanel({ keepCache }: { readonly keepCache: boolean } = { keepCache: false }): void {
    if (!keepCache) this.#parts.events.clearCache();
    this.#parts.events.restart();
  }

  async changeCertificate(): Promise<void> {
    const made = await makeCertificate(this.root, this.#parts.name);
    this.#http.setCertificate(made);
    this.#certificate = made.cert;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { panel, events, service, world, log } = this.#parts;
    panel.stop();
    await Promise.all([this.#http.close(), this.#local.close(), events.stop(), service.stop()]);
    world.store.close();
    log.close();
  }
}

/**
 * Starts a panel stand-in on 127.0.0.1.
 * @throws Error when the root cannot be written, the port is taken, a switch does not exist or `openssl` is missing
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const parts = build(options);
  const { service, pages, controlToken, world, name, profile, events } = parts;
  const certificate = options.tls === false ? null : await loadCertificate(options.root, name);
  let running: RunningSandbox | null = null;
  const extra = {
    '/sandbox/control': control(controlToken, () => {
      if (running === null) throw new Error('still starting');
      return running;
    }),
  };
  const server = await startHttp({ service, pages, profile, port: options.port ?? 0, certificate, extra });
  const local = await startLocal({
    root: options.root,
    service,
    switches: world.switches,
    profile,
    restart: () => events.restart(),
    functions: () => [...profile.functions.keys()].sort(),
  });
  running = new RunningSandbox(parts, server, local, certificate?.cert ?? '');
  return running;
}
