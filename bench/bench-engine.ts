/** Runs the product's engine on its own journal, in this process. */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/app/wiring/clock.ts';
import { wireCentral } from '../src/app/wiring/wire.ts';
import { readSettings } from '../src/config/settings.ts';
import type { Central } from '../src/core/central.ts';
import { Engine } from '../src/core/engine/engine.ts';
import { defaultEngineSettings, type EngineSettings } from '../src/core/engine/settings.ts';
import type { Panel } from '../src/core/panel.ts';
import type { SerialReader } from '../src/core/serials.ts';
import { SqliteJournal } from '../src/journal/sqlite.ts';
import { print } from './print.ts';

/** Creates the product's adapter of a central. @param settings section `[isp_master]` of the settings */
export async function openCentral(settings: Readonly<Record<string, string>>): Promise<Central> {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const read = readSettings(`[isp_master]\n${lines.join('\n')}\n`, 'bench');
  if (read.kind !== 'configured') throw new Error(`the settings are not usable: ${JSON.stringify(read)}`);
  return await wireCentral(read.settings, '/nowhere');
}

export interface BenchEngine {
  readonly engine: Engine;
  readonly stop: () => Promise<void>;
}

/**
 * Starts an engine on an empty journal.
 * @param isCompared whether the journal already says that the first comparison is complete, so that all zones
 * count as new
 * @param settings engine settings that differ from the defaults
 */
export async function startEngine(
  {
    panel,
    central,
    serials,
  }: { readonly panel: Panel; readonly central: Central; readonly serials?: SerialReader },
  isCompared: boolean,
  settings: Partial<EngineSettings> = {},
): Promise<BenchEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  const journal = new SqliteJournal({ path: join(directory, 'journal.db'), writer: true });
  if (isCompared) await journal.commit({ facts: { baseline: '0' } });
  const engine = new Engine({
    panel,
    central,
    journal,
    clock: systemClock,
    log: (level, event, fields) => {
      if (level <= 2) print(`${event} ${JSON.stringify(fields)}`);
    },
    random: () => randomInt(2 ** 47) / 2 ** 47,
    settings: { ...defaultEngineSettings, grace: 0, compareEvery: 0, ...settings },
    ...(serials && { serials }),
  });
  await engine.start();
  return {
    engine,
    stop: async () => {
      await engine.stop();
      serials?.close();
      await central.close();
      await journal.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
