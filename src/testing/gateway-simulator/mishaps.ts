import type { Chances } from '../simulator/chances.ts';
import { customers, firstZones, freshZones, type GatewayWorld } from './gateway-world.ts';

const kinds = [
  ...['kill', 'kill', 'hold', 'hold', 'hold', 'step', 'database', 'server', 'transfer', 'transfer', 'revoke'],
  ...['state', 'release'],
] as const;

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
    const [first = 'kill', ...rest] = kinds;
    const kind = this.#chances.pick('mishap', [first, ...rest]);
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
        host.ahead += this.#chances.pick('step', [-60_000, -5_000, 5_000, 60_000]);
        this.#world.fault('clock step');
        return;
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

  async #order(kind: string): Promise<void> {
    const zone = this.#one('zone', [...firstZones.map(([one]) => one), ...freshZones]);
    const customer = this.#one('customer', customers);
    const token = this.#world.tokens.get(
      this.#chances.pick('revoked', ['a-second', 'a-second', 'a-second', 'b-dyn', 'a-panel']),
    );
    await this.#world.order(`${kind} ${zone} ${customer}`, async (operator) => {
      if (kind === 'transfer') await operator.transfer('operator', zone, customer, true);
      else if (kind === 'revoke') await operator.revokeToken('operator', token?.id ?? '');
      else if (kind === 'release') await operator.release('operator', zone);
      else {
        await operator.setCustomer('operator', customer, { state: 'read-only', limits: {} });
        await this.#world.clock.sleep(this.#chances.between('read-only', 100, 4_000));
        await operator.setCustomer('operator', customer, { state: 'active', limits: {} });
      }
    });
  }

  #one<T>(name: string, all: readonly [T, ...T[]] | readonly T[]): T {
    const found = all[this.#chances.between(`${name} of ${all.length}`, 0, all.length - 1)] ?? all[0];
    if (found === undefined) throw new Error(`nothing to choose: ${name}`);
    return found;
  }
}
