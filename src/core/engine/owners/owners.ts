import { isWithin, labels, parentName, type DnsName } from '../../../dns/name.ts';
import type { Batch } from '../../journal.ts';
import type { Actor, OwnersEvent } from '../../panel.ts';

/** Whether an account may have an edit written at the central before the panel has made it. */
export type Right =
  | 'may'
  /** The panel's list says that the zone, or one above or below it, belongs to another account. */
  | 'another'
  /** Nobody can say whose the zone is. */
  | 'unknown'
  /** The panel was never read: nobody can say anything of any zone. */
  | 'unread';

/** What is asked of {@link Owners.judge}. */
export interface Asked {
  readonly actor: Actor;
  readonly zone: DnsName;
  /** Whether the zone would be new. */
  readonly creates: boolean;
}

type Accounts = readonly string[] | null;

/** A function that may change owners was begun: until a list proves what came of it, they are not known. */
interface Doubt {
  readonly fingerprint: string;
  /** Monotonic time, milliseconds. */
  readonly since: number;
  /** When the panel reported that the function is done. */
  endedAt: number | null;
}

/**
 * Whose the panel's zones are, by the panel's own list, never by a parameter of a call (docs/security.md).
 * Pure: what changes is given back as a batch for the journal.
 */
export class Owners {
  readonly #accounts = new Map<DnsName, Accounts>();
  /** The latest of each zone. */
  readonly #doubts = new Map<DnsName, Doubt>();
  #doubtOfAll: Doubt | null = null;
  /**
   * When the panel was heard to keep the create of a zone, monotonic milliseconds: lists from before tell of
   * what was there then.
   */
  readonly #createdAt = new Map<DnsName, number>();
  #isRead = false;
  /** Monotonic time, ms: a list whose reading began before proves nothing. */
  #forgottenAt = -Infinity;

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
    if (!this.#isRead) return 'unread';
    if (!creates || this.#accounts.has(zone)) return rightOf(actor, this.#of(zone));
    const rights = this.#related(zone).map((other) => rightOf(actor, this.#of(other)));
    if (rights.includes('another')) return 'another';
    return rights.includes('unknown') ? 'unknown' : 'may';
  }

  /**
   * The `before` of a function that may change whose a zone is: unknown until a list is read that shows what
   * came of it.
   * @param since monotonic, milliseconds
   */
  doubt(zones: readonly DnsName[] | 'all', fingerprint: string, since: number): Batch {
    const known =
      zones === 'all' ? [...this.#accounts.keys()] : zones.filter((zone) => this.#accounts.has(zone));
    if (known.length === 0) return {};
    const doubt = { fingerprint, since, endedAt: null };
    if (zones === 'all') this.#doubtOfAll = doubt;
    else for (const zone of known) this.#doubts.set(zone, { ...doubt });
    return { owners: new Map(known.map((zone) => [zone, null])) };
  }

  /** The panel was not heard until now: what is known of it counts no longer. */
  forget(now: number): Batch {
    this.#isRead = false;
    this.#forgottenAt = now;
    this.#doubtOfAll = null;
    this.#doubts.clear();
    this.#createdAt.clear();
    const zones = [...this.#accounts.keys()];
    for (const zone of zones) this.#accounts.set(zone, null);
    return zones.length === 0 ? {} : { owners: new Map(zones.map((zone) => [zone, null])) };
  }

  /**
   * Zones whose owner a function may change; where it names no account that is known, all that the actor may
   * be able to change.
   */
  concernedBy({ zones, accounts, actor }: Omit<OwnersEvent, 'kind'>): readonly DnsName[] | 'all' {
    const able = (zone: DnsName): boolean => this.judge({ actor, zone, creates: false }) !== 'another';
    if (accounts === null) return zones.filter(able);
    const named = new Set(accounts);
    const isTheirs = (zone: DnsName): boolean =>
      this.#accounts.get(zone)?.some((name) => named.has(name)) === true;
    const known = [...this.#accounts.keys()];
    const theirs = known.filter(isTheirs);
    if (theirs.length > 0) return theirs.filter(able);
    return actor.rank === 'administrator' ? 'all' : known.filter(able);
  }

  /**
   * The panel reported that the function with this fingerprint is done: the next list shows what came of it.
   * @returns whether a doubt was about it
   */
  ended(fingerprint: string, at: number): boolean {
    const ended = this.#everyDoubt().filter((doubt) => doubt.fingerprint === fingerprint);
    for (const doubt of ended) doubt.endedAt = at;
    return ended.length > 0;
  }

  /**
   * The panel deleted a zone: whose it is from now on, only a list reports whose reading begins later.
   * @param at monotonic, milliseconds
   */
  deleted(zone: DnsName, fingerprint: string, at: number): Batch {
    const batch = this.doubt([zone], fingerprint, at);
    this.ended(fingerprint, at);
    return batch;
  }

  /**
   * The panel kept a create: the zone is its maker's until a list is read whose reading began later. An
   * administrator may have made it for anybody.
   * @param at monotonic, milliseconds
   */
  created(zone: DnsName, { name, rank }: Actor, at: number): Batch {
    if (this.#of(zone) !== null) return {};
    const isOwned = (rank === 'user' || rank === 'reseller') && name !== '';
    const accounts = isOwned ? [name] : null;
    this.#createdAt.set(zone, at);
    if (!isOwned && this.#accounts.has(zone)) return {};
    this.#accounts.set(zone, accounts);
    if (isOwned) this.#doubts.delete(zone);
    return { owners: new Map([[zone, accounts]]) };
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
    if (began < this.#forgottenAt) return { batch: {}, again: 0 };
    this.#isRead = true;
    const before = new Map([...this.#accounts.keys()].map((zone) => [zone, this.#of(zone)]));
    const doubted = new Set([...before.keys()].filter((zone) => this.#isDoubted(zone)));
    const proofs = this.#settleDoubts(began, patience);
    for (const [zone, at] of this.#createdAt) if (at <= began) this.#createdAt.delete(zone);
    for (const zone of before.keys())
      if (!list.has(zone) && !this.#createdAt.has(zone)) this.#accounts.delete(zone);
    for (const [zone, told] of list) {
      if (this.#createdAt.has(zone)) continue;
      // A list that does not report owners takes nothing from what a kept create has shown.
      const shown = doubted.has(zone) ? null : (this.#accounts.get(zone) ?? null);
      this.#accounts.set(zone, told ?? shown);
    }
    const waits = [...proofs, ...this.#createdAt.values()].map((at) => at - began);
    return { batch: this.#changesSince(before), again: waits.length === 0 ? null : Math.max(...waits) };
  }

  /**
   * Ends the doubts that a list whose reading began then settles; times (monotonic, ms) from which on a list
   * settles the others.
   */
  #settleDoubts(began: number, patience: number): number[] {
    const provedAt = ({ since, endedAt }: Doubt): number => endedAt ?? since + patience;
    for (const [zone, doubt] of this.#doubts) if (provedAt(doubt) <= began) this.#doubts.delete(zone);
    if (this.#doubtOfAll !== null && provedAt(this.#doubtOfAll) <= began) this.#doubtOfAll = null;
    return this.#everyDoubt().map(provedAt);
  }

  /** For the journal. */
  #changesSince(before: ReadonlyMap<DnsName, Accounts>): Batch {
    const changed = new Map<DnsName, Accounts | 'gone'>();
    for (const zone of before.keys()) if (!this.#accounts.has(zone)) changed.set(zone, 'gone');
    for (const zone of this.#accounts.keys()) {
      const now = this.#of(zone);
      if (!before.has(zone) || !isSame(before.get(zone) ?? null, now)) changed.set(zone, now);
    }
    return changed.size === 0 ? {} : { owners: changed };
  }

  #isDoubted(zone: DnsName): boolean {
    return this.#doubtOfAll !== null || this.#doubts.has(zone);
  }

  #everyDoubt(): Doubt[] {
    return [...this.#doubts.values(), ...(this.#doubtOfAll === null ? [] : [this.#doubtOfAll])];
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
