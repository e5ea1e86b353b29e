import type { Identity } from './access.ts';
import type { Event } from './events.ts';
import type { PanelFunction } from './functions/common.ts';
import type { Rendered } from './output.ts';
import type { Skin } from './page-skin.ts';
import type { Stage } from './plugins.ts';
import type { Switches } from './switches.ts';
import type { Level, Row } from './types.ts';
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
  /** CGI variables and body reach `cgi` handlers only that ask for `postdata`, others have `QUERY_STRING` alone (reference 11.3). */
  readonly bodyOnRequest: boolean;
  /** Whether a function that a plugin implements keeps other calls waiting (switch `blockNested`); later panels let it call (11.3). */
  readonly functionsBlock: boolean;
  /** Environment of a handler beyond the CGI variables. */
  readonly environment: (event: Event, stage: Stage | null, switches: Switches) => Record<string, string>;
  /**
   * Whether a handler's output counts from its first `<` on, so that any number of CGI headers may precede the document, and words
   * alone are borne where the call asks for `out=text` (17.21, 22.1).
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

/** What distinguishes one generation of the panel from another; everything else is written once. */
export interface Profile {
  readonly generation: Generation;
  /** The panel's name, e.g. `ispmgr`. */
  readonly panel: string;
  readonly paths: ReadonlySet<string>;
  /** The path plain clients use. */
  readonly path: string;
  readonly functions: ReadonlyMap<string, PanelFunction>;
  readonly plugins: PluginDialect;
  /** Name of the session cookie, and its value for a session. */
  readonly cookieName: string;
  readonly cookieValue: (session: string, lang: string) => string;
  /** The session in that value, cut at its colons. */
  readonly cookieSession: (parts: readonly string[]) => string | undefined;
  readonly newSession: () => string;
  /** The language that a browser's cookies choose. @param parts a cookie's value cut at its colons; `undefined`: no such cookie */
  readonly cookieLang: (parts: (name: string) => readonly string[] | undefined) => string | undefined;
  /** Sets a language at login; null: it is part of the session's cookie. */
  readonly langCookie: ((lang: string) => string) | null;
  readonly loggedIn: (session: string, level: string) => Element;
  /** What a login that failed gets. */
  readonly loginFailed: () => Element;
  /** What wrong credentials in a call get where the switch `authRefusal` asks for the panel's own shape (22.3). */
  readonly credentialsRefused: () => Element;
  /** Access levels as this panel numbers them (reference section 1). */
  readonly levels: Readonly<Record<Level, string>>;
  /** What an error about an account that is not there names (22.9). */
  readonly userObject: string;
  /** The level of a caller; calls of the host itself may stand above all accounts. */
  readonly levelShown: (caller: Identity) => string;
  /** As whom calls of the host itself are made; null: the first administrator. */
  readonly localUser: string | null;
  /** What a panel of this kind starts with, where it differs from version 4. */
  readonly switches: Partial<Switches>;
  /** Files besides plugins and state that a root has: path and content. */
  readonly files: Readonly<Record<string, string>>;
  /** Folders of a root besides those of version 4. */
  readonly folders: readonly string[];
  readonly mgrctl: MgrctlDialect;
  readonly skin: Skin;
  /** Whether plugins come as modules with a page that lists them, instead of from sources (reference 13). */
  readonly hasModules: boolean;
  /** Whether `eventlist` tells what handlers are registered for (22.8). */
  readonly hasEventList: boolean;
  /** The identifier of a record. */
  readonly recordKey: (row: Row, zone: string, switches: Switches) => string;
  /** Writes a document; errors come in the shape of version 4 and get the generation's own. */
  readonly render: (doc: Element, occasion: Occasion, switches: Switches) => Rendered;
}
