import type { DnsName } from '../dns/name.ts';
import { plainParams } from './plain-text.ts';
import type { Problem } from '../dns/problem.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { Change, RRsetKey } from '../dns/zone.ts';

/** Context of each call into an adapter. */
export interface CallContext {
  /** Aborts at the caller's deadline; adapters hand it to every socket. */
  readonly signal: AbortSignal;
  /** Id of the operation this call belongs to, `-` for none. Only logs use it. */
  readonly operation: string;
  /**
   * True for the write of an edit that can still be refused. In the strict mode of `[verify]`, this write
   * waits for the name servers.
   */
  readonly vetoable?: boolean;
}

/**
 * Which central and which account there. The ledger is keyed by it (docs/glossary.md#ledger). Holds no
 * secret.
 */
export interface CentralId {
  readonly kind: string;
  readonly address: string;
  readonly account: string;
}

/** A record as the central holds it, with the identifier from the central's own list, verbatim. */
export interface CentralRecord extends ResourceRecord {
  /** Only the adapter that made it can read it. It is stale as soon as the record changes. */
  readonly handle: string;
}

export interface CentralTraits {
  /** The largest unit that one request changes as a whole or not at all. */
  readonly atomic: 'zone' | 'rrset' | 'record' | 'none';
  /**
   * How the server itself refuses a write based on a stale read. `cas`: for the whole write. `per-record`:
   * for each record. `none`: not at all.
   */
  readonly guard: 'cas' | 'per-record' | 'none';
  /**
   * Whether this account may create and delete zones. If not, the provider does, and we wait for the zone.
   */
  readonly managesZones: boolean;
  /** Whether a new zone appears with the content that `createZone` is given, in one write. */
  readonly createsWithContent: boolean;
  /**
   * Whether the central can list the account's zones. If not, `listZones` returns those of the zones in
   * question that it has.
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

/** What a write altered: at most what was asked. Records that were already as wanted are left out. */
export interface Altered {
  readonly removed: readonly ResourceRecord[];
  readonly added: readonly ResourceRecord[];
}

/** Whether the central signs a zone (DNSSEC), and what the zone's parent has to know of it. */
export interface Signing {
  /** Whether the central signs the zone; `null`: the central does not report it. */
  readonly signed: boolean | null;
  /** Data of DS records for the keys in use, in master-file form: those that may stand at the parent. */
  readonly ds: readonly string[];
  /**
   * Data of the CDS records that the zone publishes for its parent to fetch (RFC 7344), in master-file form.
   */
  readonly cds: readonly string[];
}

/**
 * Where DNS changes go: one account at one central DNS. Small enough to implement in an afternoon; every
 * implementation passes `src/testing/contracts/central`. All methods throw {@link CentralError} and nothing
 * else.
 */
export interface Central {
  readonly id: CentralId;
  readonly traits: CentralTraits;

  /**
   * Everything this central would refuse in `change`, found without a request to it. Empty: no objection is
   * found.
   */
  audit(change: Change): readonly Problem[];

  /** Proves connection, login and the right to list zones. Changes nothing. */
  check(ctx: CallContext): Promise<void>;

  /**
   * Names of all zones of this account, complete. Throws on a cut or filtered list.
   * @param asked zones the caller wants to know about; a central that cannot list (`listsZones`) returns
   *   those of them it has
   */
  listZones(asked: readonly DnsName[], ctx: CallContext): Promise<readonly DnsName[]>;

  /**
   * All records of the zone, complete, from the central's source of truth; `null`: the central reports that
   * it has no such zone in this account.
   * @param known RRsets that may exist; a central that cannot read a whole zone (`wholeZones`) reads these,
   *   and any CNAME in the place of one
   */
  readZone(
    zone: DnsName,
    known: readonly RRsetKey[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null>;

  /**
   * Like `readZone`, for the records at `names` only.
   * @param types the types the caller needs; absent: all. A central that asks for each type by itself need
   *   not ask for others. CNAME records are always returned.
   * @param likely records that probably exist; a central that cannot show some records checks whether these
   *   do
   */
  readNames(
    zone: DnsName,
    names: readonly DnsName[],
    ctx: CallContext,
    types?: ReadonlySet<string>,
    likely?: readonly ResourceRecord[],
  ): Promise<readonly CentralRecord[] | null>;

  /**
   * Makes `change.remove` absent and `change.add` present, touching nothing else, and reads back before it
   * resolves.
   * @param present a fresh `readNames` of every name in the change; its handles are used, so a record that
   *   changed since is noticed
   * @returns what was altered; a record that was already as wanted is left as it is and out of the result
   * @throws {CentralError} `state` says what was left: `untouched` (safe to refuse), `partial` or `unknown`
   *   (re-read)
   */
  apply(change: Change, present: readonly CentralRecord[], ctx: CallContext): Promise<Altered>;

  /**
   * Finds out, without a write, what `createZone` would do. It cannot find what only the write itself shows,
   * a limit for example.
   * @returns `exists`: this account has the zone
   * @throws {CentralError} what `createZone` would throw, always with state `untouched`
   */
  mayCreateZone(zone: DnsName, seed: ZoneSeed, ctx: CallContext): Promise<'free' | 'exists'>;

  /**
   * Creates the zone; resolves once a read shows it. `exists`: this account already has it, nothing was done.
   * @param content records that the zone has from its first moment, as many as fit in one write. A central
   *   without `createsWithContent` ignores them. The caller reads the zone and adds the rest.
   * @throws {CentralError} `zone.foreign` when the zone belongs to another account, `zone.create-there-first`
   *   where only the provider creates zones, `central.limit`, `central.refused` and others
   */
  createZone(
    zone: DnsName,
    seed: ZoneSeed,
    ctx: CallContext,
    content?: readonly ResourceRecord[],
  ): Promise<'created' | 'exists'>;

  /**
   * Deletes the zone; resolves once a read shows it gone. `missing`: the account had no such zone.
   * @throws {CentralError} `zone.delete-there` where only the provider deletes zones
   */
  deleteZone(zone: DnsName, ctx: CallContext): Promise<'deleted' | 'missing'>;

  /** How the zone is signed, read without any cache; `null`: the central has no such zone in this account. */
  signing(zone: DnsName, ctx: CallContext): Promise<Signing | null>;

  /**
   * Finds what keeps written data from being served, or leaves zones unsound, although edits succeed. Writes
   * nothing.
   * @param zones some of the account's zones
   * @returns problems for an administrator; empty: none found
   */
  concerns(zones: readonly DnsName[], ctx: CallContext): Promise<readonly Problem[]>;

  /** Closes connections. Further calls are an error. */
  close(): Promise<void>;
}

/** Codes of a {@link CentralError}. Their texts are in `catalogue.ts`; a test checks that each has one. */
export type CentralErrorCode =
  /** The connection failed, timed out or was cut. */
  | 'central.unreachable'
  /** The clocks of central and panel host are too far apart for signatures (`params.seconds`). */
  | 'central.clock'
  /** The certificate is not trusted, or is not the pinned one. */
  | 'central.certificate'
  /** The central did not accept the user name or the password. */
  | 'central.login'
  /** The panel at the central is of another generation than the settings say. */
  | 'central.wrong-kind'
  /** Not attempted: the breaker is open after failures a moment ago. */
  | 'central.breaker-open'
  /** Not attempted: the login was refused earlier and the settings have not changed since. */
  | 'central.login-blocked'
  /** The answer is not in this central's format (HTML, cut off, empty, 5xx). */
  | 'central.garbled'
  /**
   * The central has the zone `params.name` and cannot serve it now: not loaded, broken or expired. Other
   * zones may work.
   */
  | 'central.zone-failing'
  /**
   * The central has the zone `params.name` and refuses queries about it (`allow-query`). Other zones may
   * work.
   */
  | 'central.query-refused'
  /** A list is incomplete: the central marked it so, or we found out. */
  | 'central.list-cut'
  /** The central refused; `params.text` has its own words. */
  | 'central.refused'
  /** Another writer keeps changing the same records, so each write of ours was based on a stale read. */
  | 'central.contended'
  /** Existing records lie below a delegation or a DNAME, where the name server does not show them. */
  | 'central.hidden'
  /** The server stores a DNAME and does not follow it. */
  | 'central.dname-off'
  /**
   * The name server refused an update in a zone that the key may write, by a rule for records or a check of
   * its own.
   */
  | 'central.update-refused'
  /**
   * The server accepted the update but left out `params.record`, at every try, by a rule that it does not
   * report.
   */
  | 'central.left-out'
  /** In this zone the server lowers TTLs over `params.limit` seconds. */
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
  /** Only the provider creates and deletes zones there. */
  | 'zone.create-there-first'
  | 'zone.delete-there'
  /** The central answered the write with success, but a read does not show it. */
  | 'central.no-effect'
  /**
   * The central has the write, but the name servers `params.servers` do not serve it in time. The caller
   * undoes the write.
   */
  | 'central.not-live';

export interface CentralErrorFacts {
  /**
   * What the failed call left at the central: `untouched` nothing changed, `partial` a part of it, `unknown`
   * perhaps something.
   */
  readonly state: 'untouched' | 'partial' | 'unknown';
  /** `later`: the same call may succeed later (outage). `never`: it will not (refusal). */
  readonly retry: 'later' | 'never';
  /**
   * Values for the placeholders of the text, for example `text`, the central's own words. The error keeps
   * them as {@link plainParams}. Never a secret.
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
