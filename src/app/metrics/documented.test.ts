/**
 * Tests that docs/monitoring.md describes exactly the metrics and alerts that exist, and that systemd accepts
 * the units in it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exampleIn, pageOf } from '../../testing/docs-examples.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { fullNotice, fullReport } from '../../testing/full-report.ts';
import { metricsOf, noticeMetrics } from './metrics.ts';

test('each metric is in the table with its labels, and nothing else is', () => {
  const rows = [...pageOf('monitoring.md').matchAll(/^\| `domainsync_.*$/gmu)].map(([row]) => row);
  const told = rows.flatMap((row) =>
    [...row.matchAll(/`(domainsync_[^`]+)`/gu)].map(([, name]) => name ?? ''),
  );
  const waiting = [{ notice: fullNotice, channels: ['mail'] }] as const;
  const made = [...metricsOf(fullReport), ...noticeMetrics(waiting)].map(({ name, samples }) => {
    const labels = Object.keys(samples[0]?.labels ?? {});
    return labels.length === 0 ? name : `${name}{${labels.join(',')}}`;
  });
  assert.deepEqual(told.toSorted(), made.toSorted());
});

test('each alert rule is in the table with its severity', () => {
  const rules = readFileSync(
    join(import.meta.dirname, '../../../contrib/prometheus/domainsync.rules.yml'),
    'utf8',
  );
  const made = [...rules.matchAll(/alert: (\w+)[\s\S]*?severity: (\w+)/gu)].map(([, ...parts]) =>
    parts.join(' '),
  );
  const rows = pageOf('monitoring.md').matchAll(/^\| `(Domainsync\w+)` .* (\w+) +\|$/gmu);
  assert.deepEqual([...rows].map(([, ...parts]) => parts.join(' ')).toSorted(), made.toSorted());
});

test('systemd understands the timer', { skip: missingPrograms('systemd-analyze') }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'units-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const units = [
    ['domainsync-metrics.service', 'Type=oneshot'],
    ['domainsync-metrics.timer', '[Timer]'],
  ] as const;
  for (const [name, contained] of units)
    writeFileSync(join(folder, name), exampleIn('monitoring.md', contained));
  const paths = units.map(([name]) => join(folder, name));
  const faults = (): readonly string[] =>
    spawnSync('systemd-analyze', ['verify', ...paths], { encoding: 'utf8' })
      .stderr.split('\n')
      .filter((line) => /domainsync-metrics\.\w+:\d+:/u.test(line));
  assert.deepEqual(faults(), []);
  writeFileSync(paths[0] ?? '', 'Nonsense\n', { flag: 'a' });
  assert.equal(faults().length, 1);
});
