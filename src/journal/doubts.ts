import { gapFact, hostFact, longGap, olderFact, otherHostFact } from '../core/journal-doubts.ts';
import { completed, hostText, isOtherHost, parseHost, type HostIdentity } from './host-identity.ts';

/** The facts that are known when a writer opens a journal. */
export interface Opening {
  /** Number of commits in the file, and its second copy (`count-file.ts`). */
  readonly commits: number;
  readonly second: number;
  /** When the last commit was made; 0: unknown. Times: wall clock, milliseconds since 1970. */
  readonly committedAt: number;
  readonly now: number;
  /**
   * `host`: the host that opens the journal. `writtenOn`: the stored fact `hostFact`; null: there is no such
   * fact.
   */
  readonly host: HostIdentity;
  readonly writtenOn: string | null;
}

/**
 * Returns the facts to store when a writer opens the journal; null deletes a fact. They say why the journal
 * may lack the latest changes. It may be an older copy, its last commit may be long ago, or it may come from
 * another host.
 */
export function factsAtOpening(opening: Opening): Readonly<Record<string, string | null>> {
  const { commits, second, committedAt, now, host, writtenOn } = opening;
  const former = parseHost(writtenOn);
  const isOther = isOtherHost(former, host);
  return {
    ...(second > commits ? { [olderFact]: String(now) } : {}),
    ...(committedAt > 0 && now - committedAt > longGap ? { [gapFact]: String(now) } : {}),
    // If the journal is opened on its own host again, this fact is deleted.
    [otherHostFact]: isOther ? `${now} ${hostText(host)}` : null,
    ...(isOther ? {} : { [hostFact]: hostText(completed(former, host)) }),
  };
}
