import { createHash } from 'node:crypto';
import { outage } from '../../centrals/errors.ts';
import { Slots } from '../../centrals/slots.ts';
import {
  CentralError,
  type CallContext,
  type Central,
  type CentralRecord,
  type Signing,
  type ZoneSeed,
} from '../../core/central.ts';
import type { Log } from '../../core/log.ts';
import { isWithin, type DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { changeNames, rrsetId, type Change } from '../../dns/zone.ts';
import { ApiRefusal, denied, fromBackend, noSuchZone } from '../api-refusal.ts';
import {
  decideChange,
  denialOfDelete,
  mayCreateZone,
  mayDeleteZone,
  mayRead,
  mayReadZone,
} from '../rights/decide.ts';
import { codeHash, makeCode } from '../rights/token.ts';
import {
  StorageError,
  type AuditFacts,
  type ChangeOutcome,
  type Claim,
  type LimitReached,
  type Storage,
  type StoredChange,
  type ZoneClaim,
  type ZoneLease,
  type ZoneOwner,
} from '../storage/storage.ts';
import type { DatabaseGuard } from '../audit/database-guard.ts';
import type { NameRules } from '../names/zone-names.ts';
import { auditOf, demandWritable, readAgain, type Caller } from './caller.ts';
import { demandContentLimits, demandRrsetLimits, demandWithin, overLimit } from './limits.ts';
import { changeToRRset, demandRRset, keyOfRRset, rrsetFingerprint, type RRsetRequest } from './rrset.ts';
import { demandNoUnownedAbove, demandZoneName, foreignZone, notAssigned } from './zone-names.ts';
import { ZoneTurns } from './zone-turns.ts';

/** A change of records as a client asks for it. */
export interface ChangeRequest {
  /** Identifies the request for the token. A key is carried out at most once. */
  readonly key: string;
  readonly remove: readonly ResourceRecord[];
  readonly add: readonly ResourceRecord[];
}

/** A zone to create. */
export interface NewZone {
  readonly zone: DnsName;
  readonly seed: ZoneSeed;
  /** Records that it gets at once. */
  readonly content: readonly ResourceRecord[];
}

/** What an owner hands to the receiver of a zone. */
export interface OfferedZone {
  readonly code: string;
  /** Until when it can be used, wall clock in milliseconds. */
  readonly expiresAt: number;
}

/** For how long a transfer code can be used, milliseconds. */
const codeLife = 900_000;

export interface GatewayParts {
  readonly storage: Storage;
  readonly backend: Central;
  readonly log: Log;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  /** How long one request to the name server and its repetitions may take, milliseconds. */
  readonly timeout: number;
  /** How long the name of a deleted zone is kept for its last owner, milliseconds. */
  readonly quarantine: number;
  /** Of which names customers may make zones. */
  readonly names: NameRules;
  readonly guard: Pick<DatabaseGuard, 'doubt' | 'mayLackKeys'>;
}

/** What a write gets once it is its turn. */
interface Turn {
  /** The caller as he is now. */
  readonly caller: Caller;
  readonly lease: ZoneLease;
  readonly ctx: CallContext;
  /**
   * To be called right before something is sent that changes the zone. Refuses if the time is over, also if
   * the process has slept meanwhile. Another gateway may then have the zone.
   * @throws {CentralError}
   */
  readonly demandTime: () => void;
}

/** Carries out what customers ask for, at one name server. All methods throw {@link ApiRefusal}. */
export class Gateway {
  readonly #parts: GatewayParts;
  /** Writes of one customer run one after the other, so that nobody else waits behind many of them. */
  readonly #customers = new Slots();
  readonly #zones: ZoneTurns;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#zones = new ZoneTurns(parts);
  }

  /** Whether customers can create and delete zones. Else only the provider can, at the name server. */
  get makesZones(): boolean {
    return this.#parts.backend.traits.managesZones;
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
    // The zone may have changed hands while the name server was asked.
    await this.#demandOwn(caller, zone);
    if (found === null) throw noSuchZone();
    return found.filter((record) => mayRead(caller.token.rights, zone, record));
  }

  /** Whether the name server signs the zone. */
  async signing(caller: Caller, zone: DnsName): Promise<Signing> {
    await this.#demandOwn(caller, zone);
    const found = await this.#ask((ctx) => this.#parts.backend.signing(zone, ctx));
    await this.#demandOwn(caller, zone);
    if (found === null) throw noSuchZone();
    return found;
  }

  /**
   * Carries out a change: judges it, stores it, writes it at the name server and reads it back. A change with
   * a key that was used before is not carried out again.
   * @returns the change with its outcome, which may be a failure
   */
  async change(sender: Caller, zone: DnsName, request: ChangeRequest): Promise<StoredChange> {
    const fingerprint = fingerprintOf(zone, request);
    return await this.#inOwnZone(sender, zone, async (turn) => {
      const { caller, ctx } = turn;
      const earlier = await this.#parts.storage.change(caller.token.id, request.key);
      if (earlier !== null) return sameRequest(earlier, zone, fingerprint);
      demandWritable(caller);
      const asked = { zone, remove: request.remove, add: request.add };
      const present = await this.#judged(caller, asked, ctx);
      const acceptedAt = this.#parts.wall();
      const change = changeOf(caller, zone, request, {
        fingerprint,
        before: touched(asked, present),
        acceptedAt,
      });
      return await this.#carryOut(change, present, turn);
    });
  }

  /**
   * Makes one RRset as a client wants it, or deletes it. A request with a key that was used before is not
   * carried out again.
   * @returns the change that was made of it, with its outcome, which may be a failure
   */
  async writeRRset(sender: Caller, zone: DnsName, request: RRsetRequest): Promise<StoredChange> {
    const fingerprint = rrsetFingerprint(zone, request);
    const key = keyOfRRset(request);
    return await this.#inOwnZone(sender, zone, async (turn) => {
      const { storage, backend, wall } = this.#parts;
      const { caller, ctx } = turn;
      const earlier = await storage.change(caller.token.id, key);
      if (earlier !== null) return sameRequest(earlier, zone, fingerprint);
      demandWritable(caller);
      const present = await backend.readNames(zone, [request.name], ctx);
      if (present === null) throw noSuchZone();
      const change = changeToRRset(zone, request, present);
      this.#demandAllowed(caller, change, present);
      demandRRset(caller.token.rights, zone, request, present);
      const facts = { fingerprint, before: touched(change, present), acceptedAt: wall() };
      const stored = changeOf(caller, zone, { ...change, key }, facts);
      return await this.#carryOut(stored, present, turn);
    });
  }

  /**
   * Makes sure that the change with this key is not carried out from now on, unless it was accepted already.
   * A client asks for it after a lost answer.
   * @returns the change and its outcome: that of the write, or `failed` and `untouched`
   */
  async withdraw(sender: Caller, zone: DnsName, key: string): Promise<StoredChange> {
    const { guard } = this.#parts;
    // What became of the change may be known only in the database that this one has taken the place of.
    if ((await guard.doubt()) !== null) throw inDoubt('unknown');
    return await this.#inOwnZone(sender, zone, async ({ caller, lease }) => {
      const { storage, wall } = this.#parts;
      const facts = { fingerprint: '', before: [], acceptedAt: wall() };
      const none = changeOf(caller, zone, { key, remove: [], add: [] }, facts);
      const audit = auditOf(caller, 'change.withdrawn', zone, { key });
      const earlier = accepted(await storage.acceptChange(none, audit, lease));
      if (earlier !== null) return sameRequest(earlier, zone, earlier.fingerprint);
      const outcome: ChangeOutcome = guard.mayLackKeys() ? { kind: 'interrupted' } : withdrawn;
      if (!(await storage.endChange(none, outcome, audit, lease))) throw leaseLost();
      return { ...none, outcome };
    });
  }

  /** Whether {@link createZone} would work. */
  async mayCreate(caller: Caller, made: NewZone): Promise<'free' | 'exists'> {
    const claim = await this.#parts.storage.mayClaim(await this.#claim(caller, made));
    return await this.#ask(async (ctx) => await this.#demandFree(claim, made, ctx));
  }

  /** Creates a zone for the customer, with its records. */
  async createZone(sender: Caller, made: NewZone): Promise<'created' | 'exists'> {
    const { zone, seed, content } = made;
    return await this.#inTurn(sender, zone, async (turn) => {
      const { storage, backend } = this.#parts;
      const { caller, ctx, lease } = turn;
      demandWritable(caller);
      const claim = await this.#claim(caller, made);
      if ((await this.#demandFree(await storage.mayClaim(claim), made, ctx)) === 'exists') {
        await storage.confirmClaim(zone, caller.customer.id, auditOf(caller, 'zone.found', zone, {}), lease);
        return 'exists';
      }
      const claimed = await storage.claimZone(
        claim,
        auditOf(caller, 'zone.claimed', zone, { content }),
        lease,
      );
      demandClaim(claimed, zone);
      try {
        turn.demandTime();
        const answer = await backend.createZone(zone, seed, ctx, content);
        // Somebody has made the zone at the name server in this moment.
        if (answer === 'exists' && claimed !== 'ours') throw new CentralError('zone.foreign', untouched);
      } catch (error) {
        if (error instanceof CentralError && error.state === 'untouched')
          await this.#unclaim(turn, zone, claimed);
        throw error;
      }
      const audit = auditOf(caller, 'zone.created', zone, {});
      await afterWrite(storage.confirmClaim(zone, caller.customer.id, audit, lease));
      return 'created';
    });
  }

  /** Deletes a zone of the customer. Its name stays reserved for the customer for a while. */
  async deleteZone(sender: Caller, zone: DnsName): Promise<'deleted' | 'missing'> {
    return await this.#inOwnZone(sender, zone, async ({ caller, ctx, lease, demandTime }) => {
      const { storage, backend, wall } = this.#parts;
      await this.#demandDeletable(caller, zone, ctx);
      demandWritable(caller);
      const asked = auditOf(caller, 'zone.delete-accepted', zone, {});
      demandWithin(await storage.acceptDelete(zone, caller.customer.id, wall(), asked, lease));
      demandTime();
      const done = await backend.deleteZone(zone, ctx);
      const audit = auditOf(caller, 'zone.deleted', zone, { done });
      await afterWrite(storage.releaseZone(zone, caller.customer.id, wall(), audit, lease));
      return done;
    });
  }

  /**
   * Makes a code with which another customer can take the zone. Whoever may delete the zone may do that.
   * @param withBelow whether the customer's zones below go with it
   * @returns the code, which is shown once
   */
  async offerZone(sender: Caller, zone: DnsName, withBelow: boolean): Promise<OfferedZone> {
    return await this.#inOwnZone(sender, zone, async ({ caller, ctx }) => {
      const { storage, wall } = this.#parts;
      demandWritable(caller);
      const below = withBelow
        ? (await storage.zonesOf(caller.customer.id)).filter((one) => isWithin(one, zone))
        : [];
      for (const one of new Set([zone, ...below])) await this.#demandDeletable(caller, one, ctx);
      const { text: code, hash } = makeCode();
      const expiresAt = wall() + codeLife;
      const audit = auditOf(caller, 'zone.offered', zone, { withBelow, expiresAt });
      const stored = { hash, zone, customer: caller.customer.id, withBelow, expiresAt };
      if (!(await storage.addTransferCode(stored, audit))) throw noSuchZone();
      return { code, expiresAt };
    });
  }

  /** Takes a zone of another customer with his code. Its records stay. @returns the zones that have moved */
  async takeZone(sender: Caller, zone: DnsName, code: string): Promise<readonly DnsName[]> {
    return await this.#inTurn(sender, zone, async ({ caller }) => {
      const { storage, names, wall } = this.#parts;
      demandZoneName(names, zone);
      if (!mayCreateZone(caller.token.rights, zone)) throw denied({ text: 'zone.create' });
      demandWritable(caller);
      const taken = { hash: codeHash(code), zone, to: caller.customer.id, at: wall() };
      const done = await storage.takeTransferCode(taken, auditOf(caller, 'zone.transferred', zone, {}));
      if (done === 'missing')
        throw new ApiRefusal(404, 'central.missing', { params: { text: 'transfer code' } });
      if ('moved' in done) return done.moved;
      throw 'limit' in done ? overLimit(done.limit) : foreignZone(zone);
    });
  }

  /**
   * Decides about claims that a gateway has left: a zone that the name server has was created, any other was
   * not. Without a shared storage, to be called before the gateway listens.
   */
  async settleClaims(): Promise<void> {
    const { storage, backend } = this.#parts;
    const held: { readonly claim: ZoneOwner; readonly lease: ZoneLease }[] = [];
    try {
      for (const { zone } of await storage.pendingClaims()) {
        const lease = await this.#zones.tryTake(zone);
        if (lease === 'busy') continue;
        const claim = await storage.zone(zone);
        if (claim?.isPending === true) held.push({ claim, lease });
        else await this.#zones.leave(lease);
      }
      if (held.length === 0) return;
      const asked = held.map(({ claim }) => claim.zone);
      const there = new Set(await this.#ask((ctx) => backend.listZones(asked, ctx)));
      for (const { claim, lease } of held) await this.#settle(claim, there.has(claim.zone), lease);
    } finally {
      for (const { lease } of held) await this.#zones.leave(lease);
    }
  }

  async #settle({ zone, customer }: ZoneOwner, isThere: boolean, lease: ZoneLease): Promise<void> {
    const { storage } = this.#parts;
    const audit = { what: 'zone.settled', customer, token: '', from: '', zone, detail: { isThere } };
    if (isThere) await storage.confirmClaim(zone, customer, audit, lease);
    else await storage.dropClaim(zone, customer, audit, lease);
  }

  /** Refuses a zone that the token cannot see. The answer does not tell whether the zone exists. */
  async #demandOwn(caller: Caller, zone: DnsName): Promise<void> {
    const owner = await this.#parts.storage.zone(zone);
    const isOwn = owner?.customer === caller.customer.id && owner.leftAt === null && !owner.isPending;
    if (!isOwn || !mayReadZone(caller.token.rights, zone)) throw noSuchZone();
  }

  /** Refuses a token that may not delete the zone with all that is in it now. */
  async #demandDeletable({ token: { rights } }: Caller, zone: DnsName, ctx: CallContext): Promise<void> {
    if (!mayDeleteZone(rights, zone)) throw denied({ text: 'zone.delete' });
    const present = await this.#parts.backend.readZone(zone, [], ctx);
    const denial = denialOfDelete(rights, zone, present ?? []);
    if (denial === null) return;
    // What the token may not read is not named.
    const isShown = denial !== 'zone' && mayRead(rights, zone, denial);
    throw denied({ text: isShown ? `zone.delete: ${denial.name} ${denial.type}` : 'zone.delete' });
  }

  /** @throws {ApiRefusal} why the change is not accepted. @returns the records at the names of the change */
  async #judged(caller: Caller, change: Change, ctx: CallContext): Promise<readonly CentralRecord[]> {
    const present = await this.#parts.backend.readNames(change.zone, changeNames(change), ctx);
    if (present === null) throw noSuchZone();
    this.#demandAllowed(caller, change, present);
    return present;
  }

  /** Refuses what the token's rules do not allow, and records that cannot be in the zone. */
  #demandAllowed(caller: Caller, change: Change, present: readonly ResourceRecord[]): void {
    const [first] = decideChange(caller.token.rights, change, present);
    // Which right is lacking depends on what is there, so the answer does not name it.
    if (first !== undefined) throw denied({ text: `${first.name} ${first.type}` });
    const problems = this.#parts.backend.audit(change);
    if (problems.length > 0) throw new ApiRefusal(422, 'central.invalid-value', { problems });
  }

  /** @param present what {@link #judged} has just read */
  async #carryOut(
    change: StoredChange,
    present: readonly CentralRecord[],
    turn: Turn,
  ): Promise<StoredChange> {
    const { caller, lease } = turn;
    const { storage } = this.#parts;
    const { key, zone, remove, add, before } = change;
    demandRrsetLimits(caller.customer.limits, change);
    const asked = auditOf(caller, 'change.accepted', zone, { key, remove, add, before });
    const earlier = await this.#accept(change, asked, turn);
    // The same key came for another zone in this moment.
    if (earlier !== null) return sameRequest(earlier, zone, change.fingerprint);
    const outcome = await this.#write(change, present, turn);
    const audit = auditOf(caller, `change.${outcome.kind}`, zone, { key, outcome });
    if (!(await afterWrite(storage.endChange(change, outcome, audit, lease)))) throw leaseLost();
    return { ...change, outcome };
  }

  /** Stores a change, once the records of its zone are counted. @returns as {@link Storage.acceptChange} */
  async #accept(change: StoredChange, audit: AuditFacts, { ctx, lease }: Turn): Promise<StoredChange | null> {
    const { storage, backend } = this.#parts;
    const first = await storage.acceptChange(change, audit, lease);
    if (first === null || !('limit' in first) || first.limit !== 'records') return accepted(first);
    // They are not counted yet, or somebody has removed some at the name server itself.
    const found = await backend.readZone(change.zone, [], ctx);
    if (found === null) throw noSuchZone();
    await storage.countRecords(change.zone, found.length, lease);
    return accepted(await storage.acceptChange(change, audit, lease));
  }

  async #write(
    { zone, remove, add }: StoredChange,
    present: readonly CentralRecord[],
    { ctx, demandTime }: Turn,
  ): Promise<ChangeOutcome> {
    try {
      demandTime();
      return { kind: 'done', ...(await this.#parts.backend.apply({ zone, remove, add }, present, ctx)) };
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      const { code, params, state, retry } = fromBackend(error);
      return { kind: 'failed', code, params, state, retry };
    }
  }

  /** @throws {ApiRefusal} if the token may not create the zone, or not with this content */
  async #claim(caller: Caller, { zone, content }: NewZone): Promise<ZoneClaim> {
    const { storage, names, wall, quarantine } = this.#parts;
    // The operator may have given the customer a zone with any name.
    const owner = await storage.zone(zone);
    if (owner?.customer !== caller.customer.id) demandZoneName(names, zone);
    if (!mayCreateZone(caller.token.rights, zone)) throw denied({ text: 'zone.create' });
    this.#demandAllowed(caller, { zone, remove: [], add: content }, []);
    demandContentLimits(caller.customer.limits, content);
    return { zone, customer: caller.customer.id, at: wall(), quarantine };
  }

  /**
   * Whether the name server has the zone. Refuses one that it has and that is not the customer's: a zone
   * without an owner is the provider's. He decides whose it becomes.
   */
  async #demandFree(claim: Claim, { zone, seed }: NewZone, ctx: CallContext): Promise<'free' | 'exists'> {
    demandClaim(claim, zone);
    const there = await this.#parts.backend.mayCreateZone(zone, seed, ctx);
    if (there === 'exists' && claim !== 'ours' && claim !== 'pending')
      throw this.makesZones ? foreignZone(zone) : notAssigned(zone);
    if (there === 'free') await demandNoUnownedAbove(this.#parts, zone, seed, ctx);
    return there;
  }

  /** Ends the claim of a create that has failed. A name that the customer had before stays reserved. */
  async #unclaim({ caller, lease }: Turn, zone: DnsName, claim: Claim): Promise<void> {
    const { storage, wall } = this.#parts;
    const audit = auditOf(caller, 'zone.unclaimed', zone, {});
    const { id } = caller.customer;
    if (claim === 'reclaimed') await storage.releaseZone(zone, id, wall(), audit, lease);
    else if (claim !== 'ours') await storage.dropClaim(zone, id, audit, lease);
  }

  /** Does the work in the zone's turn, if the customer then has the zone. */
  async #inOwnZone<T>(sender: Caller, zone: DnsName, work: (turn: Turn) => Promise<T>): Promise<T> {
    await this.#demandOwn(sender, zone);
    return await this.#inTurn(sender, zone, async (turn) => {
      await this.#demandOwn(turn.caller, zone);
      return await work(turn);
    });
  }

  /** Does the work in the turn of customer and zone, with the caller's rights of that time. */
  async #inTurn<T>(sender: Caller, zone: DnsName, work: (turn: Turn) => Promise<T>): Promise<T> {
    const { storage, guard, wall } = this.#parts;
    if ((await guard.doubt()) !== null) throw inDoubt('untouched');
    const demandTime = this.#timeLimit();
    return await this.#ask(
      async (ctx) =>
        await this.#customers.take(sender.customer.id, ctx.signal, async () =>
          this.#zones.take(zone, ctx.signal, async (lease) =>
            work({ caller: await readAgain(storage, sender, wall()), lease, ctx, demandTime }),
          ),
        ),
    );
  }

  /** Begins the time of a request. The wall clock goes on while a virtual machine is suspended. */
  #timeLimit(): Turn['demandTime'] {
    const { wall, timeout } = this.#parts;
    const clocks = [wall, (): number => performance.now()];
    const begun = clocks.map((clock) => clock());
    return () => {
      const used = Math.max(...clocks.map((clock, at) => clock() - (begun[at] ?? 0)));
      if (used >= timeout) throw outage('central.unreachable', { text: 'no time left' });
    };
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

const untouched = { state: 'untouched', retry: 'never' } as const;

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
  facts: Pick<StoredChange, 'fingerprint' | 'before' | 'acceptedAt'>,
): StoredChange {
  return { customer: customer.id, token: token.id, key, from, zone, remove, add, outcome: null, ...facts };
}

/** The records of those RRsets that the change touches. */
function touched({ remove, add }: Change, present: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const sets = new Set([...remove, ...add].map(rrsetId));
  const records = present.filter((record) => sets.has(rrsetId(record)));
  return records.map(({ name, type, ttl, rdata }) => ({ name, type, ttl, rdata }));
}

/** @throws {ApiRefusal} if the key was used for another request */
function sameRequest(earlier: StoredChange, zone: DnsName, fingerprint: string): StoredChange {
  // A withdrawn change has no fingerprint: whatever comes with its key is refused as withdrawn.
  const isSame = earlier.fingerprint === '' || earlier.fingerprint === fingerprint;
  if (!isSame || earlier.zone !== zone) throw new ApiRefusal(422, 'gateway.key-reused');
  // It was never written, even if the gateway was killed before the outcome was stored.
  if (earlier.fingerprint === '') return { ...earlier, outcome: withdrawn };
  // Nothing else works on the zone now. So a failed commit has left the change without an outcome.
  return earlier.outcome === null ? { ...earlier, outcome: { kind: 'interrupted' } } : earlier;
}

function fingerprintOf(zone: DnsName, { remove, add }: ChangeRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([zone, remove, add]))
    .digest('hex');
}

/** The refusal of a write while nobody knows whether the database has all that happened. */
function inDoubt(state: ApiRefusal['state']): ApiRefusal {
  const params = { text: 'the gateway only reads until the provider has confirmed its database' };
  return new ApiRefusal(503, 'central.unreachable', { params, state, retry: 'later' });
}

function demandClaim(claim: Claim, zone: DnsName): void {
  if (typeof claim !== 'object') return;
  if ('limit' in claim) throw overLimit(claim.limit);
  throw foreignZone(zone);
}

/** @throws {ApiRefusal} if the change exceeds a limit. @returns the stored change, if there is one already */
function accepted(answer: StoredChange | LimitReached | null): StoredChange | null {
  if (answer === null || !('limit' in answer)) return answer;
  throw overLimit(answer.limit);
}

/** The refusal of a write that has outlived its lease. Another gateway may have written meanwhile. */
function leaseLost(): ApiRefusal {
  const facts = { params: { text: 'storage.lease-lost' }, state: 'unknown', retry: 'later' } as const;
  return new ApiRefusal(503, 'central.unreachable', facts);
}

/** If the storage fails after a write at the name server, the client hears that something may be changed. */
async function afterWrite<T>(stored: Promise<T>): Promise<T> {
  try {
    return await stored;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const facts = { params: { text: error.code }, state: 'unknown', retry: 'later', cause: error } as const;
    throw new ApiRefusal(503, 'central.unreachable', facts);
  }
}
