/**
 * Steps about edits that are refused, or that the central does not get. The history must report the result of
 * each.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { stands } from '../../../src/testing/stage/central-side.ts';
import { address, holds, type Wanted } from '../../../src/testing/stage/panel-words.ts';
import { customer, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { settled, succeeded } from '../combinations/scene.ts';
import { both, taken } from './told.ts';

const entries = v.array(
  v.object({ id: v.string(), outcome: v.string(), why: v.array(v.string()), actor: v.string() }),
);
type Entry = v.InferOutput<typeof entries>[number];

/** Zones that `states.ts` has made: one of the panel alone, and one of another account at the central. */
interface Zones {
  readonly left: string;
  readonly foreign: string;
}

/** Registers the steps. Each one leaves the stage as it was, but for the records that it changes. */
export function historySteps(stage: () => AnyStage, { left, foreign }: Zones): void {
  test('issue 16, history: an edit of a record in conflict, and one beside it', async () => {
    const { atPanel, there } = stage();
    const [old, changed] = [address('odd', '192.0.2.92'), address('odd', '192.0.2.95')];
    succeeded(await atPanel.change(both, old, changed));
    await isLeft(stage(), both, changed, ['note.conflict']);
    const beside = address('odd', '192.0.2.96');
    succeeded(await atPanel.save(both, beside));
    await isLeft(stage(), both, beside, ['note.beside-conflict']);
    assert.ok(await stands(there, both, address('odd', '192.0.2.93')));
  });

  test('issue 16, history: an edit of a record that only the panel has', async () => {
    const changed = address('mine', '192.0.2.97');
    succeeded(await stage().atPanel.change(both, address('mine', '192.0.2.90'), changed));
    await isLeft(stage(), both, changed, ['note.panel-only']);
  });

  test('issue 16, history: edits in a zone that the panel alone has, and in one of another account', async () => {
    const kept = address('kept', '192.0.2.45');
    for (const zone of [left, foreign]) succeeded(await stage().atPanel.save(zone, kept));
    await isLeft(stage(), left, kept, ['note.left-panel-only']);
    const { why } = await entryOf(stage(), foreign, kept);
    // A server that shows only the zones of its own account, or none, does not say who owns a zone.
    assert.ok(why[0] === 'note.left-foreign' || why[0] === 'note.left-panel-only', why.join());
    await isLeft(stage(), foreign, kept, why);
  });

  test('issue 16, history: what an administrator has excluded', async () => {
    const { atPanel } = stage();
    await taken(stage(), 'exclude', left);
    await taken(stage(), 'exclude', `mine.${both}`, '--type', 'A');
    const [record, inZone] = [address('mine', '192.0.2.98'), address('out', '192.0.2.46')];
    succeeded(await atPanel.save(left, inZone));
    succeeded(await atPanel.change(both, address('mine', '192.0.2.97'), record));
    await isLeft(stage(), left, inZone, ['note.left-excluded']);
    await isLeft(stage(), both, record, ['note.excluded']);
    await taken(stage(), 'include', left);
    await taken(stage(), 'include', `mine.${both}`, '--type', 'A');
  });

  test('issue 16, history: an edit during a pause, and what came of it afterwards', async () => {
    const { atPanel, there } = stage();
    await settled(stage());
    const [record, gone] = [address('paused', '192.0.2.47'), address('unpaused', '192.0.2.48')];
    succeeded(await atPanel.save(both, gone));
    await settled(stage());
    await stage().domainsync('pause', '--for', '1h');
    succeeded(await atPanel.save(both, record));
    succeeded(await atPanel.remove(both, gone));
    assert.match(await stage().domainsync('compare', both), /comes when the pause is over/u);
    await until(
      'the click',
      async () => (await newestEntry(stage(), both, record, 'panel-only')) !== undefined,
    );
    const click = await newestEntry(stage(), both, record, 'panel-only');
    assert.deepEqual([click?.why, click?.actor], [['note.left-pause'], customer.name]);
    assert.deepEqual([await stands(there, both, record), await stands(there, both, gone)], [false, true]);
    const ended = Date.now();
    await stage().domainsync('resume');
    await until('the comparison to send it', async () => await stands(there, both, record));
    await until('the comparison to remove it', async () => !(await stands(there, both, gone)));
    await until(
      'its own entry',
      async () => (await newestEntry(stage(), both, record, 'both-sides')) !== undefined,
    );
    await until('the end of the comparison', async () => (await comparedAt(stage())) > ended);
  });

  test('issue 16, history: a refused edit', async () => {
    const { atPanel, panel } = stage();
    const alias: Wanted = { name: 'new', type: 'CNAME', value: 'other.example.' };
    assert.equal((await atPanel.save(both, alias)).ok, false);
    assert.equal(holds(panel, both, alias), false);
    const { outcome, why, actor } = await entryOf(stage(), both, alias);
    assert.deepEqual([outcome, why.length > 0, actor], ['refused', true, customer.name]);
  });
}

/** Asserts that the newest entry of the record calls the edit `panel-only`, and that the central lacks it. */
async function isLeft(stage: AnyStage, zone: string, record: Wanted, why: readonly string[]): Promise<void> {
  const entry = await entryOf(stage, zone, record);
  assert.deepEqual([entry.outcome, entry.why, entry.actor], ['panel-only', why, customer.name]);
  assert.ok(holds(stage.panel, zone, record));
  assert.equal(await stands(stage.there, zone, record), false);
  const name = `${record.name}.${zone}`;
  const text = await stage.domainsync('history', '--zone', zone, '--name', name, '--latest', '1');
  assert.match(text, / in the panel only /u);
  const shown = await stage.domainsync('show', entry.id);
  assert.match(shown, /^outcome +in the panel only/mu);
  assert.doesNotMatch(shown, /both sides/u);
}

/** When all zones were last compared: milliseconds since 1970; 0: not known. */
async function comparedAt(stage: AnyStage): Promise<number> {
  return (await stage.status())?.health?.comparison.completeAt ?? 0;
}

/** The newest entry of the history that names the record, once it has ended. */
async function entryOf(stage: AnyStage, zone: string, record: Wanted): Promise<Entry> {
  await settled(stage);
  let entry: Entry | undefined;
  await until(`an entry of ${record.name}`, async () => {
    entry = await newestEntry(stage, zone, record);
    return entry !== undefined && entry.outcome !== 'under-way';
  });
  assert.ok(entry !== undefined);
  return entry;
}

/** The newest of the last three entries (with this outcome) that names the record. */
export async function newestEntry(
  stage: AnyStage,
  zone: string,
  { name, value }: Wanted,
  outcome?: string,
): Promise<Entry | undefined> {
  const filter = outcome === undefined ? [] : ['--outcome', outcome];
  const words = ['--zone', zone, '--name', `${name}.${zone}`, '--latest', '3', ...filter];
  const text = await stage.domainsync('--json', 'history', ...words);
  const texts: unknown = JSON.parse(text);
  const listed = v.parse(v.array(v.unknown()), texts);
  const at = listed.findIndex((one) => JSON.stringify(one).includes(value));
  return v.parse(entries, texts)[at];
}
