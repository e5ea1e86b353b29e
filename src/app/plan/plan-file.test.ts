import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { patience } from '../../testing/patience.ts';
import { a, zone } from '../../testing/simulator/given.ts';
import type { CentralPlan } from '../control/protocol.ts';
import { readPlanFile, writePlanFile, type PlanOrigin } from './plan-file.ts';

const here: PlanOrigin = {
  root: '/usr/local/mgr5',
  centrals: [{ number: 1, kind: 'powerdns', address: 'https://ns.example.net', account: 'alice' }],
};
const day = 24 * 3_600_000;

const plan: CentralPlan = {
  zone,
  central: 1,
  direction: 'push',
  removes: false,
  whole: null,
  steps: [{ action: 'add', record: a('www', 1), why: 'new' }],
  left: [],
  hindrance: null,
  limit: null,
  signed: false,
};

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'plan-file-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function* each(...plans: readonly CentralPlan[]): AsyncGenerator<CentralPlan> {
  yield* plans;
}

async function written(t: TestContext, ...plans: readonly CentralPlan[]): Promise<string> {
  const path = join(folderOf(t), 'first.plan');
  await writePlanFile(path, here, each(...plans));
  return path;
}

test('issue 17, plan file: it is read as it was written, and nothing else is left in its folder', async (t) => {
  const path = await written(t, plan, { ...plan, removes: true });
  assert.deepEqual(await readPlanFile(path, here, Date.now()), [plan, { ...plan, removes: true }]);
  assert.deepEqual(readdirSync(join(path, '..')), ['first.plan']);
});

test('issue 17, plan file: what is cut off or changed anywhere is refused', async (t) => {
  const path = await written(t, plan, plan);
  const whole = readFileSync(path, 'utf8');
  const lines = whole.trimEnd().split('\n');
  const wrong = [
    '',
    whole.slice(0, -20),
    lines.slice(0, -1).join('\n'),
    [...lines, '{}'].join('\n'),
    lines.toSpliced(1, 1).join('\n'),
    whole.replace('192.0.2.1', '192.0.2.2'),
    whole.replace('"removes":false', '"removes":true'),
    whole.replace(/"made":\d+/u, '"made":99999999999999'),
    whole.replace('"steps":[', '"steps":[null,'),
    whole.replace('\n', '\n\u0000'),
  ];
  for (const text of wrong) {
    writeFileSync(path, text);
    await assert.rejects(readPlanFile(path, here, Date.now()), /cut off|somebody changed/u, text.slice(-90));
  }
});

test('issue 17, plan file: another host, other centrals, an old plan, another format', async (t) => {
  const path = await written(t, plan);
  const now = Date.now();
  const elsewhere = { ...here, root: '/usr/local/ispmgr' };
  await assert.rejects(readPlanFile(path, elsewhere, now), /not here/u);
  const [central] = here.centrals;
  assert.ok(central !== undefined);
  const other = { ...here, centrals: [{ ...central, account: 'bob' }] };
  await assert.rejects(readPlanFile(path, other, now), /other centrals/u);
  await assert.rejects(readPlanFile(path, here, now + 8 * day), /more than seven days/u);
  assert.equal((await readPlanFile(path, here, now + 6 * day)).length, 1);
  writeFileSync(path, '{"format":"domainsync-plan","version":2}\n');
  await assert.rejects(readPlanFile(path, here, now), /no plan that this release can read/u);
});

test(
  'issue 17, plan file: a pipe, a device, a folder and nothing at all are no plans',
  { timeout: patience },
  async (t) => {
    const folder = folderOf(t);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero', folder])
      await assert.rejects(readPlanFile(path, here, Date.now()), /no regular file/u, path);
    await assert.rejects(readPlanFile(join(folder, 'none'), here, Date.now()), /There is no file/u);
  },
);

test('issue 17, plan file: what exists is never written over, a link to nothing included', async (t) => {
  const folder = folderOf(t);
  const [file, link, inside] = [join(folder, 'file'), join(folder, 'link'), join(folder, 'inside')];
  writeFileSync(file, 'mine');
  symlinkSync(join(folder, 'nowhere'), link);
  mkdirSync(inside);
  for (const path of [file, link, inside])
    await assert.rejects(writePlanFile(path, here, each(plan)), /exists/u, path);
  assert.equal(readFileSync(file, 'utf8'), 'mine');
  await assert.rejects(
    writePlanFile(join(folder, 'no', 'plan'), here, each(plan)),
    /folder, does not exist/u,
  );
  assert.deepEqual(readdirSync(folder).sort(), ['file', 'inside', 'link']);
});

test('issue 17, plan file: a plan that fails in the middle leaves no file', async (t) => {
  const folder = folderOf(t);
  const failing = async function* (): AsyncGenerator<CentralPlan> {
    yield plan;
    throw new Error('the agent has stopped');
  };
  await assert.rejects(writePlanFile(join(folder, 'first.plan'), here, failing()), /has stopped/u);
  assert.deepEqual(readdirSync(folder), []);
});
