/** Tests when the judge of crash stories lets a difference pass because the central refused a record. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { RecordState } from '../../core/ledger.ts';
import { sampleOperation, sampleRow } from '../contracts/journal.ts';
import { entryOf } from '../engine-bench.ts';
import { MemoryJournal } from '../memory-journal.ts';
import { a, zone } from '../simulator/given.ts';
import { Judgement } from '../simulator/laws/judgement.ts';
import { address, saveClick, type Wanted } from '../stage/panel-words.ts';
import { recordOf, refusedBy, seedPanel } from './crash-central.ts';
import { judgeSides } from './judge.ts';
import { SandboxProcess } from './sandbox-process.ts';

const [both, refused] = [a('mail', 1), a('www', 1)] as const;

interface End {
  readonly refusals: readonly ResourceRecord[];
  /** State of the refused record in the ledger. */
  readonly state?: RecordState;
  /** Whether a user's edit has sent the refused record to the central. */
  readonly edited?: boolean;
}

/** Laws that are broken, and excuses that count, if only the panel has the refused record at the end. */
async function judged({ refusals, state = 'panel-only', edited = false }: End): Promise<string[]> {
  const journal = new MemoryJournal();
  const items = [{ remove: null, add: refused, mirrored: true, note: null }];
  await journal.commit({
    facts: { baseline: '1' },
    zones: [entryOf(zone)],
    rows: [
      {
        zone,
        put: [
          sampleRow(1, { record: both }),
          sampleRow(1, { record: refused, state, onCentral: state === 'synced' }),
        ],
      },
    ],
    operations: edited ? [sampleOperation('0', { state: 'confirmed', items, watch: null })] : [],
  });
  const judgement = new Judgement();
  const begin = { panel: new Map(), central: new Map() };
  const end = { panel: new Map([[zone, [both, refused]]]), central: new Map([[zone, [both]]]) };
  const facts = {
    journalLost: false,
    byName: false,
    refused: refusals.map((record) => ({ zone, record })),
  };
  await judgeSides(facts, begin, end, { journal, judgement });
  return [...judgement.violations.map(({ law }) => law), ...judgement.excuses.keys()];
}

test('a record that the central refused in bulk may be missing there if it is listed', async () => {
  assert.deepEqual(await judged({ refusals: [refused] }), ['refused-addition']);
});

test('it may not be missing unlisted, without a refusal, or if an edit has sent it', async () => {
  assert.ok((await judged({ refusals: [refused], state: 'synced' })).includes('agreement.unlisted'));
  assert.deepEqual(await judged({ refusals: [] }), ['agreement.record']);
  assert.deepEqual(await judged({ refusals: [both] }), ['agreement.record']);
  assert.deepEqual(await judged({ refusals: [refused], edited: true }), ['agreement.record']);
});

const refusable: readonly Wanted[] = [
  address('www', '192.0.2.2'),
  { name: '', type: 'MX', value: 'mail', numbers: [10] },
  { name: 'text', type: 'TXT', value: "it's = a & b" },
];

for (const generation of ['v4', 'dnsmgr'] as const) {
  test(`a central’s log tells which new records it has refused (${generation})`, async () => {
    const root = mkdtempSync(join(tmpdir(), 'ds-refusals-'));
    const user = { name: 'kunde', password: 'geheim' };
    const panel = new SandboxProcess({ root, generation, users: [`${user.name}:${user.password}:5`] });
    await panel.start();
    try {
      await seedPanel(panel, { zone: 'story.example', records: [] }, user);
      for (const record of refusable) {
        const fault = { func: panel.words.save, effect: 'refuse', code: 9 };
        await panel.control('fault', { fault });
        const { func, params } = saveClick(panel.words, 'story.example', record);
        assert.equal((await panel.call(func, params, user)).ok, false);
      }
      const taken = saveClick(panel.words, 'story.example', address('taken', '192.0.2.3'));
      assert.equal((await panel.call(taken.func, taken.params, user)).ok, true);
      await panel.control('fault', { fault: { func: panel.words.save, effect: 'refuse', code: 9 } });
      const [key = ''] = (await panel.keys('story.example')) ?? [];
      const changed = saveClick(panel.words, 'story.example', address('taken', '192.0.2.4'), key);
      assert.equal((await panel.call(changed.func, changed.params, user)).ok, false);
    } finally {
      await panel.kill();
    }
    const ids = refusedBy(root, panel.words).map((one) => `${one.zone} ${recordId(one.record)}`);
    const wanted = refusable.map((one) => `story.example. ${recordId(recordOf(one, 'story.example'))}`);
    assert.deepEqual(ids, wanted);
    rmSync(root, { recursive: true });
  });
}
