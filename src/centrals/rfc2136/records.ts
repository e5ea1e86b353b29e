import { signerTypes } from '../../dns/dnssec.ts';
import { isWithin, parentName, parseName, type DnsName } from '../../dns/name.ts';
import type { CallContext, CentralRecord } from '../../core/central.ts';
import { recordId } from '../../dns/record.ts';
import { recordTypes } from '../../dns/rdata/types.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import type { DnsMessage } from '../../dns/wire/message.ts';
import { nameInUse } from '../../dns/wire/update.ts';
import type { NameServer } from './api.ts';
import { seenIn, type Seen } from './answers.ts';

/** What a read of some names found. */
export interface ZoneView {
  readonly records: readonly CentralRecord[];
  /** Names of which a query shows only part, each with the owner of the delegation or DNAME that hides them. */
  readonly hidden: ReadonlyMap<DnsName, DnsName>;
}

/** Every type that can be asked for by name, for servers that do not answer ANY in full (RFC 8482). */
const askedTypes: readonly string[] = [...recordTypes.keys()].filter((type) => !signerTypes.has(type));

/** Reads names of zones by ordinary queries, all at once; nothing else is needed of the server but that it answers them. */
export class NameReader {
  readonly #server: NameServer;
  /** Whether ANY gives everything; null: not found out yet. */
  #anyIsFull: boolean | null = null;

  constructor(server: NameServer) {
    this.#server = server;
  }

  /** Whether the server has the zone. */
  async hasZone(zone: DnsName, ctx: CallContext): Promise<boolean> {
    return isApexAnswer(await this.#server.query(zone, 'SOA', ctx), zone);
  }

  /**
   * Records at some names, without what a signing server makes by itself.
   * @param wanted names, each with the types that the caller wants to know of; `all`: every type. A CNAME is told by the answer to any.
   * @returns null: the server has no such zone
   * @throws {CentralError}
   */
  async read(zone: DnsName, wanted: Wanted, ctx: CallContext): Promise<ZoneView | null> {
    this.#anyIsFull ??= await this.#findOutAny(zone, ctx);
    const reading = new Reading(this.#server, { zone, ctx, anyIsFull: this.#anyIsFull === true });
    const hidden = new Map<DnsName, DnsName>();
    const records: CentralRecord[] = [];
    const names = [...wanted];
    let proven = false;
    for (let at = 0; at < names.length; at += mostNamesAtOnce) {
      const part = names.slice(at, at + mostNamesAtOnce);
      for (const { name, seen, denied } of await Promise.all(
        part.map(async (one) => await reading.name(...one)),
      )) {
        if (seen.kind === 'no-zone') return null;
        if (seen.kind === 'hidden') hidden.set(name, seen.cut);
        records.push(...seen.records);
        proven ||= denied;
      }
    }
    // A denial in the zone's name proves the zone; data alone might be another zone's that has the same name in it.
    return proven || (await this.hasZone(zone, ctx)) ? { records, hidden } : null;
  }

  /**
   * At the apex there are always SOA and NS: a server that shows both shows everything (RFC 8482 lets it show less).
   * @returns null: cannot be told from this zone
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
    const { zone, ctx, anyIsFull } = this.#options;
    const all = anyIsFull ? ['ANY'] : wanted === 'all' ? askedTypes : [...wanted];
    // A DS at an apex is the parent's: a server that has both zones answers from that one (RFC 4035 section 3.1.4.1).
    const types = name === zone ? all.filter((type) => type !== 'DS') : all;
    const [answers, wildcards] = await Promise.all([
      Promise.all(types.map(async (type) => await this.#server.query(name, type, ctx))),
      Promise.all(wildcardsOver(name, zone).map(async (one) => await this.#wildcard(one))),
    ]);
    const denied = [...answers, ...wildcards].some((answer) => deniedBy(answer) === zone);
    const seen = joined(answers.map((answer) => seenIn(answer, zone, name)));
    if (seen.kind === 'hidden' && seen.cut === name && anyIsFull) {
      // The parent's side of a delegation has two kinds of records, and a referral shows one.
      const ds = seenIn(await this.#server.query(name, 'DS', ctx), zone, name);
      return { name, denied, seen: ds.kind === 'records' ? joined([seen, ds]) : seen };
    }
    const wild = wildcards.some(({ rcode, flags }) => flags.aa && rcode === rcodes.NOERROR);
    if (!wild || seen.kind !== 'records' || seen.records.length === 0) return { name, denied, seen };
    // Perhaps made up from the wildcard; in a prerequisite only the name itself counts (RFC 2136 section 2.4.4).
    const { rcode } = await this.#server.update(zone, [nameInUse(name)], [], ctx);
    return { name, denied, seen: rcode === rcodes.NXDOMAIN ? { kind: 'records', records: [] } : seen };
  }

  /** Asked once, however many names it may stand for. */
  async #wildcard(wildcard: DnsName): Promise<DnsMessage> {
    const asked = this.#wildcards.get(wildcard) ?? this.#server.query(wildcard, 'TXT', this.#options.ctx);
    this.#wildcards.set(wildcard, asked);
    return await asked;
  }
}

interface Found {
  readonly name: DnsName;
  readonly seen: Seen;
  /** Whether something was denied in the zone's own name. */
  readonly denied: boolean;
}

/** Every wildcard from which an answer about the name may be made up (RFC 4592 section 3.3). */
function wildcardsOver(name: DnsName, zone: DnsName): DnsName[] {
  const found: DnsName[] = [];
  for (let above = name; above !== zone && isWithin(above, zone);) {
    above = parentName(above);
    const wildcard = parseName('*', above);
    if (wildcard !== name) found.push(wildcard);
  }
  return found;
}

/** The zone in whose name an answer denies something (RFC 2308 section 2); null: it denies nothing. */
function deniedBy({ answers, authority }: DnsMessage): DnsName | null {
  return answers.length > 0 ? null : (authority.find(({ type }) => type === 'SOA')?.name ?? null);
}

function isApexAnswer({ rcode, flags, answers }: DnsMessage, zone: DnsName): boolean {
  const soa = answers.some(({ type, name }) => type === 'SOA' && name === zone);
  return rcode === rcodes.NOERROR && flags.aa && soa;
}

/** One view of a name out of several answers about it. */
function joined(seen: readonly Seen[]): Seen {
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
