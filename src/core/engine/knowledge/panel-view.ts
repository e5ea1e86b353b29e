import type { DnsName } from '../../../dns/name.ts';
import { recordId } from '../../../dns/record.ts';
import type { Operation } from '../../operation.ts';
import type { PanelRecord } from '../../panel.ts';
import type { Runtime } from '../runtime.ts';

/** One panel read of a zone, outside handlers. */
export interface PanelView {
  /** `null`: the panel has no such zone. */
  readonly records: readonly PanelRecord[] | null;
  readonly ids: ReadonlySet<string>;
  /** TTLs by id, seconds; null where the panel has none for a record. */
  readonly ttls: ReadonlyMap<string, number | null>;
  /** Whether no hook call ran meanwhile: only then does it count as proof of an absence. */
  readonly quiet: boolean;
  /** When the read ended (monotonic, ms). */
  readonly readAt: number;
}

/** The keys of all rows that mean a record, by its id. */
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

/** States in which the panel has spoken and only visibility is waited for. */
const hurried: ReadonlySet<string> = new Set(['kept', 'reverting']);

/**
 * Remembers a reading and says whether an equal one was made long enough ago; wakes the zone for the next
 * look.
 * @param wait milliseconds: patience since the last step of the operation, and the gap between the two reads.
 *   `sends`: whether what the panel holds is sent afterwards; no grace after a start is waited for then
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
  // Other operations of the zone may have taken their time since the read.
  if (view.readAt < due) {
    // Late visibility is the common case: check again soon at first, then ever later.
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
