import { isSigners } from '../dns/dnssec.ts';
import type { DnsName } from '../dns/name.ts';
import { plainParams } from './plain-text.ts';
import type { Problem } from '../dns/problem.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { Change, RRsetKey } from '../dns/zone.ts';

/** What the caller passes to every method that sends requests to the central. */
export interface CallContext {
  /** Aborts at the caller's deadline; adapters pass it to every socket. */
  readonly signal: AbortSignal;
  /** Id of the operation this call belongs to, `-` for none. Only logs use it. */
  readonly operation: string;
  /**
   * True for the write of an edit that the panel can still refuse. In the strict mode of `[verify]`, this
   * write waits until the name servers serve the change.
   */
  readonly vetoable?: boolean;
}

/**
 * Identifies one account at one central. Each `CentralId` has its own ledger (docs/glossary.md#ledger). Holds
 * no secret.
 */
export interface CentralId {
  readonly kind: string;
  readonly address: string;
  readonly account: string;
}

/** A record as the central holds it, with the identifier from the central's own list, verbatim. */
export interface CentralRecord extends ResourceRecord {
  /**
   * Identifies the record for the adapter that listed it; no other code interprets the value. The value is
   * stale as soon as the record changes.
   */
  readonly handle: string;
}

export interface CentralTraits {
  /** The largest unit that one request changes as a whole or not at all. */
  readonly atomic: 'zone' | 'rrset' | 'record' | 'none';
  /**
   * Whether the server itself refuses a write that is based on a stale read. `cas`: it refuses the whole
   * write. `per-record`: it refuses each stale record. `none`: it does not check.
   */
  readonly guard: 'cas' | 'per-record' | 'none';
  /**
   * Whether this account may create and delete zones. If not, the provider creates them, and we wait for the
   * zone.
   */
  readonly managesZones: boolean;
  /** Whether `createZone` can create a zone together with its records in one write. */
  readonly createsWithContent: boolean;
  /**
   * Whether the central can list the account's zones. If not, `listZones` checks only the zones it is asked
   * about.
   */
  readonly listsZones: boolean;
  /** Whether the central can read a whole zone. If not, `readZone` reads only the RRsets it is given. */
  readonly wholeZones: boolean;
  /**
   * Whether records have their own TTL. If not (ISPmanager 4), TTLs are null on read and ignored on write.
   */
  readonly carriesTtl: boolean;
  /** Record types the central stores; `any`: every type. */
  readonly recordTypes: ReadonlySet<string> | 'any';
}

/** What the user entered when the zone was created in the panel. A central may use or ignore each value. */
export interface ZoneSeed {
  readonly addresses: readonly string[];
  readonly nameServers: readonly string[];
  readonly mailServers: readonly string[];
}

/** The records that a write really changed. Records that were already as wanted are left out. */
export interface Altered {
  readonly removed: readonly ResourceRecord[];
  readonly added: readonly ResourceRecord[];
}

/**
 * What the caller expects the central to have: at these names, and of these types, exactly these records.
 * With all types, records that the server itself changes are left out ({@link isExpectedAt}).
 */
export interface Expectation {
  readonly names: ReadonlySet<DnsName>;
  /** `null`: all types. */
  readonly types: ReadonlySet<string> | null;
  /** A record with the TTL `null` may have any TTL. */
  readonly records: readonly ResourceRecord[];
}

/**
 * Whether the expectation is about a record with this name and type. An expectation about all types is not
 * about the SOA, whose serial changes with every edit, nor about records that a signing server makes.
 */
export function isExpectedAt(
  { names, types }: Pick<Expectation, 'names' | 'types'>,
  zone: DnsName,
  record: RRsetKey,
): boolean {
  if (!names.has(record.name)) return false;
  return types === null ? record.type !== 'SOA' && !isSigners(zone, record) : types.has(record.type);
}

/** The central has other records than the caller expected, and the change was not carried out. */
export interface FoundOtherwise {
  /** The records at the names of the {@link Expectation}; `null`: the account has no such zone. */
  readonly found: readonly CentralRecord[] | null;
}

/** What the caller expects before a change, and the key by which the central knows the change again. */
export interface Condition {
  readonly expected: Expectation;
  /** Unique. Letters, digits, `-` and `:`, at most 100. */
  readonly key: string;
}

/** Changes that a central carries out only if it has what the caller expects (docs/decisions/026). */
export interface Conditional {
  /**
   * Like {@link Central.apply}, but the central itself checks the expectation right before the write. While
   * it checks and writes, it carries out no other change of the zone.
   * @throws {CentralError} unless the `state` is `untouched`, {@link outcome} tells what became of the change
   */
  apply(change: Change, condition: Condition, ctx: CallContext): Promise<Altered | FoundOtherwise>;

  /**
   * Finds out what became of the change with this key. If the central has not begun it, the central never
   * will from now on.
   * `nothing`: it was not carried out and never will be. `unclear`: the expectation was true and the write
   * began, but nobody knows what it did.
   * @returns what the change removed and added, if it was carried out
   * @throws {CentralError} the outcome is still not known
   */
  outcome(zone: DnsName, key: string, ctx: CallContext): Promise<Altered | 'nothing' | 'unclear'>;
}

/**
 * Whether the central signs a zone (DNSSEC), and which records the parent zone needs to trust the signatures.
 */
export interface Signing {
  /** Whether the central signs the zone; `null`: the central does not report it. */
  readonly signed: boolean | null;
  /** Data of the DS records that the parent zone may publish for the keys in use, in master-file form. */
  readonly ds: readonly string[];
  /**
   * Data of the CDS records that the zone publishes for its parent to fetch (RFC 7344), in master-file form.
   */
  readonly cds: readonly string[];
}

/** The zones of an account, each with its serial; null: the serial would not prove anything. */
export type ListedSerials = ReadonlyMap<DnsName, number | null>;

/**
 * One account at one central DNS, where DNS changes are sent. The interface is small, and every
 * implementation passes `src/testing/contracts/central`. All methods throw {@link CentralError} and nothing
 * else.
 */
export interface Central {
  readonly id: CentralId;
  readonly traits: CentralTraits;

  /**
   * Finds, without a request, all reasons for which this central would refuse `change`. Empty: no reason is
   * known.
   */
  audit(change: Change): readonly Problem[];

  /** Proves connection, login and the right to list zones. Changes nothing. */
  check(ctx: CallContext): Promise<void>;

  /**
   * Names of all zones of this account. Throws if the list is cut off or filtered.
   * @param asked zones the caller wants to know about. A central that cannot list its zones (`listsZones`)
   *   returns those of `asked` that it has
   */
  listZones(asked: readonly DnsName[], ctx: CallContext): Promise<readonly DnsName[]>;

  /**
   * Reads all records of the zone from the central's own database, not from a cache. `null`: the central
   * reports that this account has no such zone. Throws if the answer is incomplete.
   * @param known RRsets that may exist; a central that cannot read a whole zone (`wholeZones`) reads only
   *   these, and any CNAME at their names
   */
  readZone(
    zone: DnsName,
    known: readonly RRsetKey[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null>;

  /**
   * Like `readZone`, but reads only the records at `names`.
   * @param types the types the caller needs; absent: all. A central that sends one query for each type may
   * leave out the others. CNAME records are always returned
   * @param likely records that probably exist. If the zone may have records that queries do not show, the
   * adapter checks whether these are among them
   */
  readNames(
    zone: DnsName,
    names: readonly DnsName[],
    ctx: CallContext,
    types?: ReadonlySet<string>,
    likely?: readonly ResourceRecord[],
  ): Promise<readonly CentralRecord[] | null>;

  /**
   * Makes sure that `change.remove` is absent and `change.add` is present. Touches nothing else, and reads
   * the result back before it resolves.
   * @param present a fresh `readNames` of every name in the change. A write that is based on it reaches
   *   the goal or fails, and never touches a record that another writer has changed since
   * @returns what the write changed; records that were already as wanted are left out
   * @throws {CentralError} `state` says what the failed write left: `untouched` (safe to refuse), `partial`
   *   or `unknown` (read again)
   */
  apply(change: Change, present: readonly CentralRecord[], ctx: CallContext): Promise<Altered>;

  /**
   * Checks, without writing, whether `createZone` would work. Some refusals, a limit for example, show only
   * when the zone is created.
   * @returns `exists`: this account has the zone
   * @throws {CentralError} what `createZone` would throw, always with state `untouched`
   */
  mayCreateZone(zone: DnsName, seed: ZoneSeed, ctx: CallContext): Promise<'free' | 'exists'>;

  /**
   * Creates the zone; resolves once a read shows it.
   * @param content records that the zone gets in the same write, as many as fit in one request. A central
   *   without `createsWithContent` ignores them. The caller adds the missing ones afterwards
   * @returns `exists`: this account already has the zone, and nothing was changed. Else all records of the
   *   new zone, read after the write; or `created`: the caller has to read them
   * @throws {CentralError} `zone.foreign` when the zone belongs to another account, `zone.create-there-first`
   *   where only the provider creates zones, `central.limit`, `central.refused` and others
   */
  createZone(
    zone: DnsName,
    seed: ZoneSeed,
    ctx: CallContext,
    content?: readonly ResourceRecord[],
  ): Promise<'created' | 'exists' | readonly CentralRecord[]>;

  /**
   * Deletes the zone; resolves once a read no longer shows it. `missing`: the account had no such zone.
   * @throws {CentralError} `zone.delete-there` where only the provider deletes zones
   */
  deleteZone(zone: DnsName, ctx: CallContext): Promise<'deleted' | 'missing'>;

  /** Reads how the zone is signed, without the use of any cache. `null`: this account has no such zone. */
  signing(zone: DnsName, ctx: CallContext): Promise<Signing | null>;

  /**
   * Looks for reasons why name servers would not serve successful edits, or why edits would make a zone
   * invalid. Writes nothing.
   * @param zones some of the account's zones
   * @returns problems for an administrator; empty: none found
   */
  concerns(zones: readonly DnsName[], ctx: CallContext): Promise<readonly Problem[]>;

  /**
   * Like {@link listZones}, with the serial of each zone (RFC 1035 section 3.3.13). Sends no more requests. A
   * central may have this method only if its server raises the serial with each change of a zone. Absent:
   * serials prove nothing there.
   * @returns the zones, each with its serial; null: this zone's serial would not prove anything
   */
  listSerials?(asked: readonly DnsName[], ctx: CallContext): Promise<ListedSerials>;

  /** Absent: this central takes no expectations. */
  readonly conditional?: Conditional;

  /** Closes all connections. No method may be called afterwards. */
  close(): Promise<void>;
}

/**
 * Makes the property `conditional` for a central that wraps another one. If the wrapped central takes no
 * expectations, returns no property.
 * @param wrap makes the methods of the wrapper
 */
export function passedConditional(
  { conditional }: Central,
  wrap: (inner: Conditional) => Conditional,
): Pick<Central, 'conditional'> {
  return conditional === undefined ? {} : { conditional: wrap(conditional) };
}

/**
 * Makes the method `listSerials` for a central that wraps another one. If the wrapped central lacks the
 * method, returns no method.
 * @param call makes the call to the wrapped central
 */
export function passedSerials(
  central: Central,
  call: (ctx: CallContext, list: () => Promise<ListedSerials>) => Promise<ListedSerials>,
): Pick<Central, 'listSerials'> {
  const list = central.listSerials?.bind(central);
  if (list === undefined) return {};
  return { listSerials: async (asked, ctx) => await call(ctx, async () => await list(asked, ctx)) };
}

/** Codes of a {@link CentralError}. Their texts are in `catalogue.ts`; a test checks that each has one. */
export type CentralErrorCode =
  /** The connection failed, timed out or was cut. */
  | 'central.unreachable'
  /** The clocks of central and panel host are too far apart for signatures (`params.seconds`). */
  | 'central.clock'
  /** The certificate is not trusted, or differs from the pinned one. */
  | 'central.certificate'
  /** The central did not accept the user name or the password. */
  | 'central.login'
  /** The server is of another kind than the settings say. */
  | 'central.wrong-kind'
  /** The call was not sent, because the last calls failed and the breaker is open. */
  | 'central.breaker-open'
  /** The call was not sent, because the central refused the login and the settings have not changed since. */
  | 'central.login-blocked'
  /** The answer is not in this central's format (HTML, cut off, empty, 5xx). */
  | 'central.garbled'
  /**
   * The central has the zone `params.name` but cannot serve it now: the zone is not loaded, broken or
   * expired. Other zones may work.
   */
  | 'central.zone-failing'
  /**
   * The central has the zone `params.name` but refuses queries about it (`allow-query`). Other zones may
   * work.
   */
  | 'central.query-refused'
  /** A list is incomplete: the central reported this, or one of our checks found it out. */
  | 'central.list-cut'
  /** The central refused the request; `params.text` has its own words. */
  | 'central.refused'
  /**
   * Another writer changes the same records again and again, so each write of ours was based on a stale read.
   */
  | 'central.contended'
  /** The central takes no further requests of this account for a while; `params.text` names the limit. */
  | 'central.busy'
  /** Existing records lie below a delegation or a DNAME, where the name server does not show them. */
  | 'central.hidden'
  /** The server stores DNAME records but does not follow them when it answers. */
  | 'central.dname-off'
  /**
   * The name server refused an update although the key may write the zone. One of its rules for records, or
   * one of its checks, forbids it.
   */
  | 'central.update-refused'
  /** The server accepted every update but never stored `params.record`, and it gives no reason. */
  | 'central.left-out'
  /** The server lowers every TTL over `params.limit` seconds in this zone. */
  | 'central.ttl-limit'
  /** The NS records of `params.name` cannot be removed before its DS records. */
  | 'central.ds-first'
  | 'central.limit'
  | 'central.access-denied'
  | 'central.invalid-value'
  | 'central.exists'
  | 'central.missing'
  /**
   * Other records at the central have the same identifier. A write could hit one of them, so none is sent.
   */
  | 'central.ambiguous-key'
  /** The zone exists at the central in another account. */
  | 'zone.foreign'
  /**
   * Our account has the zone as a copy of another server's (slave). Its records come by transfer and cannot
   * be edited there.
   */
  | 'zone.copy'
  /** Only the provider creates and deletes zones at this central. */
  | 'zone.create-there-first'
  | 'zone.delete-there'
  /** The central answered the write with success, but a read does not show the change. */
  | 'central.no-effect'
  /**
   * The central has the change, but the name servers `params.servers` did not serve it in time. The caller
   * undoes the write.
   */
  | 'central.not-live';

export interface CentralErrorFacts {
  /**
   * What the failed call changed at the central. `untouched`: nothing. `partial`: a part of the requested
   * change. `unknown`: perhaps something.
   */
  readonly state: 'untouched' | 'partial' | 'unknown';
  /** `later`: the same call may succeed later (outage). `never`: the same call will fail again (refusal). */
  readonly retry: 'later' | 'never';
  /**
   * Values for the placeholders of the text. `text`, for example, holds the central's own words. The error
   * cleans them with {@link plainParams}. They never hold a secret.
   */
  readonly params?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export class CentralError extends Error {
  override readonly name = 'CentralError';
  readonly code: CentralErrorCode;
  readonly state: 'untouched' | 'partial' | 'unknown';
  readonly retry: 'later' | 'never';
  readonly params: Readonly<Record<string, string>>;

  constructor(code: CentralErrorCode, facts: CentralErrorFacts) {
    const params = plainParams(facts.params ?? {});
    super(`${code}${params['text'] === undefined ? '' : `: ${params['text']}`}`, { cause: facts.cause });
    this.code = code;
    this.state = facts.state;
    this.retry = facts.retry;
    this.params = params;
  }

  get problem(): Problem {
    return { code: this.code, params: this.params };
  }
}
