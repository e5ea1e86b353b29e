import type { Expectation } from '../../core/central.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { planRRsets } from '../../centrals/rrsets.ts';
import type { Precondition } from '../../gateway/work/precondition.ts';
import { tagOf } from '../../gateway/work/precondition.ts';
import type { Chances } from '../simulator/chances.ts';
import {
  firstZones,
  freshZones,
  strangersLabel,
  type GatewayWorld,
  type TokenName,
} from './gateway-world.ts';
import { repeated } from './repeated.ts';
import { keyIn, zoneIn, type Answer, type Asked, type SimRequest } from './requests.ts';

const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'] as const;
const names = ['www', 'www', 'mail', 'dyn'] as const;
const panels = ['a-panel', 'a-panel', 'a-second', 'b-panel', 'b-panel'] as const;
const writers = [...panels, ...panels, 'a-dyn', 'b-dyn', 'a-read'] as const;

/** What clients and others do. The number says how often it is drawn. */
const whatOften = repeated({
  edit: 5,
  rrset: 2,
  again: 3,
  withdraw: 1,
  create: 3,
  delete: 1,
  move: 1,
  read: 2,
  stranger: 2,
  compare: 2,
});

/** What the clients of the gateways do, and the others at the name server. */
export class GatewayClients {
  readonly #world: GatewayWorld;
  readonly #chances: Chances;
  /** Actions of clients that have not ended yet. */
  readonly jobs = new Set<Promise<void>>();
  #keys = 0;

  constructor(world: GatewayWorld, chances: Chances) {
    this.#world = world;
    this.#chances = chances;
  }

  /** Starts one action of a client. It goes on by itself. */
  act(): void {
    const kind = this.#chances.pick('what', whatOften);
    if (kind === 'stranger') this.#stranger();
    else this.#begin(this.#job(kind));
  }

  /** Lets a token of its owner edit a zone, at any gateway. */
  editIn(zone: DnsName): void {
    const owner = this.#world.witness.commits.at(-1)?.owners.get(zone)?.customer;
    const panel = panels.find((name) => name.startsWith(owner ?? 'a')) ?? 'a-panel';
    this.#begin(this.#edit(panel, zone));
  }

  async #job(kind: string): Promise<void> {
    switch (kind) {
      case 'edit':
        return await this.#editAny();
      case 'rrset':
        return await this.#rrset();
      case 'again':
        return await this.#again();
      case 'withdraw':
        return await this.#withdrawEarly();
      case 'create':
        return await this.#create();
      case 'delete':
        return await this.#once(this.#panel(), { kind: 'delete', zone: this.#freshZone() });
      case 'move':
        return await this.#move();
      case 'compare':
        return await this.#compare();
      default:
        return await this.#read();
    }
  }

  #begin(job: Promise<void>): void {
    this.jobs.add(job);
    void job.finally(() => this.jobs.delete(job));
  }

  async #editAny(): Promise<void> {
    const token = this.#chances.pick('edit token', writers);
    await this.#edit(token, this.#zoneOf(token));
  }

  /** Sends an edit as an agent does: after a lost answer it asks what became of it. */
  async #edit(token: TokenName, zone: DnsName): Promise<void> {
    const name = this.#name(zone);
    const present = this.#at(zone, name);
    const { remove, add } = this.#change(zone, name, present);
    const expect = this.#expectation(name, present);
    const asked = { kind: 'change', zone, key: this.#newKey(), remove, add, expect } as const;
    await this.#insist(token, asked);
  }

  async #insist(token: TokenName, asked: Extract<Asked, { kind: 'change' }>): Promise<void> {
    const { zone, key } = asked;
    if (this.#chances.chance('sent twice', 0.2)) this.#begin(this.#twin(token, asked));
    const first = await this.#send(token, asked);
    if (first !== null && !isOpen(first)) return;
    for (let tries = 0; tries < 8; tries += 1) {
      await this.#world.clock.sleep(this.#chances.between('client waits', 50, 4_000));
      const said = await this.#send(token, { kind: 'withdraw', zone, key });
      if (said !== null && !isOpen(said)) return;
    }
  }

  /** A proxy, or an impatient client, sends the same request once more. */
  async #twin(token: TokenName, asked: Asked): Promise<void> {
    await this.#world.clock.sleep(this.#chances.between('twin', 0, 200));
    await this.#once(token, asked);
  }

  async #rrset(): Promise<void> {
    const token = this.#chances.pick('rrset token', writers);
    const zone = this.#zoneOf(token);
    const name = this.#name(zone);
    const present = this.#at(zone, name);
    const records = this.#wanted(zone, name);
    const key = this.#chances.chance('rrset has a key', 0.6) ? this.#newKey() : null;
    const precondition = this.#precondition(present);
    await this.#once(token, {
      kind: 'rrset',
      zone,
      request: { name, type: 'A', key, records, precondition },
    });
  }

  /** Somebody sends a request again, perhaps at the other gateway, perhaps another one with the same key. */
  async #again(): Promise<void> {
    const keyed = this.#world.requests.filter(
      ({ asked }) => keyIn(asked) !== null && asked.kind !== 'withdraw',
    );
    const request = this.#one('again', keyed.slice(-6));
    if (request === undefined) return;
    const { asked } = request;
    if (asked.kind === 'change' && this.#chances.chance('again otherwise', 0.15)) {
      const add = [
        ...asked.add,
        makeRecord({ name: 'other', type: 'A', rdata: '192.0.2.9', ttl: 300 }, asked.zone),
      ];
      return await this.#once(tokenOf(request), { ...asked, add });
    }
    await this.#once(tokenOf(request), asked);
  }

  /** Withdraws a key while its change may be on the way, or one that nobody has used. */
  async #withdrawEarly(): Promise<void> {
    const changes = this.#world.requests.filter(
      ({ asked }) => asked.kind === 'change' || asked.kind === 'rrset',
    );
    const request = this.#one('withdrawn', changes.slice(-3));
    if (request === undefined) return;
    const [zone, key] = [zoneIn(request.asked), keyIn(request.asked)];
    if (zone !== null && key !== null) await this.#once(tokenOf(request), { kind: 'withdraw', zone, key });
  }

  async #create(): Promise<void> {
    const zone = this.#freshZone();
    const token = this.#panel();
    const content = [makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1', ttl: 300 }, zone)];
    if (this.#chances.chance('asks first', 0.2)) await this.#once(token, { kind: 'may-create', zone });
    await this.#once(token, { kind: 'create', zone, content });
  }

  /** One customer makes a transfer code, and another one takes over the zone with it. */
  async #move(): Promise<void> {
    const from = this.#panel();
    const zone = this.#zoneOf(from);
    const withBelow = this.#chances.chance('with zones below', 0.5);
    const offered = await this.#send(from, { kind: 'offer', zone, withBelow });
    if (offered?.kind !== 'offered') return;
    await this.#world.clock.sleep(this.#chances.between('code waits', 10, 2_000));
    const to = this.#panel();
    await this.#once(to, { kind: 'take', zone, code: offered.offered.code });
  }

  /** A gateway compares a zone with what it left there, as it does by itself once a day. */
  async #compare(): Promise<void> {
    const host = this.#one('host', this.#world.hosts)?.name ?? 'g1';
    const check = this.#world.checkDrift(host, this.#zoneOf(this.#panel()));
    // A gateway that is killed ends no check.
    await Promise.race([check, this.#world.clock.sleep(60_000)]);
  }

  async #read(): Promise<void> {
    const token = this.#chances.pick('read token', writers);
    const isList = this.#chances.chance('reads the list', 0.3);
    await this.#once(token, isList ? { kind: 'zones' } : { kind: 'records', zone: this.#zoneOf(token) });
  }

  /** Somebody writes at the name server itself. */
  #stranger(): void {
    const { server } = this.#world;
    const zone = this.#one('stranger zone', [...server.zones.keys()]);
    if (zone === undefined) return;
    const how = this.#chances.next('stranger does');
    if (how > 0.97) {
      server.landDelete(zone, null);
      this.#world.note(`the provider deletes ${zone}`);
      return;
    }
    if (how > 0.93) {
      const made = this.#freshZone();
      server.landZone(made, [], null);
      this.#world.note(`the provider makes ${made}`);
      return;
    }
    const label =
      how > 0.5 ? `${this.#chances.pick('stranger name', ['one', 'two'])}.${strangersLabel}` : 'www';
    const name = zoneName(`${label}.${zone}`);
    const change = { zone, ...this.#change(zone, name, this.#at(zone, name)) };
    const present = (server.records(zone) ?? []).map((record) => ({ ...record, handle: record.rdata }));
    server.landEdits(zone, planRRsets(change, present), null);
    this.#world.note(`somebody writes ${name}`);
  }

  async #once(token: TokenName, asked: Asked): Promise<void> {
    await this.#send(token, asked);
  }

  /** Sends a request, and waits until the client gives up. @returns null: no answer came in time */
  async #send(token: TokenName, asked: Asked): Promise<Answer | null> {
    const { clock, hosts } = this.#world;
    const host = this.#one('host', hosts)?.name ?? 'g1';
    const sent = this.#world.ask(host, token, asked);
    const patience = this.#chances.pick('patience', [300, 2_000, 12_000, 12_000, 30_000]);
    if (sent === null) {
      await clock.sleep(20);
      return null;
    }
    return await Promise.race([sent.answered, clock.sleep(patience).then(() => null)]);
  }

  #newKey(): string {
    this.#keys += 1;
    return `key${String(this.#keys).padStart(5, '0')}`;
  }

  #panel(): TokenName {
    return this.#chances.pick('panel', panels);
  }

  #freshZone(): DnsName {
    return this.#one('fresh zone', freshZones) ?? zoneName('fresh.test');
  }

  /** Mostly a zone of the token's customer, sometimes another one. */
  #zoneOf(token: TokenName): DnsName {
    const all = [...firstZones.map(([zone]) => zone), ...freshZones];
    const owners = this.#world.witness.commits.at(-1)?.owners;
    const own = all.filter((zone) => {
      const owner = owners?.get(zone);
      return owner?.customer === token.slice(0, 1) && !owner.isLeft && !owner.isPending;
    });
    const isOwn = own.length > 0 && this.#chances.chance('own zone', 0.85);
    return this.#one('zone', isOwn ? own : all) ?? zoneName('alpha.test');
  }

  #name(zone: DnsName): DnsName {
    return zoneName(`${this.#chances.pick('name', names)}.${zone}`);
  }

  #at(zone: DnsName, name: DnsName): readonly ResourceRecord[] {
    return (this.#world.server.records(zone) ?? []).filter((record) => record.name === name);
  }

  #wanted(zone: DnsName, name: DnsName): readonly ResourceRecord[] {
    const count = this.#chances.between('records wanted', 0, 2);
    const wanted = new Set(Array.from({ length: count }, () => this.#chances.pick('address', addresses)));
    return [...wanted].map((rdata) => makeRecord({ name, type: 'A', rdata, ttl: 300 }, zone));
  }

  #change(
    zone: DnsName,
    name: DnsName,
    present: readonly ResourceRecord[],
  ): { readonly remove: readonly ResourceRecord[]; readonly add: readonly ResourceRecord[] } {
    const rdata = this.#chances.pick('address', addresses);
    const added = makeRecord({ name, type: 'A', rdata, ttl: 300 }, zone);
    const held = this.#one('removed', present);
    const how = this.#chances.pick('how', ['add', 'add', 'replace', 'replace', 'remove', 'blind']);
    if (how === 'blind') {
      const other = makeRecord({ name, type: 'A', rdata: '192.0.2.5', ttl: 300 }, zone);
      return { remove: [added], add: [other] };
    }
    const remove = how === 'add' || held === undefined ? [] : [held];
    return { remove, add: how === 'remove' && remove.length > 0 ? [] : [added] };
  }

  #expectation(name: DnsName, present: readonly ResourceRecord[]): Expectation | null {
    const how = this.#chances.pick('expects', ['nothing', 'nothing', 'all', 'types', 'types', 'wrong']);
    if (how === 'nothing') return null;
    const records = how === 'wrong' ? present.slice(1) : present;
    return { names: new Set([name]), types: how === 'all' ? null : new Set(['A', 'CNAME']), records };
  }

  #precondition(present: readonly ResourceRecord[]): Precondition {
    const how = this.#chances.pick('precondition', ['none', 'none', 'tag', 'tag', 'tag', 'new', 'wrong']);
    const none = { match: null, noneMatch: null };
    if (how === 'none') return none;
    if (how === 'new') return { ...none, noneMatch: 'any' };
    if (how === 'wrong') return { ...none, match: ['"0"'] };
    return present.length === 0 ? { ...none, noneMatch: 'any' } : { ...none, match: [tagOf(present)] };
  }

  #one<T>(name: string, all: readonly T[]): T | undefined {
    return all[this.#chances.between(`${name} of ${all.length}`, 0, Math.max(0, all.length - 1))];
  }
}

function tokenOf({ token }: SimRequest): TokenName {
  return token as TokenName;
}

/** Whether a client does not know yet what became of its change. */
function isOpen(answer: Answer): boolean {
  return answer.kind === 'refused' && (answer.state !== 'untouched' || answer.status === 503);
}
