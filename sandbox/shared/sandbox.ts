import type { Answer, CallOptions } from './client.ts';
import type { Generation } from './dialects.ts';
import type { Faults } from './faults.ts';
import type { Switches } from './switches.ts';
import type { RequestEntry, Row, SandboxUser } from './types.ts';

export interface SandboxOptions {
  /**
   * Directory laid out like `/usr/local/ispmgr` (etc/ addon/ sbin/mgrctl var/); created when missing, kept
   * otherwise.
   */
  readonly root: string;
  /** Which panel it is; default ISPmanager 4. */
  readonly generation?: Generation;
  /** Default 0: any free port of 127.0.0.1. */
  readonly port?: number;
  /** Default true: HTTPS with a self-signed certificate kept in the root. */
  readonly tls?: boolean;
  /** Added to the accounts the root already has; default `DEFAULT_USERS`. */
  readonly users?: readonly SandboxUser[];
  readonly switches?: Partial<Switches>;
  /** Shown in pages and certificates. */
  readonly name?: string;
  /** Milliseconds; default `Date.now`. Sessions end and late changes appear by it. */
  readonly clock?: () => number;
  /** Added to the environment of handlers. */
  readonly handlerEnv?: Readonly<Record<string, string>>;
}

export interface Sandbox {
  /** `https://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  /** Address of the API, with the panel's usual path. */
  readonly address: string;
  readonly root: string;
  /** PEM of the certificate, usable as a CA; empty without TLS. */
  readonly certificate: string;
  /** SHA-256 of the certificate, upper-case hex with colons; empty without TLS. */
  readonly fingerprint: string;
  /** Token of the control address `POST /sandbox/control`. */
  readonly controlToken: string;
  readonly switches: Switches;
  readonly faults: Faults;
  /** Calls handled so far, oldest first. */
  readonly requests: readonly RequestEntry[];
  /** Names of all zones, without trailing dots, sorted: the truth, whatever reads may see. */
  zones(): string[];
  /** The zone's records in their order; null: no such zone. */
  records(zone: string): Row[] | null;
  /** The key the panel shows for a record now. */
  keys(zone: string): string[] | null;
  /** Makes a real HTTP request and reads the answer. */
  call(func: string, params?: Readonly<Record<string, string>>, options?: CallOptions): Promise<Answer>;
  /**
   * Forgets the plugin files read so far, as `killall ispmgr` does (docs/protocol.md#files-4). Copies in
   * `var/.xmlcache` are removed first, unless they are to be kept (docs/protocol.md#files-5).
   */
  restartPanel(options?: { readonly keepCache: boolean }): void;
  /** Makes a new certificate and key, used from the next connection on. */
  changeCertificate(): Promise<void>;
  /** Closes every connection, kills handlers still running, leaves the root as it is. */
  stop(): Promise<void>;
}
