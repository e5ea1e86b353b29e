import type { Chances } from '../simulator/chances.ts';
import { customers, firstZones, freshZones, tokenNames, type GatewayWorld } from './gateway-world.ts';
import { repeated } from './repeated.ts';
import { zoneIn } from './requests.ts';
import type { GatewayHost } from './sim-process.ts';

/** What goes wrong. The number says how often it is drawn. */
const mishapsOften = repeated({
  kill: 2,
  hold: 3,
  step: 1,
  database: 1,
  server: 1,
  transfer: 3,
  revoke: 3,
  state: 1,
  release: 1,
});

/** What goes wrong with gateways, database and name server, and what the operator does. */
export class GatewayMishaps {
  readonly #world: GatewayWorld;
  readonly #chances: Chances;
  /** Orders of the operator, and restarts, that are under way. */
  readonly jobs = new Set<Promise<void>>();

  constructor(world: GatewayWorld, chances: Chances) {
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

  async #hold(name: string): Promise<void> {
    const process = this.#world.running(name);
    if (process === null || process.isHeld) return;
    const how = this.#chances.pick('held', ['stopped', 'suspended']);
    this.#world.fault(`process ${how}`);
    process.hold(how);
    await this.#world.clock.sleep(this.#chances.pick('held for', [200, 3_000, 9_000, 20_000, 40_000]));
    process.resume();
    this.#world.note(`${name} goes on`);
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

  async #revoke(aimed: string | undefined): Promise<void> {
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
