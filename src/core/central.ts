import type { DnsName } from '../dns/name.ts';
import { plainParams } from './plain-text.ts';
import type { Problem } from '../dns/problem.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { Change, RRsetKey } from '../dns/zone.ts';

/** What every call into an adapter carries. */
export interface CallContext {
  /** Aborts at the caller's deadline; adapters hand it to every socket. */
  readonly signal: AbortSignal;
  /** Id of the operation this call belongs to (`-` for none): log field only. */
  readonly operation: string;
  /**
   * True for the write of an edit that can still be refused: who is to wait for the name servers
   * (`centrals/verified`) waits here.
   */
  readonly vetoable?: boolean;
}

/** Which central, and as whom: the ledger is keyed by it (docs/glossary.md#ledger). Holds no secret. */
export interface CentralId {
  readonly kind: string;
  readonly address: string;
  readonly account: string;
}

/** A record as the central holds it, with the central's own identifier, taken verbatim from its list. */
export interface CentralRecord extends ResourceRecord {
  /** Opaque to everyone but the adapter that made it; stale as soon as the record changes. */
  readonly handle: string;
}

export interface CentralTraits {
  /** The largest unit one request changes all-or-nothing. */
  readonly atomic: 'zone' | 'rrset' | 'record' | 'none';
  /** Whether the server itself refuses a write based on a stale read. */
  readonly guard: 'cas' | 'per-record' | 'none';
  /**
   * Whether this account may create and delete zones; where not, the provider does, and the zone is waited
   * for.
   */
  readonly managesZones: boolean;
  /** Whether a new zone appears with the content that `createZone` is given, in one write. */
  readonly createsWithContent: boolean;
  /**
   * Whether it can list the account's zones; where not, `listZones` tells which of those asked for it has.
   */
  readonly listsZones: boolean;
  /** Whether it can read a whole zone; where not, `readZone` reads the known RRsets only. */
  readonly wholeZones: boolean;
  /** Whether there is room for an owner mark outside DNS data. */
  readonly ownerMark: boolean;
  /**
   * False where the central has one TTL per zone (ISPmanager 4); TTLs are then null on read and ignored on
   * write.
   */
  readonly carriesTtl: boolean;
  /** Types it stores; `any` when it takes every type. */
  readonly recordTypes: ReadonlySet<string> | 'any';
  /** Milliseconds after a write before a read of the same data can be relied on. */
  readonly readBackDelay: number;
}

/**
 * What the user asked for when the zone was created in the panel. A central may use or ignore each of them.
 */
export interface ZoneSeed {
  readonly addresses: readonly string[];
  readonly nameServers: readonly string[];
  readonly mailServers: readonly string[];
}

/** What a write really altered: no more than was asked, less when part of it was already so. */
export interface Altered {
  readonly removed: readonly ResourceRecord[];
  readonly added: readonly ResourceRecord[];
}

/** Whether the central signs a zone (DNSSEC), and what the zone's parent has to know of it. */
export interface Signing {
  /** `null`: this central does not report it. */
  readonly signed: boolean | null;
  /** Data of DS records that fit the keys in use, in master-file form; those that may stand at the parent. */
  readonly ds: readonly string[];
  /** The same of CDS records that the zone publishes for its parent to fetch (RFC 7344). */
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
   * Everything this central would refuse in `change`, found without talking to it. Empty: nothing known
   * against it.
   */
  audit(change: Change): readonly Problem[];

  /** Proves connection, login and the right to list zones. Changes nothing. */
  check(ctx: CallContext): Promise<void>;

  /**
   * Names of all zones of this account, complete. A cut or filtered list is an error, never a shorter list.
   * @param asked zones the caller wants to know about; a central that cannot list (`listsZones`) answers
   *   those of them it has
   */
  listZones(asked: readonly DnsName[], ctx: CallContext): Promise<readonly DnsName[]>;

  /**
   * All records of the zone, complete, from the central's source of truth; `null` = the central says it has
   * no such zone in this account.
   * @param known RRsets that may be there; a central that cannot read a whole zone (`wholeZones`) reads
   *   these, and any CNAME in the place of one
   */
  readZone(
    zone: DnsName,
    known: readonly RRsetKey[],
    ctx: CallContext,
  ): Promise<readonly CentralRecord[] | null>;

  /**
   * Like `readZone`, for the records at `names` only.
   * @param types which the caller needs, where that is not all. A central that has to ask for each type by
   *   itself need not ask for others. CNAME is always told.
   * @param likely what probably is there: a central that cannot show some records proves them by it
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
   *   changed since is noticed. What is already so is left so and is not in the answer.
   * @throws {CentralError} `state` tells what was left: `untouched` (safe to refuse), `partial` or `unknown`
   *   (re-read).
   */
  apply(change: Change, present: readonly CentralRecord[], ctx: CallContext): Promise<Altered>;

  /**
   * Finds out, without a write, what `createZone` would do. What only the write itself tells (a limit, say)
   * is not found.
   * @throws {CentralError} whatever is found against it, as `createZone` throws it; `untouched`
   */
  mayCreateZone(zone: DnsName, seed: ZoneSeed, ctx: CallContext): Promise<'free' | 'exists'>;

  /**
   * Creates the zone; resolves once a read shows it. `exists`: this account already has it, nothing was done.
   * @param content records that the zone has from its first moment, if the central can do that
   *   (`createsWithContent`). As many as fit in one write; otherwise they are ignored. The caller reads the
   *   zone and adds the rest.
   * @throws {CentralError} `zone.foreign` when it belongs to somebody else, `zone.create-there-first` where
   *   only the provider creates zones, `central.limit`, `central.refused` ...
   */
  createZone(
    zone: DnsName,
    seed: ZoneSeed,
    ctx: CallContext,
    content?: readonly ResourceRecord[],
  ): Promise<'created' | 'exists'>;

  /**
   * Deletes the zone; resolves once a read shows it gone. `missing`: it was not there.
   * @throws {CentralError} `zone.delete-there` where only the provider deletes zones
   */
  deleteZone(zone: DnsName, ctx: CallContext): Promise<'deleted' | 'missing'>;

  /**
   * How the zone is signed, read past every memory; `null` = the central has no such zone in this account.
   */
  signing(zone: DnsName, ctx: CallContext): Promise<Signing | null>;

  /**
   * What keeps written data from being served, or leaves zones unsound, though no edit fails for it. Writes
   * nothing.
   * @param zones some of the account's zones
   * @returns problems for an administrator; empty: nothing known
   */
  concerns(zones: readonly DnsName[], ctx: CallContext): Promise<readonly Problem[]>;

  /** Closes connections. Further calls are an error. */
  close(): Promise<void>;
}

/** Codes of a {@link CentralError}. Texts stand in `catalogue.ts`; a test checks that each has one. */
export type CentralErrorCode =
  /** No connection, time-out, connection cut. */
  | 'central.unreachable'
  /** Its clock and ours are too far apart for signatures (`params.seconds`). */
  | 'central.clock'
  /** Certificate not trusted, or not the pinned one. */
  | 'central.certificate'
  /** User name or password not accepted. */
  | 'central.login'
  /** The panel is of another generation than the settings say. */
  | 'central.wrong-kind'
  /** Not attempted: the breaker is open after failures a moment ago. */
  | 'central.breaker-open'
  /** Not attempted: the login was refused earlier and settings have not changed since. */
  | 'central.login-blocked'
  /** The answer is not what this central speaks (HTML, cut off, empty, 5xx). */
  | 'central.garbled'
  /**
   * It has the zone of `params.name` and cannot serve it just now: not loaded, broken, expired. Says nothing
   * of other zones.
   */
  | 'central.zone-failing'
  /**
   * It has the zone `params.name` and refuses queries about it (`allow-query`). Says nothing of other zones.
   */
  | 'central.query-refused'
  /** A list is marked or proved incomplete. */
  | 'central.list-cut'
  /** The central refused, in its own words (`params.text`). */
  | 'central.refused'
  /** Somebody else keeps writing the same records, so that no write of ours met them as they were read. */
  | 'central.contended'
  /** What is there already lies below a delegation or a DNAME, where a name server does not show it. */
  | 'central.hidden'
  /** The server stores a DNAME and does not follow it. */
  | 'central.dname-off'
  /**
   * A name server refused an update in a zone where the key may write: by a rule for records, or one of its
   * own checks.
   */
  | 'central.update-refused'
  /**
   * The server took an update and, as often as it was asked, left out `params.record`: by a rule that it does
   * not tell.
   */
  | 'central.left-out'
  /** The server keeps no TTL over `params.limit` seconds in this zone. */
  | 'central.ttl-limit'
  /** The NS of `params.name` cannot go while its DS stands. */
  | 'central.ds-first'
  | 'central.limit'
  | 'central.access-denied'
  | 'central.invalid-value'
  | 'central.exists'
  | 'central.missing'
  /**
   * Other records have the same identifier at the central: a write could hit one of them, so none is sent.
   */
  | 'central.ambiguous-key'
  /** The zone exists at the central in another account. */
  | 'zone.foreign'
  /**
   * The zone is in our account as a copy of another server's (slave): its records come by transfer and cannot
   * be edited there.
   */
  | 'zone.copy'
  /** Zones are made and deleted by the provider. */
  | 'zone.create-there-first'
  | 'zone.delete-there'
  /** The write was answered OK but a read does not show it. */
  | 'central.no-effect'
  /**
   * The central has it, name servers (`params.servers`) do not answer it in time: to be undone, a read
   * shows it done.
   */
  | 'central.not-live';

export interface CentralErrorFacts {
  /** What the failed call left: nothing changed, part of it changed, or not known. */
  readonly state: 'untouched' | 'partial' | 'unknown';
  /** `later` when trying the same again may help (outage), `never` when it will not (refusal). */
  readonly retry: 'later' | 'never';
  /**
   * Values for the text, e.g. `text`: the central's own words, as they came; the error has them as {@link
   * plainParams}. Never a secret.
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
