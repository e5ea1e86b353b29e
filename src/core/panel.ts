import type { DnsName } from '../dns/name.ts';
import type { Problem } from '../dns/problem.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { Change } from '../dns/zone.ts';
import type { CallContext, ZoneSeed } from './central.ts';
import type { LeftNote, Observation } from './decision.ts';
import { plainParams } from './plain-text.ts';

export type Language = 'en' | 'ru';

/** One call of our hook by the panel. */
export interface HookCall {
  readonly environment: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The stage for which the panel started the handler. Absent or null: the environment names the stage. */
  readonly stage?: 'before' | 'after' | null;
  /**
   * Variables that occur more than once in the environment, with their further values. `environment` holds
   * only one value of each.
   */
  readonly repeated?: readonly (readonly [name: string, value: string])[];
  /** Whether `body` may have been cut off. */
  readonly isCut?: boolean;
  /**
   * When the panel began to wait for the answer: monotonic milliseconds of this process. Absent: the time
   * when the agent takes up the call.
   */
  readonly waitsSince?: number;
}

/** The text that the hook prints for the panel. The hook's exit status is always 0. */
export interface HookReply {
  readonly output: string;
}

/**
 * The level of the account that makes a call, as the panel reports it. `nobody`: the call names no level, or
 * one we do not know. Such an account has no right at all.
 */
export type Rank = 'administrator' | 'reseller' | 'user' | 'nobody';

/**
 * The account that makes a call. The panel may start a `before` handler before it checks access, so the
 * account need not have a right to the zone.
 */
export interface Actor {
  /** The account's name in the panel; empty: the call names none. */
  readonly name: string;
  readonly rank: Rank;
}

/** A record as the panel holds it, with the panel's own key, verbatim. */
export interface PanelRecord extends ResourceRecord {
  readonly key: string;
}

/**
 * A record that the ledger or an open operation contains. `key` is null until a panel read has shown the
 * record.
 */
export interface KnownRecord {
  readonly record: ResourceRecord;
  readonly key: string | null;
  /** Keys of further rows of the panel that hold the same record; absent: there are none. */
  readonly otherKeys?: readonly string[];
  /** In how many rows the panel may list the record now. Absent: one row for each key, at least one. */
  readonly rows?: number;
}

/** In how many rows the panel may list a record now. */
export function rowsInPanel({ rows, key, otherKeys = [] }: KnownRecord): number {
  return rows ?? Math.max(1, new Set(key === null ? otherKeys : [key, ...otherKeys]).size);
}

/** The effect of an edit on one record: created (`remove` null), deleted (`add` null) or changed. */
export interface EditItem {
  readonly remove: ResourceRecord | null;
  readonly add: ResourceRecord | null;
}

export type Resolution =
  | { readonly kind: 'items'; readonly items: readonly EditItem[] }
  /** No known record has the key. The zone has to be compared. */
  | { readonly kind: 'unknown-key'; readonly problems: readonly Problem[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** Facts about a call that are stored only to be shown in the history. */
export interface CallOrigin {
  /** The panel's function. */
  readonly func: string;
  /** Address of the client; empty: the panel does not report it. */
  readonly address: string;
}

interface EventBase {
  /** Absent: not known. */
  readonly origin?: CallOrigin;
  readonly stage: 'before' | 'after';
  readonly zone: DnsName;
  /**
   * A text made of session, function, zone and parameters, equal for the `before` and `after` of one call.
   * Equal texts suggest, but do not prove, that calls belong together.
   */
  readonly fingerprint: string;
  readonly actor: Actor;
  /** The echo token of the call; null: the call carries none. */
  readonly echo: string | null;
}

export interface RecordsEvent extends EventBase {
  readonly kind: 'records';
  /** Owner names of all records that the call may be about; null: it may be about any record of the zone. */
  readonly names: readonly DnsName[] | null;
  /**
   * Finds out which edits the hook call makes. Looks up the keys in the call among the `known` records. Does
   * no I/O.
   * @param known the ledger's records at `names`, and those of the zone's open operations
   */
  readonly resolve: (known: readonly KnownRecord[]) => Resolution;
}

export interface ZoneCreateEvent extends EventBase {
  readonly kind: 'zone-create';
  readonly seed: ZoneSeed;
}

export interface ZoneDeleteEvent extends EventBase {
  readonly kind: 'zone-delete';
}

/**
 * The `before` call of a panel function that may change the owners of zones, or remove accounts. domainsync
 * never refuses such a call.
 */
export interface OwnersEvent {
  readonly kind: 'owners';
  readonly actor: Actor;
  readonly fingerprint: string;
  /** The zones that the call names. */
  readonly zones: readonly DnsName[];
  /** Names or other identifiers of the accounts in the call, as sent; null: the call is about zones only. */
  readonly accounts: readonly string[] | null;
}

/** A DNS edit that cannot be carried out as the user entered it. */
export interface InvalidEvent {
  readonly kind: 'invalid';
  /** Absent: not known. */
  readonly origin?: CallOrigin;
  readonly problems: readonly Problem[];
  readonly actor: Actor;
  /** The zone of the edit; null: the call names none that we can read. */
  readonly zone: DnsName | null;
  /**
   * Whether the edit would create a zone. Then its problems concern only what the user typed, and reveal
   * nothing about other zones.
   */
  readonly creates: boolean;
}

/**
 * The meaning of one hook call. A group delete of zones gives several edits: either all of them are accepted,
 * or none.
 */
export type PanelEvent =
  /**
   * There is nothing to do: the panel opens a form, or calls a function that we do not handle, or our own
   * settings form.
   */
  | { readonly kind: 'ignore' }
  /**
   * DNS may have changed without a DNS event, so these zones are compared soon. `fingerprint` is made as for
   * an edit.
   */
  | {
      readonly kind: 'hint';
      /** Names of zones or of hosts; a host stands for the zones above its name. The names need not exist. */
      readonly zones: readonly DnsName[] | 'all';
      readonly source: string;
      readonly fingerprint: string;
      readonly actor: Actor;
    }
  | OwnersEvent
  | InvalidEvent
  | { readonly kind: 'edits'; readonly edits: readonly EditEvent[] };

export type EditEvent = RecordsEvent | ZoneCreateEvent | ZoneDeleteEvent;

/** An edit that was left to the panel although its call was accepted, and the reason. */
export interface LeftEdit {
  readonly event: EditEvent | InvalidEvent;
  readonly why: LeftNote;
  /** Number of the central that does not get the edit; absent: the panel has only one central. */
  readonly central?: number;
  /**
   * Resolves once it is known what would have been done with the edit; never rejects. Absent: this is not
   * examined.
   */
  readonly observation?: Promise<Observation>;
}

/** The answer to a `before` or `after` call. */
export type Verdict =
  | {
      readonly kind: 'accept';
      /** Edits that stay in the panel; absent: none. */
      readonly left?: readonly LeftEdit[];
    }
  | {
      readonly kind: 'refuse';
      readonly problems: readonly Problem[];
      readonly changed: Changed;
    };

/**
 * Which sides a refused edit has changed. `nothing`: neither side, proven. `unknown`: not the panel, perhaps
 * the central. `panel`: the panel, not the central. `panel-unknown`: the panel, perhaps the central.
 */
export type Changed = 'nothing' | 'unknown' | 'panel' | 'panel-unknown';

/**
 * How a panel shows the owners of zones. `column`: in a column of its zone list. `each-account`: each account
 * sees a list of its own zones. `none`: the panel does not show owners.
 */
export type OwnerWay = 'column' | 'each-account' | 'none';

/** The owners of all zones of a panel. */
export interface OwnerList {
  readonly way: OwnerWay;
  /**
   * Every zone of the panel, with the accounts that may change it: the owner and the owner's reseller.
   * Administrators are left out. Null: the panel does not report the owner.
   */
  readonly zones: ReadonlyMap<DnsName, readonly string[] | null>;
}

/** The panel's list of zones. */
export interface ZoneList {
  readonly zones: readonly DnsName[];
  /**
   * Names in the list that cannot be read (`a..b`), shortened. While there is such a name, a zone that is
   * missing in `zones` may still exist.
   */
  readonly unreadable: readonly string[];
}

export interface PanelTraits {
  /** Whether the panel may be read while one of its handlers runs. */
  readonly readDuringHandler: boolean;
  /** Whether records have their own TTL. ISPmanager 4 has one TTL for a zone. */
  readonly carriesTtl: boolean;
}

/**
 * One control panel on one host, where edits come from. `decode` and `encode` do no I/O, so tests can replay
 * recorded calls. Every implementation passes `src/testing/contracts/panel.ts`. Reads and `write` throw only
 * {@link PanelError}. Unless `readDuringHandler` is true, callers do not read or write while a hook call is
 * being answered.
 */
export interface Panel {
  readonly id: string;
  readonly traits: PanelTraits;

  /**
   * Decodes one raw hook call. Never throws: an edit that cannot be understood is `invalid`, anything else
   * `ignore`.
   */
  decode(call: HookCall): PanelEvent;

  /** The language of the user who made the call. */
  language(call: HookCall): Language;

  /**
   * Whether the user who made the call is an administrator. Only administrators are shown the central's host
   * and account.
   */
  isAdmin(call: HookCall): boolean;

  /** Encodes a verdict in the format that this panel expects. `text` is the message of a refusal. */
  encode(verdict: Verdict, text: string): HookReply;

  /** Lists all zones of the panel. Throws if the list is cut off. */
  listZones(ctx: CallContext): Promise<ZoneList>;

  /**
   * Tells the panel object which zones an earlier run of the agent knew. They are used until `listZones` is
   * called. If a name in a call can stand for two zones (`ß` may mean `ss`), the zone in this list is meant.
   */
  remember(zones: readonly DnsName[]): void;

  /**
   * Reads the owner of each zone from the lists that administrators see. Returns the complete list or throws.
   * May take minutes.
   */
  readOwners(ctx: CallContext): Promise<OwnerList>;

  /** Reads the zone as the panel holds it now. `null`: the panel reports that it has no such zone. */
  readZone(zone: DnsName, ctx: CallContext): Promise<readonly PanelRecord[] | null>;

  /**
   * Makes sure that `change.remove` is absent and `change.add` is present in the panel. The hook calls that
   * this causes carry `echo`.
   * @param present a fresh `readZone`; records that are already as wanted are left as they are
   */
  write(change: Change, present: readonly PanelRecord[], echo: string, ctx: CallContext): Promise<void>;

  /**
   * Deletes a zone in the panel, but not the web site or mail domain of that name. The hook calls that this
   * causes carry `echo`. Does nothing if the panel has no such zone.
   */
  deleteZone(zone: DnsName, echo: string, ctx: CallContext): Promise<void>;
}

export type PanelErrorCode =
  /** The panel's local command is missing, does not answer or fails. */
  | 'panel.unreachable'
  /** The answer is not in the panel's format, or is cut off. */
  | 'panel.garbled'
  /** The panel refused the request; `params.text` has its own words. */
  | 'panel.refused';

export class PanelError extends Error {
  override readonly name = 'PanelError';
  readonly code: PanelErrorCode;
  readonly params: Readonly<Record<string, string>>;

  constructor(code: PanelErrorCode, said: Readonly<Record<string, string>> = {}, cause?: unknown) {
    const params = plainParams(said);
    super(`${code}${params['text'] === undefined ? '' : `: ${params['text']}`}`, { cause });
    this.code = code;
    this.params = params;
  }
}
