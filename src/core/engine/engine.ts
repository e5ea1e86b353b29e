import type { DnsName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import { refusal } from '../catalogue.ts';
import { JournalError } from '../journal.ts';
import type { LedgerRow, ZoneEntry } from '../ledger.ts';
import type { Operation } from '../operation.ts';
import type { Changed, EditEvent, InvalidEvent, PanelEvent, Verdict } from '../panel.ts';
import { answerAfter } from './after.ts';
import { CompareAll, type ComparisonProgress } from './compare-all.ts';
import { compareNewZones } from './content.ts';
import { beforeRecords, objectionsToRecords } from './mirror.ts';
import { NamedZones } from './named-zones.ts';
import { keepWatching } from './operations.ts';
import { OwnerCheck, type OwnerStatus } from './read-owners.ts';
import { Runtime, type CompareWish, type Ports } from './runtime.ts';
import { Scheduler } from './scheduler.ts';
import { askAboutSignedAbove } from './signed-above.ts';
import { askForYes } from './signed-delete.ts';
import { takeBack } from './take-back.ts';
import { baselineFact } from './unknown-zone.ts';
import { beforeCreate, beforeDelete, objectionsToCreate, objectionsToDelete } from './zone-edits.ts';

export interface EngineStatus {
  /** Wall clock, milliseconds since 1970; null while the first comparison is not complete. */
  readonly baselineAt: number | null;
  readonly comparison: ComparisonProgress;
  /** Operations that are neither final nor stuck. */
  readonly open: number;
  readonly stuck: readonly Operation[];
  readonly zones: Readonly<Record<string, number>>;
  readonly records: Readonly<Record<string, number>>;
  /** Zones with a remark: gone on one side, refused ... */
  readonly remarks: number;
  /** Zones whose edits are refused because their ledger is damaged, and operations that were found damaged. */
  readonly frozen: number;
  readonly damagedOperations: number;
  readonly owners: OwnerStatus;
}

/** One zone, both sides side by side, as the ledger has them. */
export interface ZoneView {
  readonly entry: ZoneEntry | null;
  readonly rows: readonly LedgerRow[];
  readonly open: readonly Operation[];
}

/**
 * The sync engine of one panel and one central: vetoes, mirrors, confirms, undoes, compares. It does no I/O of its own and
 * reads no clock but the one handed in. One engine per journal; `docs/architecture.md` tells the flow of one edit.
 */
export class Engine {
  readonly #runtime: Runtime;
  readonly #scheduler: Scheduler;
  readonly #compareAll: CompareAll;
  readonly #named: NamedZones;
  readonly #owners: OwnerCheck;
  readonly #background = new Set<Promise<void>>();

  constructor(ports: Ports) {
    this.#runtime = new Runtime(ports);
    this.#scheduler = new Scheduler(this.#runtime);
    this.#compareAll = new CompareAll(this.#runtime);
    this.#named = new NamedZones(this.#runtime, this.#compareAll, (work) => this.#inBackground(work));
    this.#owners = new OwnerCheck(this.#runtime);
  }

  /**
   * Takes up what an earlier run left open and starts the background work, the first comparison included; resolves as soon as
   * hook calls can be answered.
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
    const { journal, clock, settings, log } = this.#runtime.ports;
    this.#runtime.mindTheClock();
    this.#runtime.graceUntil = this.#runtime.now + settings.grace;
    const open = await journal.operations({ openAt: clock.wall() });
    for (const operation of open) {
      if (mayHaveWritten.has(operation.state)) await keepWatching(this.#runtime, operation, {});
      this.#runtime.since.set(operation.id, this.#runtime.now);
      this.#runtime.lanes.set(operation.zone, operation.actor);
      this.#runtime.wakeZone(operation.zone, 0);
    }
    await this.#owners.start();
    await compareNewZones(this.#runtime);
    log(4, 'engine.start', { open: open.length });
  }

  /** Stops the background work; calls being answered get their refusal through their own signal. */
  async stop(): Promise<void> {
    this.#runtime.stopping.abort(new Error('stopping'));
    await this.#scheduler.drain();
    await this.#owners.drain();
    await Promise.allSettled(this.#background);
  }

  /**
   * Answers one hook call. Never throws: what goes wrong is a refusal that says what was and was not changed.
   * @param signal aborts at the deadline of the call
   * @param begun gets the ids of the operations that stand for accepted edits, also if a later edit of the call is refused
   */
  async answer(event: PanelEvent, signal: AbortSignal, begun: string[] = []): Promise<Verdict> {
    return await this.#runtime.asHandler(this.#editedBy(event), async () => {
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
        case 'edits':
          return await this.#edits(event.edits, signal, begun);
      }
    });
  }

  /**
   * What {@link answer} would refuse of a `before` call now, all of it, found without writing at the central. Never throws.
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
      for (const edit of asked) problems.push(...(await objectionsTo(this.#runtime, edit, signal)));
      return problems;
    } catch (error) {
      const verdict = this.#failed(asked.map(({ zone }) => zone).join(' '), error, 'nothing');
      return verdict.kind === 'refuse' ? verdict.problems : [];
    }
  }

  /**
   * Takes back at once what operations of {@link answer} did: the edit is refused for the sake of another central. Never throws;
   * what is left is retried in the background.
   * @param problems why
   * @returns `nothing` when it is proved that nothing of them is left
   */
  async takeBack(ids: readonly string[], problems: readonly Problem[]): Promise<'nothing' | 'unknown'> {
    try {
      return await takeBack(this.#runtime, ids, problems);
    } catch (error) {
      this.#failed('-', error, 'unknown');
      return 'unknown';
    }
  }

  /**
   * Runs `body` while a hook call is being answered, by whomever: panel reads wait, and absences seen meanwhile in its zones prove
   * nothing.
   */
  async duringCall<T>(event: PanelEvent, body: () => Promise<T>): Promise<T> {
    return await this.#runtime.asHandler(this.#editedBy(event), body);
  }

  /** A restoration with this mark was refused because another central is out of reach: it is tried again, however often. */
  putOff(mark: string): void {
    const restoring = this.#runtime.marks.get(mark);
    if (restoring !== undefined) restoring.putOff = true;
  }

  /** What the self-test saw: whether the panel checks access before it calls us. @throws {JournalError} */
  async proveAccessCheck(checksFirst: boolean): Promise<void> {
    await this.#owners.prove(checksFirst);
  }

  /** The panel was not heard for a while (a pause): plain users are refused until its list is read again. Never throws. */
  async forgetOwners(): Promise<void> {
    await this.#owners.forget().catch((error: unknown) => this.#failed('-', error, 'nothing'));
  }

  /** Asks for a comparison, soon, in the background. */
  compare(what: DnsName | 'all', reason: string, follow: CompareWish['follow'] = 'no'): void {
    if (what !== 'all') this.#runtime.compareSoon(what, reason, follow);
    else this.#inBackground(this.#compareAll.untilDone(reason, follow));
  }

  /** @throws {JournalError} */
  async status(): Promise<EngineStatus> {
    const { journal, clock } = this.#runtime.ports;
    const open = await journal.operations({ openAt: clock.wall() });
    const baseline = await journal.fact(baselineFact);
    const { rows, ...counts } = await journal.counts();
    return {
      baselineAt: baseline === null ? null : Number(baseline),
      comparison: this.#compareAll.progress,
      open: open.filter(({ state }) => undone.has(state)).length,
      stuck: open.filter(({ state }) => state === 'stuck'),
      ...counts,
      records: rows,
      owners: this.#owners.status,
    };
  }

  /** All zones of the ledger, by name. @throws {JournalError} */
  async zones(): Promise<readonly ZoneEntry[]> {
    return await this.#runtime.ports.journal.zones();
  }

  /** The newest operations, newest first. @throws {JournalError} */
  async history(latest: number): Promise<readonly Operation[]> {
    return await this.#runtime.ports.journal.operations({ latest });
  }

  /** Operations whose id begins with `prefix`, oldest first. @throws {JournalError} */
  async find(prefix: string): Promise<readonly Operation[]> {
    return await this.#runtime.ports.journal.operations({ prefix });
  }

  /** @throws {JournalError} */
  async view(zone: DnsName): Promise<ZoneView> {
    const { journal, clock } = this.#runtime.ports;
    return {
      entry: await journal.zone(zone),
      rows: await journal.rows(zone),
      open: await journal.operations({ zone, openAt: clock.wall() }),
    };
  }

  /** Zones that a call edits. A call of somebody without a right to a zone does nothing there, and disturbs nobody. */
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
   * The answer to a `before` that the panel has to decide about first: nothing is written, read or told for somebody who may have no
   * right to the zone. What the panel then makes of it is followed (`heard.ts`). Null: the actor has a right to more.
   */
  #leftToPanel(edit: EditEvent | InvalidEvent): Verdict | null {
    const right = this.#owners.judge(edit);
    if (right === 'may') return null;
    // Said of whatever zone, this tells nothing of any.
    if (right === 'unread') return { kind: 'refuse', problems: [notReadYet], changed: 'nothing' };
    this.#owners.count(right, edit);
    return { kind: 'accept' };
  }

  /** All edits of one call are accepted or none; what the accepted ones did is taken back at once. */
  async #edits(all: readonly EditEvent[], signal: AbortSignal, begun: string[]): Promise<Verdict> {
    const edits: EditEvent[] = [];
    for (const edit of all) {
      const left = edit.stage === 'after' || this.#isOwn(edit) ? null : this.#leftToPanel(edit);
      if (left?.kind === 'refuse') return left;
      if (left === null) edits.push(edit);
    }
    const unasked = await this.#askForYes(edits, signal);
    if (unasked !== null) return unasked;
    for (const edit of edits) {
      const verdict = await this.#edit(edit, signal, begun);
      if (verdict.kind === 'refuse') return await this.#withEarlier(verdict, begun);
    }
    return { kind: 'accept' };
  }

  /** A refusal in the middle of a call: what the edits before it did is taken back. @param begun is emptied */
  async #withEarlier(verdict: Refusal, begun: string[]): Promise<Verdict> {
    const earlier = begun.splice(0);
    if (earlier.length === 0) return verdict;
    const left = await this.takeBack(earlier, verdict.problems);
    return left === 'nothing' ? verdict : { ...verdict, changed: 'unknown' };
  }

  async #askForYes(edits: readonly EditEvent[], signal: AbortSignal): Promise<Verdict | null> {
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
  #isOwn({ mark }: EditEvent): boolean {
    return mark !== null && this.#runtime.marks.has(mark);
  }

  async #edit(edit: EditEvent, signal: AbortSignal, begun: string[]): Promise<Verdict> {
    if (this.#isOwn(edit)) return { kind: 'accept' };
    try {
      const verdict =
        edit.stage === 'after' ? await this.#after(edit, signal) : await this.#before(edit, signal, begun);
      this.#runtime.ports.log(4, `edit.${verdict.kind}`, {
        stage: edit.stage,
        kind: edit.kind,
        zone: edit.zone,
        ...(verdict.kind === 'refuse' ? { codes: verdict.problems.map(({ code }) => code).join(' ') } : {}),
      });
      return verdict;
    } catch (error) {
      // Where something was written before, a failing journal is answered by those who wrote it.
      const before = error instanceof JournalError ? 'nothing' : 'unknown';
      return this.#failed(edit.zone, error, edit.stage === 'after' ? 'panel-unknown' : before);
    }
  }

  async #after(edit: EditEvent, signal: AbortSignal): Promise<Verdict> {
    const right = this.#owners.judge(edit);
    await this.#owners.kept(edit);
    return await answerAfter(this.#runtime, edit, right, signal);
  }

  async #before(edit: EditEvent, signal: AbortSignal, begun: string[]): Promise<Verdict> {
    switch (edit.kind) {
      case 'records':
        return await beforeRecords(this.#runtime, edit, signal, begun);
      case 'zone-create':
        return await beforeCreate(this.#runtime, edit, signal, begun);
      case 'zone-delete': {
        const verdict = await beforeDelete(this.#runtime, edit, signal, begun);
        // Who has it next may be another.
        if (verdict.kind === 'accept') await this.#owners.deleting(edit);
        return verdict;
      }
    }
  }

  #failed(zone: string, error: unknown, changed: Changed): Verdict {
    if (error instanceof JournalError) {
      this.#runtime.ports.log(1, 'journal.failed', { zone, code: error.code });
      return { kind: 'refuse', problems: [refusal(error.code, error.params)], changed };
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#runtime.ports.log(1, 'engine.defect', { zone, error: text });
    return { kind: 'refuse', problems: [refusal('engine.defect', {})], changed };
  }

  /** Until it is done, the engine's stop waits for it. What it throws is a defect: it is logged, and everything else goes on. */
  #inBackground(work: Promise<void>): void {
    const noted = work
      .catch((error: unknown) => {
        if (!this.#runtime.stopping.signal.aborted) this.#failed('-', error, 'nothing');
      })
      .finally(() => this.#background.delete(noted));
    this.#background.add(noted);
  }

  async #compareForEver(): Promise<void> {
    const { clock, settings } = this.#runtime.ports;
    const { signal } = this.#runtime.stopping;
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

type Refusal = Extract<Verdict, { readonly kind: 'refuse' }>;

const notReadYet = refusal('panel.not-read-yet', {});

async function objectionsTo(
  runtime: Runtime,
  edit: EditEvent,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  switch (edit.kind) {
    case 'records':
      return await objectionsToRecords(runtime, edit, signal);
    case 'zone-create':
      return await objectionsToCreate(runtime, edit, signal);
    case 'zone-delete':
      return await objectionsToDelete(runtime, edit, signal);
  }
}

/** States in which a dead engine may have left a request on its way. */
const mayHaveWritten: ReadonlySet<string> = new Set(['prepared', 'reverting']);

const undone: ReadonlySet<string> = new Set(['prepared', 'applied', 'kept', 'reverting']);
