/**
 * First line of a hook request: `domainsync 1 PID LENGTH [STAGE] [cut]`, then LENGTH octets of body. The
 * agent reads the environment of process PID from /proc. A hook sends STAGE if its panel does not put the
 * stage into the environment (docs/decisions/005-two-generations.md). `cut`: the body may be incomplete.
 */
export const hookWord = 'domainsync';
/**
 * First line of a request of the command line: `domainsync-control 1 0 LENGTH`, then LENGTH octets of JSON.
 */
export const controlWord = 'domainsync-control';
export const protocolVersion = '1';

/**
 * The agent sends this when it accepts a connection, before it reads. A client that does not get it may try
 * another way.
 */
export const hello = 'domainsync hello\n';
/** Last octets of a complete answer. An answer without them was cut and counts as a refusal. */
export const end = '\ndomainsync end\n';

/** Longest first line of a request, octets. */
export const mostHead = 256;

/** Longest body that the agent accepts, octets. */
export const mostBody = 8 * 1024 * 1024;

/** Longest body of a hook call that the agent reads, octets. It discards a longer one completely. */
export const mostRead = 2 * 1024 * 1024;

export interface RequestHead {
  readonly kind: 'hook' | 'control';
  readonly pid: number;
  readonly length: number;
  /** Null: the stage is in the environment. */
  readonly stage: 'before' | 'after' | null;
  readonly isCut: boolean;
}

/** Reads the first line of a request; `null` for anything else. */
export function readHead(line: string): RequestHead | null {
  const parts = /^(domainsync|domainsync-control) 1 (\d{1,10}) (\d{1,10})(?: (before|after))?( cut)?$/.exec(
    line,
  );
  if (parts === null) return null;
  const length = Number(parts[3]);
  if (length > mostBody) return null;
  const stage = parts[4] === 'before' || parts[4] === 'after' ? parts[4] : null;
  const isCut = parts[5] !== undefined;
  return { kind: parts[1] === hookWord ? 'hook' : 'control', pid: Number(parts[2]), length, stage, isCut };
}
