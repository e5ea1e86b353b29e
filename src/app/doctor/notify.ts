import { accessSync, constants } from 'node:fs';
import { counted } from '../../core/describe.ts';
import type { NotifySettings } from '../../config/notify-options.ts';
import { channelsOf } from '../notify/channels.ts';
import { memoryPath, readKept } from '../notify/memory-file.ts';
import { senderAt } from '../notify/notice.ts';
import type { Paths } from '../paths.ts';
import { ok, warning, type Finding } from './finding.ts';

/** A notification that has waited for this long (ms) must have failed more than once. */
const longWait = 5 * 60_000;

/**
 * Checks whether notifications can be sent, and whether earlier ones were delivered. Sends nothing.
 * @param wall wall clock, milliseconds since 1970
 * @returns empty: the settings name nobody to notify
 */
export function checkNotify(settings: NotifySettings, paths: Paths, wall: number): Finding[] {
  const channels = channelsOf(settings, senderAt(paths.root), false);
  if (channels.length === 0) return [];
  const { mailTo, sendmail } = settings;
  if (mailTo.length > 0 && !isProgram(sendmail)) {
    const text = `${sendmail} is missing or no program, so no mail can be sent`;
    return [warning('notify', text, 'install a mail system, or name its program in "sendmail" of [notify]')];
  }
  const late = (readKept(memoryPath(paths))?.waiting ?? []).filter(
    ({ notice }) => notice.at < wall - longWait,
  );
  if (late.length === 0)
    return [ok('notify', channels.map(({ name, target }) => `${name} ${target}`).join(', '))];
  const to = [...new Set(late.flatMap((one) => one.channels))].join(', ');
  const text = `${counted(late.length, 'notification')} could not be delivered yet (${to})`;
  return [warning('notify', text, '"domainsync notify --test" says why')];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
