/** Tests the role of Ansible on a panel: the first run installs, the second one changes nothing. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { account } from '../../src/testing/stage/stage.ts';
import { missingPrograms } from '../../src/testing/servers/process.ts';
import { InstallStage } from './install-story.ts';

const roles = join(import.meta.dirname, '../../contrib/ansible/roles');

describe('the role of Ansible', { skip: missingPrograms('ansible-playbook') }, () => {
  let story: InstallStage;
  before(async () => {
    story = await InstallStage.make('v6');
  });
  after(async () => {
    await story.stop();
  });

  /** Runs the role on this machine. @returns exit status and output */
  async function play(
    version: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<{ status: number; said: string }> {
    const { url, fingerprint } = story.stage.central;
    const vars = {
      domainsync_version: version,
      domainsync_releases: dirname(await story.release(version)),
      domainsync_root: story.root,
      domainsync_place: join(story.folder, 'place'),
      domainsync_settings: {
        isp_master: { host: url, username: account.name, password: account.password, fingerprint },
        sync: { after_wait: 1, read_gap: 1, grace: 1 },
      },
      ...more,
    };
    const [book, values] = [join(story.folder, 'book.yml'), join(story.folder, 'vars.json')];
    const plays = [{ hosts: 'localhost', connection: 'local', gather_facts: true, roles: ['domainsync'] }];
    // JSON is YAML, too.
    writeFileSync(book, JSON.stringify(plays));
    writeFileSync(values, JSON.stringify(vars), { mode: 0o600 });
    const home = join(story.folder, 'home');
    mkdirSync(home, { recursive: true });
    const env = {
      ...process.env,
      HOME: home,
      LC_ALL: 'C.UTF-8',
      ANSIBLE_ROLES_PATH: roles,
      ANSIBLE_NOCOLOR: '1',
      ANSIBLE_LOCALHOST_WARNING: 'false',
    };
    return await new Promise((resolve) => {
      execFile(
        'ansible-playbook',
        ['-i', 'localhost,', '-e', `@${values}`, book],
        { env },
        (error, stdout, stderr) => {
          resolve({ status: error === null ? 0 : Number(error.code), said: stdout + stderr });
        },
      );
    });
  }

  test('issue 18, Ansible: the first run puts a release in force, the second changes nothing', async () => {
    const first = await play('1.0.0');
    assert.equal(first.status, 0, first.said);
    assert.match(first.said, /changed=[1-9]/u);
    assert.equal(first.said.includes(account.password), false, 'the password is not printed');
    await story.mirrors('first');
    const second = await play('1.0.0');
    assert.equal(second.status, 0, second.said);
    assert.match(second.said, /changed=0 /u, second.said);
  });

  test('issue 18, Ansible: a newer release, and an archive that is not the one of the checksums', async () => {
    const sums = join(dirname(await story.release('1.1.0')), 'SHA256SUMS');
    const right = readFileSync(sums, 'utf8');
    writeFileSync(sums, right.replaceAll(/^[0-9a-f]{4}/gmu, '0000'));
    const refused = await play('1.1.0');
    assert.notEqual(refused.status, 0);
    assert.match(refused.said, /does not have the checksum/u);
    assert.equal(story.inUse(), '1.0.0');
    writeFileSync(sums, right);
    const done = await play('1.1.0');
    assert.equal(done.status, 0, done.said);
    assert.equal(story.inUse(), '1.1.0');
    assert.equal(existsSync(join(story.folder, 'place/lib/domainsync/1.0.0')), false);
  });

  test(
    'issue 18, Ansible: with a key, a release that is not signed is refused before it is unpacked',
    { skip: missingPrograms('minisign') },
    async () => {
      const pub = join(story.folder, 'key.pub');
      execFileSync('minisign', ['-G', '-W', '-p', pub, '-s', join(story.folder, 'key')]);
      const key = readFileSync(pub, 'utf8').split('\n')[1];
      const refused = await play('1.1.0', { domainsync_key: key });
      assert.notEqual(refused.status, 0);
      assert.match(refused.said, /Check the signature/u);
      assert.equal(existsSync(join(story.root, 'etc/domainsync.pub')), false);
    },
  );
});
