import type { Drawn, Tape } from './chances.ts';
import type { HistoryEvent } from './event.ts';
import type { Story, TimedEvent } from './story.ts';

/** Plays a story. @returns whether the story still shows the wanted result, such as a broken law */
export type Shows = (story: Story) => Promise<boolean>;

/**
 * Makes a story smaller while it still shows the wanted result. Leaves out events, removes random faults,
 * makes events less unusual, and rounds times.
 * @param plays `shows` is called at most this many times
 * @returns the smallest story found, which may be the given one
 */
export async function shrink(story: Story, shows: Shows, plays = 4_000): Promise<Story> {
  const search = new Search(story, shows, plays);
  let size = Number.POSITIVE_INFINITY;
  while (search.size < size) {
    size = search.size;
    await search.leaveOutEvents();
    await search.quietDraws();
    await search.makePlain();
    await search.roundTimes();
  }
  return search.best;
}

/** The smallest story so far, and the steps that look for a smaller one. */
class Search {
  best: Story;
  readonly #shows: Shows;
  #left: number;

  constructor(story: Story, shows: Shows, plays: number) {
    this.best = story;
    this.#shows = shows;
    this.#left = plays;
  }

  get size(): number {
    return JSON.stringify(this.best).length;
  }

  async leaveOutEvents(): Promise<void> {
    await this.#leaveOut(
      () => this.best.events,
      (events) => ({ ...this.best, events }),
    );
  }

  /**
   * Leaves out draws of the tape, so that they cause no fault: first all draws of a name, then single ones.
   */
  async quietDraws(): Promise<void> {
    await this.#leaveOut(
      () => Object.keys(this.best.draws),
      (names) => ({ ...this.best, draws: onlyNames(this.best.draws, names) }),
    );
    await this.#leaveOut(
      () => draws(this.best.draws),
      (kept) => ({ ...this.best, draws: tapeOf(kept) }),
    );
  }

  async makePlain(): Promise<void> {
    for (const name of Object.keys(this.best.options)) {
      const options = Object.fromEntries(Object.entries(this.best.options).filter(([one]) => one !== name));
      await this.#try({ ...this.best, options });
    }
    for (let at = 0; at < this.best.events.length; at += 1) while (await this.#makeEventPlain(at));
  }

  /**
   * Makes an event less unusual, in the first way that keeps the result. @returns whether there was such a
   * way
   */
  async #makeEventPlain(at: number): Promise<boolean> {
    const timed = this.best.events[at];
    if (timed === undefined) return false;
    for (const event of plainer(timed.event)) {
      const isOther = JSON.stringify(event) !== JSON.stringify(timed.event);
      if (isOther && (await this.#try(this.#with(at, { ...timed, event })))) return true;
    }
    return false;
  }

  /** Makes the times of events, and the numbers in draws, as round as possible. */
  async roundTimes(): Promise<void> {
    const last = Math.max(0, ...this.best.events.map(({ at }) => at));
    if (last < this.best.calmAt && !(await this.#try({ ...this.best, calmAt: last })))
      await this.#round(this.best.calmAt, (calmAt) => ({ ...this.best, calmAt }));
    for (let at = 0; at < this.best.events.length; at += 1) {
      const timed = this.best.events[at];
      if (timed !== undefined) await this.#round(timed.at, (time) => this.#with(at, { ...timed, at: time }));
    }
    for (const { name, count, drawn } of draws(this.best.draws)) {
      if (typeof drawn !== 'number' || !Number.isInteger(drawn)) continue;
      await this.#round(drawn, (value) => {
        const values = { ...this.best.draws[name], [count]: value };
        return { ...this.best, draws: { ...this.best.draws, [name]: values } };
      });
    }
  }

  async #round(value: number, change: (rounded: number) => Story): Promise<void> {
    for (const unit of [10_000, 5_000, 1_000, 500, 100, 50, 10, 5]) {
      for (const rounded of [Math.floor(value / unit) * unit, Math.ceil(value / unit) * unit]) {
        if (rounded === value || (await this.#try(change(rounded)))) return;
      }
    }
  }

  /** Tries to leave out all elements, then halves, then quarters, and so on down to single elements. */
  async #leaveOut<T>(all: () => readonly T[], change: (kept: readonly T[]) => Story): Promise<void> {
    for (let chunk = Math.max(1, all().length); chunk >= 1; chunk = Math.floor(chunk / 2)) {
      for (let from = 0; from < all().length;) {
        const kept = all().filter((_, at) => at < from || at >= from + chunk);
        if (!(await this.#try(change(kept)))) from += chunk;
      }
    }
  }

  #with(at: number, timed: TimedEvent): Story {
    return { ...this.best, events: this.best.events.with(at, timed) };
  }

  /** Makes the story the smallest one if it still shows the wanted result. @returns whether it does */
  async #try(story: Story): Promise<boolean> {
    if (this.#left <= 0) return false;
    this.#left -= 1;
    const ordered = { ...story, events: story.events.toSorted((one, other) => one.at - other.at) };
    if (!(await this.#shows(ordered))) return false;
    this.best = ordered;
    return true;
  }
}

interface Draw {
  readonly name: string;
  readonly count: string;
  readonly drawn: Drawn;
}

function draws(tape: Tape): Draw[] {
  return Object.entries(tape).flatMap(([name, values]) =>
    Object.entries(values).map(([count, drawn]) => ({ name, count, drawn })),
  );
}

function tapeOf(kept: readonly Draw[]): Tape {
  const byName = Map.groupBy(kept, ({ name }) => name);
  return Object.fromEntries(
    [...byName].map(([name, group]) => [
      name,
      Object.fromEntries(group.map(({ count, drawn }) => [count, drawn])),
    ]),
  );
}

function onlyNames(tape: Tape, names: readonly string[]): Tape {
  return Object.fromEntries(Object.entries(tape).filter(([name]) => names.includes(name)));
}

/** Makes simpler variants of the event. Each leaves out one of its unusual properties. */
function plainer(event: HistoryEvent): HistoryEvent[] {
  const found: HistoryEvent[] = [];
  if ('local' in event) {
    const { local } = event;
    const quiet = { refuses: event.kind === 'intrusion', takes: 10, afterLost: false, visibleAfter: 0 };
    found.push({ ...event, local: quiet }, { ...event, local: { ...local, afterLost: false } });
    found.push(
      { ...event, local: { ...local, takes: 10 } },
      { ...event, local: { ...local, visibleAfter: 0 } },
    );
    found.push({ ...event, local: { ...local, refuses: quiet.refuses } });
  }
  if (event.kind === 'edit') {
    const { hidesOwner: _hides, leavesOut: _leaves, ...rest } = event;
    found.push(rest);
    for (const [at] of event.items.entries())
      if (event.items.length > 1) found.push({ ...event, items: event.items.toSpliced(at, 1) });
  }
  if (event.kind === 'unheard-change' && event.hints) found.push({ ...event, hints: false });
  if (event.kind === 'plan') found.push({ ...event, twice: false }, { ...event, removes: false });
  if (event.kind === 'unheard-removal') found.push({ ...event, hint: 'none' });
  if (event.kind === 'central-write') found.push({ ...event, remove: null }, { ...event, add: null });
  return found;
}
