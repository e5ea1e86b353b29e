import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CentralId } from '../core/central.ts';

/** The paths that domainsync uses for the panel at one root. */
export interface Paths {
  readonly root: string;
  /** Directory of the journals; its mode is 0700. */
  readonly state: string;
  readonly log: string;
  /**
   * This file exists during a pause. It contains the end of the pause in seconds since 1970; if it is empty,
   * the pause has no end.
   */
  readonly pause: string;
  /** This file exists while domainsync only observes, so that the hook script refuses no edit. */
  readonly observing: string;
  /**
   * This file exists while the panel still needs a restart, because a file that it reads only at its start
   * has changed.
   */
  readonly restartDue: string;
  /** Lock file. The one agent that runs holds a lock on it. */
  readonly lock: string;
  /**
   * Socket on which the agent takes requests of the hook script. Its path is short, because the path of a
   * socket may have at most 107 octets (unix(7)).
   */
  readonly socket: string;
}

/**
 * Makes the paths for the panel at this root.
 * @param socket path of the socket, for example in tests; absent: the default path
 */
export function pathsOf(root: string, socket?: string): Paths {
  const state = join(root, 'var/domainsync');
  const mark = createHash('sha256').update(root).digest('hex').slice(0, 12);
  return {
    root,
    state,
    log: join(root, 'var/domainsync.log'),
    pause: join(state, 'pause'),
    observing: join(state, 'observing'),
    restartDue: join(state, 'restart-due'),
    lock: join(state, 'agent.lock'),
    socket: socket ?? `/run/domainsync/${mark}.sock`,
  };
}

/** Path of the journal for one account at one central (docs/glossary.md#ledger). */
export function journalPath(paths: Paths, central: CentralId): string {
  const identity = `${central.kind} ${central.address} ${central.account}`;
  return join(paths.state, `${createHash('sha256').update(identity).digest('hex').slice(0, 16)}.db`);
}
