import { gapFact, hostFact, longGap, olderFact, otherHostFact } from '../core/journal-doubts.ts';
import { completed, hostText, isOtherHost, parseHost, type HostIdentity } from './host-identity.ts';

/** What a journal finds when a writer opens it. */
export interface Opening {
  /** Number of commits in the file, and its second copy (`count-file.ts`). */
  readonly commits: number;
  readonly second: number;
  /** When the last commit was made; 0: unknown. Times: wall clock, milliseconds since 1970. */
  readonly committedAt: number;
  readonly now: number;
  /** The present host, and the fact `hostFact`; null: there is none. */
  readonly host: HostIdentity;
  readonly writtenOn: string | null;
}

/** Facts to store at the opening. They say why the journal may not know what happened last. */
export function factsAtOpening(opening: Opening): Readonly<Record<string, string | null>> {
  const { commits, second, committedAt, now, host, writtenOn } = opening;
  const former = parseHost(writtenOn);
  const isOther = isOtherHost(former, host);
  return {
    ...(second > commits ? { [olderFact]: String(now) } : {}),
    ...(committedAt > 0 && now - committedAt > longGap ? { [gapFact]: String(now) } : {}),
    // Back on its own host, the journal is no other host's any more.
    [otherHostFact]: isOther ? `${now} ${hostText(host)}` : null,
    ...(isOther ? {} : { [hostFact]: hostText(completed(former, host)) }),
  };
}
