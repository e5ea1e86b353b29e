import type { DnsName } from '../../dns/name.ts';
import type { Log } from '../../core/log.ts';
import { shortened } from '../../dns/problem.ts';

/** What the panel's lists have shown, as far as calls are read by it. */
export interface PanelKnowledge {
  /** Zones: they decide where a name can be read in two ways. */
  readonly zones: ReadonlySet<DnsName>;
  /**
   * Domains with names that no server could serve (`a..b`), as the list shows them: they are the panel's
   * alone.
   */
  readonly passedOver: ReadonlySet<string>;
  /** The same of records in a zone: their keys. */
  readonly passedOverIn: (zone: DnsName) => ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

/** What a panel that was not read yet is known to have. */
export const nothingKnown: PanelKnowledge = { zones: new Set(), passedOver: none, passedOverIn: () => none };

/**
 * Keeps what reads of the panel show, and tells of records that are passed over, once for the same ones of a
 * zone.
 */
export class KnownOfPanel implements PanelKnowledge {
  readonly #log: Log;
  #zones = new Set<DnsName>();
  #isListed = false;
  #passedOver = none;
  readonly #keys = new Map<DnsName, ReadonlySet<string>>();

  constructor(log: Log) {
    this.#log = log;
  }

  get zones(): ReadonlySet<DnsName> {
    return this.#zones;
  }

  get passedOver(): ReadonlySet<string> {
    return this.#passedOver;
  }

  readonly passedOverIn = (zone: DnsName): ReadonlySet<string> => this.#keys.get(zone) ?? none;

  listed(zones: readonly DnsName[], passedOver: readonly string[]): void {
    this.#zones = new Set(zones);
    this.#passedOver = new Set(passedOver);
    this.#isListed = true;
  }

  /** What the panel reported since the start counts, once it said all. */
  remember(zones: readonly DnsName[]): void {
    if (!this.#isListed) for (const zone of zones) this.#zones.add(zone);
  }

  /** @param keys of records that are passed over; null: the panel has no such zone */
  read(zone: DnsName, keys: readonly string[] | null): void {
    const before = [...this.passedOverIn(zone)].join('\n');
    if (keys === null) this.#zones.delete(zone);
    else this.#zones.add(zone);
    if (keys === null || keys.length === 0) this.#keys.delete(zone);
    else this.#keys.set(zone, new Set(keys));
    if (keys === null || keys.length === 0 || keys.join('\n') === before) return;
    const records = keys.slice(0, mostNamed).map(shortened).join('; ');
    this.#log(2, 'panel.no-names', { zone, count: keys.length, records });
  }
}

/** Most records in one line. */
const mostNamed = 5;
