import type { DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { CallContext } from './central.ts';
import type { HookCall } from './panel.ts';

/**
 * The parts of a hook call that people who compare panels need: all parameter names, but no values except the
 * record's key.
 */
export interface CallFacts {
  readonly func: string;
  readonly stage: string;
  /** The record's key as the panel sent it; null: the call has no key. */
  readonly key: string | null;
  readonly parameters: readonly string[];
  /** Whether the call carries an echo token, which marks a write of domainsync itself. */
  readonly marked: boolean;
}

/** What a panel's list of event handlers shows about our handlers. */
export interface RegisteredHandlers {
  /** Functions that edit DNS and for which the list has no handler of ours. */
  readonly missing: readonly string[];
  /** Whether the list names any handler of ours. If not, the list may have a format that we do not know. */
  readonly namesUs: boolean;
}

/** An account that has no right to a zone, for the self-test. */
export type ForeignAccount =
  /**
   * An account below the administrators that does not own the zone. The self-test can make calls as this
   * account, and the account may edit records in a zone of its own.
   */
  | { readonly kind: 'account'; readonly name: string }
  /** The panel has no account below the administrators. */
  | { readonly kind: 'no-accounts' }
  /** The panel has accounts below the administrators, but none that fits. */
  | { readonly kind: 'none' };

/**
 * Makes edits in the panel as a user would, so that its hooks fire, for the self-test (`domainsync doctor
 * --self-test`). All methods throw `PanelError`; `panel.refused` carries the panel's own words.
 */
export interface PanelHand {
  facts(call: HookCall): CallFacts;
  /** Whether the panel has loaded the file that describes our plugin to it. */
  knowsPlugin(ctx: CallContext): Promise<boolean>;
  /** Reads the panel's list of event handlers and finds ours; null: the panel has no such list. */
  registered(ctx: CallContext): Promise<RegisteredHandlers | null>;
  /** Creates a zone with the addresses and name servers that the panel's form proposes. */
  createZone(zone: DnsName, ctx: CallContext): Promise<void>;
  deleteZone(zone: DnsName, ctx: CallContext): Promise<void>;
  addRecord(zone: DnsName, record: ResourceRecord, ctx: CallContext): Promise<void>;
  /** Changes a record in the panel. @param key the panel's key of the record to change */
  changeRecord(zone: DnsName, key: string, record: ResourceRecord, ctx: CallContext): Promise<void>;
  deleteRecord(zone: DnsName, key: string, ctx: CallContext): Promise<void>;
  /** Finds an account that has no right to the zone. @param zone a zone in the administrator's list */
  stranger(zone: DnsName, ctx: CallContext): Promise<ForeignAccount>;
  /**
   * Tries to add a record to a zone that the account has no right to.
   * @param account the account that makes the call
   * @returns what the panel reported; `no-right`: the panel refused because of the zone
   */
  tryAs(
    account: string,
    zone: DnsName,
    record: ResourceRecord,
    ctx: CallContext,
  ): Promise<'done' | 'no-right' | 'refused'>;
}
