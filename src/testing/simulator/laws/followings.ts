import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, recordId, sameData, type ResourceRecord } from '../../../dns/record.ts';
import { isCentralsOwn } from '../../../core/engine/knowledge/compare-rule.ts';
import type { Batch } from '../../../core/journal.ts';
import type { Operation, RecordsOperation } from '../../../core/operation.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Effect, Provenance } from '../provenance.ts';
import type { Approvals } from './approvals.ts';
import type { Judgement } from './judgement.ts';
import { itemsOf, writtenBy } from './operation-parts.ts';

/**
 * If a comparison finds this many removals, it leaves them to an administrator. In a zone of ten or more
 * synced records, more than three tenths of them are already too many (docs/adoption.md, row 24).
 */
const many = 5;
const largeZone = 10;
const largestPart = 0.3;

/**
 * For each hundred zones, comparisons may delete one zone an hour, and at least one in all (docs/adoption.md,
 * row 25).
 */
const zonesForOne = 100;
const hour = 3_600_000;

/** Longest time (ms) from a state of the panel to a comparison's commit that is based on it. */
const readWithin = 120_000;

/**
 * Checks at each commit that comparisons send only records that are new in the panel. Also checks that they
 * remove no more than the safety limits allow.
 */
export class Followings {
  readonly #panel: Provenance;
  readonly #central: Provenance;
  readonly #now: () => number;
  readonly #isNamed: (zone: DnsName) => boolean;
  readonly #approvals: Approvals;
  readonly #witness: JournalWitness;
  readonly #judgement: Judgement;

  /** @param sides `isNamed`: whether a panel function other than an edit of records has named the zone */
  constructor(
    sides: {
      readonly panel: Provenance;
      readonly central: Provenance;
      readonly now: () => number;
      readonly isNamed: (zone: DnsName) => boolean;
      readonly approvals: Approvals;
    },
    witness: JournalWitness,
    judgement: Judgement,
  ) {
    this.#panel = sides.panel;
    this.#central = sides.central;
    this.#now = sides.now;
    this.#isNamed = sides.isNamed;
    this.#approvals = sides.approvals;
    this.#witness = witness;
    this.#judgement = judgement;
  }

  committed({ operations = [] }: Batch): void {
    for (const operation of operations) {
      const isNew = this.#witness.operations.get(operation.id)?.states.length === 1;
      if (!isNew || operation.class !== 'follow') continue;
      if (this.#isApproved(operation)) {
        this.#judgement.excuse('approved');
        continue;
      }
      if (operation.kind === 'records') this.#checkRecords(operation);
      // If a delete is committed together with other operations, an undone create had cancelled it and it is
      // resumed. Only other deletes are checked.
      else if (operation.kind === 'zone-delete' && operations.length === 1) this.#checkZone(operation);
    }
  }

  /** Whether an operator has approved every part of the operation, so that no limit applies. */
  #isApproved(operation: Operation): boolean {
    const own = { operation: operation.id, zone: operation.zone };
    if (operation.kind === 'zone-create') return this.#approvals.names(own, 'add', null);
    if (operation.kind === 'zone-delete') return this.#approvals.names(own, 'remove', null);
    return operation.items.every(
      ({ remove, add }) =>
        (remove === null || this.#approvals.names(own, 'remove', remove)) &&
        (add === null || this.#approvals.names(own, 'add', add)),
    );
  }

  #checkRecords(operation: RecordsOperation): void {
    const { id, zone, items } = operation;
    const own = items.filter(({ note }) => note !== 'note.late-write');
    for (const { add } of items) if (add !== null) this.#checkAlone(operation, add);
    for (const { add } of own) if (add !== null) this.#checkNew(operation, add);
    const gone = own.filter(({ remove }) => remove !== null).length;
    const rows = [...this.#witness.rows(zone)];
    const synced = rows.filter(({ state }) => state === 'synced');
    const removed = new Set(own.flatMap(({ remove }) => (remove === null ? [] : [recordId(remove)])));
    // A record that this comparison found missing at the central was synced until now, so it counts as well.
    const isHeld = rows.some(({ state, onPanel }) => state === 'conflict' && onPanel);
    const isEmptied =
      removed.size > 0 && !isHeld && synced.every(({ record }) => removed.has(recordId(record)));
    const isLarge = synced.length >= largeZone && gone > synced.length * largestPart;
    if (gone >= many || isLarge || isEmptied)
      this.#judgement.violate(
        'limits.records',
        `comparison ${id} removes ${gone} of ${synced.length} in ${zone}`,
      );
  }

  /**
   * Checks that a comparison does not send a record that is `panel-only`, in conflict, excluded, or older
   * than the first engine.
   */
  #checkAlone({ id, zone }: RecordsOperation, add: ResourceRecord): void {
    const state = this.#witness.row(zone, recordId(add))?.state;
    const isLeft = state === 'panel-only' || state === 'conflict' || state === 'excluded';
    if (isLeft || this.#isOld(zone, recordId(add)))
      this.#judgement.violate('alone.record', `comparison ${id} sends ${formatRecord(add)}`);
  }

  #isOld(zone: DnsName, id: string): boolean {
    const [here, there] = [this.#panel.atStart.get(zone), this.#central.atStart.get(zone)];
    if (here?.has(id) !== true || there?.has(id) !== false || this.#approvals.hasJoined(zone, id))
      return false;
    // If somebody else has added the record at the central since, both sides have come to agree about it.
    const agreed = this.#central.effects.some(
      (effect) => effect.present && effect.request === null && isAbout(effect, zone, id),
    );
    return !agreed && !this.#panel.effects.some((effect) => isAbout(effect, zone, id));
  }

  /**
   * Checks that a comparison does not send a record that is synced already, or that a foreign record competes
   * with (docs/adoption.md, rows 2 and 3).
   */
  #checkNew({ id, zone, items }: RecordsOperation, add: ResourceRecord): void {
    if (this.#witness.row(zone, recordId(add))?.state === 'synced')
      this.#judgement.violate('alone.record', `comparison ${id} sends ${formatRecord(add)} once more`);
    const read = this.#central.lastRead('-', zone) ?? 0;
    const removed = new Set(items.flatMap(({ remove }) => (remove === null ? [] : [recordId(remove)])));
    for (const { record, origin } of this.#central.held(zone)) {
      const isRival = competes(record, add) && origin.at < read && !removed.has(recordId(record));
      if (isRival && !isCentralsOwn(zone, record) && this.#isAtCentralOnly(zone, record))
        this.#judgement.violate(
          'alone.record',
          `comparison ${id} sends ${formatRecord(add)} beside ${record.rdata}`,
        );
    }
  }

  /** Whether the panel has been without the record for some time, and no operation names it. */
  #isAtCentralOnly(zone: DnsName, record: ResourceRecord): boolean {
    const id = recordId(record);
    if (this.#panel.originOf(zone, id) !== null) return false;
    const since = this.#now() - readWithin;
    if (this.#panel.effects.some((effect) => effect.at >= since && isAbout(effect, zone, id))) return false;
    return ![...this.#witness.operations.values()].some(
      ({ operation }) => operation.zone === zone && isBusyWith(operation, id),
    );
  }

  /**
   * Checks that a comparison deletes a zone only if a panel function named it, and only a few zones in an
   * hour.
   */
  #checkZone({ id, zone, createdAt }: Operation): void {
    if (!this.#isNamed(zone))
      this.#judgement.violate('limits.zones', `comparison ${id} deletes ${zone}, which nobody named`);
    const recent = [...this.#witness.operations.values()].filter(
      ({ operation: { kind, class: group, createdAt: at } }) =>
        kind === 'zone-delete' && group === 'follow' && at > createdAt - hour,
    ).length;
    const most = Math.max(1, Math.ceil(this.#witness.zones.size / zonesForOne));
    if (recent > most)
      this.#judgement.violate(
        'limits.zones',
        `comparison ${id} deletes ${zone}, number ${recent} in an hour`,
      );
  }
}

function competes(one: ResourceRecord, other: ResourceRecord): boolean {
  if (one.name !== other.name || sameData(one, other)) return false;
  return one.type === other.type || one.type === 'CNAME' || other.type === 'CNAME';
}

function isAbout(effect: Pick<Effect, 'zone' | 'id'>, zone: DnsName, id: string): boolean {
  return effect.zone === zone && effect.id === id;
}

const ended: ReadonlySet<string> = new Set(['confirmed', 'refused', 'reverted']);

/** Whether an open or watched operation names the record. */
function isBusyWith(operation: Operation, id: string): boolean {
  if (ended.has(operation.state) && operation.watch === null) return false;
  // The panel may still carry out the create or delete of the zone. So it is not known which records the zone
  // will have.
  if (operation.kind !== 'records' && operation.state === 'reverted') return true;
  const wanted = itemsOf(operation).flatMap(({ remove, add }) => [remove, add]);
  const records = [...wanted, ...writtenBy(operation)];
  return records.some((one) => one !== null && recordId(one) === id);
}
