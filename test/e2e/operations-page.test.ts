/** Runs the commands of docs/operations.md exactly as they are written there, on a host of its own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { exampleIn } from '../../src/testing/docs-examples.ts';
import { missingForOwnHost, onOwnHost } from '../../src/testing/own-host.ts';
import { account, makeStage, prepared, type Stage } from '../../src/testing/stage/stage.ts';

const run = promisify(execFile);
const page = 'operations.md';
const version = '1.2.3';
const skip = missingForOwnHost();

/** An example of the page with the version of the test's release. */
function example(contained: string): string {
  return exampleIn(page, contained).replaceAll('VERSION', version);
}

/** Shell text that prints `STATUS what: exit status` of a command, and goes on. */
function told(what: string, command: string): string {
  return `status=0; { ${command}\n} || status=$?; echo "STATUS ${what}: $status"`;
}

describe('issue 18, Docs: the commands of operations.md work', { skip }, () => {
  let stage: Stage;
  let folder: string;
  let archive: string;

  before(async () => {
    stage = await makeStage({ panel: 'v6', central: 'dnsmgr' });
    await prepared(stage, async () => {
      folder = mkdtempSync(join(tmpdir(), 'operations-'));
      const builder = join(import.meta.dirname, '../../script/build.ts');
      await run(process.execPath, [builder, '--archive', '--fast', '--out', folder, '--version', version]);
      archive = join(folder, readdirSync(folder).find((name) => name.endsWith('.tar.gz')) ?? '');
    });
  });

  after(async () => {
    await stage.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('install, a password in a file, history, a report', async () => {
    const { url, fingerprint } = stage.central;
    const said = await onOwnHost(
      ['/root', '/usr/local', '/opt', '/etc/systemd', '/etc/logrotate.d', '/run/domainsync'],
      [
        'mkdir /usr/local/mgr5',
        `mount --bind ${stage.panel.root} /usr/local/mgr5`,
        `cp ${archive} /root/domainsync-${version}-x64.tar.gz`,
        'cd /root',
        "trap 'rm -f /etc/domainsync-password' EXIT",
        'export PATH="/usr/local/mgr5/sbin:$PATH"',
        // The first installation leaves the settings form to be filled in. The second one runs as a tool for
        // many servers would do it.
        told('first', example('install --root /usr/local/mgr5\n')),
        `printf '%s\\n' '${account.password}' | ${example('/dev/stdin').split('#')[0]?.trim() ?? ''}`,
        `cat >/root/domainsync.ini <<'THE_END'\n${example('password_file')
          .replace(/^host = .*$/mu, `host = ${url}\nfingerprint = ${fingerprint}`)
          .replace(/^username = .*$/mu, `username = ${account.name}`)}THE_END`,
        told('fleet', example('--config /root/domainsync.ini --json')),
        'domainsync agent >/dev/null 2>&1 &',
        'until domainsync history >/dev/null 2>&1; do sleep 0.1; done',
        told('history', example('history --zone').trim().replaceAll('\n', ' && ')),
        told(
          'report',
          example('report --out').trim().replace('\n', ' && rm /root/domainsync-report.txt && '),
        ),
        'stat -c "MODE %a %n" /etc/domainsync-password /root/domainsync-report.txt',
        `! grep -rF '${account.password}' /usr/local/mgr5/etc /usr/local/mgr5/var/domainsync* /root/*.txt`,
      ].join('\n'),
    );
    const statuses = [...said.matchAll(/^STATUS (\w+): (\d+)$/gmu)].map(([, what, status]) => [what, status]);
    assert.deepEqual(
      statuses,
      [
        ['first', '0'],
        ['fleet', '0'],
        ['history', '0'],
        ['report', '0'],
      ],
      said,
    );
    assert.match(
      said,
      /domainsync 1\.2\.3 is installed\.\nThe panel was restarted\.\n\nNo central is set yet/u,
    );
    assert.match(said, /"configured": ?true/u);
    assert.match(said, /^MODE 600 \/etc\/domainsync-password\nMODE 600 \/root\/domainsync-report\.txt$/mu);
  });
});
