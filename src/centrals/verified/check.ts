import type { Clock } from '../../core/clock.ts';
import type { DnsName } from '../../dns/name.ts';
import { goalKey, type RRsetGoal } from './goal.ts';
import { askServer, type AskedServer, type ServerAnswer } from './ask.ts';

/**
 * Milliseconds from the first check of a name server to the second; then doubled each time, up to a part of
 * the limit.
 */
const firstGap = 20;
const longestGap = 5_000;
const leastReads = 16;

/** What was written, as far as it is checked. */
export interface Written {
  /** Id of the operation, `-` for none. */
  readonly operation: string;
  readonly zone: DnsName;
  readonly goals: readonly RRsetGoal[];
}

/** How a name server stands to all goals of a check; `silent` with an empty text: not asked yet. */
export interface ServerReport extends ServerAnswer {
  readonly server: string;
}

/**
 * How a check ended. `live`: every name server answers the new data. `hidden`: none of them can be seen by
 * any. `behind`: one did not in time. `superseded`: a later write of the same RRsets has another goal.
 */
export type CheckEnd = 'live' | 'hidden' | 'behind' | 'superseded';

interface Followed {
  readonly server: AskedServer;
  /** Goals that need no further look. */
  readonly done: Map<string, ServerAnswer['state']>;
  look: ServerAnswer;
}

const notAsked: ServerAnswer = { state: 'silent', text: '' };

function isReached({ state }: ServerAnswer): boolean {
  return state === 'live' || state === 'hidden';
}

/** The question, asked again and again, whether the name servers answer what one write made. */
export class Check {
  readonly written: Written;
  /** Wall clock of the write, milliseconds since 1970. */
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

  /** The RRsets that are still its business. */
  get keys(): readonly string[] {
    return [...this.#goals.keys()];
  }

  get superseded(): boolean {
    return this.#goals.size === 0;
  }

  get servers(): readonly ServerReport[] {
    return this.#followed.map((followed) => ({ server: followed.server.name, ...this.#state(followed) }));
  }

  /** Takes an RRset out: a later write has another goal for it. Without any left the check ends. */
  supersede(key: string): void {
    this.#goals.delete(key);
    if (this.superseded) this.#ending.abort();
  }

  /**
   * Asks every name server, at once and then ever less often, until all goals are reached.
   * @param limit milliseconds
   * @param signal ends it sooner
   */
  async run(limit: number, signal: AbortSignal): Promise<CheckEnd> {
    const over = new AbortController();
    const ending = AbortSignal.any([signal, this.#ending.signal, over.signal]);
    const timer = this.#clock.sleep(limit, ending).then(
      () => over.abort(),
      // Ended before its time.
      () => undefined,
    );
    const gap = Math.min(longestGap, Math.max(firstGap, limit / leastReads));
    await Promise.all(this.#followed.map(async (followed) => await this.#follow(followed, gap, ending)));
    over.abort();
    await timer;
    return this.#end();
  }

  /** Asks every name server once more. */
  async again(signal: AbortSignal): Promise<CheckEnd> {
    await Promise.all(this.#followed.map(async (followed) => await this.#round(followed, signal)));
    return this.#end();
  }

  async #follow(followed: Followed, mostGap: number, signal: AbortSignal): Promise<void> {
    for (let gap = firstGap; !signal.aborted; gap = Math.min(mostGap, gap * 2)) {
      await this.#round(followed, signal);
      if (this.#isDone(followed)) return;
      await this.#clock.sleep(gap, signal).catch((error: unknown) => {
        // Only the end of the check ends this sleep early, and it ends the loop as well.
        if (!signal.aborted) throw error;
      });
    }
  }

  /** The first goal that is not reached is enough: the others wait for it. */
  async #round(followed: Followed, signal: AbortSignal): Promise<void> {
    for (const [key, goal] of this.#goals) {
      if (followed.done.has(key)) continue;
      const look = await askServer(followed.server, goal, signal);
      const before = followed.look;
      // A question that was cut off says less than what the server answered last.
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
