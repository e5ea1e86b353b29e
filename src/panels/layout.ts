/** How the panel exchanges documents with a handler (docs/protocol.md#handlers-4, #handlers-5). */
export type HandlerType = 'cgi' | 'xml';

/**
 * How a description file defines the fields of the settings form (docs/protocol.md#description-4,
 * #description-5).
 */
export interface FieldDialect {
  /** The attribute of a field that must not be empty. */
  readonly required: string;
  /** The element of a field with a list of choices. */
  readonly select: (name: string) => string;
}

/** A file of the plugin at a fixed place under the panel's root, filled from a template. */
export interface PanelFile {
  /** Path below the root. */
  readonly path: string;
  readonly mode: number;
  /** Path of the template below `plugin/`. */
  readonly template: string;
  /**
   * Path, below `plugin/`, of the text that replaces `@PART@`: what this generation of the panel needs in
   * its own form.
   */
  readonly part?: string;
  readonly values?: Readonly<Record<string, string>>;
  /** How the file defines the settings form; absent: it does not define it. */
  readonly fields?: FieldDialect;
  /** Whether the panel reads the file only at its start, or keeps it in a cache. */
  readonly readAtStart?: boolean;
  /**
   * Whether the file belongs to a part that not every panel has. It is installed only if its folder exists.
   */
  readonly optional?: boolean;
  /** Lines of the template that are left out for this panel. */
  readonly without?: RegExp;
}

/** A handler, with an event that it must be registered for. */
export interface EventHandler {
  /** File name of the handler in `addon/`. */
  readonly name: string;
  readonly event: string;
}

/** Entries of a folder whose names match; the folder's path is below the panel's root. */
export interface Entries {
  readonly folder: string;
  readonly names: RegExp;
}

/** The plugin files of one kind of panel. */
export interface PanelLayout {
  /** In the order in which they are installed; the description file is the last. */
  readonly files: readonly PanelFile[];
  readonly description: string;
  readonly handlerTypes: readonly HandlerType[];
  /** Handlers that the panel must register for its events (docs/protocol.md#files-5). */
  readonly eventHandlers: readonly EventHandler[];
  /** The panel's log, below the root, if it shows which handlers the panel registers; null if it does not. */
  readonly log: string | null;
  /**
   * The program below the root, with its arguments, that restarts the panel. `byHand`: the command that an
   * administrator types, because no program of ours may do it.
   */
  readonly restart: readonly [program: string, ...args: string[]] | { readonly byHand: string };
  /**
   * Caches of description files, which the panel reads at its start instead of the files; null: it has
   * none.
   */
  readonly caches: Entries | null;
  /** Files of an archive that only another kind of panel uses; null: none. */
  readonly foreign: Entries | null;
  /** Folders below the root that `uninstall` removes if they are empty. */
  readonly ownFolders: readonly string[];
}

/** The command line of domainsync, below the root of every panel. */
export const commandFile: PanelFile = { path: 'sbin/domainsync', mode: 0o700, template: 'common/command' };
