import type { Central } from '../core/central.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { FoundMemory } from './ispmanager/finding.ts';
import type { SecretChanged } from './secrets.ts';

/** The settings of one central, as the settings file has them. Each adapter checks the ones that it uses. */
export interface CentralConnection {
  readonly kind: string;
  /** The address, in the form that {@link CentralModule.host} names. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
  /** The secret that is tried if the central refuses `password`. Empty: there is none. */
  readonly passwordNext: string;
  /** How long one request may take, in milliseconds. */
  readonly timeout: number;
  /** The one certificate or authority (PEM) to trust; absent: the public authorities. */
  readonly pin?: { readonly fingerprint?: string; readonly ca?: string };
  readonly login: string;
  readonly dns: { readonly algorithm: string; readonly transport: string; readonly axfr: boolean };
  readonly newZones: { readonly nameServers: readonly string[]; readonly kind: 'native' | 'master' };
}

/** What an adapter gets from the process that uses it. */
export interface CentralPorts {
  readonly clock: Clock;
  /** The log for what the adapter does not report by an error. */
  readonly log: Log;
  /** Stores across restarts which panel was found at an address. */
  readonly memory: FoundMemory;
  /** Called when the other of both secrets comes into use. */
  readonly secretChanged?: SecretChanged;
}

/**
 * One kind of central, as the rest of the product sees it. Importing this is cheap, because only `open` loads
 * the adapter.
 */
export interface CentralModule {
  /** The name that users see, the same in every language. */
  readonly title: string;
  /** The protocol of requests to the central, for docs/centrals.md. */
  readonly protocol: string;
  /** The meaning of `username` and `password` at this central, for docs/centrals.md. */
  readonly credentials: string;
  /**
   * The form of the setting `host`. `web`: a base URL with https. `web-or-local`: the same, or http on this
   * machine. `name-server`: `dns://host:port`.
   */
  readonly host: 'web' | 'web-or-local' | 'name-server';
  /** Whether a new zone gets no NS records except those of the setting `nameservers`. */
  readonly needsNameServers: boolean;
  /**
   * Advice for an administrator that the doctor shows, by problem code. Codes that are missing here have the
   * same advice for all centrals.
   */
  readonly waysOut: Readonly<Record<string, string>>;
  /** Advice for an account that has none of the panel's zones. Absent: the doctor's own text is shown. */
  readonly withoutZones?: string;
  /** Codes of concerns that the doctor shows as notes, not as warnings. */
  readonly notes?: ReadonlySet<string>;
  /**
   * Makes a central with these settings. Sends nothing to it yet.
   * @throws {SettingsRefused} with every problem, each with `params.setting`
   */
  readonly open: (connection: CentralConnection, ports: CentralPorts) => Promise<Central>;
}
