import { zoneName, type DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import type { Central } from '../../core/central.ts';
import type { Journal } from '../../core/journal.ts';
import type { Operation } from '../../core/operation.ts';
import type { LiveView } from '../../centrals/verified/verifier.ts';
import type { Answers, Requests, ReportedOperation, ZoneReport } from '../control/protocol.ts';
import { systemClock } from '../wiring/clock.ts';
import { atEachCentral, oneList, newestOfAll, type OfCentral } from './per-central.ts';
import { reportSigning } from './zone-signing.ts';

/** What is known of one central: its journal, and what name servers say. */
export interface Knowledge {
  readonly central: Central;
  readonly journal: Pick<Journal, 'zones' | 'zone' | 'rows' | 'operations'>;
  /** How the name servers stand to an operation's last write; null: not known. */
  readonly live: (operation: string) => LiveView | null;
}

/** One central of the panel, whose knowledge is opened for a question and closed after it. */
export interface Source {
  /** As in the settings. */
  readonly number: number;
  readonly open: <T>(body: (known: Knowledge) => Promise<T>) => Promise<T>;
}

/** A question cannot be answered; carries why. */
export class Unanswerable extends Error {
  override readonly name = 'Unanswerable';
  readonly problem: Problem;

  constructor(code: string, params: Readonly<Record<string, string>> = {}) {
    super(code);
    this.problem = { code, params };
  }
}

/** Questions that need no running agent. */
export type Reading = 'zones' | 'zone' | 'history' | 'operation';

type Readings = {
  readonly [N in Reading]: (request: Requests[N], all: readonly Source[]) => Promise<Answers[N]>;
};

/** What each of them is answered, whoever knows it. @throws {Unanswerable | DnsDataError | JournalError} */
export const readings: Readings = {
  zones: async ({ central }, all) => {
    return oneList(await atEach(chosen(all, central), ({ journal }) => journal.zones()), all.length > 1);
  },
  zone: async ({ zone, central }, all) => {
    const name = zoneName(zone);
    return atEachCentral(await atEach(chosen(all, central), (known) => zoneAt(known, name)), all.length > 1);
  },
  history: async ({ latest, central }, all) => {
    const found = await atEach(chosen(all, central), async (known) =>
      withLive(known, await known.journal.operations({ latest })),
    );
    return newestOfAll(found, all.length > 1, latest);
  },
  operation: async ({ prefix, central }, all) => {
    const found = await atEach(chosen(all, central), async (known) =>
      withLive(known, await known.journal.operations({ prefix })),
    );
    return oneList(found, all.length > 1);
  },
};

/**
 * The centrals that a question is about.
 * @param number null: all of them
 * @throws {Unanswerable} when there is none of that number
 */
export function chosen<T extends { readonly number: number }>(
  all: readonly T[],
  number: number | null,
): readonly T[] {
  const found = all.filter((one) => number === null || one.number === number);
  if (found.length > 0) return found;
  throw new Unanswerable('agent.no-such-central', { number: String(number) });
}

async function atEach<T>(
  sources: readonly Source[],
  ask: (known: Knowledge) => Promise<T>,
): Promise<readonly OfCentral<T>[]> {
  return await Promise.all(
    sources.map(({ number, open }) =>
      open(async (known) => ({ number, id: known.central.id, value: await ask(known) })),
    ),
  );
}

async function zoneAt({ central, journal }: Knowledge, zone: DnsName): Promise<ZoneReport> {
  const [entry, rows] = [await journal.zone(zone), await journal.rows(zone)];
  const open = await journal.operations({ zone, openAt: systemClock.wall() });
  return { entry, rows, open, signing: entry === null ? null : await reportSigning(central, zone) };
}

function withLive(known: Knowledge, operations: readonly Operation[]): readonly ReportedOperation[] {
  return operations.map((one) => ({ ...one, live: known.live(one.id) }));
}
