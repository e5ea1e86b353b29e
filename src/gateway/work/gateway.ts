import { createHash } from 'node:crypto';
import { Slots } from '../../centrals/slots.ts';
import {
  CentralError,
  type CallContext,
  type Central,
  type CentralRecord,
  type Signing,
  type ZoneSeed,
} from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { changeNames, type Change } from '../../dns/zone.ts';
import { ApiRefusal, denied, fromBackend, noSuchZone } from '../api-refusal.ts';
import { decideChange, mayCreateZone, mayDeleteZone, mayRead, mayReadZone } from '../rights/decide.ts';
import type {
  AuditFacts,
  ChangeOutcome,
  Claim,
  Customer,
  Storage,
  StoredChange,
  StoredToken,
  ZoneClaim,
} from '../storage/storage.ts';

/** Who sends a request: a customer's token, from an address. */
export interface Caller {
  readonly customer: Customer;
  readonly token: StoredToken;
  /** Address of the client. */
  readonly from: string;
}

/** A change of records as a client asks for it. */
export interface ChangeRequest {
  /** Identifies the request for the customer. A key is carried out at most once. */
  readonly key: string;
  readonly remove: readonly ResourceRecord[];
  readonly add: readonly ResourceRecord[];
}

export interface GatewayParts {
  readonly storage: Storage;
  readonly backend: Central;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  /** How long one request to the name server and its repetitions may take, milliseconds. */
  readonly timeout: number;
  /** How long the name of a deleted zone is kept for its last owner, milliseconds. */
  readonly quarantine: number;
}

/** Carries out what customers ask for, at one name server. All methods throw {@link ApiRefusal}. */
export class Gateway {
  readonly #parts: GatewayParts;
  /** Writes of one zone run one after the other. */
  readonly #zones = new Slots();

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** Zones of the customer that the token may read and that the name server has. */
  async zones(caller: Caller): Promise<readonly DnsName[]> {
    const own = await this.#parts.storage.zonesOf(caller.customer.id);
    const visible = own.filter((zone) => mayReadZone(caller.token.rights, zone));
    const there = new Set(await this.#ask((ctx) => this.#parts.backend.listZones(visible, ctx)));
    return visible.filter((zone) => there.has(zone));
  }

  /**
   * Records of a zone that the token may read.
   * @param names only records at these names; null: all
   */
  async records(
    caller: Caller,
    zone: DnsName,
    names: readonly DnsName[] | null,
  ): Promise<readonly ResourceRecord[]> {
    await this.#demandOwn(caller, zone);
    const { backend } = this.#parts;
    const found = await this.#ask((ctx) =>
      names === null ? backend.readZone(zone, [], ctx) : backend.readNames(zone, names, ctx),
    );
    if (found === null) throw noSuchZone();
    return found.filter((record) => mayRead(caller.token.rights, zone, record));
  }

  /** Whether the name server signs the zone. */
  async signing(caller: Caller, zone: DnsName): Promise<Signing> {
    await this.#demandOwn(caller, zone);
    const found = await this.#ask((ctx) => this.#parts.backend.signing(zone, ctx));
    if (found === null) throw noSuchZone();
    return found;
  }

  /**
   * Carries out a change: judges it, stores it, writes it at the name server and reads it back. A change with
   * a key that was used before is not carried out again.
   * @returns the change with its outcome, which may be a failure
   */
  async change(caller: Caller, zone: DnsName, request: ChangeRequest): Promise<StoredChange> {
    await this.#demandOwn(caller, zone);
    const fingerprint = fingerprintOf(zone, request);
    return await this.#inTurn(zone, async (ctx) => {
      const earlier = await this.#parts.storage.change(caller.customer.id, request.key);
      if (earlier !== null) return sameRequest(earlier, caller, fingerprint);
      demandWritable(caller);
      const change = { zone, remove: request.remove, add: request.add };
      const present = await this.#judged(caller, change, ctx);
      const before = present.map(({ name, type, ttl, rdata }) => ({ name, type, ttl, rdata }));
      const acceptedAt = this.#parts.wall();
      const accepted = { ...changeOf(caller, zone, request), fingerprint, before, acceptedAt };
      return await this.#carryOut(accepted, present, ctx);
    });
  }

  /**
   * Makes sure that the change with this key is not carried out from now on, unless it was accepted already.
   * A client asks for it after a lost answer.
   * @returns the change and its outcome: that of the write, or `failed` and `untouched`
   */
  async withdraw(caller: Caller, zone: DnsName, key: string): Promise<StoredChange> {
    await this.#demandOwn(caller, zone);
    return await this.#inTurn(zone, async () => {
      const { storage, wall } = this.#parts;
      const request = { key, remove: [], add: [] };
      const none = { ...changeOf(caller, zone, request), fingerprint: '', before: [], acceptedAt: wall() };
      const audit = auditOf(caller, 'change.withdrawn', zone, { key });
      const earlier = await storage.acceptChange(none, audit);
      if (earlier !== null) return sameRequest(earlier, caller, earlier.fingerprint);
      await storage.endChange(caller.customer.id, key, withdrawn, audit);
      return { ...none, outcome: withdrawn };
    });
  }

  /** Whether {@link createZone} would work. */
  async mayCreate(caller: Caller, zone: DnsName, seed: ZoneSeed): Promise<'free' | 'exists'> {
    const { storage, backend } = this.#parts;
    const claim = await storage.mayClaim(this.#claim(caller, zone, 'any'));
    this.#demandClaim(claim, zone);
    const there = await this.#ask((ctx) => backend.mayCreateZone(zone, seed, ctx));
    // A zone at the name server without an owner is the provider's. He decides whose it becomes.
    if (there === 'exists' && claim !== 'ours') throw foreign(zone);
    return there;
  }

  /** Creates a zone for the customer, with its records. */
  async createZone(
    caller: Caller,
    zone: DnsName,
    seed: ZoneSeed,
    content: readonly ResourceRecord[],
  ): Promise<'created' | 'exists'> {
    const claim = this.#claim(caller, zone, 'active');
    this.#demandAllowed(caller, { zone, remove: [], add: content }, []);
    return await this.#inTurn(zone, async (ctx) => {
      const { storage, backend } = this.#parts;
      const judged = await storage.claimZone(claim, auditOf(caller, 'zone.claimed', zone, { content }));
      this.#demandClaim(judged, zone);
      const drop = async (): Promise<void> => await this.#unclaim(caller, zone, judged);
      try {
        const made = await backend.createZone(zone, seed, ctx, content);
        if (made !== 'exists') return 'created';
        if (judged === 'ours') return 'exists';
      } catch (error) {
        if (!(error instanceof CentralError)) throw error;
        if (error.state === 'untouched' && judged !== 'ours') await drop();
        throw fromBackend(error);
      }
      await drop();
      throw foreign(zone);
    });
  }

  /** Deletes a zone of the customer. Its name stays reserved for the customer for a while. */
  async deleteZone(caller: Caller, zone: DnsName): Promise<'deleted' | 'missing'> {
    await this.#demandOwn(caller, zone);
    if (!mayDeleteZone(caller.token.rights, zone)) throw denied({ text: 'zone.delete' });
    demandWritable(caller);
    return await this.#inTurn(zone, async (ctx) => {
      const { storage, backend, wall } = this.#parts;
      const done = await backend.deleteZone(zone, ctx);
      await storage.releaseZone(zone, wall(), auditOf(caller, 'zone.deleted', zone, { done }));
      return done;
    });
  }

  /** Refuses a zone that the token cannot see. The answer does not tell whether the zone exists. */
  async #demandOwn(caller: Caller, zone: DnsName): Promise<void> {
    const owner = await this.#parts.storage.zone(zone);
    const isOwn = owner?.customer === caller.customer.id && owner.leftAt === null;
    if (!isOwn || !mayReadZone(caller.token.rights, zone)) throw noSuchZone();
  }

  /** Ends the claim of a create that has failed. A name that the customer had before stays reserved. */
  async #unclaim(caller: Caller, zone: DnsName, claim: Claim): Promise<void> {
    const { storage, wall } = this.#parts;
    const audit = auditOf(caller, 'zone.unclaimed', zone, {});
    if (claim === 'reclaimed') await storage.releaseZone(zone, wall(), audit);
    else await storage.dropClaim(zone, audit);
  }

  /** Refuses records that cannot be in the zone, and what the token's rules do not allow. */
  #demandAllowed(caller: Caller, change: Change, present: readonly ResourceRecord[]): void {
    const problems = this.#parts.backend.audit(change);
    if (problems.length > 0) throw new ApiRefusal(422, 'central.invalid-value', { problems });
    const [first] = decideChange(caller.token.rights, change, present);
    if (first !== undefined) throw denied({ text: `${first.verb} ${first.name} ${first.type}` });
  }

  /** @throws {ApiRefusal} why the change is not accepted. @returns the records at the names of the change */
  async #judged(caller: Caller, change: Change, ctx: CallContext): Promise<readonly CentralRecord[]> {
    const present = await this.#parts.backend.readNames(change.zone, changeNames(change), ctx);
    if (present === null) throw noSuchZone();
    this.#demandAllowed(caller, change, present);
    return present;
  }

  /** @param present what {@link #judged} has just read */
  async #carryOut(
    accepted: StoredChange,
    present: readonly CentralRecord[],
    ctx: CallContext,
  ): Promise<StoredChange> {
    const { storage } = this.#parts;
    const { customer, key, zone, remove, add } = accepted;
    const { token, from } = accepted;
    const audit = (what: string, detail: unknown): AuditFacts => ({
      what,
      customer,
      token,
      from,
      zone,
      detail,
    });
    const { before } = accepted;
    await storage.acceptChange(accepted, audit('change.accepted', { key, remove, add, before }));
    const outcome = await this.#write(accepted, present, ctx);
    await storage.endChange(customer, key, outcome, audit(`change.${outcome.kind}`, { key, outcome }));
    return { ...accepted, outcome };
  }

  async #write(
    { zone, remove, add }: StoredChange,
    present: readonly CentralRecord[],
    ctx: CallContext,
  ): Promise<ChangeOutcome> {
    try {
      return { kind: 'done', ...(await this.#parts.backend.apply({ zone, remove, add }, present, ctx)) };
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      const { code, params, state, retry } = fromBackend(error);
      return { kind: 'failed', code, params, state, retry };
    }
  }

  #claim(caller: Caller, zone: DnsName, need: 'active' | 'any'): ZoneClaim {
    if (!mayCreateZone(caller.token.rights, zone)) throw denied({ text: 'zone.create' });
    if (need === 'active') demandWritable(caller);
    const { wall, quarantine } = this.#parts;
    return { zone, customer: caller.customer.id, at: wall(), quarantine };
  }

  #demandClaim(claim: Claim, zone: DnsName): void {
    if (claim === 'limit')
      throw new ApiRefusal(422, 'central.limit', { params: { text: 'number of zones' } });
    if (typeof claim === 'object') throw foreign(zone);
  }

  async #inTurn<T>(zone: DnsName, work: (ctx: CallContext) => Promise<T>): Promise<T> {
    return await this.#ask(
      async (ctx) => await this.#zones.take(zone, ctx.signal, async () => await work(ctx)),
    );
  }

  /** Makes a call to the name server within the time limit. Its errors become refusals. */
  async #ask<T>(call: (ctx: CallContext) => Promise<T>): Promise<T> {
    try {
      return await call({ signal: AbortSignal.timeout(this.#parts.timeout), operation: '-' });
    } catch (error) {
      throw error instanceof CentralError ? fromBackend(error) : error;
    }
  }
}

const withdrawn: ChangeOutcome = {
  kind: 'failed',
  code: 'central.unreachable',
  params: { text: 'withdrawn' },
  state: 'untouched',
  retry: 'later',
};

function changeOf(
  { customer, token, from }: Caller,
  zone: DnsName,
  { key, remove, add }: ChangeRequest,
): Omit<StoredChange, 'fingerprint' | 'before' | 'acceptedAt'> {
  return { customer: customer.id, key, token: token.id, from, zone, remove, add, outcome: null };
}

function sameRequest(earlier: StoredChange, { token }: Caller, fingerprint: string): StoredChange {
  // A withdrawn change has no fingerprint: whatever comes with its key is refused as withdrawn.
  const isSame = earlier.fingerprint === '' || earlier.fingerprint === fingerprint;
  // Another token of the customer may have other rights. It must not learn what this change was about.
  if (!isSame || earlier.token !== token.id) throw new ApiRefusal(422, 'gateway.key-reused');
  return ended(earlier);
}

/** A change without an outcome whose zone is free was left by a failed commit: nobody knows its outcome. */
function ended(change: StoredChange): StoredChange {
  return change.outcome === null ? { ...change, outcome: { kind: 'interrupted' } } : change;
}

function fingerprintOf(zone: DnsName, { remove, add }: ChangeRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([zone, remove, add]))
    .digest('hex');
}

function demandWritable({ customer }: Caller): void {
  if (customer.state !== 'active') throw denied({ text: `customer ${customer.state}` });
}

function foreign(zone: DnsName): ApiRefusal {
  return new ApiRefusal(409, 'zone.foreign', { params: { zone } });
}

function auditOf(caller: Caller, what: string, zone: DnsName, detail: unknown): AuditFacts {
  return { what, customer: caller.customer.id, token: caller.token.id, from: caller.from, zone, detail };
}
