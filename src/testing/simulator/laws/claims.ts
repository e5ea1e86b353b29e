import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { Operation } from '../../../core/operation.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Effect, WriteRequest } from '../provenance.ts';
import type { Judgement } from './judgement.ts';

/**
 * What an open edit that was accepted wants stays so, whatever is undone beside it (docs/architecture.md, "claim"). Judged when an undo
 * is sent to the central, or lands in the panel.
 */
export class Claims {
  readonly #witness: JournalWitness;
  readonly #judgement: Judgement;

  constructor(witness: JournalWitness, judgement: Judgement) {
    this.#witness = witness;
    this.#judgement = judgement;
  }

  /** A request to the central goes out. */
  sent({ kind, zone, record, operation }: WriteRequest): void {
    if (record === null || (kind !== 'remove' && kind !== 'add')) return;
    this.#judge(operation, zone, record, kind === 'remove' ? 'add' : 'remove', 'at the central');
  }

  /** We have put something back in the panel. */
  restored({ zone, operation }: WriteRequest, effects: readonly Effect[]): void {
    for (const { record, present } of effects)
      if (record !== null) this.#judge(operation, zone, record, present ? 'remove' : 'add', 'in the panel');
  }

  /** @param wanted what another edit must not want of the record */
  #judge(id: string, zone: DnsName, record: ResourceRecord, wanted: 'add' | 'remove', where: string): void {
    const { operations } = this.#witness;
    const own = operations.get(id)?.operation;
    // What changes the TTL alone removes the record only to add it again.
    if (own?.state !== 'reverting' || own.items.some((item) => isRetimed(item, record))) return;
    const wants = ({ items }: Operation): boolean =>
      items.some((item) => {
        const one = item[wanted];
        return (
          item.mirrored && one !== null && recordId(one) === recordId(record) && !isRetimed(item, record)
        );
      });
    for (const { operation: other } of operations.values()) {
      if (other.id !== id && other.zone === zone && accepted.has(other.state) && wants(other))
        this.#judgement.violate(
          'alone.claimed',
          `operation ${id} undoes ${formatRecord(record)} ${where}, as ${other.id} wants it`,
        );
    }
  }
}

const accepted: ReadonlySet<string> = new Set(['applied', 'kept']);

/** Whether it changes nothing but the TTL of the record. */
function isRetimed({ remove, add }: Operation['items'][number], record: ResourceRecord): boolean {
  return [remove, add].every((one) => one !== null && recordId(one) === recordId(record));
}
