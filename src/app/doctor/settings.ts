import { statSync } from 'node:fs';
import { describeInFull } from '../../core/describe.ts';
import type { LoadedSettings } from '../../config/settings.ts';
import type { Paths } from '../paths.ts';
import { isPaused, pauseEnd } from '../pause.ts';
import { note, ok, problemFound, warning, type Finding } from './finding.ts';

/** Checks that the settings file exists, contains no mistakes, and can be read by nobody else. */
export function checkSettings(loaded: LoadedSettings): Finding[] {
  const { path } = loaded;
  if (loaded.kind === 'not-configured') {
    const text = `${path}: not configured, every edit passes in the panel only`;
    const way = 'fill in "DNS sync" in the panel\'s menu, or "domainsync install --config FILE"';
    return [note('settings', text, way)];
  }
  const found: Finding[] = [];
  const { mode, uid } = statSync(path);
  if ((mode & 0o077) !== 0 || uid !== process.getuid?.()) {
    const text = `${path} holds a password and has mode 0${(mode & 0o777).toString(8)}, owner ${uid}`;
    found.push(warning('settings', text, `chown root:root ${path}; chmod 600 ${path}`));
  }
  if (loaded.kind === 'broken') {
    for (const one of loaded.problems) {
      const way =
        'correct the file; until then edits are refused, what is under way goes on with the earlier settings';
      found.push(problemFound('settings', describeInFull(one, 'en'), way));
    }
    return found;
  }
  for (const one of loaded.warnings) {
    found.push(warning('settings', describeInFull(one, 'en'), 'correct or delete the line'));
  }
  return found.length > 0 ? found : [ok('settings', `${path}, without mistakes`)];
}

export function checkPause({ pause }: Paths, wall: number): Finding[] {
  if (!isPaused(pause, wall)) return [];
  const end = pauseEnd(pause) ?? 0;
  const until = end === Infinity ? 'until it is ended' : `until ${new Date(end).toLocaleString('sv-SE')}`;
  const text = `edits pass in the panel only, ${until}`;
  return [warning('pause', text, '"domainsync resume" ends it and compares everything')];
}
