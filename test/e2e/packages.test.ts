/**
 * Tests the packages `.deb` and `.rpm` with dpkg and rpm, in a root of their own. Each is installed over the
 * release b6f16b3 with an open operation, updated, downgraded and removed.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { endProcess, until } from '../../src/testing/stage/stage.ts';
import { missingPrograms } from '../../src/testing/servers/process.ts';
import { CleanRoot, rootMissing } from './clean-root.ts';
import { InstallStage } from './install-story.ts';

const run = promisify(execFile);
const top = join(import.meta.dirname, '../..');
const builder = join(top, 'script/build.ts');
const earlier = 'b6f16b3';

interface Family {
  readonly ending: 'deb' | 'rpm';
  readonly programs: readonly string[];
  readonly install: readonly string[];
  readonly remove: readonly string[];
}

const families: readonly Family[] = [
  {
    ending: 'deb',
    programs: ['dpkg', 'dpkg-deb', 'rpmbuild'],
    install: ['dpkg', '--force-unsafe-io', '--force-downgrade', '--install'],
    remove: ['dpkg', '--remove', 'domainsync'],
  },
  {
    ending: 'rpm',
    programs: ['rpm', 'rpmbuild', 'dpkg-deb'],
    install: ['rpm', '--upgrade', '--oldpackage', '--replacepkgs', '--nodeps', '--nosignature'],
    remove: ['rpm', '--erase', 'domainsync'],
  },
];

/** Why the earlier release cannot be built here; false: it can be built. */
function earlierMissing(): string | false {
  const { status } = spawnSync('git', ['cat-file', '-e', `${earlier}^{commit}`], { cwd: top });
  return status === 0 ? false : `the history of this clone does not reach ${earlier}`;
}

let folder: string;
/** Folder with the earlier release, from which it can be installed. */
let old: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'packages-'));
  old = join(folder, 'old/dist');
  if (earlierMissing() !== false) return;
  mkdirSync(join(folder, 'old'));
  await run(
    'sh',
    [
      '-c',
      `git archive ${earlier} src script plugin package.json | tar -x -C "$1"`,
      'sh',
      join(folder, 'old'),
    ],
    {
      cwd: top,
    },
  );
  symlinkSync(join(top, 'node_modules'), join(folder, 'old/node_modules'));
  await run(process.execPath, [join(folder, 'old/script/build.ts'), '--out', old, '--version', '0.0.9']);
});
after(() => rmSync(folder, { recursive: true, force: true }));

const made = new Map<string, Promise<string>>();

/** Builds both packages of a version, unless they exist. @returns their folder */
async function packages(version: string): Promise<string> {
  const out = join(folder, version);
  const args = ['--archive', '--packages', '--fast', '--out', out, '--version', version];
  const building = made.get(version) ?? run(process.execPath, [builder, ...args]).then(() => out);
  made.set(version, building);
  return await building;
}

async function packageFile(version: string, { ending }: Family): Promise<string> {
  const out = await packages(version);
  return join(out, readdirSync(out).find((name) => name.endsWith(`.${ending}`)) ?? '');
}

for (const family of families) {
  const missing = missingPrograms(...family.programs) || rootMissing() || earlierMissing();
  describe(`.${family.ending}`, { skip: missing }, () => {
    let story: InstallStage;
    let root: CleanRoot;

    const install = async (version: string): Promise<string> =>
      await root.run(...family.install, await packageFile(version, family));
    const installOld = async (...more: readonly string[]): Promise<void> => {
      const options = ['--root', story.root, 'install', '--from', old, '--system', 'no', ...more];
      await run(process.execPath, [join(old, 'domainsync.cjs'), ...options]);
    };
    const command = (): string => join(story.root, 'sbin/domainsync');
    /** Reads the number of open operations and the agent's process id. */
    const status = (): { readonly open: number; readonly pid: number | null } => {
      // The exit status is ignored: it also reports whether an administrator has to act.
      const { stdout } = spawnSync(command(), ['--json', 'status'], { encoding: 'utf8' });
      const told = JSON.parse(stdout) as { pid: number | null; engine?: { open?: number } | null };
      return { open: told.engine?.open ?? 0, pid: told.pid };
    };
    const endAgent = async (signal: NodeJS.Signals): Promise<void> => {
      const { pid } = status();
      if (pid !== null) await endProcess(pid, signal);
    };
    /** Sets how many seconds an edit waits before the panel is read. */
    const patient = (seconds: number): void => {
      const path = join(story.root, 'etc/domainsync.ini');
      const text = readFileSync(path, 'utf8').replaceAll(/^(after_wait|grace) = \d+$/gmu, `$1 = ${seconds}`);
      writeFileSync(path, text, { mode: 0o600 });
    };

    before(async () => {
      story = await InstallStage.make('v6');
      root = new CleanRoot(join(story.folder, 'clean'));
      root.write('/etc/domainsync/panels', `# the customer's panel\n${story.root}\n`);
    });
    after(async () => {
      await story.stop();
    });

    test('issue 18, packages: over the earlier release with an open operation, which then ends', async () => {
      await installOld('--config', story.settings());
      await story.mirrors('first');
      // With the settings before, an edit is open for a second, and might end between two looks.
      await until('no open operation', () => status().open === 0);
      patient(60);
      let probes = 0;
      await until('the settings', async () => {
        probes += 1;
        return (await story.save(`probe${probes}`)).ok && status().open > 0;
      });
      assert.ok((await story.save('open')).ok);
      const { open } = status();
      assert.ok(open > 0);
      await endAgent('SIGKILL');
      const told = await install('1.0.0');
      assert.match(told, /domainsync 1\.0\.0 is installed\./u);
      assert.equal(story.inUse(), '1.0.0');
      assert.equal(status().open, open, 'what was open is still open');
      // The earlier release did not store owners of zones, so the new one reads them before it accepts edits.
      await until('an edit', async () => (await story.save('next')).ok);
      patient(1);
      assert.ok((await story.save('again')).ok);
      await until('the operations to end', () => status().open === 0);
      for (const name of ['open', 'next']) {
        assert.ok(story.has('panel', name) && story.has('central', name), name);
      }
      const history = await story.domainsync('history', '--name', 'open.example.org');
      assert.match(history, /both/u);
    });

    test('issue 18, packages: an update, and back to the package before, while edits go on', async () => {
      await packages('1.1.0');
      await story.editing('u', async () => void (await install('1.1.0')));
      assert.equal(story.inUse(), '1.1.0');
      await story.editing('d', async () => void (await install('1.0.0')));
      assert.equal(story.inUse(), '1.0.0');
      assert.deepEqual(readdirSync(join(story.root, 'lib/domainsync')).toSorted(), ['1.0.0', 'current']);
    });

    test('issue 18, packages: back to the earlier release as the page says, and forward again', async () => {
      await until('no open operation', () => status().open === 0);
      await story.domainsync('pause');
      await endAgent('SIGTERM');
      const state = join(story.root, 'var/domainsync');
      mkdirSync(join(state, 'newer'));
      for (const name of readdirSync(state).filter((one) => /\.db/u.test(one)))
        renameSync(join(state, name), join(state, 'newer', name));
      await installOld();
      await story.domainsync('resume');
      assert.match(await story.domainsync('--version'), /^0\.0\.9/u);
      await story.mirrors('back');
      await install('1.1.0');
      await story.mirrors('forward');
      assert.ok(story.has('central', 'open') && story.has('panel', 'open'));
    });

    test('issue 18, packages: removed, the settings stay and the panel goes on alone', async () => {
      await root.run(...family.remove);
      for (const path of ['lib/domainsync', 'sbin/domainsync', 'addon/domainsync'])
        assert.equal(existsSync(join(story.root, path)), false, path);
      assert.ok(existsSync(join(story.root, 'etc/domainsync.ini')));
      const left = 'ls -d /usr/lib/domainsync /usr/share/domainsync /usr/sbin/domainsync 2>/dev/null || :';
      assert.equal(await root.run('sh', '-c', left), '');
      assert.ok((await story.save('alone')).ok);
      assert.equal(story.has('central', 'alone'), false);
      await install('1.0.0');
      await story.mirrors('there-again');
    });

    test('issue 18, packages: removed without trace', async () => {
      if (family.ending === 'deb') {
        await root.run('dpkg', '--purge', 'domainsync');
        assert.doesNotMatch(await root.run('dpkg-query', '-f', '${Package}\n', '-W'), /^domainsync$/mu);
      } else {
        await story.domainsync('uninstall', '--purge');
        await root.run(...family.remove);
        assert.equal(await root.run('rpm', '-qa', 'domainsync'), '');
      }
      story.isPristine();
    });
  });
}

describe(
  'packages where no list names a panel',
  { skip: missingPrograms('dpkg', 'dpkg-deb', 'rpmbuild') || rootMissing() },
  () => {
    const deb = families[0];

    test('issue 18, packages: no panel is no failure; the first usual root with a panel gets it', async (t) => {
      assert.ok(deb !== undefined);
      const place = mkdtempSync(join(folder, 'no-list-'));
      t.after(() => rmSync(place, { recursive: true, force: true }));
      const root = new CleanRoot(place);
      const file = await packageFile('1.0.0', deb);
      assert.match(await root.run(...deb.install, file), /no panel is here yet/u);
      assert.match(await root.run('domainsync', '--version'), /^1\.0\.0/u);
      // BILLmanager has the same root, but serves no DNS.
      await root.run('mkdir', '-p', '/usr/local/mgr5/etc', '/usr/local/mgr5/addon', '/usr/local/mgr5/var');
      await assert.rejects(root.run('domainsync', 'install'), /install\.unproved-panel/u);
      await root.run(...deb.remove);
      const panel = '/usr/local/ispmgr';
      await root.run('mkdir', '-p', `${panel}/etc`, `${panel}/addon`, `${panel}/var`, `${panel}/sbin`);
      await root.run('touch', `${panel}/etc/ispmgr.conf`);
      const files = async (): Promise<string> => await root.run('find', '/usr/local/mgr5', panel);
      const found = await files();
      assert.match(await root.run(...deb.install, file), /domainsync 1\.0\.0 is installed\./u);
      assert.match(await files(), /ispmgr\/lib\/domainsync\/current/u);
      // If an administrator has uninstalled domainsync from the panel, an update of the package must not
      // install it again.
      await root.run(`${panel}/sbin/domainsync`, 'uninstall');
      await root.run(...deb.install, await packageFile('1.1.0', deb));
      assert.doesNotMatch(await files(), /ispmgr\/lib\/domainsync\/current/u);
      await root.run('domainsync', 'install');
      assert.match(await files(), /ispmgr\/lib\/domainsync\/current/u);
      await root.run('dpkg', '--purge', 'domainsync');
      assert.deepEqual((await files()).split('\n').toSorted(), found.split('\n').toSorted());
    });

    test('issue 18, packages: a panel that refuses leaves the package unconfigured, with the reason', async (t) => {
      assert.ok(deb !== undefined);
      const place = mkdtempSync(join(folder, 'refused-'));
      t.after(() => rmSync(place, { recursive: true, force: true }));
      const root = new CleanRoot(place);
      root.write('/etc/domainsync/panels', '/usr/local/nothing\n');
      const refused = root.run(...deb.install, await packageFile('1.0.0', deb));
      await assert.rejects(refused, /\/usr\/local\/nothing is not the root of a panel/u);
      root.write('/etc/domainsync/panels', '');
      await root.run('dpkg', '--configure', '--pending');
    });
  },
);

for (const family of families) {
  const missing = missingPrograms(...family.programs, 'systemd-analyze') || rootMissing();
  test(
    `issue 20, packages: .${family.ending} brings the gateway and its unit to a machine without a panel`,
    { skip: missing },
    async (t) => {
      const place = mkdtempSync(join(folder, 'gateway-'));
      t.after(() => rmSync(place, { recursive: true, force: true }));
      const root = new CleanRoot(place);
      root.write('/etc/domainsync-gateway.ini', '[gateway]\nstate = /var/lib/domainsync-gateway\n');
      await root.run(...family.install, await packageFile('1.0.0', family));
      const unit = '/usr/lib/systemd/system/domainsync-gateway.service';
      assert.equal(await root.run('systemd-analyze', 'verify', unit), '');
      const added = await root.run('domainsync', 'gateway', 'customer', 'add', 'shop-17');
      assert.match(added, /shop-17: active/u);
      await root.run(...family.install, await packageFile('1.1.0', family));
      await root.run(...family.remove);
      await assert.rejects(root.run('test', '-e', unit));
      // Whose the zones are must not be lost with the program.
      await root.run('test', '-e', '/var/lib/domainsync-gateway/gateway.db');
    },
  );
}
