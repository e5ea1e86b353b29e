import { userInfo } from 'node:os';

/** Login names as Linux takes them (useradd, shadow-utils), directory services included. */
const login = /^[\p{L}\p{N}_][\p{L}\p{N}_.@\\-]{0,63}\$?$/u;

/** Whose command it is. `SUDO_USER` counts only for root, as `sudo` sets it. */
interface Caller {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Name of that user. @throws {Error} the user database has none */
  readonly nameOf: () => string;
}

/**
 * The login name of the operator who runs this command: who called `sudo`, else the name of the user id. It
 * goes into the history. It is no proof, because root can give any name.
 */
export function operatorName(
  { environment, uid, nameOf }: Caller = {
    environment: process.env,
    uid: process.getuid?.() ?? 0,
    nameOf: () => userInfo().username,
  },
): string {
  const { SUDO_USER: caller = '' } = environment;
  if (uid === 0 && login.test(caller)) return caller;
  const own = nameOrNull(nameOf);
  return own !== null && login.test(own) ? own : `uid ${uid}`;
}

function nameOrNull(nameOf: () => string): string | null {
  try {
    return nameOf();
  } catch {
    // A user id without an entry in the user database is shown as a number.
    return null;
  }
}
