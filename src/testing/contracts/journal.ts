import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { conflictSinceFact, type Journal, type ZoneCounts } from '../../core/journal.ts';
import type { LedgerRow, ZoneEntry } from '../../core/ledger.ts';
import type { CreateOperation, DeleteOperation, RecordsOperation, Watch } from '../../core/operation.ts';

const zone = parseName('example.org.');
const other = parseName('example.net.');

const sampleBase = {
  class: 'veto',
  zone,
  incarnation: 1,
  state: 'prepared',
  fingerprint: 'f',
  source: '',
  actor: 'alice',
  afterSeen: false,
  createdAt: 1,
  changedAt: 1,
  watch: null,
  attempts: 0,
  problems: [{ code: 'central.refused', params: { text: 'no "quotes" lost' } }],
} as const;

/** Makes an edit that adds a record. */
export function sampleOperation(
  id: string,
  changes: Partial<Omit<RecordsOperation, 'kind'>> = {},
): RecordsOperation {
  const added = [sampleRow(1).record];
  const items = added.map((add) => ({ remove: null, add, mirrored: true, note: null }));
  return { ...sampleBase, id, kind: 'records', items, removed: [], added, ...changes };
}

/** Makes a create whose request has not been sent yet. */
export function sampleCreate(
  id: string,
  changes: Partial<Omit<CreateOperation, 'kind'>> = {},
): CreateOperation {
  const nothing = { seed: null, created: false, requested: false, cancels: null } as const;
  const none = { snapshot: [], removed: [], added: [], refusedContent: [] } as const;
  return { ...sampleBase, id, kind: 'zone-create', ...nothing, ...none, ...changes };
}

/** Makes a delete for which the panel has called `before` but not `after`. */
export function sampleDelete(
  id: string,
  changes: Partial<Omit<DeleteOperation, 'kind'>> = {},
): DeleteOperation {
  const nothing = { snapshot: [], formerlyOurs: [], wasThere: null } as const;
  return { ...sampleBase, id, kind: 'zone-delete', ...nothing, ...changes };
}

/** Makes a watch without records that ends at this time (wall clock, ms). */
export function sampleWatch(until: number): Watch {
  return { until, added: [], removed: [] };
}

export function sampleRow(last: number, changes: Partial<LedgerRow> = {}): LedgerRow {
  return {
    record: makeRecord({ name: 'www', type: 'A', rdata: `192.0.2.${last}` }, zone),
    state: 'synced',
    onPanel: true,
    onCentral: true,
    panelKey: `www A  192.0.2.${last}`,
    note: null,
    ...changes,
  };
}

function entry(changes: Partial<ZoneEntry> = {}): ZoneEntry {
  return { zone, state: 'synced', incarnation: 1, baselineAt: 5, note: null, ...changes };
}

/**
 * Tests that every journal must pass.
 * @param make makes an empty journal that is closed when the test ends
 */
export function journalContract(name: string, make: (t: TestContext) => Promise<Journal>): void {
  test(`${name}: an empty journal knows nothing`, async (t) => {
    const journal = await make(t);
    assert.deepEqual(await journal.operations({}), []);
    assert.deepEqual(await journal.zones(), []);
    assert.equal(await journal.zone(zone), null);
    assert.equal(await journal.operation('x'), null);
    assert.equal(await journal.fact('baseline'), null);
  });

  test(`${name}: what was committed comes back as it was`, async (t) => {
    const journal = await make(t);
    await journal.commit({
      operations: [sampleOperation('a', { unanswered: 'a:1' })],
      zones: [entry({ note: 'note.x' })],
      rows: [{ zone, put: [sampleRow(1, { state: 'conflict', panelKey: null, note: 'n', onPanel: false })] }],
      facts: { baseline: '7' },
    });
    assert.deepEqual(await journal.operation('a'), sampleOperation('a', { unanswered: 'a:1' }));
    assert.deepEqual(await journal.zone(zone), entry({ note: 'note.x' }));
    assert.deepEqual(await journal.rows(zone), [
      sampleRow(1, { state: 'conflict', panelKey: null, note: 'n', onPanel: false }),
    ]);
    assert.equal(await journal.fact('baseline'), '7');
    assert.deepEqual(await journal.counts(), {
      zones: { synced: 1 },
      rows: { conflict: 1 },
      notes: 1,
      frozen: 0,
      damagedOperations: 0,
    });
    await journal.commit({ zones: [entry({ note: null })] });
    assert.equal((await journal.counts()).notes, 0);
  });

  test(`${name}: the records of each zone, counted, and since when it has conflicts`, async (t) => {
    const journal = await make(t);
    const none = new Map<DnsName, ZoneCounts>();
    assert.deepEqual(await journal.zoneCounts(), none);
    await journal.commit({
      zones: [entry(), entry({ zone: other })],
      rows: [
        {
          zone,
          put: [sampleRow(1), sampleRow(2, { state: 'conflict' }), sampleRow(3, { state: 'conflict' })],
        },
        { zone: other, put: [sampleRow(1, { state: 'panel-only' })] },
      ],
      facts: { [`${conflictSinceFact}${zone}`]: '7', [`${conflictSinceFact}${other}`]: '8' },
    });
    const ofOther: ZoneCounts = { records: { 'panel-only': 1 }, conflictSince: null };
    assert.deepEqual(
      await journal.zoneCounts(),
      new Map<DnsName, ZoneCounts>([
        [zone, { records: { conflict: 2, synced: 1 }, conflictSince: 7 }],
        [other, ofOther],
      ]),
    );
    await journal.commit({ rows: [{ zone, drop: [2, 3].map((last) => sampleRow(last).record) }] });
    assert.deepEqual(
      await journal.zoneCounts(),
      new Map<DnsName, ZoneCounts>([
        [zone, { records: { synced: 1 }, conflictSince: null }],
        [other, ofOther],
      ]),
    );
    await journal.commit({ dropZones: [zone, other] });
    assert.deepEqual(await journal.zoneCounts(), none);
  });

  test(`${name}: issue 12.3: all the panel's keys of a record, as told last`, async (t) => {
    const journal = await make(t);
    const second = sampleRow(1, { otherKeys: ['www.example.org. A  192.0.2.1', 'w "w" A  192.0.2.1'] });
    await journal.commit({ rows: [{ zone, put: [second, sampleRow(2)] }] });
    const keys = async (): Promise<unknown> =>
      (await journal.rows(zone)).map(({ panelKey, otherKeys = [] }) => new Set([panelKey, ...otherKeys]));
    const first = new Set([second.panelKey, ...(second.otherKeys ?? [])]);
    assert.deepEqual(await keys(), [first, new Set(['www A  192.0.2.2'])]);
    await journal.commit({ rows: [{ zone, put: [sampleRow(1)] }] });
    assert.deepEqual(await journal.rows(zone), [sampleRow(1), sampleRow(2)]);
    await journal.commit({ rows: [{ zone, put: [second] }] });
    await journal.commit({ rows: [{ zone, drop: [second.record], put: [sampleRow(3)] }] });
    await journal.commit({ rows: [{ zone, put: [sampleRow(1)] }] });
    assert.deepEqual(await journal.rows(zone), [sampleRow(1), sampleRow(2), sampleRow(3)]);
    await journal.commit({ rows: [{ zone, put: [second] }] });
    await journal.commit({ rows: [{ zone, dropAll: true, put: [{ ...sampleRow(1), panelKey: null }] }] });
    assert.deepEqual(await journal.rows(zone), [sampleRow(1, { panelKey: null })]);
  });

  test(`${name}: whose zones are, as told last; what is gone is forgotten`, async (t) => {
    const journal = await make(t);
    assert.deepEqual(await journal.owners(), new Map());
    const told = new Map<DnsName, readonly string[] | null>([
      [zone, ['alice', 'rick "r" ü']],
      [other, null],
    ]);
    await journal.commit({ owners: told });
    assert.deepEqual(await journal.owners(), told);
    await journal.commit({
      owners: new Map<DnsName, readonly string[] | null | 'gone'>([
        [zone, null],
        [other, 'gone'],
      ]),
    });
    assert.deepEqual(await journal.owners(), new Map([[zone, null]]));
  });

  test(`${name}: steps of one operation in one batch are judged one after the other`, async (t) => {
    const journal = await make(t);
    const operation = sampleOperation('a');
    await journal.commit({ operations: [operation] });
    const steps = [
      { ...operation, state: 'reverted' as const },
      { ...operation, state: 'applied' as const },
    ];
    await assert.rejects(journal.commit({ operations: steps }), /from reverted to applied/);
    assert.equal((await journal.operation('a'))?.state, operation.state);
  });

  test(`${name}: rows of some owners only`, async (t) => {
    const journal = await make(t);
    const rows = ['a', 'b', 'c', 'c'].map((host, at) =>
      sampleRow(at, { record: makeRecord({ name: host, type: 'A', rdata: `192.0.2.${at}` }, zone) }),
    );
    const owner = (host: string): DnsName => parseName(host, zone);
    await journal.commit({ rows: [{ zone, put: rows }] });
    const some = await journal.rows(zone, [owner('c'), owner('a'), owner('a'), owner('none')]);
    assert.deepEqual(some, [rows[0], rows[2], rows[3]]);
    assert.deepEqual(await journal.rows(other, [owner('a')]), []);
    assert.deepEqual(await journal.rows(zone, []), []);
  });

  test(`${name}: rows are forgotten before others are put`, async (t) => {
    const journal = await make(t);
    await journal.commit({ rows: [{ zone, put: [sampleRow(1), sampleRow(2)] }] });
    await journal.commit({ rows: [{ zone, drop: [sampleRow(1).record], put: [sampleRow(3)] }] });
    assert.deepEqual(await journal.rows(zone), [sampleRow(2), sampleRow(3)]);
    await journal.commit({ rows: [{ zone, dropAll: true, put: [sampleRow(4)] }] });
    assert.deepEqual(await journal.rows(zone), [sampleRow(4)]);
    await journal.commit({ zones: [entry()], dropZones: [other] });
    await journal.commit({ dropZones: [zone] });
    assert.deepEqual(await journal.rows(zone), []);
    assert.equal(await journal.zone(zone), null);
  });

  test(`${name}: a zone may be forgotten and entered anew in one batch`, async (t) => {
    const journal = await make(t);
    await journal.commit({ zones: [entry()], rows: [{ zone, put: [sampleRow(1)] }] });
    const again = entry({ incarnation: 2 });
    await journal.commit({ dropZones: [zone], zones: [again], rows: [{ zone, put: [sampleRow(2)] }] });
    assert.deepEqual(await journal.zone(zone), again);
    assert.deepEqual(await journal.rows(zone), [sampleRow(2)]);
  });

  test(`${name}: open operations are those with something left to do, or on watch`, async (t) => {
    const journal = await make(t);
    await journal.commit({
      operations: [
        sampleOperation('a'),
        sampleOperation('b', { state: 'confirmed' }),
        sampleOperation('c', { state: 'refused', watch: sampleWatch(100) }),
        sampleOperation('d', { state: 'stuck', zone: other }),
      ],
    });
    const ids = async (filter: Parameters<Journal['operations']>[0]): Promise<string[]> =>
      (await journal.operations(filter)).map(({ id }) => id);
    assert.deepEqual(await ids({}), ['a', 'b', 'c', 'd']);
    assert.deepEqual(await ids({ openAt: 50 }), ['a', 'c', 'd']);
    assert.deepEqual(await ids({ openAt: 100 }), ['a', 'd']);
    assert.deepEqual(await ids({ prefix: 'a' }), ['a']);
    assert.deepEqual(await ids({ prefix: 'aa' }), []);
    assert.deepEqual(await ids({ zone, openAt: 50 }), ['a', 'c']);
    assert.deepEqual(await ids({ latest: 2 }), ['d', 'c']);
    assert.deepEqual(await ids({ zone, latest: 2 }), ['c', 'b']);
  });

  test(`${name}: a step that is not allowed fails and leaves the whole batch out`, async (t) => {
    const journal = await make(t);
    await journal.commit({ operations: [sampleOperation('a', { state: 'confirmed' })] });
    const batch = { zones: [entry()], operations: [sampleOperation('a', { state: 'applied' })] };
    await assert.rejects(journal.commit(batch), /may not go from confirmed to applied/);
    assert.equal(await journal.zone(zone), null);
    assert.equal((await journal.operation('a'))?.state, 'confirmed');
  });

  test(`${name}: commits that begin together follow each other, and a wrong one fails alone`, async (t) => {
    const journal = await make(t);
    const settled = await Promise.allSettled([
      journal.commit({ operations: [sampleOperation('a')], facts: { x: '1' } }),
      journal.commit({ operations: [sampleOperation('a', { state: 'confirmed' })] }),
      journal.commit({ operations: [sampleOperation('a', { state: 'applied' })], facts: { x: '2' } }),
      journal.commit({ operations: [sampleOperation('b')] }),
    ]);
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    );
    assert.equal((await journal.operation('a'))?.state, 'confirmed');
    assert.deepEqual(await journal.operation('b'), sampleOperation('b'));
    assert.equal(await journal.fact('x'), '1');
  });

  test(`${name}: facts are replaced and forgotten`, async (t) => {
    const journal = await make(t);
    await journal.commit({ facts: { a: '1', b: '2' } });
    await journal.commit({ facts: { a: null, b: '3' } });
    assert.equal(await journal.fact('a'), null);
    assert.equal(await journal.fact('b'), '3');
  });

  test(`${name}: thousands of rows in one batch`, async (t) => {
    const journal = await make(t);
    const put = Array.from({ length: 5_000 }, (_, at): LedgerRow => {
      const record = makeRecord({ name: `h${at}`, type: 'A', rdata: '192.0.2.1' }, zone);
      return { ...sampleRow(1), record };
    });
    await journal.commit({ rows: [{ zone, put }] });
    assert.equal((await journal.rows(zone)).length, 5_000);
    assert.deepEqual((await journal.counts()).rows, { synced: 5_000 });
  });
}
