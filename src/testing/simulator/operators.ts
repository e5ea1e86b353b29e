import { parseName, type DnsName } from '../../dns/name.ts';
import type { Chances } from './chances.ts';
import type { Events, HistoryEvent } from './event.ts';
import { alone, main } from './set-up.ts';
import type { World } from './world.ts';

/** Probabilities that an operator does something before a step of the mode `plans`. */
const often = { plan: 0.5, exclusion: 0.15, kill: 0.2 } as const;

/** Chooses the events of operators: plans and their applications, exclusions and inclusions. */
export class Operators {
  readonly #world: World;
  readonly #chances: Chances;
  readonly #fresh: DnsName;

  /** @param fresh the zone that the history creates and deletes */
  constructor(world: World, chances: Chances, fresh: DnsName) {
    this.#world = world;
    this.#chances = chances;
    this.#fresh = fresh;
  }

  /**
   * Yields the events of operators before one step. Sometimes the agent is killed while it applies a plan.
   * @param step the beginning of the names of the random draws
   */
  *events(step: string): Events {
    if (this.#chances.chance(`${step} operator excludes`, often.exclusion)) yield this.#exclusion(step);
    if (!this.#chances.chance(`${step} operator plans`, often.plan)) return;
    const waits = this.#chances.pick(`${step} operator looks for`, [0, 0, 300, 4_000, 20_000]);
    yield this.#plan(step, waits);
    if (!this.#chances.chance(`${step} killed while it applies`, often.kill)) return;
    yield waits + this.#chances.pick(`${step} until kill of operator`, [150, 300, 500, 900]);
    yield { kind: 'kill' };
    yield this.#chances.pick(`${step} until start for operator`, [10, 1_000, 20_000]);
    yield { kind: 'start' };
  }

  #plan(step: string, waits: number): HistoryEvent {
    const zone = this.#chances.pick(`${step} operator zone`, [main, main, main, alone, this.#fresh]);
    return {
      kind: 'plan',
      central: this.#central(step),
      zone,
      direction: this.#chances.pick(`${step} operator direction`, ['push', 'push', 'pull']),
      removes: this.#chances.chance(`${step} operator removes`, 0.5),
      only: this.#only(step, zone),
      waits,
      twice: this.#chances.chance(`${step} two operators`, 0.15),
    };
  }

  #exclusion(step: string): HistoryEvent {
    const zone = this.#chances.pick(`${step} excluded zone`, [main, main, main, alone, this.#fresh]);
    return {
      kind: 'exclusion',
      central: this.#central(step),
      zone,
      only: this.#only(`${step} excluded`, zone) ?? parseName('www', zone),
      excluded: this.#chances.chance(`${step} operator takes out`, 0.6),
    };
  }

  #only(step: string, zone: DnsName): DnsName | null {
    const host = this.#chances.pick(`${step} operator name`, ['all', 'all', 'all', 'www', 'ftp', 'odd']);
    return host === 'all' ? null : parseName(host, zone);
  }

  #central(step: string): number {
    const count = this.#world.sides.length;
    return count === 1 ? 1 : this.#chances.between(`${step} operator central`, 1, count);
  }
}
