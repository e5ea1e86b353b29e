import type { Altered, CallContext } from '../../central.ts';
import { edits, isFinal, type Operation, type RecordsOperation } from '../../operation.ts';
import { mirroredNames, nothingWritten, watching } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';

/** What became of a write with an expectation ({@link RecordsOperation.unanswered}). */
type WriteOutcome = Altered | 'nothing' | 'unclear';

/** Open edits with an unanswered write. */
export function unansweredIn(operations: readonly Operation[]): RecordsOperation[] {
  return edits(operations).filter(
    ({ state, unanswered }) => typeof unanswered === 'string' && !isFinal(state),
  );
}

/**
 * Asks the central what became of an unanswered write. From then on the central does not carry out the write,
 * unless it has done so already.
 * @throws {CentralError} the outcome is not known yet
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
 * Asks the central what became of an unanswered write, and journals the outcome. Until then `removed` and
 * `added` of the operation prove nothing, so no step may use them. The caller has locked the names.
 * @throws {CentralError} the outcome is not known yet
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
  // `unclear`: the central has begun the write, so the expectation was true. From now on `removed` and
  // `added` count as what the write changes, perhaps late.
  const all = [...operation.removed, ...operation.added];
  return { unanswered: null, watch: watching(ports, operation, { add: all, remove: all }) };
}
