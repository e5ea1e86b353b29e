/** Issue 16, secrets: tests the files that hold secrets, and the options that name them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { describeProblem } from '../core/describe.ts';
import { credentialsFolder } from './credentials.ts';
import { options } from './options.ts';
import { secretReader } from './secret-file.ts';
import { fileOption } from './secret-options.ts';
import { readSettings, type LoadedSettings } from './settings.ts';

const planted = 'pl4nted-s3cret';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'secret-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function codeOf(named: string, folder: string | null = null): string | null {
  const { path, text, problem } = secretReader(() => folder)(named);
  if (problem === null) return null;
  assert.equal(text, '');
  assert.ok(path === null || named.endsWith(path) || path.endsWith(named), String(path));
  return problem.code;
}

function keep(folder: string, name: string, content: string | Buffer, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode });
  chmodSync(path, mode);
  return path;
}

test('issue 16, secrets: one line of text, its line feed left out and nothing else', (t) => {
  const folder = folderOf(t);
  const cases: readonly (readonly [string, string])[] = [
    ['pa;ss#wo=%rd', 'pa;ss#wo=%rd'],
    ['secret\n', 'secret'],
    ['secret\r\n', 'secret'],
    ['\ufeffпароль\n', 'пароль'],
    [' spaces \t stay ', ' spaces \t stay '],
    ['x'.repeat(4_096), 'x'.repeat(4_096)],
  ];
  for (const [content, text] of cases) {
    const path = keep(folder, 'secret', content);
    const found = secretReader(() => null)(path);
    assert.deepEqual(found, { path, text, problem: null });
  }
  for (const [content, code] of [
    ['', 'settings.secret-empty'],
    ['\n', 'settings.secret-empty'],
    ['one\ntwo\n', 'settings.secret-not-a-line'],
    ['two\n\n', 'settings.secret-not-a-line'],
    ['nul\0', 'settings.secret-not-a-line'],
    [Buffer.from([0xff, 0xfe, 0x41]), 'settings.secret-not-a-line'],
    ['x'.repeat(4_097), 'settings.secret-too-large'],
  ] as const)
    assert.equal(codeOf(keep(folder, 'secret', content)), code, JSON.stringify(content).slice(0, 20));
});

test('issue 16, secrets: only a regular file that nobody else can read or change', async (t) => {
  const folder = folderOf(t);
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o610])
    assert.equal(codeOf(keep(folder, 'open', planted, mode)), 'settings.secret-exposed', mode.toString(8));
  for (const mode of [0o600, 0o400, 0o700]) assert.equal(codeOf(keep(folder, 'own', planted, mode)), null);
  if (process.getuid?.() === 0) {
    const path = keep(folder, 'foreign', planted);
    chownSync(path, 1_000, 0);
    assert.equal(codeOf(path), 'settings.secret-exposed');
  }
  assert.equal(codeOf(join(folder, 'none')), 'settings.no-secret-file');
  assert.equal(codeOf(join(folder, 'own', 'below')), 'settings.no-secret-file');
  assert.equal(codeOf(folder), 'settings.secret-no-file');
  assert.equal(codeOf('/dev/zero'), 'settings.secret-no-file');
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', ['-m', '600', pipe]);
  assert.equal(codeOf(pipe), 'settings.secret-no-file');
  const socket = join(folder, 'socket');
  const server = createServer().listen(socket);
  t.after(() => server.close());
  await new Promise((listening) => server.once('listening', listening));
  assert.equal(codeOf(socket), 'settings.secret-unreadable');
  const loop = join(folder, 'loop');
  symlinkSync(loop, loop);
  assert.equal(codeOf(loop), 'settings.secret-unreadable');
  // A link is judged by the file to which it leads.
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'own'), link);
  assert.equal(codeOf(link), null);
});

test('issue 16, secrets: a name without a folder is a credential of systemd', (t) => {
  const folder = folderOf(t);
  keep(folder, 'password', planted);
  assert.equal(codeOf('password', folder), null);
  assert.equal(codeOf('other', folder), 'settings.no-secret-file');
  assert.equal(codeOf('password'), 'settings.no-credential');
  for (const name of ['../password', './password', '..', 'a/b'])
    assert.equal(codeOf(name, folder), 'settings.bad-secret-file', name);
});

test('issue 16, secrets: the folder of credentials is that of the environment, else that of the unit', (t) => {
  const run = folderOf(t);
  const root = join(run, 'panel');
  const unit = `domainsync-agent${root.replaceAll(/[^A-Za-z0-9]+/g, '-')}.service`;
  assert.equal(credentialsFolder(root, { CREDENTIALS_DIRECTORY: '/x' }, run), '/x');
  assert.equal(credentialsFolder(root, {}, run), null);
  mkdirSync(join(run, unit));
  assert.equal(credentialsFolder(root, { CREDENTIALS_DIRECTORY: '' }, run), join(run, unit));
});

function settingsWith(...lines: readonly string[]): LoadedSettings {
  const head = ['[isp_master]', 'host = dns.example.net', 'username = x'];
  return readSettings(`${[...head, ...lines].join('\n')}\n`, 'x.ini');
}

function problemsIn(loaded: LoadedSettings): readonly (readonly [string, string | undefined])[] {
  assert.ok(loaded.kind === 'broken', loaded.kind);
  return loaded.problems.map(({ code, params }) => [code, params['option']]);
}

test('issue 16, secrets: every option that is a secret can be given as a file', (t) => {
  const folder = folderOf(t);
  const secrets = options.filter(({ values }) => values.kind === 'secret');
  assert.ok(secrets.length >= 2);
  for (const { section, option } of secrets)
    assert.ok(
      options.some((one) => one.section === section && one.option === fileOption(option)),
      option,
    );
  const [one, two, hook] = ['one', 'two', 'hook'].map((name) =>
    keep(folder, name, `${name}-0123456789abcdef\n`),
  );
  const loaded = settingsWith(
    `password_file = ${one}`,
    '[central_2]',
    'host = other.example.net',
    'username = y',
    `password_file = ${two}`,
    '[notify]',
    'webhook = https://hooks.example.net/',
    `webhook_secret_file = ${hook}`,
  );
  assert.ok(loaded.kind === 'configured', JSON.stringify(loaded));
  const { settings, files, warnings } = loaded;
  assert.equal(settings.password.reveal(), 'one-0123456789abcdef');
  assert.equal(settings.further[0]?.password.reveal(), 'two-0123456789abcdef');
  assert.equal(settings.notify.webhookSecret.reveal(), 'hook-0123456789abcdef');
  assert.deepEqual(warnings, []);
  assert.deepEqual([...new Set(files)].toSorted(), [hook, one, two]);
});

test('issue 16, secrets: both given, or a file that cannot be used, is told once, with its line', (t) => {
  const folder = folderOf(t);
  const file = keep(folder, 'password', planted);
  const open = keep(folder, 'open', planted, 0o644);
  const short = keep(folder, 'short', 'short');
  assert.deepEqual(problemsIn(settingsWith('password = x', `password_file = ${file}`)), [
    ['settings.secret-twice', 'password_file'],
  ]);
  const loaded = settingsWith(
    `password_file = ${open}`,
    '[central_2]',
    'host = other.example.net',
    'username = y',
    `password_file = ${folder}/none`,
    '[notify]',
    'webhook = https://hooks.example.net/',
    `webhook_secret_file = ${open}`,
  );
  assert.deepEqual(problemsIn(loaded), [
    ['settings.no-secret-file', '[central_2] password_file'],
    ['settings.secret-exposed', 'password_file'],
    ['settings.secret-exposed', 'webhook_secret_file'],
  ]);
  assert.ok(loaded.kind === 'broken');
  assert.deepEqual([...new Set(loaded.files)].toSorted(), [`${folder}/none`, open]);
  for (const problem of loaded.problems) {
    for (const language of ['en', 'ru'] as const) {
      const text = describeProblem(problem, language);
      assert.ok(!text.includes(planted) && !/\{[a-z]+\}/u.test(text), text);
      assert.match(text, /x\.ini.*(?:line|строка) [1-9]/u);
    }
  }
  const notify = ['[notify]', 'webhook = https://hooks.example.net/', `webhook_secret_file = ${short}`];
  const tooShort = settingsWith(`password_file = ${file}`, ...notify);
  assert.deepEqual(problemsIn(tooShort), [['settings.short-secret', 'webhook_secret']]);
  assert.ok(tooShort.kind === 'broken' && tooShort.problems[0]?.params['line'] === '7');
  // An empty option counts as absent.
  assert.deepEqual(problemsIn(settingsWith('password_file =')), [['settings.missing', 'password']]);
});
