import { namesAbove, type DnsName } from '../../../dns/name.ts';
import { JournalError } from '../../journal.ts';
import { PanelError, type PanelEvent, type ZoneList } from '../../panel.ts';
import type { CompareAll } from './compare-all.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import type { Runtime } from '../runtime.ts';
import { Seldom } from '../parts/seldom.ts';
import { baselineFact } from '../before/unknown-zone.ts';

/**
 * Least time between two reads of the panel's list, and between two comparisons of all zones, that calls
 * cause (milliseconds).
 */
const listGap = 5_000;
const allGap = 10_000;
/** Up to so many names are searched in the ledger one by one; for more it is read once as a whole. */
const fewNames = 200;
/** A call with more names, those above them included, counts as one that names no zone. */
const mostNames = 50_000;
/**
 * Most unknown names that are kept until the list is read. Further new zones are found in the list itself.
 */
const mostUnknown = 1_000;

type Hint = Extract<PanelEvent, { readonly kind: 'hint' }>;

/**
 * Finds out which names in calls of the panel are zones. A name need not be a zone, and one call may carry
 * thousands. Zones of the ledger are compared. Other names cause a read of the panel's list, which all of
 * them share, and new zones in it are compared.
 */
export class NamedZones {
  readonly #runtime: Runtime;
  readonly #inBackground: (work: Promise<void>) => void;
  readonly #unknown = new Map<DnsName, CompareRequest>();
  readonly #list: Seldom;
  readonly #all: Seldom;
  #source = '';

  /** @param inBackground runs a task to its end or the engine's stop */
  constructor(runtime: Runtime, compareAll: CompareAll, inBackground: (work: Promise<void>) => void) {
    this.#runtime = runtime;
    this.#inBackground = inBackground;
    this.#list = new Seldom(runtime, listGap, async () => await this.#readList());
    this.#all = new Seldom(runtime, allGap, async () => await compareAll.everything(this.#source, 'limited'));
    runtime.askForZone = (zone, request) => this.#askForZone(zone, request);
  }

  /** Handles a hint: a function of the panel may have changed the zones it names. Returns at once. */
  hint({ zones, source, actor: { name: lane } }: Hint): void {
    if (zones === 'all') this.#compareAll(source);
    else if (zones.length > 0) this.#inBackground(this.#match(zones, { reason: source, lane }));
  }

  #compareAll(source: string): void {
    this.#source = source;
    this.#inBackground(this.#all.ask());
  }

  /**
   * Asks for comparisons of the named zones. A name may be a host, so the zones it lies in are compared as
   * well.
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
   * The names that the ledger has as zones (or more zones than asked for); empty if the journal cannot be
   * read.
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

  /** Has a zone compared that is not in the ledger, once the panel's list shows it. */
  #askForZone(zone: DnsName, request: CompareRequest): void {
    if (this.#unknown.size < mostUnknown) this.#unknown.set(zone, request);
    this.#inBackground(this.#list.ask());
  }

  /**
   * Reads the panel's list and asks for comparisons of its new zones.
   * @returns false: it has to be tried again
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
      // Before the baseline every zone is new, and it compares them all.
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
