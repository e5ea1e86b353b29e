import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { Batch } from '../../../core/journal.ts';
import { isUnderWay } from '../../../core/engine/observe/promises.ts';
import type { Operation } from '../../../core/operation.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { Provenance, WriteRequest } from '../provenance.ts';
import type { Judgement } from './judgement.ts';

/** Both sides and the journal of one engine. */
interface Facts {
  readonly witness: JournalWitness;
  readonly panel: Provenance;
  readonly central: Provenance;
  /** The zones of the panel as its reads show them. */
  readonly shown: ReadonlyMap<DnsName, ReadonlyMap<string, ResourceRecord>>;
}

/** Facts that the laws need while the engine only observes. */
interface Observes {
  /** Zones with an operation that was open when the observing began. */
  readonly underWay: ReadonlySet<DnsName>;
}

/** Facts that the laws need after the mode has changed from `observe` to `strict`. */
interface Strict {
  /** Ids of the operations that existed at the change to mode `strict`. */
  readonly operations: ReadonlySet<string>;
  /** For each zone, the records that reads of the panel showed at the change to mode `strict`. */
  readonly held: ReadonlyMap<DnsName, ReadonlySet<string>>;
  /** Number of effects in the panel, and at the central, at the change to mode `strict`. */
  readonly effects: number;
  readonly atCentral: number;
  /** Zones that have a new baseline, or need none. */
  readonly known: Set<DnsName>;
}

/**
 * Checks an engine that only observes, and the strict engine after it. While observing, an engine may only
 * continue operations that were open before. The strict engine takes a new baseline, and must not send or
 * remove earlier changes.
 */
export class ObservingLaws {
  readonly #judgement: Judgement;
  #facts: Facts | null = null;
  #observes: Observes | null = null;
  #strict: Strict | null = null;

  constructor(judgement: Judgement) {
    this.#judgement = judgement;
  }

  /** Remembers that engines with the other mode replace the present ones. */
  changed(observes: boolean, facts: Facts): void {
    this.#facts = facts;
    const { operations, zones } = facts.witness;
    const all = [...operations.values()].map(({ operation }) => operation);
    this.#observes = observes ? { underWay: new Set(all.filter(isUnderWay).map(({ zone }) => zone)) } : null;
    const kept = [...zones.values()].filter(({ state }) => state === 'creating' || state === 'deleting');
    this.#strict = observes
      ? null
      : {
          operations: new Set(operations.keys()),
          held: new Map([...facts.shown].map(([zone, records]) => [zone, new Set(records.keys())])),
          effects: facts.panel.effects.length,
          atCentral: facts.central.effects.length,
          known: new Set(kept.map(({ zone }) => zone)),
        };
  }

  /** Judges a request of the engine to one of the two sides, when it is sent. */
  sent(request: WriteRequest): void {
    const { zone, kind } = request;
    if (this.#observes !== null && !this.#isPromised(zone))
      this.#judgement.violate('observe.written', `${kind} in ${zone} by an engine that only observes`);
  }

  /** Checks a request to the central: like `sent`, and by the laws for the central. */
  sentToCentral(request: WriteRequest): void {
    this.sent(request);
    const operation = this.#facts?.witness.operations.get(request.operation)?.operation;
    if (this.#strict === null || operation === undefined) return;
    if (operation.class !== 'follow' || operation.source === '') return;
    if (this.#strict.operations.has(operation.id) || !this.#isOld(request, this.#strict)) return;
    const what = `${request.kind} ${request.record === null ? '' : recordId(request.record)}`;
    this.#judgement.violate('observe.followed', `${what} in ${request.zone}, which changed before`);
  }

  /** Checks the operations of a commit. */
  committed({ zones = [], operations = [] }: Batch): void {
    for (const operation of operations) this.#begun(operation);
    for (const { zone } of zones) this.#strict?.known.add(zone);
  }

  #begun({ id, zone, class: group, kind }: Operation): void {
    const isNew = this.#facts?.witness.operations.get(id)?.states.length === 1;
    if (!isNew) return;
    if (this.#observes !== null && !this.#observes.underWay.has(zone))
      this.#judgement.violate('observe.written', `${kind} ${id} begins in ${zone} while only observing`);
    const isJudged = this.#strict === null || this.#strict.known.has(zone) || kind === 'zone-create';
    if (!isJudged && group === 'veto')
      this.#judgement.violate('observe.baseline', `${id} is judged in ${zone}, which has no new baseline`);
  }

  #isPromised(zone: DnsName): boolean {
    if (this.#observes?.underWay.has(zone) !== true) return false;
    const all = [...(this.#facts?.witness.operations.values() ?? [])];
    return all.some(({ operation }) => operation.zone === zone && isUnderWay(operation));
  }

  /**
   * Whether the panel's record or zone of the request has not changed since the change to mode `strict`. A
   * zone that a request of ours has made at the central since is not old, whoever has it in the panel.
   */
  #isOld({ kind, zone, record }: WriteRequest, { held, effects, atCentral }: Strict): boolean {
    const since = this.#facts?.panel.effects.slice(effects) ?? [];
    const id = record === null ? '' : recordId(record);
    if (since.some((one) => one.zone === zone && (one.id === id || one.id === ''))) return false;
    if (kind === 'create') return held.has(zone);
    if (kind === 'delete') return !held.has(zone) && !this.#isMadeSince(zone, atCentral);
    if (record === null) return false;
    return (held.get(zone)?.has(id) ?? false) === (kind === 'add');
  }

  /** Whether a request of ours has made the central's zone. @param effects number of effects to leave out */
  #isMadeSince(zone: DnsName, effects: number): boolean {
    const since = this.#facts?.central.effects.slice(effects) ?? [];
    const came = since.findLast((one) => one.zone === zone && one.id === '' && one.present);
    return came !== undefined && came.request !== null;
  }
}
