import type { DnsName } from '../../../dns/name.ts';
import { recordId, sameData, type ResourceRecord } from '../../../dns/record.ts';
import { JournalError, type Batch } from '../../../core/journal.ts';
import { isFinal, type Operation } from '../../../core/operation.ts';
import {
  pullSource,
  pushSource,
  type ApprovedPlan,
  type PlanStep,
  type ZoneResult,
} from '../../../core/zone-plan.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Effect, Provenance, WriteRequest } from '../provenance.ts';
import type { Judgement } from './judgement.ts';
import { itemsOf } from './operation-parts.ts';

/** How a request of an operator to the engine ended. */
export type ApplicationEnd<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'killed' };

/** One application of a plan. Times are monotonic milliseconds. */
export interface Application {
  readonly plan: ApprovedPlan;
  /** When the operator asked for the plan. */
  readonly plannedAt: number;
  readonly from: number;
  /** When the application ended; `Infinity` while it runs. */
  until: number;
  end: ApplicationEnd<ZoneResult> | null;
  /** Ids of the operations that the application journalled. */
  readonly operations: string[];
}

/** Reads of the panel show a state that is at most this old, milliseconds. */
const shownWithin = 15_000;

/**
 * Checks that applying a plan does exactly the steps that the operator saw, and that the result reports each
 * step. An operation is checked when it is journalled, a request when it is sent.
 */
export class Approvals {
  readonly applications: Application[] = [];
  readonly #byOperation = new Map<string, Application>();
  readonly #sides: { readonly panel: Provenance; readonly central: Provenance };
  readonly #witness: JournalWitness;
  readonly #judgement: Judgement;

  constructor(
    sides: { readonly panel: Provenance; readonly central: Provenance },
    witness: JournalWitness,
    judgement: Judgement,
  ) {
    this.#sides = sides;
    this.#witness = witness;
    this.#judgement = judgement;
  }

  /** Records that an operator has approved a plan and that its application begins. */
  begin(plan: ApprovedPlan, plannedAt: number, from: number): Application {
    const application = { plan, plannedAt, from, until: Infinity, end: null, operations: [] };
    this.applications.push(application);
    return application;
  }

  /**
   * Records that an application has ended for the operator. Its operations may continue in the background.
   */
  end(application: Application, end: ApplicationEnd<ZoneResult>, now: number): void {
    application.until = now;
    application.end = end;
    if (end.kind === 'killed') return;
    const isSaid = end.kind === 'answered' && (end.answer.kind === 'done' || isUnderWay(end.answer));
    if (isSaid) {
      if (end.answer.kind === 'done') this.checkDone(application, end.answer.refused);
      return;
    }
    const isAlone = !this.applications.some((other) => other !== application && isBeside(other, application));
    const written = application.operations.filter((id) => !this.#isRefused(id));
    if (isAlone && written.length > 0)
      this.#judgement.violate(
        'plans.sent',
        `${say(application)}: said to have done nothing, ${written.join()}`,
      );
  }

  /** Whether the operation changed nothing: the central refused the whole zone. */
  #isRefused(id: string): boolean {
    const operation = this.#witness.operations.get(id)?.operation;
    return operation?.kind === 'zone-create' && operation.state === 'reverted' && !operation.created;
  }

  /**
   * Checks that each step is done, or was refused and is listed, or is no longer needed.
   * @param refused records that were refused
   */
  checkDone(application: Application, refused: readonly { readonly record: ResourceRecord }[]): void {
    const { plan, plannedAt } = application;
    const listed = new Set(refused.map(({ record }) => recordId(record)));
    const since = plannedAt - shownWithin;
    const steps = plan.steps.map(stepOf).filter(({ id }) => !listed.has(id));
    if (plan.whole !== null) steps.push({ action: plan.whole === 'create' ? 'add' : 'remove', id: '' });
    const [giving, receiving] = this.#directed(plan);
    for (const { action, id } of steps) {
      const isPresent = action === 'add';
      const isDone = had(receiving, plan.zone, id, isPresent, since);
      if (!isDone && !had(giving, plan.zone, id, !isPresent, since))
        this.#judgement.violate('plans.done', `${say(application)}: ${action} ${id} is not done`);
    }
  }

  #directed({ direction }: ApprovedPlan): readonly [giving: Provenance, receiving: Provenance] {
    const { panel, central } = this.#sides;
    return direction === 'push' ? [panel, central] : [central, panel];
  }

  /** Checks new operations with the source of a plan. */
  committed({ operations = [] }: Batch): void {
    for (const operation of operations) {
      const isNew = this.#witness.operations.get(operation.id)?.states.length === 1;
      if (!isNew || !isAsked(operation)) continue;
      const running = this.applications.filter(
        ({ plan, until, end }) =>
          plan.zone === operation.zone && (until === Infinity || end === null || mayComeBack(end)),
      );
      const own = running.find(({ plan }) => covers(plan, operation));
      if (own === undefined) {
        this.#judgement.violate('plans.unapproved', `${operation.source} ${operation.id} is not approved so`);
        continue;
      }
      own.operations.push(operation.id);
      this.#byOperation.set(operation.id, own);
    }
  }

  /**
   * Whether a plan names this step. Either the plan belongs to the operation, or the step is not done yet in
   * the zone.
   * @param record null: the whole zone
   */
  names(
    { operation, zone }: Pick<WriteRequest, 'operation' | 'zone'>,
    action: PlanStep['action'],
    record: ResourceRecord | null,
  ): boolean {
    const own = this.#byOperation.get(operation);
    // A comparison's request has no operation, and one request may undo several operations. So running
    // applications count too.
    const running = this.applications.filter((one) => this.#runs(one, zone));
    return [...(own === undefined ? [] : [own]), ...running].some(({ plan: { whole, steps } }) =>
      record === null
        ? whole === (action === 'add' ? 'create' : 'delete')
        : steps.includes(`${action} ${recordId(record)}`),
    );
  }

  /** Whether a plan has brought the record to both sides, so that it is no longer left alone. */
  hasJoined(zone: DnsName, id: string): boolean {
    return this.applications.some(
      ({ plan, operations }) =>
        plan.zone === zone && operations.length > 0 && plan.steps.includes(`add ${id}`),
    );
  }

  #runs({ plan, until, operations }: Application, zone: DnsName): boolean {
    return plan.zone === zone && (until === Infinity || operations.some((id) => this.#isOpen(id)));
  }

  #isOpen(id: string): boolean {
    const operation = this.#witness.operations.get(id)?.operation;
    return operation !== undefined && (!isFinal(operation.state) || operation.watch !== null);
  }

  /** Checks a request to the central when it is sent. */
  sent(request: WriteRequest): void {
    const operation = this.#witness.operations.get(request.operation)?.operation;
    if (operation === undefined || !isAsked(operation)) return;
    if (operation.source === pullSource || !this.#isNamed(operation, request))
      this.#judgement.violate(
        'plans.unapproved',
        `${operation.source} ${operation.id} sends ${request.kind} of ${request.record?.name ?? request.zone}`,
      );
  }

  #isNamed(operation: Operation, { kind, record, zone }: WriteRequest): boolean {
    const own = { operation: operation.id, zone };
    // If the panel has lost the new zone in the meantime, the create is undone.
    const isUndone = kind === 'delete' && operation.kind === 'zone-create';
    if (isUndone) return had(this.#sides.panel, zone, '', false, this.#since(operation) - shownWithin);
    if (kind === 'create' || kind === 'delete')
      return this.names(own, kind === 'create' ? 'add' : 'remove', null);
    if (record === null || kind === 'change') return false;
    if (this.names(own, kind, record)) return true;
    // While a new zone is filled, it follows the panel. So records that our create sent may be removed again.
    if (operation.kind === 'zone-create')
      return kind === 'remove' || had(this.#sides.panel, zone, recordId(record), true, 0);
    // One request may undo several operations, but has only the id of the first.
    if (this.#isOfAnother(operation, record)) return true;
    // The panel has changed since, so the operation writes the panel's present state.
    return (
      this.names(own, kind === 'add' ? 'remove' : 'add', record) &&
      had(this.#sides.panel, zone, recordId(record), kind === 'add', this.#since(operation) - shownWithin)
    );
  }

  #isOfAnother({ id, zone }: Operation, record: ResourceRecord): boolean {
    return [...this.#witness.operations.values()].some(
      ({ operation: other }) =>
        other.id !== id &&
        other.zone === zone &&
        !isFinal(other.state) &&
        itemsOf(other).some(({ remove, add }) => isSame(remove, record) || isSame(add, record)),
    );
  }

  #since({ id }: Operation): number {
    return this.#byOperation.get(id)?.plannedAt ?? 0;
  }

  /** Checks the changes that a write of ours has made in the panel. */
  written(request: WriteRequest, effects: readonly Effect[]): void {
    const operation = this.#witness.operations.get(request.operation)?.operation;
    if (operation === undefined || !isAsked(operation)) return;
    for (const { record, present, zone } of effects)
      if (record === null || !this.names(request, present ? 'add' : 'remove', record))
        this.#judgement.violate(
          'plans.unapproved',
          `${operation.source} ${operation.id} writes ${record?.name ?? zone} in the panel`,
        );
  }

  /**
   * Checks at the end that the results of plans still hold, unless somebody has changed them. Also checks how
   * operations ended that continued in the background.
   */
  checkEnd(): void {
    for (const application of this.applications) {
      const { end } = application;
      if (end?.kind !== 'answered') continue;
      if (isUnderWay(end.answer)) this.#checkEnded(application, end.answer.operation);
      else if (end.answer.kind === 'done') this.#checkHeld(application, end.answer.refused);
    }
  }

  #checkEnded(application: Application, id: string): void {
    const operation = this.#witness.operations.get(id)?.operation;
    if (operation === undefined) {
      this.#judgement.violate('plans.done', `${say(application)}: operation ${id} is not in the journal`);
      return;
    }
    const { state, problems } = operation;
    const isListed = state === 'stuck' || state === 'refused' || problems.length > 0;
    const refused = itemsOf(operation).flatMap(({ remove, add, note }) => {
      const record = remove ?? add;
      return note === null || record === null ? [] : [{ record }];
    });
    if (isListed) return;
    this.checkDone(application, refused);
    this.#checkHeld(application, refused);
  }

  #checkHeld(application: Application, refused: readonly { readonly record: ResourceRecord }[]): void {
    const { plan } = application;
    const [giving, receiving] = this.#directed(plan);
    const listed = new Set(refused.map(({ record }) => recordId(record)));
    for (const { action, id } of plan.steps.map(stepOf)) {
      if (listed.has(id) || (receiving.originOf(plan.zone, id) !== null) === (action === 'add')) continue;
      // This plan did not do a step that was no longer needed.
      if (!this.#isDoneBy(application, id)) continue;
      const isMoved = [giving, receiving].some((side) => this.#isMovedSince(side, application, id));
      if (!isMoved)
        this.#judgement.violate('plans.held', `${say(application)}: ${action} ${id} does not hold`);
    }
  }

  #isDoneBy({ operations }: Application, id: string): boolean {
    return operations.some((one) => {
      const operation = this.#witness.operations.get(one)?.operation;
      if (operation === undefined || operation.kind !== 'records') return true;
      return operation.items.some(({ remove, add }) =>
        [remove, add].some((record) => record !== null && recordId(record) === id),
      );
    });
  }

  /** Whether a user, a stranger or another plan changed the record since the plan was asked for. */
  #isMovedSince(side: Provenance, { plan, plannedAt, operations }: Application, id: string): boolean {
    return side.effects.some(
      ({ at, zone, id: other, request }) =>
        at >= plannedAt - shownWithin &&
        zone === plan.zone &&
        (other === id || other === '') &&
        (request === null ||
          (this.#byOperation.has(request.operation) && !operations.includes(request.operation))),
    );
  }
}

function isAsked({ source }: Operation): boolean {
  return source === pushSource || source === pullSource;
}

/**
 * Whether the last commit of an application with this end may still land when the journal is opened again.
 */
export function mayComeBack(end: ApplicationEnd<unknown>): boolean {
  return end.kind === 'killed' || (end.kind === 'failed' && end.error instanceof JournalError);
}

function isSame(one: ResourceRecord | null, other: ResourceRecord): boolean {
  return one !== null && sameData(one, other);
}

function isUnderWay(result: ZoneResult): result is Extract<ZoneResult, { kind: 'under-way' }> {
  return result.kind === 'under-way';
}

function isBeside(one: Application, other: Application): boolean {
  return one.plan.zone === other.plan.zone && one.from <= other.until && one.until >= other.from;
}

/** Whether the plan approves every part of a new operation. */
function covers(plan: ApprovedPlan, operation: Operation): boolean {
  if (operation.source !== plan.direction) return false;
  if (operation.kind === 'zone-create') return plan.whole === 'create';
  if (operation.kind === 'zone-delete') return plan.whole === 'delete';
  const isPull = plan.direction === 'pull';
  return operation.items.every(({ remove, add }) => {
    // The items of a pull name an edit that is to be undone in the panel.
    const [added, removed] = isPull ? [remove, add] : [add, remove];
    return (
      (added === null || plan.steps.includes(`add ${recordId(added)}`)) &&
      (removed === null || plan.steps.includes(`remove ${recordId(removed)}`))
    );
  });
}

function stepOf(step: string): { action: PlanStep['action']; id: string } {
  const action = step.startsWith('add ') ? 'add' : 'remove';
  return { action, id: step.slice(action.length + 1) };
}

/** Whether a record (empty id: the zone) was present, or absent, at some time since `since`. */
function had(side: Provenance, zone: DnsName, id: string, isPresent: boolean, since: number): boolean {
  const isNow = (id === '' ? side.originOfZone(zone) : side.originOf(zone, id)) !== null;
  return (
    isNow === isPresent ||
    side.effects.some((effect) => effect.at >= since && effect.zone === zone && effect.id === id)
  );
}

function say({ plan: { direction, zone }, from }: Application): string {
  return `${direction} of ${zone} at ${from}`;
}
