import { displayName, isWithin, type DnsName } from '../../dns/name.ts';
import { problem, type Problem } from '../../dns/problem.ts';
import { readNetwork } from '../../net/inside.ts';
import { HeadsUnreadable, type HeadsFile } from '../audit/heads-file.ts';
import { checkAudit, sinceAcceptance, type AuditCheck } from '../audit/verify.ts';
import { plainBackendName } from '../backend-settings.ts';
import { explainRight, type ExplainedRight, type Rights } from '../rights/decide.ts';
import type { Verb } from '../rights/rule.ts';
import { makeToken, readToken } from '../rights/token.ts';
import type { DriftedZone } from '../storage/zone-drift.ts';
import {
  newTokenFacts,
  usualLimits,
  type AuditEntry,
  type AuditFacts,
  type Customer,
  type CustomerChanges,
  type LimitReached,
  type Limits,
  type ListPart,
  type OperatorToken,
  type Storage,
  type StoredToken,
  type TokenPosition,
  type ZoneGrant,
  type ZoneOwner,
} from '../storage/storage.ts';
import { endOf, isTextOf } from '../work/token-use.ts';

/** Why an order of the operator was not carried out. */
export type OperatorMistake =
  | 'no-customer'
  | 'customer-exists'
  | 'no-token'
  | 'no-owner'
  | 'no-drift'
  | 'other-backend'
  | 'foreign'
  | 'limit'
  | 'bad-customer'
  | 'no-backend'
  | 'bad-network'
  | 'not-below'
  | 'no-grant'
  | 'heads-unreadable';

/** An order of the operator that was not carried out. Nothing was changed. */
export class OperatorRefusal extends Error {
  override readonly name = 'OperatorRefusal';
  readonly mistake: OperatorMistake;
  /** The problem as the catalogue has it. */
  readonly problem: Problem;

  /**
   * @param about the customer, the token, the zone or the network that the mistake is about
   * @param more further parameters of the message
   */
  constructor(mistake: OperatorMistake, about: string, more: Readonly<Record<string, string>> = {}) {
    super(`${mistake}: ${about}`);
    this.mistake = mistake;
    this.problem = problem(`gateway.${mistake}`, { about, ...more });
  }
}

const day = 86_400_000;

/** A token to make. */
export interface TokenOrder {
  readonly label: string;
  /** Addresses or networks from which alone the token is accepted; empty: from everywhere. */
  readonly networks: readonly string[];
  /** For how many days the token is accepted; null: without end. */
  readonly days: number | null;
}

/** A customer's token to make. */
export interface CustomerTokenOrder extends TokenOrder {
  readonly rights: Rights;
  /** Milliseconds without use after which the token is refused for ever; null: it needs no use. */
  readonly idle: number | null;
  /** Whether the token may make others. */
  readonly makesTokens: boolean;
}

/** A token that was made. The text is shown once and not stored. */
export interface MadeToken {
  readonly id: string;
  readonly text: string;
}

/** Who lets whom create which zone. */
export type GrantOrder = Pick<ZoneGrant, 'parent' | 'child' | 'customer'>;

/** A part of the audit. */
export interface AuditPart {
  readonly entries: readonly AuditEntry[];
  /** Whether there is no later entry. */
  readonly isEnd: boolean;
}

export interface OperatorParts {
  readonly storage: Storage;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  /** Names of the sections `[backend NAME]`. */
  readonly backends: () => readonly string[];
  /** The exported heads of this gateway's audit. */
  readonly heads: HeadsFile;
}

/**
 * What the operator does with customers, tokens and zones, on the command line and over the API. All methods
 * throw {@link OperatorRefusal} and StorageError. `by` says who gives the order, for the audit.
 */
export class OperatorWork {
  readonly #storage: Storage;
  readonly #wall: () => number;
  readonly #backends: () => readonly string[];
  readonly #heads: HeadsFile;
  /** The check of the audit that runs now. It reads all entries, so that questions share it. */
  #checking: Promise<AuditCheck> | null = null;

  constructor({ storage, wall, backends, heads }: OperatorParts) {
    this.#storage = storage;
    this.#wall = wall;
    this.#backends = backends;
    this.#heads = heads;
  }

  async customers(part?: ListPart): Promise<readonly Customer[]> {
    return await this.#storage.customers(part);
  }

  async customer(id: string): Promise<Customer> {
    const customer = await this.#storage.customer(id);
    if (customer === null) throw new OperatorRefusal('no-customer', id);
    return customer;
  }

  /**
   * @param asked limits other than the usual ones
   * @param named name server of new zones; undefined: that of the section `[backend]`
   */
  async addCustomer(by: string, id: string, asked: Partial<Limits>, named?: string): Promise<Customer> {
    if (!isCustomerId(id)) throw new OperatorRefusal('bad-customer', id);
    const limits = { ...usualLimits, ...asked };
    const backend = this.#backend(named) ?? '';
    const customer = { id, state: 'active', limits, backend, createdAt: this.#wall() } as const;
    const audit = auditBy(by, 'customer.added', { customer: id, detail: { limits, backend } });
    if (!(await this.#storage.addCustomer(customer, audit))) throw new OperatorRefusal('customer-exists', id);
    return customer;
  }

  /** @returns the customer as he is then */
  async setCustomer(by: string, id: string, asked: CustomerChanges): Promise<Customer> {
    const changes = { ...asked, backend: this.#backend(asked.backend) };
    const audit = auditBy(by, 'customer.changed', { customer: id, detail: changes });
    if (!(await this.#storage.setCustomer(id, changes, audit))) throw new OperatorRefusal('no-customer', id);
    return await this.customer(id);
  }

  async tokens(customer: string, part?: ListPart<TokenPosition>): Promise<readonly StoredToken[]> {
    await this.customer(customer);
    return await this.#storage.tokens(customer, part);
  }

  async addToken(by: string, customer: string, order: CustomerTokenOrder): Promise<MadeToken> {
    await this.customer(customer);
    const { token, text } = this.#newToken(order);
    const { id, networks, label } = token;
    const { rights, makesTokens, idle } = order;
    const audit = auditBy(by, 'token.added', { customer, token: id, detail: { rights, networks, label } });
    const stored = { ...newTokenFacts, ...token, customer, rights, makesTokens, idle };
    demandWithin(await this.#storage.addToken(stored, audit), customer);
    return { id, text };
  }

  async revokeToken(by: string, id: string): Promise<void> {
    const customer = (await this.#storage.token(id))?.customer ?? '';
    const audit = auditBy(by, 'token.revoked', { customer, token: id });
    if (!(await this.#storage.revokeToken(id, this.#wall(), audit)))
      throw new OperatorRefusal('no-token', id);
  }

  /**
   * Gives a token another text, which is shown once.
   * @param overlap for how long the old one is accepted too, milliseconds
   */
  async rotateToken(
    by: string,
    id: string,
    overlap: number,
  ): Promise<MadeToken & { readonly until: number }> {
    const token = await this.#storage.token(id);
    if (token === null || endOf(token, this.#wall()) !== null) throw new OperatorRefusal('no-token', id);
    const { text, hash } = makeToken(id);
    const until = this.#wall() + overlap;
    const { customer } = token;
    const audit = auditBy(by, 'token.rotated', { customer, token: id, detail: { until } });
    if (!(await this.#storage.rotateToken(id, { hash, until }, audit)))
      throw new OperatorRefusal('no-token', id);
    return { id, text, until };
  }

  /** Refuses a token that has leaked from now on. @param text the token itself @returns its id */
  async revokeLeaked(by: string, text: string): Promise<string> {
    const read = readToken(text);
    const token = read === null ? null : await this.#storage.token(read.id);
    if (token === null || !isTextOf(token, read?.hash ?? null, this.#wall()))
      throw new OperatorRefusal('no-token', read?.id ?? '');
    await this.revokeToken(by, token.id);
    return token.id;
  }

  /** Whether a token may do something to an RRset, and which rule says so. */
  async explain(
    id: string,
    zone: DnsName,
    { name, type }: { readonly name: DnsName; readonly type: string },
    verb: Verb,
  ): Promise<ExplainedRight> {
    const token = await this.#storage.token(id);
    if (token === null) throw new OperatorRefusal('no-token', id);
    return explainRight(token.rights, zone, name, type, verb);
  }

  /** Tokens of the operator. */
  async operators(): Promise<readonly OperatorToken[]> {
    return await this.#storage.operators();
  }

  async addOperator(by: string, order: TokenOrder): Promise<MadeToken> {
    const { token, text } = this.#newToken(order);
    const { id, networks, label } = token;
    const audit = auditBy(by, 'operator.added', { token: id, detail: { networks, label } });
    await this.#storage.addOperator(token, audit);
    return { id, text };
  }

  async revokeOperator(by: string, id: string): Promise<void> {
    const audit = auditBy(by, 'operator.revoked', { token: id });
    if (!(await this.#storage.revokeOperator(id, this.#wall(), audit)))
      throw new OperatorRefusal('no-token', id);
  }

  async zonesOf(customer: string, part?: ListPart): Promise<readonly DnsName[]> {
    await this.customer(customer);
    return (await this.#storage.ownedBy(customer, part)).map(({ zone }) => zone);
  }

  async owner(zone: DnsName): Promise<ZoneOwner> {
    const owner = await this.#storage.zone(zone);
    if (owner === null) throw new OperatorRefusal('no-owner', displayName(zone));
    return owner;
  }

  /**
   * Gives a zone that the name server has, and that nobody owns, to a customer.
   * @param named the name server; undefined: that of the customer's new zones
   */
  async assign(by: string, zone: DnsName, customer: string, named?: string): Promise<void> {
    await this.customer(customer);
    const backend = this.#backend(named);
    const audit = auditBy(by, 'zone.assigned', { customer, zone, detail: { backend } });
    const claim = { zone, customer, backend, at: this.#wall(), quarantine: 0 };
    const made = await this.#storage.claimZone(claim, audit, null);
    if (typeof made === 'object') throw refusedZone(made, customer);
    const stays = (await this.#storage.zone(zone))?.backend;
    if (backend !== undefined && stays !== backend)
      throw new OperatorRefusal('other-backend', displayName(zone));
    await this.#storage.confirmClaim(zone, customer, audit, null);
  }

  /**
   * Gives a zone to another customer. Its records stay as they are.
   * @param withBelow whether the owner's zones below go with it
   * @returns the zones that have moved
   */
  async transfer(
    by: string,
    zone: DnsName,
    customer: string,
    withBelow: boolean,
  ): Promise<readonly DnsName[]> {
    await this.customer(customer);
    const from = (await this.#storage.zone(zone))?.customer ?? '';
    const audit = auditBy(by, 'zone.transferred', { customer, zone, detail: { from } });
    const done = await this.#storage.transferZone({ zone, to: customer, withBelow }, audit);
    if (done === 'missing') throw new OperatorRefusal('no-owner', displayName(zone));
    if (!('moved' in done)) throw refusedZone(done, customer);
    return done.moved;
  }

  /** Ends the ownership of a zone, so that nobody owns it. The name server keeps the zone. */
  async release(by: string, zone: DnsName): Promise<void> {
    const { customer } = await this.owner(zone);
    const audit = auditBy(by, 'zone.released', { customer, zone });
    await this.#storage.releaseZone(zone, customer, 0, audit, null);
  }

  /** Zones that somebody else has changed at the name server itself, in the order of their names. */
  async drifted(part: ListPart): Promise<readonly DriftedZone[]> {
    return await this.#storage.drift.list(part);
  }

  /** What somebody else has changed in a zone. */
  async drift(zone: DnsName): Promise<DriftedZone> {
    const drift = await this.#storage.drift.of(zone);
    if (drift === null) throw new OperatorRefusal('no-drift', displayName(zone));
    return drift;
  }

  /** Takes what somebody else has changed in a zone for what is wanted. */
  async acceptDrift(by: string, zone: DnsName): Promise<void> {
    const { customer, state, rrsets, more } = await this.drift(zone);
    const detail = { state, rrsets: rrsets.length + more };
    const audit = auditBy(by, 'zone.drift-accepted', { customer, zone, detail });
    if (!(await this.#storage.drift.accept(zone, audit)))
      throw new OperatorRefusal('no-drift', displayName(zone));
  }

  /** Has the gateway check a zone for drift within seconds. */
  async checkDrift(zone: DnsName): Promise<void> {
    await this.owner(zone);
    await this.#storage.drift.postpone(zone, 0);
  }

  /** Grants for zones below the zone, also revoked ones. */
  async grants(parent: DnsName): Promise<readonly ZoneGrant[]> {
    return await this.#storage.grants(parent);
  }

  /** Lets another customer create a zone below a zone, and zones below that. */
  async grant(by: string, { parent, child, customer }: GrantOrder): Promise<void> {
    demandBelow(child, parent);
    await this.customer(customer);
    const audit = auditBy(by, 'zone.granted', { customer, zone: parent, detail: { child } });
    if (!(await this.#storage.addGrant({ parent, child, customer, createdAt: this.#wall() }, audit)))
      throw new OperatorRefusal('no-owner', displayName(parent));
  }

  /** Ends a grant. Zones that exist by it stay. */
  async revokeGrant(by: string, { parent, child, customer }: GrantOrder): Promise<void> {
    demandBelow(child, parent);
    const audit = auditBy(by, 'zone.grant-revoked', { customer, zone: parent, detail: { child } });
    if (!(await this.#storage.revokeGrant({ parent, child, customer }, this.#wall(), audit)))
      throw new OperatorRefusal('no-grant', customer, { child: displayName(child) });
  }

  /**
   * Entries of the audit, oldest first. Large entries may leave room for fewer than `most`.
   * @param after number of the entry after which the list begins; 0: from the first
   */
  async audit(after: number, most: number): Promise<AuditPart> {
    const entries = await this.#storage.audit(after, most);
    const { number: newest } = await this.#storage.newestEntry();
    return { entries, isEnd: (entries.at(-1)?.number ?? newest) >= newest };
  }

  /** Checks that no entry of the audit was changed or removed, and compares all with the exported heads. */
  async checkAudit(): Promise<AuditCheck> {
    this.#checking ??= this.#checkAudit().finally(() => {
      this.#checking = null;
    });
    return await this.#checking;
  }

  /**
   * Erases an address in audit, changes and tokens. The entries themselves stay.
   * @param client the address, or the name of whoever has given an order, as the audit shows it
   * @param customer only in entries about this customer; null: in all
   * @returns in how many entries of the audit it was
   */
  async eraseAddresses(by: string, client: string, customer: string | null): Promise<number> {
    // The audit's entry about the erasure must not name the erased address.
    const audit = auditBy(by, 'audit.erased', { customer: customer ?? '' });
    return await this.#storage.eraseAddresses({ before: null, client, customer }, audit);
  }

  async #checkAudit(): Promise<AuditCheck> {
    try {
      return await checkAudit(this.#storage, sinceAcceptance(await this.#heads.all()));
    } catch (error) {
      if (!(error instanceof HeadsUnreadable)) throw error;
      throw new OperatorRefusal('heads-unreadable', error.message);
    }
  }

  /**
   * The name of a name server as it is stored: empty for the section `[backend]`.
   * @param named as it is asked for; undefined: nobody has named one
   */
  #backend(named: string | undefined): string | undefined {
    if (named === undefined) return undefined;
    if (named === plainBackendName) return '';
    if (this.#backends().includes(named)) return named;
    throw new OperatorRefusal('no-backend', named);
  }

  #newToken({ label, networks, days }: TokenOrder): {
    readonly token: OperatorToken;
    readonly text: string;
  } {
    const wrong = networks.filter((network) => readNetwork(network) === null);
    if (wrong.length > 0) throw new OperatorRefusal('bad-network', wrong.join(', '));
    const { id, text, hash } = makeToken();
    const createdAt = this.#wall();
    const expiresAt = days === null ? null : createdAt + days * day;
    return {
      token: { id, hash, label, networks, createdAt, expiresAt, revokedAt: null, lastUsed: null },
      text,
    };
  }
}

/** Whether a text can be a customer's id: at most 40 lower-case letters, digits and hyphens. */
function isCustomerId(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/u.test(text);
}

/** @throws {OperatorRefusal} if the child is not below the parent */
function demandBelow(child: DnsName, parent: DnsName): void {
  if (parent !== child && isWithin(child, parent)) return;
  throw new OperatorRefusal('not-below', displayName(child), { parent: displayName(parent) });
}

function demandWithin(reached: LimitReached | null, customer: string): void {
  if (reached !== null) throw new OperatorRefusal('limit', customer);
}

function refusedZone(why: LimitReached | { readonly foreign: DnsName }, customer: string): OperatorRefusal {
  if ('limit' in why) return new OperatorRefusal('limit', customer);
  return new OperatorRefusal('foreign', displayName(why.foreign));
}

function auditBy(from: string, what: string, facts: Partial<AuditFacts>): AuditFacts {
  return { what, customer: '', token: '', zone: '', detail: {}, ...facts, from };
}
