import {
  CentralError,
  type Altered,
  type CallContext,
  type CentralErrorFacts,
  type CentralRecord,
} from '../core/central.ts';
import { displayName, type DnsName } from '../dns/name.ts';
import { formatRecord, otherTtl, recordId, type ResourceRecord } from '../dns/record.ts';
import type { Change } from '../dns/zone.ts';
import { look, restated } from './restate.ts';

/**
 * The single writes of a central that has no larger unit than one record. Each throws {@link CentralError}
 * only.
 */
export interface RecordWriter {
  /** Records at the names of the change, fresh; `null`: no such zone. */
  read(ctx: CallContext): Promise<readonly CentralRecord[] | null>;
  /** `exists`: the central says it has the record already. */
  add(record: ResourceRecord, ctx: CallContext): Promise<'done' | 'exists'>;
  /** `missing`: the central knows no record with this handle. */
  remove(old: CentralRecord, ctx: CallContext): Promise<'done' | 'missing'>;
  /** Puts `record` in the place of `old` in one write. */
  replace(
    old: CentralRecord,
    record: ResourceRecord,
    ctx: CallContext,
  ): Promise<'done' | 'missing' | 'exists'>;
  /** Whether records have TTLs of their own; if not, a change of the TTL alone is no change. */
  readonly carriesTtl: boolean;
  /** Lets time pass before another check of a write that does not show yet; false: it had long enough. */
  waitBeforeRead(attempt: number, ctx: CallContext): Promise<boolean>;
}

type Step =
  | { readonly kind: 'remove'; readonly old: CentralRecord }
  | { readonly kind: 'replace'; readonly old: CentralRecord; readonly record: ResourceRecord }
  | { readonly kind: 'add'; readonly record: ResourceRecord };

type Outcome = 'done' | 'missing' | 'exists';

/** What is known so far of one change on its way. */
interface Progress {
  readonly removed: ResourceRecord[];
  readonly added: ResourceRecord[];
  /** Outcome of each write sent, by all its {@link partsOf}. */
  readonly sent: Map<string, Outcome>;
  /** Parts of writes answered `done`. */
  readonly done: Set<string>;
}

/** Fresh reads that may show new work before it is given up: somebody else keeps writing the same records. */
const mostRounds = 4;

/**
 * Carries out a change record by record and reads back until a fresh read shows nothing left to do. Removals
 * come first, so that a CNAME makes room. A single record removed and a single one added at the same name and
 * type are one write. What a central calls existing or missing is verified by the next read. No write is sent
 * twice.
 * @param present read before; where it is stale, the read after the writes corrects it
 * @throws {CentralError} with `state` for the change as a whole
 */
export async function applyStepwise(
  change: Change,
  present: readonly CentralRecord[],
  writer: RecordWriter,
  ctx: CallContext,
): Promise<Altered> {
  const progress: Progress = { removed: [], added: [], sent: new Map(), done: new Set() };
  let steps = planSteps(change, present, writer.carriesTtl);
  for (let round = 0; round < mostRounds; round += 1) {
    await runSteps(steps, writer, progress, ctx);
    steps = await readBack(change, writer, progress, ctx);
    if (steps.length === 0) return { removed: progress.removed, added: progress.added };
    rejectRepeats(steps, progress);
  }
  throw new CentralError('central.no-effect', { state: stateAfter(progress, 'unknown'), retry: 'later' });
}

/** What is left to do, by a fresh read; waits for what earlier answers say is so and does not show yet. */
async function readBack(
  change: Change,
  writer: RecordWriter,
  progress: Progress,
  ctx: CallContext,
): Promise<readonly Step[]> {
  for (let attempt = 0; ; attempt += 1) {
    const now = await reading(change.zone, writer, progress, ctx);
    const steps = planSteps(change, now, writer.carriesTtl);
    const hidden = steps.some((step) => contradicts(step, progress));
    if (!hidden || !(await writer.waitBeforeRead(attempt, ctx))) return steps;
  }
}

async function reading(
  zone: DnsName,
  writer: RecordWriter,
  progress: Progress,
  ctx: CallContext,
): Promise<readonly CentralRecord[]> {
  try {
    const records = await writer.read(ctx);
    if (records !== null) return records;
  } catch (error) {
    throw withState(error, stateAfter(progress, 'unknown'));
  }
  throw new CentralError('central.missing', {
    state: stateAfter(progress, 'partial'),
    retry: 'never',
    params: { text: displayName(zone) },
  });
}

async function runSteps(
  steps: readonly Step[],
  writer: RecordWriter,
  progress: Progress,
  ctx: CallContext,
): Promise<void> {
  for (const step of steps) {
    const outcome = await send(step, writer, ctx).catch(async (error: unknown) => {
      const judged = await judge(error, step, writer, ctx);
      throw withState(judged, stateAfter(progress, 'partial'));
    });
    progress.sent.set(partsOf(step).join('\n'), outcome);
    if (outcome !== 'done') continue;
    for (const part of partsOf(step)) progress.done.add(part);
    if (step.kind !== 'add') progress.removed.push(plain(step.old));
    if (step.kind !== 'remove') progress.added.push(step.record);
  }
}

/** An answered refusal of no known kind may have come after the write was done; a read shows. */
async function judge(error: unknown, step: Step, writer: RecordWriter, ctx: CallContext): Promise<unknown> {
  if (!(error instanceof CentralError) || error.code !== 'central.refused' || error.state !== 'unknown')
    return error;
  const now = await look(async () => await writer.read(ctx));
  if (now === null || now === 'unread') return error;
  const held = new Set(now.map(({ handle }) => handle));
  const data = new Set(now.map(recordId));
  const undone =
    (step.kind === 'add' || held.has(step.old.handle)) &&
    (step.kind === 'remove' || !data.has(recordId(step.record)));
  return restated(error, undone ? 'untouched' : 'partial');
}

async function send(step: Step, writer: RecordWriter, ctx: CallContext): Promise<Outcome> {
  switch (step.kind) {
    case 'remove':
      return await writer.remove(step.old, ctx);
    case 'replace':
      return await writer.replace(step.old, step.record, ctx);
    case 'add':
      return await writer.add(step.record, ctx);
  }
}

/** What a step does, as text: the same handle removed, or the same data added. */
function partsOf(step: Step): string[] {
  const parts: string[] = [];
  if (step.kind !== 'add') parts.push(`remove ${step.old.handle}`);
  if (step.kind !== 'remove') parts.push(`add ${recordId(step.record)} ${step.record.ttl ?? ''}`);
  return parts;
}

/**
 * Whether a step is to be done by what a read shows and was done, or called needless, by an earlier answer.
 */
function contradicts(step: Step, progress: Progress): boolean {
  const parts = partsOf(step);
  return progress.sent.has(parts.join('\n')) || parts.some((part) => progress.done.has(part));
}

/** A write whose answer a fresh read contradicts is not sent again: that would be a fight, or a loop. */
function rejectRepeats(steps: readonly Step[], progress: Progress): void {
  for (const step of steps) {
    if (partsOf(step).some((part) => progress.done.has(part))) {
      throw new CentralError('central.no-effect', { state: 'unknown', retry: 'never' });
    }
    const outcome = progress.sent.get(partsOf(step).join('\n'));
    if (outcome === undefined) continue;
    const code = outcome === 'missing' ? 'central.missing' : 'central.exists';
    throw new CentralError(code, {
      state: stateAfter(progress, 'partial'),
      retry: 'never',
      params: { text: nameOf(step) },
    });
  }
}

function nameOf(step: Step): string {
  return formatRecord(step.kind === 'remove' ? step.old : step.record);
}

/**
 * The writes that lead from `present` to the goal of the change. Rows that mean the same record are all
 * removed.
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
  const removals: Step[] = [];
  const replaced = new Map<ResourceRecord, CentralRecord>();
  for (const old of removing) {
    const leaving = removing.filter((other) => sameSet(other, old));
    const coming = adding.filter((other) => sameSet(other, old));
    const [next] = coming;
    if (next !== undefined && leaving.length === 1 && coming.length === 1) replaced.set(next, old);
    else removals.push({ kind: 'remove', old });
  }
  const writes = adding.map((record): Step => {
    const old = replaced.get(record);
    return old === undefined ? { kind: 'add', record } : { kind: 'replace', old, record };
  });
  return [...removals, ...writes];
}

function sameSet(a: ResourceRecord, b: ResourceRecord): boolean {
  return a.name === b.name && a.type === b.type;
}

function plain({ name, type, ttl, rdata }: ResourceRecord): ResourceRecord {
  return { name, type, ttl, rdata };
}

/** The state of the whole change when it ends early: `otherwise` once something of it was carried out. */
function stateAfter(progress: Progress, otherwise: CentralErrorFacts['state']): CentralErrorFacts['state'] {
  return progress.removed.length + progress.added.length === 0 ? 'untouched' : otherwise;
}

/** The error of one step, with the state of the whole change: worse of the two. */
function withState(error: unknown, whole: CentralErrorFacts['state']): unknown {
  if (!(error instanceof CentralError) || error.state === 'unknown') return error;
  if (whole === 'untouched' || error.state === whole) return error;
  return restated(error, whole);
}
