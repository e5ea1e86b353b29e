import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CentralId } from '../core/central.ts';

/** Where domainsync keeps what, under one panel's root. */
export interface Paths {
  readonly root: string;
  /** Directory of the journals, 0700. */
  readonly state: string;
  readonly log: string;
  /** Present while paused; holds the end of the pause in seconds since 1970, or nothing. */
  readonly pause: string;
  /**
   * Present from before a file the panel reads at its start is changed until the panel has been restarted.
   */
  readonly restartDue: string;
  /** Held by the one agent that runs. */
  readonly lock: string;
  /** Where the shim finds the agent. Short, because a socket's path may have 107 octets (unix(7)). */
  readonly socket: string;
}

/** @param socket another place for the socket, e.g. in tests */
export function pathsOf(root: string, socket?: string): Paths {
  const state = join(root, 'var/domainsync');
  const mark = createHash('sha256').update(root).digest('hex').slice(0, 12);
  return {
    root,
    state,
    log: join(root, 'var/domainsync.log'),
    pause: join(state, 'pause'),
    restartDue: join(state, 'restart-due'),
    lock: join(state, 'agent.lock'),
    socket: socket ?? `/run/domainsync/${mark}.sock`,
  };
}

/** One journal for each central and account (docs/glossary.md#ledger). */
export function journalPath(paths: Paths, central: CentralId): string {
  const identity = `${central.kind} ${central.address} ${central.account}`;
  return join(paths.state, `${createHash('sha256').update(identity).digest('hex').slice(0, 16)}.db`);
}
