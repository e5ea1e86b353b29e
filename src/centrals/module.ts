import type { Central } from '../core/central.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { FoundMemory } from './ispmanager/finding.ts';
import type { SecretChanged } from './secrets.ts';

/**
 * The settings of one central, as they are in the settings file. Each adapter checks the settings that it
 * uses.
 */
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
  /**
   * Whether the serial of a PowerDNS zone of kind `native` counts as a proof that nobody has changed the
   * zone.
   */
  readonly nativeSerials: boolean;
  readonly newZones: { readonly nameServers: readonly string[]; readonly kind: 'native' | 'master' };
}

/** Services that an adapter gets from the process that uses it. */
export interface CentralPorts {
  readonly clock: Clock;
  /** The log for events that the adapter does not report by throwing an error. */
  readonly log: Log;
  /**
   * Stores which kind of panel was found and at which address, so that the next process need not search
   * again.
   */
  readonly memory: FoundMemory;
  /** Called when the adapter starts to use `passwordNext` instead of `password`, or `password` again. */
  readonly secretChanged?: SecretChanged;
}

/**
 * One kind of central, as the rest of the product sees it. A module is cheap to import, because only its
 * function `open` loads the adapter.
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
   * Advice for the administrator that `domainsync doctor` shows, by problem code. For all other codes, the
   * advice is the same for every central.
   */
  readonly waysOut: Readonly<Record<string, string>>;
  /**
   * Advice that the doctor shows if the account has none of the panel's zones. Absent: it shows a general
   * text.
   */
  readonly withoutZones?: string;
  /** Codes of problems from `Central.concerns` that the doctor shows as notes, not as warnings. */
  readonly notes?: ReadonlySet<string>;
  /**
   * Makes a central with these settings. Sends nothing to it yet.
   * @throws {SettingsRefused} with every problem, each with `params.setting`
   */
  readonly open: (connection: CentralConnection, ports: CentralPorts) => Promise<Central>;
}
