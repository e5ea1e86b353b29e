/** Tests of `export` and `import`, from the command line to both sides. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { pathsOf } from '../../../src/app/paths.ts';
import { stands } from '../../../src/testing/stage/central-side.ts';
import { address, holds } from '../../../src/testing/stage/panel-words.ts';
import { missingFor, type ServerKind } from '../../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../../src/testing/stage/server-stage.ts';
import { prepared, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { succeeded } from '../combinations/scene.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../../dist/domainsync.cjs');

const zone = 'files.example';
const www = address('www', '192.0.2.50');
const shop = address('shop', '192.0.2.51');

/** Registers the tests of one pair. They share one stage and run in the given order. */
export function testZoneFiles({ panel, central }: { panel: 'v4' | 'v6'; central: ServerKind }): void {
  describe(`zone files, ${panel} to ${central}`, { skip: missingFor(central) }, () => {
    let stage: AnyStage;
    before(async () => {
      stage = await prepared(await makeServerStage({ panel, central }), prepare);
    });
    after(() => stage.stop());
    fileSteps(() => stage);
  });
}

async function prepare(stage: AnyStage): Promise<void> {
  const { panel, atPanel, there } = stage;
  Object.assign(panel.switches, { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false });
  succeeded(await atPanel.makeZone(zone));
  succeeded(await atPanel.save(zone, www));
  await there.makeZones([{ name: zone, records: [] }]);
  await stage.install();
  stage.configure();
  await until('the first comparison', async () => {
    const { status, out } = await command(stage, 'push', zone, '--yes');
    return status === 0 && !out.includes('not done yet');
  });
  assert.ok(await stands(there, zone, www));
}

async function command(
  stage: AnyStage,
  ...args: readonly string[]
): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  const words = [program, '--root', stage.panel.root, '--socket', stage.socket, ...args];
  try {
    const { stdout, stderr } = await run(process.execPath, words);
    return { status: 0, out: stdout, err: stderr };
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'stdout' in error && 'stderr' in error);
    return { status: Number(error.code), out: String(error.stdout), err: String(error.stderr) };
  }
}

function fileSteps(stage: () => AnyStage): void {
  const pathOf = (name: string): string => join(stage().directory, name);

  test('issue 17, export: either side is written as a zone file, and imported it changes nothing', async () => {
    for (const side of ['panel', 'central']) {
      const { status, out } = await command(stage(), 'export', zone, '--side', side);
      assert.equal(status, 0);
      assert.match(out, /^\$ORIGIN files\.example\.$/mu, side);
      assert.match(out, /^www (?:\d+ )?IN A 192\.0\.2\.50$/mu, side);
      writeFileSync(pathOf('same.zone'), out);
      const again = await command(stage(), 'import', pathOf('same.zone'), '--delete');
      assert.equal(again.status, 0, again.err);
      assert.match(again.out, /Nothing to do\./u, side);
    }
    assert.equal((await command(stage(), 'export', 'nosuch.example')).status, 1);
    assert.equal((await command(stage(), 'export')).status, 2);
  });

  test('issue 17, export --all: a file for each zone; those that exist stay without --force', async () => {
    const folder = mkdtempSync(join(stage().directory, 'all-'));
    assert.match((await command(stage(), 'export', '--all', folder)).out, /zones? in /u);
    assert.ok(readdirSync(folder).includes('files.example.zone'));
    writeFileSync(join(folder, 'files.example.zone'), 'mine');
    const { status, err } = await command(stage(), 'export', '--all', folder);
    assert.equal(status, 1);
    assert.match(err, /exists; --force replaces it/u);
    assert.equal(readFileSync(join(folder, 'files.example.zone'), 'utf8'), 'mine');
    assert.equal((await command(stage(), 'export', '--all', folder, '--force')).status, 0);
    assert.notEqual(readFileSync(join(folder, 'files.example.zone'), 'utf8'), 'mine');
  });

  test('issue 17, import: all mistakes at once, with line and column, and nothing is changed', async () => {
    const writes = await stage().there.writes();
    const path = pathOf('wrong.zone');
    writeFileSync(
      path,
      `$ORIGIN ${zone}.\nshop A 192.0.2.300\n$INCLUDE x\ngood A 192.0.2.1\nm MX ( 10\n 20 30 )\n`,
    );
    const { status, err } = await command(stage(), 'import', path, '--yes');
    assert.equal(status, 1);
    for (const place of [':2:8: ', ':3:10: ']) assert.ok(err.includes(`${path}${place}`), err);
    assert.match(err, /:6:\d+: /u);
    assert.match(err, /Nothing was changed/u);
    assert.equal(await stage().there.writes(), writes);
    assert.equal(holds(stage().panel, zone, address('good', '192.0.2.1')), false);
  });

  test('issue 17, import: asks, and then both sides have what the file has', async () => {
    const path = pathOf('new.zone');
    writeFileSync(path, `$ORIGIN ${zone}.\n$TTL 1h\nshop A 192.0.2.51\nwww A 192.0.2.59\n`);
    assert.match((await command(stage(), 'import', path)).err, /--yes/u);
    const first = await command(stage(), 'import', path, '--yes');
    assert.equal(first.status, 0, `${first.out}\n${first.err}`);
    assert.match(first.out, /www\.files\.example A 192\.0\.2\.59 .*only --delete removes or replaces/u);
    assert.ok(holds(stage().panel, zone, shop) && (await stands(stage().there, zone, shop)));
    assert.ok(holds(stage().panel, zone, www) && (await stands(stage().there, zone, www)));
  });

  test('issue 17, import --delete: replaces and removes on both sides', async () => {
    const { out: whole } = await command(stage(), 'export', zone);
    const path = pathOf('replaced.zone');
    writeFileSync(path, whole.replace('192.0.2.50', '192.0.2.59').replace(/^shop .*\n/mu, ''));
    const { status, out, err } = await command(stage(), 'import', path, '--delete', '--yes');
    assert.equal(status, 0, `${out}\n${err}`);
    const other = address('www', '192.0.2.59');
    assert.ok(holds(stage().panel, zone, other) && (await stands(stage().there, zone, other)));
    for (const gone of [www, shop]) {
      assert.equal(holds(stage().panel, zone, gone), false);
      assert.equal(await stands(stage().there, zone, gone), false);
    }
  });

  test('issue 17, import: all records of a zone go only with a reason, which is in the log', async () => {
    const path = pathOf('nothing.zone');
    writeFileSync(path, `$ORIGIN ${zone}.\n`);
    const words = ['import', path, '--delete', '--yes'];
    const other = address('www', '192.0.2.59');
    const limited = await command(stage(), ...words);
    assert.equal(limited.status, 1);
    assert.match(limited.err, /would lose \d+ of \d+ records.*--force-once/u);
    assert.equal((await command(stage(), ...words, '--force-once', 'two\nlines')).status, 2);
    assert.ok(holds(stage().panel, zone, other));
    const forced = await command(stage(), ...words, '--force-once', 'ticket 4711: empty');
    assert.equal(forced.status, 0, `${forced.out}\n${forced.err}`);
    assert.equal(holds(stage().panel, zone, other), false);
    assert.equal(await stands(stage().there, zone, other), false);
    const log = readFileSync(pathsOf(stage().panel.root).log, 'utf8');
    assert.match(log, /import\.forced .*zone=files\.example\. .*"ticket 4711: empty"/u);
  });

  test('issue 17, import: what the central refuses is refused, and in neither', async () => {
    await stage().there.down();
    try {
      const path = pathOf('refused.zone');
      writeFileSync(path, `late.${zone}. A 192.0.2.77\n`);
      const { status, out } = await command(stage(), 'import', path, '--zone', zone, '--yes');
      assert.equal(status, 1);
      assert.match(out, /refused/u);
      assert.equal(holds(stage().panel, zone, address('late', '192.0.2.77')), false);
    } finally {
      await stage().there.up();
    }
  });
}
