import type { Holds, SelfTestFacts } from './facts.ts';
import type { SeenCall } from './step.ts';

/**
 * An assumption about how panels behave in cases that their documentation leaves open. docs/compatibility.md
 * lists all assumptions.
 */
export interface Assumption {
  /** Id of the assumption in docs/compatibility.md. */
  readonly id: string;
  readonly text: string;
  readonly holds: Holds;
  /** The consequence for the product if the assumption does not hold. */
  readonly consequence: string;
}

type Judge = (facts: SelfTestFacts) => Holds;

interface Rule extends Omit<Assumption, 'holds'> {
  readonly judge: Judge;
}

const rules: readonly Rule[] = [
  {
    id: 'A1',
    text: 'an error answered to "before" stops the function',
    consequence: 'no edit can be refused: what the central will not have is put back in the panel afterwards',
    judge: ({ vetoKept }) => vetoKept,
  },
  {
    id: 'A2',
    text: 'every DNS function calls our "before" and "after" handlers, in this order',
    consequence:
      'edits without "before" are mirrored after the panel has made them, or by the next comparison',
    judge: ({ steps }) =>
      all(
        steps
          .filter(({ failed, byForeignAccount = false }) => failed === null && !byForeignAccount)
          .map(({ calls }) => inOrder(calls)),
      ),
  },
  {
    id: 'A3',
    text: 'record keys in calls are the keys that lists show',
    consequence:
      'keys are matched by what they mean; what cannot be matched is refused with "record.unknown-key"',
    judge: ({ takenKeys, sentKeys }) => all(takenKeys.map((key) => sentKeys.includes(key))),
  },
  {
    id: 'A4',
    text: 'the TTL that was sent is the TTL that is shown',
    consequence: 'TTLs at the central may differ from the panel’s; records themselves are not affected',
    judge: ({ ttlKept }) => ttlKept,
  },
  {
    id: 'A5',
    text: 'our own writes are recognised: a parameter the panel does not know reaches the handlers',
    consequence: 'what we put back in the panel is taken for a new edit of a user and mirrored once more',
    judge: ({ echoSeen }) => echoSeen,
  },
  {
    id: 'A8',
    text: 'calls carry the documented parameters (func, plid, the fields of the form)',
    consequence: 'edits are refused as invalid, or not noticed before the next comparison',
    judge: ({ steps }) => {
      const calls = steps
        .flatMap((step) => step.calls)
        .filter(({ func }) => /\.(?:sublist|record)\./u.test(func));
      return all(calls.map(({ parameters }) => parameters.includes('plid')));
    },
  },
  {
    id: 'A50',
    text: 'the panel itself lists our handlers as registered for every DNS function ("eventlist")',
    consequence:
      'edits by a function that is not listed are noticed by the next comparison only: restart the panel so that it reads the description file',
    judge: judgeRegistered,
  },
  {
    id: 'A39',
    text: 'the panel reports to an administrator whose each zone is: by a column of its list, or by the list as each account sees it',
    consequence:
      'edits of users are followed after the panel has made them, not refused before, unless the panel checks access first',
    judge: ({ ownersReported }) =>
      ownersReported === 'not tested' ? ownersReported : ownersReported === 'none' ? 'no' : 'yes',
  },
];

/**
 * If the panel calls our handlers but its list of handlers does not name them, we misread the list. The list
 * then proves nothing.
 */
function judgeRegistered({ registered, steps }: SelfTestFacts): Holds {
  if (registered === null) return 'not tested';
  const isCalled = steps.some(({ calls }) => calls.length > 0);
  if (!registered.namesUs && isCalled) return 'not tested';
  return registered.missing.length === 0 ? 'yes' : 'no';
}

/** Decides for every assumption whether the facts of the self-test confirm it. */
export function judgeAssumptions(facts: SelfTestFacts): Assumption[] {
  return rules.map(({ judge, ...rule }) => ({ ...rule, holds: judge(facts) }));
}

function all(found: readonly boolean[]): Holds {
  if (found.length === 0) return 'not tested';
  return found.every(Boolean) ? 'yes' : 'no';
}

/**
 * Whether the panel first called us with `before` and then with `after`; no `after` is needed if we refused.
 * Only calls of the step's first function count, because that function may call others
 * (docs/compatibility.md).
 */
function inOrder(calls: readonly SeenCall[]): boolean {
  const own = calls.filter(({ func }) => func === calls[0]?.func);
  const first = own[0];
  if (first?.stage !== 'before') return false;
  return first.verdict === 'refuse' || own.some(({ stage }) => stage === 'after');
}
