import type { DnsName } from '../dns/name.ts';
import type { HookCall, Panel, PanelEvent, Verdict } from '../core/panel.ts';
import { PanelError } from '../core/panel.ts';
import type { CallFacts } from '../core/panel-hand.ts';
import type { SeenCall } from '../app/self-test/step.ts';

/** How long (ms) a trace lasts when nobody ends it. */
const longest = 600_000;
/**
 * How long (ms) the panel may take to answer while it waits for us: it may never answer
 * (docs/protocol.md#stages-4).
 */
const readPatience = 2_000;

/** Watches the hook calls of one zone for the self-test; does nothing while none is asked for. */
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
   * Ends the present trace and begins another one.
   * @param zone null: none
   * @param refuse the stage whose first call is to be answered with an error, whatever the engine says; null:
   *   none
   * @returns the calls traced so far
   */
  turn(zone: DnsName | null, refuse: 'before' | 'after' | null): readonly SeenCall[] {
    const calls = this.#calls;
    this.#zone = zone;
    this.#refuse = refuse;
    this.#began = performance.now();
    this.#calls = [];
    return calls;
  }

  /** Notes a call and its verdict; gives the verdict to answer with. */
  async note(call: HookCall, event: PanelEvent, verdict: Verdict): Promise<Verdict> {
    const zone = this.#zone;
    if (zone === null || event.kind !== 'edits' || !event.edits.some((edit) => edit.zone === zone)) {
      return verdict;
    }
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

/** The error of the self-test: does the panel keep to it, or undo its part after one? */
function probe(stage: string): Verdict {
  const problems = [{ code: 'agent.self-test', params: {} }];
  return { kind: 'refuse', problems, changed: stage === 'after' ? 'panel' : 'nothing' };
}
