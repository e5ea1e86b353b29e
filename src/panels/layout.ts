/** How the panel exchanges documents with a handler (docs/protocol.md#handlers-4, #handlers-5). */
export type HandlerType = 'cgi' | 'xml';

/**
 * How a description file defines the fields of the settings form (docs/protocol.md#description-4,
 * #description-5).
 */
export interface FieldDialect {
  /** The attribute that marks a field as one that must not be empty. */
  readonly required: string;
  /** Makes the element for a field with a list of choices. */
  readonly select: (name: string) => string;
}

/** A file of the plugin with a fixed path under the panel's root. Its text is made from a template. */
export interface PanelFile {
  /** Path below the panel's root. */
  readonly path: string;
  readonly mode: number;
  /** Path of the template below `plugin/`. */
  readonly template: string;
  /**
   * Path, below `plugin/`, of the text that replaces `@PART@` in the template: the part that differs between
   * versions of the panel.
   */
  readonly part?: string;
  readonly values?: Readonly<Record<string, string>>;
  /** How the file defines the settings form; absent: it does not define the form. */
  readonly fields?: FieldDialect;
  /** Whether the panel reads the file only when it starts, or keeps it in a cache. */
  readonly readAtStart?: boolean;
  /**
   * Whether the file belongs to a part that some panels do not have. It is installed only if its folder
   * exists.
   */
  readonly optional?: boolean;
  /** Lines of the template that are left out for this panel. */
  readonly without?: RegExp;
}

/** A handler, and an event for which the panel must register it. */
export interface EventHandler {
  /** File name of the handler in `addon/`. */
  readonly name: string;
  readonly event: string;
}

/** The entries of a folder whose names match `names`. The path of the folder is below the panel's root. */
export interface Entries {
  readonly folder: string;
  readonly names: RegExp;
}

/** The plugin files of one kind of panel. */
export interface PanelLayout {
  /** The files in the order in which they are installed. The description file is the last one. */
  readonly files: readonly PanelFile[];
  readonly description: string;
  readonly handlerTypes: readonly HandlerType[];
  /** Handlers that the panel must register for their events (docs/protocol.md#files-5). */
  readonly eventHandlers: readonly EventHandler[];
  /**
   * Path, below the root, of a log in which the panel reports which handlers it registers; null: there is
   * none.
   */
  readonly log: string | null;
  /**
   * The program below the root, with its arguments, that restarts the panel. `byHand`: our programs must not
   * restart the panel, so an administrator types this command.
   */
  readonly restart: readonly [program: string, ...args: string[]] | { readonly byHand: string };
  /**
   * Caches that the panel reads when it starts, instead of the description files; null: the panel has none.
   */
  readonly caches: Entries | null;
  /** Files in the archive that only another kind of panel uses; null: none. */
  readonly foreign: Entries | null;
  /** Folders below the root that `uninstall` removes if they are empty. */
  readonly ownFolders: readonly string[];
}

/** The command `domainsync`, which is installed under the root of every panel. */
export const commandFile: PanelFile = { path: 'sbin/domainsync', mode: 0o700, template: 'common/command' };
