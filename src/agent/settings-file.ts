import { closeSync, fstatSync, openSync, readSync, statSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '../app/wiring/clock.ts';
import { everyCentral, loadSettings, settingsPath, type LoadedSettings } from '../config/settings.ts';

/** How long (ms) nobody may have written to the file before it counts as written. */
const quiet = 250;
/** The same where it looks unfinished: empty, gone, with mistakes, or without an end of its last line. */
const quietUnfinished = 2_000;

/** What the file held, and which state of it that was. */
export interface SettledFile {
  /** Equal to {@link SettingsFile.look} as long as nobody has touched the file since. */
  readonly stamp: string;
  readonly loaded: LoadedSettings;
}

/**
 * The settings file of a panel, with the files of certificate authorities that it names. It notices that one
 * of them has changed, and waits until the writer has finished.
 */
export class SettingsFile {
  readonly #root: string;
  #stamp = '';
  /** Monotonic time at which that stamp was first seen. */
  #since = -Infinity;
  #watcher: FSWatcher | null = null;
  /** Files that the settings name. */
  #named: readonly string[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * A stamp of the file, and of what it names, as they are now. It differs whenever one of them was written,
   * replaced, removed, made or touched. One stat for each.
   */
  stamp(): string {
    const stamp = [settingsPath(this.#root), ...this.#named].map(stampOf).join('\n');
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.#since = systemClock.now();
    }
    return stamp;
  }

  /** The file as it is, finished or not. */
  read(): SettledFile {
    for (;;) {
      const own = stampOf(settingsPath(this.#root));
      const loaded = loadSettings(this.#root);
      if (loaded.kind === 'configured')
        this.#named = everyCentral(loaded.settings).flatMap(({ caFile }) => (caFile === '' ? [] : [caFile]));
      const stamp = this.stamp();
      if (stamp.split('\n')[0] === own) return { stamp, loaded };
    }
  }

  /**
   * The file once nobody writes to it any more.
   * @throws the signal's reason when it aborts first
   */
  async settled(signal: AbortSignal): Promise<SettledFile> {
    for (;;) {
      const found = this.read();
      const isFinished = found.loaded.kind === 'configured' && endsItsLine(found.loaded.path);
      const left = this.#since + (isFinished ? quiet : quietUnfinished) - systemClock.now();
      if (left > 0) await systemClock.sleep(left, signal);
      if (this.stamp() === found.stamp) return found;
    }
  }

  /**
   * Calls `changed` when something happens in the folder of the file, which need not concern the file. Where
   * a folder cannot be watched nothing is ever called: look now and then as well.
   */
  watch(changed: () => void): void {
    try {
      this.#watcher = watch(dirname(settingsPath(this.#root)), { persistent: false }, changed);
      this.#watcher.on('error', () => this.close());
    } catch (error) {
      // No such folder, or no more watches for this user.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }
}

function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${path} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}

/** Whether the last octet is a line feed; of a file that has gone meanwhile: no. */
function endsItsLine(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
  try {
    const last = Buffer.alloc(1);
    const { size } = fstatSync(file);
    return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() === '\n';
  } finally {
    closeSync(file);
  }
}
