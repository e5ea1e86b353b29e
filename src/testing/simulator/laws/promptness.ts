import type { DnsName } from '../../../dns/name.ts';
import { stateAt, type JournalWitness } from '../journal-witness.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { SavedEdit } from './answers.ts';
import type { Judgement } from './judgement.ts';

/** Something that an engine has to check the panel for. Times are monotonic milliseconds. */
export interface Due {
  readonly zone: DnsName;
  readonly at: number;
  /** From when on a read has seen it; absent: `at`. */
  readonly since?: number;
  /** What happened, in a few words. */
  readonly what: string;
}

/** An engine that runs, or ran. `until` is `Infinity` while it does. */
export interface EngineRun {
  readonly from: number;
  readonly until: number;
}

interface Outage {
  readonly from: number;
  readonly until: number;
}

/**
 * How long (ms) an engine may take until it reads a zone. That includes pauses between tries of a step that
 * fails, and other zones before it.
 */
const readWithin = 100_000;

/**
 * Whatever happens to a zone is checked before the next comparison of all zones. That is an edit that the
 * panel kept, a function that names the zone, and a new zone that was filled.
 */
export function checkPromptness(
  facts: {
    readonly panel: PanelStore;
    /** When the panel could not be reached, or the journal failed. */
    readonly outages: readonly Outage[];
    readonly witness: JournalWitness;
    /** By what name the engine's reads of the panel are noted. */
    readonly reader: string;
    readonly runs: readonly EngineRun[];
    readonly saved: readonly SavedEdit[];
    readonly hints: readonly Due[];
  },
  judgement: Judgement,
): void {
  const { panel, outages, reader, runs } = facts;
  const asked = panel.asked.filter((one) => one.reader === reader);
  for (const { zone, at, since = at, what } of [
    ...facts.hints,
    ...keptOf(facts),
    ...filledOf(facts.witness),
  ]) {
    const until = endOf(outages, at);
    const runsOn = runs.some((run) => run.from <= at && run.until >= until);
    if (!runsOn || !isThere(panel, zone, at, until)) continue;
    if (!asked.some((one) => one.zone === zone && one.at >= since && one.at <= until))
      judgement.violate('turns.late', `${zone} is not read in time after ${what} at ${at}`);
  }
}

/** Until when something of that time has to be checked: not while nobody can. */
function endOf(outages: readonly Outage[], at: number): number {
  let until = at + readWithin;
  for (const outage of outages)
    if (outage.from <= until && outage.until > at) until = Math.max(until, outage.until + readWithin);
  return until;
}

/** Whether the panel has the zone all the time, and its list shows it. */
function isThere(
  { zones, provenance, hiddenUntil }: PanelStore,
  zone: DnsName,
  from: number,
  until: number,
): boolean {
  if (!zones.has(zone) || (hiddenUntil.get(zone) ?? -Infinity) >= from) return false;
  const moves = provenance.effects.filter((effect) => effect.zone === zone && effect.record === null);
  return !moves.some(({ at }) => at > from && at <= until);
}

/** Edits that the panel kept and no read had shown before. */
function keptOf({ saved, witness }: { saved: readonly SavedEdit[]; witness: JournalWitness }): Due[] {
  return saved.flatMap(({ event: { kind, zone, fingerprint }, answers, keptAt }) => {
    const after = answers.find(({ stage, verdict }) => stage === 'after' && verdict.kind === 'accept');
    if (after === undefined || keptAt === null || kind === 'zone-delete') return [];
    const isShown = [...witness.operations.values()].some(
      (one) => one.operation.fingerprint === fingerprint && stateAt(one, after.at) === 'confirmed',
    );
    return isShown ? [] : [{ zone, at: after.at, since: keptAt, what: 'an edit' }];
  });
}

function filledOf({ operations }: JournalWitness): Due[] {
  return [...operations.values()].flatMap(({ operation: { kind, zone }, states }) => {
    const filled = states.find(({ state }) => state === 'confirmed');
    if (kind !== 'zone-create' || filled === undefined) return [];
    return [{ zone, at: filled.at, what: 'it was filled' }];
  });
}
