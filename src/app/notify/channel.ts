import type { Problem } from '../../dns/problem.ts';
import { problem } from '../../dns/problem.ts';
import type { Notice } from './notice.ts';

export const channelNames = ['webhook', 'mail'] as const;
export type ChannelName = (typeof channelNames)[number];

/** A way to send notices to an administrator. */
export interface Channel {
  readonly name: ChannelName;
  /** Where the channel sends notices. Log and terminal show this, so it contains no secret. */
  readonly target: string;
  /**
   * Delivers one notice. A repeated delivery does no harm, because the notice keeps its id.
   * @param signal aborts the attempt, for example when the agent stops
   * @throws {NotDelivered}
   */
  deliver(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** Thrown when a notice was not delivered, or nobody knows whether it was. */
export class NotDelivered extends Error {
  override readonly name = 'NotDelivered';
  readonly problem: Problem;

  constructor(
    code: `notify.${string}` | 'settings.ca-unreadable',
    params: Problem['params'],
    cause?: unknown,
  ) {
    super(code, { cause });
    this.problem = problem(code, params);
  }
}
