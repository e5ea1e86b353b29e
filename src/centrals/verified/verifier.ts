import type { Altered, CallContext } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { Check, type CheckEnd, type ServerReport } from './check.ts';
import { goalKey, goalsOf, type RRsetGoal } from './goal.ts';
import type { AskedServer } from './ask.ts';

/**
 * Maximum number of checks that run at once. The other checks wait. When one ends, the newest waiting check
 * starts.
 */
const mostUnderWay = 50;
/** Maximum number of checks that wait. If there are more, the oldest is dropped. */
const mostWaiting = 1_000;
/**
 * Maximum number of RRsets that are queried after one write. Name servers take over a zone as a whole, so a
 * sample is enough.
 */
const mostGoals = 16;
/**
 * Maximum number of checks that are kept after their time limit has passed. Every `recheckEvery` milliseconds
 * they query the name servers again.
 */
const mostBehind = 10;
const recheckEvery = 60_000;
/** Milliseconds after which the status lists a check that still runs. */
const slow = 2_000;
/** Maximum number of operations whose outcome is kept. */
const mostOutcomes = 500;

export interface VerifierPorts {
  readonly servers: readonly AskedServer[];
  readonly clock: Clock;
  readonly log: Log;
  /** How long a check in the background may take, milliseconds. */
  readonly limit: number;
  /** How long an edit waits for the name servers, milliseconds; null: an edit does not wait. */
  readonly strict: number | null;
}

/** Whether the name servers serve the last write of an operation. */
export type LiveView = NonNullable<ReturnType<Verifier['outcome']>>;

type CheckState = 'waiting' | 'asking' | 'dropped' | CheckEnd;

export type VerifyStatus = ReturnType<Verifier['status']>;

/**
 * After each write at the central, queries the name servers until they serve it. Keeps a limited number of
 * checks in memory.
 */
export class Verifier {
  readonly #ports: VerifierPorts;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<Check>();
  readonly #underWay = new Set<Check>();
  /** The latest check of each RRset, by {@link goalKey}. */
  readonly #byKey = new Map<string, Check>();
  /** Checks whose time limit has passed, oldest first. */
  #behind: Check[] = [];
  readonly #outcomes = new Map<string, { check: Check; state: CheckState }>();
  readonly #ended = { live: 0, hidden: 0, behind: 0, superseded: 0, dropped: 0 };
  #rechecking = false;

  constructor(ports: VerifierPorts) {
    this.#ports = ports;
  }

  get strict(): boolean {
    return this.#ports.strict !== null;
  }

  /**
   * Starts to check a write in the background. Never throws.
   * @param before records that are known to have been at the names before the write
   */
  written(zone: DnsName, altered: Altered, operation: string, before: readonly ResourceRecord[] = []): void {
    const check = this.#begin(goalsOf(zone, altered, before), zone, operation);
    if (check === null) return;
    this.#waiting.add(check);
    this.#note(check, 'waiting');
    const [oldest] = this.#waiting;
    if (this.#waiting.size > mostWaiting && oldest !== undefined) {
      this.#waiting.delete(oldest);
      this.#close(oldest, 'dropped');
    }
    this.#advance();
  }

  /**
   * Waits until the name servers serve a write, but not longer than an edit may wait.
   * @param before records that are known to have been at the names before the write
   * @returns the name servers that do not serve it; empty if all do
   */
  async live(
    zone: DnsName,
    altered: Altered,
    ctx: CallContext,
    before: readonly ResourceRecord[] = [],
  ): Promise<readonly ServerReport[]> {
    const check = this.#begin(goalsOf(zone, altered, before), zone, ctx.operation);
    if (check === null) return [];
    const end = await this.#run(check, this.#ports.strict ?? 0, ctx.signal);
    return end === 'behind' ? check.servers.filter(isBehind) : [];
  }

  /** Ends all checks of a zone that was deleted. */
  gone(zone: DnsName): void {
    for (const check of [...this.#waiting, ...this.#underWay, ...this.#behind])
      if (check.written.zone === zone) for (const key of check.keys) this.#supersede(key, check);
  }

  /** The state of the check of an operation's last write; null if no such check is known. */
  outcome(operation: string) {
    const known = this.#outcomes.get(operation);
    if (known === undefined) return null;
    const asked = known.state !== 'waiting' && known.state !== 'dropped';
    /** `servers`: empty if the check still waits or was dropped. */
    return { state: known.state, servers: asked ? known.check.servers : [] };
  }

  status() {
    const { servers, clock } = this.#ports;
    const slowOnes = [...this.#underWay].filter(
      (check) => clock.wall() - check.since >= slow && check.servers.some(isBehind),
    );
    return {
      servers: servers.map(({ name }) => name),
      strict: this.strict,
      underWay: this.#underWay.size,
      waiting: this.#waiting.size,
      /** Number of checks since the start, by their result. */
      ended: { ...this.#ended },
      /** Newest write first. */
      behind: [
        ...slowOnes.slice(-mostBehind).map((check) => viewOf(check, true)),
        ...this.#behind.map((check) => viewOf(check, false)),
      ].toSorted((a, b) => b.since - a.since),
    };
  }

  /** Ends every check and closes every connection. */
  close(): void {
    this.#closing.abort();
    this.#waiting.clear();
    for (const server of this.#ports.servers) server.close();
  }

  #begin(goals: readonly RRsetGoal[], zone: DnsName, operation: string): Check | null {
    if (goals.length === 0 || this.#closing.signal.aborted) return null;
    for (const goal of goals) this.#supersede(goalKey(goal));
    const { servers, clock } = this.#ports;
    const check = new Check({ operation, zone, goals: spread(goals) }, servers, clock);
    for (const key of check.keys) this.#byKey.set(key, check);
    return check;
  }

  /** Takes an RRset out of its check. When no RRset is left, the check ends. */
  #supersede(key: string, check = this.#byKey.get(key)): void {
    if (check === undefined) return;
    this.#byKey.delete(key);
    check.supersede(key);
    if (!check.superseded) return;
    if (this.#waiting.delete(check)) this.#close(check, 'superseded');
    this.#behind = this.#behind.filter((one) => one !== check);
  }

  #advance(): void {
    while (this.#underWay.size < mostUnderWay && this.#waiting.size > 0) {
      const newest = [...this.#waiting].at(-1);
      if (newest === undefined) return;
      this.#waiting.delete(newest);
      this.#run(newest, this.#ports.limit, this.#closing.signal)
        .catch((error: unknown) => {
          const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
          this.#ports.log(1, 'verify.defect', { zone: newest.written.zone, error: text });
        })
        .finally(() => this.#advance());
    }
  }

  async #run(check: Check, limit: number, signal: AbortSignal): Promise<CheckEnd> {
    this.#underWay.add(check);
    this.#note(check, 'asking');
    try {
      const end = await check.run(limit, AbortSignal.any([signal, this.#closing.signal]));
      if (!this.#closing.signal.aborted) this.#close(check, end);
      return end;
    } finally {
      this.#underWay.delete(check);
    }
  }

  #close(check: Check, end: CheckEnd | 'dropped'): void {
    this.#ended[end] += 1;
    this.#note(check, end);
    const { operation, zone } = check.written;
    const ms = Math.round(this.#ports.clock.wall() - check.since);
    if (end === 'behind') {
      const servers = check.servers.filter(isBehind).map(reportText).join(', ');
      this.#ports.log(2, 'verify.behind', { operation, zone, servers, ms });
      const behind = [...this.#behind, check];
      for (const old of behind.slice(0, -mostBehind)) this.#forget(old);
      this.#behind = behind.slice(-mostBehind);
      this.#recheck();
      return;
    }
    if (end !== 'superseded') this.#ports.log(5, `verify.${end}`, { operation, zone, ms });
    this.#forget(check);
  }

  #forget(check: Check): void {
    for (const key of check.keys) if (this.#byKey.get(key) === check) this.#byKey.delete(key);
  }

  #note(check: Check, state: CheckState): void {
    const { operation } = check.written;
    if (operation === '-') return;
    this.#outcomes.delete(operation);
    this.#outcomes.set(operation, { check, state });
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > mostOutcomes && oldest !== undefined) this.#outcomes.delete(oldest);
  }

  /**
   * Tries the kept checks again from time to time, so that a repaired name server disappears from the status.
   */
  #recheck(): void {
    if (this.#rechecking) return;
    this.#rechecking = true;
    const { clock, log } = this.#ports;
    const { signal } = this.#closing;
    const look = async (): Promise<void> => {
      while (this.#behind.length > 0 && !signal.aborted) {
        await clock.sleep(recheckEvery, signal);
        for (const check of this.#behind) {
          const end = await check.again(signal);
          if (end === 'behind') continue;
          this.#behind = this.#behind.filter((one) => one !== check);
          this.#note(check, end);
          this.#forget(check);
        }
      }
      this.#rechecking = false;
    };
    look().catch((error: unknown) => {
      this.#rechecking = false;
      if (!signal.aborted) log(1, 'verify.defect', { error: String(error) });
    });
  }
}

/** Selects at most `mostGoals` goals, evenly spread over the list. */
function spread(goals: readonly RRsetGoal[]): readonly RRsetGoal[] {
  if (goals.length <= mostGoals) return goals;
  const step = (goals.length - 1) / (mostGoals - 1);
  return Array.from({ length: mostGoals }, (_, at) => goals[Math.round(at * step)]).filter(
    (goal) => goal !== undefined,
  );
}

export function isBehind({ state }: Pick<ServerReport, 'state'>): boolean {
  return state !== 'live' && state !== 'hidden';
}

/**
 * Describes, for the status, a write that at least one name server does not serve.
 * @param asking whether the check still runs, within its limit
 */
function viewOf(check: Check, asking: boolean) {
  const { operation, zone, goals } = check.written;
  const names = [...new Set(goals.map(({ name }) => name))];
  /** `since`: time of the write by the wall clock, milliseconds since 1970. */
  return { operation, zone, names, since: check.since, asking, servers: check.servers };
}

const meanings: Readonly<Record<ServerReport['state'], string>> = {
  live: 'the new data',
  hidden: 'cannot be seen from outside',
  old: 'other data',
  unserved: 'does not serve the zone',
  failed: 'answers with an error',
  silent: 'no answer',
};

/** Describes the state of a name server in English. */
export function reportText({ server, state, text }: ServerReport): string {
  return `${server}: ${meanings[state]}${text === '' ? '' : ` (${text})`}`;
}
