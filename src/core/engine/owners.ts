import { isWithin, labels, parentName, type DnsName } from '../../dns/name.ts';
import type { Batch } from '../journal.ts';
import type { Actor, OwnersEvent } from '../panel.ts';

/** Whether an account may have an edit written at the central before the panel has made it. */
export type Right =
  | 'may'
  /** The panel's list says that the zone, or one above or below it, belongs to another account. */
  | 'another'
  /** Nobody can say yet whose the zone is. */
  | 'unknown';

/** What is asked of {@link Owners.judge}. */
export interface Asked {
  readonly actor: Actor;
  readonly zone: DnsName;
  /** Whether the zone would be new. */
  readonly creates: boolean;
}

type Accounts = readonly string[] | null;

/** Zones whose owner is not known any more, since a function that may change it was begun. */
interface Doubt {
  readonly zones: ReadonlySet<DnsName> | 'all';
  readonly fingerprint: string;
  /** Monotonic time, milliseconds. */
  readonly since: number;
  /** When the panel said that the function is done. */
  endedAt: number | null;
}

/** More doubts than this at a time become one about every zone. */
const mostDoubts = 100;

/**
 * Whose the panel's zones are, by the panel's own list, never by a parameter of a call (docs/security.md). Pure: what changes is given
 * back as a batch for the journal.
 */
export class Owners {
  readonly #accounts = new Map<DnsName, Accounts>();
  #doubts: Doubt[] = [];
  #isRead = false;

  /** What the journal remembers of an earlier run. */
  load(remembered: ReadonlyMap<DnsName, Accounts>): void {
    for (const [zone, accounts] of remembered) this.#accounts.set(zone, accounts);
    this.#isRead ||= remembered.size > 0;
  }

  /** How many zones are known, and of how many of them nobody can say whose they are. */
  get counts(): { readonly zones: number; readonly unknown: number } {
    const zones = [...this.#accounts.keys()];
    return { zones: zones.length, unknown: zones.filter((zone) => this.#of(zone) === null).length };
  }

  judge({ actor, zone, creates }: Asked): Right {
    if (actor.rank === 'administrator') return 'may';
    if (actor.rank === 'nobody' || actor.name === '') return 'unknown';
    if (!creates || this.#accounts.has(zone)) return rightOf(actor, this.#of(zone));
    if (!this.#isRead) return 'unknown';
    const rights = this.#related(zone).map((other) => rightOf(actor, this.#of(other)));
    if (rights.includes('another')) return 'another';
    return rights.includes('unknown') ? 'unknown' : 'may';
  }

  /**
   * The `before` of a function that may change whose a zone is: unknown until a list is read that shows what came of it.
   * @param since monotonic, milliseconds
   */
  doubt(zones: readonly DnsName[] | 'all', fingerprint: string, since: number): Batch {
    const known =
      zones === 'all' ? [...this.#accounts.keys()] : zones.filter((zone) => this.#accounts.has(zone));
    if (known.length === 0) return {};
    const whole = zones === 'all' || this.#doubts.length >= mostDoubts;
    if (whole) this.#doubts = this.#doubts.filter(({ zones: doubted }) => doubted === 'all').slice(-1);
    this.#doubts.push({ zones: whole ? 'all' : new Set(known), fingerprint, since, endedAt: null });
    return { owners: new Map(known.map((zone) => [zone, null])) };
  }

  /** Zones that a function about accounts may concern; all of them when it names none that is known. */
  concernedBy({ zones, accounts }: Pick<OwnersEvent, 'zones' | 'accounts'>): readonly DnsName[] | 'all' {
    if (accounts.length === 0) return zones;
    const named = new Set(accounts);
    const theirs = [...this.#accounts].filter(
      ([, owners]) => owners?.some((name) => named.has(name)) === true,
    );
    return theirs.length === 0 ? 'all' : [...zones, ...theirs.map(([zone]) => zone)];
  }

  /**
   * The panel said that the function with this fingerprint is done: the next list shows what came of it.
   * @returns whether a doubt was about it
   */
  ended(fingerprint: string, at: number): boolean {
    const ended = this.#doubts.filter((doubt) => doubt.fingerprint === fingerprint);
    for (const doubt of ended) doubt.endedAt = at;
    return ended.length > 0;
  }

  /** The panel kept a create by this account: the zone is his until a list is read. */
  created(zone: DnsName, actor: Actor): Batch {
    const owned = actor.rank === 'user' || actor.rank === 'reseller';
    if (!owned || actor.name === '' || this.#of(zone) !== null) return {};
    this.#accounts.set(zone, [actor.name]);
    this.#doubts = this.#doubts.map((doubt) => without(doubt, zone));
    return { owners: new Map([[zone, [actor.name]]]) };
  }

  /**
   * Takes a list of the panel for what it proves.
   * @param began when its reading began, monotonic milliseconds
   * @param patience how long (ms) a function whose end nobody reported may take
   * @returns what changed, and how long (ms) until another list would prove more; null: never
   */
  read(
    list: ReadonlyMap<DnsName, Accounts>,
    began: number,
    patience: number,
  ): { readonly batch: Batch; readonly again: number | null } {
    this.#isRead = true;
    const before = new Map([...this.#accounts.keys()].map((zone) => [zone, this.#of(zone)]));
    const doubted = new Set([...before.keys()].filter((zone) => this.#isDoubted(zone)));
    this.#doubts = this.#doubts.filter(({ since, endedAt }) => (endedAt ?? since + patience) > began);
    const changed = new Map<DnsName, Accounts | 'gone'>();
    for (const zone of before.keys()) {
      if (list.has(zone)) continue;
      this.#accounts.delete(zone);
      changed.set(zone, 'gone');
    }
    for (const [zone, told] of list) {
      // A list that does not tell owners takes nothing from what a kept create has shown.
      const shown = doubted.has(zone) ? null : (this.#accounts.get(zone) ?? null);
      this.#accounts.set(zone, told ?? shown);
      const now = this.#of(zone);
      if (!before.has(zone) || !isSame(before.get(zone) ?? null, now)) changed.set(zone, now);
    }
    const waits = this.#doubts.map(({ since, endedAt }) => (endedAt ?? since + patience) - began);
    return {
      batch: changed.size === 0 ? {} : { owners: changed },
      again: waits.length === 0 ? null : Math.max(...waits),
    };
  }

  #isDoubted(zone: DnsName): boolean {
    return this.#doubts.some(({ zones }) => zones === 'all' || zones.has(zone));
  }

  #of(zone: DnsName): Accounts {
    return this.#isDoubted(zone) ? null : (this.#accounts.get(zone) ?? null);
  }

  /** Zones of the panel above and below a name. */
  #related(name: DnsName): DnsName[] {
    const found = [...this.#accounts.keys()].filter((zone) => isWithin(zone, name));
    for (let above = name; labels(above).length > 1;) {
      above = parentName(above);
      if (this.#accounts.has(above)) found.push(above);
    }
    return found;
  }
}

function rightOf({ name }: Actor, accounts: Accounts): Right {
  if (accounts === null) return 'unknown';
  return accounts.includes(name) ? 'may' : 'another';
}

function isSame(one: Accounts, other: Accounts): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function without(doubt: Doubt, zone: DnsName): Doubt {
  if (doubt.zones === 'all' || !doubt.zones.has(zone)) return doubt;
  return { ...doubt, zones: new Set([...doubt.zones].filter((one) => one !== zone)) };
}
