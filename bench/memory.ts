/** Measures the agent's memory: idle, and with a ledger of 10,000 zones with 12 records each. */
import { mkdirSync } from 'node:fs';
import { parseName } from '../src/dns/name.ts';
import { makeRecord } from '../src/dns/record.ts';
import type { LedgerRow } from '../src/core/ledger.ts';
import { journalPath, pathsOf } from '../src/app/paths.ts';
import { ask } from '../src/app/control/client.ts';
import { SqliteJournal } from '../src/journal/sqlite.ts';
import {
  account,
  endProcess,
  makeStage,
  until,
  type Stage,
  type StageOptions,
} from '../src/testing/stage/stage.ts';
import { address } from '../src/testing/stage/panel-words.ts';
import { loadSettings } from '../src/config/settings.ts';
import { named, round } from './measure.ts';

const zones = 10_000;
const recordsEach = 12;

export async function benchMemory(): Promise<Record<string, number>> {
  return {
    ...named('v4', await memoryWith({ panel: 'v4', central: 'v4' })),
    ...named('v6', await memoryWith({ panel: 'v6', central: 'dnsmgr' })),
  };
}

async function memoryWith(combination: StageOptions): Promise<Record<string, number>> {
  const stage = await makeStage({ ...combination, sync: { compare_every: '0' } });
  try {
    await stage.install();
    stage.configure();
    const idle = await memoryOf(stage, 0);
    await fillLedger(stage);
    return { agent_idle_mib: idle, agent_10000_zones_mib: await memoryOf(stage, zones) };
  } finally {
    await stage.stop();
  }
}

/**
 * Starts a fresh agent, makes a few calls and measures its resident memory in MiB. Then ends the agent.
 * @param expected the number of zones that its ledger must have
 */
async function memoryOf(stage: Stage, expected: number): Promise<number> {
  await stage.atPanel.save('zone1.example', address('x', '192.0.2.1'));
  await until('the agent', async () => (await stage.agent()) !== null);
  for (let at = 0; at < 50; at += 1)
    await ask(stage.socket, 'zone', { zone: `zone${at * 100}.example`, central: null });
  const report = await ask(stage.socket, 'status', {});
  if (report.pid === null || report.memory === null) throw new Error('no agent runs');
  await endProcess(report.pid);
  const known = report.engine?.zones['synced'] ?? 0;
  if (known !== expected) throw new Error(`the agent knows ${known} zones instead of ${expected}`);
  return round(report.memory / 1_048_576);
}

async function fillLedger(stage: Stage): Promise<void> {
  const paths = pathsOf(stage.panel.root, stage.socket);
  mkdirSync(paths.state, { recursive: true });
  const loaded = loadSettings(stage.panel.root);
  if (loaded.kind !== 'configured') throw new Error('the settings are not usable');
  const central = { kind: 'ispmanager', address: loaded.settings.address, account: account.name };
  const journal = new SqliteJournal({ path: journalPath(paths, central), writer: true });
  for (let at = 0; at < zones; at += 1) {
    const zone = parseName(`zone${at}.example.`);
    const put = Array.from({ length: recordsEach }, (_, host): LedgerRow => {
      const record = makeRecord({ name: `h${host}`, type: 'A', rdata: `192.0.2.${host}` }, zone);
      const panelKey = `h${host} A  192.0.2.${host}`;
      return { record, state: 'synced', onPanel: true, onCentral: true, panelKey, note: null };
    });
    await journal.commit({
      zones: [{ zone, state: 'synced', incarnation: 1, baselineAt: 0, note: null }],
      rows: [{ zone, put }],
    });
  }
  await journal.commit({ facts: { baseline: '0' } });
  await journal.close();
}
