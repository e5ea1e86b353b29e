/**
 * First word of a hook request. The request's first line is
 * `domainsync 1 PID LENGTH [STAGE] [cut] [since UPTIME]`; LENGTH octets of body follow. The agent reads the
 * environment of process PID from /proc. STAGE is sent if the panel does not put the stage into the
 * environment (docs/decisions/005-two-generations.md). `cut`: the body may be incomplete. UPTIME: when the
 * panel started the hook, as the first number of /proc/uptime. Hooks of earlier releases do not send it.
 */
export const hookWord = 'domainsync';
/**
 * First word of a request of the command line. The request's first line is `domainsync-control 1 0 LENGTH`;
 * LENGTH octets of JSON follow.
 */
export const controlWord = 'domainsync-control';
export const protocolVersion = '1';

/**
 * The agent sends this line as soon as it accepts a connection. A client that does not get the line may try
 * to reach the agent with another program.
 */
export const hello = 'domainsync hello\n';
/** The last octets of every complete answer. An answer without them was cut off and counts as a refusal. */
export const end = '\ndomainsync end\n';

/** Longest first line of a request, octets. */
export const mostHead = 256;

/** Longest body that the agent accepts, octets. */
export const mostBody = 8 * 1024 * 1024;

/**
 * Longest body of a hook call that the agent uses, octets. The agent receives a longer body, but discards it.
 */
export const mostRead = 2 * 1024 * 1024;

export interface RequestHead {
  readonly kind: 'hook' | 'control';
  readonly pid: number;
  readonly length: number;
  /** The stage of the call; null: the environment names it. */
  readonly stage: 'before' | 'after' | null;
  readonly isCut: boolean;
  /** When the panel started the hook, seconds since the machine started; null: the hook did not send this. */
  readonly since: number | null;
}

const firstLine =
  /^(domainsync|domainsync-control) 1 (\d{1,10}) (\d{1,10})(?: (before|after))?( cut)?(?: since (\d{1,10}(?:\.\d{1,2})?))?$/;

/** Parses the first line of a request; `null`: the line does not begin a request. */
export function readHead(line: string): RequestHead | null {
  const parts = firstLine.exec(line);
  if (parts === null) return null;
  const length = Number(parts[3]);
  if (length > mostBody) return null;
  const stage = parts[4] === 'before' || parts[4] === 'after' ? parts[4] : null;
  const isCut = parts[5] !== undefined;
  const since = parts[6] === undefined ? null : Number(parts[6]);
  const kind = parts[1] === hookWord ? 'hook' : 'control';
  return { kind, pid: Number(parts[2]), length, stage, isCut, since };
}
