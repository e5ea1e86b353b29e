/** Tests of the command line as users and programs call it, against two sandbox panels. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, cpSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { dist, type Ended } from '../../src/testing/stage/command-line.ts';
import { account, endProcess, makeStage, until, type Stage } from '../../src/testing/stage/stage.ts';
import { agree } from '../../src/testing/stage/panel-words.ts';
import { parseAnswer } from '../../src/app/control/protocol.ts';
import { pauseEnd } from '../../src/app/pause.ts';
import { pathsOf } from '../../src/app/paths.ts';
import { settingsPath } from '../../src/config/settings.ts';

const run = promisify(execFile);
const zone = 'example.org';
let stage: Stage;

async function domainsync(...args: readonly string[]): Promise<Ended> {
  return await stage.ended(...args);
}

async function json(...args: readonly string[]): Promise<unknown> {
  const { status, out, err } = await domainsync('--json', ...args);
  assert.ok(status === 0 || status === 3, err);
  return JSON.parse(out);
}

const save = { plid: zone, elid: '', sdtype: 'A', addr: '192.0.2.9', sok: 'ok' };

before(async () => {
  stage = await makeStage({ panel: 'v4', central: 'v4' });
  await stage.install();
});

after(() => stage.stop());

test('every command tells how it is used, with examples and exit statuses', async () => {
  const { out } = await domainsync('--help');
  const commands = [...out.matchAll(/^ {2}([a-z]+) /gmu)].map(([, name]) => name ?? '');
  for (const name of ['install', 'uninstall', 'agent', 'check', 'status', 'zones', 'zone', 'history', 'show'])
    assert.ok(commands.includes(name), name);
  for (const name of commands.filter((one) => one !== 'help' && one !== 'domainsync')) {
    const help = await domainsync(name, '--help');
    assert.equal(help.status, 0);
    assert.match(help.out, /Examples:\n/);
    assert.match(help.out, /Exit status: 0 /);
  }
});

test('issue 18, install: without settings it names the next step, with settings it does not', async () => {
  const again = ['install', '--from', dist, '--system', 'no'];
  const { status, out } = await domainsync(...again);
  assert.equal(status, 0);
  assert.match(out, /No central is set yet.*\n.*DNS sync/u);
  stage.configure();
  const strict = await domainsync(...again);
  assert.doesNotMatch(strict.out, /No central is set yet/u);
  assert.equal(strict.err, '');
  const observing = join(stage.directory, 'observing.ini');
  const settings = readFileSync(settingsPath(stage.panel.root), 'utf8');
  writeFileSync(observing, settings.replace('[sync]', '[sync]\nmode = observe'));
  assert.match((await domainsync(...again, '--config', observing)).err, /switch from strict to observe/u);
  rmSync(settingsPath(stage.panel.root));
});

test('issue 18, install: another release installs itself', async () => {
  const other = join(stage.directory, 'other');
  cpSync(dist, other, { recursive: true });
  writeFileSync(join(other, 'VERSION'), '99.1.2\n');
  const { status, err } = await domainsync('install', '--from', other, '--system', 'no');
  assert.equal(status, 1);
  assert.match(err, /99\.1\.2.*run .*\/other\/install\..*\[install\.other-release\]\nNothing was changed/u);
});

test('wrong usage ends with status 2 and says what is wrong', async () => {
  for (const args of [
    ['nonsense'],
    ['zone'],
    ['pause', '--for', 'ever'],
    ['pause', '--for', '0m'],
    ['pause', '--for', '000d'],
    ['zones', '--state', 'nonsense'],
    ['zones', '--central', '0'],
    ['doctor', '--zone', zone],
    ['history', '--latest', '0'],
    ['compare', '--follow'],
    ['compare', ''],
    ['zone', ''],
    ['push', ''],
    ['erase-user', ''],
    ['history', '--user', ''],
    ['report', '--out', ''],
    ['status', '--prometheus', ''],
    ['--socket', '', 'status'],
    ['--root', '', 'status'],
  ]) {
    const { status, err } = await domainsync(...args);
    assert.equal(status, 2, args.join(' '));
    assert.match(err, /error: /);
    const forPrograms = await domainsync('--json', ...args);
    assert.equal(forPrograms.status, 2);
    assert.match(errorIn(forPrograms.out), /./u);
  }
  assert.equal(pauseEnd(pathsOf(stage.panel.root).pause), null);
});

test('issue 16, full disk: output that cannot be written is said, in one line', () => {
  const [program = '', ...words] = stage.words;
  const full = openSync('/dev/full', 'w');
  try {
    for (const command of [['--json', 'status'], ['status'], ['resume']]) {
      const stdio = ['ignore', full, 'pipe'] as const;
      const ended = spawnSync(program, [...words, ...command], { stdio: [...stdio], encoding: 'utf8' });
      assert.equal(ended.status, 1, command.join(' '));
      assert.match(ended.stderr, /^domainsync: Standard output cannot be written: the disk is full\.\n$/u);
    }
  } finally {
    closeSync(full);
  }
});

test('what was typed reaches the terminal without its control characters', async () => {
  const { status, err } = await domainsync('non\u001b[2Jsense');
  assert.equal(status, 2);
  assert.match(err, /unknown command/u);
  assert.ok(!err.includes('\u001b'));
});

/** Returns the error text from a command's JSON output. */
function errorIn(out: string): string {
  const { error } = JSON.parse(out) as { error: { text: string; problems: unknown[] } };
  assert.ok(Array.isArray(error.problems));
  return error.text;
}

test('not configured: nothing is wrong, nothing is to be shown', async () => {
  const doctor = await domainsync('doctor');
  assert.equal(doctor.status, 0, doctor.out);
  assert.match(doctor.out, /note +settings .* not configured/);
  assert.equal((await domainsync('check')).status, 1);
  assert.match((await domainsync('zones')).err, /domainsync is not configured/);
});

test('check: says what the account sees, without an agent; and why it cannot', async () => {
  stage.configure();
  const good = await domainsync('check');
  assert.match(good.out, new RegExp(`account +${account.name}: the login works, 0 zones`));
  assert.equal(await stage.agent(), null);
  stage.configure({ password: 'wrong' });
  const bad = await domainsync('check');
  assert.deepEqual([bad.status, /\[central\.login\]/.test(bad.err)], [1, true]);
  stage.configure({ fingerprint: '' });
  const unknown = await domainsync('check');
  assert.equal(unknown.status, 1);
  assert.ok(unknown.err.includes(`SHA-256 ${stage.central.fingerprint}.`), unknown.err);
  stage.configure();
});

test('self-test: what this panel does, on record, and nothing left behind', async () => {
  const { status, out } = await domainsync('--json', 'doctor', '--self-test');
  const { selfTest } = JSON.parse(out) as { selfTest: Record<string, unknown> };
  assert.equal(status, 0, out);
  assert.partialDeepStrictEqual(selfTest, { clean: true, afterErrorUndoes: 'no', afterSees: 'blocked' });
  assert.equal(
    (selfTest['events'] as string[])[1],
    'add a record: domain.sublist.edit before, domain.sublist.edit after',
  );
  assert.ok((selfTest['sentKeys'] as string[]).includes('probe A  192.0.2.1'));
  assert.deepEqual([stage.panel.zones(), stage.central.zones()], [[], []]);
});

test('self-test on a panel that behaves otherwise', async () => {
  stage.panel.switches.undoAfterError = true;
  stage.panel.switches.blockNested = false;
  const { selfTest } = (await json('doctor', '--self-test', '--zone', 'probe.example')) as {
    selfTest: object;
  };
  assert.partialDeepStrictEqual(selfTest, { clean: true, afterErrorUndoes: 'yes', zone: 'probe.example' });
  assert.notEqual((selfTest as { afterSees: string }).afterSees, 'blocked');
  stage.panel.switches.undoAfterError = false;
  stage.panel.switches.blockNested = true;
});

test('self-test never touches a zone that is there', async () => {
  const form = { elid: '', name: zone, ip: '192.0.2.1', sok: 'ok' };
  assert.ok((await stage.customer('domain.edit', form)).ok);
  await until('its content at the central', () => agree(stage.panel, stage.central, zone));
  const keys = stage.central.keys(zone);
  const { status, err } = await domainsync('doctor', '--self-test', '--zone', zone);
  assert.deepEqual([status, /has a zone example\.org already/.test(err)], [1, true]);
  assert.deepEqual(stage.central.keys(zone), keys);
});

test('show: an operation by the beginning of its id, with or without an agent', async () => {
  assert.ok((await stage.customer('domain.sublist.edit', { ...save, name: 'shown' })).ok);
  const [newest] = (await json('history')) as { id: string; kind: string }[];
  assert.ok(newest !== undefined);
  const shown = await domainsync('show', newest.id.slice(0, -1));
  assert.match(shown.out, /wanted +\+ shown\.example\.org A 192\.0\.2\.9/);
  assert.match(shown.out, /who +kunde/);
  assert.match((await domainsync('show', '0')).err, /operations begin with "0"/);
  assert.match((await domainsync('show', 'zzz')).err, /No operation begins with "zzz"/);
  await until('the edit to be settled', async () => /0 open/.test((await domainsync('status')).out));
  const pid = await stage.agent();
  assert.ok(pid !== null);
  await endProcess(pid);
  assert.match((await domainsync('show', newest.id)).out, /state +confirmed/);
  assert.match((await domainsync('zone', zone)).out, /yes +yes +synced +shown\.example\.org A/);
  assert.match((await domainsync('zones')).out, /example\.org +synced/);
  const unknown = await domainsync('zone', 'nowhere.example');
  assert.deepEqual([unknown.status, /No zone nowhere\.example is known/.test(unknown.err)], [1, true]);
  const without = await domainsync('status');
  assert.deepEqual([without.status, without.err, await stage.agent()], [1, '', null]);
  assert.match(without.out, /^agent +not running: /);
  assert.match(without.out, /^zones +.*1 synced/m);
  assert.match(without.out, /^operations 0 open, 0 stuck$/m);
  const report = parseAnswer('status', JSON.parse((await domainsync('--json', 'status')).out));
  assert.deepEqual([report.pid, report.fromAgent, report.engine?.open], [null, null, 0]);
});

test('doctor: what is wrong, each with its way out', async () => {
  const handler = join(stage.panel.root, 'addon/domainsync_settings');
  const settings = settingsPath(stage.panel.root);
  const right = readFileSync(settings, 'utf8');
  chmodSync(handler, 0o755);
  writeFileSync(settings, right.replace(/^password.*$/mu, 'password = wrong\ncolour = green'));
  chmodSync(settings, 0o644);
  stage.panel.restartPanel();
  await domainsync('pause');
  const { status, out } = await domainsync('doctor');
  assert.equal(status, 3);
  assert.match(out, /problem +plugin files .* mode 0755/);
  assert.match(out, /warning +settings .* mode 0644/);
  assert.match(out, /warning +settings .*colour/);
  assert.match(out, /warning +pause /);
  assert.match(out, /problem +central .*\[central\.login\]/);
  const lines = out.split('\n');
  const told = lines.filter((line) => /^(warning|problem)/.test(line)).length;
  assert.equal(lines.filter((line) => line.includes('-> ')).length >= told, true);
  writeFileSync(settings, right);
  chmodSync(settings, 0o600);
  chmodSync(handler, 0o700);
  await domainsync('resume');
});

test('doctor: a panel that has not read the description file yet', async () => {
  const description = join(stage.panel.root, 'etc/ispmgr_mod_domainsync.xml');
  const text = readFileSync(description, 'utf8');
  rmSync(description);
  stage.panel.restartPanel();
  writeFileSync(description, text);
  const { status, out } = await domainsync('doctor');
  assert.deepEqual([status, /does not know the plugin yet/.test(out)], [3, true]);
  stage.panel.restartPanel();
  assert.equal((await domainsync('doctor')).status, 0);
});

test('compare: a zone that nobody has is no zone; errors are JSON where JSON is asked for', async () => {
  // The first edit starts the agent. It may be refused, because the agent has not read the owners of zones
  // yet.
  await until(
    'an agent',
    async () => (await stage.customer('domain.sublist.edit', { ...save, name: 'by' })).ok,
  );
  const unknown = await domainsync('compare', 'nosuch.example');
  assert.deepEqual([unknown.status, unknown.out], [1, '']);
  assert.match(unknown.err, /No zone nosuch\.example is known.*\[agent\.no-such-zone\]/u);
  const { status, out } = await domainsync('--json', 'compare', 'nosuch.example');
  const { error } = JSON.parse(out) as { error: { problems: { code: string }[] } };
  assert.deepEqual([status, error.problems.map(({ code }) => code)], [1, ['agent.no-such-zone']]);
  assert.match(errorIn((await domainsync('--json', 'zone', 'nosuch.example')).out), /No zone nosuch/u);
  assert.match(errorIn((await domainsync('--json', 'zones', '--central', '9')).out), /no central 9/u);
  for (const args of [[zone], []]) assert.equal((await domainsync('compare', ...args)).status, 0);
  const pid = await stage.agent();
  assert.ok(pid !== null);
  await endProcess(pid);
});

test('colour only where a person looks', async () => {
  assert.equal((await domainsync('history')).out.includes('\u001b['), false);
  const terminal = ['-qec', [...stage.words, 'history'].map((word) => `'${word}'`).join(' '), '/dev/null'];
  // With these variables the command treats its output as a terminal outside of a CI system.
  const env: NodeJS.ProcessEnv = { ...process.env, TERM: 'xterm' };
  delete env['CI'];
  delete env['NO_COLOR'];
  const { stdout } = await run('script', terminal, { env });
  assert.ok(stdout.includes('\u001b['));
  const plain = await run('script', terminal, { env: { ...env, NO_COLOR: '1' } });
  assert.equal(plain.stdout.includes('\u001b['), false);
});

test('output that nobody reads to its end', async () => {
  const line = `${[...stage.words, 'doctor'].map((word) => `'${word}'`).join(' ')} | true`;
  assert.equal((await run('sh', ['-c', line])).stderr, '');
});

test('an agent in the foreground ends with its signal', async () => {
  const [node, ...words] = [...stage.words, 'agent'];
  const child = execFile(node, words);
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  await until('the agent', async () => (await stage.agent()) !== null);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.equal(await stage.agent(), null);
});
