import type { Event } from './events.ts';
import type { PanelFunction } from './functions/common.ts';
import type { Rendered } from './output.ts';
import type { Stage } from './plugins.ts';
import type { Switches } from './switches.ts';
import type { Level, Row } from './types.ts';
import type { Element } from './xml.ts';

/** Which panel a sandbox is: ISPmanager 4, 5, 6 or DNSmanager 5/6 (reference section 1). */
export type Generation = 'v4' | 'v5' | 'v6' | 'dnsmgr';

/** What an answer is written for. */
export interface Occasion {
  readonly out: string | undefined;
  readonly title: string;
  readonly func: string;
  readonly user: string;
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
  /** Environment of a handler beyond the CGI variables. */
  readonly environment: (event: Event, stage: Stage | null, switches: Switches) => Record<string, string>;
  /** Whether CGI headers and blank lines before the document are skipped (17.21). */
  readonly takesHeader: boolean;
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
  readonly newSession: () => string;
  readonly loggedIn: (session: string, level: Level) => Element;
  /** What a login that failed gets where the switch `authRefusal` asks for the panel's own shape. */
  readonly loginFailed: () => Element;
  /** The identifier of a record. */
  readonly recordKey: (row: Row, zone: string, switches: Switches) => string;
  /** Writes a document; errors come in the shape of version 4 and get the generation's own. */
  readonly render: (doc: Element, occasion: Occasion, switches: Switches) => Rendered;
}
