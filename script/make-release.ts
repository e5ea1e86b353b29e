/** Makes a release (docs/releasing.md). `script/release` starts it. */
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { parseArgs, promisify } from 'node:util';
import { checkedBaseUrl } from './releasing/archive.ts';
import { sumsName, writeSums } from './releasing/checksums.ts';
import { architectures } from './releasing/runtime.ts';
import { minisign, type MinisignKey } from './releasing/sign.ts';
import { makeAptSource, makeYumSource, packagedArchitectures } from './releasing/sources.ts';
import { signatureName } from './releasing/stage.ts';
import { changelogEpoch, compareVersions, setVersion } from './releasing/version.ts';

const run = promisify(execFile);
const top = join(import.meta.dirname, '..');

const usage = `script/release VERSION (--key FILE [--password-file FILE] | --unsigned) [--base-url https://...]
  [--openpgp-key ID] [--maintainer "NAME <ADDRESS>"] [--out DIR] [--this-architecture] [--fast] [--tag]`;

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      'password-file': { type: 'string' },
      unsigned: { type: 'boolean', default: false },
      'base-url': { type: 'string', default: '' },
      'openpgp-key': { type: 'string' },
      maintainer: { type: 'string', default: 'domainsync <root@localhost>' },
      out: { type: 'string' },
      'this-architecture': { type: 'boolean', default: false },
      fast: { type: 'boolean', default: false },
      tag: { type: 'boolean', default: false },
    },
  });
  const [version] = positionals;
  if (version === undefined || positionals.length > 1) throw new Error(`usage: ${usage}`);
  if ((values.key === undefined) !== values.unsigned) throw new Error('give --key FILE, or --unsigned');
  if (!/^[^\n']+ <[^\n'<> ]+@[^\n'<> ]+>$/u.test(values.maintainer))
    throw new Error('--maintainer looks like "Name <address@example.net>"');
  return { ...values, version };
}

type Options = ReturnType<typeof options>;

/** Aborted by a signal that ends this program. */
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(name, () => interrupted.abort(new Error(`ended by ${name}; nothing was released`)));

async function git(...args: readonly string[]): Promise<string> {
  return (await run('git', [...args], { cwd: top })).stdout.trim();
}

/** Checks everything that can be checked before anything is changed. @returns the time of the release */
async function prepare({ version, ...values }: Options, current: string): Promise<number> {
  checkedBaseUrl(values['base-url']);
  if (compareVersions(version, current) < 0) throw new Error(`${version} is older than ${current}`);
  const changes = await git('status', '--porcelain');
  if (changes !== '') throw new Error(`the tree is not clean:\n${changes}`);
  const epoch = changelogEpoch(readFileSync(join(top, 'CHANGELOG.md'), 'utf8'), version);
  if (epoch * 1000 > Date.now()) throw new Error(`the day of ${version} in CHANGELOG.md is yet to come`);
  if ((await git('tag', '--list', `v${version}`)) !== '') throw new Error(`the tag v${version} exists`);
  for (const file of [values.key, values['password-file']])
    if (file !== undefined && !existsSync(file)) throw new Error(`${file} is missing`);
  return epoch;
}

function keyOf(values: Options): MinisignKey | null {
  if (values.key === undefined) return null;
  return { file: resolve(values.key), passwordFile: values['password-file'] ?? null };
}

/** Builds into `out`, in a process of its own. `other`: with another umask, time zone and user name. */
async function build(out: string, values: Options, more: readonly string[], other = false): Promise<void> {
  const args = ['--archive', '--out', out, '--version', values.version, ...more];
  if (!values['this-architecture']) args.push('--all');
  if (values.fast) args.push('--fast');
  const command = `umask ${other ? '077' : '022'}; exec "$0" "$@"`;
  const env = other ? { ...process.env, TZ: 'Pacific/Auckland', LC_ALL: 'C', USER: 'other' } : process.env;
  await runGroup(['sh', '-c', command, process.execPath, join(top, 'script/build.ts'), ...args], env);
}

/**
 * Runs a build in a process group of its own. A signal to this program ends the whole group.
 * @throws {Error} if the build fails, with its standard error; if a signal came, the error that names it
 */
async function runGroup([file = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  interrupted.signal.throwIfAborted();
  const child = spawn(file, args, { env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const end = (): void => {
    const runs = child.exitCode === null && child.signalCode === null;
    if (child.pid !== undefined && runs) process.kill(-child.pid, 'SIGTERM');
  };
  interrupted.signal.addEventListener('abort', end, { once: true });
  const closed = new Promise<number | null>((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  });
  const [status, told] = await Promise.all([closed, textOf(child.stderr)]);
  interrupted.signal.removeEventListener('abort', end);
  interrupted.signal.throwIfAborted();
  if (status !== 0) throw new Error(`the build failed:\n${told}`);
}

/** Makes the signatures that are put into the archives. @returns their folder */
async function signSums(work: string, values: Options, key: MinisignKey): Promise<string> {
  const [sums, signatures] = [join(work, 'sums'), join(work, 'signatures')];
  await build(sums, values, ['--sums-only']);
  mkdirSync(signatures);
  for (const arch of architectures) {
    const file = join(sums, `${sumsName}-${arch}`);
    if (!existsSync(file)) continue;
    await minisign([file], key, `domainsync ${values.version} ${arch}`);
    copyFileSync(`${file}.minisig`, join(signatures, signatureName(arch)));
  }
  return signatures;
}

/**
 * Builds twice and compares.
 * @returns the folder of the first build, and the names of the release files in it
 */
async function buildTwice(
  work: string,
  values: Options,
  epoch: number,
  signatures: string | null,
): Promise<{ readonly folder: string; readonly names: readonly string[] }> {
  const signed = signatures === null ? [] : ['--signatures', signatures];
  const named = ['--base-url', values['base-url'], '--maintainer', values.maintainer];
  const more = ['--packages', '--epoch', String(epoch), ...named, ...signed];
  const [first, second] = [join(work, 'first'), join(work, 'somewhere/else/second')];
  await build(first, values, more);
  await build(second, values, more, true);
  const names = readdirSync(first).filter((name) => /\.(?:tar\.gz|deb|rpm|xml)$/u.test(name));
  for (const name of names) {
    if (!readFileSync(join(first, name)).equals(readFileSync(join(second, name))))
      throw new Error(`two builds of ${name} differ; nothing was released`);
  }
  return { folder: first, names };
}

/** Makes the folder that a provider puts on a web server. */
async function layOut(
  out: string,
  built: { readonly folder: string; readonly names: readonly string[] },
  values: Options,
  epoch: number,
): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const name of built.names) copyFileSync(join(built.folder, name), join(out, name));
  const { version } = values;
  const made = packagedArchitectures(built.names, version);
  const sources = { out, version, made, epoch, openpgpKey: values['openpgp-key'] ?? null };
  await makeAptSource(sources);
  await makeYumSource(sources);
  const sums = writeSums(out);
  const key = keyOf(values);
  if (key !== null) await minisign([sums], key, `domainsync ${version}`);
}

async function makeRelease(values: Options, current: string, out: string): Promise<void> {
  const epoch = await prepare(values, current);
  const work = mkdtempSync(join(tmpdir(), 'release-'));
  const putBack = setVersion(top, current, values.version);
  try {
    const key = keyOf(values);
    const signatures = key === null ? null : await signSums(work, values, key);
    console.error('built once for the signature; now twice, to compare');
    const built = await buildTwice(work, values, epoch, signatures);
    await layOut(out, built, values, epoch);
    interrupted.signal.throwIfAborted();
    if (values.tag) {
      const changed = await git('status', '--porcelain');
      if (changed !== '') await git('commit', '--all', '--message', `Release ${values.version}`);
      await git('tag', '--annotate', `v${values.version}`, '--message', `domainsync ${values.version}`);
    }
  } catch (error) {
    putBack();
    // A signal from the terminal also ends the programs that this one has started. If there was one, it is
    // reported instead of their errors, which say less.
    interrupted.signal.throwIfAborted();
    throw error;
  } finally {
    // The programs of a build that was ended may still be writing.
    rmSync(work, { recursive: true, force: true, maxRetries: 10 });
  }
}

function currentVersion(): string {
  const text = readFileSync(join(top, 'package.json'), 'utf8');
  const [, version] = /^ {2}"version": "([^"]+)"/mu.exec(text) ?? [];
  if (version === undefined) throw new Error('package.json has no version');
  return version;
}

try {
  const values = options();
  const out = resolve(values.out ?? join(top, 'releases', `domainsync-${values.version}`));
  await makeRelease(values, currentVersion(), out);
  console.log(`${basename(out)} is complete: ${out}`);
  const left = values.tag ? 'git push and git push --tags' : 'commit the version, tag it, push';
  console.log(`Nothing was pushed. Left to you: ${left}; put the folder on the web server.`);
} catch (error) {
  console.error(`script/release: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
