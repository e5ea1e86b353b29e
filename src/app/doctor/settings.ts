import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeInFull } from '../../core/describe.ts';
import type { LoadedSettings } from '../../config/settings.ts';
import { unitOf } from '../../config/system-places.ts';
import type { Paths } from '../paths.ts';
import { isPaused, pauseEnd } from '../pause.ts';
import { note, ok, problemFound, warning, type Finding } from './finding.ts';

/** Checks that the settings file exists, contains no mistakes, and can be read by nobody else. */
export function checkSettings(loaded: LoadedSettings, { root }: Paths): Finding[] {
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
  found.push(...checkHidden(loaded.files, root));
  return found.length > 0 ? found : [ok('settings', `${path}, without mistakes${inFiles(loaded.files)}`)];
}

/** Folders that the agent cannot see, because its systemd unit hides them (systemd.exec(5), ProtectHome=). */
const hidden = /^\/(?:home|root|run\/user)(?:\/|$)/u;

/** Finds files of the settings that this program can read, but the agent cannot. */
function checkHidden(files: readonly string[], root: string): Finding[] {
  if (!existsSync(join('/etc/systemd/system', unitOf(root)))) return [];
  return files
    .filter((path) => hidden.test(path))
    .map((path) => {
      const text = `the agent cannot read ${path}: its unit hides /home, /root and /run/user from it`;
      return problemFound('settings', text, 'move the file, to /etc for example, and correct the settings');
    });
}

function inFiles(files: readonly string[]): string {
  return files.length === 0 ? '' : `; it names ${files.join(', ')}`;
}

/** Adds a note if the settings say that domainsync only observes. */
export function checkMode(loaded: LoadedSettings): Finding[] {
  if (loaded.kind !== 'configured' || loaded.settings.mode !== 'observe') return [];
  const text = 'domainsync only observes: every edit stays in the panel, nothing is refused or written';
  return [note('mode', text, '"domainsync history --outcome observed"; "[sync] mode = strict" ends it')];
}

export function checkPause({ pause }: Paths, wall: number): Finding[] {
  if (!isPaused(pause, wall)) return [];
  const end = pauseEnd(pause) ?? 0;
  const until = end === Infinity ? 'until it is ended' : `until ${new Date(end).toLocaleString('sv-SE')}`;
  const text = `edits pass in the panel only, ${until}`;
  return [warning('pause', text, '"domainsync resume" ends it and compares everything')];
}
