import type { SandboxNameServer } from './name-server.ts';
import type { Answer, CallOptions } from './client.ts';
import type { Generation } from './dialects.ts';
import type { Faults } from './faults.ts';
import type { Switches } from './switches.ts';
import type { RequestEntry, Row, SandboxUser } from './types.ts';

export interface SandboxOptions {
  /**
   * A directory with the layout of `/usr/local/ispmgr` (`etc`, `addon`, `sbin/mgrctl`, `var`). If it is
   * missing, it is created; otherwise it is used as it is.
   */
  readonly root: string;
  /** Which panel the sandbox stands for. Default: ISPmanager 4. */
  readonly generation?: Generation;
  /** Port on 127.0.0.1. Default: 0, which means any free port. */
  readonly port?: number;
  /**
   * Whether the sandbox serves HTTPS, with a self-signed certificate that is stored in the root. Default:
   * true.
   */
  readonly tls?: boolean;
  /** Accounts in addition to those that the root has. Default: `DEFAULT_USERS`. */
  readonly users?: readonly SandboxUser[];
  readonly switches?: Partial<Switches>;
  /** Name of the panel in its pages and certificate. */
  readonly name?: string;
  /**
   * Clock in milliseconds. It decides when sessions end, and when reads show a delayed change. Default:
   * `Date.now`.
   */
  readonly clock?: () => number;
  /** Further variables for the environment of handlers. */
  readonly handlerEnv?: Readonly<Record<string, string>>;
}

export interface Sandbox {
  /** URL `https://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  /** URL of the API, with the panel's usual path. */
  readonly address: string;
  readonly root: string;
  /** The certificate as PEM. Clients can use it as a CA. Empty without TLS. */
  readonly certificate: string;
  /** SHA-256 of the certificate, as upper-case hexadecimal with colons; empty without TLS. */
  readonly fingerprint: string;
  /** The token for `POST /sandbox/control`. */
  readonly controlToken: string;
  readonly switches: Switches;
  readonly faults: Faults;
  /** The calls handled so far, oldest first. */
  readonly requests: readonly RequestEntry[];
  /** Names of all zones, without final dots, sorted. Includes changes that reads do not show yet. */
  zones(): string[];
  /**
   * The zone's records in their order, including changes that reads do not show yet; null: there is no such
   * zone.
   */
  records(zone: string): Row[] | null;
  /**
   * The identifiers that the panel shows for these records, in the same order; null: there is no such zone.
   */
  keys(zone: string): string[] | null;
  /** Makes a real HTTP request and parses the answer. */
  call(func: string, params?: Readonly<Record<string, string>>, options?: CallOptions): Promise<Answer>;
  /**
   * Restarts the panel, as `killall ispmgr` does (docs/protocol.md#files-4), so that it reads the plugin
   * files again. First removes the copies in `var/.xmlcache`, unless `keepCache` is true
   * (docs/protocol.md#files-5).
   */
  restartPanel(options?: { readonly keepCache: boolean }): void;
  /**
   * Adds a record as a background job of the panel does, for instance the renewal of a certificate. No
   * function is called, so no handler runs.
   * @throws Error when there is no such zone
   */
  addQuietly(zone: string, name: string, type: string, addr: string): void;
  /** Starts the panel's own name server. It answers queries for the SOA of the panel's zones. */
  serveZones(): Promise<SandboxNameServer>;
  /** Gives an account another password, and ends its sessions. */
  changePassword(name: string, password: string): void;
  /** Makes a new certificate and key, for connections from now on. */
  changeCertificate(): Promise<void>;
  /** Closes every connection and kills running handlers. The root stays as it is. */
  stop(): Promise<void>;
}
