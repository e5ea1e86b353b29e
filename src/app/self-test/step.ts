import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { CallContext, Central } from '../../core/central.ts';
import { PanelError, type Panel } from '../../core/panel.ts';
import type { CallFacts, PanelHand } from '../../core/panel-hand.ts';

/** One hook call for the scratch zone, as the agent recorded it (`src/agent/trace.ts`). */
export interface SeenCall extends CallFacts {
  /** When the call came, milliseconds since the trace began. */
  readonly at: number;
  readonly verdict: 'accept' | 'refuse';
  /**
   * For `after`: keys of the records that the panel shows in the zone while it waits for our answer.
   * `no-zone`: the panel shows no such zone. `blocked`: the panel did not answer in time. Null: the call is
   * not an `after`.
   */
  readonly shown: readonly string[] | 'no-zone' | 'blocked' | null;
}

/**
 * The stage whose first call the agent answers with an error, for the test; null: it answers all calls
 * normally.
 */
export type Refusing = 'before' | 'after' | null;

/**
 * The parts that the self-test uses: a panel, a central, the agent, and a function that shows the progress.
 */
export interface SelfTestPorts {
  readonly panel: Panel;
  readonly hand: PanelHand;
  readonly central: Central;
  /** Whether domainsync is in mode `observe`. The central must then never have the scratch zone. */
  readonly observes: boolean;
  /**
   * Ends the agent's trace of hook calls, starts one for `zone` (null: starts none), and returns the calls of
   * the ended trace.
   */
  readonly turn: (zone: DnsName | null, refuse: Refusing) => Promise<readonly SeenCall[]>;
  /** Whether the agent has an unfinished operation in the zone. */
  readonly busy: (zone: DnsName) => Promise<boolean>;
  /** Tells the agent whether the panel checks access before it calls us. */
  readonly reportAccessCheck: (checksFirst: boolean) => Promise<void>;
  /** Called before each step with the step's name. */
  readonly progress: (step: string) => void;
}

export interface SelfTestStep {
  readonly step: string;
  /** The panel's error text; null when the step succeeded. */
  readonly failed: string | null;
  /** How long the edit in the panel took, milliseconds. */
  readonly ms: number;
  readonly calls: readonly SeenCall[];
  /**
   * Whether panel and central show the state that the step expects; null: the step failed. In mode `observe`,
   * every step expects that the central lacks the zone.
   */
  readonly panelShows: boolean | null;
  readonly centralShows: boolean | null;
  /**
   * Set if an account without a right to the zone made the step, so that it shows nothing about normal edits.
   */
  readonly byForeignAccount?: true;
}

export type AfterSees = 'yes' | 'no' | 'blocked' | 'partly' | 'not tested';

/** Longest time (ms) for one step. After the step, the agent gets the same time to finish its operations. */
const stepPatience = 60_000;
const lookAgain = 100;

/**
 * One step of the self-test. `run` carries it out. `wants` is the state that panel and central should then
 * show. `zone`: whether the zone exists; `there`: a record that must exist; `gone`: a record that must not
 * exist.
 */
export interface StepPlan {
  readonly step: string;
  readonly run: (ctx: CallContext) => Promise<void>;
  readonly wants: { readonly zone: boolean; readonly there?: ResourceRecord; readonly gone?: ResourceRecord };
  /**
   * Set if an account without a right to the zone makes the step, so that the panel itself should refuse it.
   */
  readonly byForeignAccount?: true;
}

export function context(): CallContext {
  return { signal: AbortSignal.timeout(stepPatience), operation: '-' };
}

/** Carries out one step, waits until the agent has finished its operations, and checks both sides. */
export async function carryOutStep(
  ports: SelfTestPorts,
  zone: DnsName,
  plan: StepPlan,
  refuse: Refusing,
): Promise<SelfTestStep> {
  ports.progress(plan.step);
  await ports.turn(zone, refuse);
  const started = performance.now();
  let failed: string | null = null;
  try {
    await plan.run(context());
  } catch (error) {
    if (!(error instanceof PanelError)) throw error;
    failed = error.params['text'] ?? error.code;
  }
  const ms = Math.round(performance.now() - started);
  await quiet(ports, zone);
  const calls = await ports.turn(null, null);
  const intended = refuse !== null && calls.some(({ verdict }) => verdict === 'refuse');
  if (failed !== null && !intended) {
    return { step: plan.step, failed, ms, calls, panelShows: null, centralShows: null };
  }
  return {
    step: plan.step,
    ...(plan.byForeignAccount === undefined ? {} : { byForeignAccount: plan.byForeignAccount }),
    failed: null,
    ms,
    calls,
    panelShows: await shows((c) => ports.panel.readZone(zone, c), plan.wants),
    centralShows: await shows(
      (c) => ports.central.readZone(zone, recordsIn(plan.wants), c),
      ports.observes ? { zone: false } : plan.wants,
    ),
  };
}

/** Waits until the agent has no unfinished operation in the zone, at most a minute. */
async function quiet({ busy }: SelfTestPorts, zone: DnsName): Promise<void> {
  const until = performance.now() + stepPatience;
  while ((await busy(zone)) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, lookAgain));
  }
}

/**
 * The records that a step adds or removes. A central that cannot list a zone's records is asked for their
 * names.
 */
function recordsIn({ there, gone }: StepPlan['wants']): ResourceRecord[] {
  return [there, gone].flatMap((record) => record ?? []);
}

/** Whether one side shows the state that a step wants. */
export async function shows(
  read: (ctx: CallContext) => Promise<readonly ResourceRecord[] | null>,
  { zone: wanted, there, gone }: StepPlan['wants'],
): Promise<boolean> {
  const records = await read(context());
  if (records === null || !wanted) return (records === null) === !wanted;
  const ids = new Set(records.map(recordId));
  return (
    (there === undefined || ids.has(recordId(there))) && (gone === undefined || !ids.has(recordId(gone)))
  );
}

/** Describes the calls of a step: function and stage of each call, in order. */
export function order(calls: readonly SeenCall[]): string {
  return calls.length === 0 ? 'no event' : calls.map(({ func, stage }) => `${func} ${stage}`).join(', ');
}

/**
 * Finds out whether the panel already shows a change while it waits for our answer to `after`. Uses the steps
 * that create the zone, add a record and delete a record.
 */
export function afterSees(steps: readonly SelfTestStep[]): AfterSees {
  const looks = steps.flatMap(({ step, calls }): (boolean | 'blocked')[] => {
    const shown = calls.find(({ stage }) => stage === 'after')?.shown ?? null;
    if (shown === null) return [];
    if (shown === 'blocked') return ['blocked'];
    const has =
      shown !== 'no-zone' && shown.some((key) => /\b192\.0\.2\.[12]$/.test(key) && key.startsWith('probe'));
    if (step === 'create a zone') return [shown !== 'no-zone'];
    if (step === 'add a record') return [has];
    return step === 'delete it' ? [!has] : [];
  });
  if (looks.length === 0) return 'not tested';
  if (looks.every((look) => look === 'blocked')) return 'blocked';
  if (looks.every((look) => look === true)) return 'yes';
  return looks.some((look) => look === true) ? 'partly' : 'no';
}
