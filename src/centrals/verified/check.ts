import type { Clock } from '../../core/clock.ts';
import type { DnsName } from '../../dns/name.ts';
import { goalKey, type RRsetGoal } from './goal.ts';
import { askServer, type AskedServer, type ServerAnswer } from './ask.ts';

/**
 * Milliseconds between the first and the second query to a name server. Each later pause is twice as long, up
 * to the smaller of `longestGap` and `limit / leastReads`.
 */
const firstGap = 20;
const longestGap = 5_000;
const leastReads = 16;

/** Facts about a write that a check needs. */
export interface Written {
  /** Id of the operation; `-` if there is none. */
  readonly operation: string;
  readonly zone: DnsName;
  readonly goals: readonly RRsetGoal[];
}

/**
 * Whether a name server serves all goals of a check. Before the first query, the state is `silent` and the
 * text is empty.
 */
export interface ServerReport extends ServerAnswer {
  readonly server: string;
}

/**
 * How a check ended. `live`: every name server serves the new data. `hidden`: queries at no name server can
 * show the new data. `behind`: at least one does not serve the new data in time. `superseded`: later writes
 * have replaced the goals of all its RRsets.
 */
export type CheckEnd = 'live' | 'hidden' | 'behind' | 'superseded';

interface Followed {
  readonly server: AskedServer;
  /** Goals that the server serves, with its answer to each. */
  readonly done: Map<string, ServerAnswer['state']>;
  look: ServerAnswer;
}

const notAsked: ServerAnswer = { state: 'silent', text: '' };

function isReached({ state }: ServerAnswer): boolean {
  return state === 'live' || state === 'hidden';
}

/** Queries name servers again and again until they serve the result of one write. */
export class Check {
  readonly written: Written;
  /** Time of the write by the wall clock, milliseconds since 1970. */
  readonly since: number;
  readonly #clock: Clock;
  readonly #goals: Map<string, RRsetGoal>;
  readonly #followed: readonly Followed[];
  readonly #ending = new AbortController();

  constructor(written: Written, servers: readonly AskedServer[], clock: Clock) {
    this.written = written;
    this.since = clock.wall();
    this.#clock = clock;
    this.#goals = new Map(written.goals.map((goal) => [goalKey(goal), goal]));
    this.#followed = servers.map((server) => ({
      server,
      done: new Map(),
      look: notAsked,
    }));
  }

  /** Keys of the RRsets that this check still queries. */
  get keys(): readonly string[] {
    return [...this.#goals.keys()];
  }

  get superseded(): boolean {
    return this.#goals.size === 0;
  }

  get servers(): readonly ServerReport[] {
    return this.#followed.map((followed) => ({ server: followed.server.name, ...this.#state(followed) }));
  }

  /**
   * Takes an RRset out of the check, because a later write has replaced its goal. When no RRset is left, the
   * check ends.
   */
  supersede(key: string): void {
    this.#goals.delete(key);
    if (this.superseded) this.#ending.abort();
  }

  /**
   * Queries every name server until it serves all goals. The pauses grow from query to query.
   * @param limit milliseconds after which the check ends
   * @param signal ends the check earlier
   */
  async run(limit: number, signal: AbortSignal): Promise<CheckEnd> {
    const over = new AbortController();
    const ending = AbortSignal.any([signal, this.#ending.signal, over.signal]);
    const timer = this.#clock.sleep(limit, ending).then(
      () => over.abort(),
      // Nothing to handle: the sleep was aborted because the check has ended.
      () => undefined,
    );
    const gap = Math.min(longestGap, Math.max(firstGap, limit / leastReads));
    await Promise.all(this.#followed.map(async (followed) => await this.#follow(followed, gap, ending)));
    over.abort();
    await timer;
    return this.#end();
  }

  /** Queries every name server once more for the goals that it does not serve yet. */
  async again(signal: AbortSignal): Promise<CheckEnd> {
    await Promise.all(this.#followed.map(async (followed) => await this.#round(followed, signal)));
    return this.#end();
  }

  async #follow(followed: Followed, mostGap: number, signal: AbortSignal): Promise<void> {
    for (let gap = firstGap; !signal.aborted; gap = Math.min(mostGap, gap * 2)) {
      await this.#round(followed, signal);
      if (this.#isDone(followed)) return;
      await this.#clock.sleep(gap, signal).catch((error: unknown) => {
        // Nothing to handle: only the end of the check aborts this sleep, and then the loop ends too.
        if (!signal.aborted) throw error;
      });
    }
  }

  /** Queries a server for its goals in turn, and stops at the first goal that it does not serve. */
  async #round(followed: Followed, signal: AbortSignal): Promise<void> {
    for (const [key, goal] of this.#goals) {
      if (followed.done.has(key)) continue;
      const look = await askServer(followed.server, goal, signal);
      const before = followed.look;
      // An interrupted query shows less than the server's last answer, so the last answer is kept.
      if (signal.aborted && look.state === 'silent' && before !== notAsked && !isReached(before)) return;
      followed.look = look;
      if (!isReached(look)) return;
      followed.done.set(key, look.state);
    }
  }

  #isDone({ done }: Followed): boolean {
    return this.keys.every((key) => done.has(key));
  }

  #state(followed: Followed): ServerAnswer {
    if (!this.#isDone(followed)) return followed.look;
    const live = this.keys.some((key) => followed.done.get(key) === 'live');
    return { state: live ? 'live' : 'hidden', text: '' };
  }

  #end(): CheckEnd {
    if (this.superseded) return 'superseded';
    if (!this.#followed.every((followed) => this.#isDone(followed))) return 'behind';
    return this.servers.some(({ state }) => state === 'live') ? 'live' : 'hidden';
  }
}
