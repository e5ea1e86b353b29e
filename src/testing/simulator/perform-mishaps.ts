import type { DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import type { HistoryEvent, Mishap } from './event.ts';
import type { Side, World } from './world.ts';

type Of<K extends HistoryEvent['kind']> = Extract<HistoryEvent, { kind: K }>;

type HostMishap = Exclude<Mishap, { kind: 'click' }>;

const kinds: ReadonlySet<string> = new Set<HostMishap['kind']>([
  'hidden-zone',
  'other-panel',
  'journal-trouble',
  'power-cut',
  'journal-copied',
  'journal-put-back',
  'settings',
]);

/** Whether it is carried out by a {@link MishapPerformer}. */
export function isMishap(event: HistoryEvent): event is HostMishap {
  return kinds.has(event.kind);
}

/** Carries out what goes wrong in a history beside what users do. */
export class MishapPerformer {
  readonly #world: World;
  readonly #running: Promise<unknown>[];
  readonly #meddled: (zone: DnsName, name: DnsName) => void;

  /**
   * @param running gets what takes time
   * @param meddled is told of each name that somebody else writes at a central
   */
  constructor(world: World, running: Promise<unknown>[], meddled: (zone: DnsName, name: DnsName) => void) {
    this.#world = world;
    this.#running = running;
    this.#meddled = meddled;
  }

  async perform(event: HostMishap): Promise<void> {
    switch (event.kind) {
      case 'hidden-zone':
        this.#hide(event);
        return;
      case 'other-panel':
        this.#running.push(this.#keepAtCentral(event));
        return;
      case 'journal-trouble':
        this.#troubleJournal(event);
        return;
      case 'power-cut':
        this.#cutPower(event);
        return;
      case 'journal-copied':
        this.#side(event.central).disk.backUp();
        this.#world.note(`the journal of central ${event.central} is copied`);
        return;
      case 'journal-put-back':
        await this.#putBack(event);
        return;
      case 'settings':
        this.#running.push(this.#world.use(this.#side(event.central)));
    }
  }

  #hide({ of, zone, lasts }: Of<'hidden-zone'>): void {
    const { hidden } = of === 'panel' ? this.#world.panel : this.#side(of).store;
    hidden.add(zone);
    this.#world.note(`the list of ${of === 'panel' ? 'the panel' : `central ${of}`} lacks ${zone}`);
    this.#running.push(this.#world.clock.sleep(lasts).then(() => hidden.delete(zone)));
  }

  async #keepAtCentral({ central, zone, keeps, times, every }: Of<'other-panel'>): Promise<void> {
    const { store } = this.#side(central);
    for (let time = 0; time < times; time += 1) {
      const records = store.zones.get(zone);
      if (records !== undefined && !records.has(recordId(keeps))) {
        for (const [id, { name, type }] of records)
          if (name === keeps.name && type === keeps.type) records.delete(id);
        records.set(recordId(keeps), this.#world.timed(keeps));
        this.#meddled(zone, keeps.name);
        this.#world.note(`another panel writes ${keeps.name} at central ${central}`);
      }
      await this.#world.clock.sleep(every);
    }
  }

  #troubleJournal({ central, fault, lasts }: Of<'journal-trouble'>): void {
    const { disk } = this.#side(central);
    disk.trouble = fault;
    this.#world.note(`the journal of central ${central} fails: ${fault}`);
    const mended = this.#world.clock.sleep(lasts).then(() => {
      disk.trouble = null;
      this.#world.note(`the journal of central ${central} is mended`);
    });
    this.#running.push(mended);
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

  async #putBack({ central }: Of<'journal-put-back'>): Promise<void> {
    this.#world.kill();
    if (this.#side(central).disk.putBack())
      this.#world.note(`an older journal of central ${central} is put back`);
    await this.#world.start();
  }

  #side(number: number): Side {
    const side = this.#world.sides[number - 1];
    if (side === undefined) throw new Error(`a world without a central ${number}`);
    return side;
  }
}
