import type { Clock } from '../../core/clock.ts';
import { AskFailed, NoAgent } from '../control/client.ts';
import type { Problem } from '../../dns/problem.ts';

/**
 * How the work on one item ended. `failed`: with these problems. `skipped`: it was not finished, because too
 * many items before it had failed or the work was stopped.
 */
export type Worked<T, R> =
  | { readonly item: T; readonly kind: 'worked'; readonly result: R }
  | { readonly item: T; readonly kind: 'failed'; readonly problems: readonly Problem[] }
  | { readonly item: T; readonly kind: 'skipped' };

/** How many items are worked on at the same time: `first` at the beginning, never more than `most`. */
const places = { first: 4, most: 16 } as const;
/** Number of successes in a row after which one more item is worked on at the same time. */
const growAfter = 10;
/**
 * An item with a transient failure is tried this many times. The first pause between tries is `firstPause`
 * milliseconds long; each further one is twice as long as the last.
 */
const tries = 4;
const firstPause = 1_000;
/** If this many items in a row are given up after transient failures, the remaining items are skipped. */
const hopeless = 8;

/** Codes of transient failures: the central or the panel is out of reach or overloaded. */
const passing: ReadonlySet<string> = new Set([
  'central.unreachable',
  'central.breaker-open',
  'central.garbled',
  'central.contended',
  'central.busy',
  'central.zone-failing',
  'central.no-effect',
  'central.list-cut',
  'panel.unreachable',
  'panel.garbled',
]);

interface Queued<T> {
  readonly item: T;
  readonly failures: number;
  /** Earliest time of the next try, monotonic milliseconds. */
  readonly notBefore: number;
}

/** How fast, and for how long, items are worked on. */
interface Pace<T, R> {
  /** Ends the work early. Items that are being worked on are finished. */
  readonly stop: AbortSignal;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** Whether a result shows that the other side is overloaded. Absent: no result shows that. */
  readonly isStrained?: (result: R, item: T) => boolean;
}

/**
 * Does `work` for every item, several at a time. This number grows while no item fails, and is halved after
 * each failure. Items with a transient failure are tried again later.
 * @param work throws {@link AskFailed}
 * @throws {NoAgent} the agent has stopped
 */
export async function* paced<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  { stop, clock, isStrained = () => false }: Pace<T, R>,
): AsyncGenerator<Worked<T, R>> {
  const queue: Queued<T>[] = items.map((item) => ({ item, failures: 0, notBefore: 0 })).toReversed();
  const later: Queued<T>[] = [];
  const running = new Map<Queued<T>, Promise<Ended<T, R>>>();
  const state = { limit: places.first as number, inRow: 0, lost: 0 };
  while (queue.length + later.length + running.size > 0) {
    const isOver = stop.aborted || state.lost >= hopeless;
    const free = isOver ? 0 : state.limit - running.size;
    for (const next of takeNext(free, { later, queue, now: clock.now() }))
      running.set(next, attempt(next, work));
    if (running.size === 0) {
      if (isOver) {
        for (const { item } of [...later, ...queue.toReversed()]) yield { item, kind: 'skipped' };
        return;
      }
      await untilDue(later, stop, clock);
      continue;
    }
    const ended = await Promise.race(running.values());
    running.delete(ended.queued);
    const isOk = 'result' in ended && !isStrained(ended.result, ended.queued.item);
    const said = judge(ended, { state, later, isOk, now: clock.now() });
    if (said !== null) yield said;
  }
}

/** How one attempt at an item ended. */
type Ended<T, R> = { readonly queued: Queued<T> } & (
  | { readonly result: R }
  | { readonly problems: readonly Problem[] }
);

async function attempt<T, R>(queued: Queued<T>, work: (item: T) => Promise<R>): Promise<Ended<T, R>> {
  try {
    return { queued, result: await work(queued.item) };
  } catch (error) {
    if (!(error instanceof AskFailed) || error instanceof NoAgent || error.problems.length === 0) throw error;
    return { queued, problems: error.problems };
  }
}

function judge<T, R>(
  ended: Ended<T, R>,
  {
    state,
    later,
    isOk,
    now,
  }: {
    readonly state: { limit: number; inRow: number; lost: number };
    readonly later: Queued<T>[];
    /** Whether the attempt shows that the other side is not overloaded. */
    readonly isOk: boolean;
    readonly now: number;
  },
): Worked<T, R> | null {
  const { queued } = ended;
  state.inRow = isOk ? state.inRow + 1 : 0;
  if (isOk && state.inRow % growAfter === 0) state.limit = Math.min(places.most, state.limit + 1);
  const mayPass = 'problems' in ended && ended.problems.some(({ code }) => passing.has(code));
  if (mayPass || ('result' in ended && !isOk)) state.limit = Math.max(1, Math.floor(state.limit / 2));
  if ('result' in ended) {
    state.lost = 0;
    return { item: queued.item, kind: 'worked', result: ended.result };
  }
  const failures = queued.failures + 1;
  if (mayPass && failures < tries) {
    later.push({ item: queued.item, failures, notBefore: now + firstPause * 2 ** (failures - 1) });
    return null;
  }
  if (mayPass) state.lost += 1;
  return { item: queued.item, kind: 'failed', problems: ended.problems };
}

/** Takes up to `most` items. Items that wait for another try come first, if their pause is over. */
function takeNext<T>(
  most: number,
  { later, queue, now }: { readonly later: Queued<T>[]; readonly queue: Queued<T>[]; readonly now: number },
): Queued<T>[] {
  const taken: Queued<T>[] = [];
  while (taken.length < most) {
    const next = takeDue(later, now) ?? queue.pop();
    if (next === undefined) break;
    taken.push(next);
  }
  return taken;
}

function takeDue<T>(later: Queued<T>[], now: number): Queued<T> | undefined {
  const at = later.findIndex(({ notBefore }) => notBefore <= now);
  return at === -1 ? undefined : later.splice(at, 1)[0];
}

async function untilDue(
  later: readonly Queued<unknown>[],
  stop: AbortSignal,
  clock: Pick<Clock, 'now' | 'sleep'>,
): Promise<void> {
  const due = Math.min(...later.map(({ notBefore }) => notBefore));
  await clock.sleep(Math.max(0, due - clock.now()), stop).catch((error: unknown) => {
    // The signal has ended the sleep. The caller checks the signal itself.
    if (!stop.aborted) throw error;
  });
}
