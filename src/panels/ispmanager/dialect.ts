import type { Actor, HookCall, Language } from '../../core/panel.ts';
import type { RecordDialect } from '../../net/ispmanager/record-dialect.ts';
import type { Readings } from './parameters.ts';

/** How domainsync handles a function of the panel. */
export type FunctionRole =
  | 'zone-form'
  | 'zone-delete'
  | 'zone-delete-confirm'
  | 'record-form'
  | 'record-delete'
  /** Changes DNS without a DNS event, once its form is saved. */
  | 'hint'
  /** As `hint`, for a function about a user, whose name may look like a zone's name. */
  | 'hint-user'
  /** As `hint`, for a function that gives a zone to another account. */
  | 'hint-move'
  /** As `hint`, for a function that acts without a form. */
  | 'hint-action';

/**
 * How a generation of the panel describes a call to its handler (docs/protocol.md#handlers-4, #handlers-5).
 * Its functions are pure.
 */
export interface CallDialect {
  readonly stage: (call: HookCall) => string;
  /** The parameters of a call, in every way in which the panel may read them. */
  readonly readings: (call: HookCall) => Readings;
  /** The user who made the call. His rank is `nobody` if the level is absent or unreadable. */
  readonly actor: (call: HookCall) => Actor;
  /** A text that all calls of one session share; empty if there is none. */
  readonly session: (call: HookCall) => string;
  readonly language: (call: HookCall) => Language;
  /** The error element that shows a text, at a field of the form, or at none if `field` is empty. */
  readonly error: (text: string, field: string) => string;
}

/** How a generation of the panel behaves, as data. */
export interface PanelDialect {
  readonly records: RecordDialect;
  readonly calls: CallDialect;
  readonly functions: Readonly<Record<string, FunctionRole>>;
  /** Parameters that identify a call, besides those of the record form. All others may vary, or be secret. */
  readonly documented: readonly string[];
  /**
   * The parameter that has the whole list of a group function; null if `elid` has it. Other functions have
   * no such parameter (docs/protocol.md#handlers-5).
   */
  readonly groupList: 'elids' | null;
  /**
   * Whether `dtype=slave` makes a copy of another server's zone, which has no records of its own
   * (docs/protocol.md#dnsmanager).
   */
  readonly hasCopies: boolean;
  /** Parameters in which a hint may name its zones. */
  readonly hinting: readonly string[];
  /**
   * Whether the panel may have the function `eventlist`, which lists the registered handlers
   * (docs/protocol.md#eventlist).
   */
  readonly listsEvents: boolean;
  /**
   * The arguments of `mgrctl` that take a value from the environment, so that no list of processes shows
   * it. `null`: the tool has no such option (docs/protocol.md#mgrctl).
   */
  readonly secretArgument: ((name: string, variable: string) => readonly string[]) | null;
}
