import { displayName, type DnsName } from '../../dns/name.ts';
import { CentralError, type Altered, type CallContext, type CentralRecord } from '../../core/central.ts';
import { formatRecord, type ResourceRecord } from '../../dns/record.ts';
import { zoneProblems, type Change } from '../../dns/zone.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import { wireRdata } from '../../dns/rdata/rdata.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import { addRecord, deleteRecord, nameNotInUse, rrsetAbsent, rrsetHas } from '../../dns/wire/update.ts';
import { restated } from '../restate.ts';
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

/** Times a change is planned anew because somebody else wrote the same RRsets meanwhile. */
const mostRounds = 16;

/**
 * Writes changes: one update message for each, all or nothing, only if the RRsets are as they were read (RFC
 * 2136).
 */
export class ZoneUpdater {
  readonly #server: NameServer;
  readonly #reader: NameReader;

  constructor(server: NameServer, reader: NameReader) {
    this.#server = server;
    this.#reader = reader;
  }

  /**
   * See `Central.apply`.
   * @param present records at the names of the change; where it is stale the server's refusal, or the read
   *   after, tells
   * @throws {CentralError}
   */
  async apply(change: Change, present: readonly CentralRecord[], ctx: CallContext): Promise<Altered> {
    const altered: AlteredSoFar = { removed: [], added: [], doubted: false };
    try {
      await this.#carryOut(change, present, altered, ctx);
      return { removed: altered.removed, added: altered.added };
    } catch (error) {
      throw error instanceof CentralError ? stated(error, altered) : error;
    }
  }

  /**
   * @param altered grows with every message that was carried out; an error is about the step that failed only
   */
  async #carryOut(
    change: Change,
    present: readonly CentralRecord[],
    altered: AlteredSoFar,
    ctx: CallContext,
  ): Promise<void> {
    let view: NamesView = { records: present, hidden: new Map() };
    let isFresh = false;
    for (let round = 0; round < mostRounds; round += 1) {
      if (isFresh && planRRsets(change, view.records).length === 0) {
        const unseen = unseenIn(change, view);
        if (unseen.length === 0 || (await this.#lacks(change.zone, unseen, ctx))) return;
        view = withRecords(view, unseen);
      }
      const edits = planRRsets(change, view.records);
      if (edits.length > 0) {
        rejectClashes(change.zone, edits, view.records);
        if (isFresh) rejectOrphans(change.zone, edits, view.records);
        if (await this.#sendAll(change, edits, view.records, altered, ctx)) {
          if (await this.#isDone(change, edits, altered, ctx)) return;
        } else if (altered.doubted) throw withoutEffect();
      }
      const unseen = isFresh ? unseenIn(change, view) : [];
      if (isFresh && unseen.length === 0) rejectHidden(edits, view);
      view = unseen.length > 0 ? withRecords(view, unseen) : await this.#readFresh(change, ctx);
      isFresh = true;
    }
    throw new CentralError('central.contended', { state: 'untouched', retry: 'later' });
  }

  /**
   * One message, or several where one cannot hold it all.
   * @param altered grows with every message that was carried out
   * @returns false: a prerequisite does not hold, so the RRsets are not as they were read
   */
  async #sendAll(
    change: Change,
    edits: readonly RRsetEdit[],
    present: readonly CentralRecord[],
    altered: AlteredSoFar,
    ctx: CallContext,
  ): Promise<boolean> {
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
        throw certain ? error : await this.#judged({ error, proven }, change, part, ctx);
      }
      note(altered, alteredBy(change, part));
    }
    return true;
  }

  /**
   * A failure that does not say what it left. A server that answered is done with the update, so its present
   * content shows. If nothing proves that it answered, or queries do not show its content, the update may
   * still come or have come.
   * @throws {CentralError} when that cannot be read
   */
  async #judged(
    { error, proven }: { readonly error: CentralError; readonly proven: boolean },
    change: Change,
    edits: readonly RRsetEdit[],
    ctx: CallContext,
  ): Promise<CentralError> {
    const view = await this.#read(change, 'unknown', ctx);
    if (view === null) throw error.code === 'central.missing' ? missing(change.zone) : withoutEffect();
    const { records, hidden } = view;
    if (!proven || edits.some(({ name }) => hidden.has(name))) return restated(error, 'unknown');
    const left = new Set(planRRsets(change, records).map(({ name, type }) => `${name} ${type}`));
    const untouched = edits.every(({ name, type }) => left.has(`${name} ${type}`));
    return restated(error, untouched ? 'untouched' : 'partial');
  }

  async #readFresh(change: Change, ctx: CallContext): Promise<NamesView> {
    const view = await this.#read(change, 'untouched', ctx);
    if (view === null) throw missing(change.zone);
    return view;
  }

  async #readAfter(change: Change, ctx: CallContext): Promise<NamesView> {
    const view = await this.#read(change, 'unknown', ctx);
    if (view === null) throw withoutEffect();
    return view;
  }

  /**
   * @param failed what is known of the change if it cannot be read: after a write its outcome is what is not
   *   known
   */
  async #read(change: Change, failed: 'untouched' | 'unknown', ctx: CallContext): Promise<NamesView | null> {
    try {
      return await this.#reader.read(change.zone, wantedBy(change), ctx);
    } catch (error) {
      throw error instanceof CentralError ? restated(error, failed) : error;
    }
  }

  /**
   * A server may leave part of an update undone without a word: data beside a CNAME, the last NS of the apex
   * (RFC 2136 section 3.4.2), a wildcard NS. What queries do not show is asked for by prerequisites. Another
   * writer may have changed the records as well, or the server may have handed the update on. Only what a
   * second try leaves out, with prerequisites that hold, is left out for sure.
   * @returns false: to be tried a second time
   * @throws {CentralError} `central.left-out`, `central.ttl-limit`, or `central.no-effect` where nothing is
   *   sure
   */
  async #isDone(
    change: Change,
    edits: readonly RRsetEdit[],
    altered: AlteredSoFar,
    ctx: CallContext,
  ): Promise<boolean> {
    const { records, hidden } = await this.#readAfter(change, ctx);
    const shown = edits.filter(({ name }) => !hidden.has(name));
    const unseen = edits.filter(({ name }) => hidden.has(name));
    if (unseen.length > 0 && !(await this.#holds(change.zone, unseen, ctx))) throw withoutEffect();
    const lowered = loweredTtl(change, shown, records);
    if (lowered !== null) {
      const isBack = unseen.length === 0 && (await this.#undo(change, edits, records, ctx));
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

  /** Brings RRsets back to what they were. @returns whether a read shows that */
  async #undo(
    change: Change,
    edits: readonly RRsetEdit[],
    records: readonly CentralRecord[],
    ctx: CallContext,
  ): Promise<boolean> {
    const back = backFrom(edits, records);
    if (back.length === 0) return true;
    try {
      const scratch: AlteredSoFar = { removed: [], added: [], doubted: false };
      if (!(await this.#sendAll(change, back, records, scratch, ctx))) return false;
      const after = await this.#readAfter(change, ctx);
      return edits.every((edit) => isAsBefore(edit, after.records));
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      return false;
    }
  }

  async #lacks(zone: DnsName, records: readonly ResourceRecord[], ctx: CallContext): Promise<boolean> {
    const absent = records.map(({ name, type }) => rrsetAbsent(name, type));
    const { rcode } = await this.#server.update(zone, absent, [], ctx);
    if (rcode === rcodes.NOERROR || prerequisiteFailed(rcode)) return rcode === rcodes.NOERROR;
    throw restated(updateRefusal(rcode, zone), 'untouched');
  }

  async #holds(zone: DnsName, edits: readonly RRsetEdit[], ctx: CallContext): Promise<boolean> {
    const wanted = edits.flatMap(({ name, type, after }) =>
      after.length === 0 ? [rrsetAbsent(name, type)] : after.map((record) => rrsetHas(record)),
    );
    return (await this.#server.update(zone, wanted, [], ctx)).rcode === rcodes.NOERROR;
  }
}

/** What writes altered so far. */
interface AlteredSoFar {
  readonly removed: ResourceRecord[];
  readonly added: ResourceRecord[];
  /** Whether something was sent and answered OK that a read did not show. */
  doubted: boolean;
}

function note(altered: AlteredSoFar, { removed, added }: Altered): void {
  altered.removed.push(...removed);
  altered.added.push(...added);
}

/** Takes these edits, the last that were sent, out of what was altered. */
function forget({ removed, added }: AlteredSoFar, edits: readonly RRsetEdit[], change: Change): void {
  const undone = alteredBy(change, edits);
  removed.splice(removed.length - undone.removed.length);
  added.splice(added.length - undone.added.length);
}

function isClean({ removed, added }: AlteredSoFar): boolean {
  return removed.length + added.length === 0;
}

/**
 * Octets of prerequisites and updates in one message: below the 65,535 of a message, with room for header and
 * signature.
 */
const mostMessageOctets = 60_000;

/**
 * Edits of users fit in one message; the content of a big zone may not, and then each message is all or
 * nothing by itself.
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
 * An upper bound, without compression: every record that was there is a prerequisite and may be deleted (RFC
 * 1035 section 3.2.1).
 */
function octetsFor({ name, type, before, after }: RRsetEdit): number {
  // No name is longer in a message than as text with one octet more.
  const head = name.length + 1 + 10;
  const octets = (record: ResourceRecord): number => head + wireRdata(type, record.rdata).length;
  const held = before.reduce((sum, record) => sum + octets(record) + record.handle.length / 2, 0);
  return 2 * head + 2 * held + after.reduce((sum, record) => sum + octets(record), 0);
}

/**
 * The types of a change at each of its names. It is all types at a name that gets or had a CNAME, which
 * tolerates no other. DS is read where NS go, because it needs them.
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
 * The RRset as it was read; for a name that had nothing, that it still has nothing. No CNAME may have come
 * meanwhile: beside one a server leaves our records out without an error (RFC 2136 section 3.4.2.2).
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
 * Deletions come first, so that a CNAME makes room, except at the apex, where the last NS would stay (RFC
 * 2136 section 3.4.2.4). A new TTL is given by adding every record anew: a server may or may not carry it
 * over to the others.
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

/** A record that stays keeps its octets. */
function octetsOf(
  { rdata }: ResourceRecord,
  before: readonly CentralRecord[],
): { readonly octets?: Uint8Array } {
  const old = before.find((record) => record.rdata === rdata);
  return old === undefined ? {} : heldOctets(old);
}

/**
 * A CNAME beside others, two CNAMEs: a server would leave them out, or put one in the place of the other,
 * without a word.
 */
function rejectClashes(zone: DnsName, edits: readonly RRsetEdit[], present: readonly CentralRecord[]): void {
  const touched = new Set(edits.map(({ name, type }) => `${name} ${type}`));
  const names = new Set(edits.filter(({ after }) => after.length > 0).map(({ name }) => name));
  const staying = present.filter(({ name, type }) => names.has(name) && !touched.has(`${name} ${type}`));
  const clash = zoneProblems(zone, [...staying, ...edits.flatMap(({ after }) => after)])[0];
  if (clash === undefined) return;
  const text = [clash.params['record'], clash.params['other']].filter((one) => one !== undefined).join('; ');
  const params = { text: `${clash.code} ${text}` };
  throw new CentralError('central.invalid-value', { state: 'untouched', retry: 'never', params });
}

/**
 * Records to be removed where queries do not show whether they are there: perhaps they are just what is
 * there.
 */
function unseenIn({ remove }: Change, { records, hidden }: NamesView): readonly CentralRecord[] {
  const shown = new Set(records.map(setKey));
  return remove
    .filter((record) => hidden.has(record.name) && !shown.has(setKey(record)))
    .map((record) => ({ ...record, handle: '' }));
}

function setKey({ name, type }: Pick<ResourceRecord, 'name' | 'type'>): string {
  return `${name} ${type}`;
}

function withRecords(view: NamesView, more: readonly CentralRecord[]): NamesView {
  return { ...view, records: [...view.records, ...more] };
}

/** The prerequisites failed though everything was just read: what stands there is hidden from queries. */
function rejectHidden(edits: readonly RRsetEdit[], { hidden }: NamesView): void {
  for (const { name, after, before } of edits) {
    const cut = hidden.get(name);
    const record = after[0] ?? before[0];
    if (cut !== undefined && record !== undefined) throw hiddenRefusal(formatRecord(record), cut);
  }
}

function missing(zone: DnsName): CentralError {
  const params = { text: displayName(zone) };
  return new CentralError('central.missing', { state: 'untouched', retry: 'never', params });
}

function withoutEffect(): CentralError {
  return new CentralError('central.no-effect', { state: 'unknown', retry: 'later' });
}

/** With the state of the whole change. */
function stated(error: CentralError, altered: AlteredSoFar): CentralError {
  if (error.code === 'central.left-out' || error.code === 'central.ttl-limit') return error;
  return isClean(altered) && !altered.doubted ? error : restated(error, 'unknown');
}
