import type { DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { CallContext } from './central.ts';
import type { HookCall } from './panel.ts';

/**
 * What a hook call looked like, for people who compare panels: names of parameters, and of values only the
 * record's key.
 */
export interface CallFacts {
  readonly func: string;
  readonly stage: string;
  /** As sent; null when the call has none. */
  readonly key: string | null;
  readonly parameters: readonly string[];
  /** Whether it carries an echo token of our own writes. */
  readonly marked: boolean;
}

/** What a panel's list of handlers says of ours. */
export interface RegisteredHandlers {
  /** Functions of edits that it does not list for any of our handlers. */
  readonly missing: readonly string[];
  /** Whether it names a handler of ours at all: how such a list is made up is not known. */
  readonly namesUs: boolean;
}

/** Who could be tried as somebody with no right to a zone. */
export type ForeignAccount =
  /**
   * An account below the administrators that the zone does not belong to. Calls can be made as that account,
   * and it may edit records in a zone of its own.
   */
  | { readonly kind: 'account'; readonly name: string }
  /** The panel has no account below the administrators. */
  | { readonly kind: 'no-accounts' }
  /** It has some, but none of that kind is seen. */
  | { readonly kind: 'none' };

/**
 * Makes edits in the panel as a user would, so that its hooks fire like for anybody's: for the self-test
 * (`domainsync doctor --self-test`). All methods throw `PanelError`; `panel.refused` carries the panel's own
 * words.
 */
export interface PanelHand {
  facts(call: HookCall): CallFacts;
  /** Whether the panel has read our description file. */
  knowsPlugin(ctx: CallContext): Promise<boolean>;
  /** What the panel lists our handlers as registered for; null: it has no such list. */
  registered(ctx: CallContext): Promise<RegisteredHandlers | null>;
  /** With what the panel's own form offers as addresses and name servers. */
  createZone(zone: DnsName, ctx: CallContext): Promise<void>;
  deleteZone(zone: DnsName, ctx: CallContext): Promise<void>;
  addRecord(zone: DnsName, record: ResourceRecord, ctx: CallContext): Promise<void>;
  /** @param key of the record, as the panel lists it */
  changeRecord(zone: DnsName, key: string, record: ResourceRecord, ctx: CallContext): Promise<void>;
  deleteRecord(zone: DnsName, key: string, ctx: CallContext): Promise<void>;
  /** @param zone that the administrator's list shows */
  stranger(zone: DnsName, ctx: CallContext): Promise<ForeignAccount>;
  /**
   * Tries to add a record as another account. @returns what the panel reported: `no-right` where it says that
   * it is for the zone's sake
   */
  tryAs(
    account: string,
    zone: DnsName,
    record: ResourceRecord,
    ctx: CallContext,
  ): Promise<'done' | 'no-right' | 'refused'>;
}
