import type { DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { refusal } from '../catalogue.ts';
import { JournalError } from '../journal.ts';
import { acceptedFact, hostFact, newBaselineFact, otherHostFact } from '../journal-doubts.ts';
import { deletes } from '../operation.ts';
import type { ApprovedPlan, Exclusion, PlanRequest, ZonePlan, ZoneResult } from '../zone-plan.ts';
import type {
  Changed,
  EditEvent,
  InvalidEvent,
  LeftEdit,
  PanelEvent,
  PanelRecord,
  Verdict,
} from '../panel.ts';
import { answerAfter } from './after/after.ts';
import {
  allRefusals,
  leftToPanel,
  nothingToDo,
  refuse,
  toVerdict,
  type Answer,
  type Call,
  type Refusal,
} from './before/answer.ts';
import { CompareAll, type ComparisonProgress } from './comparison/compare-all.ts';
import { compareNewZones } from './background/fill-zone.ts';
import { compareKept } from './background/give-up-delete.ts';
import { beforeRecords } from './before/before-records.ts';
import { forgetLedger } from './comparison/forget-ledger.ts';
import { NamedZones } from './comparison/named-zones.ts';
import { SerialWatch } from './comparison/serial-watch.ts';
import { readCentralZone } from './knowledge/central-zone.ts';
import { readPanel } from './knowledge/panel-view.ts';
import { anyRequest, keepWatching } from './knowledge/operations.ts';
import { Observer, wouldRefuse } from './observe/observer.ts';
import { takeUpMode } from './observe/take-up.ts';
import { OwnerCheck, type OwnerStatus } from './owners/read-owners.ts';
import type { CompareRequest } from './parts/agenda.ts';
import { applyZone } from './planning/apply-zone.ts';
import { setExclusion, type ExclusionRequest } from './planning/exclude.ts';
import { planZone } from './planning/plan-zone.ts';
import { Runtime, type Ports } from './runtime.ts';
import type { ComparisonHealth } from './parts/rounds.ts';
import type { SilentRound } from './parts/silent-changes.ts';
import { askAboutSignedAbove } from './before/signed-above.ts';
import { askForYes } from './before/signed-delete.ts';
import { rollBack } from './before/roll-back.ts';
import { stepComparison, stepOperations } from './background/step.ts';
import { beforeCreate, beforeDelete } from './before/zone-edits.ts';

/** State that only a running engine knows; everything else can be read from its journal. */
export interface LiveEngine {
  readonly comparison: ComparisonProgress;
  readonly comparisons: ComparisonHealth;
  /** Rounds of comparisons that found changes in the panel that no hook call had reported, oldest first. */
  readonly silent: readonly SilentRound[];
  readonly owners: OwnerStatus;
}

/**
 * The sync engine of one panel and one central: it vetoes, sends, confirms, undoes and compares edits. It
 * does all I/O through its ports, and uses only their clock. Each journal has one engine.
 * `docs/architecture.md` follows one edit through the engine.
 */
export class Engine {
  readonly #runtime: Runtime;
  readonly #compareAll: CompareAll;
  readonly #named: NamedZones;
  readonly #owners: OwnerCheck;
  readonly #serials: SerialWatch | null;
  /** Null unless the engine only observes. */
  readonly #observer: Observer | null;
  readonly #background = new Set<Promise<void>>();
  /**
   * Whether the journal was written on another host. While this is true, no background work runs, and every
   * edit is refused.
   */
  #isOtherHosts = false;
  #accepting: Promise<void> | null = null;

  constructor(ports: Ports) {
    this.#runtime = new Runtime(ports);
    this.#runtime.agenda.begin({
      operations: (zone) => stepOperations(this.#runtime, zone),
      comparison: (zone) => stepComparison(this.#runtime, zone),
    });
    this.#compareAll = new CompareAll(this.#runtime);
    this.#named = new NamedZones(this.#runtime, this.#compareAll, (work) => this.#inBackground(work));
    this.#owners = new OwnerCheck(this.#runtime);
    this.#observer =
      this.#runtime.promises === null
        ? null
        : new Observer(this.#runtime, (edit) => this.#owners.judge(edit));
    this.#serials = ports.serials === undefined ? null : new SerialWatch(this.#runtime, ports.serials);
  }

  /**
   * Resumes operations that an earlier run left open, and starts the background work, the first comparison
   * included. Resolves as soon as the engine can answer hook calls. If the journal was written on another
   * host, starts nothing until {@link acceptJournal} is called.
   * @throws {JournalError} when the journal fails; nothing is started then
   */
  async start(): Promise<void> {
    const { journal, log } = this.#runtime.ports;
    try {
      this.#isOtherHosts = (await journal.fact(otherHostFact)) !== null;
      if (this.#isOtherHosts) log(1, 'journal.other-host');
      else await this.#begin();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * If the journal was written on another host, accepts it: the engine forgets its ledger and takes a new
   * baseline. Otherwise stores that an operator knows the reason for the last new baseline.
   * @returns false: there was nothing to accept
   * @throws {JournalError}
   */
  async acceptJournal(): Promise<boolean> {
    const { journal } = this.#runtime.ports;
    if (this.#isOtherHosts) {
      this.#accepting ??= this.#acceptHost().finally(() => (this.#accepting = null));
      await this.#accepting;
      return true;
    }
    if ((await journal.fact(newBaselineFact)) === null) return false;
    await this.#runtime.store.commit({ facts: { [newBaselineFact]: null } });
    return true;
  }

  async #acceptHost(): Promise<void> {
    const { journal, clock, log } = this.#runtime.ports;
    const [, host] = (await journal.fact(otherHostFact))?.split(' ') ?? [];
    const facts = { [otherHostFact]: null, [acceptedFact]: String(clock.wall()) };
    await this.#runtime.store.commit({
      facts: host === undefined ? facts : { ...facts, [hostFact]: host },
    });
    log(1, 'journal.accepted');
    await this.#begin();
    this.#isOtherHosts = false;
  }

  async #begin(): Promise<void> {
    await this.#takeUp();
    this.#inBackground(this.#compareForEver());
    const { serialsEvery } = this.#runtime.ports.settings;
    if (this.#serials !== null && serialsEvery > 0)
      this.#inBackground(this.#serials.untilStopped(serialsEvery));
  }

  async #takeUp(): Promise<void> {
    const { journal, clock, log } = this.#runtime.ports;
    this.#runtime.grace.begin();
    for (const { id } of await journal.operations({ latest: 1 })) this.#runtime.timers.idsAfter(id);
    await forgetLedger(this.#runtime);
    const open = await journal.operations({ openAt: clock.wall() });
    const comparesAnew = await takeUpMode(this.#runtime, open);
    for (const operation of open) {
      if (mayHaveWritten.has(operation.state))
        await keepWatching(this.#runtime, operation, anyRequest(operation));
      this.#runtime.patience.begin(operation.id);
      this.#runtime.agenda.actedFor(operation.zone, operation.actor);
      this.#runtime.agenda.wake(operation.zone, 0);
    }
    for (const operation of deletes(open))
      if (operation.state === 'reverted') compareKept(this.#runtime, operation);
    await this.#owners.start();
    await compareNewZones(this.#runtime);
    if (comparesAnew) this.compare('all', 'observing');
    log(4, 'engine.start', { open: open.length });
  }

  /**
   * Stops the background work and waits until it has ended. Calls that are being answered continue until
   * their own signal aborts.
   */
  async stop(): Promise<void> {
    this.#runtime.timers.stopping.abort(new Error('stopping'));
    await this.#runtime.agenda.drain();
    await this.#owners.drain();
    await this.#observer?.drain();
    await Promise.allSettled(this.#background);
  }

  /**
   * Answers one hook call. Never throws: a failure becomes a refusal that says which sides were changed.
   * @param signal aborts at the deadline of the call
   */
  async answer(event: PanelEvent, signal: AbortSignal): Promise<Verdict> {
    if (event.kind === 'edits') {
      const answer = await this.carryOut(event.edits, signal);
      return toVerdict(answer);
    }
    if (this.#isOtherHosts && event.kind !== 'invalid') return { kind: 'accept' };
    return await this.#runtime.gate.during(this.#editedBy(event), async () => {
      switch (event.kind) {
        case 'ignore':
          return { kind: 'accept' };
        case 'hint':
          this.#owners.ended(event.fingerprint, true);
          return this.#hint(event);
        case 'owners':
          return await this.#ownersMayChange(event);
        case 'invalid':
          return toVerdict(this.#invalid(event));
      }
    });
  }

  /**
   * Answers the edits of one call: either all of them are accepted, or none. Never throws.
   * @param signal as for `answer`
   */
  async carryOut(edits: readonly EditEvent[], signal: AbortSignal): Promise<Answer> {
    if (this.#isOtherHosts) return this.#onOtherHost(edits);
    const observer = this.#observer;
    return await this.#runtime.gate.during(this.#editedBy({ kind: 'edits', edits }), () =>
      observer === null ? this.#edits(edits, signal) : this.#observe(observer, edits, signal),
    );
  }

  /**
   * Finds all problems for which {@link answer} would refuse a `before` call now. Writes nothing at the
   * central. Never throws.
   * @param signal as for `answer`
   */
  async objections(edits: readonly EditEvent[], signal: AbortSignal): Promise<readonly Problem[]> {
    if (this.#observer !== null) return [];
    if (this.#isOtherHosts) return refuseOtherHost.problems;
    const judged = edits
      .filter((edit) => edit.stage === 'before' && !this.isOwn(edit))
      .map((edit) => ({ edit, right: this.#owners.judge(edit) }));
    if (judged.some(({ right }) => right === 'unread')) return [notReadYet];
    const asked = judged.filter(({ right }) => right === 'may').map(({ edit }) => edit);
    try {
      const problems = [...(await this.#unasked(asked, signal))];
      for (const edit of asked) {
        const answer = await this.#before(edit, { signal, isTrial: true });
        if (answer.kind === 'refuse') problems.push(...answer.problems);
      }
      return problems;
    } catch (error) {
      return this.#failed(asked.map(({ zone }) => zone).join(' '), error, 'nothing').problems;
    }
  }

  /**
   * Undoes at once the writes of operations that {@link carryOut} began, because another central refused the
   * edit. Never throws; if an undo fails now, background steps repeat it.
   * @param ids the operations, as `carryOut` returned them
   * @param problems why the other central refused the edit
   * @returns `nothing`: it is proved that the central has nothing left of these writes
   */
  async rollBack(ids: readonly string[], problems: readonly Problem[]): Promise<'nothing' | 'unknown'> {
    try {
      return await rollBack(this.#runtime, ids, problems);
    } catch (error) {
      this.#failed('-', error, 'unknown');
      return 'unknown';
    }
  }

  /**
   * Runs `body`, which answers a hook call in this engine, in another one, or during a pause. Panel reads
   * wait until `body` ends. If a read runs at the same time anyway, it does not prove that a record of an
   * edited zone is absent.
   */
  async duringCall<T>(event: PanelEvent, body: () => Promise<T>): Promise<T> {
    return await this.#runtime.gate.during(this.#editedBy(event), body);
  }

  /**
   * Stores that a write into the panel was refused only because another central is out of reach. The engine
   * then repeats the write without a limit.
   * @param echo the echo token of the write
   */
  putOff(echo: string): void {
    const restoring = this.#runtime.echoTokens.get(echo);
    if (restoring !== undefined) restoring.putOff = true;
  }

  /**
   * Stores the self-test's result: whether the panel checks access before it calls us.
   * @throws {JournalError}
   */
  async proveAccessCheck(checksFirst: boolean): Promise<void> {
    await this.#owners.prove(checksFirst);
  }

  /**
   * Forgets the owners of all zones, because calls of the panel may have been missed. Until the owners are
   * read again, edits of users who are no administrators are refused. Never throws.
   */
  async forgetOwners(): Promise<void> {
    if (this.#isOtherHosts) return;
    await this.#owners.forget().catch((error: unknown) => this.#failed('-', error, 'nothing'));
  }

  /**
   * Schedules a comparison of one zone, or of all zones. Returns at once; background steps make the
   * comparison.
   * @param reason shown in the log and the history
   */
  compare(what: DnsName | 'all', reason: string, follow: CompareRequest['follow'] = 'no'): void {
    if (this.#isOtherHosts) return;
    if (what !== 'all') this.#runtime.agenda.compareSoon(what, reason, follow);
    else this.#inBackground(this.#compareAll.untilDone(reason, follow));
  }

  /**
   * Names of all zones that the panel or the ledger has, sorted.
   * @throws {PanelError | JournalError}
   */
  async zonesToPlan(): Promise<readonly DnsName[]> {
    const { panel, journal } = this.#runtime.ports;
    const here = await this.#runtime.gate.quietly('-', () =>
      this.#runtime.timers.step('-', (ctx) => panel.listZones(ctx)),
    );
    const known = (await journal.zones()).map(({ zone }) => zone);
    return [...new Set([...here.value.zones, ...known])].sort();
  }

  /**
   * Plans a zone for an operator (`planning/plan-zone.ts`). @throws {PanelError | CentralError |
   * JournalError}
   */
  async plan(zone: DnsName, request: PlanRequest): Promise<ZonePlan> {
    return await planZone(this.#runtime, zone, request);
  }

  /**
   * Applies the steps that an operator approved (`planning/apply-zone.ts`). An engine that only observes
   * refuses them.
   * @throws {PanelError | CentralError | JournalError}
   */
  async apply(plan: ApprovedPlan): Promise<ZoneResult> {
    if (this.#observer !== null)
      return { kind: 'refused', problems: [{ code: 'agent.observing', params: {} }] };
    if (this.#isOtherHosts) return { kind: 'refused', problems: refuseOtherHost.problems };
    return await applyZone(this.#runtime, plan);
  }

  /** Excludes or includes a zone or records (`planning/exclude.ts`). @throws {JournalError} */
  async setExclusion(request: ExclusionRequest): Promise<Exclusion> {
    if (this.#isOtherHosts) return { kind: 'other-host' };
    return await setExclusion(this.#runtime, request);
  }

  get live(): LiveEngine {
    const { rounds, silent } = this.#runtime;
    return {
      comparison: this.#compareAll.progress,
      comparisons: rounds.health,
      silent: silent.found,
      owners: this.#owners.status,
    };
  }

  /**
   * Records that the panel has made a hook call. Call this for every hook call, because each one shows that
   * the panel runs our handlers.
   */
  noticed(event: PanelEvent): void {
    this.#runtime.silent.noticed(event);
  }

  /** Restores the rounds ({@link LiveEngine.silent}) that an earlier run of the agent found. */
  restoreSilent(found: readonly SilentRound[]): void {
    this.#runtime.silent.restore(found);
  }

  /**
   * Reads a zone from the panel as soon as no hook call is being answered; null: the panel has no such zone.
   * @throws {PanelError}
   */
  async readPanel(zone: DnsName): Promise<readonly PanelRecord[] | null> {
    return (await readPanel(this.#runtime, zone)).records;
  }

  /**
   * Reads a zone from the central, as completely as the central allows; null: the central has no such zone.
   * @throws {PanelError | CentralError | JournalError}
   */
  async readCentral(zone: DnsName): Promise<readonly ResourceRecord[] | null> {
    const held = (await this.readPanel(zone)) ?? [];
    return await this.#runtime.timers.step('-', (ctx) => readCentralZone(this.#runtime, zone, held, ctx));
  }

  /**
   * Stores a named value in the journal. The engine itself does not use this value. @throws {JournalError}
   */
  async remember(name: string, value: string): Promise<void> {
    await this.#runtime.store.commit({ facts: { [name]: value } });
  }

  /**
   * The zones that a call edits. A `before` whose actor has no right to the zone is not carried out, so its
   * zone is left out.
   */
  #editedBy(event: PanelEvent): readonly DnsName[] {
    const edits = event.kind === 'edits' ? event.edits : [];
    return edits
      .filter((edit) => edit.stage === 'after' || this.isOwn(edit) || this.#owners.judge(edit) === 'may')
      .map(({ zone }) => zone);
  }

  #invalid(event: InvalidEvent): Answer {
    if (this.#observer !== null)
      return { kind: 'accept', begun: [], left: [wouldRefuse(event, event.problems)] };
    if (this.#isOtherHosts) return refuseOtherHost;
    return this.#leftToPanel(event) ?? { kind: 'refuse', problems: event.problems, changed: 'nothing' };
  }

  #hint(event: Extract<PanelEvent, { readonly kind: 'hint' }>): Verdict {
    const { source, zones } = event;
    this.#runtime.ports.log(5, 'hint', { source, zones: zones === 'all' ? 'all' : zones.length });
    this.#named.hint(event);
    return { kind: 'accept' };
  }

  /**
   * Stores that the owners of some zones are unknown, because this call may change them. Never refuses the
   * call.
   */
  async #ownersMayChange(event: Extract<PanelEvent, { kind: 'owners' }>): Promise<Verdict> {
    try {
      await this.#owners.before(event);
    } catch (error) {
      // The journal could not store that the owners are unknown. Memory still has this fact, so it is lost
      // only if the agent restarts before the owners are read again.
      this.#failed('-', error, 'nothing');
    }
    return { kind: 'accept' };
  }

  /**
   * Answers a `before` call whose actor may have no right to the zone; null: the actor has the right. For
   * such a call nothing is written or read, and the answer reveals nothing about the zone. The panel decides
   * about the edit; if it makes the edit, the central follows later (`heard.ts`).
   */
  #leftToPanel(edit: EditEvent | InvalidEvent): Answer | null {
    const right = this.#owners.judge(edit);
    if (right === 'may') return null;
    // Until the owners have been read once, edits of every zone get this refusal. So it does not reveal which
    // zones exist.
    if (right === 'unread') return { kind: 'refuse', problems: [notReadYet], changed: 'nothing' };
    this.#owners.count(right, edit);
    return leftToPanel(edit, right === 'another' ? 'note.left-no-right' : 'note.left-owner-unknown');
  }

  /**
   * Answers the edits of one call in their order. If a `before` is refused, undoes at once what earlier edits
   * of the call wrote.
   */
  async #edits(all: readonly EditEvent[], signal: AbortSignal): Promise<Answer> {
    const edits: EditEvent[] = [];
    const left: LeftEdit[] = [];
    for (const edit of all) {
      const answer = edit.stage === 'after' || this.isOwn(edit) ? null : this.#leftToPanel(edit);
      if (answer?.kind === 'refuse') return answer;
      if (answer === null) edits.push(edit);
      else left.push(...(answer.left ?? []));
    }
    const unasked = await this.#askForYes(edits, signal);
    if (unasked !== null) return unasked;
    const begun: string[] = [];
    const afterwards: Refusal[] = [];
    for (const edit of edits) {
      const answer = await this.#edit(edit, signal);
      if (answer.kind === 'accept') {
        begun.push(...answer.begun);
        left.push(...(answer.left ?? []));
      } else if (edit.stage === 'before') return await this.#withEarlier(answer, begun);
      else afterwards.push(answer);
    }
    if (afterwards.length > 0) return allRefusals(afterwards, edits.length);
    return { kind: 'accept', begun, ...(left.length === 0 ? {} : { left }) };
  }

  /**
   * Answers edits while the journal is another host's. Refuses edits that the panel has not made yet, unless
   * the engine only observes.
   */
  #onOtherHost(edits: readonly EditEvent[]): Answer {
    const isRefused = this.#observer === null && edits.some(({ stage }) => stage === 'before');
    return isRefused ? refuseOtherHost : nothingToDo;
  }

  /** Accepts the edits of one call in any case, and sends nothing to the central for them. */
  async #observe(observer: Observer, all: readonly EditEvent[], signal: AbortSignal): Promise<Answer> {
    const asked = all.filter((edit) => edit.stage === 'before' && !this.isOwn(edit));
    const left = observer.before(asked);
    for (const edit of all) if (edit.stage === 'after') await this.#edit(edit, signal);
    for (const edit of asked) {
      if (edit.kind !== 'zone-delete') continue;
      await this.#owners.deleting(edit).catch((error: unknown) => this.#failed(edit.zone, error, 'nothing'));
    }
    return { kind: 'accept', begun: [], left };
  }

  /**
   * Makes the refusal of a call, after undoing what its earlier edits wrote.
   * @param earlier ids of the operations of these edits
   */
  async #withEarlier(refused: Refusal, earlier: readonly string[]): Promise<Refusal> {
    if (earlier.length === 0) return refused;
    const left = await this.rollBack(earlier, refused.problems);
    return left === 'nothing' ? refused : { ...refused, changed: 'unknown' };
  }

  async #askForYes(edits: readonly EditEvent[], signal: AbortSignal): Promise<Refusal | null> {
    try {
      const problems = await this.#unasked(edits, signal);
      return problems.length === 0 ? null : { kind: 'refuse', problems, changed: 'nothing' };
    } catch (error) {
      return this.#failed(edits.map(({ zone }) => zone).join(' '), error, 'nothing');
    }
  }

  /**
   * Problems that ask the user to repeat the call before it is carried out. They concern deletes of signed
   * zones, and creates of zones below a signed zone.
   * @throws {JournalError}
   */
  async #unasked(edits: readonly EditEvent[], signal: AbortSignal): Promise<readonly Problem[]> {
    return [
      ...(await askForYes(this.#runtime, edits, signal)),
      ...(await askAboutSignedAbove(this.#runtime, edits, signal)),
    ];
  }

  /** Whether the edit is a write of this engine into the panel: it carries a valid echo token of ours. */
  isOwn({ echo }: EditEvent): boolean {
    return echo !== null && this.#runtime.echoTokens.has(echo);
  }

  async #edit(edit: EditEvent, signal: AbortSignal): Promise<Answer> {
    if (this.isOwn(edit)) return nothingToDo;
    try {
      const answer =
        edit.stage === 'after'
          ? await this.#after(edit, signal)
          : await this.#before(edit, { signal, isTrial: false });
      this.#runtime.ports.log(4, `edit.${answer.kind}`, {
        stage: edit.stage,
        kind: edit.kind,
        zone: edit.zone,
        ...(answer.kind === 'refuse' ? { codes: answer.problems.map(({ code }) => code).join(' ') } : {}),
      });
      return answer;
    } catch (error) {
      // After a write, the code that made the write handles failures of the journal. So a journal error that
      // arrives here means that nothing was written.
      const before = error instanceof JournalError ? 'nothing' : 'unknown';
      return this.#failed(edit.zone, error, edit.stage === 'after' ? 'panel-unknown' : before);
    }
  }

  async #after(edit: EditEvent, signal: AbortSignal): Promise<Answer> {
    const right = this.#owners.judge(edit);
    this.#serials?.reported(edit.zone);
    this.#runtime.recentDeletes.heard(edit);
    await this.#owners.kept(edit);
    if (this.#observer !== null) {
      await this.#observer.after(edit);
      return nothingToDo;
    }
    return await answerAfter(this.#runtime, edit, right, signal);
  }

  async #before(edit: EditEvent, call: Call): Promise<Answer> {
    switch (edit.kind) {
      case 'records':
        return await beforeRecords(this.#runtime, edit, call);
      case 'zone-create':
        return await beforeCreate(this.#runtime, edit, call);
      case 'zone-delete': {
        const answer = await beforeDelete(this.#runtime, edit, call);
        // Once the zone is deleted, another account may create a zone of this name.
        if (answer.kind === 'accept' && !call.isTrial) {
          this.#runtime.recentDeletes.deleted(edit.zone);
          await this.#owners.deleting(edit);
        }
        return answer;
      }
    }
  }

  #failed(zone: string, error: unknown, changed: Changed): Refusal {
    if (error instanceof JournalError) {
      this.#runtime.ports.log(1, 'journal.failed', { zone, code: error.code });
      return { kind: 'refuse', problems: [refusal(error.code, error.params)], changed };
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#runtime.ports.log(1, 'engine.defect', { zone, error: text });
    return { kind: 'refuse', problems: [refusal('engine.defect', {})], changed };
  }

  /**
   * Runs `work` in the background; {@link stop} waits until `work` has ended. An error of `work` is a defect:
   * it is logged, and the engine goes on.
   */
  #inBackground(work: Promise<void>): void {
    const noted = work
      .catch((error: unknown) => {
        if (!this.#runtime.timers.isStopping) this.#failed('-', error, 'nothing');
      })
      .finally(() => this.#background.delete(noted));
    this.#background.add(noted);
  }

  async #compareForEver(): Promise<void> {
    const { ports, timers } = this.#runtime;
    const { compareEvery } = ports.settings;
    await this.#compareAll.untilBaseline();
    if (compareEvery === 0) return;
    let failed = false;
    while (!timers.isStopping) {
      const hasPassed = await timers.pause(failed ? Math.min(compareEvery, soonAgain) : compareEvery);
      // During a pause no zone is compared here. When the pause ends, all zones are compared.
      if (!hasPassed || this.#runtime.isPaused) continue;
      // Some functions of the panel change owners without an event, so the owners are read as often as zones
      // are compared.
      this.#owners.request(0);
      failed = !(await this.#compareAll.everything('periodic'));
    }
  }
}

/** Milliseconds until the next try if the periodic comparison could not begin. */
const soonAgain = 300_000;

const refuseOtherHost = refuse('journal.other-host', {});

const notReadYet = refusal('panel.not-read-yet', {});

/** An operation in one of these states may have sent a request whose answer the stopped engine never got. */
const mayHaveWritten: ReadonlySet<string> = new Set(['prepared', 'applied', 'reverting']);
