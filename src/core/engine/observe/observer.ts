import type { Problem } from '../../../dns/problem.ts';
import { CentralError } from '../../central.ts';
import type { Observation, Observed } from '../../decision.ts';
import { JournalError } from '../../journal.ts';
import { outcomeOfItems } from '../../outcome.ts';
import type { EditEvent, InvalidEvent, LeftEdit } from '../../panel.ts';
import { findMatch, markKept } from '../after/after.ts';
import type { Answer } from '../before/answer.ts';
import { planEdit } from '../before/before-records.ts';
import type { PlannedEdit } from '../before/carry-out.ts';
import { askAboutSignedAbove } from '../before/signed-above.ts';
import { askForYes } from '../before/signed-delete.ts';
import { compareNamed } from '../before/unknown-zone.ts';
import { beforeCreate, beforeDelete } from '../before/zone-edits.ts';
import type { Right } from '../owners/owners.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Longest time (ms) for finding out what would have been done with the edits of one call. The call itself
 * does not wait for this.
 */
const judgeTimeout = 10_000;
/**
 * The edits of at most this many calls are examined at the same time. The edits of further calls are not
 * examined.
 */
const mostAtOnce = 20;

/**
 * Codes of refusals that say nothing about the edit itself. An engine that only observes learns of new zones
 * and records late, by comparisons. In strict mode it would know them from its own operations.
 */
const notKnown: ReadonlySet<string> = new Set([
  'zone.not-known-yet',
  'zone.baseline-running',
  'panel.not-read-yet',
  'record.unknown-key',
]);

/** Finds out what the engine would have done with edits if it were not only observing. */
export class Observer {
  readonly #runtime: Runtime;
  readonly #right: (edit: EditEvent) => Right;
  readonly #running = new Set<Promise<unknown>>();

  /** @param right whether an edit's actor may change the zone */
  constructor(runtime: Runtime, right: (edit: EditEvent) => Right) {
    this.#runtime = runtime;
    this.#right = right;
  }

  /**
   * Leaves the edits of one `before` call to the panel. Returns at once. The `observation` of an edit
   * resolves later, when it is known what would have been done.
   */
  before(edits: readonly EditEvent[]): readonly LeftEdit[] {
    if (edits.length === 0) return [];
    const judged = this.#running.size < mostAtOnce ? this.#judge(edits) : notJudged(edits, tooMany);
    this.#running.add(judged);
    void judged.finally(() => this.#running.delete(judged));
    return edits.map((event, at) => ({
      event,
      why: 'note.left-observing',
      observation: judged.then((all) => all[at] ?? unclear([])),
    }));
  }

  /**
   * Handles an `after` call: the panel has made an edit. If the edit's operation began before the observing,
   * that operation continues.
   * @throws {JournalError}
   */
  async after(event: EditEvent): Promise<void> {
    const match = await findMatch(this.#runtime, event);
    if (match !== null) await markKept(this.#runtime, event, match);
    await compareNamed(this.#runtime, event, 'observed');
  }

  /** Resolves when no edit is being examined any more. Call it only after the engine was told to stop. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #judge(edits: readonly EditEvent[]): Promise<readonly Observation[]> {
    const { signal, done } = this.#runtime.timers.deadline(judgeTimeout);
    try {
      const asked = edits.filter((edit) => this.#right(edit) === 'may');
      const unasked = [
        ...(await askForYes(this.#runtime, asked, signal)),
        ...(await askAboutSignedAbove(this.#runtime, asked, signal)),
      ];
      const all = await Promise.all(edits.map((edit) => this.#judgeOne(edit, signal)));
      return this.#noted(
        edits,
        asOne(
          all,
          unasked.map(({ code }) => code),
        ),
      );
    } catch (error) {
      return this.#noted(edits, await notJudged(edits, this.#codeOf(error)));
    } finally {
      done();
    }
  }

  async #judgeOne(edit: EditEvent, signal: AbortSignal): Promise<Observation> {
    const right = this.#right(edit);
    if (right === 'unread') return unclear(['panel.not-read-yet']);
    if (right !== 'may')
      return inPanel(right === 'another' ? 'note.left-no-right' : 'note.left-owner-unknown');
    const call = { signal, isTrial: true };
    switch (edit.kind) {
      case 'records':
        return observationOf(await planEdit(this.#runtime, edit, signal));
      case 'zone-create':
        return observationOf(await beforeCreate(this.#runtime, edit, call));
      case 'zone-delete':
        return observationOf(await beforeDelete(this.#runtime, edit, call));
    }
  }

  #noted(edits: readonly EditEvent[], all: readonly Observation[]): readonly Observation[] {
    for (const [at, { kind, zone }] of edits.entries()) {
      const { observed, why } = all[at] ?? unclear([]);
      this.#runtime.ports.log(4, 'edit.observed', {
        kind,
        zone,
        would: observed.would,
        codes: why.join(' '),
      });
    }
    return all;
  }

  #codeOf(error: unknown): string {
    if (error instanceof JournalError || error instanceof CentralError) return error.code;
    if (!this.#runtime.timers.isStopping)
      this.#runtime.ports.log(1, 'engine.defect', { zone: '-', error: String(error) });
    return 'engine.defect';
  }
}

/** Leaves an edit to the panel, and says that it would have been refused because of these problems. */
export function wouldRefuse(event: EditEvent | InvalidEvent, problems: readonly Problem[]): LeftEdit {
  const why = [...new Set(problems.map(({ code }) => code))];
  const observation = Promise.resolve({ why, items: [], observed: refused });
  return { event, why: 'note.left-observing', observation };
}

const tooMany = 'note.observed-too-many';
const nothing = { remove: [], add: [] } as const;

function unclear(why: readonly string[]): Observation {
  return { why, items: [], observed: { would: 'unclear', ...nothing } };
}

function inPanel(why: string): Observation {
  return { why: [why], items: [], observed: { would: 'panel-only', ...nothing } };
}

async function notJudged(edits: readonly EditEvent[], why: string): Promise<readonly Observation[]> {
  return await Promise.resolve(edits.map(() => unclear([why])));
}

/** Makes an observation from a plan, or from the answer that a strict engine would give. */
function observationOf(found: PlannedEdit | Answer): Observation {
  if ('plan' in found) {
    const { items, change } = found.plan;
    const { kind, why } = outcomeOfItems(items);
    const would = kind === 'partly' || kind === 'panel-only' ? kind : 'both-sides';
    return { why, items, observed: { would, remove: change.remove, add: change.add } };
  }
  if (found.kind === 'accept') {
    const [left] = found.left ?? [];
    return left === undefined ? sent : inPanel(left.why);
  }
  const codes = [...new Set(found.problems.map(({ code }) => code))];
  if (codes.some((code) => notKnown.has(code))) return unclear(codes);
  return { why: codes, items: [], observed: refused };
}

const sent: Observation = { why: [], items: [], observed: { would: 'both-sides', ...nothing } };
const refused: Observed = { would: 'refused', ...nothing };

/**
 * The edits of one call are accepted together or refused together. So if one edit would have been refused,
 * all would.
 * @param unasked codes of refusals that would have made the user repeat the call to confirm it
 */
function asOne(all: readonly Observation[], unasked: readonly string[]): readonly Observation[] {
  const reasons = all.flatMap(({ observed, why }) => (observed.would === 'refused' ? why : []));
  const codes = [...new Set([...unasked, ...reasons])];
  if (codes.length === 0) return all;
  return all.map(({ items }) => ({ why: codes, items, observed: refused }));
}
