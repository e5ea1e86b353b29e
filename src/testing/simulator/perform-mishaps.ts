import { recordId } from '../../dns/record.ts';
import type { HistoryEvent, Mishap } from './event.ts';
import type { Side, World } from './world.ts';

type Of<K extends HistoryEvent['kind']> = Extract<HistoryEvent, { kind: K }>;

type HostMishap = Exclude<Mishap, { kind: 'click' }>;

const kinds: ReadonlySet<string> = new Set<HostMishap['kind']>([
  'hidden-zone',
  'other-panel',
  'odd-central',
  'journal-trouble',
  'power-cut',
  'journal-copied',
  'journal-put-back',
  'settings',
  'mode',
]);

/** Whether a {@link MishapPerformer} carries out the event. */
export function isMishap(event: HistoryEvent): event is HostMishap {
  return kinds.has(event.kind);
}

/** Carries out faults of the host, the lists, the journal, the central and the settings. */
export class MishapPerformer {
  readonly #world: World;
  readonly #running: Promise<unknown>[];

  /** @param running gets the promises of work that takes time */
  constructor(world: World, running: Promise<unknown>[]) {
    this.#world = world;
    this.#running = running;
  }

  /** Begins a mishap. Does nothing if this world does not have the mishap's central. */
  async perform(event: HostMishap): Promise<void> {
    if (event.kind === 'hidden-zone') this.#hide(event);
    else if (event.kind === 'power-cut') this.#cutPower(event);
    else if (event.kind === 'mode') this.#setMode(event);
    else await this.#performAt(this.#world.sides[event.central - 1], event);
  }

  async #performAt(
    side: Side | undefined,
    event: Exclude<HostMishap, Of<'hidden-zone' | 'power-cut' | 'mode'>>,
  ): Promise<void> {
    if (side === undefined) return;
    switch (event.kind) {
      case 'other-panel':
        this.#running.push(this.#keepAtCentral(side, event));
        return;
      case 'odd-central':
        this.#makeOdd(side, event);
        return;
      case 'journal-trouble':
        this.#troubleJournal(side, event);
        return;
      case 'journal-copied':
        side.disk.backUp();
        this.#world.note(`the journal of central ${event.central} is copied`);
        return;
      case 'journal-put-back':
        await this.#putBack(side, event);
        return;
      case 'settings':
        this.#running.push(this.#switchTo(side));
    }
  }

  #hide({ of, zone, lasts }: Of<'hidden-zone'>): void {
    const hidden = of === 'panel' ? this.#world.panel.hidden : this.#world.sides[of - 1]?.store.hidden;
    if (hidden === undefined) return;
    hidden.add(zone);
    if (of === 'panel') this.#world.panel.hiddenUntil.set(zone, this.#world.clock.now() + lasts);
    this.#world.note(`the list of ${of === 'panel' ? 'the panel' : `central ${of}`} lacks ${zone}`);
    this.#running.push(this.#world.clock.sleep(lasts).then(() => hidden.delete(zone)));
  }

  async #keepAtCentral(
    { store }: Side,
    { central, zone, keeps, times, every }: Of<'other-panel'>,
  ): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      const records = store.zones.get(zone);
      if (records !== undefined && !records.has(recordId(keeps))) {
        for (const [id, { name, type }] of records)
          if (name === keeps.name && type === keeps.type) records.delete(id);
        records.set(recordId(keeps), this.#world.timed(keeps));
        this.#world.otherWrote();
        this.#world.tally.fault('another panel writes');
        this.#world.note(`another panel writes ${keeps.name} at central ${central}`);
      }
      await this.#world.clock.sleep(every);
    }
  }

  #makeOdd({ store }: Side, { central, how, lasts }: Of<'odd-central'>): void {
    store.oddity = how;
    this.#world.note(`central ${central} ${how}`);
    this.#running.push(
      this.#world.clock.sleep(lasts).then(() => {
        store.oddity = null;
      }),
    );
  }

  #troubleJournal({ disk }: Side, { central, fault, lasts }: Of<'journal-trouble'>): void {
    disk.trouble = fault;
    const from = this.#world.clock.now();
    disk.outages.push({ from, until: from + lasts });
    this.#world.note(`the journal of central ${central} fails: ${fault}`);
    const mended = this.#world.clock.sleep(lasts).then(() => {
      disk.trouble = null;
      this.#world.note(`the journal of central ${central} is mended`);
    });
    this.#running.push(mended);
  }

  #setMode({ mode }: Of<'mode'>): void {
    this.#world.tally.fault(`mode ${mode}`);
    this.#running.push(this.#world.setMode(mode));
  }

  #cutPower({ commit, lands, back }: Of<'power-cut'>): void {
    this.#world.powerCut = {
      commits: commit,
      kind: lands ? 'cut-after' : 'cut-before',
      onCut: () => {
        this.#world.note('the power fails in a commit');
        this.#running.push(this.#world.clock.sleep(back).then(() => this.#world.start()));
      },
    };
  }

  async #putBack({ disk }: Side, { central }: Of<'journal-put-back'>): Promise<void> {
    this.#world.kill();
    if (disk.putBack()) {
      this.#world.tally.fault('journal put back');
      this.#world.note(`an older journal of central ${central} is put back`);
    }
    await this.#world.start();
  }

  async #switchTo(side: Side): Promise<void> {
    const before = this.#world.active[0];
    await this.#world.use(side);
    if (this.#world.active[0] !== before) this.#world.tally.fault('settings name another central');
  }
}
