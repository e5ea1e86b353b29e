import type { DnsName } from '../dns/name.ts';
import type { Problem } from '../dns/problem.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { Change } from '../dns/zone.ts';
import type { CallContext, ZoneSeed } from './central.ts';
import type { LeftNote } from './decision.ts';
import { plainParams } from './plain-text.ts';

export type Language = 'en' | 'ru';

/** One call of our hook, as the panel made it. */
export interface HookCall {
  readonly environment: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /**
   * The stage whose handler the panel started, if it has a handler for each stage. Absent or null: the
   * environment names the stage.
   */
  readonly stage?: 'before' | 'after' | null;
  /**
   * Further values of variables that occur more than once in the environment; `environment` holds one value
   * of each.
   */
  readonly repeated?: readonly (readonly [name: string, value: string])[];
  /** Whether `body` may have been cut off. */
  readonly isCut?: boolean;
}

/** What the hook prints; it always exits 0. */
export interface HookReply {
  readonly output: string;
}

/**
 * The level of an account, as the panel reports it with the call. `nobody`: the level is absent or
 * unreadable, and the account has no right at all.
 */
export type Rank = 'administrator' | 'reseller' | 'user' | 'nobody';

/**
 * The account that makes a call. The panel may start a `before` handler ahead of its own access check, so an
 * actor need not have a right to the zone.
 */
export interface Actor {
  /** The account's name in the panel; empty: the call has none. */
  readonly name: string;
  readonly rank: Rank;
}

/** A record as the panel holds it, with the panel's own key, verbatim. */
export interface PanelRecord extends ResourceRecord {
  readonly key: string;
}

/** A record that the ledger or an open operation has; `key` is null until a panel read has shown it. */
export interface KnownRecord {
  readonly record: ResourceRecord;
  readonly key: string | null;
  /** Keys of further rows of the panel that hold the same record; absent: there are none. */
  readonly otherKeys?: readonly string[];
  /** How many more rows with this record open operations may have made; absent: none. */
  readonly unread?: number;
}

/** What an edit does to one record: created (`remove` null), deleted (`add` null) or changed. */
export interface EditItem {
  readonly remove: ResourceRecord | null;
  readonly add: ResourceRecord | null;
}

export type Resolution =
  | { readonly kind: 'items'; readonly items: readonly EditItem[] }
  /** The key belongs to no record that we have. The zone has to be compared. */
  | { readonly kind: 'unknown-key'; readonly problems: readonly Problem[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** What the panel tells of a call beside what it is about, for the history. */
export interface CallOrigin {
  /** The panel's function. */
  readonly func: string;
  /** Address of the client; empty: the panel does not tell it. */
  readonly address: string;
}

interface EventBase {
  /** Absent: not known. */
  readonly origin?: CallOrigin;
  readonly stage: 'before' | 'after';
  readonly zone: DnsName;
  /**
   * The same text for the `before` and `after` of one call (made of session, function, zone, parameters). A
   * hint only.
   */
  readonly fingerprint: string;
  readonly actor: Actor;
  /** The echo token of the call; null: it carries none. */
  readonly echo: string | null;
}

export interface RecordsEvent extends EventBase {
  readonly kind: 'records';
  /** Owner names of all records that the call can mean, as far as the call shows; null: any name. */
  readonly names: readonly DnsName[] | null;
  /**
   * Finds out which records the call means. Does no I/O.
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
 * A `before` of a function that may give zones to another account, or remove accounts. We never refuse it.
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

/** A DNS edit that cannot be carried out as the user typed it. */
export interface InvalidEvent {
  readonly kind: 'invalid';
  /** Absent: not known. */
  readonly origin?: CallOrigin;
  readonly problems: readonly Problem[];
  readonly actor: Actor;
  /** The zone of the edit; null: it cannot be read. */
  readonly zone: DnsName | null;
  /** Whether the edit would create a zone. Its problems then show only what the user typed. */
  readonly creates: boolean;
}

/**
 * The meaning of one hook call. A group delete of zones gives several edits; all or none of them are
 * accepted.
 */
export type PanelEvent =
  /** Nothing to do: a form being opened, a function we do not handle, our own settings form. */
  | { readonly kind: 'ignore' }
  /**
   * DNS may have changed without a DNS event, so these zones are compared soon. `fingerprint` as in an edit.
   */
  | {
      readonly kind: 'hint';
      /** Names of zones, and of hosts, which stand for the zones they lie in. They need not exist. */
      readonly zones: readonly DnsName[] | 'all';
      readonly source: string;
      readonly fingerprint: string;
      readonly actor: Actor;
    }
  | OwnersEvent
  | InvalidEvent
  | { readonly kind: 'edits'; readonly edits: readonly EditEvent[] };

export type EditEvent = RecordsEvent | ZoneCreateEvent | ZoneDeleteEvent;

/** An edit of an accepted call that was left to the panel, and why. */
export interface LeftEdit {
  readonly event: EditEvent | InvalidEvent;
  readonly why: LeftNote;
  /** Number of the central that does not get it; absent: the panel has only one. */
  readonly central?: number;
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
 * What a refused edit has changed. `nothing`: it is proven that neither side changed. `unknown`: the panel
 * did not change, the central may have. `panel`: the panel changed, the central did not. `panel-unknown`: the
 * panel changed, the central may have.
 */
export type Changed = 'nothing' | 'unknown' | 'panel' | 'panel-unknown';

/**
 * How a panel shows the owners of zones. `column`: in a column of its list. `each-account`: each account gets
 * a list of its own. `none`: not at all.
 */
export type OwnerWay = 'column' | 'each-account' | 'none';

/** The owners of all zones of a panel. */
export interface OwnerList {
  readonly way: OwnerWay;
  /**
   * Every zone of the panel, with the accounts below the administrators that may change it: the owner and his
   * reseller. Null: the panel does not report the owner.
   */
  readonly zones: ReadonlyMap<DnsName, readonly string[] | null>;
}

/** The panel's list of zones. */
export interface ZoneList {
  readonly zones: readonly DnsName[];
  /**
   * Names in the list that cannot be read (`a..b`), shortened. If there is one, the list proves of no zone
   * that it is absent.
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
 * Where DNS changes come from: one control panel on one host. `decode` and `encode` do no I/O, so recorded
 * hook calls test them completely. Every implementation passes `src/testing/contracts/panel.ts`. Reads and
 * `write` throw {@link PanelError} and nothing else. They are never called while a hook call is being
 * answered.
 */
export interface Panel {
  readonly id: string;
  readonly traits: PanelTraits;

  /**
   * Reads one raw hook call. Never throws: an edit that cannot be understood is `invalid`, anything else
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

  /** Writes a verdict in the form this panel expects; `text` is the message of a refusal. */
  encode(verdict: Verdict, text: string): HookReply;

  /** All zones of the panel. Throws on a cut list. */
  listZones(ctx: CallContext): Promise<ZoneList>;

  /**
   * Takes the zones of an earlier read. Until the list is read again, they decide between two readings of a
   * name.
   */
  remember(zones: readonly DnsName[]): void;

  /**
   * Reads the owner of each zone from the panel's lists as an administrator sees them. Complete, or it
   * throws. May take minutes.
   */
  readOwners(ctx: CallContext): Promise<OwnerList>;

  /** Reads the zone as the panel holds it now; `null`: the panel itself reports that it has no such zone. */
  readZone(zone: DnsName, ctx: CallContext): Promise<readonly PanelRecord[] | null>;

  /**
   * Makes `change.remove` absent and `change.add` present in the panel. The hook calls that this causes carry
   * `echo`.
   * @param present a fresh `readZone`; a record that is already as wanted is left as it is
   */
  write(change: Change, present: readonly PanelRecord[], echo: string, ctx: CallContext): Promise<void>;

  /**
   * Deletes a zone in the panel, and nothing else of that name. The hook calls that this causes carry `echo`.
   * Does nothing if the panel has no such zone.
   */
  deleteZone(zone: DnsName, echo: string, ctx: CallContext): Promise<void>;
}

export type PanelErrorCode =
  /** The panel's local command is missing, does not answer or fails. */
  | 'panel.unreachable'
  /** The answer is not in the panel's format, or is cut off. */
  | 'panel.garbled'
  /** The panel refused; `params.text` has its own words. */
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
