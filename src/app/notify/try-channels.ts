import { randomUUID } from 'node:crypto';
import type { NotifySettings } from '../../config/notify-options.ts';
import type { Problem } from '../../dns/problem.ts';
import { systemClock } from '../wiring/clock.ts';
import { NotDelivered, type Channel, type ChannelName } from './channel.ts';
import { channelsOf } from './channels.ts';
import type { Notice, Sender } from './notice.ts';

/** The result of a test notice on one channel. */
export interface TriedChannel {
  readonly channel: ChannelName;
  /** The channel's target, as the log may show it; contains no secret. */
  readonly target: string;
  /** How long the attempt took, milliseconds. */
  readonly ms: number;
  /** Why the notice was not delivered; null: it was delivered. */
  readonly problem: Problem | null;
}

/**
 * Sends a test notice once on each channel that the settings name.
 * @returns empty: the settings name no channel
 */
export async function tryChannels(
  settings: NotifySettings,
  sender: Sender,
  isService: boolean,
): Promise<readonly TriedChannel[]> {
  const notice: Notice = {
    id: randomUUID(),
    at: systemClock.wall(),
    kind: 'test',
    began: [],
    ended: [],
    standing: [],
    heldBack: 0,
    quietUntil: null,
    several: false,
  };
  return await Promise.all(channelsOf(settings, sender, isService).map((one) => tryOnce(one, notice)));
}

async function tryOnce(channel: Channel, notice: Notice): Promise<TriedChannel> {
  const began = systemClock.now();
  const { name, target } = channel;
  const problem = await channel.deliver(notice, new AbortController().signal).then(
    () => null,
    (error: unknown) => {
      if (error instanceof NotDelivered) return error.problem;
      throw error;
    },
  );
  return { channel: name, target, ms: Math.round(systemClock.now() - began), problem };
}
