import { parseName, type DnsName } from '../../dns/name.ts';
import { DnsDataError, validOr } from '../../dns/problem.ts';
import { classes, rcodeName, rcodes } from '../../dns/wire/codes.ts';
import type { DnsMessage } from '../../dns/wire/message.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import { DnsError } from '../../net/dns/dns-error.ts';
import type { ZonePlan } from '../../core/zone-plan.ts';

/**
 * To which name servers the public DNS delegates a zone, compared with those that the zone has at the
 * central.
 */
export type Delegation =
  /** All name servers of the delegation are name servers of the central. */
  | { readonly kind: 'here' }
  /** Some name servers of the delegation are name servers of the central; `to` lists the others. */
  | { readonly kind: 'partly'; readonly to: readonly DnsName[] }
  /** No name server of the delegation is one of the central; `to` lists those of the delegation. */
  | { readonly kind: 'elsewhere'; readonly to: readonly DnsName[] }
  /** The public DNS does not delegate the zone to any name server. */
  | { readonly kind: 'none' }
  /** The resolver answered with an error. `text` is the name of its rcode, or a description. */
  | { readonly kind: 'failed'; readonly text: string }
  /** No resolver answered. */
  | { readonly kind: 'unanswered' }
  /** It is not known which name servers the zone gets at the central. */
  | { readonly kind: 'incomparable' };

/** Most name servers of an answer that are kept. More of them would only fill the terminal. */
const mostServers = 16;

/**
 * Finds out to which name servers a zone is delegated, from the answer to a query for its NS records. A
 * resolver answers with the records; a name server of the parent zone answers with a referral (RFC 1034
 * section 4.3.2). Pure.
 * @param here the name servers that the zone has at the central
 */
export function readDelegation(answer: DnsMessage, zone: DnsName, here: ReadonlySet<DnsName>): Delegation {
  const { rcode, answers, authority } = answer;
  if (rcode === rcodes.NXDOMAIN) return { kind: 'none' };
  if (rcode !== rcodes.NOERROR) return { kind: 'failed', text: rcodeName(rcode) };
  const isNs = ({ type, class: of }: WireRecord): boolean => type === 'NS' && of === classes.IN;
  const shown = [answers, authority].map((section) =>
    section.filter((record) => isNs(record) && record.name === zone),
  );
  const records = shown.find((some) => some.length > 0) ?? [];
  if (records.length > 0) return comparedWith(here, records);
  // A negative answer contains the SOA record of the zone above. A referral to another zone says nothing
  // about this zone.
  const isDenied = authority.some(({ type }) => type === 'SOA') || !authority.some(isNs);
  return isDenied ? { kind: 'none' } : { kind: 'failed', text: 'a referral to another zone' };
}

function comparedWith(here: ReadonlySet<DnsName>, records: readonly WireRecord[]): Delegation {
  const names = [...new Set(records.flatMap(({ rdata }) => (rdata === null ? [] : nameIn(rdata))))].sort();
  const to = names.filter((name) => !here.has(name)).slice(0, mostServers);
  if (names.length === 0) return { kind: 'failed', text: 'an answer that cannot be read' };
  if (to.length === 0) return { kind: 'here' };
  return names.some((name) => here.has(name)) ? { kind: 'partly', to } : { kind: 'elsewhere', to };
}

/** Parses a domain name; empty: the text is not one. */
function nameIn(text: string): readonly DnsName[] {
  return validOr(() => [parseName(text)], []);
}

/** A resolver of the settings. */
export interface Resolver {
  /** Queries the NS records of a zone. @throws {DnsError | DnsDataError} */
  readonly nameServers: (zone: DnsName, signal: AbortSignal) => Promise<DnsMessage>;
  readonly close: () => void;
}

/** After this many queries in a row without an answer, a resolver is not asked for `rest` milliseconds. */
const hopeless = 3;
const rest = 60_000;

interface Asked {
  readonly resolver: Resolver;
  /** Number of queries in a row that got no answer. */
  lost: number;
  /** The resolver is not asked before this time: monotonic milliseconds. */
  notBefore: number;
}

/** Asks the resolvers of the settings to which name servers zones are delegated. */
export class Delegations {
  readonly #resolvers: readonly Asked[];
  readonly #newZones: readonly DnsName[];
  readonly #now: () => number;
  readonly #closing = new AbortController();

  /**
   * @param newZones the name servers that the settings name for new zones; may be empty
   * @param now returns monotonic milliseconds
   */
  constructor(resolvers: readonly Resolver[], newZones: readonly string[], now: () => number) {
    this.#resolvers = resolvers.map((resolver) => ({ resolver, lost: 0, notBefore: 0 }));
    this.#newZones = newZones.flatMap((text) => nameIn(text.endsWith('.') ? text : `${text}.`));
    this.#now = now;
  }

  /**
   * Finds out to which name servers a plan's zone is delegated. Null: the plan sends nothing to the central.
   */
  async of(plan: ZonePlan): Promise<Delegation | null> {
    const { zone, direction, hindrance, whole } = plan;
    if (direction === 'pull' || hindrance !== null || whole === 'delete') return null;
    const here = this.#serversOf(plan);
    return here.size === 0 ? { kind: 'incomparable' } : await this.#ask(zone, here);
  }

  /** Ends queries that are in progress, and closes the resolvers. No query may be made afterwards. */
  close(): void {
    this.#closing.abort();
    for (const { resolver } of this.#resolvers) resolver.close();
  }

  #serversOf({ whole, nameServers = [] }: ZonePlan): ReadonlySet<DnsName> {
    const isNew = whole === 'create' && this.#newZones.length > 0;
    return new Set(isNew || nameServers.length === 0 ? this.#newZones : nameServers);
  }

  async #ask(zone: DnsName, here: ReadonlySet<DnsName>): Promise<Delegation> {
    let failed: Delegation = { kind: 'unanswered' };
    for (const asked of this.#resolvers) {
      if (this.#now() < asked.notBefore) continue;
      try {
        const answer = await asked.resolver.nameServers(zone, this.#closing.signal);
        asked.lost = 0;
        const found = readDelegation(answer, zone, here);
        if (found.kind !== 'failed') return found;
        failed = found;
      } catch (error) {
        // An answer that cannot be used counts as no answer. The next resolver may have a better one.
        if (!(error instanceof DnsError || error instanceof DnsDataError)) throw error;
        this.#lose(asked);
      }
    }
    return failed;
  }

  #lose(asked: Asked): void {
    asked.lost += 1;
    if (asked.lost < hopeless) return;
    asked.lost = 0;
    asked.notBefore = this.#now() + rest;
  }
}
