import type { DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import { baselineFact } from '../../core/engine/before/unknown-zone.ts';
import type { Batch, Journal, RowChange } from '../../core/journal.ts';
import { isMirrored, type LedgerRow, type ZoneEntry } from '../../core/ledger.ts';
import type { Operation, OperationState } from '../../core/operation.ts';

/**
 * An operation as the journal has it now, with the time when it was stored first, and with its states so far.
 * Times are monotonic milliseconds.
 */
export interface Witnessed {
  readonly operation: Operation;
  readonly since: number;
  readonly states: readonly {
    readonly at: number;
    readonly state: OperationState;
    readonly afterSeen: boolean;
  }[];
}

/** The state that an operation had at a time (monotonic ms); null: it did not exist yet. */
export function stateAt({ states }: Witnessed, at: number): OperationState | null {
  return states.findLast((one) => one.at <= at)?.state ?? null;
}

/**
 * Follows what a journal contains at each moment. From this, the laws see what the engine knew when it sent a
 * request.
 */
export class JournalWitness {
  readonly operations = new Map<string, Witnessed>();
  readonly zones = new Map<DnsName, ZoneEntry>();
  /** When the first comparison of all zones ended (monotonic ms); null: it has not ended yet. */
  baselineAt: number | null = null;
  /** When the engine last forgot the ledger (monotonic ms); null: never. */
  forgottenAt: number | null = null;
  /** Zones that the central had because of us, according to the ledger that was forgotten. */
  forgottenZones: ReadonlySet<DnsName> = new Set();
  /** Zones that the journal contains now or contained earlier. */
  readonly everKnown = new Set<DnsName>();
  readonly #rows = new Map<DnsName, Map<string, LedgerRow>>();
  /** Called after each commit. */
  onCommit: (batch: Batch) => void = () => undefined;

  /** Whether the operation began before the ledger was forgotten. */
  isOfForgotten(operation: string): boolean {
    const since = this.operations.get(operation)?.since;
    return since !== undefined && this.forgottenAt !== null && since < this.forgottenAt;
  }

  row(zone: DnsName, id: string): LedgerRow | null {
    return this.#rows.get(zone)?.get(id) ?? null;
  }

  rows(zone: DnsName): Iterable<LedgerRow> {
    return this.#rows.get(zone)?.values() ?? [];
  }

  /** Reads the content of a journal before an engine uses it. The journal may be an older copy. */
  async load(journal: Journal, now: number): Promise<void> {
    const zones = await journal.zones();
    const operations = await journal.operations({});
    const rows = await Promise.all(
      [...new Set([...this.everKnown, ...zones.map(({ zone }) => zone)])].map(async (zone) => {
        return { zone, dropAll: true, put: await journal.rows(zone) };
      }),
    );
    const known = new Set(operations.map(({ id }) => id));
    for (const id of this.operations.keys()) if (!known.has(id)) this.operations.delete(id);
    this.zones.clear();
    this.#rows.clear();
    this.#apply({ operations, zones, rows }, now);
  }

  /** Applies a commit that is on disk. @param now monotonic milliseconds */
  committed(batch: Batch, now: number): void {
    this.#apply(batch, now);
    this.onCommit(batch);
  }

  #apply(batch: Batch, now: number): void {
    this.#takeBaseline(batch, now);
    for (const operation of batch.operations ?? []) {
      const before = this.operations.get(operation.id);
      const { state, afterSeen } = operation;
      const states = [...(before?.states ?? []), { at: now, state, afterSeen }];
      this.operations.set(operation.id, { operation, since: before?.since ?? now, states });
    }
    for (const zone of batch.dropZones ?? []) {
      this.zones.delete(zone);
      this.#rows.delete(zone);
    }
    for (const entry of batch.zones ?? []) this.#putZone(entry);
    for (const change of batch.rows ?? []) this.#changeRows(change);
  }

  #takeBaseline({ facts = {} }: Batch, now: number): void {
    const baseline = facts[baselineFact];
    if (baseline === undefined) return;
    this.baselineAt = baseline === null ? null : (this.baselineAt ?? now);
    if (baseline !== null) return;
    this.forgottenAt = now;
    const ours = [...this.zones.values()].filter(({ state }) => isMirrored(state) || state === 'deleting');
    this.forgottenZones = new Set(ours.map(({ zone }) => zone));
  }

  #putZone(entry: ZoneEntry): void {
    this.zones.set(entry.zone, entry);
    this.everKnown.add(entry.zone);
  }

  #changeRows({ zone, dropAll, drop = [], put = [] }: RowChange): void {
    const known = this.#rows.get(zone);
    const rows = dropAll === true || known === undefined ? new Map<string, LedgerRow>() : known;
    for (const record of drop) rows.delete(recordId(record));
    for (const row of put) rows.set(recordId(row.record), row);
    this.#rows.set(zone, rows);
  }
}
