/**
 * First line of a hook request: `domainsync 1 PID LENGTH [STAGE] [cut]`, then LENGTH octets of body. The
 * environment is read from /proc/PID. STAGE is said by hooks of panels that do not tell it in the environment
 * (docs/decisions/005-two-generations.md). `cut`: the body may go on.
 */
export const hookWord = 'domainsync';
/**
 * First line of a request of the command line: `domainsync-control 1 0 LENGTH`, then LENGTH octets of JSON.
 */
export const controlWord = 'domainsync-control';
export const protocolVersion = '1';

/**
 * Sent as soon as a connection is accepted, before anything is read: a client that has not seen it may try
 * another way.
 */
export const hello = 'domainsync hello\n';
/** Last octets of a whole answer; without them it is cut, and a refusal. */
export const end = '\ndomainsync end\n';

/** Longest first line, octets. */
export const mostHead = 256;

/** Longest body taken, octets. */
export const mostBody = 8 * 1024 * 1024;

/** Longest body of a hook call that is kept and read, octets; of a longer one nothing is kept. */
export const mostRead = 2 * 1024 * 1024;

export interface RequestHead {
  readonly kind: 'hook' | 'control';
  readonly pid: number;
  readonly length: number;
  /** Absent: it is in the environment. */
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
