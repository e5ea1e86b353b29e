import type { DnsName } from '../../../dns/name.ts';
import type { Journal } from '../../journal.ts';
import { isFinal, type Operation } from '../../operation.ts';
import type { Clock } from '../../clock.ts';

/**
 * The zones in which edits were under way when the engine began to observe. The operations of these edits are
 * completed, because the panel already has our answer to the edits. Nothing else is written.
 */
export class Promises {
  readonly #journal: Pick<Journal, 'operations'>;
  readonly #clock: Clock;
  readonly #zones = new Set<DnsName>();

  constructor({ journal, clock }: { readonly journal: Pick<Journal, 'operations'>; readonly clock: Clock }) {
    this.#journal = journal;
    this.#clock = clock;
  }

  /** Adds zones with edits under way. */
  begin(zones: Iterable<DnsName>): void {
    for (const zone of zones) this.#zones.add(zone);
  }

  /**
   * Whether the engine may write in this zone. Once all operations of the zone have ended, this stays false.
   * @throws {JournalError}
   */
  async holdIn(zone: DnsName): Promise<boolean> {
    if (!this.#zones.has(zone)) return false;
    const open = await this.#journal.operations({ zone, openAt: this.#clock.wall() });
    if (open.some(isUnderWay)) return true;
    this.#zones.delete(zone);
    return false;
  }
}

/**
 * Whether background steps continue the operation: it has not ended, and it does not wait for an operator.
 */
export function isUnderWay({ state }: Operation): boolean {
  return state !== 'stuck' && !isFinal(state);
}
