import { displayName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { CallContext } from '../../core/central.ts';
import { PanelError, type PanelRecord } from '../../core/panel.ts';
import { judgeAssumptions, type Assumption } from './assumptions.ts';
import type { SelfTestFacts } from './facts.ts';
import {
  afterSees,
  carryOutStep,
  context,
  order,
  shows,
  type AfterSees,
  type StepPlan,
  type Refusing,
  type SeenCall,
  type SelfTestPorts,
  type SelfTestStep,
} from './step.ts';

/** The report of the self-test: how this panel behaves in cases that its documentation leaves open. */
export interface SelfTestReport extends SelfTestFacts {
  readonly zone: string;
  /** Whether domainsync was in mode `observe`. Each step then expects that the central lacks the zone. */
  readonly observing: boolean;
  /**
   * For each step, the hook calls during the step, in order, for example `add a record: domain.sublist.edit
   * before, domain.sublist.edit after`.
   */
  readonly events: readonly string[];
  /**
   * Whether the panel already shows a change while it waits for our answer to `after`. `blocked`: the panel
   * answers no reads while it waits.
   */
  readonly afterSees: AfterSees;
  /** Whether the panel undoes its change when we answer `after` with an error. */
  readonly afterErrorUndoes: 'yes' | 'no' | 'not tested';
  /**
   * Whether the panel calls `before` for an edit by an account without a right to the zone. `yes`: it calls
   * us before it checks access. `no`: the agent is told that the panel checks first.
   */
  readonly beforeForOthers: 'yes' | 'no' | 'not tested';
  /**
   * Keys of the records that the panel itself created in the new zone, read from the panel's list of records.
   */
  readonly listedKeys: readonly string[];
  /** All assumptions about panels, and whether each is true for this one. */
  readonly assumptions: readonly Assumption[];
  /** Whether the scratch zone is gone from both panel and central. */
  readonly clean: boolean;
}

/**
 * Creates, edits and deletes a scratch zone in the panel, as a user would. Reports what panel and central
 * show after each step. Deletes the zone at the end, even after a failure.
 * @throws {ZoneTaken} when a side has a zone with this name already
 * @throws {PanelError | CentralError} when a side cannot be read
 */
export async function selfTest(ports: SelfTestPorts, zone: DnsName): Promise<SelfTestReport> {
  const ctx = context();
  if ((await ports.panel.readZone(zone, ctx)) !== null) throw new ZoneTaken('panel', zone);
  if ((await ports.central.readZone(zone, [], ctx)) !== null) throw new ZoneTaken('central', zone);
  return await new SelfTest(ports, zone).run();
}

const addRecord = 'add a record';

function hasBefore(calls: readonly SeenCall[]): boolean {
  return calls.some(({ stage }) => stage === 'before');
}

/**
 * How long the panel may take to report the owners of all zones, milliseconds. It may need one request for
 * each account.
 */
const ownersPatience = 600_000;

/** The results of the probes. Each probe sets its own fields. */
type Found = {
  -readonly [
    K in
      | 'vetoKept'
      | 'ttlKept'
      | 'echoSeen'
      | 'registered'
      | 'ownersReported'
      | 'afterErrorUndoes'
      | 'beforeForOthers'
      | 'listedKeys'
  ]: SelfTestReport[K];
};

class SelfTest {
  readonly #ports: SelfTestPorts;
  readonly #zone: DnsName;
  readonly #steps: SelfTestStep[] = [];
  readonly #takenKeys: string[] = [];
  readonly #found: Found = {
    vetoKept: 'not tested',
    ttlKept: 'not tested',
    echoSeen: 'not tested',
    registered: null,
    ownersReported: 'not tested',
    afterErrorUndoes: 'not tested',
    beforeForOthers: 'not tested',
    listedKeys: [],
  };

  constructor(ports: SelfTestPorts, zone: DnsName) {
    this.#ports = ports;
    this.#zone = zone;
  }

  async run(): Promise<SelfTestReport> {
    const { hand, panel, central, turn } = this.#ports;
    const zone = this.#zone;
    this.#found.registered = await hand.registered(context());
    try {
      const create = {
        step: 'create a zone',
        run: (c: CallContext) => hand.createZone(zone, c),
        wants: { zone: true },
      };
      if ((await this.#take(create)).failed === null) await this.#edits();
    } finally {
      const wants = { zone: false };
      const inPanel = async (c: CallContext) => await panel.readZone(zone, c);
      if (!(await shows(inPanel, wants))) {
        await this.#take({ step: 'delete the zone', run: (c) => hand.deleteZone(zone, c), wants });
      }
      await turn(null, null);
    }
    const clean =
      (await panel.readZone(zone, context())) === null &&
      (await central.readZone(zone, [], context())) === null;
    return this.#report(clean);
  }

  async #edits(): Promise<void> {
    const { hand, panel } = this.#ports;
    const zone = this.#zone;
    const ttl = panel.traits.carriesTtl ? 300 : null;
    const first = makeRecord({ name: 'probe', type: 'A', rdata: '192.0.2.1', ttl }, zone);
    const second = makeRecord({ name: 'probe', type: 'A', rdata: '192.0.2.2', ttl }, zone);
    const there = { zone: true, there: first };
    this.#found.listedKeys = ((await panel.readZone(zone, context())) ?? []).map(({ key }) => key);
    await this.#take({ step: addRecord, run: (c) => hand.addRecord(zone, first, c), wants: there });
    if (ttl !== null) this.#found.ttlKept = (await this.#find(first))?.ttl === ttl ? 'yes' : 'no';
    await this.#take({
      step: 'change it',
      run: async (c) => hand.changeRecord(zone, await this.#keyOf(first), second, c),
      wants: { zone: true, there: second, gone: first },
    });
    await this.#take({
      step: 'delete it',
      run: async (c) => hand.deleteRecord(zone, await this.#keyOf(second), c),
      wants: { zone: true, gone: second },
    });
    this.#found.vetoKept = await this.#probeRefusal('before', 'veto');
    this.#found.afterErrorUndoes = await this.#probeRefusal('after', 'undo');
    await this.#probeEcho();
    await this.#probeOwners();
  }

  /**
   * Adds a record while the agent answers the first call of this stage with an error.
   * @returns whether the panel does not have the record afterwards, because it refused the edit or undid it
   */
  async #probeRefusal(stage: 'before' | 'after', name: string): Promise<Assumption['holds']> {
    const record = makeRecord({ name, type: 'TXT', rdata: `"${stage}-error"` }, this.#zone);
    const plan: StepPlan = {
      step: `add a record, answering its "${stage}" with an error`,
      run: (ctx) => this.#ports.hand.addRecord(this.#zone, record, ctx),
      wants: { zone: true },
    };
    const { calls } = await this.#take(plan, stage);
    if (!calls.some((call) => call.stage === stage && call.verdict === 'refuse')) return 'not tested';
    return (await this.#find(record)) === undefined ? 'yes' : 'no';
  }

  /**
   * Writes a record as domainsync itself does, but with an echo token that the agent does not know. The agent
   * therefore handles the write as a user's edit. Tests whether the panel passes the token to the hook calls.
   */
  async #probeEcho(): Promise<void> {
    const { panel } = this.#ports;
    const record = makeRecord({ name: 'mark', type: 'TXT', rdata: '"marked"' }, this.#zone);
    const { calls, failed } = await this.#take({
      step: 'write a record as domainsync itself does',
      run: (ctx) => panel.write({ zone: this.#zone, remove: [], add: [record] }, [], 'self-test', ctx),
      wants: { zone: true, there: record },
    });
    // The write fails if the panel's tool does not read values from its environment
    // (docs/protocol.md#mgrctl).
    if (failed !== null) this.#found.echoSeen = 'no';
    else if (calls.length > 0) this.#found.echoSeen = calls.every(({ marked }) => marked) ? 'yes' : 'no';
  }

  /**
   * Tests whether the panel reports owners of zones. Also tests whether it calls us for an edit by an account
   * without a right to the zone.
   */
  async #probeOwners(): Promise<void> {
    const { hand, panel, progress } = this.#ports;
    const stranger = await hand.stranger(this.#zone, context());
    if (stranger.kind === 'no-accounts') return;
    progress('read whose each zone is');
    const ctx = { signal: AbortSignal.timeout(ownersPatience), operation: '-' };
    this.#found.ownersReported = (await panel.readOwners(ctx)).way;
    if (stranger.kind === 'account') await this.#probeAccess(stranger.name);
  }

  async #probeAccess(account: string): Promise<void> {
    const { hand, reportAccessCheck } = this.#ports;
    const record = makeRecord({ name: 'stranger', type: 'TXT', rdata: '"another-account"' }, this.#zone);
    // An earlier self-test may have told the agent that the panel checks access first. This is withdrawn, or
    // the agent would write this edit to the central during `before`.
    await reportAccessCheck(false);
    const said: Awaited<ReturnType<typeof hand.tryAs>>[] = [];
    const added = this.#steps.find(({ step }) => step === addRecord);
    const { calls, failed } = await this.#take({
      step: 'add a record as an account that the zone does not belong to',
      run: async (ctx) => {
        said.push(await hand.tryAs(account, this.#zone, record, ctx));
      },
      wants: { zone: true, gone: record },
      byForeignAccount: true,
    });
    if (failed !== null) return;
    if (hasBefore(calls)) this.#found.beforeForOthers = 'yes';
    // The result counts only if the panel refused because of the missing right, and called us for ordinary
    // edits.
    else if (said[0] === 'no-right' && calls.length === 0 && hasBefore(added?.calls ?? [])) {
      this.#found.beforeForOthers = 'no';
      await reportAccessCheck(true);
    }
  }

  async #find(record: ResourceRecord): Promise<PanelRecord | undefined> {
    const records = await this.#ports.panel.readZone(this.#zone, context());
    return records?.find((one) => recordId(one) === recordId(record));
  }

  async #keyOf(record: ResourceRecord): Promise<string> {
    const found = await this.#find(record);
    if (found === undefined) throw new PanelError('panel.refused', { text: 'the record is not there' });
    this.#takenKeys.push(found.key);
    return found.key;
  }

  async #take(plan: StepPlan, refuse: Refusing = null): Promise<SelfTestStep> {
    const step = await carryOutStep(this.#ports, this.#zone, plan, refuse);
    this.#steps.push(step);
    return step;
  }

  #report(clean: boolean): SelfTestReport {
    const steps = this.#steps;
    const keys = steps
      .flatMap((step) => step.calls)
      .flatMap(({ key }) => (key === null || key === '' ? [] : [key]));
    const facts = { steps, takenKeys: this.#takenKeys, sentKeys: [...new Set(keys)], ...this.#found };
    return {
      ...facts,
      zone: displayName(this.#zone),
      observing: this.#ports.observes,
      events: steps.map(({ step, calls }) => `${step}: ${order(calls)}`),
      afterSees: afterSees(steps),
      assumptions: judgeAssumptions(facts),
      clean,
    };
  }
}

/** Thrown when panel or central already has a zone with the name of the scratch zone. Nothing was changed. */
export class ZoneTaken extends Error {
  override readonly name = 'ZoneTaken';

  constructor(side: 'panel' | 'central', zone: DnsName) {
    super(
      `The ${side} has a zone ${displayName(zone)} already; name another one: --zone NAME. Nothing was changed.`,
    );
  }
}
