import { isWithin, labels, parentName, type DnsName } from '../../../dns/name.ts';
import type { Batch } from '../../journal.ts';
import type { Actor, OwnersEvent } from '../../panel.ts';

/** Whether an account's edit may be written at the central before the panel has made it. */
export type Right =
  | 'may'
  /** The panel's list shows that another account owns the zone, or a zone above or below it. */
  | 'another'
  /** Nothing shows who owns the zone. */
  | 'unknown'
  /** The panel's list was never read, so we know no zone's owner. */
  | 'unread';

/** The question to {@link Owners.judge}: may this actor change this zone? */
export interface Asked {
  readonly actor: Actor;
  readonly zone: DnsName;
  /** Whether the edit would create the zone. */
  readonly creates: boolean;
}

type Accounts = readonly string[] | null;

/**
 * A doubt about owners: a function of the panel that may change them is running, or has ended a short time
 * ago. The owners of its zones are unknown until a list of the panel shows them.
 */
interface Doubt {
  readonly fingerprint: string;
  /** When the function began: monotonic milliseconds. */
  readonly since: number;
  /** When the panel reported that the function has ended: monotonic milliseconds; null: not yet. */
  endedAt: number | null;
}

/**
 * The owners of the panel's zones. Owners are taken from the panel's own list, never from a parameter of a
 * call (docs/security.md). The class does no I/O: its methods return changes as a batch for the journal.
 */
export class Owners {
  readonly #accounts = new Map<DnsName, Accounts>();
  /** For each zone, the latest doubt about its owner. */
  readonly #doubts = new Map<DnsName, Doubt>();
  #doubtOfAll: Doubt | null = null;
  /**
   * For each zone, when the panel reported that it created the zone (monotonic milliseconds). A list whose
   * reading began earlier may lack the zone.
   */
  readonly #createdAt = new Map<DnsName, number>();
  #isRead = false;
  /**
   * When {@link forget} was last called: monotonic milliseconds. A list whose reading began earlier proves
   * nothing.
   */
  #forgottenAt = -Infinity;

  /** Loads the owners that the journal stored in an earlier run. */
  load(remembered: ReadonlyMap<DnsName, Accounts>): void {
    for (const [zone, accounts] of remembered) this.#accounts.set(zone, accounts);
    this.#isRead ||= remembered.size > 0;
  }

  /** The number of zones in the list (`zones`), and of zones without a known owner (`unknown`). */
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
   * Handles the `before` call of a panel function that may change the owners of these zones. Their owners are
   * unknown until a later list of the panel shows them.
   * @param since when the function began, monotonic milliseconds
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

  /**
   * Forgets all owners, because we may have missed calls of the panel.
   * @param now monotonic, milliseconds
   */
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
   * The zones whose owner a panel function may change. The function names zones or accounts. If none of the
   * named accounts is known to own a zone, returns all zones that the actor may be able to change.
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
   * Stores that the panel reported the end of the function with this fingerprint. A list that is read from
   * now on shows the function's result.
   * @param at monotonic, milliseconds
   * @returns whether the function had put an owner in doubt
   */
  ended(fingerprint: string, at: number): boolean {
    const ended = this.#everyDoubt().filter((doubt) => doubt.fingerprint === fingerprint);
    for (const doubt of ended) doubt.endedAt = at;
    return ended.length > 0;
  }

  /**
   * Handles the report that the panel deleted a zone. The owner of this zone name is unknown until a list
   * whose reading began later shows the owner.
   * @param at monotonic, milliseconds
   */
  deleted(zone: DnsName, fingerprint: string, at: number): Batch {
    const batch = this.doubt([zone], fingerprint, at);
    this.ended(fingerprint, at);
    return batch;
  }

  /**
   * Handles the report that the panel created a zone. The zone belongs to the account that created it, until
   * a list whose reading began later shows its owner. If an administrator created it, its owner is unknown.
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
   * Updates the owners from a list of the panel.
   * @param began when its reading began, monotonic milliseconds
   * @param patience milliseconds after which a function counts as ended although its end was not reported
   * @returns `batch`: the changed owners. `again`: milliseconds after which another list would prove more;
   * null: no other list would
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
      // If the list does not show the owner of a zone, the account that created the zone stays its owner.
      const shown = doubted.has(zone) ? null : (this.#accounts.get(zone) ?? null);
      this.#accounts.set(zone, told ?? shown);
    }
    const waits = [...proofs, ...this.#createdAt.values()].map((at) => at - began);
    return { batch: this.#changesSince(before), again: waits.length === 0 ? null : Math.max(...waits) };
  }

  /**
   * Ends the doubts about owners that a new list settles.
   * @param began when the reading of the list began, monotonic milliseconds
   * @returns for each doubt that remains, the time from which a list settles it (monotonic milliseconds)
   */
  #settleDoubts(began: number, patience: number): number[] {
    const provedAt = ({ since, endedAt }: Doubt): number => endedAt ?? since + patience;
    for (const [zone, doubt] of this.#doubts) if (provedAt(doubt) <= began) this.#doubts.delete(zone);
    if (this.#doubtOfAll !== null && provedAt(this.#doubtOfAll) <= began) this.#doubtOfAll = null;
    return this.#everyDoubt().map(provedAt);
  }

  /**
   * Compares the owners with an earlier state and returns the changes as a batch for the journal.
   * @param before the earlier state
   */
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

  /** All zones of the panel that lie above or below a name. */
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
