import type { DnsName } from '../../../dns/name.ts';
import { recordId } from '../../../dns/record.ts';
import type { CallContext } from '../../central.ts';
import type { LedgerRow, ZoneEntry } from '../../ledger.ts';
import { creates, deletes, isFinal, type Operation } from '../../operation.ts';
import type { ZoneList } from '../../panel.ts';
import {
  compareSides,
  missingNote,
  type CompareOptions,
  type Comparison,
} from '../knowledge/compare-rule.ts';
import { isJustFilled } from '../background/fill-zone.ts';
import { followNamedZone, followPanel, permitFor } from './follow.ts';
import { endFollowDue, followDueReason } from '../knowledge/follow-due.ts';
import { withoutZone } from '../knowledge/forget-zones.ts';
import { isFrozen, mayHaveRows } from '../knowledge/frozen.ts';
import { newCreate } from '../knowledge/operations.ts';
import { observeZone } from './observe-zone.ts';
import { findOtherWriter } from './other-writers.ts';
import { readPanel } from '../knowledge/panel-view.ts';
import { zoneEntry } from '../knowledge/zone-entry.ts';
import { busyIds } from '../before/plan.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import type { Runtime } from '../runtime.ts';
import { baselineDueFact, baselineFact } from '../before/unknown-zone.ts';
import { findSignedAbove, signedAboveNote } from '../before/signed-above.ts';
import { isSigned } from '../before/signed-delete.ts';
import { noteSilent } from './silent-change.ts';
import { noteUnserved } from './unserved.ts';
import { endGone, endJoined, unstickZone, unstuckRecords } from './unstick.ts';
import { createLater, emptySeed } from '../before/zone-edits.ts';
import {
  baselineTaken,
  conflictFacts,
  joinedEntry,
  noteInStep,
  recordsOrCopy,
  watchedIds,
  type ViewedZone,
} from './zone-facts.ts';

/**
 * Compares one zone on both sides (docs/adoption.md). If the zone has no baseline, takes it. Otherwise adds
 * to the central what is new in the panel, and stores other differences in the ledger. Removes at the central
 * what the panel no longer has, as far as `asked.follow` allows.
 * @throws {PanelError | CentralError | JournalError} the caller tries again later
 */
export async function compareZone(runtime: Runtime, zone: DnsName, asked: CompareRequest): Promise<void> {
  const request = await withCause(runtime, zone, asked);
  const { followings } = runtime.agenda;
  runtime.ports.log(6, 'zone.compare', { zone, reason: request.reason, follow: request.follow });
  const frozen = await isFrozen(runtime.ports.journal, zone);
  if (frozen && request.asked !== true) return;
  const began = runtime.now;
  const view = await readPanel(runtime, zone).catch(async (error: unknown) => {
    await noteUnserved(runtime, zone, error);
    throw error;
  });
  const unlisted = view.records === null && (await isUnlisted(runtime, zone, request));
  const compare = runtime.promises === null ? compareUnderLock : observeZone;
  await runtime.lockedStep('-', zone, null, async (ctx) => {
    await compare(runtime, zone, request, { ...view, unlisted, frozen, followings, began }, ctx);
  });
}

/**
 * The request as it counts for this zone: something that the journal remembers may allow the comparison to
 * remove records.
 * @throws {JournalError}
 */
async function withCause(runtime: Runtime, zone: DnsName, request: CompareRequest): Promise<CompareRequest> {
  if (request.follow !== 'no') return request;
  const due = await followDueReason(runtime, zone);
  if (due !== null) return { ...request, reason: due, follow: 'limited' };
  // When we filled the new zone at the central, panel reads may still have shown records that were deleted.
  // We sent these records, so this comparison may remove them again.
  return (await isJustFilled(runtime, zone)) ? { ...request, follow: 'limited' } : request;
}

/**
 * Called after a panel read that did not find the zone. Returns whether the panel's list of zones lacks the
 * zone too. `unreadable`: the list has a name that cannot be read, which may be this zone. If the zone is
 * already noted as gone, returns true without reading the list.
 */
async function isUnlisted(
  runtime: Runtime,
  zone: DnsName,
  request: CompareRequest,
): Promise<boolean | 'unreadable'> {
  const { journal, panel } = runtime.ports;
  const entry = await journal.zone(zone);
  const isNoted = entry?.note === goneNote && request.follow !== 'named';
  if (entry === null || isNoted) return true;
  const list = (): Promise<ZoneList> => runtime.timers.step('-', (ctx) => panel.listZones(ctx));
  const { zones, unreadable } = (await runtime.gate.quietly('-', list)).value;
  if (unreadable.length > 0) return 'unreadable';
  return !zones.includes(zone);
}

const goneNote = 'note.gone-from-panel';

/** Facts about the zone that the comparison collected before it locked the zone. */
interface ComparedZone extends ViewedZone {
  /** `Agenda.followings` when the comparison began. */
  readonly followings: number;
}

async function compareUnderLock(
  runtime: Runtime,
  zone: DnsName,
  begun: CompareRequest,
  view: ComparedZone,
  ctx: CallContext,
): Promise<void> {
  const { journal, clock } = runtime.ports;
  const entry = await journal.zone(zone);
  const remembered = await journal.operations({ zone, openAt: clock.wall() });
  const open = remembered.filter(({ state }) => !isFinal(state));
  // While a create or delete of the zone is open, that operation decides about the zone.
  const own = [...creates(open), ...deletes(open)];
  if (own.length > 0) {
    await unstickZone(runtime, zone, own, view, ctx);
    return;
  }
  const forgotten = await runtime.forgotten(zone);
  // `baseline` is computed only after the panel reads, because the first comparison of all zones may have
  // ended during them.
  const baseline = view.frozen || (await isBaseline(runtime, zone, entry, forgotten));
  if (view.records === null) {
    await goneFromPanel(runtime, entry, { request: begun, unlisted: view.unlisted }, ctx);
    if (view.quiet) await endGone(runtime, forgotten, ctx);
    return;
  }
  const records = await recordsOrCopy(runtime, zone, view.records, ctx);
  if (records === 'copy') {
    await copyAtCentral(runtime, zone, entry);
    return;
  }
  if (records === null) {
    await missingAtCentral(runtime, zone, { entry, baseline }, begun, ctx);
    return;
  }
  const freed = view.quiet ? unstuckRecords([...open, ...forgotten], view, records) : [];
  const freedIds = new Set(freed.map(({ operation }) => operation.id));
  // A damaged ledger has no rows that can be trusted.
  const rows = view.frozen ? [] : await journal.rows(zone);
  // If a pause has ended since the panel was read, removals during the pause must not become conflicts.
  const request = runtime.agenda.strengthened(begun, view.followings);
  const onWatch = remembered.filter(({ watch }) => (watch?.until ?? 0) > clock.wall());
  const watched = watchedIds(onWatch, rows);
  const busy = new Set([...busyIds(open.filter(({ id }) => !freedIds.has(id))), ...watched]);
  const atCentral = new Set(records.map(recordId));
  const leaves = rows.some((row) => isLeft(row, watched, [view.ids, atCentral]));
  if (leaves) runtime.agenda.want(zone, request, endOfWatch(onWatch) - clock.wall());
  const known = view.frozen ? null : entry;
  noteSilent(runtime, known, request, { view, rows, busy });
  const follow = request.follow !== 'no' && !baseline;
  const rule = ruleOf(baseline, entry, busy);
  const wanted = compareSides(zone, view.records, records, rows, { ...rule, follow });
  const permit = permitNow(runtime, zone, request, { view, rows, gone: wanted.gone, baseline });
  // Writes nothing of this zone now. Another comparison must confirm the removals first.
  if (permit === 'later') return;
  const found = permit === 'follow' ? wanted : compareSides(zone, view.records, records, rows, rule);
  compareWaiting(runtime, zone, request, found);
  const other = await otherWriterIn(runtime, known, rows, found);
  await runtime.store.transact(async (tx) => {
    await noteInStep(tx, entry, view, { note: other.note, rows, found, busy: [...remembered, ...forgotten] });
    for (const { operation, to } of freed) await tx.advance(operation, to);
    await endJoined(tx, forgotten);
    await tx.zone(entry, { ...joinedEntry(runtime, zone, entry), note: other.note });
    tx.rows({ zone, dropAll: view.frozen, put: found.put, drop: found.drop });
    const facts = { ...other.facts, ...baselineTaken(zone, entry) };
    tx.with({ facts: { ...facts, ...(await conflictFacts(runtime, zone, rows, found)) } });
    await endFollowDue(runtime, tx, zone, { began: view.began, decides: follow && !leaves, found });
  });
  if (found.additions.length + found.gone.length > 0) {
    await followPanel(runtime, { zone, source: request.reason, present: records, ...found }, ctx);
  }
}

/** Schedules another comparison if new records wait until an open operation has decided. */
function compareWaiting(
  { agenda, ports }: Runtime,
  zone: DnsName,
  request: CompareRequest,
  { waiting }: Comparison,
): void {
  if (waiting.length > 0) agenda.want(zone, request, ports.settings.readLag);
}

async function otherWriterIn(
  runtime: Runtime,
  entry: ZoneEntry | null,
  rows: readonly LedgerRow[],
  found: Comparison,
): ReturnType<typeof findOtherWriter> {
  if (entry?.state !== 'synced') return { note: null, facts: {} };
  return await findOtherWriter(runtime, entry.zone, rows, found);
}

function ruleOf(baseline: boolean, entry: ZoneEntry | null, busy: ReadonlySet<string>): CompareOptions {
  // A zone without an entry is one that the ledger has forgotten. Its rows come from operations that ran
  // since then, and do not count.
  return { baseline, busy, anew: baseline && entry === null };
}

async function enter(runtime: Runtime, judged: ZoneEntry | null, next: ZoneEntry): Promise<void> {
  await runtime.store.transact(async (tx) => {
    await tx.zone(judged, next);
    tx.with({ facts: baselineTaken(next.zone, judged) });
  });
}

/**
 * Notes that the central has the zone only as a copy. No edit can be sent until the provider makes the zone a
 * primary zone. A synced zone stays synced, and its edits are refused.
 */
async function copyAtCentral(runtime: Runtime, zone: DnsName, entry: ZoneEntry | null): Promise<void> {
  const next = zoneEntry(runtime, zone, entry?.state ?? 'panel-only', 'zone.copy', entry);
  await enter(runtime, entry, next);
}

/**
 * Whether the panel or the central lacks a synced record that is on watch. Such a record is left as it is
 * until the watch ends.
 */
function isLeft(
  { record, state }: LedgerRow,
  watched: ReadonlySet<string>,
  sides: readonly ReadonlySet<string>[],
): boolean {
  const id = recordId(record);
  return state === 'synced' && watched.has(id) && sides.some((side) => !side.has(id));
}

/** When the last watch of these operations ends: wall clock, milliseconds since 1970. */
function endOfWatch(operations: readonly Operation[]): number {
  return Math.max(...operations.map(({ watch }) => watch?.until ?? 0));
}

/**
 * Whether this comparison is the zone's first one. Then records that only the panel has count as old, and are
 * not added to the central.
 */
async function isBaseline(
  runtime: Runtime,
  zone: DnsName,
  entry: ZoneEntry | null,
  forgotten: readonly Operation[],
): Promise<boolean> {
  if (entry !== null) return entry.state !== 'synced';
  // Nobody knows whether a forgotten create or delete of the zone was carried out. So no record of the zone
  // counts as new.
  if (forgotten.some(({ kind }) => kind !== 'records')) return true;
  const { journal } = runtime.ports;
  return (await journal.fact(baselineFact)) === null || (await journal.fact(baselineDueFact(zone))) !== null;
}

async function goneFromPanel(
  runtime: Runtime,
  entry: ZoneEntry | null,
  { request, unlisted }: { readonly request: CompareRequest; readonly unlisted: ViewedZone['unlisted'] },
  ctx: CallContext,
): Promise<void> {
  if (entry === null) return;
  if (unlisted !== true) {
    const isHidden = unlisted === 'unreadable' && entry.state === 'synced';
    if (isHidden) await enter(runtime, entry, { ...entry, note: 'note.panel-list-unreadable' });
    return;
  }
  if (entry.state !== 'synced') {
    await runtime.store.commit(withoutZone(entry.zone));
    return;
  }
  if (isHeld(runtime, entry.zone, request)) return;
  if (await isSigned(runtime, entry.zone, ctx))
    await enter(runtime, entry, { ...entry, note: 'note.gone-signed' });
  else if (!(await followNamedZone(runtime, entry.zone, request)))
    await enter(runtime, entry, { ...entry, note: goneNote });
}

async function missingAtCentral(
  runtime: Runtime,
  zone: DnsName,
  { entry, baseline }: { readonly entry: ZoneEntry | null; readonly baseline: boolean },
  request: CompareRequest,
  ctx: CallContext,
): Promise<void> {
  // A synced zone with ledger rows existed at the central, and is noted as missing. A synced zone without
  // rows never existed there: its create was only checked, and later counted as refused.
  if (entry?.state === 'synced' && (await mayHaveRows(runtime.ports.journal, zone))) {
    await enter(runtime, entry, { ...entry, note: missingNote });
    return;
  }
  if (entry !== null && entry.state !== 'synced' && entry.note !== signedAboveNote) return;
  const panelOnly = (note: string | null): ZoneEntry => zoneEntry(runtime, zone, 'panel-only', note, entry);
  if (entry === null && baseline) {
    await enter(runtime, entry, panelOnly(null));
    return;
  }
  if ((await findSignedAbove(runtime, zone, ctx)) !== null) {
    await enter(runtime, entry, panelOnly(signedAboveNote));
    return;
  }
  if (isHeld(runtime, zone, request)) return;
  await createFollowing(runtime, zone, request.reason);
}

/**
 * Like {@link permitFor}, but returns `later` during a pause. The first comparison of a zone is allowed
 * during a pause, because it changes neither side.
 */
function permitNow(
  runtime: Runtime,
  zone: DnsName,
  request: CompareRequest,
  { baseline, ...lack }: Parameters<typeof permitFor>[3] & { readonly baseline: boolean },
): ReturnType<typeof permitFor> {
  if (!baseline && isHeld(runtime, zone, request)) return 'later';
  return permitFor(runtime, zone, request, lack);
}

/**
 * Whether the synchronisation is paused, so that this comparison must change neither side. If so, the zone is
 * compared again when the pause ends.
 */
function isHeld(runtime: Runtime, zone: DnsName, request: CompareRequest): boolean {
  if (!runtime.isPaused) return false;
  runtime.agenda.want(zone, request, Infinity);
  runtime.agenda.hold(zone);
  return true;
}

/**
 * Journals the create of a zone that the panel has and the central lacks. Such a zone was created in the
 * panel without a DNS event (for a web domain, or a user with a domain). Or a late delete removed it at the
 * central. A background step creates the zone there, together with its records.
 * @param cancels id of the delete that an earlier create of the zone cancelled; null: there is none
 * @throws {JournalError}
 */
export async function createFollowing(
  runtime: Runtime,
  zone: DnsName,
  source: string,
  cancels: string | null = null,
): Promise<void> {
  const draft = newCreate(runtime, {
    class: 'follow',
    zone,
    source,
    seed: emptySeed,
    afterSeen: true,
    cancels,
  });
  await createLater(runtime, draft);
  runtime.agenda.wake(zone, 0);
}
