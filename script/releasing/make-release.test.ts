/** Tests `script/release` in a clone, with the real tools, for the architecture of this machine. */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { until } from '../../src/testing/stage/stage.ts';
import { missingPrograms } from '../../src/testing/servers/process.ts';
import { linksOf } from '../citations/read.ts';
import { changelogEpoch, compareVersions } from './version.ts';

const run = promisify(execFile);
const top = join(import.meta.dirname, '../..');
const missing = missingPrograms('minisign', 'dpkg-deb', 'rpmbuild', 'apt-ftparchive', 'createrepo_c', 'gpg');

test('issue 18, versions: numbers count as numbers, and a pre-release comes before the release', () => {
  assert.deepEqual(['1.10.0', '1.9.1', '1.9.1-rc.10', '1.9.1-rc.9', '1.9.0'].toSorted(compareVersions), [
    '1.9.0',
    '1.9.1-rc.9',
    '1.9.1-rc.10',
    '1.9.1',
    '1.10.0',
  ]);
  for (const text of ['1.2', '01.2.3x', '', '1.2.3-RC 1', '1.2.3;x'])
    assert.throws(() => compareVersions(text, '1.0.0'), /is no version/u, text);
});

test('issue 18, changelog: a release needs a section of its own, with its day and a text', () => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n- y\n\n## 1.2.0 (2026-12-01)\n\n- x\n\n## 1.1.0 (2026-01-01)\n';
  assert.equal(changelogEpoch(changelog, '1.2.0'), Date.parse('2026-12-01T00:00:00Z') / 1000);
  for (const version of ['1.1.0', '1.2', 'Unreleased', '1.3.0'])
    assert.throws(() => changelogEpoch(changelog, version), /has no section/u, version);
});

describe('a release of a clone', { skip: missing }, () => {
  let folder: string;
  let clone: string;

  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.net', ...args], {
      cwd: clone,
      encoding: 'utf8',
    });

  const openpgpKey = 'releases@provider.example';
  const gnupg = (): string => join(folder, 'gnupg');
  const gpg = (...args: readonly string[]): string =>
    execFileSync('gpg', ['--homedir', gnupg(), '--batch', '--quiet', ...args], { encoding: 'utf8' });

  /** Runs `script/release` with a home folder of its own. @returns what it prints to standard error */
  const refusal = (...args: readonly string[]): string => {
    const program = join(clone, 'script/make-release.ts');
    const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
      encoding: 'utf8',
      cwd: clone,
    });
    assert.equal(status, 1, stderr);
    return stderr;
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'make-release-'));
    clone = join(folder, 'clone');
    execFileSync('git', ['clone', '--quiet', '--shared', top, clone]);
    symlinkSync(join(top, 'node_modules'), join(clone, 'node_modules'));
    appendFileSync(join(clone, '.git/info/exclude'), 'node_modules\n');
    git('config', 'user.name', 't');
    git('config', 'user.email', 't@example.net');
    writeFileSync(join(folder, 'password'), 'pass word\n');
    execFileSync('minisign', ['-G', '-p', join(folder, 'key.pub'), '-s', join(folder, 'key')], {
      input: 'pass word\npass word\n',
    });
    mkdirSync(gnupg(), { mode: 0o700 });
    gpg('--passphrase', '', '--quick-generate-key', openpgpKey, 'ed25519', 'sign', 'never');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('issue 18, release: what is not ready is refused, and nothing is changed', () => {
    const key = ['--key', join(folder, 'key')];
    assert.match(refusal('9.9.9', ...key), /no section "## 9\.9\.9/u);
    assert.match(refusal('0.0.1', ...key), /0\.0\.1 is older than/u);
    assert.match(refusal('9.9.9'), /--unsigned/u);
    assert.match(refusal('9.9.9', '--key', join(folder, 'none')), /tree|section|missing/u);
    assert.match(refusal('9.9.9', ...key, '--base-url', 'http://dl.example.net/'), /https:\/\//u);
    assert.match(refusal('9.9.9', ...key, '--maintainer', 'a\nb'), /--maintainer/u);
    writeFileSync(join(clone, 'left-over'), '');
    assert.match(refusal('9.9.9', ...key), /not clean:\n\?\? left-over/u);
    rmSync(join(clone, 'left-over'));
    assert.equal(git('status', '--porcelain'), '');
  });

  test('issue 18, release: ended by a signal, it puts the version back and leaves no folder', async () => {
    addSection('9.8.0');
    const work = join(folder, 'work');
    mkdirSync(work);
    const program = join(clone, 'script/make-release.ts');
    const args = [program, '9.8.0', '--unsigned', '--fast', '--this-architecture'];
    const release = spawn(process.execPath, args, {
      cwd: clone,
      env: { ...process.env, TMPDIR: work },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const told = textOf(release.stderr);
    const ended = once(release, 'close');
    await until('the first build', () => globSync('release-*/first', { cwd: work }).length > 0);
    assert.match(readFileSync(join(clone, 'package.json'), 'utf8'), /"version": "9\.8\.0"/u);
    release.kill('SIGTERM');
    assert.deepEqual(await ended, [1, null]);
    assert.match(await told, /^script\/release: ended by SIGTERM; nothing was released$/mu);
    assert.equal(git('status', '--porcelain'), '');
    assert.deepEqual(readdirSync(work), []);
  });

  test('issue 18, release: built twice, signed, with sources for apt and dnf, and tagged', async () => {
    addSection('9.9.9');
    const quick = ['--fast', '--this-architecture', '--base-url', 'https://dl.example.net/ds'];
    const key = ['--key', join(folder, 'key'), '--password-file'];
    const wrong = join(folder, 'wrong');
    writeFileSync(wrong, 'another\n');
    assert.match(refusal('9.9.9', ...key, wrong, ...quick), /minisign failed/u);
    assert.equal(git('status', '--porcelain'), '', 'the version is put back');
    const program = join(clone, 'script/make-release.ts');
    const args = [program, '9.9.9', ...key, join(folder, 'password'), ...quick, '--tag'];
    await run(process.execPath, [...args, '--openpgp-key', openpgpKey], {
      cwd: clone,
      env: { ...process.env, GNUPGHOME: gnupg() },
    });
    assert.equal(git('status', '--porcelain'), '');
    assert.match(git('show', '--no-patch', '--format=%s', 'v9.9.9^{commit}'), /^Release 9\.9\.9$/mu);
    assert.match(git('show', 'HEAD', '--', 'package-lock.json'), /\+ +"version": "9\.9\.9"/u);
    const out = join(clone, 'releases/domainsync-9.9.9');
    const verify = ['-V', '-q', '-p', join(folder, 'key.pub'), '-m', join(out, 'SHA256SUMS')];
    await run('minisign', verify);
    await run('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: out });
    assert.match(
      readFileSync(join(out, 'ispmgr_plugins.xml'), 'utf8'),
      /<url>https:\/\/dl\.example\.net\/ds\/domainsync-9/u,
    );
    await isSignedInside(out);
    await hasSources(out);
    await aptTakes(join(out, 'apt'));
  });

  /** Gives the changelog a section for a version, and commits it. */
  function addSection(version: string): void {
    const path = join(clone, 'CHANGELOG.md');
    const section = `## Unreleased\n\n## ${version} (2026-11-01)\n\n- all\n`;
    writeFileSync(path, readFileSync(path, 'utf8').replace('## Unreleased\n', section));
    git('commit', '--quiet', '--all', '--message', 'changelog');
  }

  /** Has apt read the source, in folders of its own: it checks signature and checksums. */
  async function aptTakes(source: string): Promise<void> {
    const place = join(folder, 'apt');
    for (const name of ['state/lists/partial', 'cache/archives/partial'])
      mkdirSync(join(place, name), { recursive: true });
    const key = join(folder, 'provider.asc');
    writeFileSync(key, gpg('--armor', '--export', openpgpKey));
    writeFileSync(join(place, 'status'), '');
    writeFileSync(join(place, 'list'), `deb [signed-by=${key}] file:${source} stable main\n`);
    const options = {
      'Dir::Etc::SourceList': join(place, 'list'),
      'Dir::Etc::SourceParts': '-',
      'Dir::State': join(place, 'state'),
      'Dir::State::status': join(place, 'status'),
      'Dir::Cache': join(place, 'cache'),
      'APT::Sandbox::User': 'root',
    };
    const set = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const updated = await run('apt-get', [...set, 'update']);
    assert.equal(updated.stderr, '');
    const { stdout } = await run('apt-cache', [...set, 'policy', 'domainsync']);
    assert.match(stdout, /Candidate: 9\.9\.9/u);
  }

  /** Asserts that the archive's own list of checksums is signed by the same key. */
  async function isSignedInside(out: string): Promise<void> {
    const archive = readdirSync(out).find((name) => name.endsWith('.tar.gz')) ?? '';
    const to = join(folder, 'unpacked');
    execFileSync('mkdir', [to]);
    await run('tar', ['-xzf', join(out, archive), '-C', to]);
    const release = join(to, 'lib/domainsync/9.9.9');
    const verify = ['-V', '-q', '-p', join(folder, 'key.pub'), '-m', join(release, 'SHA256SUMS')];
    await run('minisign', verify);
    await run('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: release });
    assert.deepEqual(deadLinks(release), []);
  }

  /** Links of the pages below a folder that lead to no file below it. */
  function deadLinks(release: string): string[] {
    const pages = readdirSync(release, { recursive: true, encoding: 'utf8' });
    return pages
      .filter((name) => name.endsWith('.md'))
      .flatMap((page) =>
        linksOf(readFileSync(join(release, page), 'utf8'))
          .filter(({ path }) => !existsSync(join(release, dirname(page), path)))
          .map(({ path }) => `${page}: ${path}`),
      );
  }

  async function hasSources(out: string): Promise<void> {
    const [deb = ''] = readdirSync(join(out, 'apt/pool'));
    const { stdout: fields } = await run('dpkg-deb', ['-f', join(out, 'apt/pool', deb)]);
    assert.match(fields, /^Version: 9\.9\.9$/mu);
    const [arch = ''] = readdirSync(join(out, 'apt/dists/stable/main'));
    const packages = readFileSync(join(out, 'apt/dists/stable/main', arch, 'Packages'), 'utf8');
    assert.match(packages, /^Filename: pool\/domainsync_9\.9\.9_/mu);
    assert.match(
      readFileSync(join(out, 'apt/dists/stable/Release'), 'utf8'),
      /^SHA256:\n .* main\/binary-/mu,
    );
    const [family = ''] = readdirSync(join(out, 'yum'));
    const rpm = readdirSync(join(out, 'yum', family)).find((name) => name.endsWith('.rpm')) ?? '';
    const { stdout: name } = await run('rpm', ['-qp', '--nosignature', join(out, 'yum', family, rpm)]);
    assert.match(name, /^domainsync-9\.9\.9-1\./u);
    gpg(
      '--verify',
      join(out, 'yum', family, 'repodata/repomd.xml.asc'),
      join(out, 'yum', family, 'repodata/repomd.xml'),
    );
  }
});
