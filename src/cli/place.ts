import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathsOf } from '../app/paths.ts';

export interface PlaceOptions {
  /** The panel's root directory. */
  readonly root: string;
  /** Directory of the bundles (`dist/`). */
  readonly from: string;
  /** Another place for the socket. */
  readonly socket?: string | undefined;
}

/** Where the programs lie under the panel's root. */
const programs = 'lib/domainsync';

/**
 * Puts the plugin into a panel's root: programs, shim and description file, each replaced in one step; settings and journal are
 * not touched. Safe to run again. The panel has to be restarted to read the description file (reference 10.1).
 * @returns the paths written
 */
export function place({ root, from, socket }: PlaceOptions): string[] {
  if (!existsSync(join(from, 'agent.cjs')))
    throw new Error(`there are no bundles in ${from}; run "npm run build" first`);
  const paths = pathsOf(root, socket);
  const bundles = ['agent.cjs', 'hook.cjs', 'domainsync.cjs'].map((name) => {
    const to = join(root, programs, name);
    replace(to, 0o700, (draft) => copyFileSync(join(from, name), draft));
    return to;
  });
  const shim = join(root, 'addon/domainsync');
  const text = fill(readFileSync(join(from, 'plugin/ispmanager4/domainsync'), 'utf8'), {
    SOCKET: paths.socket,
    PAUSE: paths.pause,
    NODE: process.execPath,
    HOOK: join(root, programs, 'hook.cjs'),
  });
  replace(shim, 0o700, (draft) => writeFileSync(draft, text));
  const description = join(root, 'etc/ispmgr_mod_domainsync.xml');
  replace(description, 0o644, (draft) => {
    copyFileSync(join(from, 'plugin/ispmanager4/ispmgr_mod_domainsync.xml'), draft);
  });
  mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  return [...bundles, shim, description];
}

function replace(path: string, mode: number, write: (draft: string) => void): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  write(draft);
  chmodSync(draft, mode);
  renameSync(draft, path);
}

/** Single quotes cannot be escaped inside single quotes; a path with one is refused rather than guessed at. */
function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/@([A-Z]+)@/g, (whole, name: string) => {
    const value = values[name] ?? whole;
    if (value.includes("'")) throw new Error(`the path ${value} contains a quote`);
    return value;
  });
}
