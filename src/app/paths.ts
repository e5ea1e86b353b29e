import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CentralId } from '../core/central.ts';

/** Where domainsync keeps its files for the panel at one root. */
export interface Paths {
  readonly root: string;
  /** Directory of the journals, 0700. */
  readonly state: string;
  readonly log: string;
  /** Exists while paused. Holds the end of the pause in seconds since 1970; empty: no end is set. */
  readonly pause: string;
  /**
   * Exists while a restart of the panel is due, because a file that the panel reads at its start was changed.
   */
  readonly restartDue: string;
  /** Lock file; the only running agent holds it. */
  readonly lock: string;
  /**
   * Socket of the agent, for the hook script. Its path is short, because a socket's path may have 107 octets
   * (unix(7)).
   */
  readonly socket: string;
}

/** @param socket path of the socket, e.g. in tests; absent: the default path */
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

/** Path of the journal. Each central and account has its own (docs/glossary.md#ledger). */
export function journalPath(paths: Paths, central: CentralId): string {
  const identity = `${central.kind} ${central.address} ${central.account}`;
  return join(paths.state, `${createHash('sha256').update(identity).digest('hex').slice(0, 16)}.db`);
}
