/**
 * Access level, in the numbers of version 4: 5 user, 6 reseller, 7 administrator
 * (docs/protocol.md#generations).
 */
export type Level = 5 | 6 | 7;

/** The account that makes a call. */
export interface Identity {
  readonly name: string;
  readonly level: Level;
  /** Session id, which handlers of version 4 get as `AUTHID`. `local`: a call by mgrctl. */
  readonly session: string;
  /** Whether the caller is the host's own superuser, whose level is above all accounts. */
  readonly isHost?: boolean;
}

/** When a handler runs: before the function, after it, or after the whole call. */
export type Stage = 'before' | 'after' | 'final';

/** One record as the panel stores it. */
export interface Row {
  /** Absolute owner name in lower-case punycode, with the final dot. */
  readonly name: string;
  /**
   * Record type in upper case: `A AAAA CNAME DNAME NS MX TXT SRV PTR` (docs/protocol.md#record-form-4).
   * Version 5/6 also has `CAA DS TLSA` (docs/protocol.md#record-form-5).
   */
  readonly type: string;
  /** Priority of MX and SRV as decimal digits; empty for other types. */
  readonly prio: string;
  /** Weight of SRV as decimal digits; empty for other types. */
  readonly wght: string;
  /** Port of SRV as decimal digits; empty for other types. */
  readonly port: string;
  /**
   * The address, the host name as the user typed it (absolute with a final dot, or relative), or the text
   * without quotes.
   */
  readonly addr: string;
  /** TTL in seconds, if each record has its own; absent: the panel's default. */
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
  /** The zone's name, in lower-case punycode without the final dot. */
  readonly name: string;
  readonly owner: string;
  readonly ip: string;
  /** Host names from the form, separated by spaces. */
  readonly ns: string;
  readonly mx: string;
  readonly soa: Soa;
  readonly rows: readonly Row[];
  /**
   * DNSmanager: the panel copies a `slave` zone from another server, and has no records of it here. Absent:
   * `master`.
   */
  readonly kind?: 'master' | 'slave';
}

/**
 * The domain of a web site (`wwwdomain`, `webdomain`). `alias` contains its other names, separated by spaces.
 */
export interface WebDomain {
  readonly name: string;
  readonly owner: string;
  readonly alias: string;
  readonly ip: string;
  /** Versions 5/6: number of the site. */
  readonly id?: number;
}

export interface MailDomain {
  readonly name: string;
  readonly owner: string;
  /** Versions 5/6: texts of the records for DKIM and DMARC; empty or absent: they are turned off. */
  readonly dkim?: string;
  readonly dmarc?: string;
}

/** An account. */
export interface SandboxUser {
  readonly name: string;
  readonly password: string;
  /** Access level. Default: 5. */
  readonly level?: Level;
  /** The account above this one, a reseller or an administrator. Default: the first administrator. */
  readonly owner?: string;
  /** The most zones that the account may have; absent: no limit. */
  readonly domainLimit?: number;
  /** Versions 5/6: whether the account is suspended, so that it cannot log in. */
  readonly suspended?: boolean;
}

/** A call that was handled; secrets are left out. */
export interface RequestEntry {
  readonly time: number;
  readonly via: 'http' | 'mgrctl' | 'nested';
  readonly method: string;
  readonly func: string;
  readonly user: string;
  readonly params: Readonly<Record<string, string>>;
  /**
   * `ok`, `data` (a list or form), `redirect`, `authfail`, `error CODE`; or `fault EFFECT`, if a fault
   * replaced the call.
   */
  readonly outcome: string;
}
