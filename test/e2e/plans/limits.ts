/** Tests the safety limits of `push`, `pull` and `apply`, and which user domainsync records for a command. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { saveSettings } from '../../../src/config/settings.ts';
import { stands } from '../../../src/testing/stage/central-side.ts';
import { address, type Wanted } from '../../../src/testing/stage/panel-words.ts';
import { missingFor, type ServerKind } from '../../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../../src/testing/stage/server-stage.ts';
import { prepared, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { succeeded } from '../combinations/scene.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../../dist/domainsync.cjs');

const zone = 'limited.example';
const hosts: readonly Wanted[] = ['a', 'b', 'c', 'd', 'e'].map((name) => address(name, '192.0.2.70'));

/** Registers the tests of one pair. They share one stage and run in the given order. */
export function testLimits({ panel, central }: { panel: 'v4' | 'v6'; central: ServerKind }): void {
  describe(`safety limits of plans, ${panel} to ${central}`, { skip: missingFor(central) }, () => {
    let stage: AnyStage;
    before(async () => {
      stage = await prepared(await makeServerStage({ panel, central }), prepare);
    });
    after(() => stage.stop());
    limitSteps(() => stage);
  });
}

async function prepare(stage: AnyStage): Promise<void> {
  const { panel, atPanel, there } = stage;
  Object.assign(panel.switches, { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false });
  succeeded(await atPanel.makeZone(zone));
  await there.makeZones([{ name: zone, records: [] }]);
  for (const host of hosts) {
    succeeded(await atPanel.save(zone, host));
    await there.add(zone, host);
  }
  await stage.install();
  stage.configure();
  await until('the first comparison', async () => (await as(stage, 'root', 'plan', zone)).status === 0);
  // Two records are removed from the panel and stay at the central.
  for (const host of hosts.slice(0, 2)) {
    await taken(stage, 'exclude', host);
    succeeded(await atPanel.remove(zone, host));
    await taken(stage, 'include', host);
  }
  saveSettings(panel.root, { limits: { large_zone: '2', share: '20' } });
  await until('the limits of the settings', async () =>
    (await as(stage, 'root', 'plan', zone, '--delete')).out.includes('it loses 2 of '),
  );
}

/** Excludes or includes a record, as soon as no edit of it is open. */
async function taken(stage: AnyStage, how: 'exclude' | 'include', { name }: Wanted): Promise<void> {
  await until(`${name}: ${how}`, async () => {
    const { status } = await as(stage, 'root', how, `${name}.${zone}`);
    return status === 0;
  });
}

/** Runs a command as root, who was called by this user with `sudo`. */
async function as(
  stage: AnyStage,
  caller: string,
  ...args: readonly string[]
): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  const words = [program, '--root', stage.panel.root, '--socket', stage.socket, ...args];
  try {
    const env = { ...process.env, SUDO_USER: caller };
    const { stdout, stderr } = await run(process.execPath, words, { env });
    return { status: 0, out: stdout, err: stderr };
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'stdout' in error && 'stderr' in error);
    return { status: Number(error.code), out: String(error.stdout), err: String(error.stderr) };
  }
}

function limitSteps(stage: () => AnyStage): void {
  const isThere = async (at: number): Promise<boolean> =>
    await stands(stage().there, zone, hosts[at] ?? address('', ''));
  const file = (): string => join(stage().directory, 'limited.plan');

  test('issue 17, limits: a push and a plan file that remove too much are refused, and change nothing', async () => {
    const writes = await stage().there.writes();
    await as(stage(), 'anna', 'plan', zone, '--delete', '--out', file());
    for (const args of [
      ['push', zone, '--delete', '--yes'],
      ['apply', file(), '--yes'],
    ]) {
      const { status, err } = await as(stage(), 'anna', ...args);
      assert.equal(status, 1, args.join(' '));
      assert.match(err, /limited\.example would lose 2 of \d+ records/u);
      assert.match(err, /--force-once/u);
    }
    assert.equal(await stage().there.writes(), writes);
  });

  test('issue 17, limits: a reason has to be one plain line', async () => {
    for (const reason of ['', ' ', 'two\nlines', '\u001b[31mred', 'x'.repeat(201)]) {
      const { status, err } = await as(stage(), 'anna', 'push', zone, '--delete', '--force-once', reason);
      assert.equal(status, 2, JSON.stringify(reason));
      assert.match(err, /a reason of one line/u);
      assert.equal(err.includes('\u001b'), false);
    }
  });

  test('issue 17, limits: with a reason it is done; the history names operator and reason', async () => {
    const reason = 'ticket 4711: old names';
    const { status, out } = await as(stage(), 'anna', 'apply', file(), '--yes', '--force-once', reason);
    assert.equal(status, 0, out);
    assert.deepEqual([await isThere(0), await isThere(1), await isThere(2)], [false, false, true]);
    const ofAnna = ['history', '--zone', zone, '--user', 'anna'];
    assert.match((await as(stage(), 'root', ...ofAnna)).out, / anna \(push\) /u);
    const { out: history } = await as(stage(), 'root', '--json', ...ofAnna);
    const [, id = ''] = /"id": ?"([^"]+)"/u.exec(history) ?? [];
    const { out: shown, err } = await as(stage(), 'root', 'show', id);
    assert.equal(err, '');
    assert.match(shown, /^who +anna; an operator asked for it \(push\)$/mu);
    assert.match(shown, /^forced +beyond the safety limits: ticket 4711: old names$/mu);
  });

  test('issue 17, operator: is erased like any account', async () => {
    await until('no edit to be under way or on watch', async () =>
      /^Erased from \d+ entr(?:y|ies)\.$/mu.test((await as(stage(), 'root', 'erase-user', 'anna')).out),
    );
    const { out } = await as(stage(), 'root', '--json', 'history', '--zone', zone, '--latest', '50');
    assert.doesNotMatch(out, /anna/u);
    assert.match(out, /ticket 4711/u);
  });

  test('issue 17, compare --follow: does what push --delete does, with the same exit statuses', async () => {
    const [, , third = address('', '')] = hosts;
    await taken(stage(), 'exclude', third);
    succeeded(await stage().atPanel.remove(zone, third));
    await taken(stage(), 'include', third);
    assert.ok(await isThere(2));
    await until('the comparison', async () =>
      (await as(stage(), 'root', 'plan', zone, '--delete')).out.includes(`- ${third.name}.`),
    );
    const { status, out, err } = await as(stage(), 'boris', 'compare', zone, '--follow', '--yes');
    assert.equal(status, 0, `${out}\n${err}`);
    assert.equal(await isThere(2), false);
    const { out: history } = await as(stage(), 'root', '--json', 'history', '--user', 'boris');
    assert.match(history, /"force": ?"compare --follow"/u);
    assert.equal((await as(stage(), 'boris', 'compare', 'nosuch.example', '--follow')).status, 1);
    assert.equal((await as(stage(), 'boris', 'compare', zone, '--yes')).status, 2);
    assert.match(
      (await as(stage(), 'boris', 'compare', '--help')).out,
      /another name for "push ZONE --delete"/u,
    );
  });
}
