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
 * Shortest time between two readings of the list, milliseconds; and how many times longer than the last
 * reading took.
 */
const leastPause = 2_000;
const pausePart = 10;
/**
 * A zone that the list did not have is searched for again only so long (ms) after the last reading: anybody
 * may name any zone.
 */
const curiosity = 30_000;

/**
 * Longest time one reading may take, milliseconds: panels that report no owner are asked as each of their
 * accounts.
 */
const longestReading = 1_800_000;

/**
 * Facts in the journal, for whoever tells how owners are known without asking the agent
 * (docs/compatibility.md, A38 and A39).
 */
export const ownerFacts = {
  /** An {@link OwnerWay}: what the last complete reading found. */
  way: 'owners.way',
  /**
   * When the self-test saw that this panel checks access before it calls us, wall clock, milliseconds since
   * 1970.
   */
  proved: 'owners.panel-checks-first',
} as const;

/** What {@link ownerFacts} remembers of a way; null where it remembers none. */
export function rememberedWay(fact: string | null): OwnerWay | null {
  return ways.find((way) => way === fact) ?? null;
}

const ways: readonly OwnerWay[] = ['column', 'each-account', 'none'];

/** What `domainsync status` reports of owners. */
export interface OwnerStatus {
  /**
   * How the panel reports whose a zone is, remembered from earlier runs; null until its list was read for the
   * first time.
   */
  readonly way: OwnerWay | null;
  /** Whether the check is off by the settings, or the panel was seen to check by itself. */
  readonly check: 'on' | 'off' | 'proved';
  /**
   * Wall clock, milliseconds since 1970, of the last complete reading; null when there was none since the
   * start.
   */
  readonly readAt: number | null;
  readonly zones: number;
  /** Zones whose owner is not known. */
  readonly unknown: number;
  /**
   * Edits since the start that the panel alone decided, because nobody could say whose the zone was, and the
   * last one's time.
   */
  readonly undecided: number;
  readonly undecidedAt: number | null;
  /** The same of edits in zones of another account. */
  readonly foreign: number;
  readonly foreignAt: number | null;
}

/** Keeps what is known of owners up to date with the panel, in the background, and judges calls by it. */
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
  /** The proof failed, and the journal does not know that yet. */
  #isDisproved = false;
  /** What changed and the journal does not have yet. */
  readonly #unsaved = new Map<DnsName, readonly string[] | null | 'gone'>();
  /** Monotonic time at which the next reading begins; null: none is due. */
  #dueAt: number | null = null;
  #cancel: () => void = () => undefined;
  #earliest = 0;
  #lastRead = 0;
  #failures = 0;
  #reading: Promise<void> | null = null;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** @throws {JournalError} */
  async start(): Promise<void> {
    const { journal } = this.#runtime.ports;
    this.#owners.load(await journal.owners());
    this.#way = rememberedWay(await journal.fact(ownerFacts.way));
    this.#proved = (await journal.fact(ownerFacts.proved)) !== null;
    this.request(0);
  }

  /** Resolves when no reading runs any more; call it after `stopping` was aborted. */
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

  /** Whether what an edit asks for may be written, and its problems told, before the panel has made it. */
  judge(edit: EditEvent | InvalidEvent): Right {
    const { ownerCheck } = this.#runtime.ports.settings;
    const { actor, zone } = edit;
    if (actor.rank !== 'nobody' && ownerCheck === 'off') return 'may';
    const creates = edit.kind === 'invalid' ? edit.creates : edit.kind === 'zone-create';
    // Problems of a name that was just typed are nobody's secret.
    if (zone === null) return creates || actor.rank === 'administrator' ? 'may' : 'unknown';
    const right = this.#owners.judge({ actor, zone, creates });
    return right === 'unknown' && this.#proved && actor.rank !== 'nobody' ? 'may' : right;
  }

  /** What the self-test saw: whether the panel checks access before it calls us. @throws {JournalError} */
  async prove(checksFirst: boolean): Promise<void> {
    const { clock } = this.#runtime.ports;
    this.#proved = checksFirst;
    await this.#runtime.store.commit({
      facts: { [ownerFacts.proved]: checksFirst ? String(clock.wall()) : null },
    });
  }

  /** Counts a `before` that is left to the panel. */
  count(right: Right, edit: EditEvent | InvalidEvent): void {
    if (right === 'another') {
      this.#foreign += 1;
      this.#foreignAt = this.#runtime.ports.clock.wall();
      // We were asked about the zone of somebody else: the panel does not check first after all.
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
   * The `before` of a function that may change whose zones are. Only accounts that it may be a success for
   * raise doubts.
   */
  async before(event: OwnersEvent): Promise<void> {
    const { actor, accounts, fingerprint } = event;
    if (actor.rank === 'user' && accounts !== null) return;
    await this.#doubt(this.#owners.concernedBy(event), fingerprint);
  }

  /** The same for the delete of a zone that the actor may delete. @throws {JournalError} */
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
   * Nothing was heard of the panel for a while: until it is read again nobody has a right. @throws
   * {JournalError}
   */
  async forget(): Promise<void> {
    const batch = this.#owners.forget(this.#runtime.now);
    this.#earliest = 0;
    this.request(0);
    await this.#remember(batch);
  }

  /** The panel reported that a call is done. @param newZones whether it may have made zones */
  ended(fingerprint: string, newZones: boolean): void {
    if (this.#owners.ended(fingerprint, this.#runtime.now) || newZones)
      this.request(this.#runtime.ports.settings.confirmDelay);
  }

  /** The panel kept an edit. @throws {JournalError} */
  async kept({ kind, zone, actor, fingerprint }: EditEvent): Promise<void> {
    const { now } = this.#runtime;
    this.ended(fingerprint, kind !== 'records');
    const isDelete = kind === 'zone-delete';
    // Of a zone of another account the panel would not have kept it.
    if (kind === 'records' || (isDelete && this.#owners.judge({ actor, zone, creates: false }) === 'another'))
      return;
    const batch = isDelete
      ? this.#owners.deleted(zone, fingerprint, now)
      : this.#owners.created(zone, actor, now);
    await this.#remember(batch);
  }

  /** Asks for a reading; never sooner than the panel can bear. @param delay milliseconds from now */
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
      // One reading at a time: what it does not show yet, the next one does.
      void this.#reading.then(() => this.request(0));
      return;
    }
    this.#reading = this.#read().finally(() => (this.#reading = null));
  }

  /** What a reading changes of what the journal remembers. */
  #factsBy(way: OwnerWay): Readonly<Record<string, string | null>> {
    return {
      ...(way === this.#way ? {} : { [ownerFacts.way]: way }),
      ...(this.#isDisproved ? { [ownerFacts.proved]: null } : {}),
    };
  }

  /** What the journal could not take earlier goes with it. @throws {JournalError} */
  async #remember({ owners = new Map() }: Batch, facts: Batch['facts'] = {}): Promise<void> {
    for (const [zone, accounts] of owners) this.#unsaved.set(zone, accounts);
    if (this.#unsaved.size === 0 && Object.keys(facts).length === 0) return;
    const sent = new Map(this.#unsaved);
    await this.#runtime.store.commit({ owners: sent, facts });
    for (const [zone, accounts] of sent) if (this.#unsaved.get(zone) === accounts) this.#unsaved.delete(zone);
  }

  /** Never throws: what cannot be read now is read later, and edits are judged by what is known. */
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
