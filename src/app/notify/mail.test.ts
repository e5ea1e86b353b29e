/**
 * Tests that Python's mail parser can read our mails. Also tests the mail program, with real scripts that
 * work, fail or hang.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { patience } from '../../testing/patience.ts';
import { missingPrograms, until } from '../../testing/servers/process.ts';
import { NotDelivered } from './channel.ts';
import { mailText } from './mail.ts';
import { noticeText, noticeTitle, type Notice } from './notice.ts';
import { asService, runSendmail } from './sendmail.ts';

const sender = { host: 'panel.example', root: '/usr/local/mgr5' };
const envelope = {
  to: ['a@example.net', 'root'],
  from: 'dns@example.net',
  id: 'id-1',
  at: 1_700_000_000_000,
};
const quiet = new AbortController().signal;

const notice: Notice = {
  id: 'id-1',
  at: 1_700_000_000_000,
  kind: 'changed',
  began: [
    {
      code: 'attention.central-unreachable',
      central: 2,
      since: 1_699_999_000_000,
      params: { text: '\r\nBcc: evil@example.net\r\n\r\n.\r\n\u001b[31m\u202e' },
    },
  ],
  ended: [],
  standing: [],
  heldBack: 3,
  quietUntil: 1_700_003_600_000,
  several: true,
};

/** Parses a mail with Python's mail parser. */
function parsed(mail: string): { headers: [string, string][]; body: string; defects: number } {
  const parser = `
import sys, json, email, email.policy
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
print(json.dumps({"headers": [[k, str(v)] for k, v in m.items()], "body": m.get_content(), "defects": len(m.defects)}))`;
  const { stdout, stderr } = spawnSync('python3', ['-c', parser], { input: mail, encoding: 'utf8' });
  assert.equal(stderr, '');
  return JSON.parse(stdout) as ReturnType<typeof parsed>;
}

const needsPython = { skip: missingPrograms('python3') };

test('both languages arrive as they were written, in ASCII and in short lines', needsPython, () => {
  for (const language of ['en', 'ru'] as const) {
    const title = noticeTitle(notice, sender, language);
    const text = noticeText(notice, sender, language);
    const mail = mailText(envelope, sender, title, text);
    assert.match(mail, /^[\x20-\x7e\n]*$/);
    assert.ok(mail.split('\n').every((line) => line.length <= 78));
    const { headers, body, defects } = parsed(mail);
    assert.deepEqual(
      headers.map(([name]) => name),
      [
        'From',
        'To',
        'Subject',
        'Date',
        'Message-ID',
        'Auto-Submitted',
        'MIME-Version',
        'Content-Type',
        'Content-Transfer-Encoding',
      ],
    );
    const values = new Map(headers);
    assert.equal(values.get('Subject'), title);
    assert.equal(values.get('To'), 'a@example.net, root');
    assert.equal(values.get('Date'), 'Tue, 14 Nov 2023 22:13:20 +0000');
    assert.equal(values.get('Message-ID'), '<id-1@panel.example>');
    assert.equal(body.replaceAll('\r\n', '\n').trimEnd(), text);
    assert.equal(defects, 0);
  }
});

test(
  'nothing that was observed becomes a header, a line of its own, or a control character',
  needsPython,
  () => {
    const mail = mailText(
      envelope,
      sender,
      noticeTitle(notice, sender, 'en'),
      noticeText(notice, sender, 'en'),
    );
    const { headers, body } = parsed(mail);
    assert.doesNotMatch(JSON.stringify(headers), /evil/);
    assert.doesNotMatch(body, /[^\P{Cc}\r\n]|\p{Cf}/u);
    assert.ok(body.split('\n').every((line) => !line.startsWith('Bcc') && line.trim() !== '.'));
  },
);

test('a long title in Cyrillic is cut between characters', needsPython, () => {
  for (const title of [`${'п'.repeat(200)}😀`, '=?UTF-8?B?x?=', 'a'.repeat(300), '', '😀'.repeat(30)])
    assert.equal(new Map(parsed(mailText(envelope, sender, title, 'x')).headers).get('Subject'), title);
});

test('without a sender the mail program names one', needsPython, () => {
  const mail = mailText({ ...envelope, from: null }, sender, 'x', 'y');
  assert.equal(new Map(parsed(mail).headers).has('From'), false);
});

test('what a notice says', () => {
  const text = noticeText(
    { ...notice, ended: notice.began, began: [], several: false, heldBack: 0, quietUntil: null },
    sender,
    'en',
  );
  assert.match(
    text,
    /Over:\n- The central DNS cannot be reached.*\[attention\.central-unreachable, since 2023-11-14 21:56 UTC\]/,
  );
  assert.match(text, /All is well again/);
  assert.match(noticeText(notice, sender, 'en'), /New:\n- Central DNS 2: /);
  assert.match(noticeText(notice, sender, 'en'), /held back because there were too many: 3/);
  assert.match(noticeText(notice, sender, 'ru'), /Новое:\n- Центральный DNS 2: /);
  const titles = [
    noticeTitle(notice, sender, 'en'),
    noticeTitle({ ...notice, began: [], ended: notice.began }, sender, 'en'),
    noticeTitle({ ...notice, began: [], ended: notice.began, standing: notice.began }, sender, 'en'),
    noticeTitle({ ...notice, began: [] }, sender, 'en'),
    noticeTitle({ ...notice, kind: 'test' }, sender, 'en'),
  ];
  assert.equal(new Set(titles).size, titles.length);
});

/** Makes a mail program: a script in a folder of its own, in which the script may write. */
function program(t: TestContext, script: string): { path: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sendmail-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'sendmail');
  writeFileSync(path, `#!/bin/sh\ncd '${folder}'\n${script}\n`);
  chmodSync(path, 0o755);
  return { path, folder };
}

async function failure(
  sending: Promise<void>,
): Promise<{ code: string; params: Readonly<Record<string, string>> }> {
  try {
    await sending;
  } catch (error) {
    assert.ok(error instanceof NotDelivered, String(error));
    return error.problem;
  }
  assert.fail('it was delivered');
}

test('the mail program gets the mail, two arguments, and nothing of our environment', async (t) => {
  const { path, folder } = program(t, 'echo "$*" >words; env >environment; cat >mail');
  process.env['DOMAINSYNC_TEST_SECRET'] = 'x';
  t.after(() => delete process.env['DOMAINSYNC_TEST_SECRET']);
  const mail = 'To: root\n\n.\nFrom me\n';
  await runSendmail({ path, deadline: patience, manager: null }, mail, quiet);
  const said = (name: string): string => readFileSync(join(folder, name), 'utf8');
  assert.equal(said('words'), '-t -i\n');
  assert.equal(said('mail'), mail);
  assert.doesNotMatch(said('environment'), /DOMAINSYNC_TEST_SECRET/);
});

test('a program that fails is told with its status and its words, without control characters', async (t) => {
  const { path } = program(t, String.raw`printf 'queue \033[31mfull\n' >&2; exit 75`);
  const problem = await failure(
    runSendmail({ path, deadline: patience, manager: null }, 'x'.repeat(1e6), quiet),
  );
  assert.deepEqual(problem, {
    code: 'notify.program-failed',
    params: { program: path, status: '75', text: 'queue  [31mfull' },
  });
  const endless = program(t, 'yes error | head -c 1000000 >&2; exit 1');
  const long = await failure(
    runSendmail({ path: endless.path, deadline: patience, manager: null }, 'x', quiet),
  );
  assert.ok((long.params['text'] ?? '').length < 600);
});

test('a program that is killed, missing, or none', async (t) => {
  const { path, folder } = program(t, 'kill -9 $$');
  const options = { deadline: patience, manager: null };
  assert.equal((await failure(runSendmail({ ...options, path }, 'x', quiet))).params['status'], 'SIGKILL');
  const missing = join(folder, 'none');
  assert.equal(
    (await failure(runSendmail({ ...options, path: missing }, 'x', quiet))).code,
    'notify.program-missing',
  );
  assert.equal(
    (await failure(runSendmail({ ...options, path: folder }, 'x', quiet))).code,
    'notify.program-missing',
  );
});

test('a program that hangs is killed at the deadline with all it has started', async (t) => {
  const { path, folder } = program(t, 'sleep 600 & echo $! >child; trap "" TERM; wait; sleep 600');
  const problem = await failure(
    runSendmail({ path, deadline: 4_000, manager: null }, 'x'.repeat(1e6), quiet),
  );
  assert.deepEqual(problem, { code: 'notify.program-late', params: { program: path, seconds: '4' } });
  const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
  await until(() => Promise.resolve(!isAlive(child)));
});

test('a program whose own child goes on delivering in the background has delivered', async (t) => {
  const { path, folder } = program(t, 'cat >mail; sleep 600 & echo $! >child');
  await runSendmail({ path, deadline: patience, manager: null }, 'x', quiet);
  const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
  assert.ok(isAlive(child));
  process.kill(child, 'SIGKILL');
});

test('issue 16, bad input: a program that fills its pipe and reads nothing is killed at the deadline', async (t) => {
  const { path } = program(t, 'exec yes error >&2');
  const sending = runSendmail({ path, deadline: 2_000, manager: null }, 'x'.repeat(1e6), quiet);
  assert.equal((await failure(sending)).code, 'notify.program-late');
});

test('issue 16, bad input: a program that has ended well has delivered, though the time runs out then', async (t) => {
  // The script's child keeps the pipe open, so the sender still waits after the script itself has ended.
  const { path, folder } = program(t, 'cat >mail; sleep 600 & echo $! >child; echo $$ >pid');
  const late = new AbortController();
  const sending = runSendmail({ path, deadline: patience, manager: null }, 'x', late.signal);
  const read = (name: string): number => Number(readFileSync(join(folder, name), 'utf8'));
  await until(() => Promise.resolve(existsSync(join(folder, 'pid')) && read('pid') > 0));
  const [pid, child] = [read('pid'), read('child')];
  t.after(() => process.kill(child, 'SIGKILL'));
  await until(() => Promise.resolve(!isAlive(pid)));
  late.abort(new Error('stopping'));
  await sending;
});

test('issue 16, bad input: what keeps a program from being started is no defect', async () => {
  const options = { deadline: patience, manager: null };
  const odd = await failure(runSendmail({ ...options, path: '/bin/\0x' }, 'x', quiet));
  assert.equal(odd.code, 'notify.program-missing');
});

test('the stop of the agent ends the program', async (t) => {
  const { path, folder } = program(t, 'echo $$ >pid; exec sleep 600');
  const stopping = new AbortController();
  const sending = failure(runSendmail({ path, deadline: patience, manager: null }, 'x', stopping.signal));
  await until(() => Promise.resolve(existsSync(join(folder, 'pid'))));
  stopping.abort(new Error('stopping'));
  await sending;
  const stopped = await failure(
    runSendmail({ path, deadline: patience, manager: null }, 'x', stopping.signal),
  );
  assert.equal(stopped.code, 'notify.program-late');
});

test('as a service it is systemd that starts the program, with the mail on its input', async (t) => {
  const { path, folder } = program(t, 'echo "$*" >words; cat >mail');
  const { start, end } = asService(1_500);
  const unit = start.find((word) => word.startsWith('--unit='))?.slice('--unit='.length) ?? '';
  assert.match(unit, /^domainsync-mail-[0-9a-f-]{36}\.service$/);
  assert.deepEqual(end, ['systemctl', 'kill', '--signal=SIGKILL', unit]);
  assert.ok(start.includes('--property=KillMode=process') && start.includes('--property=RuntimeMaxSec=7'));
  // This script takes the place of systemd-run. It starts the program behind `--`.
  const starter = program(t, 'echo "$*" >words; while [ "$1" != -- ]; do shift; done; shift; exec "$@"');
  const [, ...words] = start;
  const manager = { start: [starter.path, ...words], end } as const;
  await runSendmail({ path, deadline: patience, manager }, 'mail\n', quiet);
  assert.equal(readFileSync(join(folder, 'mail'), 'utf8'), 'mail\n');
  assert.match(readFileSync(join(starter.folder, 'words'), 'utf8'), /^--quiet .* -- \/\S+ -t -i\n$/);
});

test('at the deadline the service is ended as well', async (t) => {
  const { path } = program(t, 'exec sleep 600');
  const ender = program(t, 'echo "$*" >words');
  const manager = { start: ['/usr/bin/env', '--'], end: [ender.path, 'kill', 'x.service'] } as const;
  const problem = await failure(runSendmail({ path, deadline: 200, manager }, 'x', quiet));
  assert.equal(problem.code, 'notify.program-late');
  const words = join(ender.folder, 'words');
  // The shell makes the file before it writes into it.
  await until(() => Promise.resolve(existsSync(words) && readFileSync(words, 'utf8') !== ''));
  assert.equal(readFileSync(words, 'utf8'), 'kill x.service\n');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie process counts as ended: its parent has only not waited for it yet.
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
