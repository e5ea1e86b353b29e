import type { DnsName } from '../../../dns/name.ts';
import { recordId } from '../../../dns/record.ts';
import type { Operation } from '../../operation.ts';
import type { PanelRecord } from '../../panel.ts';
import type { Runtime } from '../runtime.ts';

/** One panel read of a zone. */
export interface PanelView {
  /** The zone's records; `null`: the panel has no such zone. */
  readonly records: readonly PanelRecord[] | null;
  readonly ids: ReadonlySet<string>;
  /** TTLs (seconds) by record id; null: the panel shows no TTL for the record. */
  readonly ttls: ReadonlyMap<string, number | null>;
  /**
   * Whether no hook call edited the zone during the read. A read that is not quiet does not prove that a
   * record is absent.
   */
  readonly quiet: boolean;
  /** When the read ended: monotonic milliseconds. */
  readonly readAt: number;
}

/** For each record id, the panel's keys of all rows that hold this record. */
export function keysById(records: readonly PanelRecord[]): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, string[]>();
  for (const record of records) {
    const id = recordId(record);
    const same = keys.get(id);
    if (same === undefined) keys.set(id, [record.key]);
    else same.push(record.key);
  }
  return keys;
}

/** Reads a zone from the panel, once no hook call is being answered. */
export async function readPanel(runtime: Runtime, zone: DnsName): Promise<PanelView> {
  const { value: records, quiet } = await runtime.gate.quietly(zone, () =>
    runtime.timers.step('-', (ctx) => runtime.ports.panel.readZone(zone, ctx)),
  );
  const ttls = new Map((records ?? []).map((record) => [recordId(record), record.ttl]));
  return { records, ids: new Set(ttls.keys()), ttls, quiet, readAt: runtime.now };
}

/**
 * Whether the panel reported that it made the edit. Operations that the panel did not ask for (class
 * `follow`) were not reported, with one exception: a zone create with `cancels`. It repeats a create that was
 * already undone when the panel's `after` call for it arrived. That call is its report.
 */
export function isReported(operation: Operation): boolean {
  const isMadeAgain = operation.kind === 'zone-create' && operation.cancels !== null;
  return (operation.class !== 'follow' || isMadeAgain) && isMade(operation);
}

/**
 * Whether the panel has made what the operation stands for. With class `compensate` it has from the
 * beginning: we heard of the edit by its `after`, even if the journal could not store that.
 */
export function isMade({ class: group, state, afterSeen }: Operation): boolean {
  return group === 'compensate' || state === 'kept' || afterSeen;
}

/**
 * Milliseconds that an operation waits before a panel read without the edit counts against it. An edit that
 * the panel reported waits longer, because reads may show an older state (docs/decisions/021-old-reads.md).
 */
export function patienceFor({ ports, patience, readProofs }: Runtime, operation: Operation): number {
  const { afterWait, visibilityWait, readLag } = ports.settings;
  const { id, zone } = operation;
  if (!isMade(operation)) return afterWait;
  const isCurrent = !isReported(operation) || readProofs.isCurrent(zone, id, patience.since(id));
  return isCurrent ? visibilityWait : Math.max(visibilityWait, readLag);
}

/** In these states the panel will report nothing more. Only its reads may still show an older state. */
const hurried: ReadonlySet<string> = new Set(['kept', 'reverting']);

/**
 * Remembers what a panel read showed of an operation. Returns whether two reads, far enough apart, showed the
 * same. If not, wakes the zone for the next read.
 * @param signature the state that the read showed, as text that is equal for equal states
 * @param wait times in milliseconds. `patience`: the minimum time since the operation's last step. `gap`: the
 * minimum time between the two reads. `sends`: the next step sends the panel's records and undoes nothing, so
 * it need not wait for the end of the grace time
 */
export function agreesTwice(
  runtime: Runtime,
  operation: Operation,
  view: PanelView,
  signature: string,
  wait: { readonly patience: number; readonly gap: number; readonly sends?: boolean },
): boolean {
  const { patience, agenda, grace, ports } = runtime;
  const { zone, id, afterSeen, state } = operation;
  const since = patience.since(id);
  const due = Math.max(since + wait.patience, wait.sends === true ? 0 : grace.endsAt());
  // The time of the read counts, not the present time: since the read, steps of other operations may have
  // taken long.
  if (view.readAt < due) {
    // Most edits show soon, so the first checks follow each other quickly, and later ones are rarer.
    const soon = Math.max(ports.settings.confirmDelay, (runtime.now - since) / 2);
    agenda.wake(
      zone,
      Math.min(Math.max(0, due - runtime.now), afterSeen || hurried.has(state) ? soon : Infinity),
    );
    return false;
  }
  const seenSince = patience.seen(id, view.quiet ? signature : null, view.readAt) ?? view.readAt;
  if (seenSince + wait.gap <= view.readAt) return true;
  agenda.wake(zone, Math.max(0, seenSince + wait.gap - runtime.now));
  return false;
}
