import type { Chances } from '../simulator/chances.ts';
import type { DnsName } from '../../dns/name.ts';
import { leaseTime } from '../../gateway/work/zone-turns.ts';
import type { GatewayClients } from './clients.ts';
import {
  customers,
  firstZones,
  freshZones,
  requestTime,
  tokenNames,
  type GatewayWorld,
} from './gateway-world.ts';
import { repeated } from './repeated.ts';
import { zoneIn, type SimRequest } from './requests.ts';
import type { GatewayHost } from './sim-process.ts';

/** What goes wrong. The number says how often it is drawn. */
const mishapsOften = repeated({
  kill: 2,
  hold: 4,
  step: 1,
  database: 1,
  server: 1,
  transfer: 3,
  revoke: 3,
  state: 1,
  release: 1,
});

/** Requests of clients at a certain point. */
const aims = {
  judges: ({ requests, server }: GatewayWorld): SimRequest | null => {
    const sending = new Set(server.sends.map(({ request }) => request));
    const isJudged = (one: SimRequest): boolean =>
      isOpen(one) &&
      one.reads.length + one.looks.length > 0 &&
      writing.has(one.asked.kind) &&
      !sending.has(one);
    return requests.findLast(isJudged) ?? null;
  },
  writes: ({ server }: GatewayWorld): SimRequest | null =>
    server.sends.findLast(({ sentAt, request }) => sentAt !== null && isOpen(request))?.request ?? null,
} as const;

/** How often clients edit a zone whose gateway goes on: since when before it, and with which gaps, in ms. */
const rush = { before: 400, edits: 14, gap: 120 } as const;

const writing: ReadonlySet<string> = new Set(['change', 'rrset', 'create', 'delete']);

/** Whether a request of a client has no answer yet, and will get one. */
function isOpen({ token, answer, process }: SimRequest): boolean {
  return token !== '' && answer === null && !process.isDead && !process.isHeld;
}

/** A create that waits for another write in its zone, or of its customer. */
function waitingCreate({ requests, server }: GatewayWorld): SimRequest | null {
  const busy = server.sends.filter(({ endedAt, process }) => endedAt === null && !process.isDead);
  const isBehind = (one: SimRequest): boolean =>
    busy.some(
      ({ request, process, zone }) =>
        request !== one &&
        process === one.process &&
        (zone === zoneIn(one.asked) || request.token.slice(0, 1) === one.token.slice(0, 1)),
    );
  const isWaiting = (one: SimRequest): boolean =>
    isOpen(one) && one.asked.kind === 'create' && one.looks.length === 0 && isBehind(one);
  return requests.findLast(isWaiting) ?? null;
}

/** What goes wrong with gateways, database and name server, and what the operator does. */
export class GatewayMishaps {
  readonly #world: GatewayWorld;
  readonly #chances: Chances;
  readonly #clients: Pick<GatewayClients, 'editIn'>;
  /** Orders of the operator, and restarts, that are under way. */
  readonly jobs = new Set<Promise<void>>();

  constructor(world: GatewayWorld, chances: Chances, clients: Pick<GatewayClients, 'editIn'>) {
    this.#clients = clients;
    this.#world = world;
    this.#chances = chances;
  }

  happen(): void {
    const kind = this.#chances.pick('mishap', mishapsOften);
    const job = this.#do(kind);
    this.jobs.add(job);
    void job.finally(() => this.jobs.delete(job));
  }

  async #do(kind: string): Promise<void> {
    const host = this.#one('host', this.#world.hosts);
    switch (kind) {
      case 'kill':
        return await this.#kill(host.name);
      case 'hold':
        return await this.#hold(host.name);
      case 'step':
        return this.#step(host);
      case 'database':
        this.#world.databaseDownUntil =
          this.#world.clock.now() + this.#chances.pick('away', [100, 500, 2_000, 12_000]);
        this.#world.fault('database away');
        return;
      case 'server':
        return await this.#serverFails();
      default:
        return await this.#order(kind);
    }
  }

  #step(host: GatewayHost): void {
    const step = this.#chances.pick('step', [-60_000, -5_000, 5_000, 60_000]);
    host.ahead += step;
    if (step < 0) host.setBack.push(this.#world.clock.now());
    this.#world.fault('clock step');
  }

  async #kill(name: string): Promise<void> {
    if (this.#world.running(name) === null) return;
    this.#world.fault('kill');
    this.#world.kill(name);
    await this.#world.clock.sleep(this.#chances.pick('down', [50, 300, 1_000, 6_000]));
    this.#restart(name);
  }

  #restart(name: string): void {
    const host = this.#world.hosts.find((one) => one.name === name);
    if (host !== undefined && this.#world.running(name) === null) this.#world.start(host);
  }

  /** Holds up a process: at any moment, or while it judges or writes what a client has asked for. */
  async #hold(name: string): Promise<void> {
    const moment = this.#chances.pick('held while', ['any', 'judges', 'writes', 'writes'] as const);
    const request = moment === 'any' ? null : await this.#seen(aims[moment]);
    const process = moment === 'any' ? this.#world.running(name) : (request?.process ?? null);
    if (process === null || process.isHeld || process.isDead) return;
    const how = this.#chances.pick('held', ['stopped', 'suspended']);
    this.#world.fault(`process ${how}`);
    process.hold(how);
    const time = this.#chances.pick('held for', [200, 3_000, 9_000, 20_000, 20_000, 40_000]);
    const zone = request === null ? null : zoneIn(request.asked);
    if (zone === null || time < leaseTime(requestTime)) await this.#world.clock.sleep(time);
    else {
      // By then another gateway can take the zone, and may be at work there when this one goes on.
      await this.#world.clock.sleep(time - rush.before);
      const job = this.#rush(zone);
      this.jobs.add(job);
      void job.finally(() => this.jobs.delete(job));
      await this.#world.clock.sleep(rush.before);
    }
    process.resume();
    this.#world.note(`${name} goes on`);
  }

  async #rush(zone: DnsName): Promise<void> {
    for (let edits = 0; edits < rush.edits; edits += 1) {
      this.#clients.editIn(zone);
      await this.#world.clock.sleep(this.#chances.between('rush', 0, rush.gap));
    }
  }

  /** Waits for a moment, at most as long as a client is patient. @returns null: it did not come */
  async #seen<T>(aim: (world: GatewayWorld) => T | null): Promise<T | null> {
    for (let looks = 0; looks < 1_000; looks += 1) {
      const found = aim(this.#world);
      if (found !== null) return found;
      await this.#world.clock.sleep(3);
    }
    return null;
  }

  async #serverFails(): Promise<void> {
    const { server, clock } = this.#world;
    server.state = this.#chances.pick('server is', ['down', 'hanging']);
    this.#world.fault(`name server ${server.state}`);
    await clock.sleep(this.#chances.pick('server fails for', [100, 500, 2_000, 12_000]));
    server.state = 'up';
  }

  /** The operator gives an order, mostly about what a request under way is about. */
  async #order(kind: string): Promise<void> {
    const open = this.#world.requests.findLast(({ token, answer }) => token !== '' && answer === null);
    const isAimed = this.#chances.chance('aimed', 0.7);
    const aimed = isAimed && open !== undefined ? zoneIn(open.asked) : null;
    const zone = aimed ?? this.#one('zone', [...firstZones.map(([one]) => one), ...freshZones]);
    const customer = this.#one('customer', customers);
    if (kind === 'revoke') return await this.#revoke(isAimed ? open?.token : undefined);
    await this.#world.order(`${kind} ${zone} ${customer}`, async (operator) => {
      if (kind === 'transfer') await operator.transfer('operator', zone, customer, true);
      else if (kind === 'release') await operator.release('operator', zone);
      else {
        await operator.setCustomer('operator', customer, { state: 'read-only', limits: {} });
        await this.#world.clock.sleep(this.#chances.between('read-only', 20, 2_000));
        await operator.setCustomer('operator', customer, { state: 'active', limits: {} });
      }
    });
  }

  async #revoke(open: string | undefined): Promise<void> {
    const isOfWaiting = this.#chances.chance('revokes that of a waiting create', 0.4);
    const aimed = isOfWaiting ? ((await this.#seen(waitingCreate))?.token ?? open) : open;
    const name = tokenNames.find((one) => one === aimed) ?? this.#one('revoked', tokenNames);
    const id = this.#world.tokens.get(name)?.id ?? '';
    await this.#world.order(`revoke ${name}`, async (operator) => await operator.revokeToken('operator', id));
    await this.#world.clock.sleep(this.#chances.pick('until another token', [0, 300, 3_000]));
    await this.#world.renew(name);
  }

  #one<T>(name: string, all: readonly [T, ...T[]] | readonly T[]): T {
    const found = all[this.#chances.between(`${name} of ${all.length}`, 0, all.length - 1)] ?? all[0];
    if (found === undefined) throw new Error(`nothing to choose: ${name}`);
    return found;
  }
}
