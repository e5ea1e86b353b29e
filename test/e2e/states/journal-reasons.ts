/** Steps about reasons that come from the journal: damage, and operations that wait for a decision. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { sampleOperation } from '../../../src/testing/contracts/journal.ts';
import { address, holdsName } from '../../../src/testing/stage/panel-words.ts';
import type { AnyStage } from '../../../src/testing/stage/stage.ts';
import { succeeded } from '../combinations/scene.ts';
import { both, endedJournal, inJournal, isWell, tells, told } from './told.ts';

/** Registers the steps. The last two leave in the journal what they wrote there, so these steps come last. */
export function journalReasonSteps(stage: () => AnyStage): void {
  test('issue 16, states: a zone whose part of the journal is damaged', async () => {
    const { atPanel, panel } = stage();
    const path = await endedJournal(stage());
    inDatabase(path, `UPDATE ledger SET row_sum = row_sum + 1 WHERE zone = '${both}.'`);
    const answer = await atPanel.save(both, address('frozen', '192.0.2.75'));
    assert.match(answer.error?.text ?? answer.body, /\[journal\.zone-damaged\]/u);
    assert.equal(holdsName(panel, both, 'frozen'), false);
    const { central, params } = await tells(stage(), 'attention.zones-frozen');
    assert.deepEqual([central, params], [1, { count: '1' }]);
    await stage().domainsync('compare', both);
    await isWell(stage());
    succeeded(await atPanel.save(both, address('thawed', '192.0.2.75')));
  });

  test('issue 16, states: operations that wait for a decision', async () => {
    await inJournal(stage(), async (journal) => {
      await journal.commit({ operations: [sampleOperation('stuck', { state: 'stuck', changedAt: 7 })] });
    });
    assert.deepEqual((await told(stage())).codes, ['attention.agent-not-running', 'attention.stuck']);
    succeeded(await stage().atPanel.save(both, address('last', '192.0.2.80')));
    const { since, params } = await tells(stage(), 'attention.stuck');
    assert.deepEqual([since, params], [7, { count: '1' }]);
  });

  test('issue 16, states: operations that cannot be read any more', async () => {
    const path = await endedJournal(stage());
    const ended = "SELECT min(id) FROM operation WHERE state = 'confirmed'";
    inDatabase(path, `UPDATE operation SET body = replace(body, 'records', 'damage') WHERE id = (${ended})`);
    succeeded(await stage().atPanel.save(both, address('readable', '192.0.2.81')));
    const { central, params } = await tells(stage(), 'attention.operations-damaged', ['attention.stuck']);
    assert.deepEqual([central, params], [1, { count: '1' }]);
  });
}

function inDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  const { changes } = database.prepare(sql).run();
  database.close();
  assert.equal(changes, 1);
}
