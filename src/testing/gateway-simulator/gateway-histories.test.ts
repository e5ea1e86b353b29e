import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { before, test } from 'node:test';
import { gatewayModes, type GatewayMode, type Mode } from '../runs/modes.ts';
import { playAll } from '../runs/player.ts';
import { addReport, emptyReport, modesOf, type Report } from '../runs/report.ts';
import { playGatewayHistory } from './gateway-history.ts';

/** Number of histories of each mode. All together take at most 30 s on two idle cores. */
const runs: Readonly<Record<GatewayMode, number>> = { gateway: 150, gateways: 150 };

const reports = new Map<Mode, Report>();

before(async () => {
  const slices = gatewayModes.map((mode) => ({ mode, seed: 1, runs: runs[mode] }));
  await playAll(slices, availableParallelism(), (part) => {
    for (const [mode] of modesOf(part.modes))
      reports.set(mode, addReport(reports.get(mode) ?? emptyReport, part));
  });
});

for (const mode of gatewayModes)
  test(`issue 20: ${runs[mode]} histories of the gateway break no law: ${mode}`, () => {
    const report = reports.get(mode) ?? emptyReport;
    const texts = report.failures.map(({ seed, law, text }) => `${mode} ${seed}: ${law}: ${text}`);
    assert.deepEqual(texts, []);
    assert.equal(report.modes[mode]?.runs, runs[mode]);
    // Histories in which nothing is written, or nothing goes wrong, would break no law either.
    assert.ok(report.faults['kill'] !== undefined && report.faults['process suspended'] !== undefined);
    assert.ok(Object.entries(report.operations).some(([changes]) => Number(changes) >= 5));
  });

test('issue 20: a history of the gateway is the same each time it is played', async () => {
  for (const mode of gatewayModes) {
    const [first, second] = [await playGatewayHistory(7, mode), await playGatewayHistory(7, mode)];
    assert.deepEqual(first.log.map(withoutCodes), second.log.map(withoutCodes));
    assert.ok(first.log.length > 20);
  }
});

/** A line of the log without codes of transfers, which are random. */
function withoutCodes(line: string): string {
  return line.replaceAll(/dst_\w+/gu, 'code');
}
