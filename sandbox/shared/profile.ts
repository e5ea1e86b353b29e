import type { AccountDialect, MgrctlDialect, Occasion, PluginDialect, Rendered } from './dialects.ts';
import type { PanelFunction } from './functions/common.ts';
import type { Skin } from './page-skin.ts';
import type { Switches } from './switches.ts';
import type { Row } from './types.ts';
import type { Element } from './xml.ts';

/** Everything in which the generations of the panel differ. */
export interface Profile extends AccountDialect {
  /** Name of the panel's program, for example `ispmgr`. */
  readonly panel: string;
  readonly paths: ReadonlySet<string>;
  /** Path of the API that plain clients use. */
  readonly path: string;
  readonly functions: ReadonlyMap<string, PanelFunction>;
  readonly plugins: PluginDialect;
  /** The value of the session cookie. */
  readonly cookieValue: (session: string, lang: string) => string;
  /** The cookie that keeps the language chosen at login; null: the session cookie keeps it. */
  readonly langCookie: ((lang: string) => string) | null;
  readonly loggedIn: (session: string, level: string) => Element;
  /** The answer to a failed login. */
  readonly loginFailed: () => Element;
  /**
   * The answer to wrong credentials in a call, if the switch `authRefusal` is `own`
   * (docs/protocol.md#login-answers).
   */
  readonly credentialsRefused: () => Element;
  /** Switches that differ at the start from those of version 4. */
  readonly switches: Partial<Switches>;
  /** More files in the panel's root, path to content. */
  readonly files: Readonly<Record<string, string>>;
  /** More folders in the panel's root than version 4 has. */
  readonly folders: readonly string[];
  readonly mgrctl: MgrctlDialect;
  readonly skin: Skin;
  /** Whether a Modules page lists the plugins; else they come from sources (docs/protocol.md#sources-4). */
  readonly hasModules: boolean;
  /** Whether the function `eventlist` lists the registrations of handlers (docs/protocol.md#eventlist). */
  readonly hasEventList: boolean;
  /** The identifier that the panel shows for a record. */
  readonly recordKey: (row: Row, zone: string, switches: Switches) => string;
  /** Writes a document. An error in it has the form of version 4; the output has that of the generation. */
  readonly render: (doc: Element, occasion: Occasion, switches: Switches) => Rendered;
}
