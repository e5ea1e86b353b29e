import { statusAnyway } from '../answers/status-anyway.ts';
import { CommandFailed } from '../command-failed.ts';
import { memoryPath, readKept } from '../notify/memory-file.ts';
import type { Paths } from '../paths.ts';
import { panelKindAt } from '../wiring/panel-at.ts';
import { exposition } from './exposition.ts';
import { metricsOf, noticeMetrics } from './metrics.ts';
import { NotAMetricsFile, writeMetricsFile } from './write-file.ts';

/**
 * Writes the state of a panel as metrics for a textfile collector. If no agent answers, the file has
 * `domainsync_up 0` and the metrics from the journals.
 * @throws {CommandFailed} with a sentence for the user if the file is not written
 */
export async function writeMetrics(paths: Paths, file: string): Promise<void> {
  const waiting = readKept(memoryPath(paths))?.waiting ?? [];
  const metrics = [...metricsOf(await statusAnyway(paths)), ...noticeMetrics(waiting)];
  // With two panels on one host, their files differ in it.
  const text = exposition(metrics, { panel: panelKindAt(paths.root) ?? 'none' });
  try {
    writeMetricsFile(file, text);
  } catch (error) {
    if (error instanceof NotAMetricsFile) throw new CommandFailed(error.message);
    if (error instanceof Error && 'code' in error)
      throw new CommandFailed(`${file} cannot be written: ${error.message}`);
    throw error;
  }
}
