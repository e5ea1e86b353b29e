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
  /** Path of the API that ordinary clients use. */
  readonly path: string;
  readonly functions: ReadonlyMap<string, PanelFunction>;
  readonly plugins: PluginDialect;
  /** Makes the value of the session cookie. */
  readonly cookieValue: (session: string, lang: string) => string;
  /** Makes the cookie that stores the language chosen at login; null: the session cookie stores it. */
  readonly langCookie: ((lang: string) => string) | null;
  readonly loggedIn: (session: string, level: string) => Element;
  /** The answer to a failed login. */
  readonly loginFailed: () => Element;
  /**
   * The answer to a call with wrong credentials, if the switch `authRefusal` is `own`
   * (docs/protocol.md#login-answers).
   */
  readonly credentialsRefused: () => Element;
  /** Switches whose initial values differ from those of version 4. */
  readonly switches: Partial<Switches>;
  /** Further files in the panel's root. The key is the path, and the value is the content. */
  readonly files: Readonly<Record<string, string>>;
  /** Folders in the panel's root that version 4 does not have. */
  readonly folders: readonly string[];
  readonly mgrctl: MgrctlDialect;
  readonly skin: Skin;
  /**
   * Whether a page Modules lists the plugins. If not, plugins come from sources (docs/protocol.md#sources-4).
   */
  readonly hasModules: boolean;
  /** Whether the function `eventlist` lists the registered handlers (docs/protocol.md#eventlist). */
  readonly hasEventList: boolean;
  /** Makes the identifier that the panel shows for a record. */
  readonly recordKey: (row: Row, zone: string, switches: Switches) => string;
  /**
   * Writes a document. An error in it is given in the form of version 4, and written in that of the
   * generation.
   */
  readonly render: (doc: Element, occasion: Occasion, switches: Switches) => Rendered;
}
