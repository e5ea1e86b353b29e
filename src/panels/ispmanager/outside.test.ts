/** Tests that the panel's tool can be started outside the confined unit of the agent. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { PanelError } from '../../core/panel.ts';
import { parseName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { missingPrograms, until } from '../../testing/servers/process.ts';
import { createIspmanagerPanel } from './index.ts';
import { outsideUnit, panelRuns } from './outside.ts';

const run = promisify(execFile);
const ctx = { signal: new AbortController().signal, operation: '-' };
const zone = parseName('example.org.');

/** Makes a panel's root. Its tool writes its control group to the file `told`. */
function makeRoot(t: TestContext): { root: string; told: string } {
  const root = mkdtempSync(join(tmpdir(), 'outside-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ['bin', 'sbin', 'lib/domainsync/1'])
    mkdirSync(join(root, folder), { recursive: true });
  const told = join(root, 'told');
  const tool = join(root, 'sbin/mgrctl');
  writeFileSync(tool, `#!/bin/sh\ncat /proc/self/cgroup >'${told}'\necho '<doc><ok/></doc>'\n`);
  chmodSync(tool, 0o700);
  return { root, told };
}

/** Starts a process whose program lies under the root. @param argv0 its command line */
async function startAs(t: TestContext, program: string, argv0: string): Promise<void> {
  copyFileSync(realpathSync('/bin/sleep'), program);
  chmodSync(program, 0o700);
  const child = spawn(program, ['600'], { argv0, stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const { pid } = child;
  assert.ok(pid !== undefined);
  await until(() => Promise.resolve(readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(argv0)));
}

test('issue 11.6: words and environment go through standard input, whatever is in them', async () => {
  const words = ['a  b', "it's", '$HOME ${x} $$', '`id`', 'two\nlines', '%s', '', 'ä', '\\', '-n'];
  const secret = "se'cr$et";
  const { words: started, input } = outsideUnit(
    {
      program: process.execPath,
      words: ['-p', 'JSON.stringify([process.argv.slice(1), process.env.MARK])', '--', ...words],
    },
    { MARK: secret },
    1_500,
  );
  assert.equal(started.at(-1), '/bin/sh');
  assert.ok(started.includes('--property=RuntimeMaxSec=2'));
  assert.equal(
    started.some((word) => word.includes('MARK') || word.includes("it's")),
    false,
  );
  const shell = run('/bin/sh', []);
  shell.child.stdin?.end(input);
  const { stdout } = await shell;
  assert.deepEqual(JSON.parse(stdout), [words, secret]);
});

test('issue 11.6: a panel is seen by a program under its root with its name, and by no other', async (t) => {
  const { root } = makeRoot(t);
  assert.equal(panelRuns(root, 'ispmgr'), false);
  await startAs(t, join(root, 'bin/other'), 'core billmgr');
  await startAs(t, join(root, 'lib/domainsync/1/node'), 'node ispmgr');
  await startAs(t, join(root, 'bin/tool'), 'mgrctl');
  assert.equal(panelRuns(root, 'ispmgr'), false);
  await startAs(t, join(root, 'bin/core'), 'core ispmgr');
  assert.equal(panelRuns(root, 'ispmgr'), true);
  const link = `${root}-link`;
  symlinkSync(root, link);
  t.after(() => rmSync(link));
  assert.equal(panelRuns(link, 'ispmgr'), true);
  assert.equal(panelRuns(root, 'dnsmgr'), false);
  assert.equal(panelRuns('/nonexistent', 'ispmgr'), false);
});

test(
  'issue 11.6: a service never starts the panel, nor writes, within its own unit',
  { skip: missingPrograms('systemd-run') },
  async (t) => {
    const { root, told } = makeRoot(t);
    const panel = createIspmanagerPanel({ root, kind: 'ispmanager6', service: true });
    const add = [makeRecord({ name: 'x', type: 'A', rdata: '192.0.2.1' }, zone)];
    const accesses = [
      async () => await panel.listZones(ctx),
      async () => await panel.write({ zone, remove: [], add }, [], 'echo', ctx),
    ];
    const outside = async (access: () => Promise<unknown>): Promise<void> => {
      rmSync(told, { force: true });
      // Without systemd (in containers), systemd-run fails and reports the reason.
      if (!existsSync('/run/systemd/system')) {
        await assert.rejects(
          access(),
          (error) => error instanceof PanelError && error.code === 'panel.unreachable',
        );
        assert.equal(existsSync(told), false);
        return;
      }
      await access();
      assert.match(readFileSync(told, 'utf8'), /run-.*\.service/u);
    };
    for (const access of accesses) await outside(access);
    await startAs(t, join(root, 'bin/core'), 'core ispmgr');
    rmSync(told, { force: true });
    assert.deepEqual(await panel.listZones(ctx), { zones: [], unreadable: [] });
    assert.equal(readFileSync(told, 'utf8'), readFileSync('/proc/self/cgroup', 'utf8'));
    for (const access of accesses.slice(1)) await outside(access);
  },
);
