import { displayName, type DnsName } from '../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../dns/record.ts';
import type { CallContext, Central } from '../core/central.ts';
import { PanelError, type Panel } from '../core/panel.ts';
import type { CallFacts, PanelHand } from '../core/panel-hand.ts';

/** One hook call as the agent saw it (`src/agent/trace.ts`). */
export interface SeenCall extends CallFacts {
  readonly at: number;
  readonly verdict: 'accept' | 'refuse';
  readonly shown: readonly string[] | 'no-zone' | 'blocked' | null;
}

/** What the self-test works with. */
export interface SelfTestPorts {
  readonly panel: Panel;
  readonly hand: PanelHand;
  readonly central: Central;
  /** Ends the agent's present trace and begins another one; gives the calls seen. */
  readonly turn: (zone: DnsName | null, refuseAfter: boolean) => Promise<readonly SeenCall[]>;
  /** Whether the agent has something left to do in the zone. */
  readonly busy: (zone: DnsName) => Promise<boolean>;
  /** Told before each step. */
  readonly progress: (step: string) => void;
}

export interface SelfTestStep {
  readonly step: string;
  /** What the panel or the central said against it; null when it went well. */
  readonly failed: string | null;
  /** How long the panel's call took, milliseconds. */
  readonly ms: number;
  readonly calls: readonly SeenCall[];
  /** Whether both sides show afterwards what the step wanted; null when it failed before. */
  readonly panelShows: boolean | null;
  readonly centralShows: boolean | null;
}

/** The report a user would send us: what this panel does where the documentation is silent. */
export interface SelfTestReport {
  readonly zone: string;
  readonly steps: readonly SelfTestStep[];
  /** Stages seen for each function, in order, e.g. `domain.sublist.edit: before after`. */
  readonly events: readonly string[];
  /** Whether an `after` call already sees the change: `blocked` when the panel does not answer while it waits for us. */
  readonly afterSees: 'yes' | 'no' | 'blocked' | 'partly' | 'not tested';
  /** Whether an error answered to an `after` call undoes the panel's change. */
  readonly afterErrorUndoes: 'yes' | 'no' | 'not tested';
  /** Keys of the records the panel put into the new zone by itself, as it lists them. */
  readonly listedKeys: readonly string[];
  /** Record keys as its calls carried them. */
  readonly sentKeys: readonly string[];
  /** Whether the scratch zone is gone from both sides. */
  readonly clean: boolean;
}

/** Longest time for one step, and for what the agent does about it afterwards, milliseconds. */
const stepPatience = 60_000;
const lookAgain = 100;

/** What a step does, and what both sides should show then; `zone`: whether there is one at all. */
interface Plan {
  readonly step: string;
  readonly run: (ctx: CallContext) => Promise<void>;
  readonly wants: { readonly zone: boolean; readonly there?: ResourceRecord; readonly gone?: ResourceRecord };
}

/**
 * Creates, edits and deletes a scratch zone in the panel, as a person would, and tells what was seen on both sides and in
 * between. The zone must exist on neither side; it is deleted again whatever happens.
 * @throws {ZoneTaken | PanelError | CentralError} the latter two when a side cannot be read at all
 */
export async function selfTest(ports: SelfTestPorts, zone: DnsName): Promise<SelfTestReport> {
  const { panel, hand } = ports;
  const ctx = context();
  for (const side of ['panel', 'central'] as const) {
    if ((await ports[side].readZone(zone, ctx)) !== null) throw new ZoneTaken(side, zone);
  }
  const first = makeRecord({ name: 'probe', type: 'A', rdata: '192.0.2.1' }, zone);
  const second = makeRecord({ name: 'probe', type: 'A', rdata: '192.0.2.2' }, zone);
  const undo = makeRecord({ name: 'undo', type: 'TXT', rdata: '"after-error"' }, zone);
  const keyOf = async (record: ResourceRecord): Promise<string> => {
    const found = (await panel.readZone(zone, context()))?.find((one) => recordId(one) === recordId(record));
    if (found === undefined) throw new PanelError('panel.refused', { text: 'the record is not there' });
    return found.key;
  };
  const steps: SelfTestStep[] = [];
  const take = async (plan: Plan, refuseAfter = false): Promise<SelfTestStep> => {
    const step = await carryOut(ports, zone, plan, refuseAfter);
    steps.push(step);
    return step;
  };
  let created: readonly string[] = [];
  let undone: SelfTestReport['afterErrorUndoes'] = 'not tested';
  try {
    const create = {
      step: 'create a zone',
      run: (c: CallContext) => hand.createZone(zone, c),
      wants: { zone: true },
    };
    if ((await take(create)).failed === null) {
      const records = (await panel.readZone(zone, context())) ?? [];
      created = records.map(({ key }) => key);
      await take({
        step: 'add a record',
        run: (c) => hand.addRecord(zone, first, c),
        wants: { zone: true, there: first },
      });
      await take({
        step: 'change it',
        run: async (c) => hand.changeRecord(zone, await keyOf(first), second, c),
        wants: { zone: true, there: second, gone: first },
      });
      await take({
        step: 'delete it',
        run: async (c) => hand.deleteRecord(zone, await keyOf(second), c),
        wants: { zone: true, gone: second },
      });
      undone = await probeUndo(ports, zone, undo, take);
    }
  } finally {
    const wants = { zone: false };
    if (!(await shows(panel, zone, wants))) {
      await take({ step: 'delete the zone', run: (c) => hand.deleteZone(zone, c), wants });
    }
    await ports.turn(null, false);
  }
  const clean =
    (await shows(panel, zone, { zone: false })) && (await shows(ports.central, zone, { zone: false }));
  return conclude({ zone, steps, created, undone, clean });
}

/** The scratch zone's name is taken; nothing was done. */
export class ZoneTaken extends Error {
  override readonly name = 'ZoneTaken';

  constructor(side: 'panel' | 'central', zone: DnsName) {
    super(
      `The ${side} has a zone ${displayName(zone)} already; name another one: --zone NAME. Nothing was changed.`,
    );
  }
}

function context(): CallContext {
  return { signal: AbortSignal.timeout(stepPatience), operation: '-' };
}

/** An error is answered to one `after` call on purpose; then the panel is asked whether it kept the record. */
async function probeUndo(
  ports: SelfTestPorts,
  zone: DnsName,
  record: ResourceRecord,
  take: (plan: Plan, refuseAfter: boolean) => Promise<SelfTestStep>,
): Promise<SelfTestReport['afterErrorUndoes']> {
  const plan: Plan = {
    step: 'add a record, answering its "after" with an error',
    run: (ctx) => ports.hand.addRecord(zone, record, ctx),
    wants: { zone: true },
  };
  const { calls } = await take(plan, true);
  if (!calls.some(({ stage, verdict }) => stage === 'after' && verdict === 'refuse')) return 'not tested';
  return (await shows(ports.panel, zone, { zone: true, there: record })) ? 'no' : 'yes';
}

async function carryOut(
  ports: SelfTestPorts,
  zone: DnsName,
  plan: Plan,
  refuseAfter: boolean,
): Promise<SelfTestStep> {
  ports.progress(plan.step);
  await ports.turn(zone, refuseAfter);
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
  const calls = await ports.turn(null, false);
  const intended = refuseAfter && calls.some(({ verdict }) => verdict === 'refuse');
  if (failed !== null && !intended) {
    return { step: plan.step, failed, ms, calls, panelShows: null, centralShows: null };
  }
  return {
    step: plan.step,
    failed: null,
    ms,
    calls,
    panelShows: await shows(ports.panel, zone, plan.wants),
    centralShows: await shows(ports.central, zone, plan.wants),
  };
}

/** Waits until the agent has done all it has to do about the zone; gives up after a minute. */
async function quiet({ busy }: SelfTestPorts, zone: DnsName): Promise<void> {
  const until = performance.now() + stepPatience;
  while ((await busy(zone)) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, lookAgain));
  }
}

async function shows(
  side: Pick<Panel, 'readZone'> | Pick<Central, 'readZone'>,
  zone: DnsName,
  { zone: wanted, there, gone }: Plan['wants'],
): Promise<boolean> {
  const records = await side.readZone(zone, context());
  if (records === null || !wanted) return (records === null) === !wanted;
  const ids = new Set(records.map(recordId));
  return (
    (there === undefined || ids.has(recordId(there))) && (gone === undefined || !ids.has(recordId(gone)))
  );
}

interface Seen {
  readonly zone: DnsName;
  readonly steps: readonly SelfTestStep[];
  readonly created: readonly string[];
  readonly undone: SelfTestReport['afterErrorUndoes'];
  readonly clean: boolean;
}

function conclude({ zone, steps, created, undone, clean }: Seen): SelfTestReport {
  const calls = steps.flatMap((step) => step.calls);
  return {
    zone: displayName(zone),
    steps,
    events: steps.map(({ step, calls: own }) => `${step}: ${order(own)}`),
    afterSees: afterSees(steps),
    afterErrorUndoes: undone,
    listedKeys: created,
    sentKeys: [...new Set(calls.flatMap(({ key }) => (key === null || key === '' ? [] : [key])))],
    clean,
  };
}

function order(calls: readonly SeenCall[]): string {
  return calls.length === 0 ? 'no event' : calls.map(({ func, stage }) => `${func} ${stage}`).join(', ');
}

/** Told by the steps that add and delete the probe record: is it in, or out of, the list the panel shows to `after`? */
function afterSees(steps: readonly SelfTestStep[]): SelfTestReport['afterSees'] {
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
