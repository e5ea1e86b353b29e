import type { AccountDialect, MgrctlDialect, Occasion, PluginDialect, Rendered } from './dialects.ts';
import type { PanelFunction } from './functions/common.ts';
import type { Skin } from './page-skin.ts';
import type { Switches } from './switches.ts';
import type { Row } from './types.ts';
import type { Element } from './xml.ts';

/** What distinguishes one generation of the panel from another; everything else is written once. */
export interface Profile extends AccountDialect {
  /** The panel's name, e.g. `ispmgr`. */
  readonly panel: string;
  readonly paths: ReadonlySet<string>;
  /** The path plain clients use. */
  readonly path: string;
  readonly functions: ReadonlyMap<string, PanelFunction>;
  readonly plugins: PluginDialect;
  /** The value of the session cookie. */
  readonly cookieValue: (session: string, lang: string) => string;
  /** Sets a language at login; null: it is part of the session's cookie. */
  readonly langCookie: ((lang: string) => string) | null;
  readonly loggedIn: (session: string, level: string) => Element;
  /** What a login that failed gets. */
  readonly loginFailed: () => Element;
  /**
   * What wrong credentials in a call get where the switch `authRefusal` asks for the panel's own shape
   * (docs/protocol.md#login-answers).
   */
  readonly credentialsRefused: () => Element;
  /** What a panel of this kind starts with, where it differs from version 4. */
  readonly switches: Partial<Switches>;
  /** Files besides plugins and state that a root has: path and content. */
  readonly files: Readonly<Record<string, string>>;
  /** Folders of a root besides those of version 4. */
  readonly folders: readonly string[];
  readonly mgrctl: MgrctlDialect;
  readonly skin: Skin;
  /**
   * Whether plugins come as modules with a page that lists them, instead of from sources
   * (docs/protocol.md#sources-4).
   */
  readonly hasModules: boolean;
  /** Whether `eventlist` tells what handlers are registered for (docs/protocol.md#eventlist). */
  readonly hasEventList: boolean;
  /** The identifier of a record. */
  readonly recordKey: (row: Row, zone: string, switches: Switches) => string;
  /** Writes a document; errors come in the shape of version 4 and get the generation's own. */
  readonly render: (doc: Element, occasion: Occasion, switches: Switches) => Rendered;
}
