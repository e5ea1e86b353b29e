import type { DnsName } from '../dns/name.ts';
import type { HookCall, Panel, PanelEvent, Verdict } from '../core/panel.ts';
import { PanelError } from '../core/panel.ts';
import type { CallFacts } from '../core/panel-hand.ts';
import type { SeenCall } from '../app/self-test/step.ts';

/** Milliseconds after which a trace ends by itself. */
const longest = 600_000;
/**
 * How long the panel may take to answer a read during a hook call, milliseconds. The panel is then waiting
 * for our answer, and may not answer the read at all (docs/protocol.md#stages-4).
 */
const readPatience = 2_000;

/** Records the hook calls of one zone for the self-test. Records nothing while no zone is set. */
export class Trace {
  readonly #panel: Panel;
  readonly #facts: (call: HookCall) => CallFacts;
  #zone: DnsName | null = null;
  #refuse: SeenCall['stage'] | null = null;
  #began = 0;
  #calls: SeenCall[] = [];

  constructor(panel: Panel, facts: (call: HookCall) => CallFacts) {
    this.#panel = panel;
    this.#facts = facts;
  }

  /**
   * Ends the present trace and starts another one.
   * @param zone the zone whose calls are recorded; null: record none
   * @param refuse the stage whose first call is refused, whatever the engine decides; null: none
   * @returns the calls that the ended trace recorded
   */
  turn(zone: DnsName | null, refuse: 'before' | 'after' | null): readonly SeenCall[] {
    const calls = this.#calls;
    this.#zone = zone;
    this.#refuse = refuse;
    this.#began = performance.now();
    this.#calls = [];
    return calls;
  }

  /** Whether a call contains an edit of the traced zone. */
  covers(event: PanelEvent): boolean {
    const zone = this.#zone;
    return zone !== null && event.kind === 'edits' && event.edits.some((edit) => edit.zone === zone);
  }

  /**
   * Records a call of the traced zone with its verdict.
   * @returns the verdict to answer with: the given one, or the error that the self-test has requested
   */
  async note(call: HookCall, event: PanelEvent, verdict: Verdict): Promise<Verdict> {
    const zone = this.#zone;
    if (zone === null || !this.covers(event)) return verdict;
    const at = Math.round(performance.now() - this.#began);
    if (at > longest) {
      this.turn(null, null);
      return verdict;
    }
    const facts = this.#facts(call);
    const refusing = this.#refuse === facts.stage;
    const refused = refusing ? probe(facts.stage) : verdict;
    if (refusing) this.#refuse = null;
    const shown = facts.stage === 'after' ? await this.#shown(zone) : null;
    this.#calls.push({ ...facts, at, verdict: refused.kind, shown });
    return refused;
  }

  async #shown(zone: DnsName): Promise<SeenCall['shown']> {
    try {
      const ctx = { signal: AbortSignal.timeout(readPatience), operation: '-' };
      const records = await this.#panel.readZone(zone, ctx);
      return records === null ? 'no-zone' : records.map(({ key }) => key);
    } catch (error) {
      if (error instanceof PanelError) return 'blocked';
      throw error;
    }
  }
}

/**
 * Makes the error that the self-test has requested. It shows whether the panel obeys an error in `before`,
 * and whether it undoes its change after an error in `after`.
 */
function probe(stage: string): Verdict {
  const problems = [{ code: 'agent.self-test', params: {} }];
  return { kind: 'refuse', problems, changed: stage === 'after' ? 'panel' : 'nothing' };
}
