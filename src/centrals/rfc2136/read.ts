import { signerTypes } from '../../dns/dnssec.ts';
import { displayName, parentName, wildcardsOver, type DnsName } from '../../dns/name.ts';
import { CentralError, type CallContext, type CentralRecord } from '../../core/central.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { recordTypes } from '../../dns/rdata/types.ts';
import { rrsetId } from '../../dns/zone.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import type { DnsMessage } from '../../dns/wire/message.ts';
import { childZoneOver, deniedBy } from '../../dns/wire/zone-answer.ts';
import { nameInUse, rrsetAbsent, rrsetHas } from '../../dns/wire/update.ts';
import { hasCode } from '../errors.ts';
import { apexSerial, hiddenRefusal, queryRefused } from './answer.ts';
import type { NameServer } from './api.ts';
import { heldAt, heldOctets, type HeldAtName } from './records.ts';

/** The result of reading some names. */
export interface NamesView {
  readonly records: readonly CentralRecord[];
  /**
   * Names of which queries do not show all records. The value is the owner of the delegation, DNAME or other
   * zone that hides the rest ({@link HeldAtName}). If this owner is not known, the value is the name itself.
   */
  readonly hidden: ReadonlyMap<DnsName, DnsName>;
}

/** Every type that is queried one by one at a server that does not answer ANY in full (RFC 8482). */
const askedTypes: readonly string[] = [...recordTypes.keys()].filter((type) => !signerTypes.has(type));

/** Reads names by ordinary queries, many at once. The server needs no other ability for this. */
export class NameReader {
  readonly #server: NameServer;
  /**
   * Whether the server answers ANY with all records of a name; null: this was not tried yet, or the answer
   * did not show it.
   */
  #anyIsFull: boolean | null = null;

  constructor(server: NameServer) {
    this.#server = server;
  }

  /**
   * Whether the server has the zone. If it answers REFUSED, the reason may be its rules for queries
   * (`allow-query`). Then an empty update is sent: the answer NOTAUTH means that the server has no such zone
   * (RFC 2136 section 3.1.2).
   * @throws {CentralError} `central.query-refused` if it has the zone and refuses our queries
   */
  async hasZone(zone: DnsName, ctx: CallContext): Promise<boolean> {
    return (await this.serialOf(zone, ctx)) !== null;
  }

  /** Like {@link hasZone}, but returns the serial of the zone; null: the server does not have the zone. */
  async serialOf(zone: DnsName, ctx: CallContext): Promise<number | null> {
    const answer = await this.#server.query(zone, 'SOA', ctx);
    if (answer.rcode !== rcodes.REFUSED) return apexSerial(answer, zone);
    const { rcode } = await this.#server.update(zone, [], [], ctx);
    if (rcode === rcodes.NOTAUTH) return null;
    throw queryRefused(zone);
  }

  /**
   * Reads the records at some names. Leaves out records that a signing server makes by itself.
   * @param wanted names, each with the types to read; `all`: every type. A CNAME is found whatever types are
   *   asked for
   * @returns null if the server has no such zone
   * @throws {CentralError}
   */
  async read(zone: DnsName, wanted: Wanted, ctx: CallContext): Promise<NamesView | null> {
    this.#anyIsFull ??= await this.#findOutAny(zone, ctx);
    const anyIsFull = this.#anyIsFull === true;
    const asksAhead = wanted.size <= fewNames;
    const reading = new Reading(this.#server, { zone, ctx, anyIsFull, asksAhead });
    const hidden = new Map<DnsName, DnsName>();
    const records: CentralRecord[] = [];
    const names = [...wanted];
    let proven = false;
    for (let at = 0; at < names.length; at += mostNamesAtOnce) {
      const part = names.slice(at, at + mostNamesAtOnce);
      const found = await Promise.all(part.map(async (one) => await reading.name(...one)));
      for (const { name, seen, denied } of await reading.distinguish(found)) {
        if (seen.kind === 'no-zone') {
          // A name below the apex may lie in another zone of the server, for which this key is refused.
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
    // If an answer says that there is no such record, and names this zone in its SOA, the server has the
    // zone. Data alone may come from another zone that contains the name.
    return proven || (await this.hasZone(zone, ctx)) ? { records, hidden } : null;
  }

  /**
   * Adds RRsets that queries do not show, if prerequisites prove that the server has them (RFC 2136 section
   * 2.4.2). For example, queries do not show the NS records of a delegation to a zone on the same server.
   * @param likely records that the server may have. No answer shows their TTLs, so these are taken over
   *   unchecked
   * @throws {CentralError}
   */
  async withProven(
    zone: DnsName,
    view: NamesView,
    likely: readonly ResourceRecord[],
    ctx: CallContext,
  ): Promise<NamesView> {
    const shown = new Set(view.records.map(rrsetId));
    const unseen = likely.filter((record) => view.hidden.has(record.name) && !shown.has(rrsetId(record)));
    const records = [...view.records];
    for (const set of Map.groupBy(unseen, rrsetId).values()) {
      const isHeld = await this.#server.holds(zone, set.map(rrsetHas), ctx);
      if (isHeld) records.push(...set.map((record) => ({ ...record, handle: '' })));
    }
    return { ...view, records };
  }

  /**
   * Throws if records of these types exist that queries do not show. A caller that uses only the read would
   * take such records for absent.
   * @throws {CentralError} `central.hidden`
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
      if (absent.length > 0 && !(await this.#server.holds(zone, absent, ctx)))
        throw hiddenRefusal(displayName(name), cut);
    }
  }

  /**
   * Queries ANY at the apex, which always has SOA and NS. If the answer has both, the server is assumed to
   * answer ANY in full (RFC 8482 allows less).
   * @returns null if the answer has no records of the apex
   */
  async #findOutAny(zone: DnsName, ctx: CallContext): Promise<boolean | null> {
    const { answers } = await this.#server.query(zone, 'ANY', ctx);
    const shown = new Set(answers.filter(({ name }) => name === zone).map(({ type }) => type));
    return shown.size === 0 ? null : shown.has('SOA') && shown.has('NS');
  }
}

/** The names to read, each with the types to read there. */
export type Wanted = ReadonlyMap<DnsName, ReadonlySet<string> | 'all'>;

/** Maximum number of names that are queried at once; more would only wait for a connection. */
const mostNamesAtOnce = 50;

/**
 * Maximum number of unclear names that are queried one by one. For more names, one update for all is quicker.
 */
const fewNames = 2;

/** Maximum size of all prerequisites in one message, in octets. The size is estimated, never too low. */
const mostAskedOctets = 50_000;

interface ReadingOptions {
  readonly zone: DnsName;
  readonly ctx: CallContext;
  readonly anyIsFull: boolean;
  /**
   * Whether a name's SOA is queried together with its data, if {@link Reading.distinguish} may need it. This
   * saves a round trip, and costs a query in vain for a name without data.
   */
  readonly asksAhead: boolean;
}

/** One read of several names. Answers about wildcards are kept, so that each is asked for only once. */
class Reading {
  readonly #server: NameServer;
  readonly #options: ReadingOptions;
  readonly #wildcards = new Map<DnsName, Promise<DnsMessage>>();

  constructor(server: NameServer, options: ReadingOptions) {
    this.#server = server;
    this.#options = options;
  }

  async name(name: DnsName, wanted: ReadonlySet<string> | 'all'): Promise<Found> {
    const unanswered = { name, denied: false };
    return await this.#orNoZone(unanswered, async () => await this.#found(name, wanted));
  }

  /**
   * Returns the result of `read`. If Knot does not accept our key for the zone that contains the name,
   * returns `no-zone`.
   */
  async #orNoZone(unanswered: Omit<Found, 'seen'>, read: () => Promise<Found>): Promise<Found> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof NotAnsweredHere)) throw error;
      return { ...unanswered, seen: { kind: 'no-zone' } };
    }
  }

  /**
   * Finds out which names are the apex of another zone of the server. If an answer has no data, its SOA shows
   * the zone. A name is unclear if every answer about it had data. One update with all this data as
   * prerequisites can prove that it belongs to this zone. If the update does not prove it, the SOA of each
   * unclear name is queried.
   */
  async distinguish(found: readonly Found[]): Promise<readonly Found[]> {
    const doubtful = new Map<Found, readonly CentralRecord[]>();
    for (const one of found) {
      // At a delegation, DS records belong to the parent zone (RFC 4035 section 3.1.4.1), so they prove
      // nothing here.
      const records = one.seen.kind === 'records' ? one.seen.records.filter(({ type }) => type !== 'DS') : [];
      if (one.isApex === 'unknown' && records.length > 0) doubtful.set(one, records);
    }
    const isProven = doubtful.size > fewNames && (await this.#holds([...doubtful.values()].flat()));
    if (isProven || doubtful.size === 0) return found;
    return await Promise.all(
      found.map(async (one) => (doubtful.has(one) ? await this.#askedForApex(one) : one)),
    );
  }

  /**
   * Queries the SOA of a name before it is known whether the answer is needed.
   * @returns null if it was not queried, or the query failed; it is sent again if its answer is needed
   */
  async #apexAhead(name: DnsName): Promise<DnsMessage | null> {
    const { zone, anyIsFull, asksAhead } = this.#options;
    if (!asksAhead || anyIsFull || name === zone) return null;
    try {
      return await this.#query(name, 'SOA');
    } catch (error) {
      if (error instanceof NotAnsweredHere || error instanceof CentralError) return null;
      throw error;
    }
  }

  async #askedForApex(one: Found): Promise<Found> {
    return await this.#orNoZone(one, async () => {
      const answer = one.apex ?? (await this.#query(one.name, 'SOA'));
      const cut = childZoneOver(answer, this.#options.zone, one.name);
      if (cut === null || one.seen.kind === 'no-zone') return one;
      const records = one.seen.records.filter(({ type }) => type === 'DS');
      return { ...one, seen: { kind: 'hidden', cut, records } };
    });
  }

  /** Whether the zone has exactly these RRsets. Also false if one message cannot hold them. */
  async #holds(records: readonly CentralRecord[]): Promise<boolean> {
    const { zone, ctx } = this.#options;
    const octets = records.reduce((sum, { name, rdata }) => sum + name.length + rdata.length + 32, 0);
    if (octets > mostAskedOctets) return false;
    const wanted = records.map((record) => rrsetHas({ ...record, ...heldOctets(record) }));
    return (await this.#server.update(zone, wanted, [], ctx)).rcode === rcodes.NOERROR;
  }

  /**
   * Sends a query.
   * @throws {NotAnsweredHere} if Knot, whose keys are for single zones, does not accept our key for the zone
   *   that contains the name
   */
  async #query(name: DnsName, type: string): Promise<DnsMessage> {
    const { zone, ctx } = this.#options;
    try {
      return await this.#server.query(name, type, ctx);
    } catch (error) {
      throw hasCode(error, 'central.access-denied') && name !== zone ? new NotAnsweredHere() : error;
    }
  }

  async #found(name: DnsName, wanted: ReadonlySet<string> | 'all'): Promise<Found> {
    const { zone, anyIsFull } = this.#options;
    const [answers, wildcards, apex] = await Promise.all([
      anyIsFull ? this.#any(name, wanted) : this.#each(name, wanted),
      Promise.all(wildcardsOver(name, zone).map(async (one) => await this.#wildcard(one))),
      this.#apexAhead(name),
    ]);
    const denied = [...answers, ...wildcards].some((answer) => deniedBy(answer) === zone);
    const seen = joined(answers.map((answer) => heldAt(answer, zone, name)));
    const child = seen.kind === 'records' ? await this.#childOver(name, wildcards) : null;
    if (child !== null) return { name, denied, seen: { kind: 'hidden', cut: child, records: [] } };
    if (seen.kind === 'hidden' && seen.cut === name && anyIsFull) {
      // The parent zone has NS and DS at a delegation, but a referral shows only the NS.
      const ds = heldAt(await this.#query(name, 'DS'), zone, name);
      return { name, denied, seen: ds.kind === 'records' ? joined([seen, ds]) : seen };
    }
    const isApex = name === zone || isKnownNoApex(answers, zone) ? 'no' : 'unknown';
    const wild = wildcards.some(({ rcode, flags }) => flags.aa && rcode === rcodes.NOERROR);
    if (!wild || seen.kind !== 'records' || seen.records.length === 0)
      return { name, denied, seen, isApex, apex };
    // The server may have made these records from a wildcard.
    return {
      name,
      denied,
      isApex,
      apex,
      seen: (await this.#isInUse(name)) ? seen : { kind: 'records', records: [] },
    };
  }

  /**
   * Finds the apex of another zone of the server above `name`. Needed only if every answer about the name
   * itself had data.
   * @returns null if no such zone lies between
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
      if (!hasCode(error, 'central.list-cut')) throw error;
      return await this.#each(name, wanted);
    }
  }

  async #each(name: DnsName, wanted: ReadonlySet<string> | 'all'): Promise<readonly DnsMessage[]> {
    const all = wanted === 'all' ? askedTypes : [...wanted];
    // At the apex, DS belongs to the parent zone, and a server that has both zones answers it from the parent
    // (RFC 4035 section 3.1.4.1).
    const types = name === this.#options.zone ? all.filter((type) => type !== 'DS') : all;
    return await Promise.all(types.map(async (type) => await this.#query(name, type)));
  }

  /**
   * Whether the name itself has records. A prerequisite finds this out, because it ignores wildcards (RFC
   * 2136 section 2.4.4).
   * @throws {CentralError}
   */
  async #isInUse(name: DnsName): Promise<boolean> {
    const { zone, ctx } = this.#options;
    return await this.#server.holds(zone, [nameInUse(name)], ctx);
  }

  /** Queries a wildcard, once for all names below it. */
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
  /**
   * Whether an answer said that there is no such record, and named this zone in its SOA. This proves that the
   * server has the zone.
   */
  readonly denied: boolean;
  /** Whether the name can be the apex of another zone of the server. */
  readonly isApex?: 'no' | 'unknown';
  /** The answer to a query for the name's SOA; null or absent: it was not queried. */
  readonly apex?: DnsMessage | null;
}

/**
 * Whether the answers show that the name is not the apex of another zone. An answer without data shows it by
 * this zone's SOA, unless the question was for DS. A full answer to ANY shows it too, unless the name is a
 * wildcard.
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

/** Combines several answers about one name. */
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
