import type { Expectation } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { OfferedZone } from '../../gateway/work/gateway.ts';
import type { RRsetRequest } from '../../gateway/work/rrset.ts';
import type { ChangeOutcome } from '../../gateway/storage/storage.ts';
import type { SimProcess } from './sim-process.ts';

/** What a client asks a gateway for. */
export type Asked =
  | {
      readonly kind: 'change';
      readonly zone: DnsName;
      readonly key: string;
      readonly remove: readonly ResourceRecord[];
      readonly add: readonly ResourceRecord[];
      readonly expect: Expectation | null;
    }
  | { readonly kind: 'rrset'; readonly zone: DnsName; readonly request: RRsetRequest }
  | { readonly kind: 'withdraw'; readonly zone: DnsName; readonly key: string }
  | { readonly kind: 'create'; readonly zone: DnsName; readonly content: readonly ResourceRecord[] }
  | { readonly kind: 'may-create' | 'delete' | 'records'; readonly zone: DnsName }
  | { readonly kind: 'zones' }
  | { readonly kind: 'offer'; readonly zone: DnsName; readonly withBelow: boolean }
  | { readonly kind: 'take'; readonly zone: DnsName; readonly code: string }
  /** Not a client's: what a gateway does by itself. */
  | { readonly kind: 'settle' };

/** What a client is answered. */
export type Answer =
  /** What became of a change, or of a withdrawn key. */
  | { readonly kind: 'outcome'; readonly outcome: ChangeOutcome | null }
  | { readonly kind: 'records'; readonly records: readonly ResourceRecord[] }
  | { readonly kind: 'zones'; readonly zones: readonly DnsName[] }
  | { readonly kind: 'offered'; readonly offered: OfferedZone }
  | { readonly kind: 'said'; readonly said: string }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string;
      readonly state: 'untouched' | 'partial' | 'unknown';
      /** Records that the refusal shows. */
      readonly found: readonly { readonly name: string; readonly type: string }[];
    };

/** A read at the name server because of a request. */
export interface SeenRecords {
  readonly at: number;
  readonly zone: DnsName;
  readonly names: readonly DnsName[] | null;
  readonly records: readonly ResourceRecord[] | null;
}

/** A request, and what became of it. Times are the world's monotonic clock. */
export interface SimRequest {
  readonly number: number;
  /** Name of the token; empty: the gateway itself. */
  readonly token: string;
  /** Id and text of the token at that time. A revoked token gets a successor of the same name. */
  readonly tokenId: string;
  readonly text: string;
  readonly asked: Asked;
  readonly process: SimProcess;
  readonly at: number;
  readonly reads: SeenRecords[];
  answeredAt: number | null;
  answer: Answer | null;
}

/** The key of a change, for laws; null: the request has none. */
export function keyIn(asked: Asked): string | null {
  if (asked.kind === 'change' || asked.kind === 'withdraw') return asked.key;
  return asked.kind === 'rrset' ? asked.request.key : null;
}

/** The zone of a request; null: it is about none. */
export function zoneIn(asked: Asked): DnsName | null {
  return 'zone' in asked ? asked.zone : null;
}
