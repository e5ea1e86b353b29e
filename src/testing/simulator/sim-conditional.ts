import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { changeNames, type Change } from '../../dns/zone.ts';
import {
  CentralError,
  isExpectedAt,
  type Altered,
  type CallContext,
  type CentralRecord,
  type Condition,
  type Conditional,
  type FoundOtherwise,
} from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { Chances } from './chances.ts';
import { never, type Life } from './life.ts';
import type { WriteRequest } from './provenance.ts';
import {
  asKept,
  refused,
  unreachable,
  type CentralFault,
  type CentralStore,
  type Remembered,
  type SimCentral,
} from './sim-central.ts';

/** What the conditional changes of a simulated central share with its other methods. */
interface ConditionalParts {
  readonly central: SimCentral;
  readonly clock: Clock;
  readonly chances: Chances;
  readonly life: Life;
  /** The beginning of the names of the random draws. */
  readonly name: string;
}

/** A change on its way, with one request for each of its records. */
interface Sent {
  readonly change: Change;
  readonly condition: Condition;
  readonly operation: string;
  readonly fault: CentralFault | null;
  readonly requests: readonly WriteRequest[];
}

/** The changes of a simulated central that it carries out only if it has what the engine expects. */
export class SimConditional implements Conditional {
  readonly #parts: ConditionalParts;

  constructor(parts: ConditionalParts) {
    this.#parts = parts;
  }

  get #store(): CentralStore {
    return this.#parts.central.store;
  }

  async apply(change: Change, condition: Condition, ctx: CallContext): Promise<Altered | FoundOtherwise> {
    const names = changeNames(change);
    const how = `writes ${names.join(' ')} if it is as expected`;
    return await this.#parts.central.wire.during(ctx.operation, change.zone, names, how, async () =>
      this.#apply(change, condition, ctx),
    );
  }

  async outcome(zone: DnsName, key: string, ctx: CallContext): Promise<Remembered> {
    const { central, life, clock, chances, name } = this.#parts;
    const call = `${name} outcome ${zone}`;
    if (life.dead) await never();
    if (central.down) throw unreachable('untouched');
    const fault = central.faultOf({ kind: 'add' }, call);
    if (fault === 'down' || fault === 'refuse') throw unreachable('untouched');
    await clock.sleep(chances.between(call, 1, 60), ctx.signal).catch(() => {
      throw unreachable('untouched');
    });
    const known = this.#store.remembered.get(key) ?? 'nothing';
    this.#store.remembered.set(key, known);
    if (fault !== null) {
      central.onFault('answer about an outcome lost');
      throw unreachable('untouched');
    }
    this.#answered(ctx.operation, known !== 'unclear');
    return known;
  }

  async #apply(change: Change, condition: Condition, ctx: CallContext): Promise<Altered | FoundOtherwise> {
    const { central, life, clock, chances, name } = this.#parts;
    const call = `${name} expects ${change.zone} ${[...condition.expected.names].join(' ')}`;
    if (life.dead) await never();
    if (central.down) throw unreachable('untouched');
    const fault = central.faultOf({ kind: 'add' }, call);
    if (fault !== null) central.onFault(`write ${fault}`);
    if (fault === 'down') throw unreachable('untouched');
    const sent = this.#send(change, condition, ctx.operation, fault);
    this.#store.unanswered.add(ctx.operation);
    const land = (): Altered | FoundOtherwise => this.#land(sent);
    if (fault === 'late') {
      void clock.sleep(chances.between(`${call} lands`, 100, 90_000)).then(lateLanding(land));
      throw unreachable('unknown');
    }
    if (fault === 'lost-answer') {
      lateLanding(land)();
      throw unreachable('unknown');
    }
    const ms =
      fault === 'slow' ? chances.between(`${call} is slow`, 500, 15_000) : chances.between(call, 1, 60);
    const landed = clock.sleep(ms / 2).then(land);
    // An engine that was killed, or has given up, does not hear of a failure.
    landed.catch(() => undefined);
    await clock.sleep(ms, ctx.signal).catch(() => {
      throw unreachable('unknown');
    });
    const answer = await landed.catch((error: unknown) => {
      const isRefused = error instanceof CentralError && error.state === 'untouched';
      if (isRefused) this.#answered(ctx.operation, true);
      throw error;
    });
    this.#answered(ctx.operation, true);
    if (!('found' in answer)) central.serve(change.zone, ctx);
    return answer;
  }

  /** The engine hears what became of a change. @param isClear whether it knows what the change did */
  #answered(operation: string, isClear: boolean): void {
    const store = this.#store;
    const { clock } = this.#parts;
    store.unanswered.delete(operation);
    if (!isClear) return;
    for (const request of store.provenance.requests)
      if (request.operation === operation && request.expected !== undefined)
        request.answeredAt ??= clock.now();
  }

  #send(change: Change, condition: Condition, operation: string, fault: CentralFault | null): Sent {
    const store = this.#store;
    const { clock } = this.#parts;
    const steps = [
      ...change.remove.map((record) => ({ kind: 'remove', record }) as const),
      ...change.add.map((record) => ({ kind: 'add', record }) as const),
    ];
    const requests = steps.map((step) =>
      store.provenance.sent({
        ...step,
        zone: change.zone,
        content: [],
        operation,
        expected: condition.expected,
        sentAt: clock.now(),
      }),
    );
    return { change, condition, operation, fault, requests };
  }

  /** Carries out a change that has arrived, unless it was carried out or withdrawn before. */
  #land(sent: Sent): Altered | FoundOtherwise {
    const store = this.#store;
    const { clock } = this.#parts;
    const { change, condition, operation, fault } = sent;
    const { expected, key } = condition;
    const known = store.remembered.get(key);
    if (known === 'nothing') throw unreachable('untouched');
    if (known === 'unclear') throw unreachable('unknown');
    if (known !== undefined) return known;
    const records = store.zones.get(change.zone);
    store.provenance.read(operation, change.zone, clock.now());
    if (records === undefined) return { found: null };
    const found = [...records]
      .filter(([, record]) => isExpectedAt(expected, change.zone, record))
      .map(([handle, record]): CentralRecord => ({ ...record, handle }));
    if (!areSame(found, expected.records)) {
      this.#parts.central.onFault('expectation wrong');
      return { found };
    }
    if (fault === 'refuse') throw refused('central.refused', false);
    if (fault === 'no-effect') {
      store.remembered.set(key, 'unclear');
      throw new CentralError('central.no-effect', { state: 'unknown', retry: 'later' });
    }
    return this.#carryOut(sent, records);
  }

  #carryOut({ change, condition, fault, requests }: Sent, records: Map<string, ResourceRecord>): Altered {
    const store = this.#store;
    const { clock } = this.#parts;
    const removed: ResourceRecord[] = [];
    const added: ResourceRecord[] = [];
    const [first] = requests;
    store.provenance.begins(clock.now(), requests);
    for (const request of fault === 'partial' && first !== undefined ? [first] : requests) {
      const { record, kind } = request;
      if (record === null) continue;
      store.provenance.land(request, clock.now(), () => {
        const id = recordId(record);
        if (kind === 'remove' && records.delete(id)) removed.push(record);
        if (kind !== 'add' || records.has(id)) return;
        const kept = asKept(store, change.zone, record, fault);
        records.set(recordId(kept), kept);
        added.push(record);
      });
      store.shownToOthers(clock.now());
    }
    const isClear = fault !== 'partial' && fault !== 'reworded';
    store.remembered.set(condition.key, isClear ? { removed, added } : 'unclear');
    if (!isClear) throw unreachable('partial');
    return { removed, added };
  }
}

/** Carries out a change whose answer nobody hears. */
function lateLanding(land: () => unknown): () => void {
  return () => {
    try {
      land();
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
    }
  };
}

function areSame(one: readonly ResourceRecord[], other: readonly ResourceRecord[]): boolean {
  const ids = new Set(one.map(recordId));
  return ids.size === other.length && other.every((record) => ids.has(recordId(record)));
}
