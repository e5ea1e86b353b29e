import { statSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { tailOf } from '../app/tail.ts';
import { systemClock } from '../app/wiring/clock.ts';
import { isSystemError, systemOr } from '../net/system-error.ts';
import { loadSettings, settingsPath } from '../config/settings.ts';

/** Milliseconds for which a file must stay unchanged until its writer counts as finished. */
const quiet = 250;
/**
 * Like `quiet`, for a file that looks unfinished: empty, missing, with mistakes, or without a final line
 * feed.
 */
const quietUnfinished = 2_000;

/**
 * The settings file of a panel, together with the files that it names: secrets and certificate authorities.
 * Notices changes in any of them, and waits until the writer has finished.
 */
export class SettingsFile {
  readonly #root: string;
  #stamp = '';
  /** When the file was first seen with its present stamp: monotonic milliseconds. */
  #since = -Infinity;
  #watcher: FSWatcher | null = null;
  /** Files that the settings name. */
  #named: readonly string[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * A text that identifies the present state of the settings file and the files it names. It changes when any
   * of them is written, replaced, removed, created or touched. Costs one `stat` call a file.
   */
  stamp(): string {
    const stamp = [settingsPath(this.#root), ...this.#named].map(stampOf).join('\n');
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.#since = systemClock.now();
    }
    return stamp;
  }

  /**
   * Reads the settings at once, even if their writer has not finished.
   * @returns also the stamp; {@link stamp} gives the same one until somebody changes a file
   */
  read() {
    for (;;) {
      const before = this.stamp();
      const loaded = loadSettings(this.#root);
      if (loaded.kind !== 'not-configured') this.#named = loaded.files;
      const stamp = this.stamp();
      if (stamp === before) return { stamp, loaded };
    }
  }

  /**
   * Waits until the writer of the file seems to have finished, and reads it.
   * @throws the signal's reason when it aborts first
   */
  async settled(signal: AbortSignal): Promise<ReturnType<SettingsFile['read']>> {
    for (;;) {
      const found = this.read();
      const isFinished = found.loaded.kind === 'configured' && endsItsLine(found.loaded.path);
      const left = this.#since + (isFinished ? quiet : quietUnfinished) - systemClock.now();
      if (left > 0) await systemClock.sleep(left, signal);
      if (this.stamp() === found.stamp) return found;
    }
  }

  /**
   * Calls `changed` when any file in the settings' folder changes. If the folder cannot be watched, `changed`
   * is never called, so the caller must also check from time to time.
   */
  watch(changed: () => void): void {
    try {
      this.#watcher = watch(dirname(settingsPath(this.#root)), { persistent: false }, changed);
      this.#watcher.on('error', () => this.close());
    } catch (error) {
      // The folder is missing, or this user may not watch any more folders.
      if (!isSystemError(error)) throw error;
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

/** Whether the file ends with a line feed; false if it is gone. */
function endsItsLine(path: string): boolean {
  return systemOr(() => tailOf(path, 1) === '\n', false);
}
