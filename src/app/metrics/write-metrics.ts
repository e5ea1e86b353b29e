import { statusAnyway } from '../answers/status-anyway.ts';
import { CommandFailed } from '../command-failed.ts';
import { memoryPath, readKept } from '../notify/memory-file.ts';
import type { Paths } from '../paths.ts';
import { panelKindAt } from '../wiring/panel-at.ts';
import { exposition } from '../../net/exposition.ts';
import { metricsOf, noticeMetrics } from './metrics.ts';
import { NotAMetricsFile, writeMetricsFile } from './write-file.ts';

/**
 * Writes the state of a panel as metrics for a textfile collector. Without an agent, the file has
 * `domainsync_up 0` and only the metrics that need no agent.
 * @throws {CommandFailed} with a sentence for the user if the file is not written
 */
export async function writeMetrics(paths: Paths, file: string): Promise<void> {
  const waiting = readKept(memoryPath(paths))?.waiting ?? [];
  const metrics = [...metricsOf(await statusAnyway(paths)), ...noticeMetrics(waiting)];
  // This label keeps the metrics of two panels on one host apart.
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
