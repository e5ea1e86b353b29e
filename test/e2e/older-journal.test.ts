/**
 * Tests a journal that may not know what happened last: an older copy was put back, or the server is a copy
 * of another one. Neither side is changed by itself, and "domainsync status" says what to do.
 */
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { journalPath, pathsOf } from '../../src/app/paths.ts';
import { hostFact } from '../../src/core/journal-doubts.ts';
import { hostFiles, hostText, readHost } from '../../src/journal/host-identity.ts';
import { SqliteJournal } from '../../src/journal/sqlite.ts';
import { address, holds } from '../../src/testing/stage/panel-words.ts';
import { endProcess, makeStage, prepared, until, type Stage } from '../../src/testing/stage/stage.ts';

const zone = 'example.org';
const pairs = [
  { panel: 'v6', central: 'dnsmgr' },
  { panel: 'v4', central: 'v4' },
] as const;

for (const pair of pairs) {
  describe(`a journal in doubt, ${pair.panel} to ${pair.central}`, () => {
    let stage: Stage;
    before(async () => {
      stage = await prepared(await makeStage(pair), prepare);
    });
    after(() => stage.stop());

    test('issue 13, older journals: an older copy that is put back changes neither side, and status says so', async () => {
      await save(stage, 'first');
      await stop(stage);
      const copy = join(stage.directory, 'copy');
      copyJournals(stage, copy);
      await save(stage, 'second');
      assert.ok((await stage.atPanel.remove(zone, address('first', '192.0.2.9'))).ok);
      await settled(stage);
      await stop(stage);
      putBack(stage, copy);
      const sides = (): unknown => [stage.panel.records(zone), stage.central.records(zone)];
      const still = sides();
      assert.equal((await stage.atPanel.save(zone, address('early', '192.0.2.9'))).ok, false);
      await until('status to say so', async () => (await codes(stage)).includes('attention.older-journal'));
      assert.deepEqual(await codes(stage), ['attention.older-journal']);
      assert.deepEqual(sides(), still);
      await save(stage, 'third');
      assert.ok(holds(stage.central, zone, address('third', '192.0.2.9')));
      assert.ok(!holds(stage.central, zone, address('first', '192.0.2.9')));
      assert.equal((await stage.ended('accept-journal')).status, 2);
      assert.match(await stage.domainsync('accept-journal', '--yes'), /^Accepted/);
      await until('all to be well', async () => (await codes(stage)).length === 0);
      assert.match(await stage.domainsync('accept-journal', '--yes'), /nothing to accept/);
    });

    test('issue 17, host identity: on a copy of another server edits are refused until somebody accepts it', async (t) => {
      if (hostText(readHost(hostFiles)) === '-/-') {
        t.skip('this host shows no identity');
        return;
      }
      await settled(stage);
      await pretendOtherHost(stage);
      const sides = (): unknown => [stage.panel.records(zone), stage.central.records(zone)];
      const still = sides();
      const refused = await stage.atPanel.save(zone, address('fourth', '192.0.2.9'));
      assert.match(refused.error?.text ?? '', /another server|другом сервере/);
      assert.match(refused.error?.text ?? '', /accept-journal --yes/);
      assert.deepEqual(await codes(stage), ['attention.other-host']);
      assert.equal((await stage.ended('status')).status, 3);
      assert.deepEqual(sides(), still);
      assert.match(await stage.domainsync('accept-journal', '--yes'), /^Accepted/);
      await save(stage, 'fourth');
      assert.ok(holds(stage.central, zone, address('fourth', '192.0.2.9')));
      await until('all to be well', async () => (await codes(stage)).length === 0);
    });
  });
}

async function prepare(stage: Stage): Promise<void> {
  assert.ok((await stage.atCentral.makeZone(zone)).ok);
  assert.ok((await stage.atPanel.makeZone(zone)).ok);
  await stage.install();
  stage.configure();
}

/** Saves a record as soon as its zone is compared. */
async function save(stage: Stage, name: string): Promise<void> {
  await until('an edit', async () => (await stage.atPanel.save(zone, address(name, '192.0.2.9'))).ok);
}

async function settled(stage: Stage): Promise<void> {
  await until('edits to end', async () => (await stage.status())?.engine?.open === 0);
}

async function stop(stage: Stage): Promise<void> {
  await settled(stage);
  const pid = await stage.agent();
  assert.ok(pid !== null);
  await endProcess(pid);
}

function copyJournals(stage: Stage, to: string): void {
  const { state } = pathsOf(stage.panel.root);
  mkdirSync(to);
  for (const name of journalsIn(state)) copyFileSync(join(state, name), join(to, name));
}

/** Puts the copies back, and leaves the file with the number of commits as it is. */
function putBack(stage: Stage, from: string): void {
  const { state } = pathsOf(stage.panel.root);
  for (const name of journalsIn(state)) rmSync(join(state, name));
  cpSync(from, state, { recursive: true });
}

function journalsIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => /\.db(-wal|-shm)?$/u.test(name));
}

/** Stores that another host wrote the journal. */
async function pretendOtherHost(stage: Stage): Promise<void> {
  const central = (await stage.status())?.centrals[0]?.central;
  assert.ok(central !== undefined);
  await stop(stage);
  const path = journalPath(pathsOf(stage.panel.root), central);
  const journal = new SqliteJournal({ path, writer: true });
  const other = { machine: 'a'.repeat(32), board: 'a'.repeat(32) };
  await journal.commit({ facts: { [hostFact]: hostText(other) } });
  await journal.close();
}

/** The codes of the reasons that status tells. */
async function codes(stage: Stage): Promise<readonly string[]> {
  return (await stage.status())?.attention.map(({ code }) => code) ?? ['no agent'];
}
