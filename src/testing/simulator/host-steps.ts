import type { DnsName } from '../../dns/name.ts';
import type { Accidents } from './accidents.ts';
import { PrefixedChances, type Chances } from './chances.ts';
import type { Events, HistoryEvent, HostedEvents } from './event.ts';
import { HistoryGenerator } from './generator.ts';
import type { Hosts } from './hosts.ts';
import type { HistoryOptions } from './set-up.ts';

const day = 24 * 3_600_000;

/** Probabilities of these events before a step. */
const often = { image: 0.15, start: 0.4, accept: 0.2, gap: 0.04, onCopy: 0.4 } as const;

/**
 * Makes the events of a history with two hosts. Until an operator accepts the copy, most events happen on the
 * original; afterwards all events happen on the copy.
 */
export class HostSteps {
  readonly #hosts: Hosts;
  readonly #original: HistoryGenerator;
  readonly #chances: Chances;
  readonly #options: Partial<HistoryOptions>;
  readonly #fresh: DnsName;
  #copy: HistoryGenerator | null = null;

  /** @param original makes the events of the original @param fresh the zone that both create and delete */
  constructor(
    hosts: Hosts,
    original: HistoryGenerator,
    chances: Chances,
    options: Partial<HistoryOptions>,
    fresh: DnsName,
  ) {
    this.#hosts = hosts;
    this.#original = original;
    this.#chances = chances;
    this.#options = options;
    this.#fresh = fresh;
  }

  /** Like `HistoryGenerator.events`. */
  *events(accidents: Accidents): HostedEvents {
    const steps = this.#chances.between('steps', 10, 22);
    const wild = this.#chances.chance('wild', 0.8);
    if (wild) accidents.begin();
    for (let step = 1; step <= steps; step += 1) {
      yield* this.#ofHosts(step);
      const copy = this.#ofCopy();
      const isOnCopy = copy !== null && this.#chances.chance(`step ${step} on the copy`, often.onCopy);
      const isRetired = this.#hosts.original.world.isRetired;
      if (!isRetired) yield* this.#original.step(step, wild);
      if (copy !== null && (isRetired || isOnCopy)) yield* onCopy(copy.step(step, wild));
    }
  }

  /** Yields the events that concern the hosts as a whole, before a step. */
  *#ofHosts(step: number): HostedEvents {
    const { isCopied, copy, original } = this.#hosts;
    const happens = (what: keyof typeof often): boolean =>
      this.#chances.chance(`step ${step} ${what}`, often[what]);
    if (copy === null && happens('image')) yield { kind: 'host-copied' };
    if (copy === null && isCopied && happens('start')) yield { kind: 'copy-started' };
    if (copy !== null && !original.world.isRetired && happens('accept')) yield { kind: 'copy-accepted' };
    if (!happens('gap')) return;
    const inCharge = original.world.isRetired ? this.#ofCopy() : null;
    if (inCharge === null) yield* this.#gap(step, this.#original);
    else yield* onCopy(this.#gap(step, inCharge));
  }

  /** Yields the events of a month in which a host is off, while both sides change. */
  *#gap(step: number, host: HistoryGenerator): Events {
    yield { kind: 'kill' };
    yield this.#chances.pick(`step ${step} off at first`, [16 * day, 20 * day]);
    yield* host.unwatched(step);
    yield this.#chances.pick(`step ${step} off then`, [16 * day, 25 * day]);
    yield { kind: 'start' };
  }

  /** Makes the events of the copy; null: there is none. */
  #ofCopy(): HistoryGenerator | null {
    const { copy } = this.#hosts;
    if (copy === null) return null;
    this.#copy ??= new HistoryGenerator(
      copy.world,
      new PrefixedChances('copy ', this.#chances),
      this.#options,
      this.#fresh,
      copy.performer.zonesInHand,
    );
    return this.#copy;
  }
}

function* onCopy(events: Events): HostedEvents {
  for (const next of events) yield typeof next === 'number' ? next : toCopy(next);
}

function toCopy(event: HistoryEvent): { readonly on: 'copy'; readonly event: HistoryEvent } {
  return { on: 'copy', event };
}
