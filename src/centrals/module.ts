import type { Central } from '../core/central.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { FoundMemory } from './ispmanager/finding.ts';

/** The settings of one central, as the settings file has them. Each adapter checks those that it uses. */
export interface CentralConnection {
  readonly kind: string;
  /** In the form that {@link CentralModule.host} names. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
  /** Milliseconds that one request may take. */
  readonly timeout: number;
  /** The one certificate or authority (PEM) to trust; absent: the public authorities. */
  readonly pin?: { readonly fingerprint?: string; readonly ca?: string };
  readonly login: string;
  readonly dns: { readonly algorithm: string; readonly transport: string; readonly axfr: boolean };
  readonly newZones: { readonly nameServers: readonly string[]; readonly kind: 'native' | 'master' };
}

/** What the process gives to an adapter. */
export interface CentralPorts {
  readonly clock: Clock;
  /** Where an adapter reports what it does not throw. */
  readonly log: Log;
  /** Remembers across restarts which panel was found at an address. */
  readonly memory: FoundMemory;
}

/**
 * One kind of central, described for the rest of the product. Cheap to import: `open` loads the adapter
 * itself.
 */
export interface CentralModule {
  /** The name that users see, the same in every language. */
  readonly title: string;
  /** The protocol that the central is reached by, for docs/centrals.md. */
  readonly protocol: string;
  /** What `username` and `password` hold, for docs/centrals.md. */
  readonly credentials: string;
  /**
   * What the setting `host` holds. `web`: a base URL with https. `web-or-local`: the same, or http on this
   * machine. `name-server`: `dns://host:port`.
   */
  readonly host: 'web' | 'web-or-local' | 'name-server';
  /** Whether a new zone has no other NS records than those of the setting `nameservers`. */
  readonly needsNameServers: boolean;
  /**
   * Advice for an administrator, by problem code, that the doctor shows. Codes that are not here have one
   * text for all centrals.
   */
  readonly waysOut: Readonly<Record<string, string>>;
  /** Advice for an account that has none of the panel's zones; absent: the doctor's own text. */
  readonly withoutZones?: string;
  /** Codes of concerns that the doctor shows as notes instead of warnings. */
  readonly notes?: ReadonlySet<string>;
  /**
   * Creates a central with these settings and sends nothing to it yet.
   * @throws {SettingsRefused} with every problem, each with `params.setting`
   */
  readonly open: (connection: CentralConnection, ports: CentralPorts) => Promise<Central>;
}
