/**
 * Steps about a journal that may lack the latest changes. An older copy was put back, the server is a copy of
 * another one, or domainsync has not run for long. Neither side may be changed without a command.
 */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathsOf } from '../../../src/app/paths.ts';
import { hostFact, longGap } from '../../../src/core/journal-doubts.ts';
import { hostFiles, hostText, readHost } from '../../../src/journal/host-identity.ts';
import { stands } from '../../../src/testing/stage/central-side.ts';
import { address, contents, type Wanted } from '../../../src/testing/stage/panel-words.ts';
import { until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { settled, succeeded } from '../combinations/scene.ts';
import { both, endAgent, inJournal, isWell, tells } from './told.ts';

/** Registers the steps. Each one leaves the stage as it was, but for the records that it changes. */
export function doubtReasonSteps(stage: () => AnyStage): void {
  test('issue 16, states: an older copy of the journal is put back', async () => {
    const { atPanel, directory, there } = stage();
    const [gone, third] = [named('older-gone'), named('older-third')];
    await saved(stage(), gone);
    await ended(stage());
    const copy = join(directory, 'older-copy');
    copyJournals(stage(), copy);
    await saved(stage(), named('older-second'));
    succeeded(await atPanel.remove(both, gone));
    await ended(stage());
    putBack(stage(), copy);
    const still = await sides(stage());
    assert.equal((await atPanel.save(both, named('older-early'))).ok, false);
    await isDoubted(stage(), 'attention.older-journal');
    assert.deepEqual(await sides(stage()), still);
    await saved(stage(), third);
    assert.ok(await stands(there, both, third));
    assert.equal(await stands(there, both, gone), false);
    assert.equal((await stage().ended('accept-journal')).status, 2);
    await accepted(stage());
    assert.match(await stage().domainsync('accept-journal', '--yes'), /nothing to accept/u);
  });

  test('issue 16, states: domainsync has not run for more than thirty days', async () => {
    await inJournal(stage(), async (journal) => await journal.commit({ facts: { 'long-ago': null } }), {
      now: () => Date.now() - longGap - 60_000,
    });
    const still = await sides(stage());
    assert.equal((await stage().atPanel.save(both, named('gap-early'))).ok, false);
    await isDoubted(stage(), 'attention.long-gap');
    assert.deepEqual(await sides(stage()), still);
    const later = named('gap-later');
    await saved(stage(), later);
    assert.ok(await stands(stage().there, both, later));
    await accepted(stage());
  });

  test('issue 16, states: this server is a copy of another one', async (t) => {
    if (hostText(readHost(hostFiles)) === '-/-') {
      t.skip('this host shows no identity');
      return;
    }
    const other = hostText({ machine: 'a'.repeat(32), board: 'a'.repeat(32) });
    await inJournal(stage(), async (journal) => await journal.commit({ facts: { [hostFact]: other } }));
    const still = await sides(stage());
    const copied = named('copied');
    const refused = await stage().atPanel.save(both, copied);
    assert.match(refused.error?.text ?? refused.body, /another server|другом сервере/u);
    assert.match(refused.error?.text ?? refused.body, /accept-journal --yes/u);
    await isDoubted(stage(), 'attention.other-host');
    assert.deepEqual(await sides(stage()), still);
    await accepted(stage());
    await saved(stage(), copied);
    assert.ok(await stands(stage().there, both, copied));
  });
}

function named(name: string): Wanted {
  return address(name, '192.0.2.9');
}

/** Saves a record as soon as its zone is compared. */
async function saved({ atPanel }: AnyStage, record: Wanted): Promise<void> {
  await until(`the panel to save ${record.name}`, async () => (await atPanel.save(both, record)).ok);
}

async function isDoubted(stage: AnyStage, code: Parameters<typeof tells>[1]): Promise<void> {
  const { central, since } = await tells(stage, code);
  assert.ok(central === 1 && since !== null);
}

async function accepted(stage: AnyStage): Promise<void> {
  assert.match(await stage.domainsync('accept-journal', '--yes'), /^Accepted/u);
  await isWell(stage);
}

/** All records of the zone on both sides. */
async function sides({ panel, there }: AnyStage): Promise<unknown> {
  return [contents(panel, both), await there.held(both)];
}

async function ended(stage: AnyStage): Promise<void> {
  await settled(stage);
  await endAgent(stage);
}

function copyJournals(stage: AnyStage, to: string): void {
  const { state } = pathsOf(stage.panel.root);
  mkdirSync(to);
  for (const name of journalsIn(state)) copyFileSync(join(state, name), join(to, name));
}

/** Puts the copies back, and leaves the file with the number of commits as it is. */
function putBack(stage: AnyStage, from: string): void {
  const { state } = pathsOf(stage.panel.root);
  for (const name of journalsIn(state)) rmSync(join(state, name));
  cpSync(from, state, { recursive: true });
}

function journalsIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => /\.db(-wal|-shm)?$/u.test(name));
}
