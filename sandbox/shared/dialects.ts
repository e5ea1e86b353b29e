import type { Event } from './event.ts';
import type { Switches } from './switches.ts';
import type { Identity, Level, Stage } from './types.ts';
import type { Element } from './xml.ts';

/**
 * Which panel a sandbox stands for: ISPmanager 4, 5 or 6, or DNSmanager 5/6 (docs/protocol.md#generations).
 */
export type Generation = 'v4' | 'v5' | 'v6' | 'dnsmgr';

/** The call to which an answer is written. */
export interface Occasion {
  readonly out: string | undefined;
  readonly via: 'http' | 'mgrctl';
  readonly title: string;
  readonly func: string;
  readonly user: string;
  /** The caller's access level in the panel's own numbers; `0`: nobody is logged in. */
  readonly level: string;
  readonly lang: string;
  /** Parameters of the request; secrets are left out. */
  readonly params: Readonly<Record<string, string>>;
}

/** Body and `Content-Type` of an answer. */
export interface Rendered {
  readonly type: string;
  readonly body: string;
}

/**
 * How plugins of a generation are described and run (docs/protocol.md#description-4, #handlers-4,
 * #handlers-5).
 */
export interface PluginDialect {
  /** The folder of the description files, relative to the root, and the pattern of their names. */
  readonly folder: string;
  readonly pattern: RegExp;
  /** Reads the function's name from an `event` or `func` element. */
  readonly funcOf: (node: Element) => string;
  readonly levelOf: (text: string | undefined) => Level;
  /** If the switch `strictModes` is on, a handler's file must have none of these mode bits. */
  readonly forbiddenMode: number;
  /** Makes the line that the log gets for each event in a description file; null: the log gets no line. */
  readonly registered: ((handler: string, func: string) => string) | null;
  /**
   * Whether only `cgi` handlers with `postdata` get CGI variables and the body. All other handlers then get
   * only `QUERY_STRING` (docs/protocol.md#handlers-5).
   */
  readonly bodyOnRequest: boolean;
  /**
   * Whether other calls wait while a plugin's function runs (switch `blockNested`). In version 5/6 they do
   * not wait (docs/protocol.md#handlers-5).
   */
  readonly functionsBlock: boolean;
  /** Makes the environment of a handler, without the CGI variables. */
  readonly environment: (event: Event, stage: Stage | null, switches: Switches) => Record<string, string>;
  /**
   * Whether output before the first `<` is ignored (docs/protocol.md#handlers-4). If it is, CGI headers may
   * come before the document, and plain words are accepted for `out=text`.
   */
  readonly skipsToDocument: boolean;
}

/** The command line of a generation's `mgrctl` (docs/protocol.md#mgrctl). */
export interface MgrctlDialect {
  readonly usage: string;
  readonly formats: readonly string[];
  /** Whether `mgrctl` has the options `-i`, `-l`, `-u`, `-R` and `-e`, and the function `exit`. */
  readonly hasControl: boolean;
}

/** How a generation names accounts, levels and sessions. */
export interface AccountDialect {
  readonly generation: Generation;
  /** Name of the session cookie. */
  readonly cookieName: string;
  /** Finds the session id in the parts of the cookie's value; undefined: it contains none. */
  readonly cookieSession: (parts: readonly string[]) => string | undefined;
  readonly newSession: () => string;
  /**
   * Finds the language in a browser's cookies; undefined: they contain none.
   * @param parts returns the parts of a cookie's value, which colons separate; undefined: there is no such
   *   cookie
   */
  readonly cookieLang: (parts: (name: string) => readonly string[] | undefined) => string | undefined;
  /** The access levels in this panel's own numbers (docs/protocol.md#generations). */
  readonly levels: Readonly<Record<Level, string>>;
  /** The object that the error names when an account does not exist (docs/protocol.md#functions-5). */
  readonly userObject: string;
  /** The caller's access level in the panel's own numbers. The level of mgrctl may be above all accounts. */
  readonly levelShown: (caller: Identity) => string;
  /** The account as which mgrctl calls; null: the first administrator. */
  readonly localUser: string | null;
  /** Whether lists contain banners with news (docs/protocol.md#documents). */
  readonly hasBanners: boolean;
}
