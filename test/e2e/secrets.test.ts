/** Issue 16, secrets: tests passwords that stand in files and credentials, against two sandbox panels. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { settingsPath } from '../../src/config/settings.ts';
import { agreed } from '../../src/testing/stage/central-side.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import { leaks } from '../../src/testing/stage/secrets.ts';
import { account, makeStage, until, type Stage } from '../../src/testing/stage/stage.ts';

const zone = 'example.org';
const dist = join(import.meta.dirname, '../../dist');

/** A password that the account at the central gets in the course of a test. */
const later = 'l4ter;pa#ss=%wo&rd';

/** Writes a secret into a file and puts it into place by rename. */
function keep(path: string, secret: string, mode = 0o600): string {
  writeFileSync(`${path}.new`, `${secret}\n`, { mode });
  renameSync(`${path}.new`, path);
  return path;
}

/** Writes the settings with the password in a file. */
function configure(stage: Stage, file: string): void {
  stage.configure({ password: '' });
  const { name: username } = account;
  const { url: host, fingerprint } = stage.central;
  const lines = [
    '[isp_master]',
    ...Object.entries({ host, username, fingerprint, password_file: file }).map(
      ([name, value]) => `${name} = ${value}`,
    ),
  ];
  writeFileSync(
    settingsPath(stage.panel.root),
    `${lines.join('\n')}\n[sync]\nafter_wait = 1\nread_gap = 1\n`,
  );
}

async function given(t: TestContext, central: 'v4' | 'v6'): Promise<Stage> {
  const stage = await makeStage({ panel: central, central });
  t.after(() => stage.stop());
  await stage.install();
  return stage;
}

async function withZone(stage: Stage): Promise<void> {
  await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
  await until('its content at the central', () => agreed(stage, zone));
}

for (const central of ['v4', 'v6'] as const) {
  test(`issue 16, secrets: a password in a file is used, followed and never shown, ${central}`, async (t) => {
    const stage = await given(t, central);
    const file = keep(join(stage.directory, 'password'), account.password);
    configure(stage, file);
    assert.match(await stage.domainsync('check'), /the login works/u);
    await withZone(stage);
    stage.central.changePassword(account.name, later);
    keep(file, later);
    const first = await stage.atPanel.save(zone, address('first', '192.0.2.1'));
    assert.ok(first.ok, first.body);
    assert.ok(await agreed(stage, zone));

    chmodSync(file, 0o644);
    const refused = await stage.atPanel.save(zone, address('second', '192.0.2.2'));
    assert.ok(!refused.ok && refused.body.includes('settings.secret-exposed'), refused.body);
    const doctor = await stage.domainsync('doctor');
    assert.match(
      doctor,
      /problem +settings .*password_file may be read or changed by other users.*chmod 600/u,
    );
    assert.match(await stage.domainsync('status'), /mode 0644, owner 0/u);
    chmodSync(file, 0o600);
    const second = await stage.atPanel.save(zone, address('second', '192.0.2.2'));
    assert.ok(second.ok, second.body);
    assert.match(await stage.domainsync('doctor'), /ok +settings .*without mistakes; it names .*password/u);
    assert.deepEqual(await leaks({ ...stage, secrets: [...stage.secrets, later] }), []);
  });
}

test('issue 16, secrets: a credential of the agent, by its name alone', async (t) => {
  const stage = await given(t, 'v6');
  const folder = join(stage.directory, 'credentials');
  mkdirSync(folder, { mode: 0o700 });
  keep(join(folder, 'central'), account.password, 0o400);
  configure(stage, 'central');
  await assert.rejects(stage.domainsync('check'), /settings\.no-credential|only while the agent runs/u);
  const words = [join(dist, 'agent.cjs'), '--root', stage.panel.root, '--socket', stage.socket];
  const agent = spawn(process.execPath, words, { env: { CREDENTIALS_DIRECTORY: folder }, stdio: 'ignore' });
  t.after(() => agent.kill());
  await until('the agent', async () => (await stage.agent()) === agent.pid);
  await withZone(stage);
  const saved = await stage.atPanel.save(zone, address('www', '192.0.2.1'));
  assert.ok(saved.ok, saved.body);
  assert.ok(await agreed(stage, zone));
});
