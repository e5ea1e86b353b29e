import type { DnsName } from '../../../dns/name.ts';
import { CentralError } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import { creates, type Operation, type RecordsOperation } from '../../operation.ts';
import { PanelError } from '../../panel.ts';
import { compareZone } from '../comparison/compare.ts';
import { followHeard } from '../after/heard.ts';
import { stepOutcome, unansweredIn } from '../before/outcome.ts';
import { isHeard, showsDone, viewItems } from '../knowledge/operations.ts';
import { rememberFailed } from '../knowledge/follow-due.ts';
import { agreesTwice, patienceFor, readPanel, type PanelView } from '../knowledge/panel-view.ts';
import { learnFrom } from '../knowledge/shown.ts';
import { restorePanel } from './restore.ts';
import { restoreZone } from './restore-zone.ts';
import type { Waking } from '../parts/agenda.ts';
import type { Runtime } from '../runtime.ts';
import { settleRecords } from './settle.ts';
import { Moved } from '../parts/store.ts';
import { stepCreate, stepDelete } from './zone-steps.ts';
import { isUnsent } from './unsent.ts';
import { stepWatch } from './watch.ts';

/**
 * Makes the next step of all open operations of a zone. Reads the panel once, and confirms operations whose
 * edits the read shows. If two agreeing reads show something else, changes the central to the panel's state.
 * Schedules another step while an operation is open. Never throws.
 */
export async function stepOperations(runtime: Runtime, zone: DnsName): Promise<void> {
  await attempt(runtime, zone, 'operations', async () => await settleOpen(runtime, zone));
}

/**
 * Makes a step of the zone's open operations, then compares the zone if a comparison is due. While the
 * administrator has paused the synchronisation, the comparison stays due. After a failure, schedules another
 * try. Never throws.
 */
export async function stepComparison(runtime: Runtime, zone: DnsName): Promise<void> {
  await attempt(runtime, zone, 'comparison', async () => {
    await settleOpen(runtime, zone);
    if (runtime.isPaused) {
      runtime.agenda.hold(zone);
      return;
    }
    const request = runtime.agenda.takeRequest(zone);
    if (request === null) return;
    if (runtime.agenda.isResting(zone)) {
      // The zone was compared a moment ago, so this comparison has to wait.
      runtime.agenda.want(zone, request);
      return;
    }
    const began = runtime.now;
    await compareZone(runtime, zone, request).catch(async (error: unknown) => {
      // The request stays due. `attempt` logs the failure and sets the time of the next try.
      runtime.agenda.want(zone, request, Infinity);
      await rememberFailed(runtime, zone, request, error);
      throw error;
    });
    runtime.agenda.compared(zone, began);
    runtime.rounds.compared(zone);
  });
}

async function settleOpen(runtime: Runtime, zone: DnsName): Promise<void> {
  const failure = await learnOutcomes(runtime, zone);
  const open = await openOperations(runtime, zone);
  const isUnanswered = new Set(unansweredIn(open).map(({ id }) => id));
  const undecided = open.filter(({ id, state }) => undecidedStates.has(state) && !isUnanswered.has(id));
  // A pause may begin while this step reads the panel, so the pause is checked again here.
  const isHeld = (operation: Operation): boolean => runtime.isPaused && isUnsent(operation);
  if (undecided.some(isHeld)) runtime.agenda.wake(zone, heldCheck);
  if (!undecided.every(isHeld)) await stepUndecided(runtime, zone, undecided, isHeld);
  // An engine that only observes may write in a zone only until all operations from before the observing have
  // ended. The next comparison lists what a late write has changed.
  if (runtime.promises !== null) await runtime.promises.holdIn(zone);
  else await stepWatch(runtime, zone, await openOperations(runtime, zone));
  if (failure !== null) throw failure;
}

/**
 * Asks the central what became of unanswered writes in the zone. Until that is known, their operations take
 * no step.
 * @returns why an outcome is not known yet; `null`: all are known
 */
async function learnOutcomes(runtime: Runtime, zone: DnsName): Promise<CentralError | null> {
  let failure: CentralError | null = null;
  for (const operation of unansweredIn(await openOperations(runtime, zone))) {
    try {
      await stepOutcome(runtime, operation);
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      failure = error;
    }
  }
  return failure;
}

async function attempt(
  runtime: Runtime,
  zone: DnsName,
  what: Waking['what'],
  body: () => Promise<void>,
): Promise<void> {
  runtime.grace.mindTheClock();
  const failures = failuresOf(runtime);
  const step = `${what} ${zone}`;
  try {
    await body();
    failures.delete(step);
  } catch (error) {
    if (runtime.timers.isStopping) return;
    if (error instanceof Moved) {
      runtime.agenda.wake(zone, runtime.ports.settings.confirmDelay, what);
      return;
    }
    const count = failures.get(step) ?? 0;
    failures.set(step, count + 1);
    if (what === 'comparison') runtime.rounds.zoneFailed(zone);
    noteFailure(runtime, zone, what, { error, count });
  }
}

const undecidedStates: ReadonlySet<string> = new Set(['prepared', 'applied', 'kept', 'reverting']);

/** For each engine, the number of failures in a row of a background step, by kind of step and zone. */
const failureCounts = new WeakMap<Runtime, Map<string, number>>();

function failuresOf(runtime: Runtime): Map<string, number> {
  const counts = failureCounts.get(runtime) ?? new Map<string, number>();
  failureCounts.set(runtime, counts);
  return counts;
}

function noteFailure(
  runtime: Runtime,
  zone: DnsName,
  what: Waking['what'],
  { error, count }: { readonly error: unknown; readonly count: number },
): void {
  const delay = runtime.timers.backoff(count);
  const expected =
    error instanceof PanelError || error instanceof CentralError || error instanceof JournalError;
  const text = error instanceof Error ? error.message : String(error);
  runtime.ports.log(expected ? 2 : 1, 'zone.later', { zone, delay: Math.round(delay), error: text });
  runtime.agenda.wake(zone, delay, what);
}

async function openOperations(runtime: Runtime, zone: DnsName): Promise<readonly Operation[]> {
  const { journal, clock } = runtime.ports;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  return open.filter(({ id }) => !runtime.inFlight.has(id));
}

/** Time (ms) between two checks whether a pause is over, while an operation waits for its end. */
const heldCheck = 2_000;

/**
 * Reads the panel once and makes a step of each undecided operation.
 * @param isHeld whether an operation has to wait for the end of a pause
 */
async function stepUndecided(
  runtime: Runtime,
  zone: DnsName,
  undecided: readonly Operation[],
  isHeld: (operation: Operation) => boolean,
): Promise<void> {
  const view = await readPanel(runtime, zone);
  await learnFrom(runtime, zone, undecided, view);
  const decided: RecordsOperation[] = [];
  for (const operation of undecided) {
    if (isHeld(operation)) {
      runtime.agenda.wake(zone, heldCheck);
      continue;
    }
    const restoring = operation.class === 'compensate' && operation.state === 'reverting';
    if (operation.kind === 'zone-create') {
      await (restoring ? restoreZone : stepCreate)(runtime, operation, view);
    } else if (operation.kind === 'zone-delete') {
      if (isAhead(operation, undecided)) runtime.agenda.wake(zone, runtime.ports.settings.readGap);
      else await stepDelete(runtime, operation, view);
    } else if (restoring) {
      await restorePanel(runtime, operation, view);
    } else if (isHeard(operation)) await followHeard(runtime, operation, view);
    else if (isDecided(runtime, operation, view)) decided.push(operation);
  }
  if (decided.length > 0) await settleRecords(runtime, zone, decided, view);
}

/**
 * Whether a delete has to wait for an open create of the same zone. Before a panel read shows the created
 * zone, the absence of the zone does not prove that it was deleted.
 */
function isAhead({ afterSeen }: Operation, undecided: readonly Operation[]): boolean {
  return !afterSeen && creates(undecided).length > 0;
}

/**
 * Whether it is certain what the panel did with a record edit. It is certain if the panel shows the edit.
 * Otherwise the waiting time must be over, and two reads some seconds apart must agree. No hook call may edit
 * the zone during these reads.
 */
function isDecided(runtime: Runtime, operation: RecordsOperation, view: PanelView): boolean {
  if (showsDone(operation, view)) return true;
  const items = view.records === null ? ['gone'] : viewItems(operation, view);
  const wait = { patience: patienceFor(runtime, operation), gap: runtime.ports.settings.readGap };
  return agreesTwice(runtime, operation, view, items.join(), wait);
}
