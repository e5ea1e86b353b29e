import type { Actor, HookCall, Language } from '../../core/panel.ts';
import type { RecordDialect } from '../../net/ispmanager/record-dialect.ts';
import type { Readings } from './parameters.ts';

/** The role of a panel function for domainsync. */
export type FunctionRole =
  | 'zone-form'
  | 'zone-delete'
  | 'zone-delete-confirm'
  | 'record-form'
  | 'record-delete'
  /** When the form of this function is saved, DNS may change without a call of our DNS handlers. */
  | 'hint'
  /** Like `hint`, for a function about a user, whose name may look like a zone's name. */
  | 'hint-user'
  /** Like `hint`, for a function that gives a zone to another account. */
  | 'hint-move'
  /** Like `hint`, for a function that acts without a form. */
  | 'hint-action';

/**
 * How one version of the panel (4, or 5/6) passes a call to its handler (docs/protocol.md#handlers-4,
 * #handlers-5). Its functions are pure.
 */
export interface CallDialect {
  readonly stage: (call: HookCall) => string;
  /** The parameters of a call, in all the ways in which the panel may parse them. */
  readonly readings: (call: HookCall) => Readings;
  /**
   * The user who made the call. The rank is `nobody` if the call names no level, or one that cannot be read.
   */
  readonly actor: (call: HookCall) => Actor;
  /** A text that is the same for all calls of one session; empty if there is none. */
  readonly session: (call: HookCall) => string;
  readonly language: (call: HookCall) => Language;
  /**
   * The error element that shows a text at a field of the form. If `field` is empty, the text is shown at no
   * field.
   */
  readonly error: (text: string, field: string) => string;
}

/** The differences between the versions of the panel, as data. */
export interface PanelDialect {
  readonly records: RecordDialect;
  readonly calls: CallDialect;
  readonly functions: Readonly<Record<string, FunctionRole>>;
  /**
   * Parameters that are used to recognise a call, besides the fields of the record form. Other parameters may
   * vary, or be secret.
   */
  readonly documented: readonly string[];
  /**
   * The parameter with the whole list of elements on which a group function acts; null: `elid` has the list.
   * Other functions do not have this parameter (docs/protocol.md#handlers-5).
   */
  readonly groupList: 'elids' | null;
  /**
   * Whether `dtype=slave` creates a copy of another server's zone, which has no records of its own
   * (docs/protocol.md#dnsmanager).
   */
  readonly hasCopies: boolean;
  /** Parameters in which a call of a function with the role `hint` may name the zones that it changes. */
  readonly hinting: readonly string[];
  /**
   * Whether the panel may have the function `eventlist`, which lists the registered handlers
   * (docs/protocol.md#eventlist).
   */
  readonly listsEvents: boolean;
  /**
   * Makes the arguments with which `mgrctl` takes a value from its environment, so that no list of processes
   * shows the value. `null`: the tool has no such option (docs/protocol.md#mgrctl).
   */
  readonly secretArgument: ((name: string, variable: string) => readonly string[]) | null;
}
