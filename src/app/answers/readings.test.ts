/**
 * Issue 15: tests the questions `status`, `zones`, `zone`, `history` and `show`. Each has one implementation,
 * and one schema for its answer.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { statusText } from '../../cli/texts/status.ts';
import { baselineFact } from '../../core/engine/before/unknown-zone.ts';
import { ownerFacts } from '../../core/engine/owners/read-owners.ts';
import { parseName } from '../../dns/name.ts';
import { saveSettings, settingsPath } from '../../config/settings.ts';
import { SqliteJournal } from '../../journal/sqlite.ts';
import { sampleCreate, sampleDelete, sampleOperation, sampleRow } from '../../testing/contracts/journal.ts';
import { parseAnswer, parseParameters, type Answers, type Requests } from '../control/protocol.ts';
import { CommandFailed } from '../command-failed.ts';
import { journalPath, pathsOf, type Paths } from '../paths.ts';
import { askOrRead } from './ask-or-read.ts';
import { pause } from '../pause.ts';
import { Unanswerable } from '../problems.ts';
import type { Reading } from './readings.ts';

const { zone } = sampleOperation('x');

/** Addresses of two centrals; no name server runs there. */
const connections = { isp_master: '127.0.0.1:9', central_2: '127.0.0.2:9' };

const everything = { filter: {}, before: null } as const;

/**
 * Makes an operation id for each central. The ids of one operation at different centrals sort one after the
 * other.
 */
function idOf(id: string, at: number): string {
  return at === 0 ? id : `${id}${at}`;
}

/** Sets up a panel's root without an agent; each of its centrals has a journal. */
async function given(t: TestContext, sections: readonly (keyof typeof connections)[]): Promise<Paths> {
  const folder = mkdtempSync(join(tmpdir(), 'readings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const paths = pathsOf(folder, join(folder, 'agent.sock'));
  for (const path of [paths.state, join(folder, 'etc')]) mkdirSync(path, { recursive: true });
  const account = { username: 'key', password: 'c2VjcmV0', kind: 'rfc2136' };
  saveSettings(
    folder,
    Object.fromEntries(sections.map((one) => [one, { ...account, host: connections[one] }])),
  );
  for (const [at, section] of sections.entries()) {
    const central = { kind: 'rfc2136', address: `dns://${connections[section]}`, account: 'key' };
    const journal = new SqliteJournal({ path: journalPath(paths, central), writer: true });
    await journal.commit({
      zones: [{ zone, state: 'synced', incarnation: 1, baselineAt: 5, note: null }],
      rows: [{ zone, put: [sampleRow(1), sampleRow(2, { otherKeys: ['www A  192.0.2.02'] })] }],
      operations: [
        sampleOperation(idOf('a', at), { createdAt: at }),
        sampleCreate(idOf('b', at), { createdAt: at + 10 }),
        sampleDelete(idOf('c', at), { createdAt: at + 20 }),
      ],
      owners: new Map([
        [zone, ['alice']],
        [parseName('other.example.'), null],
      ]),
      facts: { [baselineFact]: '7', [ownerFacts.way]: 'column' },
    });
    await journal.close();
  }
  return paths;
}

/**
 * Answers a question. Also checks that the answer stays the same when it is sent as JSON and parsed with its
 * schema.
 */
async function answered<N extends Reading>(
  paths: Paths,
  question: N,
  parameters: Requests[N],
): Promise<Answers[N]> {
  const answer = await askOrRead(paths, question, parameters);
  assert.deepEqual(parseAnswer(question, JSON.parse(JSON.stringify(answer))), answer);
  assert.deepEqual(parseParameters(question, JSON.parse(JSON.stringify(parameters))), parameters);
  return answer;
}

test('issue 15: without an agent the journal answers every reading, and no schema loses anything of it', async (t) => {
  const paths = await given(t, ['isp_master']);
  const all = { central: null };
  assert.deepEqual(
    (await answered(paths, 'zones', all)).map((one) => [one.zone, one.central]),
    [[zone, undefined]],
  );
  const view = await answered(paths, 'zone', { zone: 'example.org', ...all });
  assert.deepEqual([view.rows.length, view.open.length, view.centrals], [2, 3, undefined]);
  const { entries: history, next } = await answered(paths, 'history', { ...everything, most: 2, ...all });
  assert.equal(next, 'b');
  assert.deepEqual(
    history.map((one) => [one.id, one.kind, one.kind === 'call' ? '' : one.live]),
    [
      ['c', 'zone-delete', null],
      ['b', 'zone-create', null],
    ],
  );
  assert.equal((await answered(paths, 'operation', { prefix: 'a', ...all })).length, 1);
});

test('issue 15: of several centrals each answer says which it is about', async (t) => {
  const paths = await given(t, ['isp_master', 'central_2']);
  const zones = await answered(paths, 'zones', { central: null });
  assert.deepEqual(
    zones.map(({ central }) => central),
    [1, 2],
  );
  const view = await answered(paths, 'zone', { zone: 'example.org', central: null });
  assert.deepEqual(
    view.centrals?.map(({ central, account }) => [central, account]),
    [
      [1, 'key'],
      [2, 'key'],
    ],
  );
  const { entries: newest } = await answered(paths, 'history', { ...everything, most: 3, central: null });
  assert.deepEqual(
    newest.map(({ id, central }) => `${id}${central}`),
    ['c12', 'c1', 'b12'],
  );
  assert.equal((await answered(paths, 'zones', { central: 2 })).length, 1);
  await assert.rejects(answered(paths, 'zones', { central: 3 }), (error) => {
    return error instanceof Unanswerable && error.problem.code === 'agent.no-such-central';
  });
});

test('issue 15: without an agent the status is what the journal holds, and what only the agent knows is missing', async (t) => {
  const paths = await given(t, ['isp_master', 'central_2']);
  pause(paths.pause, Infinity);
  const report = await answered(paths, 'status', {});
  const { pid, state, problems, engine, fromAgent, paused, centrals } = report;
  assert.deepEqual([pid, state, problems, fromAgent, paused], [null, 'not-running', [], null, true]);
  assert.deepEqual([engine?.baselineAt, engine?.open, engine?.stuck.length], [7, 3, 0]);
  assert.deepEqual([engine?.zones, engine?.records, engine?.notes], [{ synced: 1 }, { synced: 2 }, 0]);
  assert.deepEqual(engine?.owners, { check: 'on', way: 'column', zones: 2, unknown: 1 });
  assert.deepEqual(
    centrals.map((one) => [one.number, one.central.account, one.fromAgent]),
    [
      [1, 'key', null],
      [2, 'key', null],
    ],
  );
  const lines = statusText(report).split('\n');
  assert.match(lines[0] ?? '', /^agent +not running: /u);
  assert.ok(lines.includes('paused     yes, until "domainsync resume": edits pass in the panel only'));
  assert.equal(lines.filter((line) => line === 'operations 3 open, 0 stuck').length, 2);
});

test('issue 15: a damaged journal and one that is not there yet hide no other one', async (t) => {
  const paths = await given(t, ['isp_master', 'central_2']);
  const pathOf = (section: keyof typeof connections): string =>
    journalPath(paths, { kind: 'rfc2136', address: `dns://${connections[section]}`, account: 'key' });
  writeFileSync(pathOf('isp_master'), 'not a database'.repeat(1_000));
  const damaged = await answered(paths, 'status', {});
  assert.deepEqual(
    [damaged.problems.map(({ code }) => code), damaged.engine, damaged.centrals[1]?.engine?.open],
    [['journal.unreadable'], null, 3],
  );
  assert.match(statusText(damaged), /^journal +cannot be read$/mu);
  rmSync(pathOf('isp_master'));
  const absent = await answered(paths, 'status', {});
  assert.deepEqual(
    [absent.problems, absent.engine, absent.central?.account, absent.centrals[1]?.engine?.open],
    [[], null, 'key', 3],
  );
  assert.deepEqual(
    [damaged, absent].map(({ centrals }) => centrals.map(({ hasJournal }) => hasJournal)),
    [
      [true, true],
      [false, true],
    ],
  );
  assert.match(statusText(absent), /^journal +none yet: the agent makes it when it starts$/mu);
  await assert.rejects(answered(paths, 'zones', { central: 1 }), CommandFailed);
});

test('issue 15: without settings, or with mistakes in them, there is nothing to read', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'readings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const paths = pathsOf(folder, join(folder, 'agent.sock'));
  const isNotRunning = (error: unknown): boolean =>
    error instanceof Unanswerable && error.problem.code === 'agent.not-running';
  await assert.rejects(answered(paths, 'zones', { central: null }), isNotRunning);
  const unset = await answered(paths, 'status', {});
  const { central, centrals, problems } = unset;
  assert.deepEqual([central, centrals, problems], [null, [], []]);
  assert.match(statusText(unset), /^agent .*starts it$\n^paused .*\n^central +none is set: "DNS sync"/mu);
  mkdirSync(join(folder, 'etc'));
  writeFileSync(settingsPath(folder), '[isp_master]\nhost = a.example\nusername = x\nkind = nothing\n');
  const broken = await answered(paths, 'status', {});
  assert.equal(broken.state, 'not-running');
  assert.notEqual(broken.problems.length, 0);
  assert.doesNotMatch(statusText(broken), /none is set/u);
});
