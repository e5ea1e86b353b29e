import type { Log } from '../core/log.ts';
import type { HookCall, Language, Panel } from '../core/panel.ts';
import type { PanelHand } from '../core/panel-hand.ts';
import type { PanelLayout } from './layout.ts';

/** What a panel adapter may use of the process around it. */
export interface PanelPorts {
  /** Whether this process is confined as a service of systemd. */
  readonly service: boolean;
  /** Told of what is passed over; absent: nobody is. */
  readonly log?: Log;
}

/** One call of the settings form. */
export interface FormCall {
  readonly language: Language;
  /** Whether OK was pressed; otherwise the form is being opened. */
  readonly saving: boolean;
  /** Whether the user may see it: an administrator (reference section 3). */
  readonly allowed: boolean;
  /** Fields by name as they were sent; an absent field is empty. */
  readonly field: (name: string) => string;
}

/** A choice of a select: the value sent and the text shown. */
export type Choice = readonly [value: string, text: string];

/** What the settings form shows. */
export interface FormDocument {
  /** Fields by name. A flag is on when it is `on` and absent when off (docs/protocol.md#documents). */
  readonly fields: Readonly<Record<string, string>>;
  readonly choices: Readonly<Record<string, readonly Choice[]>>;
  /** Why nothing was saved, and at which field; `null` = nothing is wrong. */
  readonly error: { readonly field: string; readonly text: string } | null;
}

/** How a panel calls the settings form, and takes its answer. Pure. */
export interface FormLanguage {
  readonly decode: (call: HookCall) => FormCall;
  readonly encode: (document: FormDocument) => string;
  /** The answer that closes the form. */
  readonly saved: () => string;
}

/**
 * What the product knows of one kind of panel. Light: the adapter itself is loaded by `open` and `openHand`.
 */
export interface PanelModule {
  /** In words, in every language. */
  readonly title: string;
  /** Roots it is usually installed at, the likeliest first. */
  readonly usualRoots: readonly string[];
  /**
   * Whether it is the panel under a root. At most one kind may say yes. @param has whether a path under the
   * root is there
   */
  readonly isAt: (has: (path: string) => boolean) => boolean;
  /** The program under the root that the panel is read with. */
  readonly tool: string;
  /** A command that reads the panel, for a user to try. */
  readonly tryByHand: (root: string) => string;
  /** Files of the plugin, and what becomes of them. */
  readonly layout: PanelLayout;
  readonly form: () => Promise<FormLanguage>;
  /** The panel under this root. */
  readonly open: (root: string, ports: PanelPorts) => Promise<Panel>;
  /** Edits in this panel as a user would make them, for the self-test. */
  readonly openHand: (root: string) => Promise<PanelHand>;
}
