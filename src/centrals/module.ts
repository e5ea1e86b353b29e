import type { Central } from '../core/central.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { FoundMemory } from './ispmanager/finding.ts';

/**
 * The settings of one central as the settings file has them. An adapter takes what it needs of them, and
 * checks it.
 */
export interface CentralConnection {
  readonly kind: string;
  /** As {@link CentralModule.host} says. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
  /** Milliseconds for one request. */
  readonly timeout: number;
  /** The one certificate, or the authority (PEM), to trust; absent: the public authorities. */
  readonly pin?: { readonly fingerprint?: string; readonly ca?: string };
  readonly login: string;
  readonly dns: { readonly algorithm: string; readonly transport: string; readonly axfr: boolean };
  readonly newZones: { readonly nameServers: readonly string[]; readonly kind: 'native' | 'master' };
}

/** What an adapter may use of the process around it. */
export interface CentralPorts {
  readonly clock: Clock;
  /** What is worth noting beside errors. */
  readonly log: Log;
  /** Keeps from one start to the next which panel was found. */
  readonly memory: FoundMemory;
}

/** What the product knows of one kind of central. Light: the adapter itself is loaded by `open`. */
export interface CentralModule {
  /** In words, in every language. */
  readonly title: string;
  /** For docs/centrals.md: what it is spoken to by. */
  readonly protocol: string;
  /** For docs/centrals.md: what stands in `username` and `password`. */
  readonly credentials: string;
  /**
   * How the setting `host` is read. `web`: a base URL, https; `web-or-local`: http as well on this machine;
   * `name-server`: `dns://host:port`.
   */
  readonly host: 'web' | 'web-or-local' | 'name-server';
  /** Whether a new zone gets no NS records but those of the setting `nameservers`. */
  readonly needsNameServers: boolean;
  /**
   * What an administrator can do about a problem, by its code. The doctor shows it; others have a text for
   * every central.
   */
  readonly waysOut: Readonly<Record<string, string>>;
  /** What to do if the account has none of the panel's zones; absent: the doctor's own text. */
  readonly withoutZones?: string;
  /** Codes of concerns that the doctor notes, and does not warn of. */
  readonly notes?: ReadonlySet<string>;
  /**
   * A central with these settings; not contacted yet.
   * @throws {SettingsRefused} with every problem, each with `params.setting`
   */
  readonly open: (connection: CentralConnection, ports: CentralPorts) => Promise<Central>;
}
