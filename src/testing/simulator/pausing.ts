import type { Chances } from './chances.ts';
import type { Events } from './event.ts';
import { alone, main } from './set-up.ts';
import type { World } from './world.ts';

/** Probabilities of the events that may come before a step in the mode `pauses`. */
const often = { begins: 0.3, ends: 0.35, compares: 0.25, kill: 0.15 } as const;

/** Chooses at random when pauses begin and end, and when comparisons are requested during a pause. */
export class Pausing {
  readonly #world: World;
  readonly #chances: Chances;

  constructor(world: World, chances: Chances) {
    this.#world = world;
    this.#chances = chances;
  }

  /**
   * Yields the events before one step. Sometimes the agent is killed during a pause, or right after its end.
   * @param step the beginning of the names of the random draws
   */
  *events(step: string): Events {
    const chance = (what: string, probability: number): boolean =>
      this.#chances.chance(`${step} ${what}`, probability);
    const wait = (what: string): number =>
      this.#chances.pick(`${step} until ${what}`, [0, 5, 60, 400, 2_000, 9_000]);
    if (chance('compares beside a pause', often.compares)) {
      const zone = this.#chances.pick(`${step} compared`, [null, main, main, alone]);
      yield { kind: 'comparison', zone };
      yield wait('pause after comparison');
    }
    if (!this.#world.pauses.isPaused) {
      if (!chance('pauses', often.begins)) return;
      yield {
        kind: 'pause',
        lasts: this.#chances.pick(`${step} pause lasts`, [null, 2_000, 20_000, 90_000]),
      };
      yield wait('edits in pause');
      return;
    }
    const kills = chance('kills beside a pause', often.kill);
    if (kills) yield { kind: 'kill' };
    const ends = chance('pause ends', often.ends);
    if (ends) {
      yield { kind: 'pause-over', how: this.#chances.pick(`${step} pause ends by`, ['command', 'removed']) };
      yield wait('pause over');
    }
    if (kills) yield { kind: 'start' };
    else if (ends && chance('kills after a pause', often.kill)) {
      yield { kind: 'kill' };
      yield wait('start after pause');
      yield { kind: 'start' };
    }
  }
}
