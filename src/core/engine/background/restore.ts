import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { isEmptyChange, type Change } from '../../../dns/zone.ts';
import { edits, type OperationState, type RecordsOperation } from '../../operation.ts';
import { nextTry, writeWithEcho } from './echo.ts';
import { retimed, viewItems, watching, watchOf } from '../knowledge/operations.ts';
import { changeTowards, ttlsOf, type Known } from '../knowledge/rule.ts';
import { withoutClashes } from '../before/plan.ts';
import type { Runtime } from '../runtime.ts';
import { agreesTwice, type PanelView } from '../knowledge/panel-view.ts';

/**
 * Puts the panel back after the central refused an edit that the panel had kept (class `compensate`). Writes
 * only this operation's records, see {@link inversePart}. The write carries a one-time echo token.
 * @throws {PanelError} when it has to be tried again
 */
export async function restorePanel(
  runtime: Runtime,
  operation: RecordsOperation,
  view: PanelView,
): Promise<void> {
  const { settings } = runtime.ports;
  const items = viewItems(operation, view);
  const wanted = await wantedByOthers(runtime, operation);
  const gone = await removedSince(runtime, operation);
  const change = inversePart(operation, view, wanted, gone);
  // The edit is restored, or another edit has changed its records since. A comparison deals with the rest.
  if (view.records === null || isEmptyChange(change) || items.every((item) => item === 'before')) {
    // The edit itself may not be visible yet, so the wait is as long as for any other.
    const wait = { patience: settings.visibilityWait, gap: settings.readGap };
    if (!agreesTwice(runtime, operation, view, items.join(), wait)) return;
    const isRestored = items.every((item) => item === 'before');
    const watch = isRestored ? watchOf(runtime, operation) : watching(runtime.ports, operation);
    await runtime.store.advance(operation, 'reverted', { watch });
    runtime.agenda.compareSoon(operation.zone, 'restored');
    return;
  }
  // An earlier write may not be visible yet, and a panel may report a write that it did not make.
  const early = nextTry(runtime, operation) - runtime.ports.clock.wall();
  const present = view.records;
  if (early <= 0)
    await writeWithEcho(runtime, operation, (echo, ctx) =>
      runtime.ports.panel.write(change, present, echo, ctx),
    );
  // The next panel read confirms the write, or it is tried again.
  runtime.agenda.wake(operation.zone, Math.max(early, settings.confirmDelay));
}

/**
 * Ids of records that both sides agree on or another open edit wants, each alone and with its TTL. No
 * restoration removes them or changes their TTL.
 */
async function wantedByOthers(runtime: Runtime, operation: RecordsOperation): Promise<Set<string>> {
  const { journal, clock } = runtime.ports;
  const { zone } = operation;
  const wanted = new Set<string>();
  for (const { state, record } of await journal.rows(zone)) {
    if (state === 'synced') wanted.add(recordId(record)).add(withTtl(record));
  }
  for (const other of edits(await journal.operations({ zone, openAt: clock.wall() }))) {
    if (other.id === operation.id || (other.state !== 'applied' && other.state !== 'kept')) continue;
    for (const { add } of other.items) if (add !== null) wanted.add(recordId(add)).add(withTtl(add));
  }
  return wanted;
}

/** How many of a zone's newest operations are searched for records that they removed. */
const latest = 50;

/**
 * Ids of records that another open edit removes, or a later one has removed. No restoration brings them back.
 */
async function removedSince(runtime: Runtime, { id, zone }: RecordsOperation): Promise<Set<string>> {
  const recent = edits(await runtime.ports.journal.operations({ zone, latest }));
  const others = recent.filter(
    ({ id: other, state }) => other !== id && (accepted.has(state) || (state === 'confirmed' && other > id)),
  );
  const items = others.flatMap((other) => other.items).filter((item) => retimed(item) === null);
  return new Set(items.flatMap(({ remove }) => (remove === null ? [] : [recordId(remove)])));
}

/** States of open edits that the panel has kept or may still keep. */
const accepted: ReadonlySet<OperationState> = new Set(['applied', 'kept']);

function withTtl(record: ResourceRecord): string {
  return `${recordId(record)} TTL ${record.ttl ?? '?'}`;
}

/**
 * The change that is still needed to put the panel back, record by record, so that a cut write is completed.
 * What the edit added goes if the panel shows it and no other edit wants it. What it removed comes back if
 * the panel lacks it and no other edit removed it. A value that another edit set in place of the added one
 * stays. A changed TTL is put back only while the panel shows the edit's TTL.
 */
function inversePart(
  { zone, items }: RecordsOperation,
  view: PanelView,
  wanted: ReadonlySet<string>,
  gone: ReadonlySet<string>,
): Change {
  const known = items.flatMap((item): Known[] => {
    const ttl = retimed(item);
    const isShown = ttl !== null && view.ttls.get(recordId(ttl.add)) === ttl.add.ttl;
    const rest = { isOurs: true, isTtlOurs: isShown && !wanted.has(withTtl(ttl.add)), isLeftAlone: false };
    return [item.remove, item.add].flatMap((record): Known[] => {
      if (record === null) return [];
      const id = recordId(record);
      const isWanted = record === item.add && ttl === null && wanted.has(id);
      const isGone = record === item.remove && gone.has(id);
      return [{ ...rest, record, claimed: isWanted ? 'present' : isGone ? 'absent' : null }];
    });
  });
  const before = items.flatMap(({ remove }) => remove ?? []);
  const change = changeTowards(zone, known, { panel: ttlsOf(before), central: view.ttls });
  // A record cannot come back beside a CNAME that was added since.
  return withoutClashes(change, view.records ?? []);
}
