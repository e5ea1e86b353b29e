import type { DnsName } from '../../dns/name.ts';
import { PanelError } from '../../core/panel.ts';
import { CentralError } from '../../core/central.ts';
import { JournalError } from '../../core/journal.ts';
import {
  approvalOf,
  isEmptyPlan,
  type ApprovedPlan,
  type PlanRequest,
  type ZonePlan,
} from '../../core/zone-plan.ts';
import type { Engine } from '../../core/engine/engine.ts';
import type { HistoryEvent } from './event.ts';
import { mayComeBack, type ApplicationEnd } from './laws/approvals.ts';
import type { Side, World } from './world.ts';

type Of<K extends HistoryEvent['kind']> = Extract<HistoryEvent, { kind: K }>;

type OfOperators = Of<'plan' | 'exclusion' | 'pause' | 'pause-over' | 'comparison'>;

const kinds: ReadonlySet<string> = new Set<OfOperators['kind']>([
  'plan',
  'exclusion',
  'pause',
  'pause-over',
  'comparison',
]);

/** Whether the event is one that an {@link OperatorPerformer} carries out. */
export function isOperators(event: HistoryEvent): event is OfOperators {
  return kinds.has(event.kind);
}

/** Carries out what operators do, through the engine of the central that they choose. */
export class OperatorPerformer {
  readonly #world: World;
  readonly #running: Promise<unknown>[];

  /** @param running gets the promises of work that takes time */
  constructor(world: World, running: Promise<unknown>[]) {
    this.#world = world;
    this.#running = running;
  }

  /** Begins the event. Does nothing if this world does not have the central. */
  perform(event: OfOperators): void {
    if (event.kind === 'pause' || event.kind === 'pause-over') this.#pause(event);
    else if (event.kind === 'comparison') this.#compare(event);
    else this.#performAt(event);
  }

  #pause(event: Of<'pause' | 'pause-over'>): void {
    const { pauses, tally } = this.#world;
    if (event.kind === 'pause') {
      tally.fault('pause');
      this.#world.note(`a pause begins${event.lasts === null ? '' : `, for ${event.lasts} ms`}`);
      pauses.begin(event.lasts);
      return;
    }
    this.#world.note(`the pause ends: ${event.how}`);
    pauses.end(event.how);
  }

  #compare({ zone }: Of<'comparison'>): void {
    this.#world.note(`somebody asks for a comparison of ${zone ?? 'all zones'}`);
    for (const engine of this.#world.engines) engine.compare(zone ?? 'all', 'asked');
  }

  #performAt(event: Of<'plan' | 'exclusion'>): void {
    const side = this.#world.sides[event.central - 1];
    if (side === undefined) return;
    this.#running.push(event.kind === 'plan' ? this.#plan(side, event) : this.#exclude(side, event));
  }

  async #plan(side: Side, event: Of<'plan'>): Promise<void> {
    const { zone, direction, removes, only, waits, twice } = event;
    const names = only === null ? {} : { only: { name: only, type: null } };
    const request: PlanRequest = { direction, removes, ...names };
    const plannedAt = this.#world.clock.now();
    const plan = await this.#ask(side, zone, (engine) => engine.plan(zone, request));
    if (plan.kind !== 'answered') return;
    this.#world.note(`an operator plans ${sayPlan(plan.answer)}`);
    await this.#world.clock.sleep(waits);
    if (isEmptyPlan(plan.answer)) return;
    // The safety limits of plans have their own tests. Here they would only prevent plans from being applied.
    const approved = { ...approvalOf(plan.answer), force: 'a drill' };
    const applications = Array.from({ length: twice ? 2 : 1 }, () => this.#apply(side, approved, plannedAt));
    await Promise.all(applications);
  }

  async #apply(side: Side, plan: ApprovedPlan, plannedAt: number): Promise<void> {
    const application = side.approvals.begin(plan, plannedAt, this.#world.clock.now());
    const end = await this.#ask(side, plan.zone, (engine) => engine.apply(plan));
    this.#world.note(`an operator applied ${plan.direction} ${plan.zone}: ${sayEnd(end)}`);
    side.approvals.end(application, end, this.#world.clock.now());
  }

  async #exclude(side: Side, { zone, only, excluded }: Of<'exclusion'>): Promise<void> {
    const names = only === null ? null : { name: only, type: null };
    side.exclusions.push({ zone, name: only });
    const inclusion = { zone, name: only };
    if (!excluded) side.excluded.running.add(inclusion);
    const end = await this.#ask(side, zone, (engine) => engine.setExclusion({ zone, only: names, excluded }));
    if (side.excluded.running.delete(inclusion) && mayComeBack(end)) side.excluded.returning.add(inclusion);
    const what = end.kind === 'answered' ? JSON.stringify(end.answer) : end.kind;
    this.#world.note(`an operator ${excluded ? 'excludes' : 'includes'} ${only ?? zone}: ${what}`);
  }

  /** Calls the running engine of a central. Unexpected errors are thrown. */
  async #ask<T>(side: Side, zone: DnsName, work: (engine: Engine) => Promise<T>): Promise<ApplicationEnd<T>> {
    try {
      const answer = await this.#world.askEngine(side, zone, async (engine) => ({
        said: await work(engine),
      }));
      return answer === 'killed' ? { kind: 'killed' } : { kind: 'answered', answer: answer.said };
    } catch (error) {
      const isDeclared =
        error instanceof PanelError || error instanceof CentralError || error instanceof JournalError;
      if (!isDeclared) throw error;
      return { kind: 'failed', error };
    }
  }
}

function sayPlan({ zone, direction, removes, whole, steps, left, hindrance }: ZonePlan): string {
  const how = `${direction}${removes ? ' with removals' : ''}${whole === null ? '' : `, ${whole}`}`;
  const what = steps.map(({ action, record }) => `${action} ${record.name} ${record.type} ${record.rdata}`);
  return `${how} ${zone}: ${hindrance ?? `${what.join(', ')}; ${left.length} left`}`;
}

function sayEnd(end: ApplicationEnd<{ readonly kind: string; readonly operation?: string | null }>): string {
  if (end.kind === 'failed') return String(end.error);
  return end.kind === 'killed' ? 'the agent was killed' : `${end.answer.kind} ${end.answer.operation ?? ''}`;
}
