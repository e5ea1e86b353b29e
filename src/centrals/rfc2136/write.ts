import { displayName, type DnsName } from '../../dns/name.ts';
import { CentralError, type Altered, type CallContext, type CentralRecord } from '../../core/central.ts';
import { formatRecord, type ResourceRecord } from '../../dns/record.ts';
import { rrsetId, zoneProblems, type Change } from '../../dns/zone.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import { wireRdata } from '../../dns/rdata/rdata.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import { addRecord, deleteRecord, nameNotInUse, rrsetAbsent, rrsetHas } from '../../dns/wire/update.ts';
import { hasCode, noEffect, outage, centralRefusal, restated, withState } from '../errors.ts';
import { alteredBy, planRRsets, type RRsetEdit } from '../rrsets.ts';
import { hiddenRefusal, prerequisiteFailed, updateRefusal } from './answer.ts';
import { heldOctets } from './records.ts';
import type { NameServer } from './api.ts';
import {
  backFrom,
  endedDelegations,
  isAsBefore,
  leftOut,
  loweredTtl,
  rejectOrphans,
  ttlLimit,
} from './left.ts';
import type { NameReader, Wanted, NamesView } from './read.ts';

/**
 * Maximum number of times that a change is planned. It is planned again if its RRsets have changed since they
 * were read.
 */
const mostRounds = 16;

/**
 * Writes changes by dynamic update (RFC 2136). A change is one update message, which the server carries out
 * as a whole or not at all. Because of its prerequisites, the server refuses the message if the RRsets have
 * changed since they were read.
 */
export class ZoneUpdater {
  readonly #server: NameServer;
  readonly #reader: NameReader;

  constructor(server: NameServer, reader: NameReader) {
    this.#server = server;
    this.#reader = reader;
  }

  /**
   * Does what `Central.apply` describes.
   * @param present records at the names of the change. Stale records do no harm, because the prerequisites,
   *   or the read after the write, reveal them
   * @throws {CentralError}
   */
  async apply(change: Change, present: readonly CentralRecord[], ctx: CallContext): Promise<Altered> {
    const altered: AlteredSoFar = { removed: [], added: [], doubted: false };
    try {
      await this.#carryOut({ change, altered, ctx }, present);
      return { removed: altered.removed, added: altered.added };
    } catch (error) {
      throw error instanceof CentralError ? stated(error, altered) : error;
    }
  }

  /** @throws {CentralError} whose state is about the failed step only */
  async #carryOut(work: Work, present: readonly CentralRecord[]): Promise<void> {
    const { change, altered, ctx } = work;
    let view: NamesView = { records: present, hidden: new Map() };
    let isFresh = false;
    for (let round = 0; round < mostRounds; round += 1) {
      if (isFresh && planRRsets(change, view.records).length === 0) {
        const unseen = unseenIn(change, view);
        if (unseen.length === 0 || (await this.#server.holds(change.zone, absenceOf(unseen), ctx))) return;
        view = withRecords(view, unseen);
      }
      const edits = planRRsets(change, view.records);
      if (edits.length > 0) {
        rejectClashes(change.zone, edits, view.records);
        if (isFresh) rejectOrphans(change.zone, edits, view.records);
        if (await this.#sendAll(work, edits, view.records)) {
          if (await this.#isDone(work, edits)) return;
        } else if (altered.doubted) throw noEffect('later');
      }
      const unseen = isFresh ? unseenIn(change, view) : [];
      if (isFresh && unseen.length === 0) rejectHidden(edits, view);
      view = unseen.length > 0 ? withRecords(view, unseen) : await this.#readFresh(work);
      isFresh = true;
    }
    throw outage('central.contended');
  }

  /**
   * Sends the edits in one message, or in several if one cannot hold them all.
   * @returns false if a prerequisite does not hold: the RRsets are no longer as they were read
   */
  async #sendAll(
    work: Work,
    edits: readonly RRsetEdit[],
    present: readonly CentralRecord[],
  ): Promise<boolean> {
    const { change, altered, ctx } = work;
    for (const part of messagesOf(edits)) {
      const prerequisites = [
        ...part.flatMap((edit) => guardsOf(edit, present)),
        ...endedDelegations(change.zone, part).map(({ name }) => rrsetAbsent(name, 'DS')),
      ];
      const updates = part.flatMap((edit) => updatesOf(edit, change.zone));
      const { rcode, proven } = await this.#server.update(change.zone, prerequisites, updates, ctx);
      if (prerequisiteFailed(rcode)) return false;
      if (rcode !== rcodes.NOERROR) {
        const error = updateRefusal(rcode, change.zone);
        const certain = proven && error.state === 'untouched';
        throw certain ? error : await this.#judged(work, { error, proven }, part);
      }
      note(altered, alteredBy(change, part));
    }
    return true;
  }

  /**
   * Finds out what a failed update left at the server. If the server sent a signed answer, it has finished
   * the update, so a read of the names shows the result. Without such an answer, the server may still carry
   * out the update. The state is then `unknown`. It is also `unknown` if queries do not show all records of
   * the names.
   * @returns the error with the state of the update
   * @throws {CentralError} if the names cannot be read
   */
  async #judged(
    work: Work,
    { error, proven }: { readonly error: CentralError; readonly proven: boolean },
    edits: readonly RRsetEdit[],
  ): Promise<CentralError> {
    const { change } = work;
    const view = await this.#read(work, 'unknown');
    if (view === null) throw hasCode(error, 'central.missing') ? missing(change.zone) : noEffect('later');
    const { records, hidden } = view;
    if (!proven || edits.some(({ name }) => hidden.has(name))) return restated(error, 'unknown');
    const left = new Set(planRRsets(change, records).map(rrsetId));
    const untouched = edits.every((edit) => left.has(rrsetId(edit)));
    return restated(error, untouched ? 'untouched' : 'partial');
  }

  async #readFresh(work: Work): Promise<NamesView> {
    const view = await this.#read(work, 'untouched');
    if (view === null) throw missing(work.change.zone);
    return view;
  }

  async #readAfter(work: Work): Promise<NamesView> {
    const view = await this.#read(work, 'unknown');
    if (view === null) throw noEffect('later');
    return view;
  }

  /**
   * Reads the names of the change.
   * @param failed state of the change if this read fails: `untouched` before a write, `unknown` after one
   */
  async #read({ change, ctx }: Work, failed: 'untouched' | 'unknown'): Promise<NamesView | null> {
    return await withState(failed, async () => await this.#reader.read(change.zone, wantedBy(change), ctx));
  }

  /**
   * Reads back whether the server has carried out the edits that it answered with OK. A server may silently
   * drop a part of an update: data beside a CNAME, the last NS of the apex (RFC 2136 section 3.4.2), a
   * wildcard NS. Prerequisites test the records that queries do not show. But another writer may also have
   * changed the records, or the server may only have forwarded the update. So only a second attempt proves
   * that the server drops something.
   * @returns false if the change has to be tried a second time
   * @throws {CentralError} `central.left-out` or `central.ttl-limit`; `central.no-effect` if nothing is
   *   proven
   */
  async #isDone(work: Work, edits: readonly RRsetEdit[]): Promise<boolean> {
    const { change, altered, ctx } = work;
    const { records, hidden } = await this.#readAfter(work);
    const shown = edits.filter(({ name }) => !hidden.has(name));
    const unseen = edits.filter(({ name }) => hidden.has(name));
    if (unseen.length > 0 && !(await this.#holds(change.zone, unseen, ctx))) throw noEffect('later');
    const lowered = loweredTtl(change, shown, records);
    if (lowered !== null) {
      const isBack = unseen.length === 0 && (await this.#undo(work, edits, records));
      if (isBack) forget(altered, edits, change);
      throw ttlLimit(lowered, isBack && isClean(altered) ? 'untouched' : 'partial');
    }
    const [left] = planRRsets(change, records).filter(({ name }) => !hidden.has(name));
    if (left === undefined) return true;
    forget(altered, edits, change);
    note(altered, alteredBy(change, [...unseen, ...shown.filter((edit) => !isAsBefore(edit, records))]));
    if (altered.doubted) throw leftOut(left, isClean(altered) ? 'untouched' : 'partial');
    altered.doubted = true;
    return false;
  }

  /**
   * Puts the RRsets back as they were before the edits.
   * @returns whether a read shows that the RRsets are as before
   */
  async #undo(work: Work, edits: readonly RRsetEdit[], records: readonly CentralRecord[]): Promise<boolean> {
    const back = backFrom(edits, records);
    if (back.length === 0) return true;
    try {
      const scratch = { ...work, altered: { removed: [], added: [], doubted: false } };
      if (!(await this.#sendAll(scratch, back, records))) return false;
      const after = await this.#readAfter(work);
      return edits.every((edit) => isAsBefore(edit, after.records));
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      return false;
    }
  }

  async #holds(zone: DnsName, edits: readonly RRsetEdit[], ctx: CallContext): Promise<boolean> {
    const wanted = edits.flatMap(({ name, type, after }) =>
      after.length === 0 ? [rrsetAbsent(name, type)] : after.map((record) => rrsetHas(record)),
    );
    return (await this.#server.update(zone, wanted, [], ctx)).rcode === rcodes.NOERROR;
  }
}

/** A change that is being carried out, with what its messages have altered. */
interface Work {
  readonly change: Change;
  readonly altered: AlteredSoFar;
  readonly ctx: CallContext;
}

function absenceOf(records: readonly ResourceRecord[]): readonly WireRecord[] {
  return records.map(({ name, type }) => rrsetAbsent(name, type));
}

/** Everything that the updates of a change have altered so far. */
interface AlteredSoFar {
  readonly removed: ResourceRecord[];
  readonly added: ResourceRecord[];
  /** Whether a read did not show an edit that the server had answered with OK. */
  doubted: boolean;
}

function note(altered: AlteredSoFar, { removed, added }: Altered): void {
  altered.removed.push(...removed);
  altered.added.push(...added);
}

/**
 * Takes what these edits changed off the ends of both lists. They must be the edits that were noted last.
 */
function forget({ removed, added }: AlteredSoFar, edits: readonly RRsetEdit[], change: Change): void {
  const undone = alteredBy(change, edits);
  removed.splice(removed.length - undone.removed.length);
  added.splice(added.length - undone.added.length);
}

function isClean({ removed, added }: AlteredSoFar): boolean {
  return removed.length + added.length === 0;
}

/**
 * Maximum size of all prerequisites and updates in one message, in octets. A message may have 65,535 octets,
 * and header and signature need some of them.
 */
const mostMessageOctets = 60_000;

/**
 * Distributes the edits over messages. The content of a big zone may need several messages. Each single
 * message is carried out as a whole or not at all, but not all of them together.
 */
function messagesOf(edits: readonly RRsetEdit[]): readonly (readonly RRsetEdit[])[] {
  const messages: RRsetEdit[][] = [[]];
  let size = 0;
  for (const edit of edits) {
    const octets = octetsFor(edit);
    if (size > 0 && size + octets > mostMessageOctets) {
      messages.push([]);
      size = 0;
    }
    messages.at(-1)?.push(edit);
    size += octets;
  }
  return messages;
}

/**
 * An upper bound for the octets of an edit in a message, without name compression. Each record from before
 * the edit counts twice: as a prerequisite and as a deletion (RFC 1035 section 3.2.1).
 */
function octetsFor({ name, type, before, after }: RRsetEdit): number {
  // In a message, a name takes at most one octet more than as text.
  const head = name.length + 1 + 10;
  const octets = (record: ResourceRecord): number => head + wireRdata(type, record.rdata).length;
  const held = before.reduce((sum, record) => sum + octets(record) + record.handle.length / 2, 0);
  return 2 * head + 2 * held + after.reduce((sum, record) => sum + octets(record), 0);
}

/**
 * The types to read at each name of the change. If the change adds or removes a CNAME at the name, these are
 * all types, because a CNAME excludes all others. If it removes NS records, DS is read too, because DS is
 * useless without NS.
 */
function wantedBy({ remove, add }: Pick<Change, 'remove' | 'add'>): Wanted {
  const wanted = new Map<DnsName, Set<string> | 'all'>();
  for (const { name, type } of [...remove, ...add]) {
    const types = wanted.get(name) ?? new Set<string>();
    if (types === 'all') continue;
    wanted.set(name, type === 'CNAME' ? 'all' : types.add(type));
  }
  for (const { name, type } of remove) {
    const types = wanted.get(name);
    if (type === 'NS' && types !== undefined && types !== 'all') types.add('DS');
  }
  return wanted;
}

/**
 * Makes the prerequisites of an edit: the RRset has not changed since it was read; if it was absent, it still
 * is. Another prerequisite excludes a new CNAME, because a server would drop our records beside it without an
 * error (RFC 2136 section 3.4.2.2).
 */
function guardsOf(
  { name, type, before, after }: RRsetEdit,
  present: readonly CentralRecord[],
): readonly WireRecord[] {
  const beside = present.filter((record) => record.name === name);
  const hasAlias = beside.some((record) => record.type === 'CNAME');
  const noAlias = after.length > 0 && type !== 'CNAME' && !hasAlias ? [rrsetAbsent(name, 'CNAME')] : [];
  if (before.length > 0)
    return [...before.map((record) => rrsetHas({ ...record, ...heldOctets(record) })), ...noAlias];
  const alone = type === 'CNAME' && beside.length === 0;
  return [alone ? nameNotInUse(name) : rrsetAbsent(name, type), ...noAlias];
}

/**
 * The updates that carry out an edit. Deletions come first, so that a CNAME finds the name empty. At the apex
 * they come last, because a server keeps the last NS there (RFC 2136 section 3.4.2.4). If the TTL changes,
 * every record is deleted and added again, because a server may keep the old TTL of the other records.
 */
function updatesOf({ name, type, before, after, ttl }: RRsetEdit, zone: DnsName): readonly WireRecord[] {
  const staying = new Set(after.map(({ rdata }) => rdata));
  const held = new Set(before.map(({ rdata }) => rdata));
  const gone = before
    .filter(({ rdata }) => !staying.has(rdata))
    .map((record) => deleteRecord({ ...record, ...heldOctets(record) }));
  const retimed = before.some((record) => record.ttl !== ttl);
  if (retimed && after.some(({ rdata }) => held.has(rdata))) {
    const all = before.map((record) => deleteRecord({ ...record, ...heldOctets(record) }));
    return [...all, ...after.map((record) => addRecord({ ...record, ...octetsOf(record, before) }, ttl))];
  }
  const coming = after.filter(({ rdata }) => !held.has(rdata)).map((record) => addRecord(record, ttl));
  return name === zone && type === 'NS' ? [...coming, ...gone] : [...gone, ...coming];
}

/** The octets in which the server stores the rdata of a record that stays. */
function octetsOf(
  { rdata }: ResourceRecord,
  before: readonly CentralRecord[],
): { readonly octets?: Uint8Array } {
  const old = before.find((record) => record.rdata === rdata);
  return old === undefined ? {} : heldOctets(old);
}

/**
 * Throws if the change would leave a CNAME beside other data, or two CNAMEs at a name. A server would
 * silently drop one of them, or replace one by the other.
 * @throws {CentralError} `central.invalid-value`
 */
function rejectClashes(zone: DnsName, edits: readonly RRsetEdit[], present: readonly CentralRecord[]): void {
  const touched = new Set(edits.map(rrsetId));
  const names = new Set(edits.filter(({ after }) => after.length > 0).map(({ name }) => name));
  const staying = present.filter((record) => names.has(record.name) && !touched.has(rrsetId(record)));
  const clash = zoneProblems(zone, [...staying, ...edits.flatMap(({ after }) => after)])[0];
  if (clash === undefined) return;
  const text = [clash.params['record'], clash.params['other']].filter((one) => one !== undefined).join('; ');
  throw centralRefusal('central.invalid-value', { text: `${clash.code} ${text}` });
}

/**
 * Records to remove for which queries cannot show whether they exist. The caller assumes that the server has
 * exactly these.
 */
function unseenIn({ remove }: Change, { records, hidden }: NamesView): readonly CentralRecord[] {
  const shown = new Set(records.map(rrsetId));
  return remove
    .filter((record) => hidden.has(record.name) && !shown.has(rrsetId(record)))
    .map((record) => ({ ...record, handle: '' }));
}

function withRecords(view: NamesView, more: readonly CentralRecord[]): NamesView {
  return { ...view, records: [...view.records, ...more] };
}

/**
 * Throws the error for prerequisites that are not met right after a read: the server then has data that
 * queries hide.
 * @throws {CentralError} `central.hidden`
 */
function rejectHidden(edits: readonly RRsetEdit[], { hidden }: NamesView): void {
  for (const { name, after, before } of edits) {
    const cut = hidden.get(name);
    const record = after[0] ?? before[0];
    if (cut !== undefined && record !== undefined) throw hiddenRefusal(formatRecord(record), cut);
  }
}

function missing(zone: DnsName): CentralError {
  return centralRefusal('central.missing', { text: displayName(zone) });
}

/** Wraps the error of one step with the state of the whole change. */
function stated(error: CentralError, altered: AlteredSoFar): CentralError {
  if (error.code === 'central.left-out' || error.code === 'central.ttl-limit') return error;
  return isClean(altered) && !altered.doubted ? error : restated(error, 'unknown');
}
