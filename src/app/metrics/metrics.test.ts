/** Tests the metrics file of `status --prometheus`, which is also checked with Prometheus' own tool. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { attentionTexts } from '../../core/catalogue-attention.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { CommandFailed } from '../command-failed.ts';
import { hello, end } from '../control/socket.ts';
import type { Waiting } from '../notify/memory-file.ts';
import { pathsOf } from '../paths.ts';
import { exposition } from '../../net/exposition.ts';
import { mountSmallDisk } from '../../testing/small-disk.ts';
import { fullNotice, fullReport } from '../../testing/full-report.ts';
import { metricsOf, noticeMetrics } from './metrics.ts';
import { NotAMetricsFile, writeMetricsFile } from './write-file.ts';
import { writeMetrics } from './write-metrics.ts';

/** Reads the values of all samples. The key is name and labels, as they are written. */
function valuesOf(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]),
  );
}

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'metrics-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

test('what status knows is in the metrics, and no name of a zone, host or account', () => {
  const text = exposition(metricsOf(fullReport));
  const values = valuesOf(text);
  const expected: Readonly<Record<string, string>> = {
    domainsync_up: '1',
    domainsync_report_timestamp_seconds: '1700000002',
    'domainsync_build_info{version="0.1.0"}': '1',
    'domainsync_agent_state{state="running"}': '1',
    'domainsync_agent_state{state="broken"}': '0',
    domainsync_agent_resident_memory_bytes: '123456',
    domainsync_paused: '1',
    domainsync_pause_end_timestamp_seconds: '1700000060',
    'domainsync_attention_reasons{code="stuck"}': '2',
    'domainsync_attention_reasons{code="central-unreachable"}': '1',
    'domainsync_attention_reasons{code="conflicts"}': '0',
    'domainsync_attention_since_timestamp_seconds{code="stuck"}': '1',
    'domainsync_operations{central="1",state="prepared"}': '1',
    'domainsync_operations{central="1",state="stuck"}': '0',
    'domainsync_zones{central="2",state="foreign"}': '1',
    'domainsync_records{central="1",state="conflict"}': '2',
    'domainsync_records{central="1",state="central-only"}': '0',
    'domainsync_baseline_timestamp_seconds{central="1"}': '1700000000.5',
    'domainsync_central_blocked{central="1"}': '1',
    'domainsync_central_answered_timestamp_seconds{central="1"}': '1700000000.9',
    'domainsync_central_failing_since_timestamp_seconds{central="1"}': '1700000001',
    'domainsync_comparison_complete_timestamp_seconds{central="1"}': '1700000000.8',
    'domainsync_comparison_zones_planned{central="1"}': '9',
    'domainsync_edits_undecided_total{central="1"}': '5',
    'domainsync_live_checks_behind{central="1"}': '1',
    'domainsync_live_checks_ended_total{central="1",outcome="live"}': '7',
  };
  for (const [sample, value] of Object.entries(expected)) assert.equal(values.get(sample), value, sample);
  assert.equal(values.has('domainsync_live_checks_behind{central="2"}'), false);
  for (const code of Object.keys(attentionTexts))
    assert.ok(values.has(`domainsync_attention_reasons{code="${code.slice('attention.'.length)}"}`), code);
  assert.doesNotMatch(text, /secret/);
});

const waiting: readonly Waiting[] = [
  { notice: { ...fullNotice, at: 5_000 }, channels: ['mail'] },
  { notice: { ...fullNotice, at: 4_000 }, channels: ['webhook', 'mail'] },
];

test('notifications that wait are counted for each channel', () => {
  const values = valuesOf(exposition(noticeMetrics(waiting)));
  assert.deepEqual(Object.fromEntries(values), {
    'domainsync_notices_waiting{channel="webhook"}': '1',
    'domainsync_notices_waiting{channel="mail"}': '2',
    'domainsync_notices_waiting_since_timestamp_seconds{channel="webhook"}': '4',
    'domainsync_notices_waiting_since_timestamp_seconds{channel="mail"}': '4',
  });
  assert.equal(valuesOf(exposition(noticeMetrics([]))).size, 2);
});

test('labels and descriptions are escaped', () => {
  const help = 'a\\b\n"c"';
  const text = exposition([{ name: 'x', type: 'gauge', help, samples: [{ labels: { a: help }, value: 1 }] }]);
  assert.equal(text, '# HELP x a\\\\b\\n"c"\n# TYPE x gauge\nx{a="a\\\\b\\n\\"c\\""} 1\n');
});

test('promtool finds nothing wrong with the metrics', { skip: missingPrograms('promtool') }, () => {
  const check = (input: string): string =>
    execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' });
  assert.equal(check(exposition([...metricsOf(fullReport), ...noticeMetrics(waiting)])), '');
  const dead = {
    ...fullReport,
    pid: null,
    memory: null,
    centrals: fullReport.centrals.map((one) => ({ ...one, fromAgent: null })),
  };
  assert.equal(check(exposition(metricsOf(dead))), '');
  const odd = [{ labels: { a: '\\"\n' }, value: 1 }];
  assert.equal(check(exposition([{ name: 'x', type: 'gauge', help: '\\\n', samples: odd }])), '');
  assert.throws(() => check('x{a="} 1\n'));
});

test(
  'promtool: the alert rules are sound, and each fires when it should',
  { skip: missingPrograms('promtool') },
  () => {
    const rules = join(import.meta.dirname, '../../../contrib/prometheus');
    const run = (...words: readonly string[]): string =>
      execFileSync('promtool', words, { cwd: rules, encoding: 'utf8', stdio: 'pipe' });
    run('check', 'rules', 'domainsync.rules.yml');
    run('test', 'rules', 'domainsync.rules.test.yml');
    // The rules may name only metrics and codes that exist. Every alert must have a test.
    const text = readFileSync(join(rules, 'domainsync.rules.yml'), 'utf8');
    const known = exposition([...metricsOf(fullReport), ...noticeMetrics([])]);
    for (const [name] of text.matchAll(/\bdomainsync_\w+/gu))
      assert.ok(known.includes(`# TYPE ${name} `), name);
    for (const [, codes = ''] of text.matchAll(/code[!=~]+"([^"]+)"/gu))
      for (const code of codes.split('|'))
        assert.ok(Object.hasOwn(attentionTexts, `attention.${code}`), code);
    const tests = readFileSync(join(rules, 'domainsync.rules.test.yml'), 'utf8');
    for (const [, alert = ''] of text.matchAll(/alert: (\w+)/gu)) assert.ok(tests.includes(alert), alert);
  },
);

test('the file is replaced in one step and everybody may read it', (t) => {
  const path = join(folder(t), 'domainsync.prom');
  const mask = process.umask(0o077);
  t.after(() => process.umask(mask));
  writeMetricsFile(path, 'old\n');
  const { ino } = statSync(path);
  writeMetricsFile(path, 'new\n');
  assert.notEqual(statSync(path).ino, ino);
  assert.equal(statSync(path).mode & 0o777, 0o644);
  assert.equal(readFileSync(path, 'utf8'), 'new\n');
  assert.deepEqual(readdirSync(join(path, '..')), ['domainsync.prom']);
});

test('no symbolic link is followed or replaced, no folder either, and no draft is left', (t) => {
  const inside = folder(t);
  const target = join(inside, 'target');
  writeFileSync(target, 'precious');
  const path = join(inside, 'domainsync.prom');
  symlinkSync(target, path);
  assert.throws(() => writeMetricsFile(path, 'x'), NotAMetricsFile);
  assert.equal(readFileSync(target, 'utf8'), 'precious');
  mkdirSync(join(inside, 'folder.prom'));
  assert.throws(() => writeMetricsFile(join(inside, 'folder.prom'), 'x'), NotAMetricsFile);
  assert.deepEqual(readdirSync(inside).toSorted(), ['domainsync.prom', 'folder.prom', 'target']);
});

test('on a full disk the old file stays, and no draft is left', (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'metrics-disk-'));
  const isMounted = mountSmallDisk(t, disk, '256k');
  t.after(() => rmSync(disk, { recursive: true }));
  if (!isMounted) {
    t.skip('only root may mount a small disk');
    return;
  }
  const path = join(disk, 'domainsync.prom');
  writeMetricsFile(path, 'old\n');
  assert.throws(() => writeMetricsFile(path, 'x'.repeat(1024 * 1024)), { code: 'ENOSPC' });
  assert.equal(readFileSync(path, 'utf8'), 'old\n');
  assert.deepEqual(readdirSync(disk), ['domainsync.prom']);
});

test('without an agent, and with one that gives no answer, the file says up 0', async (t) => {
  const root = folder(t);
  const file = join(root, 'domainsync.prom');
  const paths = pathsOf(root, join(root, 'agent.sock'));
  await writeMetrics(paths, file);
  assert.equal(valuesOf(readFileSync(file, 'utf8')).get('domainsync_up{panel="none"}'), '0');
  // A folder with these subfolders counts as a panel's root. Two panels on one host have different labels.
  for (const name of ['etc', 'addon', 'var', 'sbin']) mkdirSync(join(root, name));
  const server = createServer((socket) => {
    // An agent of another release gives such an answer.
    socket.end(`${hello}{"ok":true,"value":{"pid":1}}${end}`);
  });
  await new Promise<void>((resolve) => server.listen(paths.socket, resolve));
  t.after(() => server.close());
  rmSync(file);
  await writeMetrics(paths, file);
  const values = valuesOf(readFileSync(file, 'utf8'));
  assert.equal(values.get('domainsync_up{panel="ispmanager4"}'), '0');
  assert.equal(values.get('domainsync_attention_reasons{panel="ispmanager4",code="agent-not-running"}'), '1');
});

test('a file that cannot be written is told in a sentence', async (t) => {
  const root = folder(t);
  const missing = join(root, 'none/domainsync.prom');
  await assert.rejects(writeMetrics(pathsOf(root, join(root, 's')), missing), CommandFailed);
  assert.equal(existsSync(missing), false);
});
