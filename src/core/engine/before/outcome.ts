import type { Altered, CallContext } from '../../central.ts';
import { edits, isFinal, type Operation, type RecordsOperation } from '../../operation.ts';
import { mirroredNames, nothingWritten, watching } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';

/** What became of a write that was sent on an expectation ({@link RecordsOperation.unanswered}). */
type WriteOutcome = Altered | 'nothing' | 'unclear';

/** Open edits whose write was sent on an expectation, and was not answered. */
export function unansweredIn(operations: readonly Operation[]): RecordsOperation[] {
  return edits(operations).filter(
    ({ state, unanswered }) => typeof unanswered === 'string' && !isFinal(state),
  );
}

/**
 * Asks the central what became of an unanswered write. From then on the central does not carry it out, unless
 * it has done so already.
 * @throws {CentralError} nobody knows it yet
 */
export async function askOutcome(
  { ports: { central } }: Runtime,
  { id, zone, unanswered = null }: RecordsOperation,
  ctx: CallContext,
): Promise<WriteOutcome> {
  const { conditional } = central;
  if (conditional === undefined || unanswered === null) return 'unclear';
  return await conditional.outcome(zone, unanswered, { ...ctx, operation: id });
}

/**
 * Asks the central what became of unanswered writes, and journals it. Until then `removed` and `added` prove
 * nothing, so no step may use them. The caller has locked the names.
 * @throws {CentralError} nobody knows it yet
 * @throws {JournalError}
 */
export async function learnOutcome(
  runtime: Runtime,
  operation: RecordsOperation,
  ctx: CallContext,
): Promise<void> {
  const outcome = await askOutcome(runtime, operation, ctx);
  await runtime.store.transact((tx) =>
    tx.amend(operation, (now) =>
      now.unanswered === operation.unanswered ? told(runtime, now, outcome) : {},
    ),
  );
  if (outcome !== 'unclear') runtime.unsaid.delete(operation.id);
  runtime.ports.log(4, 'write.answered', {
    operation: operation.id,
    zone: operation.zone,
    outcome: typeof outcome === 'string' ? outcome : 'done',
  });
}

/** Like {@link learnOutcome}, in a background step of its own that locks the names. */
export async function stepOutcome(runtime: Runtime, operation: RecordsOperation): Promise<void> {
  const { id, zone } = operation;
  await runtime.lockedStep(id, zone, mirroredNames(operation), async (ctx) => {
    await learnOutcome(runtime, operation, ctx);
  });
}

function told(
  { ports }: Runtime,
  operation: RecordsOperation,
  outcome: WriteOutcome,
): Partial<Pick<RecordsOperation, 'removed' | 'added' | 'unanswered' | 'watch'>> {
  if (outcome === 'nothing') return { ...nothingWritten, unanswered: null };
  if (outcome !== 'unclear') return { ...outcome, unanswered: null };
  // The write began, so the expectation was true, and the write is meant to change what it says. It may still
  // take effect.
  const all = [...operation.removed, ...operation.added];
  return { unanswered: null, watch: watching(ports, operation, { add: all, remove: all }) };
}
