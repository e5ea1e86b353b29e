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
  /** TTLs (seconds) by record id; null: the panel shows none for the record. */
  readonly ttls: ReadonlyMap<string, number | null>;
  /**
   * Whether no hook call edited the zone meanwhile. Only then does the read prove that a record is absent.
   */
  readonly quiet: boolean;
  /** When the read ended: monotonic milliseconds. */
  readonly readAt: number;
}

/** The keys of all rows with the same record, by record id. */
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

/** Reads a zone from the panel once no hook call is running. */
export async function readPanel(runtime: Runtime, zone: DnsName): Promise<PanelView> {
  const { value: records, quiet } = await runtime.gate.quietly(zone, () =>
    runtime.timers.step('-', (ctx) => runtime.ports.panel.readZone(zone, ctx)),
  );
  const ttls = new Map((records ?? []).map((record) => [recordId(record), record.ttl]));
  return { records, ids: new Set(ttls.keys()), ttls, quiet, readAt: runtime.now };
}

/** States in which the panel has answered, and only reads have to show it. */
const hurried: ReadonlySet<string> = new Set(['kept', 'reverting']);

/**
 * Remembers what a read showed of an operation. Returns whether two reads far enough apart agree; if not,
 * wakes the zone for the next read.
 * @param signature what the read showed, as text that is equal for equal states
 * @param wait milliseconds: `patience`, the least time since the operation's last step, and `gap`, the least
 *   time between the two reads. `sends`: the panel's state is sent next, so no grace after a start is waited
 *   for
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
  // The time of the read counts: other operations of the zone may have taken long since.
  if (view.readAt < due) {
    // Most edits become visible soon: check again soon at first, then ever later.
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
