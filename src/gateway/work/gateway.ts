import { createHash } from 'node:crypto';
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
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { changeNames, rrsetId, type Change } from '../../dns/zone.ts';
import { ApiRefusal, denied, fromBackend, noSuchZone } from '../api-refusal.ts';
import { decideChange, mayCreateZone, mayDeleteZone, mayRead, mayReadZone } from '../rights/decide.ts';
import {
  StorageError,
  type ChangeOutcome,
  type Claim,
  type Storage,
  type StoredChange,
  type ZoneClaim,
} from '../storage/storage.ts';
import { auditOf, demandWritable, readAgain, type Caller } from './caller.ts';
import { demandExpected, demandNamesIn } from './expectation.ts';
import { demandNoUnownedAbove, demandZoneName, foreignZone } from './zone-names.ts';

/** A change of records as a client asks for it. */
export interface ChangeRequest {
  /** Identifies the request for the token. A key is carried out at most once. */
  readonly key: string;
  readonly remove: readonly ResourceRecord[];
  readonly add: readonly ResourceRecord[];
  /** The change is carried out only if the token sees these records there; null: in any case. */
  readonly expect: Expectation | null;
}

/** A zone to create. */
export interface NewZone {
  readonly zone: DnsName;
  readonly seed: ZoneSeed;
  /** Records that it gets at once. */
  readonly content: readonly ResourceRecord[];
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

/** What a write gets once it is its turn: the caller as he is now, and the time that is left. */
interface Turn {
  readonly caller: Caller;
  readonly ctx: CallContext;
}

/** Carries out what customers ask for, at one name server. All methods throw {@link ApiRefusal}. */
export class Gateway {
  readonly #parts: GatewayParts;
  /** Writes of one customer run one after the other, so that nobody else waits behind many of them. */
  readonly #customers = new Slots();
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
   * a key that was used before is not carried out again, whatever it expects.
   * @returns the change with its outcome, which may be a failure
   */
  async change(sender: Caller, zone: DnsName, request: ChangeRequest): Promise<StoredChange> {
    const fingerprint = fingerprintOf(zone, request);
    return await this.#inOwnZone(sender, zone, async ({ caller, ctx }) => {
      const earlier = await this.#parts.storage.change(caller.token.id, request.key);
      if (earlier !== null) return sameRequest(earlier, zone, fingerprint);
      const change = { zone, remove: request.remove, add: request.add };
      const present = await this.#judged(caller, change, request.expect, ctx);
      const acceptedAt = this.#parts.wall();
      const accepted = changeOf(caller, zone, request, {
        fingerprint,
        before: touched(change, present),
        acceptedAt,
      });
      return await this.#carryOut(accepted, present, { caller, ctx });
    });
  }

  /**
   * Makes sure that the change with this key is not carried out from now on, unless it was accepted already.
   * A client asks for it after a lost answer.
   * @returns the change and its outcome: that of the write, or `failed` and `untouched`
   */
  async withdraw(sender: Caller, zone: DnsName, key: string): Promise<StoredChange> {
    return await this.#inOwnZone(sender, zone, async ({ caller }) => {
      const { storage, wall } = this.#parts;
      const facts = { fingerprint: '', before: [], acceptedAt: wall() };
      const none = changeOf(caller, zone, { key, remove: [], add: [], expect: null }, facts);
      const audit = auditOf(caller, 'change.withdrawn', zone, { key });
      const earlier = await storage.acceptChange(none, audit);
      if (earlier !== null) return sameRequest(earlier, zone, earlier.fingerprint);
      await storage.endChange(caller.token.id, key, withdrawn, audit);
      return { ...none, outcome: withdrawn };
    });
  }

  /** Whether {@link createZone} would work. */
  async mayCreate(caller: Caller, made: NewZone): Promise<'free' | 'exists'> {
    const claim = await this.#parts.storage.mayClaim(this.#claim(caller, made));
    return await this.#ask(async (ctx) => await this.#demandFree(claim, made, ctx));
  }

  /** Creates a zone for the customer, with its records. */
  async createZone(sender: Caller, made: NewZone): Promise<'created' | 'exists'> {
    const { zone, seed, content } = made;
    return await this.#inTurn(sender, zone, async ({ caller, ctx }) => {
      const { storage, backend } = this.#parts;
      demandWritable(caller);
      const claim = this.#claim(caller, made);
      if ((await this.#demandFree(await storage.mayClaim(claim), made, ctx)) === 'exists') {
        await storage.confirmClaim(zone, caller.customer.id, auditOf(caller, 'zone.found', zone, {}));
        return 'exists';
      }
      const claimed = await storage.claimZone(claim, auditOf(caller, 'zone.claimed', zone, { content }));
      demandClaim(claimed, zone);
      try {
        const answer = await backend.createZone(zone, seed, ctx, content);
        // Somebody has made the zone at the name server in this moment.
        if (answer === 'exists' && claimed !== 'ours') throw new CentralError('zone.foreign', untouched);
      } catch (error) {
        if (error instanceof CentralError && error.state === 'untouched')
          await this.#unclaim(caller, zone, claimed);
        throw error;
      }
      await storage.confirmClaim(zone, caller.customer.id, auditOf(caller, 'zone.created', zone, {}));
      return 'created';
    });
  }

  /** Deletes a zone of the customer. Its name stays reserved for the customer for a while. */
  async deleteZone(sender: Caller, zone: DnsName): Promise<'deleted' | 'missing'> {
    return await this.#inOwnZone(sender, zone, async ({ caller, ctx }) => {
      const { storage, backend, wall } = this.#parts;
      if (!mayDeleteZone(caller.token.rights, zone)) throw denied({ text: 'zone.delete' });
      demandWritable(caller);
      const done = await backend.deleteZone(zone, ctx);
      const audit = auditOf(caller, 'zone.deleted', zone, { done });
      await afterWrite(storage.releaseZone(zone, caller.customer.id, wall(), audit));
      return done;
    });
  }

  /**
   * Decides about claims that an earlier process left: a zone that the name server has was created, any other
   * was not. To be called before the gateway listens.
   */
  async settleClaims(): Promise<void> {
    const { storage, backend } = this.#parts;
    const claims = await storage.pendingClaims();
    if (claims.length === 0) return;
    const asked = claims.map(({ zone }) => zone);
    const there = new Set(await this.#ask((ctx) => backend.listZones(asked, ctx)));
    for (const { zone, customer } of claims) {
      const isThere = there.has(zone);
      const audit = { what: 'zone.settled', customer, token: '', from: '', zone, detail: { isThere } };
      if (isThere) await storage.confirmClaim(zone, customer, audit);
      else await storage.dropClaim(zone, customer, audit);
    }
  }

  /** Refuses a zone that the token cannot see. The answer does not tell whether the zone exists. */
  async #demandOwn(caller: Caller, zone: DnsName): Promise<void> {
    const owner = await this.#parts.storage.zone(zone);
    const isOwn = owner?.customer === caller.customer.id && owner.leftAt === null && !owner.isPending;
    if (!isOwn || !mayReadZone(caller.token.rights, zone)) throw noSuchZone();
  }

  /**
   * Reads the records at the names of the change, and judges it by them. The expectation is judged first: a
   * client that is told of other records plans its change anew, and may then have nothing to write.
   * @throws {ApiRefusal} why the change is not accepted
   */
  async #judged(
    caller: Caller,
    change: Change,
    expect: Expectation | null,
    ctx: CallContext,
  ): Promise<readonly CentralRecord[]> {
    if (expect === null) demandWritable(caller);
    else demandNamesIn(change.zone, expect);
    const own = new Set(changeNames(change));
    const names = [...own.union(expect?.names ?? new Set<DnsName>())];
    const all = await this.#parts.backend.readNames(change.zone, names, ctx);
    if (all === null) throw noSuchZone();
    if (expect !== null) demandExpected(caller.token.rights, change.zone, expect, all);
    demandWritable(caller);
    const present = all.filter(({ name }) => own.has(name));
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
    accepted: StoredChange,
    present: readonly CentralRecord[],
    { caller, ctx }: Turn,
  ): Promise<StoredChange> {
    const { storage } = this.#parts;
    const { token, key, zone, remove, add, before } = accepted;
    const asked = auditOf(caller, 'change.accepted', zone, { key, remove, add, before });
    const earlier = await storage.acceptChange(accepted, asked);
    // The same key came for another zone in this moment.
    if (earlier !== null) return sameRequest(earlier, zone, accepted.fingerprint);
    const outcome = await this.#write(accepted, present, ctx);
    const audit = auditOf(caller, `change.${outcome.kind}`, zone, { key, outcome });
    await afterWrite(storage.endChange(token, key, outcome, audit));
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

  /** @throws {ApiRefusal} if the token may not create the zone, or not with this content */
  #claim(caller: Caller, { zone, content }: NewZone): ZoneClaim {
    demandZoneName(zone);
    if (!mayCreateZone(caller.token.rights, zone)) throw denied({ text: 'zone.create' });
    this.#demandAllowed(caller, { zone, remove: [], add: content }, []);
    const { wall, quarantine } = this.#parts;
    return { zone, customer: caller.customer.id, at: wall(), quarantine };
  }

  /**
   * Whether the name server has the zone. Refuses one that it has and that is not the customer's: a zone
   * without an owner is the provider's. He decides whose it becomes.
   */
  async #demandFree(claim: Claim, { zone, seed }: NewZone, ctx: CallContext): Promise<'free' | 'exists'> {
    demandClaim(claim, zone);
    const there = await this.#parts.backend.mayCreateZone(zone, seed, ctx);
    if (there === 'exists' && claim !== 'ours' && claim !== 'pending') throw foreignZone(zone);
    if (there === 'free') await demandNoUnownedAbove(this.#parts, zone, seed, ctx);
    return there;
  }

  /** Ends the claim of a create that has failed. A name that the customer had before stays reserved. */
  async #unclaim(caller: Caller, zone: DnsName, claim: Claim): Promise<void> {
    const { storage, wall } = this.#parts;
    const audit = auditOf(caller, 'zone.unclaimed', zone, {});
    const { id } = caller.customer;
    if (claim === 'reclaimed') await storage.releaseZone(zone, id, wall(), audit);
    else if (claim !== 'ours') await storage.dropClaim(zone, id, audit);
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
    const { storage, wall } = this.#parts;
    return await this.#ask(
      async (ctx) =>
        await this.#customers.take(sender.customer.id, ctx.signal, async () =>
          this.#zones.take(zone, ctx.signal, async () =>
            work({ caller: await readAgain(storage, sender, wall()), ctx }),
          ),
        ),
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
  // Nothing else works on the zone now. So a failed commit has left the change without an outcome.
  return earlier.outcome === null ? { ...earlier, outcome: { kind: 'interrupted' } } : earlier;
}

function fingerprintOf(zone: DnsName, { remove, add }: ChangeRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([zone, remove, add]))
    .digest('hex');
}

function demandClaim(claim: Claim, zone: DnsName): void {
  if (claim === 'limit') throw new ApiRefusal(422, 'central.limit', { params: { text: 'number of zones' } });
  if (typeof claim === 'object') throw foreignZone(zone);
}

/** If the storage fails after a write at the name server, the client hears that something may be changed. */
async function afterWrite(stored: Promise<void>): Promise<void> {
  try {
    await stored;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const facts = { params: { text: error.code }, state: 'unknown', retry: 'later', cause: error } as const;
    throw new ApiRefusal(503, 'central.unreachable', facts);
  }
}
