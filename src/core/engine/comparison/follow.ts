import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { CallContext, CentralRecord } from '../../central.ts';
import type { LedgerRow } from '../../ledger.ts';
import type { Operation, OperationItem, RecordsOperation } from '../../operation.ts';
import type { PanelRecord } from '../../panel.ts';
import { missingNote, plain } from '../knowledge/compare-rule.ts';
import { applyEach } from '../background/fill-zone.ts';
import { newDelete, newEdit } from '../knowledge/operations.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import { Patience } from '../parts/patience.ts';
import type { Runtime } from '../runtime.ts';
import { recentOf, withRecent } from '../knowledge/recent-fact.ts';
import { exceedsShare, limitedTime, mostDeletes, type SafetyLimits } from '../knowledge/safety-limits.ts';
import { allowed } from '../before/signed-delete.ts';

interface Lack {
  readonly view: PanelView;
  readonly rows: readonly LedgerRow[];
  /** Synced records that the panel no longer has, although the central has them. */
  readonly gone: readonly ResourceRecord[];
}

/**
 * Decides what is done about records that the panel no longer has. `follow`: they may be removed at the
 * central, or there are none. `list`: a safety limit forbids the removal, so they are only stored as
 * differences. `later`: a second panel read, some seconds later and without an edit of the zone, must lack
 * them as well.
 */
export function permitFor(
  runtime: Runtime,
  zone: DnsName,
  { reason, follow }: CompareRequest,
  { view, rows, gone }: Lack,
): 'follow' | 'list' | 'later' {
  if (gone.length === 0 || follow === 'no') {
    runtime.patience.forget(Patience.ofZone('lacking', zone));
    return 'follow';
  }
  const agreed = rows.filter(({ state }) => state === 'synced');
  const synced = agreed.length;
  const isEmptied = !agreed.some(({ record }) => view.ids.has(recordId(record)));
  const { limits } = runtime.ports.settings;
  if (isEmptied || isTooMuch(gone.length, synced, limits)) {
    runtime.ports.log(2, 'follow.limited', { zone, reason, gone: gone.length, synced });
    return 'list';
  }
  const { readGap } = runtime.ports.settings;
  if (lackedBefore(runtime, zone, view, gone)) return 'follow';
  runtime.agenda.compareSoon(zone, reason, follow, Math.max(readGap, runtime.grace.endsAt() - runtime.now));
  return 'later';
}

/**
 * Whether an earlier panel read, made long enough ago and without an edit of the zone, also lacked these
 * records. Remembers what this read showed.
 */
function lackedBefore(
  { patience, grace, ports, now }: Runtime,
  zone: DnsName,
  view: PanelView,
  gone: readonly ResourceRecord[],
): boolean {
  const what = Patience.ofZone('lacking', zone);
  const since = patience.seen(what, view.quiet ? gone.map(recordId).sort().join('\n') : null);
  const isProved = since !== null && now >= Math.max(since + ports.settings.readGap, grace.endsAt());
  if (isProved) patience.forget(what);
  return isProved;
}

function isTooMuch(gone: number, synced: number, limits: SafetyLimits): boolean {
  return gone >= limits.records || exceedsShare(gone, synced, limits);
}

/** A change that a comparison wants to make at the central. */
export interface Following {
  readonly zone: DnsName;
  /** What caused the comparison; see `CompareRequest.reason`. */
  readonly source: string;
  readonly additions: readonly PanelRecord[];
  readonly gone: readonly ResourceRecord[];
  /** The records that the central has in the zone now. */
  readonly present: readonly CentralRecord[];
  /** The operator who asked for this change; absent: no operator did. */
  readonly by?: AskedBy;
  /**
   * Called with the operation's id once the operation is journalled. From then on it is completed, even if
   * `followPanel` throws.
   */
  readonly onBegun?: (operation: string) => void;
}

/** The fields of an operation that describe the operator who asked for it. */
export type AskedBy = Partial<Pick<Operation, 'actor' | 'force'>>;

/**
 * Adds to the central the records that are new in the panel, and removes those that the panel no longer has.
 * One operation of class `follow` holds both. If the outcome of the write is unknown, the operation stays
 * `prepared`. The background step that ends the operation puts it on watch.
 * @returns the operation's id, and the ids of records that the central refused, each with the code of the
 * refusal
 * @throws {CentralError | JournalError} the caller tries again later
 */
export async function followPanel(
  runtime: Runtime,
  following: Following,
  ctx: CallContext,
): Promise<{ readonly operation: string; readonly failed: ReadonlyMap<string, string> }> {
  const { zone, source, present, by } = following;
  const added = following.additions.map(plain);
  const removed = following.gone.map(plain);
  const operation = newEdit(runtime, {
    class: 'follow',
    zone,
    source,
    ...by,
    items: [
      ...removed.map((remove) => ({ remove, add: null, mirrored: true, note: null })),
      ...added.map((add) => ({ remove: null, add, mirrored: true, note: null })),
    ],
    removed,
    added,
    afterSeen: true,
  });
  runtime.inFlight.add(operation.id);
  try {
    await runtime.store.create(operation);
    following.onBegun?.(operation.id);
    const failed = await applyEach(runtime, { zone, remove: removed, add: added }, present, ctx);
    await closeFollowing(runtime, operation, following, failed);
    return { operation: operation.id, failed };
  } finally {
    runtime.inFlight.delete(operation.id);
    runtime.patience.begin(operation.id);
    runtime.agenda.wake(zone, runtime.ports.settings.afterWait);
  }
}

async function closeFollowing(
  runtime: Runtime,
  operation: RecordsOperation,
  { additions, gone }: Following,
  failed: ReadonlyMap<string, string>,
): Promise<void> {
  const rows = additions.map((record): LedgerRow => {
    const code = failed.get(recordId(record)) ?? null;
    return {
      record: plain(record),
      state: code === null ? 'synced' : 'panel-only',
      onPanel: true,
      onCentral: code === null,
      panelKey: record.key,
      note: code,
    };
  });
  const left = gone.flatMap((record): LedgerRow[] => {
    const code = failed.get(recordId(record));
    if (code === undefined) return [];
    return [{ record, state: 'conflict', onPanel: false, onCentral: true, panelKey: null, note: code }];
  });
  const drop = gone.filter((record) => !failed.has(recordId(record)));
  const items = operation.items.map((item) => withRefusal(item, failed));
  await runtime.store.transact(async (tx) => {
    await tx.advance(operation, 'confirmed', { items });
    tx.rows({ zone: operation.zone, put: [...rows, ...left], drop });
  });
}

/**
 * If the central refused the item's record, marks the item as not sent. The code of the refusal becomes its
 * note. Otherwise returns the item unchanged.
 */
function withRefusal(item: OperationItem, failed: ReadonlyMap<string, string>): OperationItem {
  const record = item.add ?? item.remove;
  const code = record === null ? undefined : failed.get(recordId(record));
  return code === undefined ? item : { ...item, mirrored: false, note: code };
}

/**
 * Journals the delete of a zone that the panel no longer has. Does so only if the hook call that caused the
 * comparison named the zone, and if the hourly safety limit for deletes allows it.
 * @returns whether the delete is journalled
 * @throws {JournalError | Moved}
 */
export async function followNamedZone(
  runtime: Runtime,
  zone: DnsName,
  { reason, follow }: CompareRequest,
): Promise<boolean> {
  if (follow !== 'named') return false;
  const { kind } = await followDelete(runtime, zone, { source: reason, limited: true, allowed: false });
  if (kind === 'limited')
    runtime.ports.log(2, 'follow.limited', { reason, zones: (await recentlyDeleted(runtime)).length });
  return kind === 'begun';
}

/**
 * How many more zones may be deleted now without exceeding the hourly safety limit. @throws {JournalError}
 */
export async function deletesLeft(runtime: Runtime): Promise<number> {
  return Math.max(0, (await mostAllowed(runtime)) - (await recentlyDeleted(runtime)).length);
}

async function mostAllowed({ ports: { journal, settings } }: Runtime): Promise<number> {
  return mostDeletes((await journal.zones()).length, settings.limits);
}

/**
 * Name of the journal's fact that lists the zones that comparisons and operators deleted in the last hour,
 * and when.
 */
const deletedFact = 'followed-deletes';

async function recentlyDeleted(runtime: Runtime): ReturnType<typeof recentOf> {
  return await recentOf(runtime.ports, deletedFact, runtime.ports.clock.wall() - limitedTime);
}

/** Why a zone is deleted at the central. */
interface DeleteReason {
  readonly source: string;
  /** Whether the hourly safety limit applies to this delete. */
  readonly limited: boolean;
  /** Whether an administrator allowed the delete even if the zone is signed. */
  readonly allowed: boolean;
  /** The operator who asked for the delete; absent: no operator did. */
  readonly by?: AskedBy;
}

/**
 * The result of {@link followDelete}. `begun`: the delete is journalled. `limited`: the safety limit forbids
 * it. `unknown`: the ledger has no such zone.
 */
type FollowedDelete =
  | { readonly kind: 'begun'; readonly operation: string }
  | { readonly kind: 'limited' }
  | { readonly kind: 'unknown' };

/**
 * Journals the delete of a zone that the panel no longer has. A background step sends the delete once two
 * panel reads prove that the zone is gone.
 * @throws {JournalError | Moved} nothing was journalled
 */
export async function followDelete(
  runtime: Runtime,
  zone: DnsName,
  why: DeleteReason,
): Promise<FollowedDelete> {
  const { journal, settings } = runtime.ports;
  const entry = await journal.zone(zone);
  if (entry === null) return { kind: 'unknown' };
  const { incarnation } = entry;
  const snapshot = (await journal.rows(zone))
    .filter(({ onCentral }) => onCentral)
    .map(({ record }) => record);
  const draft = newDelete(runtime, {
    class: 'follow',
    zone,
    source: why.source,
    ...why.by,
    incarnation,
    snapshot,
    wasThere: entry.note === missingNote ? false : null,
  });
  const most = why.limited ? await mostAllowed(runtime) : Infinity;
  return await runtime.store.transact(async (tx): Promise<FollowedDelete> => {
    // Other deletes may be journalled at the same moment, and they count too. So the list is read and checked
    // inside the transaction.
    const recent = await recentlyDeleted(runtime);
    if (recent.length >= most) return { kind: 'limited' };
    tx.create({ ...draft, afterSeen: true }, 'kept');
    await tx.zone(entry, { ...entry, state: 'deleting', note: null });
    const counted = withRecent(runtime.ports, deletedFact, recent, zone, settings.limits.zones);
    tx.with({ facts: { ...counted, ...(why.allowed ? allowed(draft) : {}) } });
    tx.wake(zone, settings.confirmDelay);
    return { kind: 'begun', operation: draft.id };
  });
}
