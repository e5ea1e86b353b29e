import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { isEmptyChange, type Change } from '../../dns/zone.ts';
import type { Operation } from '../operation.ts';
import { PanelError } from '../panel.ts';
import { retimed, viewItems } from './operations.ts';
import type { Runtime } from './runtime.ts';
import { agreesTwice, type PanelView } from './panel-view.ts';

/** How often the panel may refuse the restoration, or say that it did it and not show it; then it is a case for a person. */
const hopelessAfter = 5;

/**
 * Puts the panel back where it kept an edit that the central would not have (class `compensate`): only the records of this
 * operation, and only while the panel still shows exactly what the edit left. Our own write carries a one-time mark.
 * @throws {PanelError} when it has to be tried again
 */
export async function restorePanel(runtime: Runtime, operation: Operation, view: PanelView): Promise<void> {
  const { journal, settings } = runtime.ports;
  const items = viewItems(operation, view);
  const change = inversePart(operation, view, await wantedByOthers(runtime, operation));
  // Restored, or moved on by somebody since: the comparison lists what still differs.
  if (view.records === null || isEmptyChange(change) || items.every((item) => item === 'before')) {
    // The edit itself may not be visible yet: as much patience as for any other.
    const wait = { patience: settings.visibilityWait, gap: settings.readGap };
    if (!agreesTwice(runtime, operation, view, items.join(), wait)) return;
    await journal.commit({ operations: [runtime.next(operation, 'reverted')] });
    runtime.forget(operation.id);
    runtime.compareSoon(operation.zone, 'restored');
    return;
  }
  // What was written may not show yet, and a panel may say that it did it and not have done it.
  const early = nextTry(runtime, operation) - runtime.ports.clock.wall();
  if (early <= 0) await writePanel(runtime, operation, change, view.records);
  // The next look confirms it, or tries again.
  runtime.wakeZone(operation.zone, Math.max(early, settings.confirmDelay));
}

/** Wall-clock time before which the panel is not written again, ever later from try to try. */
function nextTry(runtime: Runtime, { attempts, changedAt }: Operation): number {
  const { retryFirst, retryMost } = runtime.ports.settings;
  return attempts === 0 ? 0 : changedAt + Math.min(retryMost, retryFirst * 2 ** (attempts - 1));
}

/** Ids of records, alone and with their TTL, that both sides agree on by now or another open edit wants: no restoration touches them. */
async function wantedByOthers(runtime: Runtime, operation: Operation): Promise<Set<string>> {
  const { journal, clock } = runtime.ports;
  const { zone } = operation;
  const wanted = new Set<string>();
  for (const { standing, record } of await journal.rows(zone)) {
    if (standing === 'joined') wanted.add(recordId(record)).add(withTtl(record));
  }
  for (const other of await journal.operations({ zone, openAt: clock.wall() })) {
    if (other.id === operation.id || (other.state !== 'applied' && other.state !== 'kept')) continue;
    for (const { add } of other.items) if (add !== null) wanted.add(recordId(add)).add(withTtl(add));
  }
  return wanted;
}

function withTtl(record: ResourceRecord): string {
  return `${recordId(record)} TTL ${record.ttl ?? '?'}`;
}

function inversePart(operation: Operation, view: PanelView, wanted: ReadonlySet<string>): Change {
  const remove: ResourceRecord[] = [];
  const add: ResourceRecord[] = [];
  for (const item of operation.items) {
    const ttl = retimed(item);
    if (ttl !== null) {
      const shown = view.ttls.get(recordId(ttl.add)) ?? null;
      if (shown === ttl.add.ttl && !wanted.has(withTtl(ttl.add))) {
        remove.push(ttl.add);
        add.push(ttl.remove);
      }
      continue;
    }
    const added = item.add === null ? null : recordId(item.add);
    if (item.add !== null && added !== null && view.ids.has(added) && !wanted.has(added))
      remove.push(item.add);
    if (item.remove !== null && !view.ids.has(recordId(item.remove))) add.push(item.remove);
  }
  return { zone: operation.zone, remove, add };
}

async function writePanel(
  runtime: Runtime,
  operation: Operation,
  change: Change,
  present: NonNullable<PanelView['records']>,
): Promise<void> {
  const mark = newMark(runtime);
  const marked = { putOff: false };
  runtime.marks.set(mark, marked);
  try {
    await runtime.step(operation.id, (ctx) => runtime.ports.panel.write(change, present, mark, ctx));
    await countAnswer(runtime, operation);
  } catch (error) {
    const refused = error instanceof PanelError && error.code === 'panel.refused';
    if (refused && !marked.putOff) await countAnswer(runtime, operation);
    throw error;
  } finally {
    runtime.marks.delete(mark);
  }
}

async function countAnswer(runtime: Runtime, operation: Operation): Promise<void> {
  const attempts = operation.attempts + 1;
  const state = attempts > hopelessAfter ? 'stuck' : 'reverting';
  await runtime.ports.journal.commit({ operations: [runtime.next(operation, state, { attempts })] });
}

/** 128 bits that only root and this process know, valid for one write. */
function newMark(runtime: Runtime): string {
  let mark = '';
  while (mark.length < 32) mark += Math.floor(runtime.ports.random() * 16).toString(16);
  return mark;
}
