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
   * Whether no hook call edited the zone during the read. Only then does the read prove that a record is
   * absent.
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
 * Whether the panel reported that it made the edit. What a comparison found was not reported, but for a zone
 * that was made again: there the `after` of an earlier create came late.
 */
export function isReported(operation: Operation): boolean {
  const { class: group, state, afterSeen } = operation;
  const isMadeAgain = operation.kind === 'zone-create' && operation.cancels !== null;
  return (group !== 'follow' || isMadeAgain) && (state === 'kept' || afterSeen);
}

/**
 * How long (milliseconds) an operation waits before reads that do not show it count. What the panel reported
 * waits longer, because reads may be old (docs/decisions/021-old-reads.md).
 */
export function patienceFor({ ports, patience, readProofs }: Runtime, operation: Operation): number {
  const { afterWait, visibilityWait, readLag } = ports.settings;
  const { id, zone, state, afterSeen } = operation;
  if (state !== 'kept' && !afterSeen) return afterWait;
  const isCurrent = !isReported(operation) || readProofs.isCurrent(zone, id, patience.since(id));
  return isCurrent ? visibilityWait : Math.max(visibilityWait, readLag);
}

/** In these states the panel has answered already, and only its reads may be behind. */
const hurried: ReadonlySet<string> = new Set(['kept', 'reverting']);

/**
 * Stores what a read showed of an operation. Returns whether two reads that lie far enough apart agree; if
 * not, wakes the zone for the next read.
 * @param signature what the read showed, as text that is equal for equal states
 * @param wait milliseconds. `patience`: the least time since the operation's last step. `gap`: the least time
 *   between the two reads. `sends`: the next step sends the panel's records and undoes nothing, so the pause
 *   after a start is not needed
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
  const due = Math.max(since + wait.patience, wait.sends === true ? 0 : grace.until);
  // The time of the read counts, not the present time: steps of other operations may have taken long since
  // then.
  if (view.readAt < due) {
    // Most edits show soon. So the first checks are frequent, and later ones are rarer.
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
