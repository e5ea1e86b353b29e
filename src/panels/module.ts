import type { Log } from '../core/log.ts';
import type { HookCall, Language, Panel } from '../core/panel.ts';
import type { PanelHand } from '../core/panel-hand.ts';
import type { PanelLayout } from './layout.ts';

/** Services that a panel adapter gets from the process that uses it. */
export interface PanelPorts {
  /**
   * Whether this process runs as a confined service of systemd. Then systemd runs those calls that may
   * change or start the panel.
   */
  readonly service: boolean;
  /** The log for records that a read of the panel leaves out; absent: nothing is logged. */
  readonly log?: Log;
}

/** One call of the settings form. */
export interface FormCall {
  readonly language: Language;
  /** Whether the user pressed OK; false: the user opens the form. */
  readonly saving: boolean;
  /** Whether the user may open the form: only administrators may (docs/protocol.md#generations). */
  readonly allowed: boolean;
  /** The value of a field as it was sent; empty if it was not sent. */
  readonly field: (name: string) => string;
}

/** A choice in a list: the value that is sent, and the text that is shown. */
export type Choice = readonly [value: string, text: string];

/** The content of the settings form. */
export interface FormDocument {
  /** Values of the fields, by name. A flag is `on`, or absent if it is off (docs/protocol.md#documents). */
  readonly fields: Readonly<Record<string, string>>;
  readonly choices: Readonly<Record<string, readonly Choice[]>>;
  /** Why nothing was saved, and the field with the error; `null`: there is no error. */
  readonly error: { readonly field: string; readonly text: string } | null;
}

/** How a panel passes calls of the settings form, and which answer it expects. Its functions are pure. */
export interface FormLanguage {
  readonly decode: (call: HookCall) => FormCall;
  readonly encode: (document: FormDocument) => string;
  /** The answer after which the panel closes the form. */
  readonly saved: () => string;
}

/**
 * One kind of panel, as the rest of the product sees it. A module is cheap to import, because only its
 * functions `open` and `openHand` load the adapter.
 */
export interface PanelModule {
  /** The name that users see, the same in every language. */
  readonly title: string;
  /** The roots under which this panel is usually installed, the likeliest first. */
  readonly usualRoots: readonly string[];
  /**
   * Whether a root has a panel of this kind. For one root, at most one kind returns true.
   * @param has whether a path below the root exists
   */
  readonly isAt: (has: (path: string) => boolean) => boolean;
  /** Folders that every root with such a panel has. */
  readonly folders: readonly string[];
  /**
   * Path, below the root, of a file that every panel of this kind has, and no other product with the same
   * folders. If the file is missing, `install` must be given the root.
   */
  readonly ownFile: string;
  /** Path, below the root, of the program through which the panel is read. */
  readonly tool: string;
  /** Makes a command that an administrator can type to check whether the panel can be read. */
  readonly tryByHand: (root: string) => string;
  /** The files of the plugin, and how they are installed. */
  readonly layout: PanelLayout;
  readonly form: () => Promise<FormLanguage>;
  /** Makes the adapter of the panel under this root. */
  readonly open: (root: string, ports: PanelPorts) => Promise<Panel>;
  /** Makes the part that edits records in this panel as a user would, for the self-test. */
  readonly openHand: (root: string) => Promise<PanelHand>;
}
