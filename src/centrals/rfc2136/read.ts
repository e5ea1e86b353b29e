import { signerTypes } from '../../dns/dnssec.ts';
import { displayName, parentName, wildcardsOver, type DnsName } from '../../dns/name.ts';
import { CentralError, type CallContext, type CentralRecord } from '../../core/central.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { recordTypes } from '../../dns/rdata/types.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import type { DnsMessage } from '../../dns/wire/message.ts';
import { childZoneOver, deniedBy } from '../../dns/wire/zone-answer.ts';
import { nameInUse, rrsetAbsent, rrsetHas } from '../../dns/wire/update.ts';
import { restated } from '../restate.ts';
import { hiddenRefusal, prerequisiteFailed, queryRefused, updateRefusal } from './answer.ts';
import type { NameServer } from './api.ts';
import { heldAt, heldOctets, type HeldAtName } from './records.ts';

/** What a read of some names found. */
export interface NamesView {
  readonly records: readonly CentralRecord[];
  /**
   * Names of which a query shows only part, each with the owner of what hides them ({@link HeldAtName}), as
   * far as it is known.
   */
  readonly hidden: ReadonlyMap<DnsName, DnsName>;
}

/** Every type that can be asked for by name, for servers that do not answer ANY in full (RFC 8482). */
const askedTypes: readonly string[] = [...recordTypes.keys()].filter((type) => !signerTypes.has(type));

/**
 * Reads names of zones by ordinary queries, all at once; nothing else is needed of the server but that it
 * answers them.
 */
export class NameReader {
  readonly #server: NameServer;
  /** Whether ANY gives everything; null: not found out yet. */
  #anyIsFull: boolean | null = null;

  constructor(server: NameServer) {
    this.#server = server;
  }

  /**
   * Whether the server has the zone. REFUSED may come of rules for queries (`allow-query`). An update of
   * nothing is answered NOTAUTH if there is no such zone (RFC 2136 section 3.1.2), and REFUSED by such a
   * rule.
   * @throws {CentralError} `central.query-refused`: it has the zone and does not let us ask
   */
  async hasZone(zone: DnsName, ctx: CallContext): Promise<boolean> {
    const answer = await this.#server.query(zone, 'SOA', ctx);
    if (answer.rcode !== rcodes.REFUSED) return isApexAnswer(answer, zone);
    const { rcode } = await this.#server.update(zone, [], [], ctx);
    if (rcode === rcodes.NOTAUTH) return false;
    throw queryRefused(zone);
  }

  /**
   * Records at some names, without what a signing server makes by itself.
   * @param wanted names, each with the types that the caller wants to know of; `all`: every type. A CNAME is
   *   told by the answer to any.
   * @returns null: the server has no such zone
   * @throws {CentralError}
   */
  async read(zone: DnsName, wanted: Wanted, ctx: CallContext): Promise<NamesView | null> {
    this.#anyIsFull ??= await this.#findOutAny(zone, ctx);
    const reading = new Reading(this.#server, { zone, ctx, anyIsFull: this.#anyIsFull === true });
    const hidden = new Map<DnsName, DnsName>();
    const records: CentralRecord[] = [];
    const names = [...wanted];
    let proven = false;
    for (let at = 0; at < names.length; at += mostNamesAtOnce) {
      const part = names.slice(at, at + mostNamesAtOnce);
      const found = await Promise.all(part.map(async (one) => await reading.name(...one)));
      for (const { name, seen, denied } of await reading.distinguish(found)) {
        if (seen.kind === 'no-zone') {
          // Below the apex it may be in another zone of the server, which this key may not even ask.
          if (!(await this.hasZone(zone, ctx))) return null;
          hidden.set(name, name);
          proven = true;
          continue;
        }
        if (seen.kind === 'hidden') hidden.set(name, seen.cut);
        records.push(...seen.records);
        proven ||= denied;
      }
    }
    // A denial in the zone's name proves the zone; data alone might be another zone's that has the same name
    // in it.
    return proven || (await this.hasZone(zone, ctx)) ? { records, hidden } : null;
  }

  /**
   * Adds RRsets that queries do not show and that the server confirms: the NS of a delegation whose zone is
   * on the same server (RFC 2136 section 2.4.2). Their TTLs stay those of `likely`: nothing tells them.
   * @throws {CentralError}
   */
  async withProven(
    zone: DnsName,
    view: NamesView,
    likely: readonly ResourceRecord[],
    ctx: CallContext,
  ): Promise<NamesView> {
    const shown = new Set(view.records.map(({ name, type }) => `${name} ${type}`));
    const sets = new Map<string, CentralRecord[]>();
    for (const record of likely) {
      const set = `${record.name} ${record.type}`;
      if (!view.hidden.has(record.name) || shown.has(set)) continue;
      sets.set(set, [...(sets.get(set) ?? []), { ...record, handle: '' }]);
    }
    const records = [...view.records];
    for (const set of sets.values()) {
      const held = set.map((record) => rrsetHas(record));
      const { rcode } = await this.#server.update(zone, held, [], ctx);
      if (rcode === rcodes.NOERROR) records.push(...set);
      else if (!prerequisiteFailed(rcode)) throw restated(updateRefusal(rcode, zone), 'untouched');
    }
    return { ...view, records };
  }

  /**
   * Throws if records of these types exist that queries do not show. Whoever decides by what was read would
   * take them for absent.
   * @throws {CentralError} `central.refused`
   */
  async demandShown(
    zone: DnsName,
    { records, hidden }: NamesView,
    types: ReadonlySet<string>,
    ctx: CallContext,
  ): Promise<void> {
    for (const [name, cut] of hidden) {
      const shown = new Set(records.filter((record) => record.name === name).map(({ type }) => type));
      const absent = [...types].filter((type) => !shown.has(type)).map((type) => rrsetAbsent(name, type));
      if (absent.length === 0) continue;
      const { rcode } = await this.#server.update(zone, absent, [], ctx);
      if (prerequisiteFailed(rcode)) throw hiddenRefusal(displayName(name), cut);
      if (rcode !== rcodes.NOERROR) throw restated(updateRefusal(rcode, zone), 'untouched');
    }
  }

  /**
   * At the apex there are always SOA and NS: a server that shows both shows everything (RFC 8482 lets it show
   * less).
   * @returns null: cannot be known from this zone
   */
  async #findOutAny(zone: DnsName, ctx: CallContext): Promise<boolean | null> {
    const { answers } = await this.#server.query(zone, 'ANY', ctx);
    const shown = new Set(answers.filter(({ name }) => name === zone).map(({ type }) => type));
    return shown.size === 0 ? null : shown.has('SOA') && shown.has('NS');
  }
}

/** Types by name that a read is about. */
export type Wanted = ReadonlyMap<DnsName, ReadonlySet<string> | 'all'>;

/** Names that are asked for at once; more would only wait in the connections. */
const mostNamesAtOnce = 50;

/** Names that are quicker asked one by one. */
const fewNames = 2;

/** Octets of prerequisites in one message, by an upper bound. */
const mostAskedOctets = 50_000;

interface ReadingOptions {
  readonly zone: DnsName;
  readonly ctx: CallContext;
  readonly anyIsFull: boolean;
}

/** One read of several names. */
class Reading {
  readonly #server: NameServer;
  readonly #options: ReadingOptions;
  readonly #wildcards = new Map<DnsName, Promise<DnsMessage>>();

  constructor(server: NameServer, options: ReadingOptions) {
    this.#server = server;
    this.#options = options;
  }

  async name(name: DnsName, wanted: ReadonlySet<string> | 'all'): Promise<Found> {
    try {
      return await this.#found(name, wanted);
    } catch (error) {
      if (!(error instanceof NotAnsweredHere)) throw error;
      return { name, denied: false, seen: { kind: 'no-zone' } };
    }
  }

  /**
   * Finds those of some names that are apexes of other zones of the server, where everything asked was
   * answered with data. One update that has it all as prerequisites proves that none is; only else each has
   * to be asked for its SOA.
   */
  async distinguish(found: readonly Found[]): Promise<readonly Found[]> {
    const doubtful = new Map<Found, readonly CentralRecord[]>();
    for (const one of found) {
      // DS is the parent's at every cut (RFC 4035 section 3.1.4.1).
      const records = one.seen.kind === 'records' ? one.seen.records.filter(({ type }) => type !== 'DS') : [];
      if (one.isApex === 'unknown' && records.length > 0) doubtful.set(one, records);
    }
    const isProven = doubtful.size > fewNames && (await this.#holds([...doubtful.values()].flat()));
    if (isProven || doubtful.size === 0) return found;
    return await Promise.all(
      found.map(async (one) => (doubtful.has(one) ? await this.#askedForApex(one) : one)),
    );
  }

  async #askedForApex(one: Found): Promise<Found> {
    try {
      const cut = childZoneOver(await this.#query(one.name, 'SOA'), this.#options.zone, one.name);
      if (cut === null || one.seen.kind === 'no-zone') return one;
      const records = one.seen.records.filter(({ type }) => type === 'DS');
      return { ...one, seen: { kind: 'hidden', cut, records } };
    } catch (error) {
      if (!(error instanceof NotAnsweredHere)) throw error;
      return { ...one, seen: { kind: 'no-zone' } };
    }
  }

  /** Whether the zone has these RRsets just so, as far as one message can ask. */
  async #holds(records: readonly CentralRecord[]): Promise<boolean> {
    const { zone, ctx } = this.#options;
    const octets = records.reduce((sum, { name, rdata }) => sum + name.length + rdata.length + 32, 0);
    if (octets > mostAskedOctets) return false;
    const wanted = records.map((record) => rrsetHas({ ...record, ...heldOctets(record) }));
    return (await this.#server.update(zone, wanted, [], ctx)).rcode === rcodes.NOERROR;
  }

  /**
   * @throws {NotAnsweredHere} where Knot, which takes keys zone by zone, does not take it for the zone that
   *   the name is in
   */
  async #query(name: DnsName, type: string): Promise<DnsMessage> {
    const { zone, ctx } = this.#options;
    try {
      return await this.#server.query(name, type, ctx);
    } catch (error) {
      const isDenied = error instanceof CentralError && error.code === 'central.access-denied';
      throw isDenied && name !== zone ? new NotAnsweredHere() : error;
    }
  }

  async #found(name: DnsName, wanted: ReadonlySet<string> | 'all'): Promise<Found> {
    const { zone, anyIsFull } = this.#options;
    const [answers, wildcards] = await Promise.all([
      anyIsFull ? this.#any(name, wanted) : this.#each(name, wanted),
      Promise.all(wildcardsOver(name, zone).map(async (one) => await this.#wildcard(one))),
    ]);
    const denied = [...answers, ...wildcards].some((answer) => deniedBy(answer) === zone);
    const seen = joined(answers.map((answer) => heldAt(answer, zone, name)));
    const child = seen.kind === 'records' ? await this.#childOver(name, wildcards) : null;
    if (child !== null) return { name, denied, seen: { kind: 'hidden', cut: child, records: [] } };
    if (seen.kind === 'hidden' && seen.cut === name && anyIsFull) {
      // The parent's side of a delegation has two kinds of records, and a referral shows one.
      const ds = heldAt(await this.#query(name, 'DS'), zone, name);
      return { name, denied, seen: ds.kind === 'records' ? joined([seen, ds]) : seen };
    }
    const isApex = name === zone || isKnownNoApex(answers, zone) ? 'no' : 'unknown';
    const wild = wildcards.some(({ rcode, flags }) => flags.aa && rcode === rcodes.NOERROR);
    if (!wild || seen.kind !== 'records' || seen.records.length === 0) return { name, denied, seen, isApex };
    // Perhaps made up from the wildcard.
    return {
      name,
      denied,
      isApex,
      seen: (await this.#isInUse(name)) ? seen : { kind: 'records', records: [] },
    };
  }

  /**
   * The apex of another zone of the server that a name lies below, where everything asked of the name itself
   * was answered with data.
   */
  async #childOver(name: DnsName, wildcards: readonly DnsMessage[]): Promise<DnsName | null> {
    const { zone } = this.#options;
    const unclear: DnsName[] = [];
    for (const answer of wildcards) {
      const child = childZoneOver(answer, zone, name);
      if (child !== null) return child;
      const above = parentName(answer.questions[0]?.name ?? zone);
      if (deniedBy(answer) === null && above !== zone) unclear.push(above);
    }
    for (const one of unclear) {
      const child = childZoneOver(await this.#query(one, 'SOA'), zone, one);
      if (child !== null) return child;
    }
    return null;
  }

  async #any(name: DnsName, wanted: ReadonlySet<string> | 'all'): Promise<readonly DnsMessage[]> {
    try {
      return [await this.#query(name, 'ANY')];
    } catch (error) {
      if (!(error instanceof CentralError) || error.code !== 'central.list-cut') throw error;
      return await this.#each(name, wanted);
    }
  }

  async #each(name: DnsName, wanted: ReadonlySet<string> | 'all'): Promise<readonly DnsMessage[]> {
    const all = wanted === 'all' ? askedTypes : [...wanted];
    // A DS at an apex is the parent's: a server that has both zones answers from that one (RFC 4035 section
    // 3.1.4.1).
    const types = name === this.#options.zone ? all.filter((type) => type !== 'DS') : all;
    return await Promise.all(types.map(async (type) => await this.#query(name, type)));
  }

  /**
   * In a prerequisite only the name itself counts, no wildcard (RFC 2136 section 2.4.4). @throws
   * {CentralError}
   */
  async #isInUse(name: DnsName): Promise<boolean> {
    const { zone, ctx } = this.#options;
    const { rcode } = await this.#server.update(zone, [nameInUse(name)], [], ctx);
    if (rcode === rcodes.NOERROR || rcode === rcodes.NXDOMAIN) return rcode === rcodes.NOERROR;
    throw restated(updateRefusal(rcode, zone), 'untouched');
  }

  /** Asked once, however many names it may stand for. */
  async #wildcard(wildcard: DnsName): Promise<DnsMessage> {
    const asked = this.#wildcards.get(wildcard) ?? this.#query(wildcard, 'TXT');
    this.#wildcards.set(wildcard, asked);
    return await asked;
  }
}

class NotAnsweredHere extends Error {
  override readonly name = 'NotAnsweredHere';
}

interface Found {
  readonly name: DnsName;
  readonly seen: HeldAtName;
  /** Whether something was denied in the zone's own name. */
  readonly denied: boolean;
  /** Whether it may be the apex of another zone of the server. */
  readonly isApex?: 'no' | 'unknown';
}

/**
 * A denial of anything but DS in the zone's own name shows that it is none. So does an ANY that is full,
 * except for a wildcard.
 */
function isKnownNoApex(own: readonly DnsMessage[], zone: DnsName): boolean {
  return own.some((answer) => {
    const question = answer.questions[0];
    if (question?.type === 'ANY') return !isWildcard(question.name);
    return question?.type !== 'DS' && deniedBy(answer) === zone;
  });
}

function isWildcard(name: DnsName): boolean {
  return name.startsWith('*.');
}

function isApexAnswer({ rcode, flags, answers }: DnsMessage, zone: DnsName): boolean {
  const soa = answers.some(({ type, name }) => type === 'SOA' && name === zone);
  return rcode === rcodes.NOERROR && flags.aa && soa;
}

/** One view of a name out of several answers about it. */
function joined(seen: readonly HeldAtName[]): HeldAtName {
  if (seen.some(({ kind }) => kind === 'no-zone')) return { kind: 'no-zone' };
  const records = new Map<string, CentralRecord>();
  let cut: DnsName | null = null;
  for (const one of seen) {
    if (one.kind === 'no-zone') continue;
    if (one.kind === 'hidden') cut = one.cut;
    for (const record of one.records) records.set(`${recordId(record)} ${record.handle}`, record);
  }
  const all = [...records.values()];
  return cut === null ? { kind: 'records', records: all } : { kind: 'hidden', cut, records: all };
}
