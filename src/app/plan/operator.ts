import { userInfo } from 'node:os';

/** Login names that Linux allows (useradd, shadow-utils), and those of directory services. */
const login = /^[\p{L}\p{N}_][\p{L}\p{N}_.@\\-]{0,63}\$?$/u;

/**
 * The user who runs a command. `SUDO_USER` counts only if the command runs as root, as `sudo` sets it then.
 */
interface Caller {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /**
   * Returns the name of the user with this `uid`.
   * @throws {Error} the user database does not have the user
   */
  readonly nameOf: () => string;
}

/**
 * The login name of the operator who runs this command, for the history: the user who called `sudo`, or else
 * the user of the process. It proves nothing, because root can give any name.
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
    // If the user database does not have the user, its number is shown instead of a name.
    return null;
  }
}
