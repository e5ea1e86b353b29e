/**
 * Tests of the release archive. A panel's releases are installed, updated and removed as a tool for many
 * servers would do it, while users make edits. The story is the same for each kind of panel.
 */
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
import { account, makeStage, until, type Stage } from '../../src/testing/stage/stage.ts';
import { address, holdsName } from '../../src/testing/stage/panel-words.ts';
import type { Answer } from '../../sandbox/index.ts';

const run = promisify(execFile);
const builder = join(import.meta.dirname, '../../script/build.ts');
const zone = 'example.org';

/** The output of `install` and `uninstall` with `--json`. */
export interface Done {
  readonly changed: readonly string[];
  readonly restarted: boolean;
}

/** A stage, and the archives from which releases are installed. */
export class InstallStage {
  readonly stage: Stage;
  readonly folder: string;
  readonly #pristine: string[];
  readonly #archives = new Map<string, string>();

  private constructor(stage: Stage, folder: string) {
    this.stage = stage;
    this.folder = folder;
    this.#pristine = this.everything();
  }

  static async make(generation: 'v4' | 'v6'): Promise<InstallStage> {
    const stage = await makeStage({ panel: generation, central: generation });
    assert.ok((await stage.atCentral.makeZone(zone)).ok);
    assert.ok((await stage.atPanel.makeZone(zone)).ok);
    return new InstallStage(stage, mkdtempSync(join(tmpdir(), 'install-e2e-')));
  }

  async stop(): Promise<void> {
    await this.stage.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get root(): string {
    return this.stage.panel.root;
  }

  /** Every path below the panel's root, except files that the running panel itself writes. */
  everything(): string[] {
    return readdirSync(this.root, { recursive: true, encoding: 'utf8' })
      .filter((path) => !/^var\/(state|ispmgr)/.test(path))
      .sort();
  }

  isPristine(): void {
    assert.deepEqual(this.everything(), this.#pristine);
  }

  async release(version: string): Promise<string> {
    const made = this.#archives.get(version);
    if (made !== undefined) return made;
    const out = join(this.folder, `dist-${version}`);
    await run(process.execPath, [builder, '--archive', '--fast', '--out', out, '--version', version]);
    const name = readdirSync(out).find((file) => file.endsWith('.tar.gz')) ?? '';
    this.#archives.set(version, join(out, name));
    return join(out, name);
  }

  /** Unpacks an archive in `place` and runs its installer (docs/protocol.md#sources-4). */
  async unpackAndInstall(version: string, place: string, ...args: readonly string[]): Promise<Done> {
    mkdirSync(place, { recursive: true });
    await run('tar', ['-xzf', await this.release(version), '-C', place]);
    const installer = join(place, 'lib/domainsync', version, 'install');
    const { stdout } = await run(installer, ['--root', this.root, '--json', ...args]);
    return JSON.parse(stdout) as Done;
  }

  settings(): string {
    const { url, fingerprint } = this.stage.central;
    const path = join(this.folder, 'right.ini');
    writeFileSync(
      path,
      `[isp_master]\nhost = ${url}\nusername = ${account.name}\npassword = ${account.password}\nfingerprint = ${fingerprint}\n` +
        '[sync]\nafter_wait = 1\nread_gap = 1\ngrace = 1\n',
    );
    return path;
  }

  async domainsync(...args: readonly string[]): Promise<string> {
    return (await run(join(this.root, 'sbin/domainsync'), args)).stdout;
  }

  save(name: string): Promise<Answer> {
    return this.stage.atPanel.save(zone, address(name, '192.0.2.9'));
  }

  has(side: 'panel' | 'central', name: string): boolean {
    return holdsName(this.stage[side], zone, name);
  }

  /**
   * Makes edits until one is on both sides. By then the panel has read the description file, and the agent
   * has compared all zones.
   */
  async mirrors(name: string): Promise<void> {
    await until('an edit', async () => {
      await this.save(name);
      return this.has('panel', name) && this.has('central', name);
    });
  }

  /** Makes one edit after the other while `during` runs. Asserts that both sides have each of them. */
  async editing(prefix: string, during: () => Promise<void>): Promise<void> {
    const over = new AbortController();
    const answers: { name: string; ok: boolean }[] = [];
    const editing = (async (): Promise<void> => {
      for (let at = 0; !over.signal.aborted || at < 5; at += 1) {
        const name = `${prefix}${at}`;
        answers.push({ name, ok: (await this.save(name)).ok });
      }
    })();
    try {
      await during();
    } finally {
      over.abort();
      await editing;
    }
    for (const { name, ok } of answers) {
      assert.equal(this.has('panel', name), ok, name);
      assert.equal(this.has('central', name), ok, name);
    }
    assert.ok(
      answers.every(({ ok }) => ok),
      JSON.stringify(answers),
    );
  }

  inUse(): string {
    return readlinkSync(join(this.root, 'lib/domainsync/current'));
  }
}

/** Returns what a refused installation prints to standard error; empty: the installation was not refused. */
async function refusalOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => '',
    (error: unknown) => (error instanceof Error && 'stderr' in error ? String(error.stderr) : ''),
  );
}

/**
 * Registers the tests that are the same for every kind of panel.
 * @param description path of the plugin's description file, relative to the panel's root
 * @param further registers more tests, which run before the plugin is removed; it gets a function that
 *   returns the stage
 */
export function runInstallStory(
  generation: 'v4' | 'v6',
  description: string,
  further: (story: () => InstallStage) => void = () => undefined,
): void {
  let story: InstallStage;
  const restartsItself = generation !== 'v4';

  before(async () => {
    story = await InstallStage.make(generation);
  });
  after(async () => {
    await story.stop();
  });

  test('settings with mistakes: every one is said, and nothing is put in force', async () => {
    const config = join(story.folder, 'wrong.ini');
    writeFileSync(config, '[isp_master]\nhost = http://dns.example.net\n[log]\nlevel = 12\n');
    const refused = await refusalOf(story.unpackAndInstall('0.9.0', story.root, '--config', config));
    assert.match(refused, /line 2.*http:\/\//);
    assert.match(refused, /line 4.*level/);
    assert.match(refused, /Nothing was changed/);
    assert.equal(existsSync(join(story.root, description)), false);
    rmSync(join(story.root, 'lib/domainsync'), { recursive: true });
    rmSync(join(story.root, 'var/.plugin_scripts'), { recursive: true });
    story.isPristine();
  });

  test('installed with its settings, with its own Node.js', async () => {
    const done = await story.unpackAndInstall('1.0.0', story.root, '--config', story.settings());
    assert.equal(done.restarted, restartsItself);
    const shim = readFileSync(join(story.root, 'addon/domainsync'), 'utf8');
    assert.match(shim, /lib\/domainsync\/current\/node/);
    if (!restartsItself) story.stage.panel.restartPanel();
    await story.mirrors('first');
    assert.match(await story.domainsync('--version'), /^1\.0\.0/);
    const paths = [...(await story.domainsync('--help')).matchAll(/\/\S+\.md/gu)].map(([path]) => path);
    const release = join(story.root, 'lib/domainsync/current');
    assert.deepEqual(paths, [join(release, 'docs/operations.md'), join(release, 'docs/messages.md')]);
    for (const name of ['LICENSE', 'licenses/node.txt', 'licenses/saxes.txt', 'sbom.cdx.json', 'README.md'])
      paths.push(join(release, name));
    for (const path of paths) assert.ok(existsSync(path), path);
    await run('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: release });
  });

  test('again: nothing changes, and the panel is left alone', async () => {
    const { root } = story;
    const again = await run(join(root, 'lib/domainsync/1.0.0/install'), ['--root', root, '--json']);
    const { changed, restarted } = JSON.parse(again.stdout) as Done;
    assert.deepEqual([changed, restarted], [[], false]);
  });

  test('an update while edits go on: each edit is on both sides or on neither', async () => {
    await story.release('1.1.0');
    const settings = readFileSync(join(story.root, 'etc/domainsync.ini'), 'utf8');
    // ISPmanager 6 has no list of plugins that unpacks archives over the root. So any folder will do.
    const place = restartsItself ? join(story.folder, 'unpacked') : story.root;
    await story.editing('u', async () => {
      const done = await story.unpackAndInstall('1.1.0', place);
      assert.equal(done.restarted, false, 'nothing the panel reads has changed');
    });
    assert.equal(readFileSync(join(story.root, 'etc/domainsync.ini'), 'utf8'), settings);
    assert.equal(story.inUse(), '1.1.0');
    assert.equal(existsSync(join(story.root, 'lib/domainsync/1.0.0')), false);
    assert.match(await story.domainsync('--version'), /^1\.1\.0/);
  });

  test('a machine it cannot run on: said before anything is changed', async () => {
    const bin = join(story.folder, 'bin');
    mkdirSync(bin);
    const uname = '#!/bin/sh\n[ "$1" = -s ] && echo Linux || exec /bin/uname "$@"\n';
    writeFileSync(join(bin, 'uname'), uname, { mode: 0o755 });
    writeFileSync(join(bin, 'getconf'), '#!/bin/sh\necho "glibc 2.17"\n', { mode: 0o755 });
    const found = story.everything();
    const { root } = story;
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const installer = join(root, 'lib/domainsync/1.1.0/install');
    assert.match(await refusalOf(run(installer, ['--root', root], { env })), /glibc 2\.28 or newer.*2\.17/);
    assert.deepEqual(story.everything(), found);
  });

  further(() => story);

  test('removed without trace', async () => {
    await story.domainsync('uninstall', '--purge');
    if (!restartsItself) {
      story.stage.panel.restartPanel();
      // ISPmanager 4 itself deletes the scripts of a plugin that is removed in the panel. Here this test
      // deletes them.
      rmSync(join(story.root, 'var/.plugin_scripts'), { recursive: true });
    }
    story.isPristine();
    assert.ok((await story.save('alone')).ok);
    assert.equal(story.has('central', 'alone'), false);
  });
}
