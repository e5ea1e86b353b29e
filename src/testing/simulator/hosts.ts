import type { EngineSettings } from '../../core/engine/settings.ts';
import { JournalError } from '../../core/journal.ts';
import { MemoryJournal } from '../memory-journal.ts';
import { Accidents } from './accidents.ts';
import { PrefixedChances, type Chances } from './chances.ts';
import type { HistoryEvent, HostEvent } from './event.ts';
import { Performer } from './perform.ts';
import type { HistoryOptions } from './set-up.ts';
import { World, type HostImage } from './world.ts';

/** A simulated host of a panel, and the performer that carries out the events on this host. */
export interface Host {
  readonly world: World;
  readonly performer: Performer;
  readonly accidents: Accidents;
}

const kinds: ReadonlySet<string> = new Set<HostEvent['kind']>([
  'host-copied',
  'copy-started',
  'copy-accepted',
]);

export function isOfHost(event: HistoryEvent): event is HostEvent {
  return kinds.has(event.kind);
}

/** The panel's host, and a copy of it that is started beside it. Both use the same central. */
export class Hosts {
  readonly original: Host;
  copy: Host | null = null;
  #image: HostImage | null = null;
  /** Whether an operator has decided that the copy replaces the original. */
  #isAccepted = false;
  readonly #chances: Chances;
  readonly #options: Partial<HistoryOptions>;
  readonly #settings: Partial<EngineSettings>;

  constructor(
    original: World,
    chances: Chances,
    options: Partial<HistoryOptions>,
    settings: Partial<EngineSettings>,
  ) {
    this.#chances = chances;
    this.#options = options;
    this.#settings = settings;
    const accidents = new Accidents(original, chances, options);
    this.original = { world: original, performer: new Performer(original), accidents };
  }

  /** The hosts that exist at the moment. */
  get all(): readonly Host[] {
    return this.copy === null ? [this.original] : [this.original, this.copy];
  }

  get isCopied(): boolean {
    return this.#image !== null;
  }

  /** Carries out an event on one of the hosts. An event of a copy that does not exist does nothing. */
  async perform(event: HistoryEvent, isOnCopy: boolean): Promise<void> {
    if (isOfHost(event)) await this.#performHosts(event);
    else await (isOnCopy ? this.copy : this.original)?.performer.perform(event);
    if (event.kind !== 'clock-step') return;
    // All hosts get their time from the same server.
    const other = isOnCopy ? this.original : this.copy;
    other?.world.clockStepped(event.by);
  }

  async #performHosts({ kind }: HostEvent): Promise<void> {
    switch (kind) {
      case 'host-copied':
        this.#takeImage();
        return;
      case 'copy-started':
        await this.#startCopy();
        return;
      case 'copy-accepted':
        this.#accept();
    }
  }

  #takeImage(): void {
    const { world } = this.original;
    const { panel, sides } = world;
    this.#image = {
      of: world,
      zones: new Map([...panel.zones].map(([zone, records]) => [zone, new Map(records)])),
      owners: new Map(panel.owners),
      journal: sides[0]?.disk.image() ?? null,
    };
    world.note('somebody takes an image of the host');
  }

  async #startCopy(): Promise<void> {
    if (this.#image === null || this.copy !== null) return;
    const { of: original, zones, owners } = this.#image;
    const chances = new PrefixedChances('copy ', this.#chances);
    const world = new World(new MemoryJournal(), chances, this.#settings, this.#image);
    world.defaultTtl = original.defaultTtl;
    world.byName = original.byName;
    world.conditional = original.conditional;
    for (const [zone, records] of zones) world.panel.zones.set(zone, new Map(records));
    for (const [zone, accounts] of owners) world.panel.owners.set(zone, accounts);
    const accidents = new Accidents(world, chances, this.#options);
    if (this.original.accidents.isOn) accidents.begin();
    this.copy = { world, performer: new Performer(world), accidents };
    original.tally.fault('a copy of the host runs');
    await world.start();
  }

  #accept(): void {
    if (this.copy === null || this.#isAccepted) return;
    this.#isAccepted = true;
    const { world } = this.original;
    world.kill();
    world.isRetired = true;
    world.tally.fault('a copy is accepted');
    world.note('an operator accepts the journal on the copy');
    this.copy.performer.running.push(this.#acceptOnce(this.copy));
  }

  /** Accepts the journal. If an error of the journal prevents this, tries again, like an operator. */
  async #acceptOnce({ world }: Host): Promise<void> {
    try {
      await world.acceptJournal();
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      world.note(`the journal cannot be accepted: ${error.code}`);
    }
  }

  /** Ends all faults on every host. Call this after the running calls have ended. */
  async calm(): Promise<void> {
    for (const { world } of this.all) {
      world.centralDown = false;
      for (const side of world.sides) side.down = false;
      world.panelFailing = false;
      world.applyOutages();
      if (world.engine === null) await world.start();
    }
    if (this.copy !== null && this.#isAccepted) await this.#acceptOnce(this.copy);
  }
}
