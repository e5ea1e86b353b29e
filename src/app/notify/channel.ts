import type { Problem } from '../../dns/problem.ts';
import { problem } from '../../dns/problem.ts';
import type { Notice } from './notice.ts';

export const channelNames = ['webhook', 'mail'] as const;
export type ChannelName = (typeof channelNames)[number];

/** A way to reach an administrator. */
export interface Channel {
  readonly name: ChannelName;
  /** Where it leads, for log and terminal, without secrets. */
  readonly target: string;
  /**
   * Delivers one notice. Sending the same notice again is harmless: its id stays the same.
   * @param signal ends the attempt, such as the stop of the agent
   * @throws {NotDelivered}
   */
  deliver(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** A notice was not delivered, or it is not known whether it was. */
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
