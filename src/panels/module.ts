import type { Log } from '../core/log.ts';
import type { HookCall, Language, Panel } from '../core/panel.ts';
import type { PanelHand } from '../core/panel-hand.ts';
import type { PanelLayout } from './layout.ts';

/** What the process gives to a panel adapter. */
export interface PanelPorts {
  /**
   * Whether this process runs as a confined service of systemd. Then systemd runs those calls that may
   * change or start the panel.
   */
  readonly service: boolean;
  /** Gets reports of records that are left out; absent: nobody does. */
  readonly log?: Log;
}

/** One call of the settings form. */
export interface FormCall {
  readonly language: Language;
  /** Whether the user pressed OK; if not, the form is being opened. */
  readonly saving: boolean;
  /** Whether the user may open the form: only an administrator may (docs/protocol.md#generations). */
  readonly allowed: boolean;
  /** The value of a field as it was sent; empty if it was not. */
  readonly field: (name: string) => string;
}

/** A choice of a list: the value that is sent and the text that is shown. */
export type Choice = readonly [value: string, text: string];

/** What the settings form shows. */
export interface FormDocument {
  /** Values of fields, by name. A flag is `on`, or absent if it is off (docs/protocol.md#documents). */
  readonly fields: Readonly<Record<string, string>>;
  readonly choices: Readonly<Record<string, readonly Choice[]>>;
  /** Why nothing was saved, and at which field; `null`: there is no error. */
  readonly error: { readonly field: string; readonly text: string } | null;
}

/** How a panel calls the settings form and takes its answer. Its functions are pure. */
export interface FormLanguage {
  readonly decode: (call: HookCall) => FormCall;
  readonly encode: (document: FormDocument) => string;
  /** The answer that closes the form. */
  readonly saved: () => string;
}

/**
 * One kind of panel, described for the rest of the product. Cheap to import: `open` and `openHand` load the
 * adapter itself.
 */
export interface PanelModule {
  /** The name that users see, the same in every language. */
  readonly title: string;
  /** Roots at which it is usually installed, likeliest first. */
  readonly usualRoots: readonly string[];
  /**
   * Whether this kind of panel lies under a root; at most one kind answers true.
   * @param has tells whether a path below the root exists
   */
  readonly isAt: (has: (path: string) => boolean) => boolean;
  /** Path, below the root, of the program that reads the panel. */
  readonly tool: string;
  /** A command that reads the panel, for an administrator to try. */
  readonly tryByHand: (root: string) => string;
  /** The files of the plugin, and how to install them. */
  readonly layout: PanelLayout;
  readonly form: () => Promise<FormLanguage>;
  /** Creates the adapter of the panel under this root. */
  readonly open: (root: string, ports: PanelPorts) => Promise<Panel>;
  /** Makes edits in this panel as a user would, for the self-test. */
  readonly openHand: (root: string) => Promise<PanelHand>;
}
