import { namesAbove, type DnsName } from '../../../dns/name.ts';
import { JournalError } from '../../journal.ts';
import { PanelError, type PanelEvent, type ZoneList } from '../../panel.ts';
import type { CompareAll } from './compare-all.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import type { Runtime } from '../runtime.ts';
import { Seldom } from '../parts/seldom.ts';
import { baselineFact } from '../before/unknown-zone.ts';

/** Minimum milliseconds between two reads of the panel's list of zones that hook calls cause. */
const listGap = 5_000;
/** Minimum milliseconds between two comparisons of all zones that hook calls cause. */
const allGap = 10_000;
/**
 * Up to this many names are looked up in the ledger one by one. For more names, all zones of the ledger are
 * read at once.
 */
const fewNames = 200;
/** If a call has more names than this, parent names included, all zones are compared. */
const mostNames = 50_000;
/**
 * Until the panel's list is read, at most this many unknown names are kept. The list itself shows further new
 * zones.
 */
const mostUnknown = 1_000;

type Hint = Extract<PanelEvent, { readonly kind: 'hint' }>;

/**
 * Finds out which names in hook calls are zones, and has these zones compared. One call may carry thousands
 * of names, and a name need not be a zone. Names that are zones in the ledger lead to comparisons. For all
 * other names together, the panel's list is read once, and its new zones are compared.
 */
export class NamedZones {
  readonly #runtime: Runtime;
  readonly #inBackground: (work: Promise<void>) => void;
  readonly #unknown = new Map<DnsName, CompareRequest>();
  readonly #list: Seldom;
  readonly #all: Seldom;
  #source = '';

  /** @param inBackground runs a task in the background; the engine waits for the task when it stops */
  constructor(runtime: Runtime, compareAll: CompareAll, inBackground: (work: Promise<void>) => void) {
    this.#runtime = runtime;
    this.#inBackground = inBackground;
    this.#list = new Seldom(runtime, listGap, async () => await this.#readList());
    this.#all = new Seldom(runtime, allGap, async () => await compareAll.everything(this.#source, 'limited'));
    runtime.askForZone = (zone, request) => this.#askForZone(zone, request);
  }

  /**
   * Handles a hint: a panel function that may have changed the named zones without a DNS event. Returns at
   * once; background steps compare the zones.
   */
  hint({ zones, source, actor: { name: lane } }: Hint): void {
    if (zones === 'all') this.#compareAll(source);
    else if (zones.length > 0) this.#inBackground(this.#match(zones, { reason: source, lane }));
  }

  #compareAll(source: string): void {
    this.#source = source;
    this.#inBackground(this.#all.ask());
  }

  /**
   * Schedules comparisons for the named zones. A name may be a host name, so every zone above it is compared
   * too.
   */
  async #match(names: readonly DnsName[], request: Pick<CompareRequest, 'reason' | 'lane'>): Promise<void> {
    const named = new Set(names);
    const above = new Set<DnsName>();
    for (const name of named) {
      for (const one of namesAbove(name)) above.add(one);
      if (named.size + above.size <= mostNames) continue;
      this.#compareAll(request.reason);
      return;
    }
    const known = await this.#known([...named, ...above]);
    for (const zone of above) if (known.has(zone)) this.#compare(zone, { ...request, follow: 'limited' });
    for (const zone of named) {
      if (known.has(zone)) this.#compare(zone, { ...request, follow: 'named' });
      else this.#askForZone(zone, { ...request, follow: 'named' });
    }
  }

  #compare(zone: DnsName, request: CompareRequest): void {
    this.#runtime.agenda.want(zone, request);
  }

  /**
   * The names that the ledger has as zones; the result may contain other zones too. Empty if the journal
   * cannot be read.
   */
  async #known(names: readonly DnsName[]): Promise<ReadonlySet<DnsName>> {
    const { journal, log } = this.#runtime.ports;
    try {
      if (names.length > fewNames) return new Set((await journal.zones()).map(({ zone }) => zone));
      const entries = await Promise.all(names.map(async (name) => await journal.zone(name)));
      return new Set(entries.flatMap((entry) => entry?.zone ?? []));
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      log(1, 'journal.failed', { zone: '-', code: error.code });
      return new Set();
    }
  }

  /** Schedules the comparison of a zone that is not in the ledger, once the panel's list shows the zone. */
  #askForZone(zone: DnsName, request: CompareRequest): void {
    if (this.#unknown.size < mostUnknown) this.#unknown.set(zone, request);
    this.#inBackground(this.#list.ask());
  }

  /**
   * Reads the panel's list and schedules comparisons for its new zones.
   * @returns false: the list or the journal could not be read, and {@link Seldom} tries again
   */
  async #readList(): Promise<boolean> {
    const { panel, journal, log } = this.#runtime.ports;
    const asked = new Map(this.#unknown);
    try {
      const read = (): Promise<ZoneList> =>
        this.#runtime.timers.step('-', async (ctx) => await panel.listZones(ctx));
      const list = new Set((await this.#runtime.gate.quietly('-', read)).value.zones);
      const known = new Set((await journal.zones()).map(({ zone }) => zone));
      for (const [zone, request] of asked) {
        this.#unknown.delete(zone);
        if (list.has(zone) || known.has(zone)) this.#compare(zone, request);
      }
      // Until the first comparison of all zones is complete, most zones are new, and that comparison covers
      // them all.
      if ((await journal.fact(baselineFact)) === null) return true;
      for (const zone of list) if (!known.has(zone)) this.#runtime.agenda.compareSoon(zone, 'in-list');
      return true;
    } catch (error) {
      if (this.#runtime.timers.isStopping) return true;
      if (!(error instanceof PanelError || error instanceof JournalError)) throw error;
      log(2, 'list.later', { error: error.message });
      return false;
    }
  }
}
