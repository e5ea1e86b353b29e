import type { SandboxNameServer } from './name-server.ts';
import type { Answer, CallOptions } from './client.ts';
import type { Generation } from './dialects.ts';
import type { Faults } from './faults.ts';
import type { Switches } from './switches.ts';
import type { RequestEntry, Row, SandboxUser } from './types.ts';

export interface SandboxOptions {
  /**
   * Directory with the layout of `/usr/local/ispmgr` (`etc`, `addon`, `sbin/mgrctl`, `var`). It is made when
   * missing, and otherwise used as it is.
   */
  readonly root: string;
  /** Which panel it is. Default: ISPmanager 4. */
  readonly generation?: Generation;
  /** Port on 127.0.0.1. Default: 0, any free port. */
  readonly port?: number;
  /** Whether it serves HTTPS, with a self-signed certificate kept in the root. Default: true. */
  readonly tls?: boolean;
  /** Accounts that are added to those in the root. Default: `DEFAULT_USERS`. */
  readonly users?: readonly SandboxUser[];
  readonly switches?: Partial<Switches>;
  /** Name of the panel in its pages and certificate. */
  readonly name?: string;
  /** Clock in milliseconds, for the end of sessions and for late changes. Default: `Date.now`. */
  readonly clock?: () => number;
  /** More variables for the environment of handlers. */
  readonly handlerEnv?: Readonly<Record<string, string>>;
}

export interface Sandbox {
  /** URL `https://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  /** URL of the API, with the panel's usual path. */
  readonly address: string;
  readonly root: string;
  /** The certificate as PEM, which clients can use as a CA; empty without TLS. */
  readonly certificate: string;
  /** SHA-256 of the certificate, as upper-case hexadecimal with colons; empty without TLS. */
  readonly fingerprint: string;
  /** Token for `POST /sandbox/control`. */
  readonly controlToken: string;
  readonly switches: Switches;
  readonly faults: Faults;
  /** Calls handled so far, oldest first. */
  readonly requests: readonly RequestEntry[];
  /** Names of all zones, without final dots, sorted. Changes that reads do not show yet are included. */
  zones(): string[];
  /** The zone's records in their order, late changes included; null: there is no such zone. */
  records(zone: string): Row[] | null;
  /**
   * The identifiers that the panel shows for these records, in the same order; null: there is no such zone.
   */
  keys(zone: string): string[] | null;
  /** Makes a real HTTP request and reads the answer. */
  call(func: string, params?: Readonly<Record<string, string>>, options?: CallOptions): Promise<Answer>;
  /**
   * Restarts the panel, as `killall ispmgr` does (docs/protocol.md#files-4), so that it reads the plugin
   * files again. Copies in `var/.xmlcache` are removed first, unless `keepCache` is true
   * (docs/protocol.md#files-5).
   */
  restartPanel(options?: { readonly keepCache: boolean }): void;
  /**
   * Adds a record as a background job of the panel does, for instance the renewal of a certificate. No
   * function is called, so no handler runs.
   * @throws Error when there is no such zone
   */
  addQuietly(zone: string, name: string, type: string, addr: string): void;
  /** Starts the name server that the panel feeds. It answers for the SOA of its zones. */
  serveZones(): Promise<SandboxNameServer>;
  /** Makes a new certificate and key, for connections from now on. */
  changeCertificate(): Promise<void>;
  /** Closes every connection and kills running handlers. The root stays as it is. */
  stop(): Promise<void>;
}
