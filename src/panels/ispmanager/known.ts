import type { DnsName } from '../../dns/name.ts';
import type { Log } from '../../core/log.ts';
import { shortened } from '../../dns/problem.ts';

/** What the panel's lists have shown, as far as it is needed to read calls. */
export interface PanelKnowledge {
  /**
   * Zones of the panel. A name with `ß` has two readings (`ss` by IDNA 2003), and these names decide
   * between them.
   */
  readonly zones: ReadonlySet<DnsName>;
  /**
   * Domains whose names no name server could serve (`a..b`), in the panel's spelling. They stay in the
   * panel.
   */
  readonly passedOver: ReadonlySet<string>;
  /** Keys of the records in a zone whose names no name server could serve. They stay in the panel. */
  readonly passedOverIn: (zone: DnsName) => ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

/** What is known of a panel that was not read yet: nothing. */
export const nothingKnown: PanelKnowledge = { zones: new Set(), passedOver: none, passedOverIn: () => none };

/**
 * Keeps what reads of the panel show. It logs the records of a zone that are left out, again only if they
 * change.
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

  /** Adds the zones of an earlier run, unless the panel's list has been read already. */
  remember(zones: readonly DnsName[]): void {
    if (!this.#isListed) for (const zone of zones) this.zones.add(zone);
  }

  /**
   * Takes the result of a read of a zone.
   * @param keys of the records that are left out; null: the panel has no such zone
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
