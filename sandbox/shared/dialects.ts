import type { Event } from './event.ts';
import type { Switches } from './switches.ts';
import type { Identity, Level, Stage } from './types.ts';
import type { Element } from './xml.ts';

/** Which panel a sandbox is: ISPmanager 4, 5, 6 or DNSmanager 5/6 (reference section 1). */
export type Generation = 'v4' | 'v5' | 'v6' | 'dnsmgr';

/** What an answer is written for. */
export interface Occasion {
  readonly out: string | undefined;
  readonly via: 'http' | 'mgrctl';
  readonly title: string;
  readonly func: string;
  readonly user: string;
  /** The caller's access level as the panel numbers it; `0`: nobody's. */
  readonly level: string;
  readonly lang: string;
  /** Of the request, without secrets. */
  readonly params: Readonly<Record<string, string>>;
}

/** Body and `Content-Type` of an answer. */
export interface Rendered {
  readonly type: string;
  readonly body: string;
}

/** How a generation's plugins are described and run (reference sections 10, 11). */
export interface PluginDialect {
  /** Folder of the description files under the root, and what their names look like. */
  readonly folder: string;
  readonly pattern: RegExp;
  /** Function name of an `event` or `func` element. */
  readonly funcOf: (node: Element) => string;
  readonly levelOf: (text: string | undefined) => Level;
  /** Mode bits a handler must not have in strict mode. */
  readonly forbiddenMode: number;
  /** The log's line for an event that a description file registers; null: none. */
  readonly registered: ((handler: string, func: string) => string) | null;
  /**
   * CGI variables and body reach `cgi` handlers only that ask for `postdata`, others have `QUERY_STRING`
   * alone (docs/protocol.md#handlers-5).
   */
  readonly bodyOnRequest: boolean;
  /**
   * Whether a function that a plugin implements keeps other calls waiting (switch `blockNested`); later
   * panels let it call (docs/protocol.md#handlers-5).
   */
  readonly functionsBlock: boolean;
  /** Environment of a handler beyond the CGI variables. */
  readonly environment: (event: Event, stage: Stage | null, switches: Switches) => Record<string, string>;
  /**
   * Whether a handler's output counts from its first `<` on (docs/protocol.md#handlers-4). Any number of CGI
   * headers may then precede the document, and bare text is accepted where the call asks for `out=text`.
   */
  readonly skipsToDocument: boolean;
}

/** What a generation's `mgrctl` takes (reference section 12). */
export interface MgrctlDialect {
  readonly usage: string;
  readonly formats: readonly string[];
  /** Whether it has `-i`, `-l`, `-u`, `-R`, `-e` and the function `exit`. */
  readonly hasControl: boolean;
}

/** How a generation names accounts, levels and sessions. */
export interface AccountDialect {
  readonly generation: Generation;
  /** Name of the session cookie. */
  readonly cookieName: string;
  /** The session in that value, cut at its colons. */
  readonly cookieSession: (parts: readonly string[]) => string | undefined;
  readonly newSession: () => string;
  /**
   * The language that a browser's cookies choose. @param parts a cookie's value cut at its colons;
   * `undefined`: no such cookie
   */
  readonly cookieLang: (parts: (name: string) => readonly string[] | undefined) => string | undefined;
  /** Access levels as this panel numbers them (reference section 1). */
  readonly levels: Readonly<Record<Level, string>>;
  /** What an error about an account that is not there names (docs/protocol.md#functions-5). */
  readonly userObject: string;
  /** The level of a caller; calls of the host itself may stand above all accounts. */
  readonly levelShown: (caller: Identity) => string;
  /** As whom calls of the host itself are made; null: the first administrator. */
  readonly localUser: string | null;
  /** Whether news stand as banners in lists (docs/protocol.md#documents). */
  readonly hasBanners: boolean;
}
