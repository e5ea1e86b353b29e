import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';

/**
 * Mounts a small file system over an empty folder until the test ends.
 * @param size its size in the form of `mount`, for example `2m`
 * @returns false when it cannot be mounted, because only root may mount
 */
export function mountSmallDisk(t: Pick<TestContext, 'after'>, path: string, size: string): boolean {
  const options = `size=${size},mode=0700`;
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0;
  // A lazy unmount works even if a process that is about to end still has an open file there.
  if (mounted) t.after(() => void spawnSync('umount', ['-l', path]));
  return mounted;
}

/** Writes to a file until its file system is full. */
export function fillDisk(path: string): void {
  for (let size = 64 * 1024; size >= 1; size = Math.floor(size / 2)) {
    for (;;) {
      try {
        writeFileSync(path, Buffer.alloc(size, 1), { flag: 'a' });
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') break;
        throw error;
      }
    }
  }
}
