import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { attention } from '../control/data.ts';
import type { Attention } from '../answers/attention.ts';
import type { Paths } from '../paths.ts';
import { channelNames, type ChannelName } from './channel.ts';
import { nothingTold, type Memory } from './decide.ts';
import type { Notice } from './notice.ts';

/** A notice that has not yet been delivered on all channels. */
export interface Waiting {
  readonly notice: Notice;
  /** Channels on which the notice still has to be delivered. */
  readonly channels: readonly ChannelName[];
}

/** Everything about notifications that survives a restart. */
export interface Kept {
  readonly memory: Memory;
  /** Notices that wait for delivery, oldest first. */
  readonly waiting: readonly Waiting[];
}

export const nothingKept: Kept = { memory: nothingTold, waiting: [] };

/** Largest file that is read, octets. Twenty waiting notices with a thousand reasons each take less. */
const mostOctets = 16 * 1024 * 1024;

/**
 * Another release may have stored reasons with codes that this release does not know. Such reasons are
 * dropped.
 */
const reasons = v.pipe(
  v.array(v.unknown()),
  v.transform((all): readonly Attention[] => all.filter((one) => v.is(attention, one))),
);

const notice = v.object({
  id: v.string(),
  at: v.number(),
  kind: v.picklist(['changed', 'test']),
  began: reasons,
  ended: reasons,
  standing: reasons,
  heldBack: v.number(),
  quietUntil: v.nullable(v.number()),
  several: v.boolean(),
}) satisfies v.GenericSchema<unknown, Notice>;

const file = v.object({
  version: v.literal(1),
  memory: v.object({
    holding: reasons,
    told: reasons,
    sentAt: v.array(v.number()),
    heldBack: v.number(),
  }),
  waiting: v.array(v.object({ notice, channels: v.array(v.picklist(channelNames)) })),
});

/** Path of the file, in the folder of the journals. */
export function memoryPath({ state }: Paths): string {
  return join(state, 'notify.json');
}

/**
 * Reads the stored state. Without a file, the state is empty.
 * @returns null: the file cannot be used. The state is then lost, and existing reasons are reported again
 */
export function readKept(path: string): Kept | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return nothingKept;
  if (stat.size > mostOctets) return null;
  try {
    const { memory, waiting } = v.parse(file, JSON.parse(readFileSync(path, 'utf8')));
    return { memory, waiting };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof v.ValiError) return null;
    throw error;
  }
}

/**
 * Replaces the file by rename, with mode 0600, after its content is safely on disk.
 * @throws {Error} errors of the file system, unchanged; the old file then stays
 */
export function writeKept(path: string, kept: Kept): void {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  try {
    const open = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(open, JSON.stringify({ version: 1, ...kept }));
      fsyncSync(open);
    } finally {
      closeSync(open);
    }
    renameSync(draft, path);
  } catch (error) {
    // If the disk is full, the rest of a draft would take space that the journal needs.
    rmSync(draft, { force: true });
    throw error;
  }
}
