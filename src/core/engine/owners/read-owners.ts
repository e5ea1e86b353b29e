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
 * The shortest pause between two readings of the panel's list of zone owners, in milliseconds. After a long
 * reading, the pause is `pausePart` times the duration of the reading.
 */
const leastPause = 2_000;
const pausePart = 10;
/**
 * Milliseconds from the beginning of one reading to the next, if calls name zones without a known owner. Such
 * calls must not cause readings more often, because a call may name any zone.
 */
const curiosity = 30_000;

/**
 * The longest time that a reading may take, in milliseconds. It is long because some panels show no owners:
 * then the list is read once in the name of each account.
 */
const longestReading = 1_800_000;

/**
 * Names of the journal's facts about owners. Facts can be read while the agent does not run
 * (docs/compatibility.md, A38 and A39).
 */
export const ownerFacts = {
  /** Name of the fact that holds how the last complete reading found the owners: an {@link OwnerWay}. */
  way: 'owners.way',
  /**
   * Name of the fact that holds when the self-test found that this panel checks access before it calls us
   * (wall clock, milliseconds since 1970).
   */
  proved: 'owners.panel-checks-first',
} as const;

/** Reads an {@link OwnerWay} from the text of a fact; null: the text is absent or is no such value. */
export function rememberedWay(fact: string | null): OwnerWay | null {
  return ways.find((way) => way === fact) ?? null;
}

const ways: readonly OwnerWay[] = ['column', 'each-account', 'none'];

/** The part of the answer to `domainsync status` that is about owners. */
export interface OwnerStatus {
  /** How the panel shows owners, as this run or an earlier run found out. Null: the list was never read. */
  readonly way: OwnerWay | null;
  /**
   * Whether we check that an account owns the zone that it edits. `off`: the settings turn the check off.
   * `proved`: the self-test found that the panel itself checks access before it calls us.
   */
  readonly check: 'on' | 'off' | 'proved';
  /**
   * When the last complete reading ended (wall clock, milliseconds since 1970); null: none has ended since
   * the start.
   */
  readonly readAt: number | null;
  readonly zones: number;
  /** Number of zones without a known owner. */
  readonly unknown: number;
  /**
   * Number of edits since the start that were left to the panel, because the zone's owner was unknown.
   * `undecidedAt`: when the last such edit came (wall clock, milliseconds since 1970); null: there was none.
   */
  readonly undecided: number;
  readonly undecidedAt: number | null;
  /**
   * Number of edits since the start that were left to the panel because the zone belongs to another account.
   * `foreignAt`: when the last such edit came (wall clock, milliseconds since 1970); null: there was none.
   */
  readonly foreign: number;
  readonly foreignAt: number | null;
}

/**
 * Reads the owners of zones from the panel in the background, and decides with them whether a call may change
 * a zone.
 */
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
  /** True: a call has shown that the self-test's result is wrong, and the journal has not stored this yet. */
  #isDisproved = false;
  /** Changes of owners that the journal has not stored yet, by zone. Null: the owner is unknown. */
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

  /**
   * Loads the owners that earlier runs stored in the journal, and asks for a new reading of the panel's list.
   * @throws {JournalError}
   */
  async start(): Promise<void> {
    const { journal } = this.#runtime.ports;
    this.#owners.load(await journal.owners());
    this.#way = rememberedWay(await journal.fact(ownerFacts.way));
    this.#proved = (await journal.fact(ownerFacts.proved)) !== null;
    this.request(0);
  }

  /** Resolves when no reading runs any more. Call this method only after `Timers.stopping` was aborted. */
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

  /**
   * Decides whether an edit may be carried out at the central, and its problems shown to the user, before the
   * panel has made the edit.
   */
  judge(edit: EditEvent | InvalidEvent): Right {
    const { ownerCheck } = this.#runtime.ports.settings;
    const { actor, zone } = edit;
    if (actor.rank !== 'nobody' && ownerCheck === 'off') return 'may';
    const creates = edit.kind === 'invalid' ? edit.creates : edit.kind === 'zone-create';
    // A name that cannot be parsed belongs to no zone, so the answer reveals nothing about a zone.
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

  /**
   * Counts a `before` call that is left to the panel, and asks for a new reading of the owners if the reading
   * may help.
   */
  count(right: Right, edit: EditEvent | InvalidEvent): void {
    if (right === 'another') {
      this.#foreign += 1;
      this.#foreignAt = this.#runtime.ports.clock.wall();
      // The panel called us for an account that does not own the zone. So the panel does not check access
      // first, and the self-test's result is wrong.
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
   * Handles the `before` call of a panel function that may change the owners of zones. A plain user cannot
   * change accounts, so a plain user's call that names accounts is ignored.
   */
  async before(event: OwnersEvent): Promise<void> {
    const { actor, accounts, fingerprint } = event;
    if (actor.rank === 'user' && accounts !== null) return;
    await this.#doubt(this.#owners.concernedBy(event), fingerprint);
  }

  /**
   * Handles the `before` call of a zone delete that we accepted. The zone's owner is unknown until the
   * panel's list is read again.
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
   * Forgets all owners, because we may have missed calls that changed them. Until the panel's list is read
   * again, only administrators may have edits carried out in `before`.
   * @throws {JournalError}
   */
  async forget(): Promise<void> {
    const batch = this.#owners.forget(this.#runtime.now);
    this.#earliest = 0;
    this.request(0);
    await this.#remember(batch);
  }

  /**
   * Stores the panel's report that a function has ended for which the panel had called us.
   * @param fingerprint of the call
   * @param newZones whether the function may have created zones
   */
  ended(fingerprint: string, newZones: boolean): void {
    if (this.#owners.ended(fingerprint, this.#runtime.now) || newZones)
      this.request(this.#runtime.ports.settings.confirmDelay);
  }

  /**
   * Handles the `after` call of an edit: the create or delete of a zone changes owners.
   * @throws {JournalError}
   */
  async kept({ kind, zone, actor, fingerprint }: EditEvent): Promise<void> {
    const { now } = this.#runtime;
    this.ended(fingerprint, kind !== 'records');
    const isDelete = kind === 'zone-delete';
    // An account cannot delete the zone of another account. So such a call does not prove that the zone is
    // gone.
    if (kind === 'records' || (isDelete && this.#owners.judge({ actor, zone, creates: false }) === 'another'))
      return;
    const batch = isDelete
      ? this.#owners.deleted(zone, fingerprint, now)
      : this.#owners.created(zone, actor, now);
    await this.#remember(batch);
  }

  /**
   * Asks for a reading of the owners. The reading begins only after the pause that follows the previous
   * reading.
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
      // Only one reading runs at a time. Changes that the running reading misses are shown by the next
      // reading.
      void this.#reading.then(() => this.request(0));
      return;
    }
    this.#reading = this.#read().finally(() => (this.#reading = null));
  }

  /** The facts to store in the journal after a reading. @param way how this reading found the owners */
  #factsBy(way: OwnerWay): Readonly<Record<string, string | null>> {
    return {
      ...(way === this.#way ? {} : { [ownerFacts.way]: way }),
      ...(this.#isDisproved ? { [ownerFacts.proved]: null } : {}),
    };
  }

  /**
   * Stores changed owners in the journal, together with changes that the journal failed to store earlier.
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
   * Reads the panel's list of owners. Never throws: after a failure, the list is read again later, and until
   * then the old owners count.
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
