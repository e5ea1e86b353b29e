import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CentralError, type CentralRecord } from '../core/central.ts';
import { zoneName } from '../dns/name.ts';
import { makeRecord, sameData, type ResourceRecord } from '../dns/record.ts';
import { quietContext } from '../testing/quiet-context.ts';
import { applyStepwise, type RecordWriter } from './stepwise.ts';

const zone = zoneName('example.org');

function record(rdata: string, name = 'www', type = 'A'): ResourceRecord {
  return makeRecord({ name, type, rdata }, zone);
}

/** A fake central with a list of records in memory. `log` holds the writes that it got. */
function bench(rows: readonly (readonly [string, ResourceRecord])[], overrides: Partial<RecordWriter> = {}) {
  const held: CentralRecord[] = rows.map(([handle, one]) => ({ ...one, handle }));
  const log: string[] = [];
  const drop = (handle: string): boolean => {
    const at = held.findIndex((one) => one.handle === handle);
    if (at >= 0) held.splice(at, 1);
    return at >= 0;
  };
  const writer: RecordWriter = {
    carriesTtl: false,
    waitBeforeRead: async () => await Promise.resolve(false),
    read: async () => await Promise.resolve([...held]),
    add: async (one) => {
      log.push(`add ${one.rdata}`);
      held.push({ ...one, handle: `new ${one.rdata}` });
      return await Promise.resolve('done');
    },
    remove: async (old) => {
      log.push(`remove ${old.handle}`);
      return await Promise.resolve(drop(old.handle) ? 'done' : 'missing');
    },
    replace: async (old, one) => {
      log.push(`replace ${old.handle} ${one.rdata}`);
      if (!drop(old.handle)) return await Promise.resolve('missing');
      held.push({ ...one, handle: `new ${one.rdata}` });
      return await Promise.resolve('done');
    },
    ...overrides,
  };
  const apply = async (
    remove: readonly ResourceRecord[],
    add: readonly ResourceRecord[],
    present = [...held],
  ) => await applyStepwise({ zone, remove, add }, present, writer, quietContext());
  return { held, log, apply };
}

describe('record-by-record application', () => {
  it('replaces a single record by a single one, removes before it adds otherwise', async () => {
    const b = bench([
      ['k1', record('192.0.2.1')],
      ['k2', record('x.example.', 'alias', 'CNAME')],
    ]);
    await b.apply([record('192.0.2.1')], [record('192.0.2.2')]);
    await b.apply([record('x.example.', 'alias', 'CNAME')], [record('192.0.2.3', 'alias')]);
    assert.deepEqual(b.log, ['replace k1 192.0.2.2', 'remove k2', 'add 192.0.2.3']);
  });

  it('removes every row that means the record', async () => {
    const b = bench([
      ['relative', record('192.0.2.1')],
      ['absolute', record('192.0.2.1')],
    ]);
    const altered = await b.apply([record('192.0.2.1')], []);
    assert.deepEqual(b.log, ['remove relative', 'remove absolute']);
    assert.deepEqual([altered.removed.length, b.held.length], [2, 0]);
  });

  it('leaves a record alone that is removed and added at once', async () => {
    const b = bench([['k1', record('192.0.2.1')]]);
    await b.apply([record('192.0.2.1')], [record('192.0.2.1'), record('192.0.2.2')]);
    assert.deepEqual(b.log, ['add 192.0.2.2']);
  });

  it('waits for what does not show yet, and reports it once', async () => {
    let looks = 0;
    const b = bench([], {
      read: async () => {
        looks += 1;
        return await Promise.resolve(looks < 3 ? [] : [...b.held]);
      },
      waitBeforeRead: async (attempt) => await Promise.resolve(attempt < 5),
    });
    const altered = await b.apply([], [record('192.0.2.1')]);
    assert.deepEqual([altered.added.length, b.log.length, looks], [1, 1, 3]);
  });

  it('reports a contradiction instead of repeating a write', async () => {
    const exists = bench([], { add: async () => await Promise.resolve('exists') });
    await assert.rejects(exists.apply([], [record('192.0.2.1')]), {
      code: 'central.exists',
      state: 'untouched',
    });
    const missing = bench([['k', record('192.0.2.1')]], {
      remove: async () => await Promise.resolve('missing'),
    });
    await assert.rejects(missing.apply([record('192.0.2.1')], []), {
      code: 'central.missing',
      state: 'untouched',
    });
    const ineffective = bench([], { add: async () => await Promise.resolve('done') });
    await assert.rejects(ineffective.apply([], [record('192.0.2.1')]), {
      code: 'central.no-effect',
      state: 'unknown',
    });
  });

  it('does not know the outcome when the zone cannot be read after a write', async () => {
    const b = bench([], {
      read: async () =>
        await Promise.reject(new CentralError('central.garbled', { state: 'untouched', retry: 'later' })),
    });
    await assert.rejects(b.apply([], [record('192.0.2.1')]), { code: 'central.garbled', state: 'unknown' });
    await assert.rejects(b.apply([], []), { code: 'central.garbled', state: 'untouched' });
  });

  it('notices that the zone is gone', async () => {
    const b = bench([], { read: async () => await Promise.resolve(null) });
    await assert.rejects(b.apply([], [record('192.0.2.1')]), {
      code: 'central.missing',
      state: 'partial',
      params: { text: 'example.org' },
    });
  });

  it('looks whether an unclear refusal came too late', async () => {
    const refusal = new CentralError('central.refused', { state: 'unknown', retry: 'never' });
    const early = bench([], { add: async () => await Promise.reject(refusal) });
    await assert.rejects(early.apply([], [record('192.0.2.1')]), {
      code: 'central.refused',
      state: 'untouched',
    });
    const late = bench([], {
      add: async (one) => {
        late.held.push({ ...one, handle: 'k' });
        return await Promise.reject(refusal);
      },
    });
    await assert.rejects(late.apply([], [record('192.0.2.1')]), {
      code: 'central.refused',
      state: 'partial',
    });
    assert.equal(
      late.held.some((one) => sameData(one, record('192.0.2.1'))),
      true,
    );
  });
});
