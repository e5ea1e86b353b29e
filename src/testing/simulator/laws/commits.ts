import { isForgotten } from '../../../core/engine/knowledge/forgotten.ts';
import type { DnsName } from '../../../dns/name.ts';
import { formatRecord, otherTtl, recordId, sameData, type ResourceRecord } from '../../../dns/record.ts';
import { isCentralsOwn } from '../../../core/engine/knowledge/compare-rule.ts';
import { defaultEngineSettings } from '../../../core/engine/settings.ts';
import type { Batch } from '../../../core/journal.ts';
import type { LedgerRow } from '../../../core/ledger.ts';
import {
  mayStep,
  type Operation,
  type OperationItem,
  type RecordsOperation,
} from '../../../core/operation.ts';
import type { EditEvent, Verdict } from '../../../core/panel.ts';
import type { JournalWitness, Witnessed } from '../journal-witness.ts';
import type { Effect, Provenance, WriteRequest } from '../provenance.ts';
import type { Approvals } from './approvals.ts';
import type { Judgement } from './judgement.ts';
import { itemsOf, writtenBy } from './operation-parts.ts';

/** Longest time (ms) from an operation's read of a side to the commit that is based on the read. */
const stepWithin = 60_000;

/**
 * For so many milliseconds reads of the panel may still show an older state, such as a zone before it was
 * created again (docs/decisions/021-old-reads.md).
 */
const shownWithin = defaultEngineSettings.readLag;

/** Facts that the laws on commits need, besides the journal. */
export interface Moment {
  readonly panel: Provenance;
  readonly central: Provenance;
  readonly approvals: Approvals;
  readonly now: () => number;
  /** Whether a hook call about the zone is being answered at the moment. */
  readonly isAsked: (zone: DnsName) => boolean;
  /** Whether the engine itself is writing an edit with this fingerprint into the panel. */
  readonly isOwn: (fingerprint: string) => boolean;
  /**
   * Whether reads of the panel show this record now, from a state that is older than an engine can know
   * (docs/adoption.md, "Shown late").
   */
  readonly isShownLate: (zone: DnsName, id: string) => boolean;
}

/**
 * Checks at each commit that the stored facts are true, and that the engine's edits touch no record that must
 * be left alone.
 */
export class Commits {
  readonly #panel: Provenance;
  readonly #central: Provenance;
  readonly #witness: JournalWitness;
  readonly #judgement: Judgement;
  readonly #moment: Moment;
  readonly #now: () => number;

  constructor(moment: Moment, witness: JournalWitness, judgement: Judgement) {
    this.#panel = moment.panel;
    this.#central = moment.central;
    this.#moment = moment;
    this.#now = moment.now;
    this.#witness = witness;
    this.#judgement = judgement;
  }

  committed({ operations = [], rows = [] }: Batch): void {
    const known = operations.map(({ id }) => this.#witness.operations.get(id)?.since ?? this.#now());
    const since = Math.min(this.#now() - stepWithin, ...known);
    for (const { zone, put = [] } of rows) for (const row of put) this.#checkRow(zone, row, since);
    for (const operation of operations) this.#checkOperation(operation, rows);
  }

  #checkOperation(operation: Operation, rows: NonNullable<Batch['rows']>): void {
    const { id, kind, state } = operation;
    const states = this.#witness.operations.get(id)?.states ?? [];
    const before = states.at(-2);
    if (states.length === 1 && operation.kind === 'records') this.#checkNew(operation);
    this.#checkStep(operation, before);
    if (before?.state === state) return;
    // A forgotten create ends without sending anything, once both sides have its zone. So it did not fill the
    // zone.
    const isFilled = kind === 'zone-create' && state === 'confirmed' && before?.state !== 'stuck';
    if (isFilled) this.#checkFilled(operation, rows);
    if (state === 'reverted' && operation.kind === 'records') this.#checkTtls(operation);
  }

  /**
   * Checks an undone edit that changed only a TTL. Its TTL must not remain at the central if the panel has
   * another one.
   */
  #checkTtls({ id, zone, items, watch }: RecordsOperation): void {
    const here = [...this.#panel.held(zone)].map(({ record }) => record);
    for (const { record, origin } of this.#central.held(zone)) {
      const isSame = (other: ResourceRecord | null): boolean => other !== null && sameData(other, record);
      const isRetimed = items.some(
        ({ mirrored, remove, add }) => mirrored && isSame(remove) && isSame(add) && add?.ttl === record.ttl,
      );
      const shown = here.find(isSame);
      // This TTL is not the last one: another open operation changes the record and will write the right TTL.
      const isLeft = [...this.#witness.operations.values()].some(
        ({ operation: other }) =>
          other.id !== id && other.zone === zone && open.has(other.state) && recordsOf(other).some(isSame),
      );
      // The request took effect late, and the operation's watch will still correct the record.
      const isWatched = watch?.added.some(isSame) === true;
      if (isLeft || isWatched) continue;
      if (isRetimed && origin.request?.operation === id && shown !== undefined && otherTtl(shown, record))
        this.#judgement.violate(
          'undo.left',
          `operation ${id} ends with TTL ${record.ttl} of ${formatRecord(record)}`,
        );
    }
  }

  /** Checks that an operation takes only allowed steps, and that `afterSeen` stays true once it is true. */
  #checkStep(
    { id, kind, state, afterSeen }: Operation,
    before: Witnessed['states'][number] | undefined,
  ): void {
    if (before === undefined) return;
    if (!mayStep(kind, before.state, state) || (before.afterSeen && !afterSeen))
      this.#judgement.violate('journal.overwritten', `operation ${id} goes from ${before.state} to ${state}`);
  }

  /** Checks that a zone that was just filled has no ledger rows of an earlier zone with the same name. */
  #checkFilled({ zone }: Operation, rows: NonNullable<Batch['rows']>): void {
    const own = rows.flatMap((change) => (change.zone === zone ? (change.put ?? []) : []));
    const put = new Set(own.map(({ record }) => recordId(record)));
    const left = [...this.#witness.rows(zone)].filter(({ record }) => !put.has(recordId(record)));
    if (left.length > 0)
      this.#judgement.violate('ledger.leftover', `${zone} was filled, with ${left.length} rows of before`);
  }

  /** Checks a request that creates or fills a zone, at the moment when it is sent. */
  sent(request: WriteRequest): void {
    const { kind, zone } = request;
    if (kind === 'add') this.#checkContent(request);
    if (kind !== 'create') return;
    const isOld = this.#panel.atStart.has(zone) && !this.#central.atStart.has(zone);
    const came = this.#panel.effects.some((effect) => effect.zone === zone && effect.record === null);
    if (!isOld || came) return;
    if (this.#moment.approvals.names(request, 'add', null)) this.#judgement.excuse('approved');
    else this.#judgement.violate('alone.zone', `${zone} is made, which only the panel had`);
  }

  /**
   * Checks that a new zone does not get a record that only the earlier zone of this name had. Reads of the
   * panel may still show such a record for a while.
   */
  #checkContent({ operation, zone, record, sentAt }: WriteRequest): void {
    const came = this.#panel.effects.findLast((effect) => effect.zone === zone && effect.record === null);
    const isFilling = this.#witness.operations.get(operation)?.operation.kind === 'zone-create';
    if (!isFilling || record === null || came?.present !== true || sentAt >= came.at + shownWithin) return;
    const id = recordId(record);
    const isNew = (effect: Effect): boolean =>
      effect.at >= came.at && effect.zone === zone && effect.id === id;
    if (this.#panel.originOf(zone, id) === null && !this.#panel.effects.some(isNew))
      this.#judgement.violate('zones.former', `operation ${operation} sends ${formatRecord(record)}`);
  }

  /**
   * Checks a row that becomes `synced`: both sides must have had its record when the operation read them, or
   * in the last minute. The panel may have had it earlier, because its reads may be old.
   */
  #checkRow(zone: DnsName, row: LedgerRow, since: number): void {
    if (row.state !== 'synced' || isCentralsOwn(zone, row.record)) return;
    const id = recordId(row.record);
    const seen = row.onPanel && row.onCentral;
    // Another operation changes the record too. It will give the central the panel's state.
    if (seen && this.#isBusy(zone, id)) return;
    const had = (side: Provenance, from: number): boolean =>
      side.originOf(zone, id) !== null || side.effects.some((effect) => wentSince(effect, zone, id, from));
    const wasShown = had(this.#panel, Math.min(since, this.#now() - shownWithin));
    const isLate = !wasShown && this.#moment.isShownLate(zone, id);
    if (isLate) this.#judgement.excuse('shown-late');
    if (!seen || !(wasShown || isLate) || !had(this.#central, since))
      this.#judgement.violate('ledger.synced', `${zone}: ${formatRecord(row.record)} is synced unseen`);
  }

  /** Whether an operation on the record is open or on watch. */
  #isBusy(zone: DnsName, id: string): boolean {
    return [...this.#witness.operations.values()].some(
      ({ operation }) =>
        operation.zone === zone &&
        (open.has(operation.state) || operation.watch !== null) &&
        recordsOf(operation).some((record) => recordId(record) === id),
    );
  }

  #checkNew(operation: RecordsOperation): void {
    if (operation.class === 'compensate') this.#checkAgain(operation);
    // The following checks are about edits that were journalled before the panel made them (class `veto`).
    if (operation.class !== 'veto') return;
    for (const item of operation.items) this.#checkItem(operation, item);
    this.#checkStuck(operation);
    this.#checkAliases(operation);
    if (this.#moment.isOwn(operation.fingerprint))
      this.#judgement.violate('alone.own', `operation ${operation.id} is about a write of our own`);
  }

  /** Checks that a background operation does not repeat an edit whose records are all `synced` already. */
  #checkAgain({ id, zone, items, afterSeen }: RecordsOperation): void {
    if (afterSeen || this.#moment.isAsked(zone)) return;
    const isSynced = (record: ResourceRecord): boolean =>
      this.#witness.row(zone, recordId(record))?.state === 'synced';
    const isDone = items.every(
      ({ remove, add }) => (remove === null || !isSynced(remove)) && (add === null || isSynced(add)),
    );
    if (isDone) this.#judgement.violate('alone.agreed', `operation ${id} does again what both sides have`);
  }

  /**
   * Checks that an edit adds no CNAME beside other records that its read showed, and no other record beside a
   * CNAME (RFC 1034 section 3.6.2).
   */
  #checkAliases({ id, zone, added, removed }: RecordsOperation): void {
    const read = this.#central.lastRead(id, zone) ?? 0;
    const gone = new Set(removed.map(recordId));
    for (const { record, origin } of this.#central.held(zone)) {
      if (origin.at >= read || gone.has(recordId(record))) continue;
      const rival = added.find(
        ({ name, type, rdata }) =>
          name === record.name &&
          (type !== record.type || rdata !== record.rdata) &&
          (type === 'CNAME' || record.type === 'CNAME'),
      );
      if (rival !== undefined)
        this.#judgement.violate(
          'alone.alias',
          `operation ${id} puts ${formatRecord(rival)} beside ${formatRecord(record)}`,
        );
    }
  }

  /** Checks that an edit has no name in common with a stuck operation. */
  #checkStuck(operation: Operation): void {
    const names = namesOf(operation);
    for (const { operation: other } of this.#witness.operations.values()) {
      const isSame = other.zone === operation.zone && other.state === 'stuck' && !isForgotten(other);
      if (isSame && !names.isDisjointFrom(namesOf(other)))
        this.#judgement.violate(
          'alone.stuck',
          `operation ${operation.id} beside ${other.id}, which is stuck`,
        );
    }
  }

  /**
   * Checks that an edit sends nothing for a record that is `panel-only`, in conflict or excluded, and adds no
   * record beside a conflict (docs/adoption.md, rows 6 to 9). An item that leaves its record as it is sends
   * nothing.
   */
  #checkItem(operation: Operation, { mirrored, remove, add }: OperationItem): void {
    const { id, zone } = operation;
    const isLeftAsIs = remove !== null && add !== null && sameData(remove, add) && remove.ttl === add.ttl;
    if (!mirrored || isLeftAsIs) return;
    if (remove !== null) this.#checkPlace(operation, remove, add);
    if (remove !== null && this.#isLeftAlone(zone, remove) && !this.#isComing(id, zone, remove))
      this.#judgement.violate('alone.record', `operation ${id} removes ${formatRecord(remove)}`);
    if (add !== null && this.#isBesideConflict(zone, add))
      this.#judgement.violate('alone.record', `operation ${id} puts ${formatRecord(add)} beside a conflict`);
  }

  /**
   * Checks that an edit sends nothing if its old record is gone from the central and a foreign record is
   * there instead (docs/adoption.md, row 12).
   */
  #checkPlace({ id, zone }: Operation, remove: ResourceRecord, add: ResourceRecord | null): void {
    if (this.#central.originOf(zone, recordId(remove)) !== null || this.#isOurDoing(id, zone, remove)) return;
    const read = this.#central.lastRead(id, zone) ?? 0;
    for (const { record, origin } of this.#central.held(zone)) {
      const isThere = record.name === remove.name && record.type === remove.type;
      const isWanted = add !== null && sameData(record, add);
      const isStrange =
        origin.writer === 'somebody' && origin.at < read && !this.#isKnown(zone, recordId(record));
      if (isThere && !isWanted && isStrange)
        this.#judgement.violate('alone.foreign', `operation ${id} in place of ${formatRecord(record)}`);
    }
  }

  /**
   * Whether a request of ours removed the record, as far as an engine can know. A removal that was not
   * answered yet counts too.
   */
  #isOurDoing(own: string, zone: DnsName, record: ResourceRecord): boolean {
    const id = recordId(record);
    const isAbout = (one: Effect | WriteRequest): boolean =>
      one.zone === zone && one.record !== null && sameData(one.record, record);
    const last = this.#central.effects.findLast(isAbout);
    if (last !== undefined) {
      if (last.request !== null || this.#isBeingRemoved(own, zone, id, last.at)) return true;
      if (this.#hadComeBack(last)) return true;
    }
    return this.#central.requests.some(
      (request) => request.kind === 'remove' && request.answeredAt === null && isAbout(request),
    );
  }

  /**
   * Called for a record that somebody else removed. Returns whether only a late request of ours had put the
   * record there, after a later request of ours had removed it. The engine knows only its own removal, so for
   * the engine the record was gone already (docs/adoption.md, row 13).
   */
  #hadComeBack({ zone, id, before }: Effect): boolean {
    const late = before?.request ?? null;
    return this.#central.effects.some(
      (one) =>
        late !== null &&
        one.zone === zone &&
        one.id === id &&
        !one.present &&
        one.request !== null &&
        one.at > late.sentAt &&
        one.at <= (late.landedAt ?? -Infinity),
    );
  }

  /**
   * Whether at the time `at` another operation was removing the record, and had not read back yet that the
   * record is gone.
   */
  #isBeingRemoved(own: string, zone: DnsName, id: string, at: number): boolean {
    return [...this.#witness.operations.values()].some(({ operation, since, states }) => {
      if (operation.id === own || operation.zone !== zone || operation.kind !== 'records') return false;
      const isSent = operation.items.some(
        ({ mirrored, remove }) => mirrored && remove !== null && recordId(remove) === id,
      );
      const writtenAt = states.find(({ state }) => state === 'applied')?.at ?? Infinity;
      return isSent && since <= at && at <= writtenAt;
    });
  }

  /** Whether the ledger or any operation names the record. */
  #isKnown(zone: DnsName, id: string): boolean {
    if (this.#witness.row(zone, id) !== null) return true;
    return [...this.#witness.operations.values()].some(
      ({ operation }) => operation.zone === zone && recordsOf(operation).some((one) => recordId(one) === id),
    );
  }

  /**
   * The ledger rows that decide about edits of the zone. While a zone is created again, the ledger still has
   * the rows of the old zone, so none counts (docs/adoption.md, row 18).
   */
  #rows(zone: DnsName): LedgerRow[] {
    return this.#witness.zones.get(zone)?.state === 'creating' ? [] : [...this.#witness.rows(zone)];
  }

  #isLeftAlone(zone: DnsName, record: ResourceRecord): boolean {
    const state = this.#rows(zone).find((row) => sameData(row.record, record))?.state;
    return state === 'panel-only' || state === 'conflict' || state === 'excluded';
  }

  /** Whether another open operation adds the record. */
  #isComing(own: string, zone: DnsName, record: ResourceRecord): boolean {
    return [...this.#witness.operations.values()].some(
      ({ operation }) =>
        operation.id !== own &&
        operation.zone === zone &&
        open.has(operation.state) &&
        itemsOf(operation).some(({ mirrored, add }) => mirrored && add !== null && sameData(add, record)),
    );
  }

  #isBesideConflict(zone: DnsName, { name, type }: ResourceRecord): boolean {
    return this.#rows(zone).some(
      ({ record, state }) =>
        record.name === name && record.type === type && (state === 'conflict' || state === 'excluded'),
    );
  }
}

const open: ReadonlySet<string> = new Set(['prepared', 'applied', 'kept', 'reverting', 'stuck']);

function recordsOf(operation: Operation): ResourceRecord[] {
  const wanted = itemsOf(operation).flatMap(({ remove, add }) => [remove, add]);
  return [...wanted, ...writtenBy(operation)].filter((record) => record !== null);
}

/** Owner names that the operation may write at the central. */
function namesOf(operation: Operation): ReadonlySet<DnsName> {
  const records = itemsOf(operation).flatMap(({ mirrored, remove, add }) => (mirrored ? [remove, add] : []));
  return new Set(records.flatMap((record) => (record === null ? [] : [record.name])));
}

function wentSince(effect: Effect, zone: DnsName, id: string, since: number): boolean {
  return !effect.present && effect.at >= since && effect.zone === zone && effect.id === id;
}

/**
 * Checks that the journal has each accepted edit when the answer is sent. An edit of records must be
 * journalled as written, a delete as accepted. This also holds for an edit that the panel reports only
 * afterwards.
 */
export function checkAccepted(
  witness: JournalWitness,
  { edits, synced, askedAt, calls }: Asked,
  verdict: Verdict,
  judgement: Judgement,
): void {
  if (verdict.kind !== 'accept') return;
  for (const event of edits) {
    const { stage, zone, kind, fingerprint, actor } = event;
    if (actor.rank !== 'administrator' || kind === 'zone-create' || !synced.has(zone)) continue;
    // The user's delete of the zone was accepted meanwhile, and it includes all records of the zone.
    if (kind === 'records' && witness.zones.get(zone)?.state !== 'synced') continue;
    const own = [...witness.operations.values()].filter(({ operation }) => isOf(operation, event));
    // If there was no `before`, the agent may be unable to decode the call. Then it compares the zone.
    if (stage === 'after' && !own.some(isUndone)) continue;
    const isThere = own.some(({ operation, since, states }) => {
      // This `after` may report a delete that was carried out already.
      const reportedAt = states.find(({ afterSeen }) => afterSeen)?.at ?? null;
      const isReportedNow = reportedAt !== null && reportedAt >= askedAt;
      if (kind === 'zone-delete') return since >= askedAt || open.has(operation.state) || isReportedNow;
      // The operation may belong to an equal edit whose call is still being answered. Then it proves nothing
      // about this edit.
      const asking = calls().filter((call) => call.fingerprint === fingerprint && since >= call.askedAt);
      const isPending = asking.length > 0 && asking.every(({ at }) => at === null || since > at);
      if (stage === 'after' && operation.afterSeen && !isPending) return true;
      return since >= askedAt && operation.state !== 'prepared';
    });
    if (!isThere)
      judgement.violate('answers.journal', `${stage} ${kind} ${fingerprint} is accepted, not journalled`);
  }
}

/**
 * Checks an accepted create. If its request made the zone and was answered, the journal must prove the
 * content of the zone. Any record that appears later is foreign.
 */
export function checkCreated(
  witness: JournalWitness,
  { effects }: Provenance,
  { edits, askedAt }: Pick<Asked, 'edits' | 'askedAt'>,
  verdict: Verdict,
  judgement: Judgement,
): void {
  if (verdict.kind !== 'accept') return;
  const asked = edits.filter(({ stage, kind }) => stage === 'before' && kind === 'zone-create');
  for (const event of asked) {
    for (const { operation, since } of witness.operations.values()) {
      if (operation.kind !== 'zone-create' || since < askedAt || !isOf(operation, event)) continue;
      const { id, created, requested } = operation;
      const isMade = effects.some(
        ({ record, present, request: one }) =>
          record === null && present && one?.operation === id && one.answeredAt !== null,
      );
      if (isMade && (!created || requested))
        judgement.violate('answers.journal', `create ${id} is accepted, and its zone is not proved`);
    }
  }
}

/**
 * Checks a refused `after` for an edit that the panel has kept. The journal must have an operation that
 * restores the panel.
 * @param number number of the central in the answer's `problems`
 */
export function checkPutBack(
  witness: JournalWitness,
  { edits, synced }: Pick<Asked, 'edits' | 'synced'>,
  verdict: Verdict,
  number: number,
  judgement: Judgement,
): void {
  if (verdict.kind !== 'refuse' || verdict.changed !== 'panel') return;
  const isMeant = verdict.problems.some(
    ({ params: { central } }) => central === undefined || central.split(', ').includes(String(number)),
  );
  const [event, ...others] = edits;
  if (!isMeant || event === undefined || others.length > 0) return;
  const { stage, kind, zone, fingerprint, actor } = event;
  if (stage !== 'after' || kind !== 'records' || actor.rank !== 'administrator' || !synced.has(zone)) return;
  const own = [...witness.operations.values()].filter(({ operation }) => isOf(operation, event));
  if (!own.some(({ operation }) => operation.state === 'reverting'))
    judgement.violate('answers.journal', `after ${fingerprint} is refused, and the panel not to be put back`);
}

function isUndone({ operation }: Witnessed): boolean {
  return operation.kind === 'zone-delete' || (operation.class === 'veto' && operation.state === 'reverted');
}

function isOf(operation: Operation, { kind, zone, fingerprint }: EditEvent): boolean {
  if (operation.zone !== zone || operation.kind !== kind) return false;
  return kind === 'zone-delete' || operation.fingerprint === fingerprint;
}

/** One hook call of the panel. */
export interface Asked {
  readonly edits: readonly EditEvent[];
  /** Zones that were `synced` in the journal when the call came. */
  readonly synced: ReadonlySet<DnsName>;
  readonly askedAt: number;
  /** Lists all hook calls for edits so far. */
  readonly calls: () => readonly HookCallTimes[];
}

/** Times at which a hook call for an edit came and was answered (null: not yet), monotonic milliseconds. */
export interface HookCallTimes {
  readonly fingerprint: string;
  readonly askedAt: number;
  readonly at: number | null;
}
