import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { isEmptyChange } from '../../../dns/zone.ts';
import { CentralError } from '../../central.ts';
import { isFinal, type RecordsOperation } from '../../operation.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import { busyIds } from '../before/plan.ts';
import { changeTowards, ttlsOf } from '../knowledge/rule.ts';
import type { Runtime } from '../runtime.ts';

/**
 * An edit may name no TTL for a record (an empty field, or a form without the field). Then the panel chooses
 * the TTL, and we know it only once the panel shows the record. Sends this TTL to the central. If the central
 * refuses it, the central's own TTL stays.
 * @throws {CentralError} the caller tries again later
 */
export async function sendOpenTtls(
  runtime: Runtime,
  operation: RecordsOperation,
  view: PanelView,
): Promise<void> {
  const wanted = openTtls(operation, view);
  if (wanted.size === 0) return;
  const { central, log } = runtime.ports;
  const { id, zone } = operation;
  const names = [...new Set([...wanted.values()].map(({ name }) => name))];
  try {
    await runtime.lockedStep(id, zone, names, async (ctx) => {
      const present = (await central.readNames(zone, names, ctx)) ?? [];
      const busy = await busyLater(runtime, operation);
      const there = ttlsOf(present);
      const known = [...wanted].filter(([record]) => there.has(record));
      const change = changeTowards(
        zone,
        known.map(([record, one]) => ({
          record: one,
          isOurs: false,
          isTtlOurs: true,
          isLeftAlone: false,
          claimed: busy.has(record) ? 'open' : null,
        })),
        { panel: view.ttls, central: there },
      );
      if (!isEmptyChange(change)) await central.apply(change, present, ctx);
    });
  } catch (error) {
    if (!(error instanceof CentralError) || error.retry !== 'never') throw error;
    log(2, 'ttl.not-taken', { operation: id, zone, code: error.code });
  }
}

/**
 * Records whose edit named no TTL, by record id, each with the TTL that the panel shows. The edit has added
 * them, or has changed only their TTL.
 */
function openTtls({ items, added }: RecordsOperation, { ttls }: PanelView): Map<string, ResourceRecord> {
  const written = new Set(added.map(recordId));
  const wanted = new Map<string, ResourceRecord>();
  for (const { mirrored, remove, add } of items) {
    if (!mirrored || add === null || add.ttl !== null) continue;
    const id = recordId(add);
    const ttl = ttls.get(id) ?? null;
    const ours = written.has(id) || (remove !== null && recordId(remove) === id);
    if (ours && ttl !== null) wanted.set(id, { ...add, ttl });
  }
  return wanted;
}

/** Ids of records that later open edits change. The TTL of such a record is left to the later edit. */
async function busyLater(runtime: Runtime, { zone, id }: RecordsOperation): Promise<Set<string>> {
  const open = await runtime.ports.journal.operations({ zone, openAt: runtime.ports.clock.wall() });
  return busyIds(open.filter((other) => other.id > id && !isFinal(other.state)));
}
