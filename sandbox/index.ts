import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Access } from './shared/access.ts';
import { fingerprintOf, loadCertificate, makeCertificate } from './shared/certificate.ts';
import { callPanel } from './shared/client.ts';
import { control } from './shared/control.ts';
import { EventList } from './ispmanager5/event-list.ts';
import { Modules } from './ispmanager5/modules.ts';
import { Events } from './shared/events.ts';
import { Faults } from './shared/faults.ts';
import { startHttp } from './shared/http.ts';
import { Log } from './shared/log.ts';
import { startLocal } from './shared/mgrctl.ts';
import { startNameServer, type SandboxNameServer } from './shared/name-server.ts';
import { zoneIdentifier } from './shared/names.ts';
import { Pages } from './shared/pages.ts';
import { Panel } from './shared/panel.ts';
import { Pending } from './shared/pending.ts';
import { PluginManager } from './ispmanager4/plugin-manager.ts';
import { PROFILES } from './profiles.ts';
import { makeRow, withRows } from './shared/records.ts';
import { Service } from './shared/serve.ts';
import { Store } from './shared/store.ts';
import { defaultSwitches, setSwitches } from './shared/switches.ts';
import type { Answer, CallOptions } from './shared/client.ts';
import type { HttpServer } from './shared/http.ts';
import type { LocalServer } from './shared/mgrctl.ts';
import type { Profile } from './shared/profile.ts';
import type { Sandbox, SandboxOptions } from './shared/sandbox.ts';
import type { Switches } from './shared/switches.ts';
import type { RequestEntry, Row, SandboxUser } from './shared/types.ts';
import type { World } from './shared/zones.ts';

export { callPanel } from './shared/client.ts';
export type { Answer } from './shared/client.ts';
export type { Generation } from './shared/dialects.ts';
export type { Sandbox, SandboxOptions } from './shared/sandbox.ts';
export type { FaultEffect } from './shared/faults.ts';
export type { Switches } from './shared/switches.ts';
export type { Row, SandboxUser } from './shared/types.ts';

/** The accounts of a sandbox if its options name none. */
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

/** A running sandbox. Tests use it as {@link Sandbox}; its parts do the work. */
class RunningSandbox implements Sandbox {
  readonly #parts: Parts;
  readonly #http: HttpServer;
  readonly #local: LocalServer;
  #certificate: string;
  #stopping: Promise<void> | null = null;
  #names: SandboxNameServer | null = null;

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

  addQuietly(zone: string, name: string, type: string, addr: string): void {
    const { store } = this.#parts.world;
    const found = store.zone(zoneIdentifier(zone));
    if (found === undefined) throw new Error(`${zone}: no such zone`);
    store.putZone(withRows(found, [...found.rows, makeRow(name, type, addr)]));
  }

  async serveZones(): Promise<SandboxNameServer> {
    this.#names ??= await startNameServer(this.#parts.world.store);
    return this.#names;
  }

  changePassword(name: string, password: string): void {
    this.#parts.world.access.changePassword(name, password);
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
    this.#names?.close();
    await Promise.all([this.#http.close(), this.#local.close(), events.stop(), service.stop()]);
    world.store.close();
    log.close();
  }
}

/**
 * Starts a sandbox panel on 127.0.0.1.
 * @throws Error when the root cannot be written, the port is in use, a switch does not exist, or `openssl` is
 *   missing
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
