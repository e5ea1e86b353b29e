import type { DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import { refusal } from '../catalogue.ts';
import { JournalError } from '../journal.ts';
import type { Changed, EditEvent, InvalidEvent, PanelEvent, Verdict } from '../panel.ts';
import { answerAfter } from './after/after.ts';
import { nothingToDo, type Answer, type Call, type Refusal } from './before/answer.ts';
import { CompareAll, type ComparisonProgress } from './comparison/compare-all.ts';
import { compareNewZones } from './background/fill-zone.ts';
import { beforeRecords } from './before/before-records.ts';
import { NamedZones } from './comparison/named-zones.ts';
import { anyRequest, keepWatching } from './knowledge/operations.ts';
import { OwnerCheck, type OwnerStatus } from './owners/read-owners.ts';
import type { CompareRequest } from './parts/agenda.ts';
import { Runtime, type Ports } from './runtime.ts';
import { askAboutSignedAbove } from './before/signed-above.ts';
import { askForYes } from './before/signed-delete.ts';
import { rollBack } from './before/roll-back.ts';
import { stepComparison, stepOperations } from './background/step.ts';
import { beforeCreate, beforeDelete } from './before/zone-edits.ts';

/** What only a running engine knows; the rest is in its journal. */
export interface LiveEngine {
  readonly comparison: ComparisonProgress;
  readonly owners: OwnerStatus;
}

/**
 * The sync engine of one panel and one central: vetoes, mirrors, confirms, undoes, compares. It does no I/O
 * of its own and reads no clock but the one handed in. One engine per journal; `docs/architecture.md` tells
 * the flow of one edit.
 */
export class Engine {
  readonly #runtime: Runtime;
  readonly #compareAll: CompareAll;
  readonly #named: NamedZones;
  readonly #owners: OwnerCheck;
  readonly #background = new Set<Promise<void>>();

  constructor(ports: Ports) {
    this.#runtime = new Runtime(ports);
    this.#runtime.agenda.begin({
      operations: (zone) => stepOperations(this.#runtime, zone),
      comparison: (zone) => stepComparison(this.#runtime, zone),
    });
    this.#compareAll = new CompareAll(this.#runtime);
    this.#named = new NamedZones(this.#runtime, this.#compareAll, (work) => this.#inBackground(work));
    this.#owners = new OwnerCheck(this.#runtime);
  }

  /**
   * Takes up what an earlier run left open and starts the background work, the first comparison included.
   * Resolves as soon as hook calls can be answered.
   * @throws {JournalError} when the journal fails; nothing runs then
   */
  async start(): Promise<void> {
    try {
      await this.#takeUp();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#inBackground(this.#compareForEver());
  }

  async #takeUp(): Promise<void> {
    const { journal, clock, log } = this.#runtime.ports;
    this.#runtime.grace.begin();
    for (const { id } of await journal.operations({ latest: 1 })) this.#runtime.timers.idsAfter(id);
    const open = await journal.operations({ openAt: clock.wall() });
    for (const operation of open) {
      if (mayHaveWritten.has(operation.state))
        await keepWatching(this.#runtime, operation, anyRequest(operation));
      this.#runtime.patience.begin(operation.id);
      this.#runtime.agenda.actedFor(operation.zone, operation.actor);
      this.#runtime.agenda.wake(operation.zone, 0);
    }
    await this.#owners.start();
    await compareNewZones(this.#runtime);
    log(4, 'engine.start', { open: open.length });
  }

  /** Stops the background work; calls being answered get their refusal through their own signal. */
  async stop(): Promise<void> {
    this.#runtime.timers.stopping.abort(new Error('stopping'));
    await this.#runtime.agenda.drain();
    await this.#owners.drain();
    await Promise.allSettled(this.#background);
  }

  /**
   * Answers one hook call. Never throws: what goes wrong is a refusal that says what was and was not changed.
   * @param signal aborts at the deadline of the call
   */
  async answer(event: PanelEvent, signal: AbortSignal): Promise<Verdict> {
    if (event.kind === 'edits') {
      const answer = await this.carryOut(event.edits, signal);
      return answer.kind === 'accept' ? { kind: 'accept' } : answer;
    }
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
          return this.#leftToPanel(event) ?? { kind: 'refuse', problems: event.problems, changed: 'nothing' };
      }
    });
  }

  /** The same for the edits of one call: all of them are accepted or none. */
  async carryOut(edits: readonly EditEvent[], signal: AbortSignal): Promise<Answer> {
    return await this.#runtime.gate.during(this.#editedBy({ kind: 'edits', edits }), () =>
      this.#edits(edits, signal),
    );
  }

  /**
   * What {@link answer} would refuse of a `before` call now, all of it, found without writing at the central.
   * Never throws.
   * @param signal as for `answer`
   */
  async objections(edits: readonly EditEvent[], signal: AbortSignal): Promise<readonly Problem[]> {
    const judged = edits
      .filter((edit) => edit.stage === 'before' && !this.#isOwn(edit))
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
   * Takes back at once what operations of {@link answer} did: the edit is refused for the sake of another
   * central. Never throws; what is left is retried in the background.
   * @param problems why
   * @returns `nothing` when it is proved that nothing of them is left
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
   * Runs `body` while a hook call is being answered, by whomever: panel reads wait, and absences seen
   * meanwhile in its zones prove nothing.
   */
  async duringCall<T>(event: PanelEvent, body: () => Promise<T>): Promise<T> {
    return await this.#runtime.gate.during(this.#editedBy(event), body);
  }

  /**
   * A restoration with this echo token was refused because another central is out of reach: it is tried
   * again, however often.
   */
  putOff(echo: string): void {
    const restoring = this.#runtime.echoTokens.get(echo);
    if (restoring !== undefined) restoring.putOff = true;
  }

  /** What the self-test saw: whether the panel checks access before it calls us. @throws {JournalError} */
  async proveAccessCheck(checksFirst: boolean): Promise<void> {
    await this.#owners.prove(checksFirst);
  }

  /**
   * The panel was not heard for a while (a pause): plain users are refused until its list is read again.
   * Never throws.
   */
  async forgetOwners(): Promise<void> {
    await this.#owners.forget().catch((error: unknown) => this.#failed('-', error, 'nothing'));
  }

  /** Asks for a comparison, soon, in the background. */
  compare(what: DnsName | 'all', reason: string, follow: CompareRequest['follow'] = 'no'): void {
    if (what !== 'all') this.#runtime.agenda.compareSoon(what, reason, follow);
    else this.#inBackground(this.#compareAll.untilDone(reason, follow));
  }

  get live(): LiveEngine {
    return { comparison: this.#compareAll.progress, owners: this.#owners.status };
  }

  /**
   * Zones that a call edits. A call of somebody without a right to a zone does nothing there, and disturbs
   * nobody.
   */
  #editedBy(event: PanelEvent): readonly DnsName[] {
    const edits = event.kind === 'edits' ? event.edits : [];
    return edits
      .filter((edit) => edit.stage === 'after' || this.#isOwn(edit) || this.#owners.judge(edit) === 'may')
      .map(({ zone }) => zone);
  }

  #hint(event: Extract<PanelEvent, { readonly kind: 'hint' }>): Verdict {
    const { source, zones } = event;
    this.#runtime.ports.log(5, 'hint', { source, zones: zones === 'all' ? 'all' : zones.length });
    this.#named.hint(event);
    return { kind: 'accept' };
  }

  /** Whose zones are may change now; never a reason to refuse. */
  async #ownersMayChange(event: Extract<PanelEvent, { kind: 'owners' }>): Promise<Verdict> {
    try {
      await this.#owners.before(event);
    } catch (error) {
      // Until the next reading the zones count as nobody's in memory; only a restart would not know.
      this.#failed('-', error, 'nothing');
    }
    return { kind: 'accept' };
  }

  /**
   * The answer to a `before` that the panel has to decide about first. Nothing is written, read or reported
   * for a user who may have no right to the zone. What the panel then makes of it is followed (`heard.ts`).
   * Null: the actor has a right to more.
   */
  #leftToPanel(edit: EditEvent | InvalidEvent): Answer | null {
    const right = this.#owners.judge(edit);
    if (right === 'may') return null;
    // Said of whatever zone, this shows nothing of any.
    if (right === 'unread') return { kind: 'refuse', problems: [notReadYet], changed: 'nothing' };
    this.#owners.count(right, edit);
    return nothingToDo;
  }

  /** What the accepted ones did is undone at once when a later one is refused. */
  async #edits(all: readonly EditEvent[], signal: AbortSignal): Promise<Answer> {
    const edits: EditEvent[] = [];
    for (const edit of all) {
      const left = edit.stage === 'after' || this.#isOwn(edit) ? null : this.#leftToPanel(edit);
      if (left?.kind === 'refuse') return left;
      if (left === null) edits.push(edit);
    }
    const unasked = await this.#askForYes(edits, signal);
    if (unasked !== null) return unasked;
    const begun: string[] = [];
    const afterwards: Refusal[] = [];
    for (const edit of edits) {
      const answer = await this.#edit(edit, signal);
      if (answer.kind === 'accept') begun.push(...answer.begun);
      else if (edit.stage === 'before') return await this.#withEarlier(answer, begun);
      else afterwards.push(answer);
    }
    return afterwards.length === 0 ? { kind: 'accept', begun } : allOf(afterwards, edits.length);
  }

  /** A refusal in the middle of a call: what the edits before it did is undone. */
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

  /** What is done only once it was asked for twice. @throws {JournalError} */
  async #unasked(edits: readonly EditEvent[], signal: AbortSignal): Promise<readonly Problem[]> {
    return [
      ...(await askForYes(this.#runtime, edits, signal)),
      ...(await askAboutSignedAbove(this.#runtime, edits, signal)),
    ];
  }

  /** Whether it is our own write into the panel. */
  #isOwn({ echo }: EditEvent): boolean {
    return echo !== null && this.#runtime.echoTokens.has(echo);
  }

  async #edit(edit: EditEvent, signal: AbortSignal): Promise<Answer> {
    if (this.#isOwn(edit)) return nothingToDo;
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
      // Where something was written before, a failing journal is answered by those who wrote it.
      const before = error instanceof JournalError ? 'nothing' : 'unknown';
      return this.#failed(edit.zone, error, edit.stage === 'after' ? 'panel-unknown' : before);
    }
  }

  async #after(edit: EditEvent, signal: AbortSignal): Promise<Answer> {
    const right = this.#owners.judge(edit);
    await this.#owners.kept(edit);
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
        // Who has it next may be another.
        if (answer.kind === 'accept' && !call.isTrial) await this.#owners.deleting(edit);
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
   * Until it is done, the engine's stop waits for it. What it throws is a defect: it is logged, and
   * everything else goes on.
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
    const { clock, settings } = this.#runtime.ports;
    const { signal } = this.#runtime.timers.stopping;
    await this.#compareAll.untilBaseline();
    while (settings.compareEvery > 0 && !signal.aborted) {
      const slept = await clock.sleep(settings.compareEvery, signal).then(
        () => true,
        () => false,
      );
      if (!slept) continue;
      // Not every function that changes owners tells us.
      this.#owners.request(0);
      await this.#compareAll.everything('periodic');
    }
  }
}

/** Refusals of what the panel has done already. The other edits of the call, if any, are at the central. */
function allOf(refusals: readonly Refusal[], edits: number): Refusal {
  const isCertain = refusals.length === edits && refusals.every(({ changed }) => changed === 'panel');
  return {
    kind: 'refuse',
    problems: refusals.flatMap(({ problems }) => problems),
    changed: isCertain ? 'panel' : 'panel-unknown',
  };
}

const notReadYet = refusal('panel.not-read-yet', {});

/** States in which a dead engine may have left a request on its way. */
const mayHaveWritten: ReadonlySet<string> = new Set(['prepared', 'applied', 'reverting']);
