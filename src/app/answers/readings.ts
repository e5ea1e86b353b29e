import { zoneName, type DnsName } from '../../dns/name.ts';
import type { HistoryEntry } from '../../core/history.ts';
import { outcomeOf } from '../../core/outcome.ts';
import type { Settings } from '../../config/settings.ts';
import { CommandFailed } from '../command-failed.ts';
import type { Answers, CountedZone, ReportedEntry, Requests, ZoneReport } from '../control/protocol.ts';
import { Unanswerable } from '../problems.ts';
import { systemClock } from '../wiring/clock.ts';
import type { Answerer, Knowledge, Source } from './answerer.ts';
import { zoneView } from './journal-status.ts';
import { panelContent } from './panel-content.ts';
import { atEachCentral, oneList, newestOfAll, type OfCentral } from './per-central.ts';
import { statusReport } from './status.ts';
import { reportSigning } from './zone-signing.ts';

/** Questions that can be answered without a running agent. */
export type Reading = 'status' | 'zones' | 'zone' | 'history' | 'operation';

type Readings = {
  readonly [N in Reading]: (request: Requests[N], by: Answerer) => Promise<Answers[N]>;
};

/**
 * Functions that answer these questions. Both the agent and, if none runs, a command use them.
 * @throws {CommandFailed | Unanswerable | DnsDataError | JournalError}
 */
export const readings: Readings = {
  status: async (_, by) => await statusReport(by),
  zones: async ({ central }, { sources }) => {
    const found = await atEach(chosen(sources, central), countedZones);
    return oneList(found, sources.length > 1);
  },
  zone: async ({ zone, central }, { sources }) => {
    const name = zoneName(zone);
    const found = await atEach(chosen(sources, central), (known) => zoneAt(known, name));
    return atEachCentral(found, sources.length > 1);
  },
  history: async ({ filter, before, most, central }, { sources }) => {
    const found = await atEach(chosen(sources, central), async (known) => {
      const { entries, next } = await known.history.page(filter, before, most);
      return { entries: withOutcome(known, entries), next };
    });
    return newestOfAll(found, sources.length > 1, most);
  },
  operation: async ({ prefix, central }, { sources }) => {
    const found = await atEach(chosen(sources, central), async (known) =>
      withOutcome(known, await known.history.entries(prefix)),
    );
    return oneList(found, sources.length > 1);
  },
};

/**
 * Selects the centrals that a question is about.
 * @param number number of the central in the settings; null: all centrals
 * @throws {Unanswerable} when no central has this number, or there is none at all
 */
export function chosen<T extends { readonly settings: Pick<Settings, 'number'> }>(
  all: readonly T[],
  number: number | null,
): readonly T[] {
  if (all.length === 0) throw new Unanswerable('agent.not-running');
  const found = all.filter(({ settings }) => number === null || settings.number === number);
  if (found.length > 0) return found;
  throw new Unanswerable('agent.no-such-central', { number: String(number) });
}

async function atEach<T>(
  sources: readonly Source[],
  ask: (known: Knowledge) => Promise<T>,
): Promise<readonly OfCentral<T>[]> {
  return await Promise.all(
    sources.map(async ({ settings: { number }, open }) => {
      const found = await open(async (known) => ({ number, id: known.central.id, value: await ask(known) }));
      if (found === null) throw new CommandFailed('The agent has not run yet; the next edit starts it.');
      return found;
    }),
  );
}

async function countedZones({ journal }: Knowledge): Promise<readonly CountedZone[]> {
  const counts = await journal.zoneCounts();
  const none = { records: {}, conflictSince: null };
  return (await journal.zones()).map((entry) => ({ ...entry, ...(counts.get(entry.zone) ?? none) }));
}

async function zoneAt({ central, journal, readPanel }: Knowledge, zone: DnsName): Promise<ZoneReport> {
  const view = await zoneView(journal, zone, systemClock.wall());
  const signing = view.entry === null ? null : await reportSigning(central, zone);
  return { ...view, signing, inPanel: await panelContent(view, zone, readPanel) };
}

function withOutcome(known: Knowledge, entries: readonly HistoryEntry[]): readonly ReportedEntry[] {
  return entries.map((one) => {
    if (one.kind === 'call') return one;
    const { kind: outcome, why } = outcomeOf(one);
    return { ...one, outcome, why, live: known.outcome(one.id) };
  });
}
