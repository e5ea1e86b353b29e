import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { CallContext, Central } from '../../core/central.ts';
import { PanelError, type Panel } from '../../core/panel.ts';
import type { CallFacts, PanelHand } from '../../core/panel-hand.ts';

/** One hook call of the scratch zone, as the agent saw it (`src/agent/trace.ts`). */
export interface SeenCall extends CallFacts {
  /** Milliseconds since the trace began, when the call came in. */
  readonly at: number;
  readonly verdict: 'accept' | 'refuse';
  /**
   * `after` calls only: keys of the zone's records as the panel shows them while it waits for us. `no-zone`
   * if it shows no such zone, `blocked` if it did not answer in time.
   */
  readonly shown: readonly string[] | 'no-zone' | 'blocked' | null;
}

/** The stage whose first call in a step is answered with an error on purpose; null: none. */
export type Refusing = 'before' | 'after' | null;

/** What the self-test works with. */
export interface SelfTestPorts {
  readonly panel: Panel;
  readonly hand: PanelHand;
  readonly central: Central;
  /** Ends the agent's present trace and begins another one; gives the calls seen. */
  readonly turn: (zone: DnsName | null, refuse: Refusing) => Promise<readonly SeenCall[]>;
  /** Whether the agent has something left to do in the zone. */
  readonly busy: (zone: DnsName) => Promise<boolean>;
  /** Reports to the agent whether the panel checks access before it calls us. */
  readonly reportAccessCheck: (checksFirst: boolean) => Promise<void>;
  /** Told before each step. */
  readonly progress: (step: string) => void;
}

export interface SelfTestStep {
  readonly step: string;
  /** What the panel or the central reported against it; null when it went well. */
  readonly failed: string | null;
  /** How long the panel's call took, milliseconds. */
  readonly ms: number;
  readonly calls: readonly SeenCall[];
  /** Whether both sides show afterwards what the step wanted; null when it failed before. */
  readonly panelShows: boolean | null;
  readonly centralShows: boolean | null;
  /** Tried by somebody with no right to the zone: shows nothing of how edits go. */
  readonly byForeignAccount?: true;
}

export type AfterSees = 'yes' | 'no' | 'blocked' | 'partly' | 'not tested';

/** Longest time for one step, and for what the agent does about it afterwards, milliseconds. */
const stepPatience = 60_000;
const lookAgain = 100;

/** What a step does, and what both sides should show then; `zone`: whether there is one at all. */
export interface StepPlan {
  readonly step: string;
  readonly run: (ctx: CallContext) => Promise<void>;
  readonly wants: { readonly zone: boolean; readonly there?: ResourceRecord; readonly gone?: ResourceRecord };
  /** The panel is to refuse it by itself. */
  readonly byForeignAccount?: true;
}

export function context(): CallContext {
  return { signal: AbortSignal.timeout(stepPatience), operation: '-' };
}

/** Carries out one step, lets the agent do what it has to do about it, and checks both sides. */
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
    centralShows: await shows((c) => ports.central.readZone(zone, recordsIn(plan.wants), c), plan.wants),
  };
}

/** Waits until the agent has done all it has to do about the zone; gives up after a minute. */
async function quiet({ busy }: SelfTestPorts, zone: DnsName): Promise<void> {
  const until = performance.now() + stepPatience;
  while ((await busy(zone)) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, lookAgain));
  }
}

/** What a central that cannot read whole zones has to search for. */
function recordsIn({ there, gone }: StepPlan['wants']): ResourceRecord[] {
  return [there, gone].flatMap((record) => record ?? []);
}

/** Whether a side shows what a step wants. */
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

/** The calls of a step in words, in order. */
export function order(calls: readonly SeenCall[]): string {
  return calls.length === 0 ? 'no event' : calls.map(({ func, stage }) => `${func} ${stage}`).join(', ');
}

/**
 * Told by the steps that add and delete the probe record: is it in, or out of, the list the panel shows to
 * `after`?
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
