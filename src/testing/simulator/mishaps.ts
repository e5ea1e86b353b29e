import type { DnsName } from '../../dns/name.ts';
import type { Chances } from './chances.ts';
import type { HistoryEvent, Mishap } from './event.ts';
import { address, alone, main, type HistoryOptions } from './set-up.ts';
import { Losses } from './losses.ts';
import type { JournalFault } from './sim-journal.ts';
import type { LocalPart, World } from './world.ts';

/** Probability that the agent is restarted twice in a row before a step. */
const quickRestart = 0.03;

/**
 * One kind of mishap: the option that turns it on, the name of its draw, and its probability before a step.
 */
interface Kind {
  readonly wanted: keyof HistoryOptions;
  readonly how: string;
  readonly often: number;
  readonly make: (step: string) => HistoryEvent;
}

const troubles: readonly [JournalFault, ...JournalFault[]] = [
  'full',
  'reserve-gone',
  'read-only',
  'busy',
  'unreadable',
  'read-error',
];

/** Makes the faults of a history that do not belong to an edit or a call. */
export class Mishaps {
  readonly #world: World;
  readonly #chances: Chances;
  readonly #options: Partial<HistoryOptions>;
  readonly #fresh: DnsName;
  readonly #losses: Losses;
  readonly #kinds: readonly Kind[] = [
    { wanted: 'journal', how: 'journal trouble', often: 0.15, make: (step) => this.#journalTrouble(step) },
    { wanted: 'journal', how: 'power cut', often: 0.15, make: (step) => this.#powerCut(step) },
    { wanted: 'reads', how: 'hides', often: 0.12, make: (step) => this.#hiddenZone(step) },
    { wanted: 'others', how: 'other panel', often: 0.12, make: (step) => this.#otherPanel(step) },
    { wanted: 'unheard', how: 'loses', often: 0.12, make: (step) => this.#losses.records(step) },
    { wanted: 'unheard', how: 'loses a zone', often: 0.06, make: (step) => this.#losses.zone(step) },
    {
      wanted: 'unheard',
      how: 'provider',
      often: 0.12,
      make: (step) => this.#losses.byProvider(step, this.#central(step)),
    },
    { wanted: 'moves', how: 'settings', often: 0.2, make: (step) => this.#settings(step) },
    {
      wanted: 'observe',
      how: 'mode',
      often: 0.2,
      make: () => ({ kind: 'mode', mode: this.#world.mode === 'strict' ? 'observe' : 'strict' }),
    },
    {
      wanted: 'backups',
      how: 'copies',
      often: 0.15,
      make: (step) => ({ kind: 'journal-copied', central: this.#central(step) }),
    },
    {
      wanted: 'backups',
      how: 'puts back',
      often: 0.12,
      make: (step) => ({ kind: 'journal-put-back', central: this.#central(step) }),
    },
  ];

  /** @param fresh the zone that the history creates and deletes */
  constructor(world: World, chances: Chances, options: Partial<HistoryOptions>, fresh: DnsName) {
    this.#world = world;
    this.#chances = chances;
    this.#options = options;
    this.#fresh = fresh;
    this.#losses = new Losses(world, chances, fresh);
  }

  /**
   * Yields the mishaps right before a step and, as numbers, milliseconds to wait between them.
   * @param step the beginning of the names of the draws
   */
  *before(step: string): Generator<number | HistoryEvent, void> {
    for (const { wanted, how, often: probability, make } of this.#kinds) {
      if (this.#options[wanted] === true && this.#chances.chance(`${step} ${how}`, probability))
        yield make(step);
    }
    if (this.#chances.chance(`${step} restarts quickly`, quickRestart)) yield* this.#quickRestart(step);
  }

  /** Makes the panel's part of an edit sometimes slower than the engine waits for. */
  slower(step: string, local: LocalPart): LocalPart {
    if (this.#options.lags === true) {
      const lag = this.#chances.maybe(`${step} visible late`, 0.15, [16_000, 30_000, 60_000]);
      const most = this.#chances.maybe(`${step} visible very late`, 0.02, [150_000]) ?? lag;
      return most === null ? local : { ...local, visibleAfter: most };
    }
    if (this.#options.slow !== true) return local;
    const pick = (what: string, probability: number, values: readonly [number, ...number[]]): number | null =>
      this.#chances.maybe(`${step} ${what}`, probability, values);
    const afterLate = pick('after late', 0.2, [500, 8_000, 25_000, 60_000]);
    return {
      ...local,
      takes: pick('takes long', 0.15, [25_000, 45_000, 90_000]) ?? local.takes,
      ...(afterLate === null ? {} : { afterLate }),
      ...(this.#chances.chance(`${step} after twice`, 0.15) ? { afterTwice: true } : {}),
    };
  }

  #journalTrouble(step: string): Mishap {
    const lasts = this.#chances.pick(`${step} trouble lasts`, [100, 2_000, 15_000, 60_000]);
    const fault = this.#chances.pick(`${step} trouble`, troubles);
    return { kind: 'journal-trouble', central: this.#central(step), fault, lasts };
  }

  #powerCut(step: string): Mishap {
    return {
      kind: 'power-cut',
      commit: this.#chances.between(`${step} cut commit`, 1, 6),
      lands: this.#chances.chance(`${step} cut lands`, 0.5),
      back: this.#chances.pick(`${step} cut back`, [10, 1_000, 20_000]),
    };
  }

  #hiddenZone(step: string): Mishap {
    return {
      kind: 'hidden-zone',
      of: this.#chances.chance(`${step} hides at panel`, 0.5) ? 'panel' : this.#central(step),
      zone: this.#chances.pick(`${step} hidden`, [main, alone, this.#fresh]),
      lasts: this.#chances.pick(`${step} hidden lasts`, [3_000, 30_000, 300_000]),
    };
  }

  #otherPanel(step: string): Mishap {
    const zone = this.#chances.pick(`${step} other zone`, [main, main, this.#fresh]);
    const host = this.#chances.pick(`${step} other host`, ['www', 'ftp', 'api']);
    return {
      kind: 'other-panel',
      central: this.#central(step),
      zone,
      keeps: address(zone, host, this.#chances.between(`${step} other address`, 230, 240)),
      times: this.#chances.between(`${step} other times`, 1, 4),
      every: this.#chances.pick(`${step} other every`, [200, 3_000, 20_000]),
    };
  }

  #settings(step: string): Mishap {
    return { kind: 'settings', central: this.#chances.between(`${step} settings`, 1, 2) };
  }

  *#quickRestart(step: string): Generator<number | HistoryEvent, void> {
    for (const time of [1, 2]) {
      yield { kind: 'kill' };
      yield this.#chances.pick(`${step} restart ${time}`, [0, 5, 300]);
      yield { kind: 'start' };
      yield this.#chances.pick(`${step} runs ${time}`, [0, 5, 100, 2_000]);
    }
  }

  /** Draws the number of one of the centrals. */
  #central(step: string): number {
    const count = this.#world.sides.length;
    return count === 1 ? 1 : this.#chances.between(`${step} central`, 1, count);
  }
}
