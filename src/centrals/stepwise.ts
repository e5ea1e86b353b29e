import {
  CentralError,
  type Altered,
  type CallContext,
  type CentralErrorFacts,
  type CentralRecord,
} from '../core/central.ts';
import { displayName } from '../dns/name.ts';
import { formatRecord, otherTtl, recordId, type ResourceRecord } from '../dns/record.ts';
import { rrsetId, type Change } from '../dns/zone.ts';
import { hasCode, look, noEffect, centralRefusal, restated } from './errors.ts';

/**
 * The single writes of a central that can write only one record at a time. Each throws only
 * {@link CentralError}.
 */
export interface RecordWriter {
  /** Reads the records at the names of the change; `null`: the central has no such zone. */
  read(ctx: CallContext): Promise<readonly CentralRecord[] | null>;
  /** Adds a record; `exists`: the central answers that it has the record already. */
  add(record: ResourceRecord, ctx: CallContext): Promise<'done' | 'exists'>;
  /** Removes a record; `missing`: the central answers that it has no record with this handle. */
  remove(old: CentralRecord, ctx: CallContext): Promise<'done' | 'missing'>;
  /**
   * Puts `record` in the place of `old` in one write.
   * @returns `missing` or `exists`, with the same meaning as in `remove` and `add`
   */
  replace(old: CentralRecord, record: ResourceRecord, ctx: CallContext): Promise<StepOutcome>;
  /** Whether each record has its own TTL. If not, a change of the TTL alone does nothing. */
  readonly carriesTtl: boolean;
  /**
   * Waits before the next read, because a write may not show yet.
   * @param attempt how many reads so far did not show the write, from 0
   * @returns false if the write has had enough time to show
   */
  waitBeforeRead(attempt: number, ctx: CallContext): Promise<boolean>;
}

/**
 * One write: removes `old`, adds `record`, or puts `record` in the place of `old`. At most one of the two is
 * null.
 */
interface Step {
  readonly old: CentralRecord | null;
  readonly record: ResourceRecord | null;
}

export type StepOutcome = 'done' | 'missing' | 'exists';

/** A change that is being carried out, and what it has done so far. */
interface Progress {
  readonly change: Change;
  readonly writer: RecordWriter;
  readonly ctx: CallContext;
  readonly removed: ResourceRecord[];
  readonly added: ResourceRecord[];
  /**
   * The outcome of each write that was sent. The key is made of the write's {@link partsOf}, joined by line
   * feeds.
   */
  readonly sent: Map<string, StepOutcome>;
  /** The parts ({@link partsOf}) of all writes that the central answered with `done`. */
  readonly done: Set<string>;
}

/**
 * Maximum number of rounds of writing and reading back. If a change needs more, another writer keeps changing
 * the same records.
 */
const mostRounds = 4;

/**
 * Carries out a change record by record, and reads back until nothing is left to do. Removals come first, so
 * that a CNAME finds the name empty. A record removed and a record added at the same name and type become one
 * write. If the central answers `exists` or `missing`, the next read shows what is left to do. No write is
 * sent twice.
 * @param present records from an earlier read. Stale records do no harm, because the read after the writes
 *   shows what is left to do
 * @throws {CentralError} with the state of the whole change
 */
export async function applyStepwise(
  change: Change,
  present: readonly CentralRecord[],
  writer: RecordWriter,
  ctx: CallContext,
): Promise<Altered> {
  const done = { removed: [], added: [], sent: new Map(), done: new Set<string>() };
  const progress: Progress = { change, writer, ctx, ...done };
  let steps = planSteps(change, present, writer.carriesTtl);
  for (let round = 0; round < mostRounds; round += 1) {
    await runSteps(steps, progress);
    steps = await readBack(progress);
    if (steps.length === 0) return { removed: progress.removed, added: progress.added };
    rejectRepeats(steps, progress);
  }
  throw restated(noEffect('later'), stateAfter(progress, 'unknown'));
}

/**
 * Reads the records and returns the writes that are left to do. While a read contradicts the central's answer
 * to a write, waits and reads again.
 */
async function readBack(progress: Progress): Promise<readonly Step[]> {
  const { change, writer, ctx } = progress;
  for (let attempt = 0; ; attempt += 1) {
    const now = await reading(progress);
    const steps = planSteps(change, now, writer.carriesTtl);
    const hidden = steps.some((step) => contradicts(step, progress));
    if (!hidden || !(await writer.waitBeforeRead(attempt, ctx))) return steps;
  }
}

async function reading(progress: Progress): Promise<readonly CentralRecord[]> {
  const { change, writer, ctx } = progress;
  try {
    const records = await writer.read(ctx);
    if (records !== null) return records;
  } catch (error) {
    throw withState(error, stateAfter(progress, 'unknown'));
  }
  throw restated(
    centralRefusal('central.missing', { text: displayName(change.zone) }),
    stateAfter(progress, 'partial'),
  );
}

async function runSteps(steps: readonly Step[], progress: Progress): Promise<void> {
  const { writer, ctx } = progress;
  for (const step of steps) {
    const outcome = await send(step, writer, ctx).catch(async (error: unknown) => {
      const judged = await judge(error, step, writer, ctx);
      throw withState(judged, stateAfter(progress, 'partial'));
    });
    progress.sent.set(partsOf(step).join('\n'), outcome);
    if (outcome !== 'done') continue;
    for (const part of partsOf(step)) progress.done.add(part);
    if (step.old !== null) progress.removed.push(plain(step.old));
    if (step.record !== null) progress.added.push(step.record);
  }
}

/**
 * Finds out whether a step that failed with `central.refused` and the state `unknown` had an effect. The
 * central may have written before it refused, so the records are read again.
 * @returns the error, with the state that the read shows
 */
async function judge(error: unknown, step: Step, writer: RecordWriter, ctx: CallContext): Promise<unknown> {
  if (!hasCode(error, 'central.refused') || error.state !== 'unknown') return error;
  const now = await look(async () => await writer.read(ctx));
  if (now === null || now === 'unread') return error;
  const held = new Set(now.map(({ handle }) => handle));
  const data = new Set(now.map(recordId));
  const undone =
    (step.old === null || held.has(step.old.handle)) &&
    (step.record === null || !data.has(recordId(step.record)));
  return restated(error, undone ? 'untouched' : 'partial');
}

async function send({ old, record }: Step, writer: RecordWriter, ctx: CallContext): Promise<StepOutcome> {
  if (record === null) return old === null ? 'done' : await writer.remove(old, ctx);
  return await (old === null ? writer.add(record, ctx) : writer.replace(old, record, ctx));
}

/** The effects of a step, as texts: the handle that it removes, and the data that it adds. */
function partsOf({ old, record }: Step): readonly string[] {
  return [
    ...(old === null ? [] : [`remove ${old.handle}`]),
    ...(record === null ? [] : [`add ${recordId(record)} ${record.ttl ?? ''}`]),
  ];
}

/**
 * Whether the central's earlier answer contradicts the latest read. The read shows that this step is still to
 * be done, but the central has answered that it is done or not needed.
 */
function contradicts(step: Step, progress: Progress): boolean {
  const parts = partsOf(step);
  return progress.sent.has(parts.join('\n')) || parts.some((part) => progress.done.has(part));
}

/**
 * Throws if one of the steps was sent before. To send it again could overwrite another writer's record, or
 * could go on without end.
 */
function rejectRepeats(steps: readonly Step[], progress: Progress): void {
  for (const step of steps) {
    if (partsOf(step).some((part) => progress.done.has(part))) throw noEffect();
    const outcome = progress.sent.get(partsOf(step).join('\n'));
    if (outcome === undefined) continue;
    const code = outcome === 'missing' ? 'central.missing' : 'central.exists';
    throw restated(centralRefusal(code, { text: nameOf(step) }), stateAfter(progress, 'partial'));
  }
}

function nameOf({ old, record }: Step): string {
  const named = record ?? old;
  return named === null ? '' : formatRecord(named);
}

/**
 * Plans the writes that give the names of the change the records that it wants. If the central has several
 * copies of a record to remove, all copies are removed.
 */
function planSteps(change: Change, present: readonly CentralRecord[], carriesTtl: boolean): readonly Step[] {
  const goal = new Map(change.add.map((record) => [recordId(record), record]));
  const unwanted = new Set(change.remove.map(recordId));
  const removing = present.filter((record) => {
    const wanted = goal.get(recordId(record));
    if (wanted === undefined) return unwanted.has(recordId(record));
    return carriesTtl && unwanted.has(recordId(record)) && otherTtl(wanted, record);
  });
  const staying = new Set(present.filter((record) => !removing.includes(record)).map(recordId));
  const adding = [...goal.values()].filter((record) => !staying.has(recordId(record)));
  return pairUp(removing, adding);
}

function pairUp(removing: readonly CentralRecord[], adding: readonly ResourceRecord[]): readonly Step[] {
  const leaving = Map.groupBy(removing, rrsetId);
  const coming = Map.groupBy(adding, rrsetId);
  const isPair = (record: ResourceRecord): boolean =>
    leaving.get(rrsetId(record))?.length === 1 && coming.get(rrsetId(record))?.length === 1;
  const removals = removing.filter((old) => !isPair(old)).map((old) => ({ old, record: null }));
  const writes = adding.map((record) => {
    const [old = null] = isPair(record) ? (leaving.get(rrsetId(record)) ?? []) : [];
    return { old, record };
  });
  return [...removals, ...writes];
}

function plain({ name, type, ttl, rdata }: ResourceRecord): ResourceRecord {
  return { name, type, ttl, rdata };
}

/**
 * The state of a change that ends early: `untouched` if no step was carried out.
 * @param otherwise the state if at least one step was carried out
 */
function stateAfter(progress: Progress, otherwise: CentralErrorFacts['state']): CentralErrorFacts['state'] {
  return progress.removed.length + progress.added.length === 0 ? 'untouched' : otherwise;
}

/** Wraps the error of one step with the state of the whole change, unless the step's own state is worse. */
function withState(error: unknown, whole: CentralErrorFacts['state']): unknown {
  if (!(error instanceof CentralError) || error.state === 'unknown') return error;
  if (whole === 'untouched' || error.state === whole) return error;
  return restated(error, whole);
}
