import type { Chances, Drawn } from './chances.ts';

/** Seeded random numbers, so that a history can be replayed from its number. */
export class Random implements Chances {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to but not including 1 (mulberry32: 32 bits of state, good enough to pick faults). */
  next(_name: string): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  chance(name: string, probability: number): boolean {
    return this.next(name) < probability;
  }

  between(name: string, least: number, most: number): number {
    return least + Math.floor(this.next(name) * (most - least + 1));
  }

  pick<T extends Drawn>(name: string, values: readonly [T, ...T[]]): T {
    return values[this.between(name, 0, values.length - 1)] ?? values[0];
  }

  maybe<T extends Drawn>(name: string, probability: number, values: readonly [T, ...T[]]): T | null {
    return this.chance(name, probability) ? this.pick(name, values) : null;
  }
}
