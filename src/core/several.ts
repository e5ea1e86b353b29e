import type { Problem } from '../dns/problem.ts';
import type { Engine } from './engine/engine.ts';
import { isTransient } from './engine/knowledge/transient.ts';
import type { EditEvent, LeftEdit, PanelEvent, Verdict } from './panel.ts';

/** One central of a panel: its number in the settings (1 for the first) and its engine. */
export interface Member {
  readonly number: number;
  readonly engine: Pick<Engine, 'answer' | 'carryOut' | 'objections' | 'rollBack' | 'duringCall' | 'putOff'>;
}

/** An engine that may have made a write into the panel, and can be told that the write was refused. */
type Writer = Pick<Engine, 'putOff'>;

/**
 * The part (ms) of an edit's time that is reserved for a roll back at the centrals that accepted the edit. It
 * is never more than half of the time.
 */
const reserve = 2_000;

/**
 * Codes by which the engine of a new central refuses edits until its first comparison of all zones has ended.
 */
const unknownYet: ReadonlySet<string> = new Set(['zone.baseline-running', 'zone.not-known-yet']);

/**
 * How long the writes of an edit may take at all centrals together, in milliseconds.
 * @param deadline time for the whole edit, milliseconds
 */
export function timeToWrite(deadline: number, centrals: number): number {
  return centrals === 1 ? deadline : Math.max(deadline / 2, deadline - reserve);
}

/**
 * Answers hook calls for a panel with several centrals: an edit is made at all of them or at none
 * (docs/decisions/009-several-centrals.md). This class stores nothing: after a crash, each engine gives its
 * own central the panel's state.
 */
export class Several {
  readonly #members: readonly Member[];
  readonly #former: () => Iterable<Writer>;

  /**
   * @param members at least one, the first central first
   * @param former engines of earlier settings, which may still be undoing edits in the panel
   */
  constructor(members: readonly Member[], former: () => Iterable<Writer> = () => []) {
    this.#members = members;
    this.#former = former;
  }

  /**
   * Answers one hook call. Never throws. If the panel has one central, its engine answers.
   * @param signal aborts after `timeToWrite`
   */
  async answer(event: PanelEvent, signal: AbortSignal): Promise<Verdict> {
    const verdict = await this.#answer(event, signal);
    if (event.kind === 'edits' && verdict.kind === 'refuse') this.#putOff(event.edits, verdict.problems);
    return verdict;
  }

  #answer(event: PanelEvent, signal: AbortSignal): Promise<Verdict> {
    const [first, ...others] = this.#members;
    if (first === undefined) throw new Error('a panel without a central');
    if (others.length === 0 || event.kind === 'ignore' || event.kind === 'invalid')
      return first.engine.answer(event, signal);
    return this.#duringCall(event, this.#members, async () =>
      event.kind === 'edits' && event.edits.some(({ stage }) => stage === 'before')
        ? await this.#before(event.edits, signal)
        : await this.#afterwards(event, signal),
    );
  }

  /**
   * Runs `body` while every engine knows that a hook call is being answered, so that none of them reads the
   * panel.
   */
  async #duringCall<T>(
    event: PanelEvent,
    [first, ...others]: readonly Member[],
    body: () => Promise<T>,
  ): Promise<T> {
    if (first === undefined) return await body();
    return await first.engine.duringCall(event, () => this.#duringCall(event, others, body));
  }

  async #before(edits: readonly EditEvent[], signal: AbortSignal): Promise<Verdict> {
    const found = await Promise.all(
      this.#members.map(async ({ number, engine }) => ({
        number,
        problems: await engine.objections(edits, signal),
      })),
    );
    const objections = told(found);
    if (objections.length > 0) return { kind: 'refuse', problems: objections, changed: 'nothing' };
    const accepted: { readonly member: Member; readonly begun: readonly string[] }[] = [];
    const stays: LeftEdit[] = [];
    for (const member of this.#members) {
      const answer = await member.engine.carryOut(edits, signal);
      if (answer.kind === 'accept') {
        accepted.push({ member, begun: answer.begun });
        stays.push(...(answer.left ?? []).map((one) => ({ ...one, central: member.number })));
        continue;
      }
      const problems = told([{ number: member.number, problems: answer.problems }]);
      const left = await Promise.all(
        accepted.map(async ({ member: { engine }, begun: ids }) => await engine.rollBack(ids, problems)),
      );
      const proved = answer.changed === 'nothing' && left.every((one) => one === 'nothing');
      return { kind: 'refuse', problems, changed: proved ? 'nothing' : 'unknown' };
    }
    return stays.length === 0 ? { kind: 'accept' } : { kind: 'accept', left: stays };
  }

  /**
   * Answers hints and `after` calls, which report what the panel has already done. Each engine changes its
   * own central accordingly.
   */
  async #afterwards(event: PanelEvent, signal: AbortSignal): Promise<Verdict> {
    const verdicts = await Promise.all(
      this.#members.map(async ({ number, engine }) => ({
        number,
        verdict: await engine.answer(event, signal),
      })),
    );
    const problems = told(
      verdicts.map(({ number, verdict }) => ({
        number,
        problems: verdict.kind === 'refuse' ? verdict.problems : [],
      })),
    );
    if (problems.length === 0) return { kind: 'accept' };
    const isCertain = verdicts.every(
      ({ verdict }) => verdict.kind === 'accept' || verdict.changed === 'panel',
    );
    return { kind: 'refuse', problems, changed: isCertain ? 'panel' : 'panel-unknown' };
  }

  /**
   * A refused edit may be the write of one engine into the panel; for the other engines that is an ordinary
   * edit. If it was refused only because another central is out of reach, the engine that wrote it is told to
   * try again later.
   */
  #putOff(edits: readonly EditEvent[], problems: readonly Problem[]): void {
    if (!problems.every(({ code }) => isTransient(code) || unknownYet.has(code))) return;
    putOff(edits, [...this.#members.map(({ engine }) => engine), ...this.#former()]);
  }
}

/**
 * Passes the echo tokens of refused edits to the engines. An engine that made such a write into the panel
 * tries it again later.
 */
export function putOff(edits: readonly EditEvent[], engines: readonly Writer[]): void {
  for (const { stage, echo } of edits) {
    if (stage === 'before' && echo !== null) for (const engine of engines) engine.putOff(echo);
  }
}

/** Lists each problem once. `params.central` holds the numbers of the centrals that have it. */
function told(
  found: readonly { readonly number: number; readonly problems: readonly Problem[] }[],
): readonly Problem[] {
  const problems = new Map<string, Problem>();
  for (const { number, problems: own } of found) {
    for (const { code, params } of own) {
      const key = JSON.stringify([code, params]);
      const others = problems.get(key)?.params['central']?.split(', ') ?? [];
      const central = [...new Set([...others, String(number)])].join(', ');
      problems.set(key, { code, params: { ...params, central } });
    }
  }
  return [...problems.values()];
}
