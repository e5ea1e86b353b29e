import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { refusal } from '../../catalogue.ts';
import { isEmptyChange, type Change } from '../../../dns/zone.ts';
import { edits, type OperationState, type RecordsOperation } from '../../operation.ts';
import { pullSource } from '../../zone-plan.ts';
import { nextTry, writeWithEcho } from './echo.ts';
import { retimed, viewItems, watching, watchOf } from '../knowledge/operations.ts';
import { changeTowards, ttlsOf, type Known } from '../knowledge/rule.ts';
import { withoutClashes } from '../before/plan.ts';
import type { Runtime } from '../runtime.ts';
import { agreesTwice, patienceFor, type PanelView } from '../knowledge/panel-view.ts';

/**
 * Undoes in the panel an edit that the panel has made and the central has refused (class `compensate`).
 * Writes only records of this operation (see {@link inversePart}). The write carries a one-time echo token,
 * by which we recognise the calls that it causes.
 * @throws {PanelError} the caller tries again later
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
  // Nothing is left to write: the panel shows the state before the edit, or another edit has changed these
  // records. If other differences exist, a comparison finds them.
  if (view.records === null || isEmptyChange(change) || items.every((item) => item === 'before')) {
    // Panel reads may not show the edit yet. So the undo ends only after two agreeing reads, as other
    // operations do.
    const wait = { patience: patienceFor(runtime, operation), gap: settings.readGap };
    if (!agreesTwice(runtime, operation, view, items.join(), wait)) return;
    const isRestored = items.every((item) => item === 'before');
    const watch = isRestored ? watchOf(runtime, operation) : watching(runtime.ports, operation);
    const problems = isRestored || operation.source !== pullSource ? operation.problems : [movedOn];
    await runtime.store.advance(operation, 'reverted', { watch, problems });
    runtime.agenda.compareSoon(operation.zone, 'restored');
    return;
  }
  // We pause between writes: panel reads may not show an earlier write yet, or the panel may have reported a
  // write that it never made.
  runtime.readProofs.shown(operation.zone, operation.id, false);
  const early = nextTry(runtime, operation) - runtime.ports.clock.wall();
  const present = view.records;
  if (early <= 0)
    await writeWithEcho(runtime, operation, (echo, ctx) =>
      runtime.ports.panel.write(change, present, echo, ctx),
    );
  // The next panel read shows whether the write worked. If it did not, the write is repeated.
  runtime.agenda.wake(operation.zone, Math.max(early, settings.confirmDelay));
}

/**
 * The reason why a pull did not bring all of the approved change into the panel: other edits changed the
 * records meanwhile.
 */
const movedOn = refusal('pull.moved-on', {});

/**
 * Keys of records that this undo may neither remove nor give another TTL. They are records that both sides
 * agree on, and records that another open edit wants.
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

/** The number of the zone's newest operations among which we look for later removals of a record. */
const latest = 50;

/**
 * Ids of records that this undo may not add again, because another open edit removes them or a later edit has
 * removed them.
 */
async function removedSince(runtime: Runtime, { id, zone }: RecordsOperation): Promise<Set<string>> {
  const recent = edits(await runtime.ports.journal.operations({ zone, latest }));
  const others = recent.filter(
    ({ id: other, state }) => other !== id && (accepted.has(state) || (state === 'confirmed' && other > id)),
  );
  const items = others.flatMap((other) => other.items).filter((item) => retimed(item) === null);
  return new Set(items.flatMap(({ remove }) => (remove === null ? [] : [recordId(remove)])));
}

/** States of open edits that the panel has made or may still make. */
const accepted: ReadonlySet<OperationState> = new Set(['applied', 'kept']);

function withTtl(record: ResourceRecord): string {
  return `${recordId(record)} TTL ${record.ttl ?? '?'}`;
}

/**
 * Computes the write that is still needed to undo the edit in the panel. Looks at each record by itself, so
 * that an interrupted write is completed. Removes a record that the edit added, unless another edit wants it.
 * Adds a record that the edit removed, unless another edit removed it too. Values that a later edit has set
 * stay. A TTL is changed back only while the panel shows the TTL of this edit.
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
  // If a CNAME was added at a name since, the old record cannot be added again beside it (RFC 1034 section
  // 3.6.2).
  return withoutClashes(change, view.records ?? []);
}
