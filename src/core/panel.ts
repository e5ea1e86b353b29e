import type { DnsName } from '../dns/name.ts';
import type { Problem } from '../dns/problem.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { Change } from '../dns/zone.ts';
import type { CallContext, ZoneSeed } from './central.ts';
import { plainParams } from './plain-text.ts';

export type Language = 'en' | 'ru';

/** One start of the hook, as the panel made it. */
export interface HookCall {
  readonly environment: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /**
   * Which handler it is, where the panel has one for each stage; absent or null: it is in the environment.
   */
  readonly stage?: 'before' | 'after' | null;
  /** Variables that stand in the environment more than once: the values that `environment` does not hold. */
  readonly repeated?: readonly (readonly [name: string, value: string])[];
  /** Whether the body may go on where `body` ends. */
  readonly isCut?: boolean;
}

/** What the hook prints; it always exits 0. */
export interface HookReply {
  readonly output: string;
}

/**
 * The level of an account in the panel, as the panel says with the call. `nobody`: absent or unreadable;
 * trusted with nothing.
 */
export type Rank = 'administrator' | 'reseller' | 'user' | 'nobody';

/**
 * Who makes a call. The panel may start a `before` handler ahead of its own access check, so this is no right
 * to anything.
 */
export interface Actor {
  /** As the panel names the account; empty when it does not. */
  readonly name: string;
  readonly rank: Rank;
}

/** A record as the panel holds it, with the panel's own key, verbatim. */
export interface PanelRecord extends ResourceRecord {
  readonly key: string;
}

/** A record the ledger or an open operation knows; `key` is null until a panel read has shown it. */
export interface KnownRecord {
  readonly record: ResourceRecord;
  readonly key: string | null;
  /** Keys of further rows that mean the same record; absent: none. */
  readonly otherKeys?: readonly string[];
  /** How many more rows open operations may have made of it; absent: none. */
  readonly unread?: number;
}

/** What an edit does to one record: created (`remove` null), deleted (`add` null) or changed. */
export interface EditItem {
  readonly remove: ResourceRecord | null;
  readonly add: ResourceRecord | null;
}

export type Resolution =
  | { readonly kind: 'items'; readonly items: readonly EditItem[] }
  /** The key names nothing we know: a comparison is due. */
  | { readonly kind: 'unknown-key'; readonly problems: readonly Problem[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

interface EventBase {
  readonly stage: 'before' | 'after';
  readonly zone: DnsName;
  /** Equal for the `before` and `after` of one call (session, function, zone, parameters). A hint only. */
  readonly fingerprint: string;
  readonly actor: Actor;
  /** The echo token of the call, if it carries one. */
  readonly echo: string | null;
}

export interface RecordsEvent extends EventBase {
  readonly kind: 'records';
  /** Owners of all the records that it can mean, as far as the call itself tells; null: any. */
  readonly names: readonly DnsName[] | null;
  /**
   * Says which records are meant. No I/O: `known` is what the ledger knows of `names`, and open operations of
   * the zone.
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
 * The `before` of a function that may give zones to another account, or take accounts away. Never refused.
 */
export interface OwnersEvent {
  readonly kind: 'owners';
  readonly actor: Actor;
  readonly fingerprint: string;
  /** The zones it names. */
  readonly zones: readonly DnsName[];
  /** Names or other identifiers of the accounts it is about, as sent; null when it is about zones only. */
  readonly accounts: readonly string[] | null;
}

/** A DNS edit that cannot be carried out as it stands. */
export interface InvalidEvent {
  readonly kind: 'invalid';
  readonly problems: readonly Problem[];
  readonly actor: Actor;
  /** The zone it is about; null when that cannot be read. */
  readonly zone: DnsName | null;
  /** Whether it would create a zone: then the problems are about nothing but what was typed. */
  readonly creates: boolean;
}

/**
 * What one hook call means. A group delete of zones gives several events; all or none of them are accepted.
 */
export type PanelEvent =
  /** None of our business: a form being opened, a function we do not know, our own settings form. */
  | { readonly kind: 'ignore' }
  /** DNS may have changed without a DNS event: compare these zones soon. `fingerprint` as in an edit. */
  | {
      readonly kind: 'hint';
      /**
       * Names of zones, and of hosts, which stand for the zones they lie in; nothing proves that they exist.
       */
      readonly zones: readonly DnsName[] | 'all';
      readonly source: string;
      readonly fingerprint: string;
      readonly actor: Actor;
    }
  | OwnersEvent
  | InvalidEvent
  | { readonly kind: 'edits'; readonly edits: readonly EditEvent[] };

export type EditEvent = RecordsEvent | ZoneCreateEvent | ZoneDeleteEvent;

/** The answer to a `before` or `after` call. */
export type Verdict =
  | { readonly kind: 'accept' }
  | {
      readonly kind: 'refuse';
      readonly problems: readonly Problem[];
      readonly changed: Changed;
    };

/**
 * What a refused edit has changed. `nothing` only when it is proven that neither side changed; `unknown`: the
 * panel did not, the central perhaps. `panel`: the panel changed, the central did not; `panel-unknown`: the
 * panel changed, the central perhaps.
 */
export type Changed = 'nothing' | 'unknown' | 'panel' | 'panel-unknown';

/**
 * How a panel reports whose a zone is: a column of its list; the list as each account sees it; not at all.
 */
export type OwnerWay = 'column' | 'each-account' | 'none';

/** Whose the zones of a panel are. */
export interface OwnerList {
  readonly way: OwnerWay;
  /**
   * Every zone of the panel, with the accounts below the administrators that may change it: the owner and his
   * reseller. Null: the panel does not report it.
   */
  readonly zones: ReadonlyMap<DnsName, readonly string[] | null>;
}

/** The panel's list of zones. */
export interface ZoneList {
  readonly zones: readonly DnsName[];
  /**
   * Names in the list that cannot be read (`a..b`), shortened. With one of them the list proves no zone's
   * absence.
   */
  readonly unreadable: readonly string[];
}

export interface PanelTraits {
  /** What the panel lets us do: refuse before, restore after, or only find out later. */
  readonly guarantee: 'veto' | 'compensate' | 'catch-up';
  /** Whether the panel may be read while one of its handlers runs. */
  readonly readDuringHandler: boolean;
  /** Whether an `after` call proves that the change is visible to reads. */
  readonly afterMeansVisible: boolean;
  /** False where the panel has one TTL per zone (ISPmanager 4). */
  readonly carriesTtl: boolean;
}

/**
 * Where DNS changes come from: one control panel on one host. `decode` and `encode` do no I/O, so recorded
 * hook calls test them whole. Every implementation passes `src/testing/contracts/panel.ts`. Reads and `write`
 * throw {@link PanelError} and nothing else, and are never called while a hook call is being answered.
 */
export interface Panel {
  readonly id: string;
  readonly traits: PanelTraits;

  /** Reads one raw hook call. Never throws: what cannot be understood is `invalid` (an edit) or `ignore`. */
  decode(call: HookCall): PanelEvent;

  /** The language of the user who made the call. */
  language(call: HookCall): Language;

  /** Whether that user administers the panel: others are never told the central's host or account. */
  isAdmin(call: HookCall): boolean;

  /** Says a verdict the way this panel expects it; `text` is the message of a refusal. */
  encode(verdict: Verdict, text: string): HookReply;

  /** All zones; a cut list is an error. */
  listZones(ctx: CallContext): Promise<ZoneList>;

  /**
   * Zones that the panel had when it was last read: until its list is read again, they decide which of two
   * readings a name has.
   */
  remember(zones: readonly DnsName[]): void;

  /**
   * Whose each zone is, as the panel's own lists say to an administrator; complete, or an error. May take
   * minutes.
   */
  readOwners(ctx: CallContext): Promise<OwnerList>;

  /** The zone as the panel holds it now; `null` only when the panel itself says it has no such zone. */
  readZone(zone: DnsName, ctx: CallContext): Promise<readonly PanelRecord[] | null>;

  /**
   * Makes `change.remove` absent and `change.add` present in the panel; its own hook calls carry `echo`.
   * @param present a fresh `readZone`. What is already so is left so.
   */
  write(change: Change, present: readonly PanelRecord[], echo: string, ctx: CallContext): Promise<void>;

  /**
   * Deletes a zone in the panel, and nothing else of that name; its own hook calls carry `echo`. A zone it
   * has not is no error.
   */
  deleteZone(zone: DnsName, echo: string, ctx: CallContext): Promise<void>;
}

export type PanelErrorCode =
  /** The local tool is missing, does not answer or fails. */
  | 'panel.unreachable'
  /** The answer is not what this panel speaks, or is cut off. */
  | 'panel.garbled'
  /** The panel refused, in its own words (`params.text`). */
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
