import type { Actor, HookCall, Language } from '../../core/panel.ts';
import type { RecordDialect } from '../../net/ispmanager/record-dialect.ts';
import type { Readings } from './parameters.ts';

/** What a panel function means to us. */
export type FunctionRole =
  | 'zone-form'
  | 'zone-delete'
  | 'zone-delete-confirm'
  | 'record-form'
  | 'record-delete'
  /** Changes DNS without a DNS event, once its form is saved. */
  | 'hint'
  /** The same about a user of the panel, whose name may look like that of a zone. */
  | 'hint-user'
  /** As `hint`, for a function that gives a zone to another account. */
  | 'hint-move'
  /** As `hint`, for a function without a form. */
  | 'hint-action';

/** How a generation tells a handler what is happening (reference sections 10.3, 11.3). Pure. */
export interface CallDialect {
  readonly stage: (call: HookCall) => string;
  /** The parameters of a call, and what the panel may take them for. */
  readonly readings: (call: HookCall) => Readings;
  /** Who clicked; a level that is absent or unreadable is nobody's. */
  readonly actor: (call: HookCall) => Actor;
  /** Something that is the same in all calls of one session; empty when there is nothing. */
  readonly session: (call: HookCall) => string;
  readonly language: (call: HookCall) => Language;
  /** The error element that carries a ready text, at a field of the form or at none. */
  readonly error: (text: string, field: string) => string;
}

/** What differs between the generations, as data. */
export interface PanelDialect {
  readonly records: RecordDialect;
  readonly calls: CallDialect;
  readonly functions: Readonly<Record<string, FunctionRole>>;
  /**
   * Parameters besides those of the record form that identify a call; everything else is noise or a secret.
   */
  readonly documented: readonly string[];
  /**
   * The parameter of a group function that has its whole list; null: `elid` has it. Other functions have none
   * (docs/protocol.md#handlers-5).
   */
  readonly groupList: 'elids' | null;
  /**
   * Whether `dtype=slave` makes a copy of another server's zone, which has no records of its own
   * (docs/protocol.md#dnsmanager).
   */
  readonly hasCopies: boolean;
  /** Parameters that may name the zones a hint is about. */
  readonly hinting: readonly string[];
  /**
   * Whether the panel may have `eventlist`, which tells what handlers are registered for
   * (docs/protocol.md#eventlist).
   */
  readonly listsEvents: boolean;
  /**
   * How a value is given to `mgrctl` so that no process list shows it; `null`: the tool cannot
   * (docs/protocol.md#mgrctl).
   */
  readonly secretArgument: ((name: string, variable: string) => readonly string[]) | null;
}
