import type { DnsName } from '../../dns/name.ts';
import type { Log } from '../../core/log.ts';
import { shortened } from '../../dns/problem.ts';

/** Facts from the panel's lists that are needed to decode calls. */
export interface PanelKnowledge {
  /**
   * Zones of the panel. IDNA 2003 turns `ß` in a name into `ss`, and IDNA 2008 keeps it. Of the two names,
   * the one in this set is meant.
   */
  readonly zones: ReadonlySet<DnsName>;
  /**
   * Domains whose names are not valid DNS names (`a..b`), in the panel's spelling. They exist only in the
   * panel.
   */
  readonly passedOver: ReadonlySet<string>;
  /**
   * Keys of those records in a zone whose owner names are not valid DNS names. They exist only in the panel.
   */
  readonly passedOverIn: (zone: DnsName) => ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

/** The facts about a panel that was not read yet: none. */
export const nothingKnown: PanelKnowledge = { zones: new Set(), passedOver: none, passedOverIn: () => none };

/**
 * Stores which zones the panel has, and the keys of records that are left out because their names are
 * invalid. Logs which records of a zone are left out, and logs it again only after a change.
 */
export class KnownOfPanel implements PanelKnowledge {
  readonly #log: Log;
  zones = new Set<DnsName>();
  passedOver = none;
  #isListed = false;
  readonly #keys = new Map<DnsName, ReadonlySet<string>>();

  constructor(log: Log) {
    this.#log = log;
  }

  readonly passedOverIn = (zone: DnsName): ReadonlySet<string> => this.#keys.get(zone) ?? none;

  listed(zones: readonly DnsName[], passedOver: readonly string[]): void {
    this.zones = new Set(zones);
    this.passedOver = new Set(passedOver);
    this.#isListed = true;
  }

  /** Adds the zones that an earlier run knew, unless the panel's list has been read already. */
  remember(zones: readonly DnsName[]): void {
    if (!this.#isListed) for (const zone of zones) this.zones.add(zone);
  }

  /**
   * Stores the result of a read of a zone.
   * @param keys keys of the records that are left out; null: the panel has no such zone
   */
  read(zone: DnsName, keys: readonly string[] | null): void {
    const before = [...this.passedOverIn(zone)].join('\n');
    this.#keys.delete(zone);
    if (keys === null) this.zones.delete(zone);
    else this.zones.add(zone);
    if (keys === null || keys.length === 0) return;
    this.#keys.set(zone, new Set(keys));
    if (keys.join('\n') === before) return;
    const records = keys.slice(0, mostNamed).map(shortened).join('; ');
    this.#log(2, 'panel.no-names', { zone, count: keys.length, records });
  }
}

/** Maximum number of records that one line of the log names. */
const mostNamed = 5;
