import { displayName, type DnsName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import { deletes, isFinal, type CreateOperation, type Operation } from '../../operation.ts';
import {
  isEmptyPlan,
  isApproved,
  isPartOf,
  pullSource,
  pushSource,
  type ApprovedPlan,
  type Consent,
  type PlanRequest,
  type ZonePlan,
  type ZoneResult,
} from '../../zone-plan.ts';
import { contentOfNew, fillZone } from '../background/fill-zone.ts';
import { findSignedAbove, signedAboveNote, signedAboveProblem } from '../before/signed-above.ts';
import { busyIds } from '../before/plan.ts';
import { allowed, waitsForYes } from '../before/signed-delete.ts';
import { createAtOnce, createLater, emptySeed } from '../before/zone-edits.ts';
import { followDelete, followPanel, type AskedBy } from '../comparison/follow.ts';
import { baselineTaken, joinedEntry } from '../comparison/zone-facts.ts';
import { compareSides } from '../knowledge/compare-rule.ts';
import { newCreate, newEdit } from '../knowledge/operations.ts';
import { readPanel, type PanelView } from '../knowledge/panel-view.ts';
import { Moved } from '../parts/store.ts';
import type { Runtime } from '../runtime.ts';
import { planFrom, type PlanWithReads } from './plan-zone.ts';

/**
 * If an edit changes the zone while the zone is read, the zone is read again. This is the largest number of
 * reads.
 */
const tries = 3;

/**
 * Carries out the approved plan of one zone, and nothing else. Reads both sides again before that, and locks
 * the zone. Leaves out steps that are done already or no longer needed. If the zone now needs a step that was
 * not approved, does nothing.
 * @throws {PanelError | CentralError | JournalError} nothing was done
 */
export async function applyZone(runtime: Runtime, plan: ApprovedPlan): Promise<ZoneResult> {
  for (let left = tries; left > 0; left -= 1) {
    const result = await runtime.gate.watched(plan.zone, async (isEdited) => {
      const before = await traceOf(runtime, plan.zone);
      const view = await readPanel(runtime, plan.zone);
      if (!view.quiet) return null;
      const isCurrent = async (): Promise<boolean> =>
        !isEdited() && (await traceOf(runtime, plan.zone)) === before;
      return await runtime.lockedStep('-', plan.zone, null, (ctx) =>
        applyUnderLock(runtime, plan, { view, isCurrent }, ctx),
      );
    });
    if (result !== null) return result;
  }
  return { kind: 'busy' };
}

/**
 * A panel read. `isCurrent`: whether no edit of the zone has begun or ended since the read. Edits that only
 * the panel makes have no operation, so hook calls count as well.
 */
interface CurrentView {
  readonly view: PanelView;
  readonly isCurrent: () => Promise<boolean>;
}

/** The states of the zone's newest operations as text. The text changes when an edit begins or ends. */
async function traceOf({ ports: { journal } }: Runtime, zone: ZonePlan['zone']): Promise<string> {
  const newest = await journal.operations({ zone, latest: 20 });
  return newest.map(({ id, state }) => `${id} ${state}`).join('\n');
}

/**
 * Carries out the plan if the panel read is still current. Null: the read is not current, and nothing was
 * done.
 */
async function applyUnderLock(
  runtime: Runtime,
  plan: ApprovedPlan,
  { view, isCurrent }: CurrentView,
  ctx: CallContext,
): Promise<ZoneResult | null> {
  const request = requestOf(plan);
  const now = await planFrom(runtime, plan.zone, { request, view }, ctx);
  if (!(await isCurrent())) return null;
  if (!isPartOf(now.plan, plan)) return { kind: 'changed', now: now.plan };
  const hindered = whyNotDone(now, plan);
  if (hindered !== null) return hindered;
  if (isEmptyPlan(now.plan)) return { kind: 'done', refused: [], operation: null };
  const problems = forbidden(now.plan, plan);
  if (problems.length > 0) return { kind: 'refused', problems };
  if (plan.force !== undefined || plan.despiteDnssec === true) noteForced(runtime, plan);
  if (now.plan.whole === 'create') return await create(runtime, now, plan, ctx);
  if (now.plan.whole === 'delete') return await remove(runtime, now, plan);
  await adopt(runtime, now);
  return request.direction === 'push' ? await push(runtime, now, plan, ctx) : await pull(runtime, now, plan);
}

/** Reasons not to carry out the plan although it was approved; empty: none. */
function forbidden({ zone, limit, signed }: ZonePlan, { force, despiteDnssec }: Consent): readonly Problem[] {
  const name = displayName(zone);
  const problems: Problem[] = [];
  if (force === undefined && limit?.kind === 'records') {
    const { removed, all } = limit;
    problems.push(refusal('plan.limited', { zone: name, removed: String(removed), all: String(all) }));
  }
  if (force === undefined && limit?.kind === 'zones' && limit.left === 0) problems.push(zonesLimited(zone));
  if (signed && despiteDnssec !== true) problems.push(refusal('plan.signed', { zone: name }));
  return problems;
}

function zonesLimited(zone: DnsName): Problem {
  return refusal('plan.zones-limited', { zone: displayName(zone) });
}

function noteForced({ ports: { log } }: Runtime, { zone, operator, force }: ApprovedPlan): void {
  log(4, 'plan.forced', {
    zone,
    ...(operator === undefined ? {} : { operator }),
    ...(force === undefined ? {} : { force }),
  });
}

/** The fields of an operation that describe the operator. */
function askedBy({ operator = '', force }: Consent): AskedBy {
  return { actor: operator, ...(force === undefined ? {} : { force }) };
}

/** Takes the baseline of a zone that both sides have and that was never compared. Writes to neither side. */
async function adopt(runtime: Runtime, { plan, view, entry, present }: PlanWithReads): Promise<void> {
  const { zone } = plan;
  if (entry?.state === 'synced') return;
  const { clock, journal } = runtime.ports;
  const busy = busyIds(await journal.operations({ zone, openAt: clock.wall() }));
  const rows = await journal.rows(zone);
  const rule = { baseline: true, anew: true, busy };
  const { put, drop } = compareSides(zone, view.records ?? [], present ?? [], rows, rule);
  await runtime.store.transact(async (tx) => {
    await tx.zone(entry, joinedEntry(runtime, zone, entry));
    tx.rows({ zone, put, drop });
    tx.with({ facts: baselineTaken(zone, entry) });
  });
}

/**
 * The result to return if approved steps that are still needed cannot be done now. Then no step is done.
 * Null: all needed steps can be done, or none is needed.
 */
function whyNotDone({ plan: now, open }: PlanWithReads, approved: ApprovedPlan): ZoneResult | null {
  const begun = open.find((one) => doesAll(one, now, approved));
  const isBusy: ZoneResult =
    begun === undefined ? { kind: 'busy' } : { kind: 'under-way', operation: begun.id };
  if (now.hindrance === 'under-way') return isBusy;
  if (now.hindrance !== null && now.hindrance !== 'nowhere') return { kind: 'changed', now };
  const left = now.left.filter((difference) => isApproved(difference, approved));
  if (left.length === 0) return null;
  return left.some(({ why }) => why === 'edit-open') ? isBusy : { kind: 'changed', now };
}

const sources = { push: pushSource, pull: pullSource } as const;

/** Whether an open operation of another plan does all approved steps that are still needed. */
function doesAll(operation: Operation, now: ZonePlan, approved: ApprovedPlan): boolean {
  if (operation.source !== sources[approved.direction]) return false;
  if (operation.kind !== 'records') return true;
  const left = now.left.filter((difference) => isApproved(difference, approved));
  const own = busyIds([operation]);
  return [...now.steps, ...left].every(({ record }) => own.has(recordId(record)));
}

function requestOf({ direction, removes, only }: ApprovedPlan): PlanRequest {
  return { direction, removes, ...(only === undefined ? {} : { only }) };
}

async function push(
  runtime: Runtime,
  { plan, view, present }: PlanWithReads,
  consent: Consent,
  ctx: CallContext,
): Promise<ZoneResult> {
  const { zone } = plan;
  const keys = new Map((view.records ?? []).map((record) => [recordId(record), record]));
  const additions = recordsOf(plan, 'add').flatMap((record) => keys.get(recordId(record)) ?? []);
  const gone = recordsOf(plan, 'remove');
  const by = askedBy(consent);
  let begun: string | null = null;
  const onBegun = (id: string): void => {
    begun = id;
  };
  const following = { zone, source: pushSource, additions, gone, present: present ?? [], by, onBegun };
  try {
    const { operation, failed } = await followPanel(runtime, following, ctx);
    const refused = plan.steps.flatMap(({ record }) => {
      const code = failed.get(recordId(record));
      return code === undefined ? [] : [{ record, code }];
    });
    return { kind: 'done', refused, operation };
  } catch (error) {
    // If an operation was journalled, background steps continue it. Without an operation, nothing was done.
    if (begun === null || !mayPass(error)) throw error;
    return { kind: 'under-way', operation: begun };
  }
}

/** Whether background steps repeat a step that has failed with this error. */
function mayPass(error: unknown): boolean {
  return error instanceof CentralError || error instanceof JournalError || error instanceof Moved;
}

/**
 * Journals the change that the panel must get. A background step then writes it, in the same way as an undo
 * in the panel.
 */
async function pull(runtime: Runtime, { plan, rows }: PlanWithReads, consent: Consent): Promise<ZoneResult> {
  const { zone } = plan;
  const draft = newEdit(runtime, {
    class: 'compensate',
    zone,
    source: pullSource,
    ...askedBy(consent),
    afterSeen: true,
    // The undo of an edit gives the panel the state before the edit. So these items describe an edit that
    // nobody made, and undoing it carries out the plan.
    items: [
      ...recordsOf(plan, 'add').map((record) => ({ remove: record, add: null, mirrored: false, note: null })),
      ...recordsOf(plan, 'remove').map((record) => ({
        remove: null,
        add: record,
        mirrored: false,
        note: null,
      })),
    ],
  });
  // Background steps never remove a synced record from the panel. The central has lost these synced records,
  // so they become conflicts here and can be removed.
  const gone = new Set(recordsOf(plan, 'remove').map(recordId));
  const lost = rows.filter(({ record, state }) => state === 'synced' && gone.has(recordId(record)));
  await runtime.store.transact((tx) => {
    tx.create(draft, 'reverting');
    tx.rows({ zone, put: lost.map((row) => ({ ...row, state: 'conflict', onCentral: false })) });
  });
  runtime.patience.begin(draft.id);
  runtime.agenda.wake(zone, 0);
  return { kind: 'under-way', operation: draft.id };
}

async function remove(
  runtime: Runtime,
  { plan: { zone, signed } }: PlanWithReads,
  consent: Consent,
): Promise<ZoneResult> {
  const { journal, clock } = runtime.ports;
  const [waiting] = deletes(await journal.operations({ zone, openAt: clock.wall() })).filter(waitsForYes);
  if (waiting !== undefined) {
    await runtime.store.transact(async (tx) => {
      await tx.advance(waiting, 'kept', { problems: [] });
      tx.with({ facts: allowed(waiting) });
      tx.wake(zone, 0);
    });
    return { kind: 'under-way', operation: waiting.id };
  }
  const limited = consent.force === undefined;
  const why = { source: pushSource, limited, allowed: signed, by: askedBy(consent) };
  const deleted = await followDelete(runtime, zone, why);
  switch (deleted.kind) {
    case 'begun':
      return { kind: 'under-way', operation: deleted.operation };
    case 'limited':
      return { kind: 'refused', problems: [zonesLimited(zone)] };
    case 'unknown':
      return { kind: 'done', refused: [], operation: null };
  }
}

async function create(
  runtime: Runtime,
  { plan, view, entry, open }: PlanWithReads,
  consent: Consent,
  ctx: CallContext,
): Promise<ZoneResult> {
  const { zone } = plan;
  // The plan's read may be older than the user's delete. A zone that the user has deleted must not be created
  // again.
  if (runtime.recentDeletes.has(zone)) return { kind: 'busy' };
  const above = consent.despiteDnssec === true ? null : await findSignedAbove(runtime, zone, ctx);
  if (above !== null) {
    const note = signedAboveNote;
    if (entry?.state === 'panel-only')
      await runtime.store.transact((tx) => tx.zone(entry, { ...entry, note }));
    const problem = refusal('plan.signed-above', signedAboveProblem(zone, above).params);
    return { kind: 'refused', problems: [problem] };
  }
  const draft = newCreate(runtime, {
    class: 'follow',
    zone,
    source: pushSource,
    ...askedBy(consent),
    seed: emptySeed,
    afterSeen: true,
  });
  const { begun, asked } = await begin(runtime, draft, view, open);
  runtime.inFlight.add(begun.id);
  try {
    await fillZone(runtime, begun, view, ctx, asked);
  } catch (error) {
    if (!mayPass(error)) throw error;
  } finally {
    runtime.inFlight.delete(begun.id);
    runtime.patience.begin(begun.id);
    runtime.agenda.wake(zone, runtime.ports.settings.confirmDelay);
  }
  try {
    const ended = (await runtime.ports.journal.operation(begun.id)) ?? begun;
    return await resultOf(runtime, ended);
  } catch (error) {
    if (!mayPass(error)) throw error;
    return { kind: 'under-way', operation: begun.id };
  }
}

/** Journals the create of a zone. If the zone has open edits, the create may have to wait for them. */
async function begin(
  runtime: Runtime,
  draft: CreateOperation,
  view: PanelView,
  open: readonly Operation[],
): ReturnType<typeof createAtOnce> {
  if (open.length === 0)
    return await createAtOnce(runtime, draft, contentOfNew(runtime, draft.zone, view, new Set()));
  const begun = await createLater(runtime, draft);
  return { begun, asked: begun };
}

/** The result of a create of a zone that was carried out at once. */
async function resultOf({ ports: { journal } }: Runtime, operation: Operation): Promise<ZoneResult> {
  const { id, zone, state, problems } = operation;
  if (!isFinal(state)) return { kind: 'under-way', operation: id };
  if (state !== 'confirmed') return { kind: 'refused', problems };
  const rows = await journal.rows(zone);
  const refused = rows.flatMap(({ record, onCentral, note }) =>
    onCentral || note === null ? [] : [{ record, code: note }],
  );
  return { kind: 'done', refused, operation: id };
}

function recordsOf({ steps }: ZonePlan, wanted: 'add' | 'remove'): ResourceRecord[] {
  return steps.filter(({ action }) => action === wanted).map(({ record }) => record);
}
