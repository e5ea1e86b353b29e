import { CentralError } from '../../core/central.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { zoneName, type DnsName, labels } from '../../dns/name.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { apiRefusalOf } from '../../gateway/api/problem-details.ts';
import { HeadsFile } from '../../gateway/audit/heads-file.ts';
import { DriftChecker, type DriftResult } from '../../gateway/drift/checker.ts';
import { ZoneSerials } from '../../gateway/drift/serials.ts';
import { presetRights } from '../../gateway/rights/presets.ts';
import type { Rights } from '../../gateway/rights/decide.ts';
import { makeToken } from '../../gateway/rights/token.ts';
import { SqlStorage } from '../../gateway/storage/sql-storage.ts';
import { newTokenFacts, StorageError, usualLimits, type Storage } from '../../gateway/storage/storage.ts';
import { settle, settleAgain } from '../../gateway/upkeep.ts';
import { authenticate } from '../../gateway/work/authenticate.ts';
import { Backends } from '../../gateway/work/backends.ts';
import { Gateway } from '../../gateway/work/gateway.ts';
import { ClaimSettler } from '../../gateway/work/settle-claims.ts';
import { leaseTime } from '../../gateway/work/zone-turns.ts';
import { OperatorRefusal, OperatorWork } from '../../gateway/operator/work.ts';
import type { Chances } from '../simulator/chances.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { NameServer, NameServerView } from './name-server.ts';
import type { Answer, Asked, SimRequest } from './requests.ts';
import { quietWay, SharedDatabase, type DatabaseWay } from './sim-database.ts';
import { SimProcess, type GatewayHost } from './sim-process.ts';
import { CommitWitness } from './witness.ts';

/** How long a request to a gateway may take, milliseconds. */
export const requestTime = 8_000;
/** For how long the name of a deleted zone is reserved, milliseconds. Longer than any history. */
export const reservedTime = 30 * 86_400_000;

/** A token of the simulated gateways, with its customer, its text and its rights. */
export interface WorldToken {
  readonly name: TokenName;
  readonly id: string;
  readonly text: string;
  readonly customer: string;
}

/** The tokens of a world. The first letter names the customer. */
export const tokenNames = ['a-panel', 'a-second', 'a-dyn', 'a-read', 'b-panel', 'b-dyn'] as const;
export type TokenName = (typeof tokenNames)[number];

export const customers = ['a', 'b'] as const;

/** Zones that exist at the beginning, with their owners; null: the provider's. */
export const firstZones: readonly (readonly [DnsName, 'a' | 'b' | null])[] = [
  [zoneName('alpha.test'), 'a'],
  [zoneName('beta.test'), 'b'],
  [zoneName('ours.test'), null],
];

/** Zones that may come and go. */
export const freshZones: readonly DnsName[] = ['fresh.test', 'sub.alpha.test', 'sub.fresh.test'].map((text) =>
  zoneName(text),
);

/** The label below which only others than customers write. No request to the gateway is about such names. */
export const strangersLabel = 'strangers';

/** The rights of a token. */
export function rightsOf(name: TokenName): Rights {
  if (name.endsWith('-dyn')) return presetRights('dyndns', ['**'], ['dyn']);
  if (name.endsWith('-read')) return presetRights('read', ['**'], ['www']);
  return presetRights('panel', [], []);
}

/** A comparison of a zone. Times are the world's monotonic clock. */
export interface DriftCheck {
  readonly zone: DnsName;
  readonly begun: number;
  readonly ended: number;
  /** null: it has failed. */
  readonly result: DriftResult | null;
  /** What the name server had at the end. */
  readonly records: readonly ResourceRecord[];
}

/** Serials are not asked for. The time of a check is limited by the clock of its process instead. */
const seldom = { every: 86_400_000, timeout: 2 ** 31 - 1 } as const;

/** A gateway that runs. */
interface Running {
  readonly process: SimProcess;
  readonly storage: Storage;
  readonly gateway: Gateway;
  readonly drift: DriftChecker;
  /** Resolves once it listens. */
  readonly ready: Promise<void>;
}

/** One or two gateways, their database, their name server, and the clients. */
export class GatewayWorld {
  readonly clock = new VirtualClock();
  readonly database: SharedDatabase;
  readonly server: NameServer;
  readonly witness: CommitWitness;
  readonly requests: SimRequest[] = [];
  readonly hosts: readonly GatewayHost[];
  readonly log: string[] = [];
  readonly faults: Record<string, number> = {};
  /** Errors that the gateway does not declare. Each one breaks a law. */
  readonly defects: string[] = [];
  /** Comparisons of zones with what the gateways left there. */
  readonly checks: DriftCheck[] = [];
  readonly tokens = new Map<TokenName, WorldToken>();
  readonly #running = new Map<string, Running>();
  readonly #chances: Chances;
  readonly #isShared: boolean;
  /** Until this time the database cannot be reached. */
  databaseDownUntil = 0;
  /** How likely a transaction that writes fails, 0 to 1. */
  databaseTroubles = 0;

  /** @param gateways 1: with a database for one gateway; 2: with leases */
  constructor(chances: Chances, gateways: 1 | 2) {
    this.#chances = chances;
    this.#isShared = gateways === 2;
    this.clock.settle = settleAll;
    this.database = new SharedDatabase(() => this.clock.wall());
    this.server = new NameServer(this.clock, chances);
    this.server.onFault = (kind) => this.fault(kind);
    this.witness = new CommitWitness(this.database, this.clock, this.server);
    this.hosts = ['g1', 'g2'].slice(0, gateways).map((name) => ({ name, ahead: 0, setBack: [] }));
  }

  note(text: string): void {
    this.log.push(`${(this.clock.now() / 1_000).toFixed(3)} ${text}`);
  }

  fault(kind: string): void {
    this.faults[kind] = (this.faults[kind] ?? 0) + 1;
    this.note(`fault: ${kind}`);
  }

  /** Makes customers, tokens and the first zones, without taking time. */
  async setUp(): Promise<void> {
    const facts = { wall: () => this.clock.wall(), gateway: 'operator' };
    const storage = new SqlStorage(this.database.connect(quietWay, this.#isShared), facts);
    const audit = { what: 'set-up', customer: '', token: '', from: '', zone: '', detail: {} };
    const createdAt = this.clock.wall();
    for (const id of customers)
      await storage.addCustomer({ id, state: 'active', limits: usualLimits, createdAt }, audit);
    for (const name of tokenNames) {
      const { id, text, hash } = makeToken();
      const customer = name.slice(0, 1);
      await storage.addToken(
        { ...newTokenFacts, id, hash, customer, rights: rightsOf(name), createdAt },
        audit,
      );
      this.tokens.set(name, { name, id, text, customer });
    }
    for (const [zone, owner] of firstZones) {
      this.server.landZone(zone, firstContent(zone), null);
      if (owner === null) continue;
      const claim = { zone, customer: owner, at: createdAt, quarantine: 0 };
      await storage.claimZone(claim, audit, null);
      await storage.confirmClaim(zone, owner, audit, null);
    }
  }

  /** The operator, who works with the database directly. */
  get operator(): OperatorWork {
    const way = this.#way(null);
    const facts = { wall: () => this.clock.wall(), gateway: 'operator' };
    const storage = new SqlStorage(this.database.connect(way, this.#isShared), facts);
    const wall = (): number => this.clock.wall();
    // No history asks for a check of the audit, so the file is never read.
    return new OperatorWork({ storage, wall, backends: () => [], heads: new HeadsFile('') });
  }

  /** Gives a customer another token in place of one that was revoked. */
  async renew(name: TokenName): Promise<void> {
    const customer = name.slice(0, 1);
    const order = {
      networks: [],
      label: name,
      days: null,
      rights: rightsOf(name),
      idle: null,
      makesTokens: false,
    };
    await this.order(`another token ${name}`, async (operator) => {
      const { id, text } = await operator.addToken('operator', customer, order);
      this.tokens.set(name, { name, id, text, customer });
    });
  }

  running(name: string): SimProcess | null {
    return this.#running.get(name)?.process ?? null;
  }

  /** Starts a gateway on a host. It listens once it has ended what an earlier one left. */
  start(host: GatewayHost): void {
    const process = new SimProcess(host, this.clock);
    const wall = (): number => process.clock.wall();
    const gatewayName = this.#isShared ? host.name : '';
    const database = this.database.connect(this.#way(process), this.#isShared);
    const storage = new SqlStorage(database, { wall, gateway: gatewayName });
    const backends = new Backends(new Map([['', new NameServerView(this.server, process)]]), storage);
    const log = (_level: number, event: string): void => this.note(`${host.name}: ${event}`);
    const guard = { doubt: async () => await Promise.resolve(null), mayLackKeys: () => false };
    const names = { reserved: [], reservedNetworks: [], reverse: [], suffixes: { isSuffix } };
    const parts = { storage, backends, log, wall, clock: process.clock, timeout: requestTime, guard };
    const random = (): number => this.#chances.between(`${host.name} waits for a zone`, 0, 100) / 100;
    const gateway = new Gateway({ ...parts, quarantine: reservedTime, names, random });
    const { turns } = gateway;
    const settled = { ...parts, claims: new ClaimSettler({ ...parts, turns }) };
    const upkeep = async (work: typeof settle): Promise<void> => {
      const request = this.#request('', { kind: 'settle' }, process);
      await this.server.asking.run(request, async () => await work(settled));
    };
    const ready = this.#begin(process, async () => await upkeep(settle));
    const drift = new DriftChecker({ ...parts, turns, serials: new ZoneSerials(backends, wall), ...seldom });
    this.#running.set(host.name, { process, storage, gateway, drift, ready });
    void this.#keepSettling(process, ready, async () => await upkeep(settleAgain));
    this.note(`${host.name} starts`);
  }

  async #begin(process: SimProcess, upkeep: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await upkeep();
        return;
      } catch (error) {
        if (!(error instanceof StorageError)) this.#defect(error);
        await process.clock.sleep(2_000);
      }
    }
  }

  async #keepSettling(process: SimProcess, ready: Promise<void>, upkeep: () => Promise<void>): Promise<void> {
    await ready;
    for (;;) {
      await process.clock.sleep(leaseTime(requestTime));
      await upkeep().catch((error: unknown) => {
        if (!(error instanceof StorageError)) this.#defect(error);
      });
    }
  }

  kill(name: string): void {
    this.#running.get(name)?.process.kill();
    this.#running.delete(name);
    this.note(`${name} is killed`);
  }

  /**
   * Sends a request to a gateway.
   * @returns the request, and a promise that settles when it is answered; if the gateway is killed, never
   */
  ask(
    host: string,
    token: TokenName,
    asked: Asked,
  ): { readonly request: SimRequest; readonly answered: Promise<Answer> } | null {
    const to = this.#running.get(host);
    if (to === undefined) return null;
    const request = this.#request(token, asked, to.process);
    this.note(`#${request.number} ${token} at ${host}: ${describeAsked(asked)}`);
    const answered = this.server.asking.run(request, async () => await this.#answer(to, request));
    return { request, answered };
  }

  /** Lets a gateway compare a zone with what it left there. Outages are let pass. */
  async checkDrift(host: string, zone: DnsName): Promise<void> {
    const to = this.#running.get(host);
    if (to === undefined) return;
    const { process, drift, ready } = to;
    const request = this.#request('', { kind: 'drift', zone }, process);
    const stop = new AbortController();
    const cancel = process.clock.alarm(requestTime, () => stop.abort());
    const check = async (): Promise<DriftResult | null> => {
      await ready;
      await process.pass();
      return await drift.check(zone, true, stop.signal);
    };
    const result = await this.server.asking.run(request, check).catch((error: unknown) => {
      if (!(error instanceof CentralError || error instanceof StorageError)) this.#defect(error);
      return null;
    });
    cancel();
    const records = this.server.records(zone) ?? [];
    this.checks.push({ zone, begun: request.at, ended: this.clock.now(), result, records });
    this.note(`${host} compares ${zone}: ${result ?? 'in vain'}`);
  }

  async #answer(to: Running, request: SimRequest): Promise<Answer> {
    await to.process.pass();
    await to.ready;
    const answer = await this.#carriedOut(to, request).catch((error: unknown) => this.#refusal(error));
    await to.process.pass();
    request.answeredAt = this.clock.now();
    request.answer = answer;
    this.note(`#${request.number} is answered ${describeAnswer(answer)}`);
    return answer;
  }

  async #carriedOut(
    { gateway, storage, process }: Running,
    { token, text, asked }: SimRequest,
  ): Promise<Answer> {
    const log = (): void => undefined;
    const ports = { storage, log, wall: () => process.clock.wall() };
    const caller = await authenticate(ports, text, `192.0.2.${token.length}`);
    const outcome = ({ outcome: is }: { readonly outcome: SimOutcome }): Answer => ({
      kind: 'outcome',
      outcome: is,
    });
    const said = (is: string): Answer => ({ kind: 'said', said: is });
    switch (asked.kind) {
      case 'change':
        return outcome(await gateway.change(caller, asked.zone, asked));
      case 'rrset':
        return outcome(await gateway.writeRRset(caller, asked.zone, asked.request));
      case 'withdraw':
        return outcome(await gateway.withdraw(caller, asked.zone, asked.key));
      case 'create':
        return said(
          await gateway.createZone(caller, { zone: asked.zone, seed: noSeed, content: asked.content }),
        );
      case 'may-create':
        return said(await gateway.mayCreate(caller, { zone: asked.zone, seed: noSeed, content: [] }));
      case 'delete':
        return said(await gateway.deleteZone(caller, asked.zone));
      case 'records':
        return { kind: 'records', records: await gateway.records(caller, asked.zone, null) };
      case 'zones':
        return { kind: 'zones', zones: await gateway.zones(caller) };
      case 'offer':
        return { kind: 'offered', offered: await gateway.offerZone(caller, asked.zone, asked.withBelow) };
      case 'take':
        return said((await gateway.takeZone(caller, asked.zone, asked.code)).join(' '));
      case 'settle':
      case 'drift':
        return said('');
    }
  }

  #refusal(error: unknown): Answer {
    const known = apiRefusalOf(error);
    if (known === null) {
      this.#defect(error);
      return { kind: 'refused', status: 500, code: 'gateway.failed', state: 'unknown', found: [] };
    }
    const { status, code, state, found } = known;
    return { kind: 'refused', status, code, state, found: found ?? [] };
  }

  /** Carries out an order of the operator. Ignores refusals and outages of the database. */
  async order(text: string, work: (operator: OperatorWork) => Promise<unknown>): Promise<void> {
    this.note(`operator: ${text}`);
    try {
      await work(this.operator);
    } catch (error) {
      if (
        !(error instanceof OperatorRefusal || error instanceof StorageError || error instanceof DnsDataError)
      )
        throw error;
      this.note(`operator: ${text}: ${error.message}`);
    }
  }

  #request(token: TokenName | '', asked: Asked, process: SimProcess): SimRequest {
    const number = this.requests.length + 1;
    const at = this.clock.now();
    const { id: tokenId = '', text = '' } = (token === '' ? null : this.tokens.get(token)) ?? {};
    const none = { reads: [], looks: [], answeredAt: null, answer: null };
    const request: SimRequest = { number, token, tokenId, text, asked, process, at, ...none };
    this.requests.push(request);
    return request;
  }

  /** Delays and faults of a connection to the database, for a process; null: for the operator. */
  #way(process: SimProcess | null): DatabaseWay {
    const name = `${process?.host.name ?? 'operator'} database`;
    const pass = async (): Promise<void> => await process?.pass();
    const travel = async (kind: string): Promise<void> =>
      await this.clock.sleep(this.#chances.between(`${name} ${kind}`, 0, 4));
    return {
      before: async (kind) => {
        await pass();
        await travel(kind);
        if (this.clock.now() < this.databaseDownUntil) {
          await this.clock.sleep(this.#chances.pick(`${name} is away`, [1, 1, 3_000]));
          await pass();
          throw new Error('the database is away');
        }
        await pass();
        if (kind === 'write' && this.#fails(`${name} fails`)) throw new Error('the transaction failed');
      },
      after: async (kind) => {
        const isLost = kind === 'write' && this.#isShared && this.#fails(`${name} loses a commit`);
        await travel(kind);
        await pass();
        if (isLost) throw new Error('the connection broke during the commit');
      },
    };
  }

  #fails(name: string): boolean {
    if (this.databaseTroubles === 0 || !this.#chances.chance(name, this.databaseTroubles)) return false;
    this.fault(name.replace(/^\S+ /u, ''));
    return true;
  }

  #defect(error: unknown): void {
    this.defects.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

type SimOutcome = Extract<Answer, { kind: 'outcome' }>['outcome'];

const noSeed = { addresses: [], nameServers: [], mailServers: [] };

function isSuffix(name: DnsName): boolean {
  return labels(name).length < 2;
}

function firstContent(zone: DnsName): ReturnType<typeof makeRecord>[] {
  const record = (name: string, rdata: string) => makeRecord({ name, type: 'A', rdata, ttl: 300 }, zone);
  return [
    record('www', '192.0.2.1'),
    record('dyn', '192.0.2.1'),
    record(`one.${strangersLabel}`, '198.51.100.1'),
  ];
}

function describeAsked(asked: Asked): string {
  const { kind, ...rest } = asked;
  return `${kind} ${JSON.stringify(rest, (_, value: unknown) => (value instanceof Set ? [...value] : value))}`;
}

function describeAnswer(answer: Answer): string {
  return JSON.stringify(answer);
}

/**
 * Runs all callbacks that are ready, also those of long work. On a busy machine, work that takes a moment
 * makes a pause (`Pace`), and the virtual time must not go on meanwhile.
 */
async function settleAll(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (process.getActiveResourcesInfo().includes('Immediate'));
}
