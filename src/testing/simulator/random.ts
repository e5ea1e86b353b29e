import type { Chances, Drawn } from './chances.ts';

/**
 * Makes random draws from a seed. A result depends only on the seed, the draw's name, and its number within
 * that name. So a new draw in one place does not change the results of others.
 */
export class Random implements Chances {
  readonly #seed: number;
  /** For each name: its hash with the seed, and the number of draws so far. */
  readonly #names = new Map<string, { readonly hash: number; count: number }>();

  constructor(seed: number) {
    this.#seed = mix(seed);
  }

  /** The result is rounded down to six decimals, so that a story can show it in full. */
  next(name: string): number {
    return Math.floor(this.#draw(name) * 1_000_000) / 1_000_000;
  }

  chance(name: string, probability: number): boolean {
    return this.#draw(name) < probability;
  }

  between(name: string, least: number, most: number): number {
    return least + Math.floor(this.#draw(name) * (most - least + 1));
  }

  pick<T extends Drawn>(name: string, values: readonly [T, ...T[]]): T {
    return values[Math.floor(this.#draw(name) * values.length)] ?? values[0];
  }

  maybe<T extends Drawn>(name: string, probability: number, values: readonly [T, ...T[]]): T | null {
    const drawn = this.#draw(name);
    if (drawn >= probability) return null;
    return values[Math.floor((drawn / probability) * values.length)] ?? values[0];
  }

  /** Draws a number from 0 up to but not including 1. */
  #draw(name: string): number {
    let known = this.#names.get(name);
    if (known === undefined) this.#names.set(name, (known = { hash: this.#hash(name), count: 0 }));
    known.count += 1;
    return mix(known.hash + Math.imul(known.count, 0x9e3779b9)) / 4_294_967_296;
  }

  /** The FNV-1a hash (32 bits) of the name. The seed is mixed into its start value. */
  #hash(name: string): number {
    let hash = 0x811c9dc5 ^ this.#seed;
    for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
    return mix(hash);
  }
}

/** Makes each bit depend on all others (the last steps of MurmurHash3). */
function mix(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
