import type { DnsName } from '../../../dns/name.ts';
import { pushSource } from '../../../core/zone-plan.ts';
import { stateAt, type JournalWitness } from '../journal-witness.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { SavedEdit } from './answers.ts';
import type { Judgement } from './judgement.ts';

/** A reason why an engine must read a zone of the panel. Times are monotonic milliseconds. */
export interface Due {
  readonly zone: DnsName;
  readonly at: number;
  /** Reads from this time on count; absent: reads from `at` on. */
  readonly since?: number;
  /** The reason in a few words. */
  readonly what: string;
}

/**
 * A time in which an engine ran and its central was in the settings, in monotonic milliseconds. `until` is
 * `Infinity` while that lasts.
 */
export interface EngineRun {
  readonly from: number;
  readonly until: number;
}

interface Outage {
  readonly from: number;
  readonly until: number;
}

/**
 * Longest time (ms) until an engine reads a zone. It includes repeated tries, and the zones that come before
 * it.
 */
const readWithin = 100_000;

/**
 * Checks that an engine reads a zone soon after an event. An event means that the panel kept an edit, a panel
 * function named the zone, or the zone was filled.
 */
export function checkPromptness(
  facts: {
    readonly panel: PanelStore;
    /**
     * Periods in which the panel or the central was out of reach, or the journal failed. A comparison reads
     * the central as well, so it begins only once the central answers.
     */
    readonly outages: readonly Outage[];
    readonly witness: JournalWitness;
    /** Index of the engine's central in `World.sides`. */
    readonly index: number;
    readonly runs: readonly EngineRun[];
    readonly saved: readonly SavedEdit[];
    readonly hints: readonly Due[];
  },
  judgement: Judgement,
): void {
  const { panel, outages, index, runs } = facts;
  const reader = `panel ${index + 1}`;
  const asked = panel.asked.filter((one) => one.reader === reader);
  for (const { zone, at, since = at, what } of [
    ...facts.hints,
    ...keptOf(facts),
    ...filledOf(facts.witness),
  ]) {
    const until = endOf(outages, at);
    // If the hint came in the same millisecond as a start, the agent that was killed before may have received
    // it.
    const runsOn = runs.some((run) => run.from < at && run.until >= until);
    if (!runsOn || !isThere(panel, zone, at, until)) continue;
    if (!asked.some((one) => one.zone === zone && one.at >= since && one.at <= until))
      judgement.violate('turns.late', `${zone} is not read in time after ${what} at ${at}`);
  }
}

/** The time by which the zone must be read. Time during outages does not count. */
function endOf(outages: readonly Outage[], at: number): number {
  let until = at + readWithin;
  for (const outage of outages)
    if (outage.from <= until && outage.until > at) until = Math.max(until, outage.until + readWithin);
  return until;
}

/** Whether the panel had the zone, and its list showed it, all the time from `from` to `until`. */
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

interface Kept {
  readonly saved: readonly SavedEdit[];
  readonly witness: JournalWitness;
  readonly index: number;
}

/** Edits whose `after` the engine of the central accepted before any read showed them. */
function keptOf({ saved, witness, index }: Kept): Due[] {
  return saved.flatMap(({ event: { kind, zone, fingerprint }, answers, keptAt }) => {
    const after = answers.find(
      ({ stage, verdict, numbers }) =>
        stage === 'after' && verdict.kind === 'accept' && (numbers[index] ?? 0) > 0,
    );
    if (after === undefined || keptAt === null || kind === 'zone-delete') return [];
    const isShown = [...witness.operations.values()].some(
      (one) => one.operation.fingerprint === fingerprint && stateAt(one, after.at) === 'confirmed',
    );
    return isShown ? [] : [{ zone, at: after.at, since: keptAt, what: 'an edit' }];
  });
}

/** Zones that were filled. An operator's push is left out, because it fills no new zone of the panel. */
function filledOf({ operations }: JournalWitness): Due[] {
  return [...operations.values()].flatMap(({ operation: { kind, zone, source }, states }) => {
    const at = states.findIndex(({ state }) => state === 'confirmed');
    const [before, filled] = [states[at - 1], states[at]];
    if (kind !== 'zone-create' || source === pushSource || filled === undefined || before?.state === 'stuck')
      return [];
    return [{ zone, at: filled.at, what: 'it was filled' }];
  });
}
