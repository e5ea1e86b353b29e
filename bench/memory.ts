/** Memory of the agent: idle, and with a ledger of 10,000 zones with 12 records each. */
import { mkdirSync } from 'node:fs';
import { parseName } from '../src/dns/name.ts';
import { makeRecord } from '../src/dns/record.ts';
import type { LedgerRow } from '../src/core/ledger.ts';
import { journalPath, pathsOf } from '../src/app/paths.ts';
import { askAgent } from '../src/cli/ask.ts';
import { SqliteJournal } from '../src/journal/sqlite.ts';
import { account, endProcess, makeStage, until, type Stage } from '../demo/stage.ts';
import { round } from './measure.ts';

const zones = 10_000;
const recordsEach = 12;

export async function benchMemory(): Promise<Record<string, number>> {
  const stage = await makeStage({ sync: { compare_every: '0' } });
  try {
    await stage.install();
    stage.configure();
    const idle = await memoryOf(stage);
    await fillLedger(stage);
    return { agent_idle_mib: idle, agent_10000_zones_mib: await memoryOf(stage) };
  } finally {
    await stage.stop();
  }
}

/** Resident memory of a fresh agent that has answered a few calls, MiB; the agent is ended. */
async function memoryOf(stage: Stage): Promise<number> {
  const form = { plid: 'zone1.example', elid: '', name: 'x', sdtype: 'A', addr: '192.0.2.1', sok: 'ok' };
  await stage.customer('domain.sublist.edit', form);
  await until('the agent', async () => (await stage.agent()) !== null);
  for (let at = 0; at < 50; at += 1)
    await askAgent(stage.socket, { do: 'zone', zone: `zone${at * 100}.example` });
  const report = (await askAgent(stage.socket, { do: 'status' })) as {
    readonly memory: number;
    readonly pid: number;
  };
  await endProcess(report.pid);
  return round(report.memory / 1_048_576);
}

async function fillLedger(stage: Stage): Promise<void> {
  const paths = pathsOf(stage.panel.root, stage.socket);
  mkdirSync(paths.state, { recursive: true });
  const central = {
    kind: 'ispmanager',
    address: `${stage.central.url}/manager/ispmgr`,
    account: account.name,
  };
  const journal = new SqliteJournal({ path: journalPath(paths, central), writer: true });
  for (let at = 0; at < zones; at += 1) {
    const zone = parseName(`zone${at}.example.`);
    const put = Array.from({ length: recordsEach }, (_, host): LedgerRow => {
      const record = makeRecord({ name: `h${host}`, type: 'A', rdata: `192.0.2.${host}` }, zone);
      const panelKey = `h${host} A  192.0.2.${host}`;
      return { record, standing: 'joined', onPanel: true, onCentral: true, panelKey, note: null };
    });
    await journal.commit({
      zones: [{ zone, standing: 'joined', incarnation: 1, baselineAt: 0, note: null }],
      rows: [{ zone, put }],
    });
  }
  await journal.commit({ facts: { baseline: '0' } });
  await journal.close();
}
