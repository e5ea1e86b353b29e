import { randomUUID } from 'node:crypto';
import type * as v from 'valibot';
import {
  CentralError,
  type Altered,
  type CallContext,
  type Central,
  type CentralId,
  type CentralRecord,
  type CentralTraits,
  type Conditional,
  type ZoneSeed,
} from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { isEmptyChange, zoneProblems, type Change } from '../../dns/zone.ts';
import * as shapes from '../../net/gateway/schemas.ts';
import { absoluteName, allFromWire, expectationToWire, toWire } from '../../net/gateway/wire.ts';
import { centralRefusal, hasCode, look, outage, restated } from '../errors.ts';
import { garbled, type Effect } from '../http-answer.ts';
import type { SecretChanged } from '../secrets.ts';
import { errorOf } from './answer.ts';
import { GatewayApi } from './api.ts';
import type { GatewaySettings } from './settings.ts';

export { readGatewaySettings } from './settings.ts';

/** Up to so many names are asked for one by one; for more, the whole zone is read. */
const mostNames = 40;

/** How long the outcome of a change is asked for after the caller's deadline, milliseconds. */
const lastQuestion = 2_000;

/**
 * Makes the central for one customer at a gateway of the provider (docs/decisions/025-gateway.md). Sends
 * nothing yet.
 * @throws {RangeError} if the address is neither `https:` nor on this machine
 */
export function createGatewayCentral(
  settings: GatewaySettings,
  ports: { readonly secretChanged?: SecretChanged } = {},
): Central {
  return new GatewayCentral(settings, ports.secretChanged);
}

/**
 * `guard: 'cas'` is true among clients of the gateway, because it carries out their writes to a zone one
 * after the other. Against somebody who writes at the name server itself, only that server's own guard helps.
 */
const traits: CentralTraits = {
  atomic: 'zone',
  guard: 'cas',
  managesZones: true,
  createsWithContent: true,
  listsZones: true,
  wholeZones: true,
  carriesTtl: true,
  recordTypes: 'any',
};

class GatewayCentral implements Central {
  readonly id: CentralId;
  /** Replaced by each list of zones, because the gateway says there whether the customer can make zones. */
  traits = traits;
  readonly #api: GatewayApi;
  readonly #settings: GatewaySettings;

  constructor(settings: GatewaySettings, changed?: SecretChanged) {
    this.#settings = settings;
    this.#api = new GatewayApi(settings, changed);
    this.id = { kind: 'gateway', address: settings.address, account: settings.username };
  }

  readonly audit: Central['audit'] = ({ zone, add }) => zoneProblems(zone, add);

  readonly check: Central['check'] = async (ctx) => {
    const { customer } = await this.#get('/v1/account', shapes.accountAnswer, ctx);
    if (customer === this.#settings.username) return;
    throw centralRefusal('central.login', { text: `the token belongs to ${customer}` });
  };

  readonly listZones: Central['listZones'] = async (_asked, ctx) => {
    const { zones, makesZones } = await this.#get('/v1/zones', shapes.zonesAnswer, ctx);
    this.#learn(makesZones);
    return understood(() => zones.map(absoluteName));
  };

  readonly readZone: Central['readZone'] = async (zone, _known, ctx) => await this.#records(zone, '', ctx);

  readonly readNames: Central['readNames'] = async (zone, names, ctx) => {
    const wanted = new Set(names);
    if (wanted.size === 0) return [];
    const query =
      wanted.size > mostNames ? '' : `?${new URLSearchParams([...wanted].map(asName)).toString()}`;
    const found = await this.#records(zone, query, ctx);
    return found?.filter(({ name }) => wanted.has(name)) ?? null;
  };

  /** The gateway reads the zone right before the write, so it does not need `present`. */
  readonly apply: Central['apply'] = async (change, _present, ctx) => {
    if (isEmptyChange(change)) return { removed: [], added: [] };
    const { zone } = change;
    const key = `${ctx.operation}:${randomUUID()}`;
    try {
      return await this.#change(change, { key }, ctx);
    } catch (error) {
      if (!(error instanceof CentralError) || error.state !== 'unknown') throw error;
      return await this.#afterLost(zone, key, error);
    }
  };

  readonly conditional: Conditional = {
    apply: async (change, { expected, key }, ctx) => {
      const path = `${zonePath(change.zone)}/changes`;
      const body = { key, ...changeToWire(change), expect: expectationToWire(expected) };
      const shapesOf = { answer: shapes.changeAnswer, found: shapes.foundAnswer };
      const request = { method: 'POST', path, body, ...shapesOf, keyed: true } as const;
      const said = await orNull(
        this.#api.send<v.InferOutput<typeof shapes.changeAnswer | typeof shapes.foundAnswer>>(request, ctx),
      );
      if (said === null) return { found: null };
      if ('found' in said)
        return { found: await understood(() => allFromWire(said.found).map(withoutHandle)) };
      return await understood(() => alteredFromWire(said), 'write');
    },
    outcome: async (zone, key, ctx) => {
      // The gateway answers also for a zone that has gone to another customer. So 404 proves nothing.
      const told = await this.#withdraw(zone, key, ctx);
      if (told.outcome === 'done') return await understood(() => alteredFromWire(told));
      return told.outcome === 'failed' && told.state === 'untouched' ? 'nothing' : 'unclear';
    },
  };

  readonly mayCreateZone: Central['mayCreateZone'] = async (zone, seed, ctx) => {
    const { result } = await this.#zone({ zone, check: true, seed, records: [] }, ctx);
    return result === 'exists' ? 'exists' : 'free';
  };

  readonly createZone: Central['createZone'] = async (zone, seed, ctx, content = []) => {
    const { result } = await this.#zone({ zone, check: false, seed, records: content }, ctx);
    return result === 'exists' ? 'exists' : 'created';
  };

  readonly deleteZone: Central['deleteZone'] = async (zone, ctx) => {
    try {
      const path = zonePath(zone);
      const { result } = await this.#api.send({ method: 'DELETE', path, answer: shapes.zoneAnswer }, ctx);
      return result === 'missing' ? 'missing' : 'deleted';
    } catch (error) {
      if (hasCode(error, 'central.missing')) return 'missing';
      throw this.#leftToProvider(error);
    }
  };

  readonly signing: Central['signing'] = async (zone, ctx) =>
    await orNull(this.#get(`${zonePath(zone)}/signing`, shapes.signingAnswer, ctx));

  readonly concerns: Central['concerns'] = async () => await Promise.resolve([]);

  readonly close: Central['close'] = async () => {
    this.#api.close();
    await Promise.resolve();
  };

  /**
   * Notes that only the provider deletes zones, if no list of zones has said so yet. The error becomes an
   * outage, so that the caller tries again, and then acts by the new `traits`.
   */
  #leftToProvider(error: unknown): unknown {
    if (!hasCode(error, 'zone.delete-there') || !this.traits.managesZones) return error;
    this.#learn(false);
    return outage(error.code, error.params, error);
  }

  #learn(makesZones: boolean): void {
    this.traits = { ...traits, managesZones: makesZones, createsWithContent: makesZones };
  }

  async #records(zone: DnsName, query: string, ctx: CallContext): Promise<readonly CentralRecord[] | null> {
    const path = `${zonePath(zone)}/records${query}`;
    const found = await orNull(this.#get(path, shapes.recordsAnswer, ctx));
    if (found === null) return null;
    const records = await understood(() => allFromWire(found.records));
    return records.map(withoutHandle);
  }

  /**
   * Asks what became of a change whose answer was lost. If the gateway has not accepted the change yet, it
   * will not accept it later.
   * @param lost the error of the change; thrown again if nobody knows the outcome
   */
  async #afterLost(zone: DnsName, key: string, lost: CentralError): Promise<Altered> {
    const ctx = { signal: AbortSignal.timeout(lastQuestion), operation: '-' };
    const told = await look(async () => await this.#withdraw(zone, key, ctx));
    // If the question fails too, nobody knows the outcome of the change.
    if (told === 'unread' || told.outcome === 'interrupted') throw lost;
    if (told.outcome === 'done') return await understood(() => alteredFromWire(told), 'write');
    if (told.params['text'] === 'withdrawn') throw restated(lost, 'untouched');
    throw errorOf({ ...told, title: told.code });
  }

  async #withdraw(zone: DnsName, key: string, ctx: CallContext): Promise<Withdrawn> {
    const path = `${zonePath(zone)}/changes/withdraw`;
    // A withdrawal changes nothing at the name server, so its failure counts as that of a read.
    const request = { method: 'POST', path, body: { key }, answer: shapes.withdrawAnswer } as const;
    return await this.#api.send({ ...request, effect: 'read' }, ctx);
  }

  async #change(change: Change, more: { readonly key: string }, ctx: CallContext): Promise<Altered> {
    const path = `${zonePath(change.zone)}/changes`;
    const body = { ...more, ...changeToWire(change) };
    const request = { method: 'POST', path, body, answer: shapes.changeAnswer, keyed: true } as const;
    const said = await this.#api.send(request, ctx);
    return await understood(() => alteredFromWire(said), 'write');
  }

  async #zone(asked: ZoneRequest, ctx: CallContext): Promise<{ readonly result: string }> {
    const { zone, check, seed, records } = asked;
    const own = this.#settings.nameServers;
    const nameServers = own.length === 0 ? seed.nameServers : own;
    const body = { zone, check, nameServers, records: records.map(toWire) };
    const effect = check ? 'read' : 'write';
    return await this.#api.send(
      { method: 'POST', path: '/v1/zones', body, answer: shapes.zoneAnswer, effect },
      ctx,
    );
  }

  async #get<T>(path: string, answer: v.GenericSchema<unknown, T>, ctx: CallContext): Promise<T> {
    return await this.#api.send({ method: 'GET', path, answer }, ctx);
  }
}

interface ZoneRequest {
  readonly zone: DnsName;
  readonly check: boolean;
  readonly seed: ZoneSeed;
  readonly records: readonly ResourceRecord[];
}

function zonePath(zone: DnsName): string {
  return `/v1/zones/${encodeURIComponent(zone)}`;
}

function asName(name: DnsName): [string, string] {
  return ['name', name];
}

/** Resolves to null if the gateway says that the customer has no such zone. */
async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (hasCode(error, 'central.missing')) return null;
    throw error;
  }
}

/** Reads DNS data of an answer. @throws {CentralError} `central.garbled` for data that are none */
async function understood<T>(read: () => T, effect: Effect = 'read'): Promise<T> {
  try {
    return await Promise.resolve(read());
  } catch (error) {
    if (error instanceof DnsDataError) throw garbled(error.message, effect);
    throw error;
  }
}

type Withdrawn = v.InferOutput<typeof shapes.withdrawAnswer>;

function changeToWire({
  remove,
  add,
}: Change): Pick<v.InferOutput<typeof shapes.changeBody>, 'remove' | 'add'> {
  return { remove: remove.map(toWire), add: add.map(toWire) };
}

function alteredFromWire({ removed, added }: v.InferOutput<typeof shapes.changeAnswer>): Altered {
  return { removed: allFromWire(removed), added: allFromWire(added) };
}

/** The gateway's records have no handles. */
function withoutHandle(record: ResourceRecord): CentralRecord {
  return { ...record, handle: '' };
}
