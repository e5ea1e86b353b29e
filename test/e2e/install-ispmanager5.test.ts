/** Tests the install story in ISPmanager 6. The installer restarts this panel. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInstallStory } from './install-story.ts';

const description = 'etc/xml/ispmgr_mod_domainsync.xml';

runInstallStory('v6', description, (story) => {
  test('the panel starts its handlers in strict mode, and they are on its page of modules', () => {
    const { root } = story();
    for (const name of ['domainsync', 'domainsync_after', 'domainsync_settings']) {
      assert.equal(statSync(join(root, 'addon', name)).mode & 0o777, 0o750);
    }
    assert.ok(existsSync(join(root, 'etc/plugins/ispmgr/domainsync.xml')));
    assert.equal(existsSync(join(root, 'var/.plugin_scripts')), false);
  });

  test('the doctor finds nothing wrong, and sees in the log that the panel knows both handlers', async () => {
    const report = await story().domainsync('--json', 'doctor');
    const { findings } = JSON.parse(report) as { findings: { check: string; state: string; text: string }[] };
    assert.deepEqual(
      findings.filter(({ state }) => state === 'problem'),
      [],
    );
    assert.equal(findings.find(({ check }) => check === 'panel log')?.state, 'ok');
    assert.match(findings.find(({ check }) => check === 'panel root')?.text ?? '', /ISPmanager 5\/6/);
  });

  test('handlers of type xml: edits pass and are refused as before, and an update keeps the type', async () => {
    const { root, stage } = story();
    const place = join(story().folder, 'unpacked');
    // Until the panel is restarted it does not know the new type, but the installed hooks already use it.
    // Edits continue during that time.
    await story().editing('t', async () => {
      const done = await story().unpackAndInstall('1.1.0', place, '--handlers', 'xml');
      assert.equal(done.restarted, true);
    });
    await story().mirrors('xml');
    assert.ok((await story().save('xml2')).ok);
    await stage.centralDown();
    const refused = await story().save('refused');
    assert.equal(refused.ok, false);
    assert.equal(story().has('panel', 'refused'), false);
    await stage.centralUp();
    await story().mirrors('again');
    await story().unpackAndInstall('1.2.0', place);
    assert.match(
      readFileSync(join(root, description), 'utf8'),
      /<handler name="domainsync_after" type="xml">/,
    );
    await story().editing('x', () => Promise.resolve());
  });

  test('a panel that cannot be restarted: installed all the same, said with the way out', async () => {
    const { root, folder } = story();
    const tool = join(root, 'sbin/mgrctl');
    chmodSync(tool, 0o600);
    const failed = await story()
      .unpackAndInstall('1.2.0', join(folder, 'unpacked'), '--handlers', 'cgi')
      .then(
        () => null,
        (error: unknown) => error,
      );
    chmodSync(tool, 0o700);
    assert.ok(failed instanceof Error && 'code' in failed && 'stderr' in failed);
    assert.equal(failed.code, 3);
    assert.match(String(failed.stderr), /the panel could not be restarted/);
    const again = await story().domainsync('install');
    assert.match(again, /The panel was restarted/);
    await story().mirrors('restarted');
  });
});
