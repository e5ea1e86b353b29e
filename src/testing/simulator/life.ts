import type { Clock } from '../../core/clock.ts';
import type { Batch, Journal, OperationFilter } from '../../core/journal.ts';
import type { DnsName } from '../../dns/name.ts';

/** One run of the agent; `dead` after a kill, from which moment it does nothing more. */
export interface Life {
  dead: boolean;
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** The clock of one life: its sleeps never end once it is dead. */
export function mortalClock(clock: Clock, life: Life): Clock {
  return {
    now: () => clock.now(),
    wall: () => clock.wall(),
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      if (life.dead) await never();
    },
  };
}

/** The journal of one life: what was committed before the kill stays, nothing comes after it. */
export function mortalJournal(journal: Journal, life: Life): Journal {
  async function alive<T>(call: () => Promise<T>): Promise<T> {
    if (life.dead) return await never();
    const value = await call();
    return life.dead ? await never() : value;
  }
  return {
    commit: (batch: Batch) => alive(() => journal.commit(batch)),
    operation: (id: string) => alive(() => journal.operation(id)),
    operations: (filter: OperationFilter) => alive(() => journal.operations(filter)),
    zones: () => alive(() => journal.zones()),
    zone: (zone: DnsName) => alive(() => journal.zone(zone)),
    rows: (zone: DnsName) => alive(() => journal.rows(zone)),
    owners: () => alive(() => journal.owners()),
    counts: () => alive(() => journal.counts()),
    fact: (name: string) => alive(() => journal.fact(name)),
    close: () => alive(() => journal.close()),
  };
}
