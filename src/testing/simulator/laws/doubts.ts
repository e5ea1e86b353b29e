import type { DnsName } from '../../../dns/name.ts';
import { baselineFact } from '../../../core/engine/before/unknown-zone.ts';
import type { Batch } from '../../../core/journal.ts';
import { acceptedFact } from '../../../core/journal-doubts.ts';
import type { Verdict } from '../../../core/panel.ts';
import type { WriteRequest } from '../provenance.ts';
import type { DoubtAtOpening } from '../sim-journal.ts';
import type { Judgement } from './judgement.ts';

/**
 * Judges an engine whose journal may not know what happened last (docs/decisions/016-older-journals.md). With
 * the journal of another host it writes nothing and accepts no edit. Otherwise it writes in no zone before it
 * has compared that zone anew.
 */
export class DoubtLaws {
  readonly #judgement: Judgement;
  #isOthers = false;
  /**
   * Whether the engine must refuse edits because the journal is another host's and no operator has accepted
   * it.
   */
  #refuses = false;
  /**
   * Zones compared since the agent opened a journal that may lack the newest events, or since an operator has
   * accepted another host's journal. Null: writes need no new comparison first.
   */
  #known: Set<DnsName> | null = null;

  constructor(judgement: Judgement) {
    this.#judgement = judgement;
  }

  /** Whether the journal is another host's, and no operator has accepted it. */
  get isOthers(): boolean {
    return this.#isOthers;
  }

  /** Remembers what the simulator knows of a journal that an agent opens. */
  opened({ isOlder, isAfterGap, isOthers }: DoubtAtOpening): void {
    this.#isOthers = isOthers;
    this.#refuses = isOthers;
    if (isOlder || isAfterGap) this.#known = new Set();
  }

  /** Remembers that an operator accepted the journal on this host, and that the engine has confirmed this. */
  accepted(): void {
    this.#refuses = false;
  }

  /** Judges a commit of the engine. */
  committed(batch: Batch): void {
    const { operations = [], zones = [], rows = [], dropZones = [], owners, facts = {} } = batch;
    if (this.#isOthers) {
      const changes = [operations, zones, rows, dropZones, [...(owners ?? [])]];
      if (changes.some(({ length }) => length > 0))
        this.#judgement.violate('doubt.read-only', 'an engine changes the journal of another host');
      if (typeof facts[acceptedFact] !== 'string') return;
      this.#isOthers = false;
      this.#known = new Set();
      return;
    }
    for (const { zone } of zones) this.#known?.add(zone);
    if (typeof facts[baselineFact] === 'string') this.#known = null;
  }

  /** Judges a request of the engine to one of the two sides, when it is sent. */
  sent({ kind, zone }: WriteRequest): void {
    if (this.#isOthers)
      this.#judgement.violate('doubt.read-only', `${kind} in ${zone} with the journal of another host`);
    else if (this.#known?.has(zone) === false)
      this.#judgement.violate('doubt.early', `${kind} in ${zone}, which was not compared anew`);
  }

  /**
   * Remembers that a `before` call begins.
   * @returns a function that checks the answer to the call
   */
  asked(): (verdict: Verdict) => void {
    const [wasOthers, refused] = [this.#isOthers, this.#refuses];
    return (verdict) => {
      const codes = verdict.kind === 'accept' ? [] : verdict.problems.map(({ code }) => code);
      const isRefused = codes.includes('journal.other-host');
      // Without an agent the hook script refuses every call, so the answer does not come from the journal.
      const isAnswered = verdict.kind === 'accept' || verdict.changed !== 'unknown';
      if (wasOthers && this.#isOthers && isAnswered && !isRefused)
        this.#judgement.violate('doubt.accepted', 'an edit is judged with the journal of another host');
      if (!refused && isRefused)
        this.#judgement.violate('doubt.left', 'an edit is refused as on another host, and it is none');
    };
  }
}
