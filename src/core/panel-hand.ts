import type { DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { CallContext } from './central.ts';
import type { HookCall } from './panel.ts';

/**
 * The form of a hook call, for people who compare panels: parameter names, and only the record's key as a
 * value.
 */
export interface CallFacts {
  readonly func: string;
  readonly stage: string;
  /** The record's key as the panel sent it; null: the call has none. */
  readonly key: string | null;
  readonly parameters: readonly string[];
  /** Whether the call carries the echo token of a write of ours. */
  readonly marked: boolean;
}

/** What a panel's list of event handlers shows about our handlers. */
export interface RegisteredHandlers {
  /** Functions that edit DNS and for which the list has no handler of ours. */
  readonly missing: readonly string[];
  /** Whether the list names any handler of ours. If not, its format may be unknown to us. */
  readonly namesUs: boolean;
}

/** The account that the self-test can use as one without a right to a zone. */
export type ForeignAccount =
  /**
   * An account below the administrators that the zone does not belong to. Calls can be made as that account,
   * and it may edit records in a zone of its own.
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
  /** Whether the panel has read our description file. */
  knowsPlugin(ctx: CallContext): Promise<boolean>;
  /** What the panel's list of event handlers shows about ours; null: the panel has no such list. */
  registered(ctx: CallContext): Promise<RegisteredHandlers | null>;
  /** Creates a zone with the addresses and name servers that the panel's own form offers. */
  createZone(zone: DnsName, ctx: CallContext): Promise<void>;
  deleteZone(zone: DnsName, ctx: CallContext): Promise<void>;
  addRecord(zone: DnsName, record: ResourceRecord, ctx: CallContext): Promise<void>;
  /** Changes a record. @param key of the record, as the panel lists it */
  changeRecord(zone: DnsName, key: string, record: ResourceRecord, ctx: CallContext): Promise<void>;
  deleteRecord(zone: DnsName, key: string, ctx: CallContext): Promise<void>;
  /** Finds an account without a right to the zone. @param zone a zone in the administrator's list */
  stranger(zone: DnsName, ctx: CallContext): Promise<ForeignAccount>;
  /**
   * Tries to add a record as another account.
   * @returns what the panel reported; `no-right`: the panel gave the zone as the reason of its refusal
   */
  tryAs(
    account: string,
    zone: DnsName,
    record: ResourceRecord,
    ctx: CallContext,
  ): Promise<'done' | 'no-right' | 'refused'>;
}
