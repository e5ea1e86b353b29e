import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import type { LedgerRow, RecordState } from '../../ledger.ts';
import type { LeftDifference, PlanRequest, PlanStep } from '../../zone-plan.ts';
import { isCentralsOwn } from '../knowledge/compare-rule.ts';
import { planRecords, type KnownSides } from './plan-rule.ts';

function record(host: string, type: string, rdata: string): ResourceRecord {
  return makeRecord({ name: host, type, rdata }, zone);
}

/** All records that a generated zone may have. The apex NS records are the central's own. */
const universe = [
  apex,
  record('@', 'NS', 'ns2.example.net.'),
  a('@', 1),
  a('www', 1),
  a('www', 2),
  record('www', 'TXT', '"x"'),
  record('www', 'CNAME', 'one.example.net.'),
  record('www', 'CNAME', 'two.example.net.'),
  a('ftp', 1),
  record('ftp', 'CNAME', 'one.example.net.'),
  record('sub', 'NS', 'ns1.example.net.'),
] as const;

/** The facts about one record of a generated zone. */
interface Facts {
  readonly onPanel: boolean;
  readonly onCentral: boolean;
  readonly state: RecordState | null;
  readonly isBusy: boolean;
  readonly isObjected: boolean;
}

const states: readonly RecordState[] = ['synced', 'panel-only', 'central-only', 'conflict', 'excluded'];

const seldom = fc.integer({ min: 0, max: 7 }).map((dice) => dice === 7);

const facts = fc.record<Facts>({
  onPanel: fc.boolean(),
  onCentral: fc.boolean(),
  state: fc.option(fc.constantFrom(...states)),
  isBusy: seldom,
  isObjected: seldom,
});

const zones = fc.tuple(...universe.map(() => facts));

const requests: fc.Arbitrary<PlanRequest> = fc
  .record({
    direction: fc.constantFrom('push' as const, 'pull' as const),
    removes: fc.boolean(),
    only: fc.option(fc.record({ host: fc.constantFrom('www', 'ftp'), type: fc.option(fc.constant('A')) })),
  })
  .map(({ only, ...rest }) =>
    only === null ? rest : { ...rest, only: { name: a(only.host, 1).name, type: only.type } },
  );

function of(all: readonly Facts[], has: (facts: Facts) => boolean): ResourceRecord[] {
  return universe.filter((_, at) => {
    const one = all[at];
    return one !== undefined && has(one);
  });
}

function knownOf(all: readonly Facts[]): KnownSides {
  const objected = new Set(of(all, ({ isObjected }) => isObjected).map(recordId));
  const rows = universe.flatMap((one, at): LedgerRow[] => {
    const { state = null, onPanel = false, onCentral = false } = all[at] ?? {};
    return state === null ? [] : [{ record: one, state, onPanel, onCentral, panelKey: null, note: null }];
  });
  return {
    zone,
    panel: of(all, ({ onPanel }) => onPanel).map((one) => ({ ...one, key: recordId(one) })),
    central: of(all, ({ onCentral }) => onCentral),
    rows,
    isFirst: rows.length === 0,
    busy: new Set(of(all, ({ isBusy }) => isBusy).map(recordId)),
    objections: (one) => (objected.has(recordId(one)) ? ['record.type'] : []),
  };
}

/** A generated zone with its plan. `giving` and `receiving` are the ids of the records of both sides. */
interface Planned {
  readonly request: PlanRequest;
  readonly known: KnownSides;
  readonly steps: readonly PlanStep[];
  readonly left: readonly LeftDifference[];
  readonly giving: ReadonlySet<string>;
  readonly receiving: ReadonlySet<string>;
}

function planOf(all: readonly Facts[], request: PlanRequest): Planned {
  const known = knownOf(all);
  const [panel, central] = [known.panel, known.central].map((side) => new Set(side.map(recordId)));
  assert.ok(panel !== undefined && central !== undefined);
  const [giving, receiving] = request.direction === 'push' ? [panel, central] : [central, panel];
  return { request, known, giving, receiving, ...planRecords(known, request) };
}

/** Ids of the records that the receiving side has after the steps. */
function applied({ steps, receiving }: Planned): Set<string> {
  const after = new Set(receiving);
  for (const { action, record: one } of steps) {
    if (action === 'remove') assert.ok(after.delete(recordId(one)), 'removes what is not there');
    else {
      assert.ok(!after.has(recordId(one)), 'adds what is there');
      after.add(recordId(one));
    }
  }
  return after;
}

function always(check: (planned: Planned) => void): void {
  fc.assert(
    fc.property(zones, requests, (all, request) => check(planOf(all, request))),
    { numRuns: 2_000 },
  );
}

function isAskedFor({ only }: PlanRequest, { name, type }: ResourceRecord): boolean {
  return only === undefined || (only.name === name && (only.type ?? type) === type);
}

test('issue 17, plan: with removals the receiving side becomes the other one, but for what is listed', () => {
  always((planned) => {
    const { request, left, giving, receiving } = planned;
    const after = applied(planned);
    const listed = new Set(left.map(({ record: one }) => recordId(one)));
    for (const one of universe) {
      const id = recordId(one);
      const stays = isCentralsOwn(zone, one) || listed.has(id) || !isAskedFor(request, one);
      if (stays) assert.equal(after.has(id), receiving.has(id), id);
      else if (request.removes || giving.has(id)) assert.equal(after.has(id), giving.has(id), id);
    }
  });
});

test('issue 17, plan: without removals nothing is removed', () => {
  always(({ request, steps }) => {
    if (!request.removes) assert.ok(steps.every(({ action }) => action === 'add'));
  });
});

test('issue 17, plan: every difference is either a step or listed, once, and nothing else is', () => {
  always(({ request, steps, left, giving, receiving }) => {
    const named = [...steps, ...left].map(({ record: one }) => recordId(one)).sort();
    const different = universe
      .filter((one) => !isCentralsOwn(zone, one) && isAskedFor(request, one))
      .map(recordId)
      .filter((id) => giving.has(id) !== receiving.has(id));
    assert.deepEqual(named, different.sort());
  });
});

test('issue 17, plan: nothing that is excluded, busy or objected to is touched', () => {
  always(({ request, known, steps }) => {
    const excluded = known.rows.filter(({ state }) => state === 'excluded');
    const untouched = new Set([...excluded.map((row) => recordId(row.record)), ...known.busy]);
    for (const { action, record: one } of steps) {
      assert.ok(!untouched.has(recordId(one)));
      const isSent = request.direction === 'push' && action === 'add';
      if (isSent) assert.deepEqual(known.objections(one), []);
    }
  });
});

test('issue 17, plan: no step puts a CNAME beside other data', () => {
  always((planned) => {
    const after = applied(planned);
    const held = universe.filter((one) => after.has(recordId(one)));
    for (const { action, record: one } of planned.steps) {
      if (action === 'remove') continue;
      const rivals = held.filter(
        (other) =>
          recordId(other) !== recordId(one) &&
          other.name === one.name &&
          (other.type === 'CNAME' || one.type === 'CNAME'),
      );
      assert.deepEqual(rivals.map(recordId), [], recordId(one));
    }
  });
});

test('issue 17, plan: without removals no value is added beside another one of the other side alone', () => {
  always(({ request, steps, giving, receiving }) => {
    if (request.removes) return;
    for (const { record: one } of steps) {
      const rivals = universe.filter(
        (other) =>
          other.name === one.name &&
          other.type === one.type &&
          receiving.has(recordId(other)) &&
          !giving.has(recordId(other)),
      );
      assert.deepEqual(rivals.map(recordId), [], recordId(one));
    }
  });
});

test('issue 17, plan: a pull is a push with the sides exchanged', () => {
  const other: Readonly<Record<RecordState, RecordState>> = {
    synced: 'synced',
    conflict: 'conflict',
    excluded: 'excluded',
    'panel-only': 'central-only',
    'central-only': 'panel-only',
  };
  fc.assert(
    fc.property(zones, requests, (all, request) => {
      const here = all.map((one) => ({ ...one, isObjected: false }));
      const there = here.map(({ onPanel, onCentral, state, ...rest }) => ({
        ...rest,
        onPanel: onCentral,
        onCentral: onPanel,
        state: state === null ? null : other[state],
      }));
      const one = planOf(here, { ...request, direction: 'push' });
      const mirror = planOf(there, { ...request, direction: 'pull' });
      assert.deepEqual(mirror.steps, one.steps);
      const exchanged = one.left.map((left) => ({ ...left, at: left.at === 'panel' ? 'central' : 'panel' }));
      assert.deepEqual(mirror.left, exchanged);
    }),
    { numRuns: 2_000 },
  );
});
