/** A panel's access level (reference section 1): 5 user, 6 reseller, 7 administrator. */
export type Level = 5 | 6 | 7;

/** Who makes a call. */
export interface Identity {
  readonly name: string;
  readonly level: Level;
  /** What handlers get as `AUTHID`; `local`: a call of the host itself. */
  readonly session: string;
  /** The host's own superuser, above all accounts. */
  readonly isHost?: boolean;
}

/** When a handler runs: before the function, after it, or when all is over. */
export type Stage = 'before' | 'after' | 'final';

/** One record as the panel stores it. */
export interface Row {
  /** Absolute owner name in lower-case punycode, with the trailing dot. */
  readonly name: string;
  /**
   * Upper case: `A AAAA CNAME DNAME NS MX TXT SRV PTR` (docs/protocol.md#record-form-4), later panels also
   * `CAA DS TLSA` (docs/protocol.md#record-form-5).
   */
  readonly type: string;
  /** Decimal digits for MX and SRV, empty otherwise. */
  readonly prio: string;
  /** Decimal digits for SRV, empty otherwise. */
  readonly wght: string;
  /** Decimal digits for SRV, empty otherwise. */
  readonly port: string;
  /** Address, host (absolute with a dot, or relative, as it was typed) or unquoted text. */
  readonly addr: string;
  /** Seconds, where the panel has one TTL a record; absent: the panel's own. */
  readonly ttl?: string;
}

export interface Soa {
  readonly primary: string;
  readonly email: string;
  readonly serial: string;
  readonly refresh: string;
  readonly retry: string;
  readonly expire: string;
  readonly ttl: string;
}

export interface Zone {
  /** Lower-case punycode without the trailing dot. */
  readonly name: string;
  readonly owner: string;
  readonly ip: string;
  /** Space-separated, as the form has it. */
  readonly ns: string;
  readonly mx: string;
  readonly soa: Soa;
  readonly rows: readonly Row[];
  /** DNSmanager: a zone copied from another server has no records here; absent: `master`. */
  readonly kind?: 'master' | 'slave';
}

/** A WWW domain (`wwwdomain`); `alias` is space-separated. */
export interface WebDomain {
  readonly name: string;
  readonly owner: string;
  readonly alias: string;
  readonly ip: string;
  /** Versions 5 and 6: the site's number. */
  readonly id?: number;
}

export interface MailDomain {
  readonly name: string;
  readonly owner: string;
  /** Versions 5 and 6: texts of the records the panel keeps for it; empty or absent: switched off. */
  readonly dkim?: string;
  readonly dmarc?: string;
}

/** An account. */
export interface SandboxUser {
  readonly name: string;
  readonly password: string;
  /** Default 5. */
  readonly level?: Level;
  /** Who made the account: a reseller or an administrator; default the first administrator. */
  readonly owner?: string;
  /** How many zones the account may have; absent: any number. */
  readonly domainLimit?: number;
  /** Versions 5 and 6: may not log in. */
  readonly suspended?: boolean;
}

/** One handled API call, without secrets. */
export interface RequestEntry {
  readonly time: number;
  readonly via: 'http' | 'mgrctl' | 'nested';
  readonly method: string;
  readonly func: string;
  readonly user: string;
  readonly params: Readonly<Record<string, string>>;
  /** `ok`, `data`, `redirect`, `authfail`, `error N`, `fault EFFECT`. */
  readonly outcome: string;
}
