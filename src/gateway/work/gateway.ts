import { Slots } from '../../centrals/slots.ts';
import {
  CentralError,
  type CallContext,
  type Central,
  type CentralRecord,
  type Expectation,
  type Signing,
  type ZoneSeed,
} from '../../core/central.ts';
import type { Log } from '../../core/log.ts';
import { isWithin, type DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { changeNames, type Change } from '../../dns/zone.ts';
import { ApiRefusal, denied, fromBackend, noSuchZone } from '../api-refusal.ts';
import { mayCreateZone, mayRead, mayReadZone } from '../rights/decide.ts';
import { codeHash, makeCode } from '../rights/token.ts';
import type {
  AuditFacts,
  ChangeOutcome,
  Claim,
  ListPart,
  Storage,
  StoredChange,
  ZoneClaim,
  ZoneLease,
  ZoneOwner,
} from '../storage/storage.ts';
import type { DatabaseGuard } from '../audit/database-guard.ts';
import type { NameRules } from '../names/zone-names.ts';
import type { Backends } from './backends.ts';
import { auditOf, demandWritable, readAgain, type Caller } from './caller.ts';
import { demandAllowed, demandDeletable } from './demand-allowed.ts';
import { demandAsExpected, demandNamesIn } from './expectation.ts';
import { demandContentLimits, demandRrsetLimits, demandWithin, overLimit } from './limits.ts';
import { changeToRRset, demandRRset, keyOfRRset, rrsetFingerprint, type RRsetRequest } from './rrset.ts';
import { changeOf, fingerprintOf, recordsBefore, sameRequest, usedBefore } from './stored-change.ts';
import { acceptedBefore, afterWrite, demandClaim, inDoubt, leaseLost, noSuchCode } from './write-refusals.ts';
import { demandNoUnownedAbove, demandZoneName, foreignZone, notAssigned } from './zone-names.ts';
import { endKey } from './end-key.ts';
import { timeLimit, withinTime, type RequestClock } from './time-limit.ts';
import { ZoneRequest } from './zone-requests.ts';
import { demandWhole } from './zone-state.ts';
import { zonesInPart } from './zones-in-part.ts';
import { ZoneTurns } from './zone-turns.ts';

/** A change of records as a client asks for it. */
export interface ChangeRequest {
  /** Identifies the request for the token. A key is carried out at most once. */
  readonly key: string;
  readonly remove: readonly ResourceRecord[];
  readonly add: readonly ResourceRecord[];
  /** The change is carried out only if a read with the token shows these records; null: in any case. */
  readonly expect: Expectation | null;
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
  readonly backends: Backends;
  readonly log: Log;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  readonly clock: RequestClock;
  /** How long one request to the name server and its repetitions may take, milliseconds. */
  readonly timeout: number;
  /** How long the name of a deleted zone is kept for its last owner, milliseconds. */
  readonly quarantine: number;
  /** Of which names customers may make zones. */
  readonly names: NameRules;
  readonly guard: Pick<DatabaseGuard, 'doubt' | 'mayLackKeys'>;
  /** A random number from 0 to 1; absent: `Math.random`. */
  readonly random?: () => number;
}

/** What a write gets once it is its turn. */
interface Turn {
  /** The caller as he is now. */
  readonly caller: Caller;
  /** The name server that has the zone; for a zone that nobody has, that of the customer's new zones. */
  readonly backend: Central;
  readonly lease: ZoneLease;
  readonly ctx: CallContext;
  /**
   * To be called right before something is sent that changes the zone. Refuses if the time of the request is
   * over, because another gateway may then hold the zone. Time in which the machine sleeps counts too.
   * @throws {CentralError}
   */
  readonly demandTime: () => void;
}

/** Carries out what customers ask for, at the name servers. All methods throw {@link ApiRefusal}. */
export class Gateway {
  readonly #parts: GatewayParts;
  /** Writes of one customer run one after the other, so that no other customer waits behind many of his. */
  readonly #customers = new Slots();
  /** The order of writes in each zone. */
  readonly turns: ZoneTurns;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.turns = new ZoneTurns(parts);
  }

  /** Whether the customer can create and delete zones. Else only the provider can, at the name server. */
  makesZones({ customer }: Caller): boolean {
    return this.#parts.backends.named(customer.backend).traits.managesZones;
  }

  /**
   * Zones of the customer that the token may read and that the name server has, in the order of names.
   * @param part absent: all. With a part, the name server is asked only about the zones in it
   */
  async zones(caller: Caller, part?: ListPart): Promise<readonly DnsName[]> {
    const { storage, backends } = this.#parts;
    const [{ id }, { rights }] = [caller.customer, caller.token];
    if (part !== undefined) {
      const list = async (wanted: ListPart): Promise<readonly ZoneOwner[]> => storage.ownedBy(id, wanted);
      const isVisible = ({ zone }: ZoneOwner): boolean => mayReadZone(rights, zone);
      return await this.#ask(async (ctx) => await zonesInPart(part, { list, isVisible, backends, ctx }));
    }
    const visible = (await storage.ownedBy(id)).filter(({ zone }) => mayReadZone(rights, zone));
    const there = await this.#ask(async (ctx) => await backends.there(visible, ctx));
    return visible.map(({ zone }) => zone).filter((zone) => there.has(zone));
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
    const backend = await this.#demandOwn(caller, zone);
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
    const backend = await this.#demandOwn(caller, zone);
    const found = await this.#ask((ctx) => backend.signing(zone, ctx));
    await this.#demandOwn(caller, zone);
    if (found === null) throw noSuchZone();
    return found;
  }

  /**
   * Carries out a change: judges it, stores it, writes it at the name server and reads it back. A change with
   * a key that was used before is not carried out again, whatever it expects.
   * @returns the change with its outcome, which may be a failure
   */
  async change(sender: Caller, zone: DnsName, request: ChangeRequest): Promise<StoredChange> {
    const fingerprint = fingerprintOf(zone, request);
    return await this.#inOwnZone(sender, zone, async (turn) => {
      const { caller } = turn;
      const earlier = await this.#parts.storage.change(caller.token.id, request.key);
      if (earlier !== null) return sameRequest(earlier, zone, fingerprint);
      const asked = { zone, remove: request.remove, add: request.add };
      const present = await this.#judged(asked, request.expect, turn);
      const acceptedAt = this.#parts.wall();
      const change = changeOf(caller, zone, request, {
        fingerprint,
        before: recordsBefore(asked, present),
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
      const { caller, backend, ctx } = turn;
      const { storage, wall } = this.#parts;
      const earlier = await storage.change(caller.token.id, key);
      if (earlier !== null) return sameRequest(earlier, zone, fingerprint);
      demandWritable(caller);
      const present = await backend.readNames(zone, [request.name], ctx);
      if (present === null) throw noSuchZone();
      const change = changeToRRset(zone, request, present);
      demandAllowed(turn, change, present);
      demandRRset(caller.token.rights, zone, request, present);
      const facts = { fingerprint, before: recordsBefore(change, present), acceptedAt: wall() };
      const stored = changeOf(caller, zone, { ...change, key }, facts);
      return await this.#carryOut(stored, present, turn);
    });
  }

  /**
   * Makes sure that the change with this key is not carried out from now on, unless it was accepted already.
   * A client asks for it after a lost answer, and the zone may have gone to another customer meanwhile. So
   * every zone gets an answer: what the token itself has done there, or that it has done nothing.
   * @returns the change and its outcome: that of the write, or `failed` and `untouched`
   */
  async withdraw(sender: Caller, zone: DnsName, key: string): Promise<StoredChange> {
    const { guard, storage } = this.#parts;
    // The database may be an older copy. Only the database that it has replaced may know the outcome.
    if ((await guard.doubt()) !== null) throw inDoubt('unknown');
    const owner = await storage.zone(zone);
    // A create has no stored change while it is under way. Its zone is claimed then.
    if (owner?.customer !== sender.customer.id || owner.leftAt !== null) {
      const ended = await endKey(this.#parts, sender, zone, key, null);
      if (ended !== null) return ended;
      const earlier = await storage.change(sender.token.id, key);
      // The key may belong to another zone, whose turn does not matter.
      if (earlier !== null && (earlier.zone !== zone || earlier.outcome !== null))
        return usedBefore(earlier, zone);
    }
    // A change without an outcome may be under way. In the zone's turn it is not.
    return await this.#inTurn(sender, zone, async ({ caller, lease }) => {
      const ended = await endKey(this.#parts, caller, zone, key, lease);
      return ended ?? usedBefore(await storage.change(caller.token.id, key), zone);
    });
  }

  /** Whether {@link createZone} would work. Questions of one customer wait for each other. */
  async mayCreate(caller: Caller, made: NewZone): Promise<'free' | 'exists'> {
    const { storage, backends } = this.#parts;
    const backend = backends.named(await backends.nameFor(caller.customer, made.zone));
    const claim = await storage.mayClaim(await this.#claim({ caller, backend }, made));
    return await this.#ask(
      async (ctx) =>
        await this.#customers.take(caller.customer.id, ctx.signal, async () =>
          this.#demandFree(claim, made, { caller, ctx }),
        ),
    );
  }

  /** Creates a zone for the customer, with its records. @param key as for {@link ZoneRequest} */
  async createZone(sender: Caller, made: NewZone, key: string | null = null): Promise<'created' | 'exists'> {
    const { zone, seed, content } = made;
    const { storage, wall } = this.#parts;
    const request = new ZoneRequest(zone, key, { seed, content }, ['created', 'exists']);
    const before = await request.before(storage, sender);
    if (before !== null) return before;
    // A customer who cannot get the zone does not wait for its turn: its owner may need the turn for writes.
    demandClaim(await storage.mayClaim(await this.#claim(await this.#firstLook(sender, zone), made)), zone);
    return await this.#inTurn(sender, zone, async (turn) => {
      const { caller, backend, ctx, lease } = turn;
      const meanwhile = await request.before(storage, caller);
      if (meanwhile !== null) return meanwhile;
      demandWritable(caller);
      const claim = await this.#claim(turn, made);
      const judged = await storage.mayClaim(claim);
      if ((await this.#demandFree(judged, made, turn)) === 'exists') {
        if (judged === 'pending') await demandWhole(backend, zone, ctx);
        const found = auditOf(caller, 'zone.found', zone, {});
        const done = request.done(caller, 'exists', wall());
        await storage.confirmClaim(zone, caller.customer.id, found, lease, done);
        return 'exists';
      }
      const claimed = await storage.claimZone(
        claim,
        auditOf(caller, 'zone.claimed', zone, { content }),
        lease,
      );
      demandClaim(claimed, zone);
      if (claimed === 'ours') await storage.drift.forget(zone, lease);
      let result: 'created' | 'exists' = 'created';
      try {
        // From the claim on, a withdrawal waits for this turn. It may have come before.
        const withdrawn = await request.before(storage, caller);
        if (withdrawn !== null) return withdrawn;
        result = await this.#sendCreate(turn, made, claimed);
      } catch (error) {
        if ((error instanceof CentralError || error instanceof ApiRefusal) && error.state === 'untouched')
          await this.#unclaim(turn, zone, claimed);
        throw error;
      }
      const audit = auditOf(caller, 'zone.created', zone, {});
      const done = request.done(caller, result, wall());
      await afterWrite(storage.confirmClaim(zone, caller.customer.id, audit, lease, done));
      return result;
    });
  }

  /**
   * Deletes a zone of the customer. Its name stays reserved for the customer for a while.
   * @param key as for {@link ZoneRequest}
   */
  async deleteZone(sender: Caller, zone: DnsName, key: string | null = null): Promise<'deleted' | 'missing'> {
    const request = new ZoneRequest(zone, key, null, ['deleted', 'missing']);
    const before = await request.before(this.#parts.storage, sender);
    if (before !== null) return before;
    try {
      return await this.#deleteZone(sender, zone, request);
    } catch (error) {
      // Of two such requests at once, the second finds no zone any more when its turn comes.
      const meanwhile = await request.before(this.#parts.storage, sender);
      if (meanwhile !== null) return meanwhile;
      throw error;
    }
  }

  async #deleteZone(
    sender: Caller,
    zone: DnsName,
    request: ZoneRequest<'deleted' | 'missing'>,
  ): Promise<'deleted' | 'missing'> {
    return await this.#inOwnZone(sender, zone, async ({ caller, backend, ctx, lease, demandTime }) => {
      const { storage, wall } = this.#parts;
      // While this request has waited, a repetition of it may have been done at another gateway.
      const meanwhile = await request.before(storage, caller);
      if (meanwhile !== null) return meanwhile;
      await demandDeletable(this.#parts.backends, caller, zone, ctx);
      await this.#demandStill(caller, zone);
      const asked = auditOf(caller, 'zone.delete-accepted', zone, {});
      demandWithin(await storage.acceptDelete(zone, caller.customer.id, wall(), asked, lease));
      demandTime();
      const result = await backend.deleteZone(zone, ctx);
      const audit = auditOf(caller, 'zone.deleted', zone, { done: result });
      const done = request.done(caller, result, wall());
      await afterWrite(storage.releaseZone(zone, caller.customer.id, wall(), audit, lease, done));
      return result;
    });
  }

  /**
   * Makes a code with which another customer can take the zone. Needs the right to delete the zone.
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
      for (const one of new Set([zone, ...below]))
        await demandDeletable(this.#parts.backends, caller, one, ctx);
      // The look at the zones takes a while, and the operator may have revoked the token meanwhile.
      const { token } = await readAgain(storage, sender, wall());
      const { text: code, hash } = makeCode();
      const expiresAt = Math.min(wall() + codeLife, token.expiresAt ?? Number.MAX_SAFE_INTEGER);
      const audit = auditOf(caller, 'zone.offered', zone, { withBelow, expiresAt });
      const stored = { hash, zone, customer: caller.customer.id, withBelow, expiresAt };
      if (!(await storage.addTransferCode(stored, audit))) throw noSuchZone();
      return { code, expiresAt };
    });
  }

  /** Takes a zone of another customer with his code. Its records stay. @returns the zones that have moved */
  async takeZone(sender: Caller, zone: DnsName, code: string): Promise<readonly DnsName[]> {
    const { storage, names, wall } = this.#parts;
    const hash = codeHash(code);
    // Without a valid code, a customer does not take the turn of another customer's zone.
    if (!(await storage.hasTransferCode({ hash, zone, at: wall() }))) throw noSuchCode();
    return await this.#inTurn(sender, zone, async ({ caller }) => {
      demandZoneName(names, zone);
      if (!mayCreateZone(caller.token.rights, zone)) throw denied({ text: 'zone.create' });
      demandWritable(caller);
      const taken = { hash, zone, to: caller.customer.id, at: wall() };
      const done = await storage.takeTransferCode(taken, auditOf(caller, 'zone.transferred', zone, {}));
      if (done === 'missing') throw noSuchCode();
      if ('moved' in done) return done.moved;
      throw 'limit' in done ? overLimit(done.limit) : foreignZone(zone);
    });
  }

  /**
   * Refuses a zone that the token cannot see. The answer does not tell whether the zone exists.
   * @returns the name server that has the zone
   */
  async #demandOwn(caller: Caller, zone: DnsName): Promise<Central> {
    const { storage, backends } = this.#parts;
    const owner = await storage.zone(zone);
    const isOwn = owner?.customer === caller.customer.id && owner.leftAt === null && !owner.isPending;
    if (!isOwn || !mayReadZone(caller.token.rights, zone)) throw noSuchZone();
    return backends.named(owner.backend);
  }

  /**
   * Refuses a write whose sender has lost the zone or his rights while the name server was asked, which may
   * have taken seconds.
   */
  async #demandStill(caller: Caller, zone: DnsName): Promise<void> {
    const { storage, wall } = this.#parts;
    const now = await readAgain(storage, caller, wall());
    await this.#demandOwn(now, zone);
    demandWritable(now);
  }

  /**
   * Reads the records at the names of the change, and judges it by them. The expectation is judged first: a
   * client that is told of other records plans its change anew, and may then have nothing to write.
   * @throws {ApiRefusal} why the change is not accepted
   */
  async #judged(change: Change, expect: Expectation | null, turn: Turn): Promise<readonly CentralRecord[]> {
    const { caller, backend, ctx } = turn;
    if (expect === null) demandWritable(caller);
    else demandNamesIn(change.zone, expect);
    const own = new Set(changeNames(change));
    const names = [...own.union(expect?.names ?? new Set<DnsName>())];
    const all = await backend.readNames(change.zone, names, ctx);
    if (all === null) throw noSuchZone();
    if (expect !== null) await demandAsExpected(this.#parts, caller.token.rights, change.zone, expect, all);
    demandWritable(caller);
    const present = all.filter(({ name }) => own.has(name));
    demandAllowed(turn, change, present);
    return present;
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
    await this.#demandStill(caller, zone);
    const asked = auditOf(caller, 'change.accepted', zone, { key, remove, add, before });
    const earlier = await this.#accept(change, asked, turn);
    // Meanwhile a change of another zone with the same key was accepted.
    if (earlier !== null) return sameRequest(earlier, zone, change.fingerprint);
    const outcome = await this.#write(change, present, turn);
    const audit = auditOf(caller, `change.${outcome.kind}`, zone, { key, outcome });
    if (!(await afterWrite(storage.endChange(change, outcome, audit, lease)))) throw leaseLost();
    return { ...change, outcome };
  }

  /** Stores a change, once the records of its zone are counted. @returns as {@link Storage.acceptChange} */
  async #accept(change: StoredChange, audit: AuditFacts, turn: Turn): Promise<StoredChange | null> {
    const { storage } = this.#parts;
    const { caller, backend, ctx, lease } = turn;
    const first = await storage.acceptChange(change, audit, lease);
    if (first === null || !('limit' in first) || first.limit !== 'records') return acceptedBefore(first);
    // The zone's records are not counted yet, or somebody has removed some at the name server itself.
    const found = await backend.readZone(change.zone, [], ctx);
    if (found === null) throw noSuchZone();
    await this.#demandStill(caller, change.zone);
    await storage.countRecords(change.zone, found.length, lease);
    return acceptedBefore(await storage.acceptChange(change, audit, lease));
  }

  async #write(
    { zone, remove, add }: StoredChange,
    present: readonly CentralRecord[],
    { backend, ctx, demandTime }: Turn,
  ): Promise<ChangeOutcome> {
    try {
      demandTime();
      return { kind: 'done', ...(await backend.apply({ zone, remove, add }, present, ctx)) };
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      const { code, params, state, retry } = fromBackend(error);
      return { kind: 'failed', code, params, state, retry };
    }
  }

  /**
   * Checks a create before its turn, and finds its name server.
   * @throws {ApiRefusal} if the customer may not write
   */
  async #firstLook(caller: Caller, zone: DnsName): Promise<Pick<Turn, 'caller' | 'backend'>> {
    const { backends } = this.#parts;
    demandWritable(caller);
    return { caller, backend: backends.named(await backends.nameFor(caller.customer, zone)) };
  }

  /** @throws {ApiRefusal} if the token may not create the zone, or not with this content */
  async #claim(
    { caller, backend }: Pick<Turn, 'caller' | 'backend'>,
    { zone, content }: NewZone,
  ): Promise<ZoneClaim> {
    const { storage, backends, names, wall, quarantine } = this.#parts;
    // A zone that the customer has, or had lately, may have any name: the operator may have given it to him.
    const owner = await storage.zone(zone);
    const isHeld = owner !== null && (owner.leftAt === null || owner.leftAt > wall() - quarantine);
    if (!isHeld || owner.customer !== caller.customer.id) demandZoneName(names, zone);
    if (!mayCreateZone(caller.token.rights, zone)) throw denied({ text: 'zone.create' });
    demandAllowed({ caller, backend }, { zone, remove: [], add: content }, []);
    demandContentLimits(caller.customer.limits, content);
    const name = await backends.nameFor(caller.customer, zone);
    return { zone, customer: caller.customer.id, backend: name, at: wall(), quarantine };
  }

  /**
   * Whether the name server has the zone. Refuses a zone that any name server has and that is not the
   * customer's. If it has no owner it is the provider's, who decides whose it becomes.
   */
  async #demandFree(
    claim: Claim,
    { zone, seed }: NewZone,
    { caller, ctx }: Pick<Turn, 'caller' | 'ctx'>,
  ): Promise<'free' | 'exists'> {
    demandClaim(claim, zone);
    const { storage, backends } = this.#parts;
    const name = await backends.nameFor(caller.customer, zone);
    const there = await backends.named(name).mayCreateZone(zone, seed, ctx);
    if (claim === 'ours' || claim === 'pending') return there;
    if (there === 'exists') throw this.makesZones(caller) ? foreignZone(zone) : notAssigned(zone);
    if (await backends.haveZone(zone, seed, name, ctx)) throw foreignZone(zone);
    await demandNoUnownedAbove({ storage, backends }, zone, seed, ctx);
    return there;
  }

  /** Has the name server make a zone that is claimed. @throws {CentralError} */
  async #sendCreate(
    { backend, ctx, demandTime }: Turn,
    { zone, seed, content }: NewZone,
    claim: Claim,
  ): Promise<'created' | 'exists'> {
    demandTime();
    const answer = await backend.createZone(zone, seed, ctx, content);
    if (answer !== 'exists' || claim === 'ours') return 'created';
    // The zone was made at the name server after our check: by an earlier create, if there was one.
    if (claim !== 'pending') throw new CentralError('zone.foreign', untouched);
    await demandWhole(backend, zone, ctx);
    return 'exists';
  }

  /**
   * Ends the claim of a create that has failed. A name that the customer had before stays reserved. The claim
   * of an earlier create stays, because that one may still arrive at the name server.
   */
  async #unclaim({ caller, lease }: Turn, zone: DnsName, claim: Claim): Promise<void> {
    if (claim === 'ours' || claim === 'pending') return;
    const audit = auditOf(caller, 'zone.unclaimed', zone, {});
    await this.#parts.storage.dropClaim(zone, caller.customer.id, audit, lease);
  }

  /** Does the work in the zone's turn, if the customer then has the zone. */
  async #inOwnZone<T>(sender: Caller, zone: DnsName, work: (turn: Turn) => Promise<T>): Promise<T> {
    await this.#demandOwn(sender, zone);
    return await this.#inTurn(sender, zone, async (turn) => {
      const backend = await this.#demandOwn(turn.caller, zone);
      return await work({ ...turn, backend });
    });
  }

  /** Does the work in the turn of customer and zone, with the caller's rights of that time. */
  async #inTurn<T>(sender: Caller, zone: DnsName, work: (turn: Turn) => Promise<T>): Promise<T> {
    const { storage, backends, guard, wall, clock, timeout } = this.#parts;
    if ((await guard.doubt()) !== null) throw inDoubt('untouched');
    const demandTime = timeLimit(wall, () => clock.now(), timeout);
    return await this.#ask(
      async (ctx) =>
        await this.#customers.take(sender.customer.id, ctx.signal, async () =>
          this.turns.take(zone, ctx.signal, async (lease) => {
            const caller = await readAgain(storage, sender, wall());
            const backend = backends.named(await backends.nameFor(caller.customer, zone));
            return await work({ caller, backend, lease, ctx, demandTime });
          }),
        ),
    );
  }

  /** Makes a call to the name server within the time limit. Its errors become refusals. */
  async #ask<T>(call: (ctx: CallContext) => Promise<T>): Promise<T> {
    const { clock, timeout } = this.#parts;
    try {
      return await withinTime(clock, timeout, async (signal) => call({ signal, operation: '-' }));
    } catch (error) {
      throw error instanceof CentralError ? fromBackend(error) : error;
    }
  }
}

const untouched = { state: 'untouched', retry: 'never' } as const;
