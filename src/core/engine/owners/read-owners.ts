import type { DnsName } from '../../../dns/name.ts';
import { JournalError, type Batch } from '../../journal.ts';
import {
  PanelError,
  type EditEvent,
  type InvalidEvent,
  type OwnerWay,
  type OwnersEvent,
} from '../../panel.ts';
import { Owners, type Right } from './owners.ts';
import type { Runtime } from '../runtime.ts';

/**
 * At least so many milliseconds lie between two readings of the list. After a long reading the pause is
 * `pausePart` times its duration.
 */
const leastPause = 2_000;
const pausePart = 10;
/**
 * A zone that the list lacks causes another reading only so many milliseconds after the last one, because a
 * call may name any zone.
 */
const curiosity = 30_000;

/**
 * A reading takes at most so many milliseconds. If the panel shows no owners, the list is read once as each
 * of its accounts.
 */
const longestReading = 1_800_000;

/**
 * Names of facts in the journal, which can be read while the agent does not run (docs/compatibility.md, A38
 * and A39).
 */
export const ownerFacts = {
  /** How the last complete reading found the owners: an {@link OwnerWay}. */
  way: 'owners.way',
  /**
   * When the self-test found that this panel checks access before it calls us: wall clock, milliseconds since
   * 1970.
   */
  proved: 'owners.panel-checks-first',
} as const;

/** The {@link OwnerWay} that a fact stores; null: it stores none. */
export function rememberedWay(fact: string | null): OwnerWay | null {
  return ways.find((way) => way === fact) ?? null;
}

const ways: readonly OwnerWay[] = ['column', 'each-account', 'none'];

/** The part about owners of the answer to `domainsync status`. */
export interface OwnerStatus {
  /** How the panel shows owners, also if an earlier run found it out. Null: the list was never read. */
  readonly way: OwnerWay | null;
  /**
   * `off`: the settings turn the check off. `proved`: the self-test found that the panel itself checks access
   * first.
   */
  readonly check: 'on' | 'off' | 'proved';
  /**
   * When the last complete reading ended: wall clock, milliseconds since 1970; null: there was none since the
   * start.
   */
  readonly readAt: number | null;
  readonly zones: number;
  /** Number of zones without a known owner. */
  readonly unknown: number;
  /**
   * Number of edits since the start that were left to the panel, because the zone's owner was unknown.
   * `undecidedAt`: when the last one came (wall clock, milliseconds since 1970); null: there was none.
   */
  readonly undecided: number;
  readonly undecidedAt: number | null;
  /**
   * Number of edits that were left to the panel because the zone belongs to another account, and when the
   * last one came.
   */
  readonly foreign: number;
  readonly foreignAt: number | null;
}

/** Reads the owners of zones from the panel in the background, and judges calls by them. */
export class OwnerCheck {
  readonly #runtime: Runtime;
  readonly #owners = new Owners();
  #way: OwnerWay | null = null;
  #readAt: number | null = null;
  #proved = false;
  #undecided = 0;
  #undecidedAt: number | null = null;
  #foreign = 0;
  #foreignAt: number | null = null;
  /** A call has disproved the self-test's result, and the journal has not stored that yet. */
  #isDisproved = false;
  /** Changed owners that the journal has not stored yet. */
  readonly #unsaved = new Map<DnsName, readonly string[] | null | 'gone'>();
  /** When the next reading begins: monotonic milliseconds; null: none is due. */
  #dueAt: number | null = null;
  #cancel: () => void = () => undefined;
  #earliest = 0;
  #lastRead = 0;
  #failures = 0;
  #reading: Promise<void> | null = null;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Loads what earlier runs stored in the journal, and asks for a reading. @throws {JournalError} */
  async start(): Promise<void> {
    const { journal } = this.#runtime.ports;
    this.#owners.load(await journal.owners());
    this.#way = rememberedWay(await journal.fact(ownerFacts.way));
    this.#proved = (await journal.fact(ownerFacts.proved)) !== null;
    this.request(0);
  }

  /** Resolves when no reading runs any more. Call it only after `stopping` was aborted. */
  async drain(): Promise<void> {
    await this.#reading;
  }

  get status(): OwnerStatus {
    const { ownerCheck } = this.#runtime.ports.settings;
    return {
      way: this.#way,
      check: this.#proved && ownerCheck === 'on' ? 'proved' : ownerCheck,
      readAt: this.#readAt,
      ...this.#owners.counts,
      undecided: this.#undecided,
      undecidedAt: this.#undecidedAt,
      foreign: this.#foreign,
      foreignAt: this.#foreignAt,
    };
  }

  /** Whether an edit may be carried out, and its problems reported, before the panel has made it. */
  judge(edit: EditEvent | InvalidEvent): Right {
    const { ownerCheck } = this.#runtime.ports.settings;
    const { actor, zone } = edit;
    if (actor.rank !== 'nobody' && ownerCheck === 'off') return 'may';
    const creates = edit.kind === 'invalid' ? edit.creates : edit.kind === 'zone-create';
    // If a name cannot be read, it belongs to no zone. So the answer reveals nothing about a zone.
    if (zone === null) return creates || actor.rank === 'administrator' ? 'may' : 'unknown';
    const right = this.#owners.judge({ actor, zone, creates });
    return right === 'unknown' && this.#proved && actor.rank !== 'nobody' ? 'may' : right;
  }

  /**
   * Stores the self-test's result: whether the panel checks access before it calls us.
   * @throws {JournalError}
   */
  async prove(checksFirst: boolean): Promise<void> {
    const { clock } = this.#runtime.ports;
    this.#proved = checksFirst;
    await this.#runtime.store.commit({
      facts: { [ownerFacts.proved]: checksFirst ? String(clock.wall()) : null },
    });
  }

  /** Counts a `before` that is left to the panel, and asks for a reading of the owners if that may help. */
  count(right: Right, edit: EditEvent | InvalidEvent): void {
    if (right === 'another') {
      this.#foreign += 1;
      this.#foreignAt = this.#runtime.ports.clock.wall();
      // The panel called us for a zone of another account. So it does not check access first, and the
      // self-test's result is wrong.
      if (this.#proved && edit.kind !== 'zone-create') {
        this.#proved = false;
        this.#isDisproved = true;
        this.request(0);
        this.#runtime.ports.log(2, 'owners.disproved', { zone: edit.zone ?? '-' });
      }
    } else {
      this.#undecided += 1;
      this.#undecidedAt = this.#runtime.ports.clock.wall();
      this.request(Math.max(0, this.#lastRead + curiosity - this.#runtime.now));
    }
    const { name: actor, rank } = edit.actor;
    this.#runtime.ports.log(5, 'edit.left-to-the-panel', { zone: edit.zone ?? '-', actor, rank, right });
  }

  /**
   * Handles the `before` of a function that may change owners. A plain user cannot change accounts, so a
   * plain user's call that names accounts is ignored.
   */
  async before(event: OwnersEvent): Promise<void> {
    const { actor, accounts, fingerprint } = event;
    if (actor.rank === 'user' && accounts !== null) return;
    await this.#doubt(this.#owners.concernedBy(event), fingerprint);
  }

  /**
   * Handles the accepted `before` of a zone delete: the zone's owner is unknown until a list is read.
   * @throws {JournalError}
   */
  async deleting({ zone, fingerprint }: EditEvent): Promise<void> {
    await this.#doubt([zone], fingerprint);
  }

  async #doubt(zones: Parameters<Owners['doubt']>[0], fingerprint: string): Promise<void> {
    const { settings } = this.#runtime.ports;
    const batch = this.#owners.doubt(zones, fingerprint, this.#runtime.now);
    if (batch.owners === undefined) return;
    this.request(settings.afterWait);
    await this.#remember(batch);
  }

  /**
   * Forgets all owners, because calls may have been missed. Until the panel is read again, only
   * administrators have a right.
   * @throws {JournalError}
   */
  async forget(): Promise<void> {
    const batch = this.#owners.forget(this.#runtime.now);
    this.#earliest = 0;
    this.request(0);
    await this.#remember(batch);
  }

  /**
   * Stores that the panel reported the end of a call.
   * @param newZones whether the call may have created zones
   */
  ended(fingerprint: string, newZones: boolean): void {
    if (this.#owners.ended(fingerprint, this.#runtime.now) || newZones)
      this.request(this.#runtime.ports.settings.confirmDelay);
  }

  /** Handles the `after` of an edit: the create or delete of a zone changes owners. @throws {JournalError} */
  async kept({ kind, zone, actor, fingerprint }: EditEvent): Promise<void> {
    const { now } = this.#runtime;
    this.ended(fingerprint, kind !== 'records');
    const isDelete = kind === 'zone-delete';
    // The panel does not delete another account's zone for this actor, so such a call does not prove that the
    // zone is gone.
    if (kind === 'records' || (isDelete && this.#owners.judge({ actor, zone, creates: false }) === 'another'))
      return;
    const batch = isDelete
      ? this.#owners.deleted(zone, fingerprint, now)
      : this.#owners.created(zone, actor, now);
    await this.#remember(batch);
  }

  /**
   * Asks for a reading of the owners. It begins only after the pause that follows the last reading.
   * @param delay milliseconds from now
   */
  request(delay: number): void {
    const { now } = this.#runtime;
    const at = Math.max(now + delay, this.#earliest);
    if (this.#runtime.timers.isStopping || (this.#dueAt !== null && this.#dueAt <= at)) return;
    this.#dueAt = at;
    this.#cancel();
    this.#cancel = this.#runtime.timers.alarm(at - now, () => this.#ring());
  }

  #ring(): void {
    this.#dueAt = null;
    if (this.#reading !== null) {
      // Only one reading runs at a time. What the running one misses, the next one shows.
      void this.#reading.then(() => this.request(0));
      return;
    }
    this.#reading = this.#read().finally(() => (this.#reading = null));
  }

  /** The facts to store after a reading. @param way how this reading found the owners */
  #factsBy(way: OwnerWay): Readonly<Record<string, string | null>> {
    return {
      ...(way === this.#way ? {} : { [ownerFacts.way]: way }),
      ...(this.#isDisproved ? { [ownerFacts.proved]: null } : {}),
    };
  }

  /**
   * Commits changed owners, together with those that the journal failed to store earlier.
   * @throws {JournalError}
   */
  async #remember({ owners = new Map() }: Batch, facts: Batch['facts'] = {}): Promise<void> {
    for (const [zone, accounts] of owners) this.#unsaved.set(zone, accounts);
    if (this.#unsaved.size === 0 && Object.keys(facts).length === 0) return;
    const sent = new Map(this.#unsaved);
    await this.#runtime.store.commit({ owners: sent, facts });
    for (const [zone, accounts] of sent) if (this.#unsaved.get(zone) === accounts) this.#unsaved.delete(zone);
  }

  /**
   * Reads the list of owners. Never throws: after a failure it is read again later, and edits are judged by
   * the old list.
   */
  async #read(): Promise<void> {
    const { panel, clock, settings, log } = this.#runtime.ports;
    try {
      await this.#runtime.gate.idle();
      const began = this.#runtime.now;
      this.#lastRead = began;
      const list = await this.#runtime.timers.step('-', (ctx) => panel.readOwners(ctx), longestReading);
      this.#earliest = this.#runtime.now + Math.max(leastPause, pausePart * (this.#runtime.now - began));
      const { batch, again } = this.#owners.read(list.zones, began, settings.afterWait);
      const facts = this.#factsBy(list.way);
      this.#readAt = clock.wall();
      this.#failures = 0;
      if (again !== null) this.request(again);
      await this.#remember(batch, facts);
      this.#way = list.way;
      this.#isDisproved &&= !(ownerFacts.proved in facts);
      log(6, 'owners.read', { way: list.way, zones: list.zones.size });
    } catch (error) {
      if (this.#runtime.timers.isStopping) return;
      const expected = error instanceof PanelError || error instanceof JournalError;
      const text = error instanceof Error ? error.message : String(error);
      log(expected ? 2 : 1, 'owners.later', { error: text });
      this.request(this.#runtime.timers.backoff((this.#failures += 1)));
    }
  }
}
