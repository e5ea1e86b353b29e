/**
 * Decides what is reported to an administrator, and when, after the reasons to look at the panel have
 * changed. Pure.
 */
import type { Attention } from '../answers/attention.ts';
import type { Notice } from './notice.ts';

/** The state that is stored between two checks of the reasons. It survives a restart. */
export interface Memory {
  /** Reasons that exist now. A reason counts as existing once two checks in a row have found it. */
  readonly holding: readonly Attention[];
  /** Reasons that the administrator knows, because the last notice listed them as existing. */
  readonly told: readonly Attention[];
  /** When notices were made in the last hour, milliseconds since 1970. */
  readonly sentAt: readonly number[];
  /** Number of changes since the last notice that were not reported, because there were too many notices. */
  readonly heldBack: number;
}

export const nothingTold: Memory = { holding: [], told: [], sentAt: [], heldBack: 0 };

/** The result of one check of the reasons. */
export interface Look {
  readonly found: readonly Attention[];
  /** The reasons that the previous check found; null: this is the first check since the start. */
  readonly before: readonly Attention[] | null;
  /**
   * Whether a reason that this check did not find may count as ended. False right after a start, because not
   * every reason can be known then.
   */
  readonly mayEnd: boolean;
  /** When the check was made: wall clock, milliseconds since 1970. */
  readonly wall: number;
}

/** The fields of a notice that this file decides. The notifier adds the others. */
export type ReasonChange = Pick<Notice, 'began' | 'ended' | 'standing' | 'heldBack' | 'quietUntil'>;

const hour = 3_600_000;

/**
 * Decides after a check what to report.
 * @param mostPerHour how many notices may be sent in an hour
 * @returns `memory`: the state to store from now on; `change`: the change to report, null: nothing
 */
export function decide(
  memory: Memory,
  look: Look,
  mostPerHour: number,
): { readonly memory: Memory; readonly change: ReasonChange | null } {
  const { wall } = look;
  const holding = holdingAfter(memory.holding, look);
  const changes = without(holding, memory.holding).length + without(memory.holding, holding).length;
  // A stored time in the future means that the clock has been set back since. Such a time does not count.
  const sentAt = memory.sentAt.filter((at) => at > wall - hour && at <= wall);
  const began = without(holding, memory.told);
  const ended = without(memory.told, holding);
  const { heldBack } = memory;
  if (began.length + ended.length + heldBack === 0)
    return { memory: { ...memory, holding, sentAt }, change: null };
  if (sentAt.length >= mostPerHour)
    return { memory: { ...memory, holding, sentAt, heldBack: heldBack + changes }, change: null };
  const all = [...sentAt, wall];
  const standing = without(holding, began);
  const oldest = all[0] ?? wall;
  const quietUntil = all.length >= mostPerHour ? oldest + hour : null;
  return {
    memory: { holding, told: holding, sentAt: all, heldBack: 0 },
    change: { began, ended, standing, heldBack, quietUntil },
  };
}

/** Returns the reasons that exist after a check. A reason begins or ends when two checks in a row agree. */
function holdingAfter(holding: readonly Attention[], { found, before, mayEnd }: Look): readonly Attention[] {
  const now = new Map(found.toReversed().map((one) => [keyOf(one), one]));
  const kept = holding.flatMap((one) => {
    const present = now.get(keyOf(one));
    if (present !== undefined) return [present];
    const isOver = mayEnd && before !== null && without([one], before).length === 1;
    return isOver ? [] : [one];
  });
  const begun = without(
    [...now.values()].toReversed().filter((one) => before !== null && without([one], before).length === 0),
    kept,
  );
  return [...kept, ...begun];
}

/** Returns the reasons of one list that are not in the other list. */
function without(reasons: readonly Attention[], other: readonly Attention[]): readonly Attention[] {
  const keys = new Set(other.map(keyOf));
  return reasons.filter((one) => !keys.has(keyOf(one)));
}

/** Returns a text that identifies a reason. The values and times of the reason may change while it exists. */
function keyOf({ code, central }: Attention): string {
  return `${code} ${central}`;
}
