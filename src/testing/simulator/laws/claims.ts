import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, recordId, sameData, type ResourceRecord } from '../../../dns/record.ts';
import { defaultEngineSettings } from '../../../core/engine/settings.ts';
import type { Operation } from '../../../core/operation.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Effect, WriteRequest } from '../provenance.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { Judgement } from './judgement.ts';
import { itemsOf } from './operation-parts.ts';

/**
 * Checks that no undo changes a record that an open accepted edit wants (docs/glossary.md#claim). A request
 * to the central is checked when it is sent, a write into the panel when it lands.
 */
export class Claims {
  readonly #panel: PanelStore;
  readonly #witness: JournalWitness;
  readonly #judgement: Judgement;
  readonly #isInForce: () => boolean;

  /** @param isInForce whether the settings name the central of this journal */
  constructor(
    panel: PanelStore,
    witness: JournalWitness,
    judgement: Judgement,
    isInForce: () => boolean = () => true,
  ) {
    this.#panel = panel;
    this.#witness = witness;
    this.#judgement = judgement;
    this.#isInForce = isInForce;
  }

  /** Checks a request to the central when it is sent. */
  sent({ kind, zone, record, operation, sentAt }: WriteRequest): void {
    if (record === null || (kind !== 'remove' && kind !== 'add')) return;
    const isHeld = this.#panel.zones.get(zone)?.has(recordId(record)) === true;
    // If the panel kept an edit but left out its change to this record, the edit has no claim on the record.
    const claiming = isHeld === (kind === 'remove') ? accepted : notYetKept;
    const wanted = kind === 'remove' ? 'add' : 'remove';
    this.#judge({ id: operation, zone, record, wanted, where: 'at the central', claiming, sentAt });
  }

  /** Checks the changes that a write of ours has made in the panel. */
  restored({ zone, operation, sentAt }: WriteRequest, effects: readonly Effect[]): void {
    for (const { record, present } of effects)
      if (record !== null) {
        const wanted = present ? 'remove' : 'add';
        this.#judge({
          id: operation,
          zone,
          record,
          wanted,
          where: 'in the panel',
          claiming: accepted,
          sentAt,
        });
      }
  }

  /** Checks an undo of one record. If several accepted edits name the record, only the latest has a claim. */
  #judge({ id, zone, record, wanted, where, claiming, sentAt }: Undone): void {
    const { operations } = this.#witness;
    const own = operations.get(id)?.operation ?? null;
    if (!isUndoing(own) || isRetimed(own, record)) return;
    // The engine in force belongs to another central, and does not know edits of earlier settings
    // (docs/adoption.md).
    if (own === null && !this.#isInForce()) return;
    const latest = [...operations.values()]
      .map(({ operation }) => operation)
      .filter((other) => other.zone === zone && accepted.has(other.state) && isAbout(other, record))
      .reduce<Operation | null>((last, other) => (last === null || other.id > last.id ? other : last), null);
    if (latest === null || latest.id === id || !claiming.has(latest.state)) return;
    const isWanted = itemsOf(latest).some((item) => item.mirrored && isSame(item[wanted], record));
    const isUndone = isWanted && (wanted === 'add' || !isRetimed(latest, record));
    if (isUndone && !this.#isShownLate(latest, sentAt))
      this.#judgement.violate(
        'alone.claimed',
        `operation ${id} undoes ${formatRecord(record)} ${where}, as ${latest.id} wants it`,
      );
  }

  /**
   * Whether reads of the panel have failed to show a reported edit for longer than an engine waits. Counts
   * the excuse.
   */
  #isShownLate({ zone, afterSeen }: Operation, now: number): boolean {
    const since = this.#panel.staleSince.get(zone) ?? Infinity;
    const isLate = afterSeen && now > since + defaultEngineSettings.readLag;
    return isLate && this.#judgement.excuse('shown-late');
  }
}

/** One record whose former state an operation restores. */
interface Undone {
  /** Id of the operation that restores the record. */
  readonly id: string;
  readonly zone: DnsName;
  readonly record: ResourceRecord;
  /** The wish of another edit that would forbid this undo: to add the record, or to remove it. */
  readonly wanted: 'add' | 'remove';
  readonly where: string;
  /** The states in which another edit has a claim. */
  readonly claiming: ReadonlySet<string>;
  /** When the request was sent (monotonic milliseconds). */
  readonly sentAt: number;
}

const accepted: ReadonlySet<string> = new Set(['applied', 'kept']);
const notYetKept: ReadonlySet<string> = new Set(['applied']);

/**
 * Whether the request undoes an edit, or corrects what a late write left. In the second case it has no
 * operation, or one of class `follow`.
 */
function isUndoing(operation: Operation | null): boolean {
  return operation === null || operation.state === 'reverting' || operation.class === 'follow';
}

/** Whether the operation removes the record only to add it again with another TTL. */
function isRetimed(operation: Operation | null, record: ResourceRecord): boolean {
  const items = operation === null ? [] : itemsOf(operation);
  return items.some(({ remove }) => isSame(remove, record)) && items.some(({ add }) => isSame(add, record));
}

function isAbout(operation: Operation, record: ResourceRecord): boolean {
  return itemsOf(operation).some(
    ({ mirrored, remove, add }) => mirrored && (isSame(remove, record) || isSame(add, record)),
  );
}

function isSame(one: ResourceRecord | null, other: ResourceRecord): boolean {
  return one !== null && sameData(one, other);
}
