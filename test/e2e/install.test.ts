/** The release archive on a panel: as a fleet tool would install, update and remove it, while edits go on. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { account, makeStage, until, type Stage } from '../../demo/stage.ts';
import type { Answer } from '../../sandbox/index.ts';

const run = promisify(execFile);
const builder = join(import.meta.dirname, '../../script/build.ts');
const zone = 'example.org';
let stage: Stage;
let folder: string;
let pristine: string[];

function everything(): string[] {
  return readdirSync(stage.panel.root, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^var\/(state|ispmgr)/.test(path))
    .sort();
}

async function release(version: string): Promise<string> {
  const out = join(folder, `dist-${version}`);
  await run(process.execPath, [builder, '--archive', '--fast', '--out', out, '--version', version]);
  const name = readdirSync(out).find((file) => file.endsWith('.tar.gz')) ?? '';
  return join(out, name);
}

/** As reference 13.1 has it: unpacked over the root, then the script. */
async function unpackAndInstall(version: string, ...args: readonly string[]): Promise<string> {
  const { root } = stage.panel;
  await run('tar', ['-xzf', await release(version), '-C', root]);
  const installer = join(root, 'lib/domainsync', version, 'install');
  return (await run(installer, ['--root', root, ...args])).stdout;
}

async function domainsync(...args: readonly string[]): Promise<string> {
  return (await run(join(stage.panel.root, 'sbin/domainsync'), args)).stdout;
}

function save(name: string): Promise<Answer> {
  const form = { plid: zone, elid: '', name, sdtype: 'A', addr: '192.0.2.9', sok: 'ok' };
  return stage.customer('domain.sublist.edit', form);
}

function bothHave(name: string): boolean {
  return [stage.panel, stage.central].every((side) =>
    side.keys(zone)?.some((key) => key.startsWith(`${name} A`)),
  );
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'install-e2e-'));
  stage = await makeStage();
  const form = { elid: '', name: zone, ip: '192.0.2.1', sok: 'ok' };
  assert.ok((await stage.provider('domain.edit', form)).ok);
  assert.ok((await stage.customer('domain.edit', form)).ok);
  pristine = everything();
});

after(async () => {
  await stage.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('settings with mistakes: every one is said, and nothing is put in force', async () => {
  const config = join(folder, 'wrong.ini');
  writeFileSync(config, '[isp_master]\nhost = http://dns.example.net\n[log]\nlevel = 12\n');
  const refused = await unpackAndInstall('0.9.0', '--config', config).then(
    () => '',
    (error: unknown) => (error instanceof Error && 'stderr' in error ? String(error.stderr) : ''),
  );
  assert.match(refused, /line 2.*http:\/\//);
  assert.match(refused, /line 4.*level/);
  assert.match(refused, /Nothing was changed/);
  assert.equal(existsSync(join(stage.panel.root, 'etc/ispmgr_mod_domainsync.xml')), false);
  rmSync(join(stage.panel.root, 'lib'), { recursive: true });
  rmSync(join(stage.panel.root, 'var/.plugin_scripts'), { recursive: true });
});

test('installed with its settings, with its own Node.js', async () => {
  const { url, fingerprint } = stage.central;
  const config = join(folder, 'right.ini');
  writeFileSync(
    config,
    `[isp_master]\nhost = ${url}\nusername = ${account.name}\npassword = ${account.password}\nfingerprint = ${fingerprint}\n` +
      '[sync]\nafter_wait = 1\nread_gap = 1\ngrace = 1\n',
  );
  await unpackAndInstall('1.0.0', '--config', config);
  const shim = readFileSync(join(stage.panel.root, 'addon/domainsync'), 'utf8');
  assert.match(shim, /lib\/domainsync\/current\/node/);
  stage.panel.restartPanel();
  await until('an edit', async () => (await save('first')).ok && bothHave('first'));
  assert.match(await domainsync('--version'), /^1\.0\.0/);
});

test('again: nothing changes', async () => {
  const { root } = stage.panel;
  const again = await run(join(root, 'lib/domainsync/1.0.0/install'), ['--root', root, '--json']);
  assert.deepEqual((JSON.parse(again.stdout) as { changed: string[] }).changed, []);
});

test('an update while edits go on: each edit is on both sides or on neither', async () => {
  const archive = await release('1.1.0');
  const settings = readFileSync(join(stage.panel.root, 'etc/domainsync.ini'), 'utf8');
  const updating = new AbortController();
  const answers: { name: string; ok: boolean }[] = [];
  const editing = (async (): Promise<void> => {
    for (let at = 0; !updating.signal.aborted || at < 5; at += 1) {
      const name = `u${at}`;
      answers.push({ name, ok: (await save(name)).ok });
    }
  })();
  await run('tar', ['-xzf', archive, '-C', stage.panel.root]);
  await run(join(stage.panel.root, 'lib/domainsync/1.1.0/install'), ['--root', stage.panel.root]);
  updating.abort();
  await editing;
  for (const { name, ok } of answers) {
    assert.equal(
      stage.panel.keys(zone)?.some((key) => key.startsWith(`${name} A`)),
      ok,
      name,
    );
    assert.equal(
      stage.central.keys(zone)?.some((key) => key.startsWith(`${name} A`)),
      ok,
      name,
    );
  }
  assert.ok(
    answers.every(({ ok }) => ok),
    JSON.stringify(answers),
  );
  const { root } = stage.panel;
  assert.equal(readFileSync(join(root, 'etc/domainsync.ini'), 'utf8'), settings);
  assert.equal(readlinkSync(join(root, 'lib/domainsync/current')), '1.1.0');
  assert.equal(existsSync(join(root, 'lib/domainsync/1.0.0')), false);
  assert.match(await domainsync('--version'), /^1\.1\.0/);
});

test('a machine it cannot run on: said before anything is changed', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, answer] of [
    ['getconf', 'glibc 2.17'],
    ['uname', ''],
  ] as const) {
    const text =
      name === 'uname'
        ? '#!/bin/sh\n[ "$1" = -s ] && echo Linux || exec /bin/uname "$@"\n'
        : `#!/bin/sh\necho "${answer}"\n`;
    writeFileSync(join(bin, name), text, { mode: 0o755 });
  }
  const before = everything();
  const { root } = stage.panel;
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const refused = await run(join(root, 'lib/domainsync/1.1.0/install'), ['--root', root], { env }).then(
    () => '',
    (error: unknown) => (error instanceof Error && 'stderr' in error ? String(error.stderr) : ''),
  );
  assert.match(refused, /glibc 2\.28 or newer.*2\.17/);
  assert.deepEqual(everything(), before);
});

test('removed without trace', async () => {
  await domainsync('uninstall');
  stage.panel.restartPanel();
  rmSync(join(stage.panel.root, 'var/.plugin_scripts'), { recursive: true });
  assert.deepEqual(everything(), pristine);
  assert.ok((await save('alone')).ok);
  assert.equal(
    stage.central.keys(zone)?.some((key) => key.startsWith('alone A')),
    false,
  );
});
