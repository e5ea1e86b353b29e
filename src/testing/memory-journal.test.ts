import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalContract, sampleOperation, sampleRow } from './contracts/journal.ts';
import { entryOf } from './engine-bench.ts';
import { MemoryJournal } from './memory-journal.ts';

journalContract('memory', () => Promise.resolve(new MemoryJournal()));

test('a copy and its original do not see what is committed to the other one', async () => {
  const [before, later] = [sampleOperation('1'), sampleOperation('2')];
  const { zone } = before;
  const [one, two] = [sampleRow(1), sampleRow(2)];
  for (const dropAll of [false, true]) {
    const journal = new MemoryJournal();
    await journal.commit({ operations: [before], zones: [entryOf(zone)], rows: [{ zone, put: [one] }] });
    const copies = [journal.copy(), journal.copy()] as const;
    for (const changed of [copies[0], journal]) {
      await changed.commit({
        operations: [later],
        rows: [{ zone, dropAll, put: [two] }],
        facts: { some: '1' },
      });
      assert.deepEqual(await changed.rows(zone), dropAll ? [two] : [one, two]);
      assert.deepEqual(await copies[1].rows(zone), [one]);
      assert.deepEqual(await copies[1].operations({ zone }), [before]);
      assert.deepEqual(await copies[1].operations({}), [before]);
      assert.equal(await copies[1].fact('some'), null);
    }
  }
});
