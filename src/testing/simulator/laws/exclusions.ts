import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, recordId } from '../../../dns/record.ts';
import type { Batch } from '../../../core/journal.ts';
import type { WriteRequest } from '../provenance.ts';
import type { Judgement } from './judgement.ts';

/** A zone or record that an operator is including again at the moment. */
export interface Inclusion {
  readonly zone: DnsName;
  /** Null: the whole zone. */
  readonly name: DnsName | null;
}

/**
 * Checks that excluded zones and records stay excluded until an operator includes them again, and that no
 * request touches them (docs/planning.md).
 */
export class Exclusions {
  /** Inclusions that are being carried out. */
  readonly running = new Set<Inclusion>();
  /**
   * Inclusions that the journal did not store, as far as the agent knows. If no other commit comes first,
   * they may be there when the journal is opened again.
   */
  readonly returning = new Set<Inclusion>();
  readonly #judgement: Judgement;
  /** Excluded zones, and excluded records as `zone id`. */
  readonly #excluded = new Set<string>();

  constructor(judgement: Judgement) {
    this.#judgement = judgement;
  }

  committed({ zones = [], rows = [], dropZones = [] }: Batch): void {
    for (const zone of dropZones) this.#forget(zone);
    for (const { zone, state } of zones) {
      this.#stands(zone, zone, state, null);
      // An exclusion of records ends when their zone is deleted or created.
      if (state === 'deleting' || state === 'creating') this.#forget(zone);
    }
    for (const { zone, put = [], drop = [], dropAll } of rows) {
      for (const record of drop) this.#excluded.delete(`${zone} ${recordId(record)}`);
      for (const { record, state } of put)
        this.#stands(`${zone} ${recordId(record)}`, zone, state, record.name);
      if (dropAll === true) this.#forget(zone);
    }
    this.returning.clear();
  }

  #forget(zone: DnsName): void {
    for (const what of this.#excluded)
      if (what === zone || what.startsWith(`${zone} `)) this.#excluded.delete(what);
  }

  #stands(what: string, zone: DnsName, state: string, name: DnsName | null): void {
    if (state === 'excluded') {
      this.#excluded.add(what);
      return;
    }
    if (!this.#excluded.delete(what)) return;
    const isIncluded = [...this.running, ...this.returning].some(
      (one) => one.zone === zone && (one.name === null || one.name === name),
    );
    if (!isIncluded) this.#judgement.violate('plans.excluded', `${what} becomes ${state} by itself`);
  }

  /** Checks a request to the central when it is sent. */
  sent({ zone, record, operation, kind }: WriteRequest): void {
    const isOf = record !== null && this.#excluded.has(`${zone} ${recordId(record)}`);
    if (!isOf && !this.#excluded.has(zone)) return;
    const what = record === null ? zone : formatRecord(record);
    this.#judgement.violate('plans.excluded', `operation ${operation} sends ${kind} of ${what}`);
  }
}
