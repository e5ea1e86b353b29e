import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { doubtOf, gapFact, hostFact, longGap, olderFact, otherHostFact } from '../core/journal-doubts.ts';
import { factsAtOpening, type Opening } from './doubts.ts';
import { hostText, type HostIdentity } from './host-identity.ts';
import { SqliteJournal } from './sqlite.ts';

const [here, there]: readonly [HostIdentity, HostIdentity] = [
  { machine: 'a'.repeat(32), board: null },
  { machine: 'b'.repeat(32), board: null },
];
const now = 1_764_000_000_000;

function at(parts: Partial<Opening>): ReturnType<typeof factsAtOpening> {
  const usual = {
    commits: 7,
    second: 7,
    committedAt: now - 1_000,
    now,
    host: here,
    writtenOn: hostText(here),
  };
  return factsAtOpening({ ...usual, ...parts });
}

test('issue 17, host identity: a journal that is opened again is in no doubt', () => {
  const sure = { [hostFact]: hostText(here), [otherHostFact]: null };
  assert.deepEqual(at({}), sure);
  assert.deepEqual(at({ writtenOn: null }), sure);
  assert.deepEqual(at({ second: 6, committedAt: 0 }), sure);
  assert.deepEqual(at({ committedAt: now + longGap * 2 }), sure, 'the clock was set back');
  assert.deepEqual(at({ committedAt: now - longGap }), sure);
});

test('issue 17, host identity: older, after a long gap, on another host: each is said with its time', () => {
  assert.equal(at({ second: 8 })[olderFact], String(now));
  assert.equal(at({ committedAt: now - longGap - 1 })[gapFact], String(now));
  const moved = at({ host: there });
  assert.deepEqual(moved, { [otherHostFact]: `${now} ${hostText(there)}` });
  assert.equal(at({ host: { machine: null, board: null } })[hostFact], hostText(here));
});

function pathOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'doubts-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'journal.db');
}

test('issue 17, host identity: the journal stores where and when it was written last', async (t) => {
  const path = pathOf(t);
  const open = (host: HostIdentity, time: number): SqliteJournal =>
    new SqliteJournal({ path, writer: true, reserve: 65_536, host, now: () => time });
  const told = async (journal: SqliteJournal): Promise<unknown> => {
    const found = [await doubtOf(journal), await journal.fact(gapFact), await journal.fact(hostFact)];
    await journal.close();
    return found;
  };
  assert.deepEqual(await told(open(here, now)), [null, null, hostText(here)]);
  assert.deepEqual(await told(open(here, now + longGap)), [null, null, hostText(here)]);
  const other = { why: otherHostFact, since: now + longGap + 1 };
  assert.deepEqual(await told(open(there, now + longGap + 1)), [other, null, hostText(here)]);
  assert.deepEqual(await told(open(here, now + longGap + 2)), [null, null, hostText(here)], 'moved back');
  const late = now + 2 * longGap + 10;
  assert.deepEqual(await told(open(here, late)), [null, String(late), hostText(here)]);
});
