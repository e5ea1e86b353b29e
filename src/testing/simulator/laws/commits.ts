import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { isCentralsOwn } from '../../../core/engine/classify.ts';
import type { Batch } from '../../../core/journal.ts';
import type { LedgerRow } from '../../../core/ledger.ts';
import type { Operation, OperationItem } from '../../../core/operation.ts';
import type { EditEvent, Verdict } from '../../../core/panel.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Effect, Provenance, WriteRequest } from '../provenance.ts';
import type { Judgement } from './judgement.ts';

/** How long (ms) a step may take from its read of a side to its commit. */
const stepWithin = 60_000;

/** Least number of records, and largest part of a zone of ten or more, that a comparison leaves to a person (docs/adoption.md, row 23). */
const many = 5;
const largeZone = 10;
const largestPart = 0.3;

/** What an engine makes durable is true, and leaves alone what is to be left alone. Judged at each commit. */
export class Commits {
  readonly #panel: Provenance;
  readonly #central: Provenance;
  readonly #witness: JournalWitness;
  readonly #judgement: Judgement;
  readonly #now: () => number;

  constructor(
    sides: { readonly panel: Provenance; readonly central: Provenance; readonly now: () => number },
    witness: JournalWitness,
    judgement: Judgement,
  ) {
    this.#panel = sides.panel;
    this.#central = sides.central;
    this.#now = sides.now;
    this.#witness = witness;
    this.#judgement = judgement;
  }

  committed({ operations = [], rows = [] }: Batch): void {
    const known = operations.map(({ id }) => this.#witness.operations.get(id)?.since ?? this.#now());
    const since = Math.min(this.#now() - stepWithin, ...known);
    for (const { zone, put = [] } of rows) for (const row of put) this.#checkRow(zone, row, since);
    for (const operation of operations) {
      const isNew = this.#witness.operations.get(operation.id)?.states.length === 1;
      if (isNew && operation.kind === 'records') this.#checkNew(operation);
    }
  }

  /** A request to make a zone goes out. */
  sent({ kind, zone }: WriteRequest): void {
    if (kind !== 'create') return;
    const isOld = this.#panel.atStart.has(zone) && !this.#central.atStart.has(zone);
    const came = this.#panel.effects.some((effect) => effect.zone === zone && effect.record === null);
    if (isOld && !came) this.#judgement.violate('alone.zone', `${zone} is made, which only the panel had`);
  }

  /** A row that is joined was on both sides when the step that joins it read them. */
  #checkRow(zone: DnsName, row: LedgerRow, since: number): void {
    if (row.standing !== 'joined' || isCentralsOwn(zone, row.record)) return;
    const id = recordId(row.record);
    const seen = row.onPanel && row.onCentral;
    const had = (side: Provenance): boolean =>
      side.originOf(zone, id) !== null || side.effects.some((effect) => wentSince(effect, zone, id, since));
    if (!seen || !had(this.#panel) || !had(this.#central))
      this.#judgement.violate('ledger.joined', `${zone}: ${formatRecord(row.record)} is joined unseen`);
  }

  #checkNew(operation: Operation): void {
    if (operation.class === 'follow') this.#checkFollowing(operation);
    else for (const item of operation.items) this.#checkItem(operation, item);
  }

  /** An edit sends nothing for a record that stands on one side by agreement, nor puts one beside a conflict (rows 6 to 9). */
  #checkItem({ id, zone }: Operation, { mirrored, remove, add }: OperationItem): void {
    if (!mirrored) return;
    if (remove !== null && this.#isLeftAlone(zone, remove) && !this.#isComing(id, zone, remove))
      this.#judgement.violate('alone.record', `operation ${id} removes ${formatRecord(remove)}`);
    if (add !== null && this.#isBesideConflict(zone, add))
      this.#judgement.violate('alone.record', `operation ${id} puts ${formatRecord(add)} beside a conflict`);
  }

  /** A comparison sends what is new, and removes no more than the safety limits allow. */
  #checkFollowing({ id, zone, items }: Operation): void {
    for (const { add } of items) {
      if (add !== null && this.#isLeftAlone(zone, add))
        this.#judgement.violate('alone.record', `comparison ${id} sends ${formatRecord(add)}`);
    }
    const gone = items.filter(({ remove }) => remove !== null).length;
    const joined = [...this.#witness.rows(zone)].filter(({ standing }) => standing === 'joined').length;
    if (gone >= many || (joined >= largeZone && gone > joined * largestPart))
      this.#judgement.violate('limits.records', `comparison ${id} removes ${gone} of ${joined} in ${zone}`);
  }

  #isLeftAlone(zone: DnsName, record: ResourceRecord): boolean {
    const standing = this.#witness.row(zone, recordId(record))?.standing;
    return standing === 'panel-only' || standing === 'differs' || standing === 'released';
  }

  /** Whether another operation that is not at its end makes the record. */
  #isComing(own: string, zone: DnsName, record: ResourceRecord): boolean {
    const id = recordId(record);
    return [...this.#witness.operations.values()].some(
      ({ operation }) =>
        operation.id !== own &&
        operation.zone === zone &&
        open.has(operation.state) &&
        operation.items.some(({ mirrored, add }) => mirrored && add !== null && recordId(add) === id),
    );
  }

  #isBesideConflict(zone: DnsName, { name, type }: ResourceRecord): boolean {
    return [...this.#witness.rows(zone)].some(
      ({ record, standing }) =>
        record.name === name && record.type === type && (standing === 'differs' || standing === 'released'),
    );
  }
}

const open: ReadonlySet<string> = new Set(['prepared', 'applied', 'kept', 'reverting', 'stuck']);

function wentSince(
  { at, record, present, zone: of }: Effect,
  zone: DnsName,
  id: string,
  since: number,
): boolean {
  return !present && at >= since && of === zone && record !== null && recordId(record) === id;
}

/**
 * An edit that was accepted stands in the journal at that moment: a records edit as done, a delete as due.
 * @param mirrored the zones that the journal called joined when it was asked
 */
export function checkAccepted(
  witness: JournalWitness,
  { edits, mirrored, askedAt }: Asked,
  verdict: Verdict,
  judgement: Judgement,
): void {
  if (verdict.kind !== 'accept') return;
  for (const { stage, zone, kind, fingerprint, actor } of edits) {
    if (stage !== 'before' || actor.rank !== 'administrator' || kind === 'zone-create') continue;
    if (!mirrored.has(zone)) continue;
    const own = [...witness.operations.values()].filter(
      ({ operation }) => operation.zone === zone && operation.kind === kind,
    );
    const isThere =
      kind === 'records'
        ? own.some(
            ({ operation, since }) =>
              operation.fingerprint === fingerprint && since >= askedAt && operation.state !== 'prepared',
          )
        : own.some(({ operation }) => open.has(operation.state));
    if (!isThere)
      judgement.violate('answers.journal', `${kind} ${fingerprint} is accepted and not in the journal`);
  }
}

/** One call of the panel. */
export interface Asked {
  readonly edits: readonly EditEvent[];
  readonly mirrored: ReadonlySet<DnsName>;
  readonly askedAt: number;
}
