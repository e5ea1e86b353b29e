/**
 * How the panel hands its document to our handlers and takes theirs (docs/protocol.md#handlers-4,
 * #handlers-5).
 */
export type HandlerType = 'cgi' | 'xml';

/** How a description file says what a field of the settings form is (docs/protocol.md). */
export interface FieldDialect {
  /** The attribute of a field that must not be empty. */
  readonly required: string;
  /** The element of a list to choose from. */
  readonly select: (name: string) => string;
}

/** A file that is filled from a template and lies at a fixed place under the panel's root. */
export interface PanelFile {
  /** Under the root. */
  readonly path: string;
  readonly mode: number;
  /** Of the template, under `plugin/`. */
  readonly template: string;
  /** Of the text that takes the place of `@PART@`: what this generation of the panel does in its own way. */
  readonly part?: string;
  readonly values?: Readonly<Record<string, string>>;
  /** How it describes the settings form, if it does. */
  readonly fields?: FieldDialect;
  /** Whether the panel reads the file only when it starts, or keeps what it has read in a cache. */
  readonly readAtStart?: boolean;
  /**
   * Whether the file is for a part of the panel that not every one has: it is put only where its folder is
   * already.
   */
  readonly optional?: boolean;
  /** Lines of the template that do not concern this panel. */
  readonly without?: RegExp;
}

/** A handler, and one of the events it must be registered for. */
export interface EventHandler {
  /** In `addon/`. */
  readonly name: string;
  readonly event: string;
}

/** Entries of a folder under the panel's root whose names match. */
export interface Entries {
  readonly folder: string;
  readonly names: RegExp;
}

/** What is particular to the plugin files of one kind of panel. */
export interface PanelLayout {
  /** In the order they are put into place; the description file is the last one. */
  readonly files: readonly PanelFile[];
  readonly description: string;
  readonly handlerTypes: readonly HandlerType[];
  /** Handlers that must be registered for the events of the panel (docs/protocol.md#files-5). */
  readonly eventHandlers: readonly EventHandler[];
  /** The panel's log under the root, if it tells of handlers that it registers; null: it shows nothing. */
  readonly log: string | null;
  /**
   * Program under the root and its arguments that restart the panel, or what an administrator types if nobody
   * else may do it.
   */
  readonly restart: readonly [program: string, ...args: string[]] | { readonly byHand: string };
  /** What the panel keeps of description files, and reads instead of them when it starts; null: nothing. */
  readonly caches: Entries | null;
  /** Files of an archive that only another kind of panel has a use for; null: none. */
  readonly foreign: Entries | null;
  /** Folders under the root that may go with the last of our files. */
  readonly ownFolders: readonly string[];
}

/** The command line of domainsync under the root of every panel. */
export const commandFile: PanelFile = { path: 'sbin/domainsync', mode: 0o700, template: 'common/command' };
